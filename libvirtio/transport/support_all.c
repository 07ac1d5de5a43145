/* SPDX-License-Identifier: ISC */
/* Everything at once, for runtimes that do not mind the size: naming this links in all that can be left out. */
#include <virtio/pci.h>
#include <virtio/transport.h>
#include <virtio/virtqueue.h>

static const struct virtio_transport_ops *const transports[] = {
	&virtio_pci_modern_ops,
	&virtio_mmio_modern_ops,
#ifdef __x86_64__
	&virtio_pci_legacy_ops,
#endif
	&virtio_mmio_legacy_ops,
	NULL,
};

static const struct virtqueue_ops *const rings[] = {
	&virtqueue_packed_in_order_ops,
	&virtqueue_packed_ops,
	&virtqueue_split_in_order_ops,
	&virtqueue_split_ops,
	NULL,
};

const struct virtio_support virtio_support_all = {
	.transports = transports,
	.rings = rings,
	.mapping = &virtio_mapping_by_hooks,
	.config_window = virtio_pci_config_window,
};
