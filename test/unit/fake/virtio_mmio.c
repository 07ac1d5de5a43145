/* SPDX-License-Identifier: ISC */
/* Virtio devices at the level of MMIO registers. */
#include "fake/virtio_mmio.h"

#include <virtio/spec/features.h>
#include <virtio/spec/mmio.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

#define BAD(...) fail_msg(__VA_ARGS__)
#define LENGTH (VIRTIO_MMIO_CONFIG + FAKE_VIRTIO_MMIO_CONFIG)
#define RUBBISH 0xabcdu

static bool is_legacy(const struct fake_virtio_mmio *fake)
{
	return fake->version == 1;
}

static struct fake_virtio_mmio_queue *selected(struct fake_virtio_mmio *fake)
{
	static struct fake_virtio_mmio_queue none;

	none = (struct fake_virtio_mmio_queue){0};
	return fake->queue_select < FAKE_VIRTIO_MMIO_QUEUES ? &fake->queues[fake->queue_select] : &none;
}

/* 4.2.3.1.1: after the first that does not fit no other register is touched. */
static void check_identity(const struct fake_virtio_mmio *fake, uint64_t offset)
{
	uint64_t end = UINT64_MAX;

	if (fake->magic != VIRTIO_MMIO_MAGIC)
		end = VIRTIO_MMIO_VERSION;
	else if (fake->version != 1 && fake->version != 2)
		end = VIRTIO_MMIO_DEVICE_ID;
	else if (fake->type == 0)
		end = VIRTIO_MMIO_DEVICE_ID + 4;
	if (offset >= end)
		BAD("register 0x%llx touched, where no device is", (unsigned long long)offset);
}

static void check_width(const struct fake_virtio_mmio *fake, uint64_t offset, unsigned width)
{
	check_identity(fake, offset);
	if (width != 4)
		BAD("%u bytes at 0x%llx: registers are 32 bits wide", width, (unsigned long long)offset);
}

static void only(const struct fake_virtio_mmio *fake, uint32_t version, uint64_t offset)
{
	if (fake->version != version)
		BAD("register 0x%llx does not exist in version %u", (unsigned long long)offset, fake->version);
}

static uint32_t feature_word(struct fake_virtio_mmio *fake)
{
	if (!fake->device_selected)
		BAD("DeviceFeatures read before its selector was written");
	fake->device_selected = false;
	if (fake->device_select >= 4)
		return 0;
	return (uint32_t)((fake->device_select < 2 ? fake->offered : fake->offered_beyond) >>
			  32 * (fake->device_select % 2));
}

static uint32_t size_max(struct fake_virtio_mmio *fake)
{
	if (is_legacy(fake) && selected(fake)->page)
		BAD("QueueSizeMax of virtqueue %u read while it is in use", fake->queue_select);
	return selected(fake)->size_max;
}

static uint32_t read_register(struct fake_virtio_mmio *fake, uint64_t offset)
{
	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return fake->magic;
	case VIRTIO_MMIO_VERSION:
		return fake->version;
	case VIRTIO_MMIO_DEVICE_ID:
		return fake->type;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return feature_word(fake);
	case VIRTIO_MMIO_QUEUE_SIZE_MAX:
		return size_max(fake);
	case VIRTIO_MMIO_QUEUE_READY:
		only(fake, 2, offset);
		return selected(fake)->ready;
	case VIRTIO_MMIO_LEGACY_QUEUE_PFN:
		only(fake, 1, offset);
		return selected(fake)->page;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return fake->interrupt;
	case VIRTIO_MMIO_STATUS:
		return fake->status;
	case VIRTIO_MMIO_QUEUE_RESET:
		if (!(fake->accepted & VIRTIO_F_RING_RESET))
			BAD("QueueReset does not exist without its feature");
		return selected(fake)->resetting ? selected(fake)->resetting-- : 0;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		only(fake, 2, offset);
		return fake->generation;
	default: /* MMIO-04, MMIO-15 */
		BAD("register 0x%llx must not be read", (unsigned long long)offset);
		return 0;
	}
}

static uint32_t read_mmio(void *context, uint64_t offset, unsigned width)
{
	struct fake_virtio_mmio *fake = context;

	if (fake->gone)
		return UINT32_MAX;
	if (offset >= VIRTIO_MMIO_CONFIG) {
		check_identity(fake, offset);
		return fake_region_load(&fake->config[offset - VIRTIO_MMIO_CONFIG], width);
	}
	check_width(fake, offset, width);
	return read_register(fake, offset);
}

static void reset(struct fake_virtio_mmio *fake)
{
	fake->resets++;
	fake->status = 0;
	fake->accepted = 0;
	fake->accepted_writes = 0;
	fake->interrupt = 0;
	fake->page_size = 0;
	for (unsigned i = 0; i < FAKE_VIRTIO_MMIO_QUEUES; i++) {
		struct fake_virtio_mmio_queue *queue = &fake->queues[i];

		if (queue->ready)
			fake_device_detach(&queue->ring);
		queue->ready = false;
		queue->page = queue->size = queue->align = queue->notifications = 0;
		for (unsigned word = 0; word < 6; word++)
			queue->address_words[word] = RUBBISH;
	}
}

/* What Firecracker would pass over in silence; and a device in use fails instead of being reset. */
static bool firecracker_keeps(struct fake_virtio_mmio *fake, uint32_t status)
{
	uint32_t added = status & ~fake->status;

	if (status == 0 && fake->status & VIRTIO_STATUS_DRIVER_OK) {
		fake->status |= VIRTIO_STATUS_FAILED;
		return true;
	}
	if (status && added & (added - 1))
		BAD("Firecracker ignores status 0x%x after 0x%x: more than one new bit", status, fake->status);
	return false;
}

static void set_status(struct fake_virtio_mmio *fake, uint32_t status)
{
	if (fake->firecracker && firecracker_keeps(fake, status))
		return;
	if (status == 0) {
		reset(fake);
		return;
	}
	if (fake->resets == 0)
		BAD("status 0x%x before the first reset (3.1.1)", status);
	if (fake->status & ~status)
		BAD("status 0x%x takes back bits of 0x%x (2.1.1)", status, fake->status);
	if (status & VIRTIO_STATUS_FEATURES_OK && is_legacy(fake))
		BAD("FEATURES_OK does not exist in version 1");
	if (status & VIRTIO_STATUS_DRIVER_OK && fake->accepted_writes != (is_legacy(fake) ? 1 : 2))
		BAD("%u words of features were written", fake->accepted_writes);
	fake->status = status;
}

static void accept(struct fake_virtio_mmio *fake, uint32_t value)
{
	if (!fake->driver_selected)
		BAD("DriverFeatures written before its selector");
	if (fake->status & VIRTIO_STATUS_FEATURES_OK)
		BAD("features written after FEATURES_OK");
	fake->driver_selected = false;
	if (fake->driver_select >= 2) {
		if (value)
			BAD("features 0x%x of word %u accepted", value, fake->driver_select);
		return;
	}
	if (value & ~(uint32_t)(fake->offered >> 32 * fake->driver_select))
		BAD("features 0x%x of word %u were not all offered", value, fake->driver_select);
	fake->accepted |= (uint64_t)value << 32 * fake->driver_select;
	fake->accepted_writes++;
}

static void start_ring(struct fake_virtio_mmio *fake, const struct virtqueue_addresses *addresses)
{
	struct fake_virtio_mmio_queue *queue = selected(fake);

	if (!queue->size || queue->size > queue->size_max)
		BAD("virtqueue %u starts with %u entries of %u", fake->queue_select, queue->size, queue->size_max);
	if (!is_legacy(fake) && !(fake->status & VIRTIO_STATUS_FEATURES_OK))
		BAD("virtqueue %u starts before FEATURES_OK", fake->queue_select);
	queue->ready = true;
	fake_device_attach(
		&queue->ring, fake_device_kind(fake->accepted), addresses, (uint16_t)queue->size, fake->accepted);
}

static void set_ready(struct fake_virtio_mmio *fake, uint32_t value)
{
	const uint32_t *words = selected(fake)->address_words;
	struct virtqueue_addresses addresses = {
		.descriptors = words[0] | (uint64_t)words[1] << 32,
		.driver = words[2] | (uint64_t)words[3] << 32,
		.device = words[4] | (uint64_t)words[5] << 32,
	};

	only(fake, 2, VIRTIO_MMIO_QUEUE_READY);
	if (value != 1)
		BAD("%u written to QueueReady", value);
	if (!fake->never_ready)
		start_ring(fake, &addresses);
}

/* 4.2.4: all in one block, the used ring aligned. */
static void set_page(struct fake_virtio_mmio *fake, uint32_t value)
{
	struct fake_virtio_mmio_queue *queue = selected(fake);
	uint64_t start = (uint64_t)value * fake->page_size;
	uint64_t available = start + 16 * queue->size;
	uint64_t end = available + 6 + 2 * queue->size;

	only(fake, 1, VIRTIO_MMIO_LEGACY_QUEUE_PFN);
	if (!fake->page_size || fake->page_size & (fake->page_size - 1))
		BAD("GuestPageSize is %u", fake->page_size);
	if (!queue->align || queue->align & (queue->align - 1))
		BAD("QueueAlign is %u", queue->align);
	if (!value)
		BAD("page 0 for virtqueue %u", fake->queue_select);
	uint64_t align = queue->align ? queue->align : 1;
	struct virtqueue_addresses addresses = {
		.descriptors = start, .driver = available, .device = (end + align - 1) / align * align};
	queue->page = value;
	start_ring(fake, &addresses);
}

static void set_page_size(struct fake_virtio_mmio *fake, uint32_t value)
{
	only(fake, 1, VIRTIO_MMIO_LEGACY_PAGE_SIZE);
	for (unsigned i = 0; i < FAKE_VIRTIO_MMIO_QUEUES; i++)
		if (fake->queues[i].size)
			BAD("GuestPageSize written after virtqueue %u was set up", i);
	fake->page_size = value;
}

static void set_address(struct fake_virtio_mmio *fake, uint64_t offset, uint32_t value)
{
	only(fake, 2, offset);
	unsigned area = (unsigned)(offset - VIRTIO_MMIO_QUEUE_DESC) / 16;
	unsigned half = offset % 16 / 4;

	if (area > 2 || half > 1)
		BAD("register 0x%llx must not be written", (unsigned long long)offset); /* MMIO-04, MMIO-15 */
	selected(fake)->address_words[area * 2 + half] = value;
}

/* What may change only while the virtqueue is not in use. */
static void write_queue(struct fake_virtio_mmio *fake, uint64_t offset, uint32_t value)
{
	struct fake_virtio_mmio_queue *queue = selected(fake);

	if (offset == VIRTIO_MMIO_QUEUE_RESET) {
		if (!(fake->accepted & VIRTIO_F_RING_RESET) || value != 1 || !queue->ready)
			BAD("%u written to QueueReset", value);
		fake_device_detach(&queue->ring);
		queue->ready = false;
		queue->resetting = 3;
		return;
	}
	if (fake->firecracker && !(fake->status & VIRTIO_STATUS_FEATURES_OK))
		BAD("Firecracker ignores what is written of virtqueue %u before FEATURES_OK", fake->queue_select);
	if (queue->ready || queue->resetting)
		BAD("virtqueue %u changed at 0x%llx while it is in use", fake->queue_select,
			(unsigned long long)offset);
	if (offset == VIRTIO_MMIO_QUEUE_SIZE) {
		queue->size = value;
	} else if (offset == VIRTIO_MMIO_LEGACY_QUEUE_ALIGN) {
		only(fake, 1, offset);
		queue->align = value;
	} else {
		set_address(fake, offset, value);
	}
}

static void notified(struct fake_virtio_mmio *fake, uint32_t value)
{
	uint32_t index = value & 0xffff;

	if (index >= FAKE_VIRTIO_MMIO_QUEUES || !fake->queues[index].ready)
		BAD("virtqueue %u is notified, and it is not in use", index);
	if (!(fake->status & VIRTIO_STATUS_DRIVER_OK))
		BAD("virtqueue %u is notified before DRIVER_OK", index);
	fake->queues[index].notifications++;
	fake->queues[index].notified = value;
}

static void acknowledge(struct fake_virtio_mmio *fake, uint32_t value)
{
	if (fake->firecracker && !(fake->status & VIRTIO_STATUS_DRIVER_OK))
		BAD("Firecracker ignores acknowledgements before DRIVER_OK");
	if (!value || value & ~(fake->interrupt & 3))
		BAD("0x%x acknowledged of 0x%x", value, fake->interrupt);
	fake->interrupt &= ~value;
}

static void write_register(struct fake_virtio_mmio *fake, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		fake->device_select = value;
		fake->device_selected = true;
		return;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		fake->driver_select = value;
		fake->driver_selected = true;
		return;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		accept(fake, value);
		return;
	case VIRTIO_MMIO_QUEUE_SEL:
		fake->queue_select = value;
		return;
	case VIRTIO_MMIO_QUEUE_READY:
		set_ready(fake, value);
		return;
	case VIRTIO_MMIO_LEGACY_PAGE_SIZE:
		set_page_size(fake, value);
		return;
	case VIRTIO_MMIO_LEGACY_QUEUE_PFN:
		set_page(fake, value);
		return;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		notified(fake, value);
		return;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		acknowledge(fake, value);
		return;
	case VIRTIO_MMIO_STATUS:
		set_status(fake, value);
		return;
	default:
		write_queue(fake, offset, value);
	}
}

static void write_mmio(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	struct fake_virtio_mmio *fake = context;

	if (fake->gone)
		return;
	check_width(fake, offset, width);
	if (offset >= VIRTIO_MMIO_CONFIG)
		BAD("device configuration is not ours to write");
	write_register(fake, offset, value);
}

void fake_virtio_mmio_add(
	struct fake_virtio_mmio *fake, uint64_t address, uint32_t version, uint32_t type, uint64_t offered)
{
	*fake = (struct fake_virtio_mmio){
		.window = {.address = address, .length = LENGTH, .interrupt = 5},
		.registers = {.length = LENGTH, .read = read_mmio, .write = write_mmio, .context = fake},
		.magic = VIRTIO_MMIO_MAGIC,
		.version = version,
		.type = type,
		.offered = offered,
		.device_select = RUBBISH,
		.driver_select = RUBBISH,
		.queue_select = RUBBISH,
	};
	fake->queues[0].size_max = fake->queues[1].size_max = 256;
	reset(fake);
	fake->resets = 0;
	fake->status = VIRTIO_STATUS_ACKNOWLEDGE; /* somebody has used it */
	fake_pci_put_memory(address, &fake->registers);
}

void fake_virtio_mmio_start(struct fake_virtio_mmio *fake, uint32_t version, uint32_t type, uint64_t offered)
{
	fake_pci_start();
	fake_virtio_mmio_add(fake, FAKE_VIRTIO_MMIO_ADDRESS, version, type, offered);
}
