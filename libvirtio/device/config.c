/* SPDX-License-Identifier: ISC */
/* The device-specific configuration (VIRTIO 2.5), read in pieces, while the device may change it. */
#include <virtio/spec/le.h>

#include "device/internal.h"
#include "device/log.h"

#define MOST_TRIES 100 /* a configuration that changes that often is no configuration */

/* Read all fields into BYTES; true when that is what stood there AGAIN, not when it is the first reading. */
static bool read_all(const struct virtio_region *config, uint64_t offset, uint8_t *bytes, uint32_t length,
	uint32_t width, bool again)
{
	bool same = again;

	for (uint32_t at = 0; at < length; at += width) {
		uint32_t value = virtio_region_read(config, offset + at, width);

		for (uint32_t i = at; i < at + width; i++, value >>= 8) {
			same = same && bytes[i] == (uint8_t)value;
			bytes[i] = (uint8_t)value;
		}
	}
	return same;
}

/*
 * Two reads that agree are all that legacy devices allow; modern ones count changes. Of a single field the first read
 * is enough: it cannot be torn.
 */
static bool read_stable(struct virtio_device *dev, uint32_t offset, uint8_t *bytes, uint32_t length, uint32_t width)
{
	uint32_t before, after = 0;

	for (unsigned tries = 0; tries < MOST_TRIES; tries++) {
		bool same = read_all(&dev->config, offset, bytes, length, width, tries > 0);
		if (length == width)
			return true;
		before = after;
		after = dev->transport->config_generation(dev);
		if (same && before == after)
			return true;
	}
	return false;
}

int virtio_device_read_config(struct virtio_device *dev, uint32_t offset, void *bytes, uint32_t length, uint32_t width)
{
	if ((width != 1 && width != 2 && width != 4) || (offset | length) % width)
		return VIRTIO_ERR_INVALID;
	/* A device without a configuration has one of no bytes. */
	if ((uint64_t)offset + length > dev->config.length) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "its configuration has %llu bytes, too few for %u at %u",
			(unsigned long long)dev->config.length, length, offset);
		return VIRTIO_ERR_UNSUPPORTED;
	}
	if (read_stable(dev, offset, bytes, length, width))
		return 0;
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "its configuration never stands still");
	return VIRTIO_ERR_PROTOCOL;
}

int virtio_device_config8(struct virtio_device *dev, uint32_t offset, uint8_t *value)
{
	return virtio_device_read_config(dev, offset, value, 1, 1);
}

int virtio_device_config16(struct virtio_device *dev, uint32_t offset, uint16_t *value)
{
	struct le16 raw;
	int result = virtio_device_read_config(dev, offset, &raw, 2, 2);

	if (result == 0)
		*value = le16_to(raw);
	return result;
}

int virtio_device_config32(struct virtio_device *dev, uint32_t offset, uint32_t *value)
{
	struct le32 raw;
	int result = virtio_device_read_config(dev, offset, &raw, 4, 4);

	if (result == 0)
		*value = le32_to(raw);
	return result;
}

int virtio_device_config64(struct virtio_device *dev, uint32_t offset, uint64_t *value)
{
	struct le64 raw;
	int result = virtio_device_read_config(dev, offset, &raw, 8, 4);

	if (result == 0)
		*value = le64_to(raw);
	return result;
}

int virtio_device_write_config32(struct virtio_device *dev, uint32_t offset, uint32_t value)
{
	if (!dev->config.ops || dev->config.length < sizeof(value) || offset > dev->config.length - sizeof(value))
		return VIRTIO_ERR_UNSUPPORTED;
	virtio_region_write32(&dev->config, offset, value);
	return 0;
}
