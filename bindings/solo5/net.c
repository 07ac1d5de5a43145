/* SPDX-License-Identifier: ISC */
/* Network devices. The interface copies each frame: out of the driver's, and into those of a pool to be sent. */

#include "binding.h"

#define FRAMES 128 /* to send, at most under way */

int binding_net_attach(struct binding_device *device, struct solo5_manifest_net *told)
{
	struct binding_net *card = &device->u.net;
	int result = virtio_net_attach(&card->net, &device->device, NULL);

	if (result < 0)
		return result;
	__builtin_memcpy(told->mac, card->net.mac, sizeof told->mac);
	told->mtu = card->net.mtu;
	return virtio_net_pool_init(
		&card->pool, device->device.platform, FRAMES, (uint32_t)card->net.mtu + SOLO5_NET_HLEN);
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
	struct binding_device *device;

	if (info == NULL)
		return SOLO5_R_EINVAL;
	device = binding_acquire(name, SOLO5_MANIFEST_NET, handle);
	if (device == NULL)
		return SOLO5_R_EINVAL;
	__builtin_memcpy(info->mac_address, device->u.net.net.mac, sizeof info->mac_address);
	info->mtu = device->u.net.net.mtu;
	return SOLO5_R_OK;
}

static size_t net_longest(const struct binding_net *card)
{
	return (size_t)card->net.mtu + SOLO5_NET_HLEN;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
	struct binding_device *device = binding_in_use(handle, SOLO5_MANIFEST_NET);
	int result;

	if (device == NULL || buf == NULL || size < SOLO5_NET_HLEN || size > net_longest(&device->u.net))
		return SOLO5_R_EINVAL;
	result = virtio_net_send_copy(&device->u.net.net, &device->u.net.pool, buf, (uint32_t)size);
	return result == 0 || result == VIRTIO_ERR_AGAIN ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

/* All frames of the burst were read: the device gets them back, and new ones come. */
bool binding_net_poll(struct binding_net *card)
{
	int count;

	if (card->broken || card->next < card->count)
		return true;
	virtio_net_release(&card->net, card->frames, card->count);
	count = virtio_net_receive(&card->net, card->frames, BINDING_BURST);
	card->next = 0;
	card->count = count > 0 ? (unsigned)count : 0;
	card->broken = count < 0;
	return count != 0;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
	struct binding_device *device = binding_in_use(handle, SOLO5_MANIFEST_NET);
	struct binding_net *card;

	if (device == NULL || buf == NULL || read_size == NULL || size < net_longest(&device->u.net))
		return SOLO5_R_EINVAL;
	card = &device->u.net;
	while (binding_net_poll(card)) {
		const struct virtio_net_frame *frame;

		if (card->broken)
			return SOLO5_R_EUNSPEC;
		frame = card->frames[card->next++];
		if (frame->length > size)
			continue; /* one with a VLAN tag, and no room for it */
		__builtin_memcpy(buf, virtio_net_frame_data(frame), frame->length);
		*read_size = frame->length;
		return SOLO5_R_OK;
	}
	return SOLO5_R_AGAIN;
}
