/* SPDX-License-Identifier: ISC */
/*
 * Which features to accept (VIRTIO 2.2, 3.1.1 step 4, 6). The offer is read once and decided on; bits that nobody
 * here knows are left alone, whatever they are.
 */
#include <virtio/spec/features.h>

#include "base/barrier.h"
#include "base/hook.h"
#include "device/internal.h"
#include "device/log.h"

/* 2.2: the bits whose meaning depends on the device type. */
#define DEVICE_TYPE_FEATURES (UINT64_C(0xffffff) | UINT64_C(0x3fff) << 50)

/* Common features that cost nothing to have, or that every ring and driver here knows how to use. */
#define ALWAYS_WANTED                                                                             \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | \
		VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_NOTIF_CONFIG_DATA | VIRTIO_F_RING_RESET | VIRTIO_F_SUSPEND)

static uint64_t read_offer(struct virtio_device *dev)
{
	uint64_t offer = 0;

	for (unsigned word = 0; word < dev->transport->feature_words; word++)
		offer |= (uint64_t)dev->transport->features_offered(dev, word) << 32 * word;
	return offer;
}

/* Both words always, also when they are 0: bhyve's net device receives nothing before they were written. */
static void write_accepted(struct virtio_device *dev)
{
	for (unsigned word = 0; word < dev->transport->feature_words; word++)
		dev->transport->accept_features(dev, word, (uint32_t)(dev->features >> 32 * word));
}

/* The first ring in the runtime's list that the device offers, the transport carries, and the driver can use. */
static const struct virtqueue_ops *choose_ring(const struct virtio_device *dev, uint64_t wanted)
{
	uint64_t possible = dev->offered & dev->transport->features & (wanted | ~VIRTIO_F_IN_ORDER);

	for (const struct virtqueue_ops *const *ring = dev->support->rings; *ring; ring++)
		if (((*ring)->feature & possible) == (*ring)->feature)
			return *ring;
	return NULL;
}

/* The common features that may be accepted on this transport. */
static uint64_t common_features(const struct virtio_device *dev)
{
	uint64_t features = ALWAYS_WANTED | dev->ring->feature;

	if (VIRTIO_FENCES_SUIT_DEVICES)
		features |= VIRTIO_F_ORDER_PLATFORM;
	if (dev->support->mapping && VIRTIO_HAS_HOOK(dev->platform, dma_map) &&
		VIRTIO_HAS_HOOK(dev->platform, dma_unmap))
		features |= VIRTIO_F_ACCESS_PLATFORM;
	return features & dev->transport->features;
}

/* Drop whatever lacks what it needs (2.2.1), until nothing does: one feature may take others with it. */
static uint64_t close_over(uint64_t features, const struct virtio_feature_rule *rules)
{
	for (uint64_t before = ~features; rules && before != features;) {
		before = features;
		for (const struct virtio_feature_rule *rule = rules; rule->feature; rule++)
			if (!(features & rule->needs))
				features &= ~rule->feature;
	}
	return features;
}

static unsigned lowest_bit(uint64_t features)
{
	unsigned bit = 0;

	while (!(features >> bit & 1))
		bit++;
	return bit;
}

int virtio_features_negotiate(
	struct virtio_device *dev, uint64_t wanted, uint64_t required, const struct virtio_feature_rule *rules)
{
	dev->offered = read_offer(dev);
	dev->ring = choose_ring(dev, wanted);
	if (!dev->ring) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR,
			"no kind of virtqueue that we have fits its features 0x%llx: it takes no %s ring",
			(unsigned long long)dev->offered,
			dev->support->rings[0] ? dev->support->rings[0]->name : "other");
		return VIRTIO_ERR_UNSUPPORTED;
	}

	uint64_t known = (wanted & DEVICE_TYPE_FEATURES) | common_features(dev);
	dev->features = close_over(dev->offered & known, rules);
	uint64_t missing = (required | dev->transport->required_features) & ~dev->features;
	if (missing) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "lacks feature bit %u, which we need", lowest_bit(missing));
		return VIRTIO_ERR_UNSUPPORTED;
	}
	write_accepted(dev);
	return 0;
}

uint64_t virtio_device_offer(struct virtio_device *dev)
{
	return dev->offered ? dev->offered : read_offer(dev);
}
