/* SPDX-License-Identifier: ISC */
/*
 * Opening a window of memory as a virtio device (VIRTIO 4.2.2, 4.2.3.1): magic number first, then version, then type,
 * each read once and no register after one that does not fit.
 */
#include "base/hook.h"
#include "base/text_format.h"
#include "device/log.h"
#include "transport/mmio.h"
#include "transport/open.h"

/* What the first registers tell. */
struct identity {
	uint32_t magic;
	uint32_t version;
	uint32_t type;
};

/* NULL, or why WINDOW cannot be. */
static const char *window_fault(const struct virtio_mmio_window *window)
{
	if (window->address % 4)
		return "the address is no multiple of 4";
	if (window->length < VIRTIO_MMIO_CONFIG)
		return "shorter than the registers";
	if (window->length > UINT64_MAX - window->address)
		return "it passes the end of memory";
	return NULL;
}

static int map(const struct virtio_platform *platform, const struct virtio_mmio_window *window,
	struct virtio_region *registers)
{
	void *memory = NULL;

	if (VIRTIO_HAS_HOOK(platform, map_device))
		memory = platform->map_device(platform->context, window->address, window->length);
	if (!memory)
		return VIRTIO_ERR_UNSUPPORTED;
	*registers = virtio_region_memory(memory, window->length);
	return 0;
}

bool virtio_mmio_present(const struct virtio_platform *platform, const struct virtio_mmio_window *window)
{
	struct virtio_region registers;

	return !window_fault(window) && map(platform, window, &registers) == 0 &&
	       virtio_region_read32(&registers, VIRTIO_MMIO_MAGIC_VALUE) == VIRTIO_MMIO_MAGIC;
}

static struct identity identify(const struct virtio_region *registers)
{
	struct identity found = {.magic = virtio_region_read32(registers, VIRTIO_MMIO_MAGIC_VALUE)};

	if (found.magic == VIRTIO_MMIO_MAGIC)
		found.version = virtio_region_read32(registers, VIRTIO_MMIO_VERSION);
	if (found.version == VIRTIO_MMIO_VERSION_2 || found.version == VIRTIO_MMIO_VERSION_1)
		found.type = virtio_region_read32(registers, VIRTIO_MMIO_DEVICE_ID);
	return found;
}

uint32_t virtio_mmio_type(const struct virtio_platform *platform, const struct virtio_mmio_window *window)
{
	struct virtio_region registers;

	if (window_fault(window) || map(platform, window, &registers) < 0)
		return 0;
	return identify(&registers).type;
}

static void set_name(struct virtio_device *dev)
{
	if (VIRTIO_MESSAGES)
		virtio_format(dev->name, sizeof dev->name, "%s at mmio 0x%llx", virtio_type_name(dev->type),
			(unsigned long long)dev->window.address);
}

static int refuse(const struct virtio_device *dev, int error, const char *reason)
{
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "%s", reason);
	return error;
}

int virtio_mmio_open(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_mmio_window *window, const struct virtio_support *support)
{
	*dev = (struct virtio_device){.platform = platform, .support = support, .window = *window};
	set_name(dev);
	const char *fault = window_fault(window);
	if (fault)
		return refuse(dev, VIRTIO_ERR_INVALID, fault);
	if (map(platform, window, &dev->common) < 0)
		return refuse(dev, VIRTIO_ERR_UNSUPPORTED, "cannot be mapped");

	struct identity found = identify(&dev->common);
	if (found.magic != VIRTIO_MMIO_MAGIC)
		return refuse(dev, VIRTIO_ERR_NO_DEVICE, "there is no virtio device: the magic number is missing");
	dev->mmio_version = found.version;
	dev->type = found.type;
	set_name(dev);
	if (found.version == VIRTIO_MMIO_VERSION_2 || found.version == VIRTIO_MMIO_VERSION_1)
		return dev->type ? virtio_transport_open(dev) : VIRTIO_ERR_NO_DEVICE;
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "version %u, and we know 1 and 2", found.version);
	return VIRTIO_ERR_NO_DEVICE;
}
