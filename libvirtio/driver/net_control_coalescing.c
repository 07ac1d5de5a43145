/* SPDX-License-Identifier: ISC */
/* When interrupts come (VIRTIO 5.1.6.5.9). */
#include "driver/net_control.h"

/* As the device has it. */
struct coalescing {
	struct le32 max_packets;
	struct le32 max_usecs;
};

/* And in front of it for a single queue. */
struct queue_number {
	struct le16 vq_index;
	struct le16 reserved;
};

static struct coalescing raw_of(const struct virtio_net_coalescing *when)
{
	return (struct coalescing){le32_from(when->packets), le32_from(when->microseconds)};
}

int virtio_net_set_coalescing(struct virtio_net *net, bool transmit, const struct virtio_net_coalescing *when)
{
	struct coalescing raw = raw_of(when);
	int result = virtio_net_command_begin(net, VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL,
		transmit ? VIRTIO_NET_CTRL_NOTF_COAL_TX_SET : VIRTIO_NET_CTRL_NOTF_COAL_RX_SET);
	if (result < 0)
		return result;
	__builtin_memcpy(virtio_net_command_data(net, sizeof raw), &raw, sizeof raw);
	return virtio_net_command_submit(net, NULL);
}

/* Begin a COMMAND about a queue of PAIR, with EXTRA bytes behind its number. Returns where those go, or an error in
 * *RESULT. */
static uint8_t *begin_for_queue(
	struct virtio_net *net, uint8_t command, uint16_t pair, bool transmit, size_t extra, int *result)
{
	struct queue_number number = {.vq_index = le16_from((uint16_t)(2 * pair + transmit))};
	*result = pair < net->active_pairs
			  ? virtio_net_command_begin(net, VIRTIO_NET_F_VQ_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL, command)
			  : VIRTIO_ERR_INVALID;
	if (*result < 0)
		return NULL;
	uint8_t *data = virtio_net_command_data(net, sizeof number + extra);
	__builtin_memcpy(data, &number, sizeof number);
	return data + sizeof number;
}

int virtio_net_set_queue_coalescing(
	struct virtio_net *net, uint16_t pair, bool transmit, const struct virtio_net_coalescing *when)
{
	struct coalescing raw = raw_of(when);
	int result;
	uint8_t *at = begin_for_queue(net, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, pair, transmit, sizeof raw, &result);
	if (!at)
		return result;
	__builtin_memcpy(at, &raw, sizeof raw);
	return virtio_net_command_submit(net, NULL);
}

/* The answer counts only when the command ended well. */
static void get_done(struct virtio_net *net, bool well)
{
	struct virtio_net_coalescing *when = net->control->result;
	struct coalescing raw;
	if (!well)
		return;
	__builtin_memcpy(&raw, (const uint8_t *)net->control->memory.data + NET_CONTROL_ANSWER, sizeof raw);
	when->packets = le32_to(raw.max_packets);
	when->microseconds = le32_to(raw.max_usecs);
}

int virtio_net_get_queue_coalescing(
	struct virtio_net *net, uint16_t pair, bool transmit, struct virtio_net_coalescing *when)
{
	int result;
	if (!begin_for_queue(net, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, pair, transmit, 0, &result))
		return result;
	net->control->answer = sizeof(struct coalescing);
	net->control->result = when;
	return virtio_net_command_submit(net, get_done);
}
