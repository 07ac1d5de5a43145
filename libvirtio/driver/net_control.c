/* SPDX-License-Identifier: ISC */
/*
 * The control queue (VIRTIO 5.1.6.5): one command at a time, in memory of its own, which the device sees anyway:
 * without `data` it is not mapped. Each is laid out as the oldest devices want it (5.1.6.5.1.1), which suits all: class
 * and command alone, each piece of data alone, the ack alone.
 */
#include "driver/net_control.h"
#include "base/hook.h"
#include "device/log.h"

#define NO_ANSWER 0xff /* no device says that */
#define FIRST_NAP UINT64_C(1000)
#define LONGEST_NAP UINT64_C(1000000)

int virtio_net_command_begin(struct virtio_net *net, uint64_t features, uint8_t command_class, uint8_t command)
{
	struct virtio_net_control *control = net->control;
	uint8_t *bytes;
	if (!control || (net->features & features) != features)
		return VIRTIO_ERR_UNSUPPORTED;
	if (control->under_way)
		return VIRTIO_ERR_AGAIN;
	bytes = control->memory.data;
	bytes[0] = command_class;
	bytes[1] = command;
	control->segments[0] = (struct virtio_segment){NULL, control->memory.device_address, 2};
	control->readable = 1;
	control->end = NET_CONTROL_DATA;
	control->answer = 0;
	return 0;
}

void *virtio_net_command_data(struct virtio_net *net, size_t length)
{
	struct virtio_net_control *control = net->control;
	uint8_t *bytes = (uint8_t *)control->memory.data + control->end;
	control->segments[control->readable++] =
		(struct virtio_segment){NULL, control->memory.device_address + control->end, (uint32_t)length};
	control->end += (uint32_t)(length + 7) & ~7u;
	__builtin_memset(bytes, 0, length);
	return bytes;
}

/* What the device writes: the answer, if there is one, and the ack. Returns how many segments. */
static uint16_t add_writable(struct virtio_net_control *control)
{
	struct virtio_segment *segment = &control->segments[control->readable];
	uint8_t *bytes = control->memory.data;
	uint64_t address = control->memory.device_address;
	bytes[NET_CONTROL_ACK] = NO_ANSWER;
	if (control->answer) {
		__builtin_memset(bytes + NET_CONTROL_ANSWER, 0, control->answer);
		*segment++ = (struct virtio_segment){NULL, address + NET_CONTROL_ANSWER, control->answer};
	}
	*segment = (struct virtio_segment){NULL, address + NET_CONTROL_ACK, 1};
	return control->answer ? 2 : 1;
}

int virtio_net_command_submit(struct virtio_net *net, void (*done)(struct virtio_net *net, bool well))
{
	struct virtio_net_control *control = net->control;
	const struct virtqueue_buffer buffer = {
		.segments = control->segments,
		.token = control,
		.readable = (uint16_t)control->readable,
		.writable = add_writable(control),
	};
	/* There is room: no other command is under way. */
	if (virtio_queue_add(&control->queue, &buffer, 1) != 1)
		return VIRTIO_ERR_PROTOCOL;
	control->done = done;
	control->under_way = true;
	virtio_queue_submit(&control->queue);
	return 0;
}

int virtio_net_command_poll(struct virtio_net *net)
{
	struct virtio_net_control *control = net->control;
	struct virtqueue_used used;
	if (!control || !control->under_way)
		return VIRTIO_ERR_INVALID;
	int got = virtio_queue_get(&control->queue, &used, 1);
	if (got <= 0)
		return got;
	/* The used length is rubbish on some devices (5.1.6.5.1.1); an ack that was not written is no OK. */
	bool well = ((const uint8_t *)control->memory.data)[NET_CONTROL_ACK] == VIRTIO_NET_OK;
	control->under_way = false;
	if (control->done)
		control->done(net, well);
	return well ? 1 : VIRTIO_ERR_IO;
}

int virtio_net_command_wait(struct virtio_net *net, uint64_t deadline)
{
	const struct virtio_platform *platform = net->device->platform;
	if (!VIRTIO_HAS_HOOK(platform, now))
		return VIRTIO_ERR_UNSUPPORTED;
	for (uint64_t nap = FIRST_NAP;; nap = nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP) {
		/* The clock first: if the machine stands still after this, an answer that came is still found. */
		uint64_t now = platform->now(platform->context);
		int result = virtio_net_command_poll(net);
		if (result != 0)
			return result < 0 ? result : 0;
		if (now >= deadline)
			return VIRTIO_ERR_TIMEOUT;
		if (VIRTIO_HAS_HOOK(platform, wait)) /* naps, since no interrupt may wake us */
			platform->wait(platform->context, deadline - now < nap ? deadline : now + nap);
	}
}

/* Wait for a command of attach. A device that refuses it is used without: WHAT is then told. */
static int wait_or_warn(struct virtio_net *net, const char *what)
{
	const struct virtio_platform *platform = net->device->platform;
	int result = virtio_net_command_wait(net, platform->now(platform->context) + VIRTIO_RESET_TIMEOUT);
	if (result != VIRTIO_ERR_IO)
		return result;
	virtio_device_log(net->device, VIRTIO_LOG_WARNING, "it refuses %s", what);
	return 0;
}

/* How many pairs there are decides where the control queue is (5.1.2), so a wrong number is worse than none. */
static int control_look(struct virtio_net *net, uint64_t *bad)
{
	const uint64_t several = VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS;
	uint16_t pairs;
	if (!virtio_device_has(net->device, several))
		return 0;
	int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_MAX_VIRTQUEUE_PAIRS, &pairs);
	if (result < 0)
		return result;
	if (pairs >= 1 && pairs < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX) { /* or the control queue has no number */
		net->max_pairs = pairs;
		return 0;
	}
	virtio_device_log(net->device, VIRTIO_LOG_WARNING, "it cannot have %u pairs of queues, using one", pairs);
	*bad |= several;
	return 0;
}

/* Memory for the state and for one command. */
static int control_alloc(struct virtio_net *net)
{
	const struct virtio_platform *platform = net->device->platform;
	struct virtio_net_control *control = platform->alloc(platform->context, sizeof *control, sizeof(uint64_t));
	if (!control)
		return VIRTIO_ERR_NO_MEMORY;
	*control = (struct virtio_net_control){.memory.length = NET_CONTROL_MEMORY};
	net->control = control;
	control->memory.data = platform->dma_alloc(
		platform->context, NET_CONTROL_MEMORY, sizeof(uint64_t), &control->memory.device_address);
	return control->memory.data ? 0 : VIRTIO_ERR_NO_MEMORY;
}

/* More pairs of queues, as many as are wanted and there, with their frames. */
static int pairs_start(struct virtio_net *net, const struct virtio_net_options *options)
{
	const struct virtio_platform *platform = net->device->platform;
	uint16_t wanted = options->pairs < net->max_pairs ? options->pairs : net->max_pairs;
	if (wanted <= 1)
		return 0;
	net->more = platform->alloc(platform->context, (wanted - 1u) * sizeof *net->more, 64);
	if (!net->more)
		return VIRTIO_ERR_NO_MEMORY;
	__builtin_memset(net->more, 0, (wanted - 1u) * sizeof *net->more);
	net->pairs = wanted;
	for (uint16_t i = 1; i < wanted; i++) {
		int result = virtio_net_pair_start(net, virtio_net_pair(net, i), i, options);
		if (result < 0)
			return result;
	}
	return 0;
}

static int control_start(struct virtio_net *net, const struct virtio_net_options *options)
{
	bool several = (net->features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS)) != 0;
	uint16_t index = several ? (uint16_t)(2 * net->max_pairs) : 2; /* 5.1.2 */
	int result = control_alloc(net);
	if (result < 0)
		return result;
	result = virtio_device_add_queue(net->device, &net->control->queue, index, 4, NET_CONTROL_SEGMENTS);
	if (result < 0)
		return result;
	if (net->control->queue.ring.max_segments < NET_CONTROL_SEGMENTS) {
		virtio_device_log(net->device, VIRTIO_LOG_ERROR, "its control queue is too short for a command");
		return VIRTIO_ERR_PROTOCOL;
	}
	return pairs_start(net, options);
}

static int control_ready(struct virtio_net *net)
{
	int result = 0;
	if (net->mac_made_up && net->features & VIRTIO_NET_F_CTRL_MAC_ADDR) {
		result = virtio_net_set_mac(net, net->mac);
		if (result == 0)
			result = wait_or_warn(net, "the MAC address that we made up");
	}
	if (result == 0 && net->pairs > 1 && net->features & VIRTIO_NET_F_MQ) {
		result = virtio_net_set_pairs(net, net->pairs);
		if (result == 0)
			result = wait_or_warn(net, "to use more than one pair of queues");
	}
	return result;
}

static void control_stop(struct virtio_net *net, bool keep)
{
	const struct virtio_platform *platform = net->device->platform;
	struct virtio_net_control *control = net->control;
	/* Where the device is stuck all of this stays: it may yet write to it, and finds its queues in it. */
	for (uint16_t i = 1; !keep && i < net->pairs; i++)
		virtio_net_frames_free(virtio_net_pair(net, i));
	if (!keep && net->more)
		platform->free(platform->context, net->more, (net->pairs - 1u) * sizeof *net->more);
	if (!keep && control && control->memory.data)
		platform->dma_free(
			platform->context, control->memory.data, NET_CONTROL_MEMORY, control->memory.device_address);
	if (!keep && control)
		platform->free(platform->context, control, sizeof *control);
	net->more = NULL;
	net->pairs = 1;
	net->control = NULL;
}

/* 5.1.3.1 */
static const struct virtio_feature_rule control_rules[] = {
	{VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_STATUS},
	{VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_RX}, /* 5.1.6.5.2.1: all commands of the class */
	{VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_RSS, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ},
	{VIRTIO_NET_F_VQ_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ},
	{0, 0},
};

const struct virtio_net_control_ops virtio_net_control = {
	.features = VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA |
		    VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_RSS |
		    VIRTIO_NET_F_CTRL_GUEST_OFFLOADS | VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL,
	.rules = control_rules,
	.with_needs = virtio_net_with_needs,
	.look = control_look,
	.start = control_start,
	.ready = control_ready,
	.stop = control_stop,
};
