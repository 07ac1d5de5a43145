/* SPDX-License-Identifier: ISC */
/* The MAC address of a network device, out of its configuration (VIRTIO 5.1.4): no queue is set up for that. */
#include <virtio/name.h>
#include <virtio/spec/ids.h>

static int ask(struct virtio_device *device, struct virtio_name *own)
{
	struct virtio_name name = {.by = VIRTIO_NAME_MAC};
	int error = virtio_device_begin(device, VIRTIO_NET_F_MAC, 0, NULL);

	if (!error && !virtio_device_has(device, VIRTIO_NET_F_MAC))
		error = VIRTIO_ERR_UNSUPPORTED;
	if (!error)
		error = virtio_device_read_config(device, VIRTIO_NET_CONFIG_MAC, name.bytes, 6, 1);
	(void)virtio_device_detach(device); /* what it told is right, even when it hangs now */
	if (!error)
		*own = name;
	return error;
}

const struct virtio_device_kind virtio_kind_net = {.type = VIRTIO_ID_NET, .ask = ask};
