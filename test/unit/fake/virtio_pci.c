/* SPDX-License-Identifier: ISC */
/* Virtio PCI devices at register level. */
#include "fake/virtio_pci.h"

#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"

#define MODERN_BAR 4
#define MSIX_CONTROL_HIGH 3 /* byte of the capability with the enable bit */

#define BAD(...) fail_msg(__VA_ARGS__)

static bool msix(const struct fake_virtio_pci *fake)
{
	const struct fake_pci_function *function = fake->function;

	return function->msix && function->config[function->msix + MSIX_CONTROL_HIGH] & 0x80;
}

static void reset(struct fake_virtio_pci *fake)
{
	fake->status = 0;
	fake->accepted = 0;
	fake->accepted_writes = 0;
	fake->isr = 0;
	fake->config_vector = VIRTIO_NO_VECTOR;
	for (unsigned i = 0; i < FAKE_VIRTIO_PCI_QUEUES; i++) {
		struct fake_virtio_pci_queue *queue = &fake->queues[i];
		if (fake->with_rings) {
			fake_device_detach(&queue->ring);
			queue->size = queue->size ? 256 : 0;
		}
		queue->enabled = false;
		queue->vector = VIRTIO_NO_VECTOR;
		queue->addresses[0] = queue->addresses[1] = queue->addresses[2] = 0;
	}
}

/* The queue that the registers are of; one that does not exist has registers of 0. */
static struct fake_virtio_pci_queue *selected(struct fake_virtio_pci *fake)
{
	static struct fake_virtio_pci_queue none;

	none = (struct fake_virtio_pci_queue){.vector = VIRTIO_NO_VECTOR};
	return fake->queue_select < FAKE_VIRTIO_PCI_QUEUES ? &fake->queues[fake->queue_select] : &none;
}

static uint32_t read_isr(struct fake_virtio_pci *fake)
{
	uint8_t isr = fake->isr;

	fake->isr = 0;
	return isr;
}

static void set_status(struct fake_virtio_pci *fake, uint32_t status)
{
	if (status == 0)
		reset(fake);
	fake->status = (uint8_t)status;
}

static uint16_t vector_taken(const struct fake_virtio_pci *fake, uint32_t vector)
{
	if (!msix(fake))
		BAD("a vector is written, and MSI-X is not enabled");
	if (fake->keeps_vector)
		return fake->keeps_vector;
	return fake->refuses_vectors ? VIRTIO_NO_VECTOR : (uint16_t)vector;
}

static void notified(struct fake_virtio_pci *fake, uint32_t value)
{
	if (value >= FAKE_VIRTIO_PCI_QUEUES || !fake->queues[value].enabled)
		BAD("virtqueue %u is notified, and it is not enabled", value);
	if (!(fake->status & VIRTIO_STATUS_DRIVER_OK))
		BAD("virtqueue %u is notified before DRIVER_OK", value);
	fake->queues[value].notifications++;
}

/* The width of each register of the common configuration, by its offset; 0: nothing starts there (4.1.4.3). */
static const uint8_t common_widths[VIRTIO_PCI_COMMON_SIZE_1_2] = {
	[0] = 4,
	[4] = 4,
	[8] = 4,
	[12] = 4,
	[16] = 2,
	[18] = 2,
	[20] = 1,
	[21] = 1,
	[22] = 2,
	[24] = 2,
	[26] = 2,
	[28] = 2,
	[30] = 2,
	[32] = 4,
	[36] = 4,
	[40] = 4,
	[44] = 4,
	[48] = 4,
	[52] = 4,
	[56] = 2,
	[58] = 2,
};

static void check_common(uint64_t offset, unsigned width)
{
	if (offset >= sizeof common_widths || common_widths[offset] != width)
		BAD("%u bytes at %llu: the common configuration has no such register", width,
			(unsigned long long)offset);
}

static uint32_t feature_word(uint64_t features, uint32_t word)
{
	return word < 2 ? (uint32_t)(features >> 32 * word) : 0;
}

static uint32_t read_common(struct fake_virtio_pci *fake, uint64_t offset, unsigned width)
{
	struct fake_virtio_pci_queue *queue = selected(fake);

	check_common(offset, width);
	switch (offset) {
	case VIRTIO_PCI_COMMON_DEVICE_FEATURE:
		return feature_word(fake->offered, fake->device_select);
	case VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR:
		return fake->config_vector;
	case VIRTIO_PCI_COMMON_NUM_QUEUES:
		return FAKE_VIRTIO_PCI_QUEUES;
	case VIRTIO_PCI_COMMON_DEVICE_STATUS:
		return fake->status;
	case VIRTIO_PCI_COMMON_CONFIG_GENERATION:
		return fake->generation;
	case VIRTIO_PCI_COMMON_QUEUE_SIZE:
		return queue->size;
	case VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR:
		return queue->vector;
	case VIRTIO_PCI_COMMON_QUEUE_ENABLE:
		return queue->enabled;
	case VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF:
		return queue->notify_off;
	case VIRTIO_PCI_COMMON_QUEUE_NOTIF_CONFIG_DATA:
		if (!(fake->accepted & VIRTIO_F_NOTIF_CONFIG_DATA)) /* PCI-31 */
			BAD("queue_notif_config_data does not exist without its feature");
		return queue->notify_data;
	case VIRTIO_PCI_COMMON_QUEUE_RESET:
		if (!(fake->accepted & VIRTIO_F_RING_RESET))
			BAD("queue_reset does not exist without its feature");
		if (queue->resetting)
			queue->resetting--;
		return queue->resetting > 0;
	default:
		BAD("the register at %llu need not be read", (unsigned long long)offset);
		return 0;
	}
}

static void accept(struct fake_virtio_pci *fake, uint32_t value)
{
	if (fake->status & VIRTIO_STATUS_FEATURES_OK)
		BAD("features written after FEATURES_OK");
	if (fake->driver_select > 1)
		BAD("features 0x%x of word %u accepted", value, fake->driver_select);
	fake->accepted |= (uint64_t)value << 32 * fake->driver_select;
	fake->accepted_writes++;
}

static void enable_queue(struct fake_virtio_pci *fake, uint32_t value)
{
	struct fake_virtio_pci_queue *queue = selected(fake);

	if (value != 1) /* PCI-19 */
		BAD("%u written to queue_enable (4.1.4.3.2)", value);
	if (!queue->size || !queue->addresses[0] || !queue->addresses[1] || !queue->addresses[2])
		BAD("virtqueue %u enabled before its other registers were set", fake->queue_select);
	queue->enabled = true;
	const struct virtqueue_addresses addresses = {queue->addresses[0], queue->addresses[1], queue->addresses[2]};
	if (fake->with_rings)
		fake_device_attach(
			&queue->ring, fake_device_kind(fake->accepted), &addresses, queue->size, fake->accepted);
}

static void write_queue(struct fake_virtio_pci *fake, uint64_t offset, uint32_t value)
{
	struct fake_virtio_pci_queue *queue = selected(fake);
	uint64_t part = (offset - VIRTIO_PCI_COMMON_QUEUE_DESC) / 8;

	if (offset == VIRTIO_PCI_COMMON_QUEUE_RESET) {
		if (!(fake->accepted & VIRTIO_F_RING_RESET) || value != 1 || !queue->enabled)
			BAD("%u written to queue_reset (4.1.4.3.2)", value);
		*queue = (struct fake_virtio_pci_queue){.size = 256,
			.vector = VIRTIO_NO_VECTOR,
			.notify_off = queue->notify_off,
			.notify_data = queue->notify_data,
			.resetting = 4};
		return;
	}
	if (queue->enabled || queue->resetting)
		BAD("virtqueue %u changed after it was enabled", fake->queue_select);
	if (offset == VIRTIO_PCI_COMMON_QUEUE_SIZE) {
		if (!value || value & (value - 1) || value > queue->size) /* PCI-15 */
			BAD("size %u written, at most %u is possible", value, queue->size);
		queue->size = (uint16_t)value;
	} else if (offset == VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR) {
		queue->vector = vector_taken(fake, value);
	} else if (offset % 8) {
		queue->addresses[part] = (uint32_t)queue->addresses[part] | (uint64_t)value << 32;
	} else {
		queue->addresses[part] = (queue->addresses[part] >> 32 << 32) | value;
	}
}

static void write_common(struct fake_virtio_pci *fake, uint64_t offset, unsigned width, uint32_t value)
{
	check_common(offset, width);
	switch (offset) {
	case VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT:
		fake->device_select = value;
		return;
	case VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT:
		fake->driver_select = value;
		return;
	case VIRTIO_PCI_COMMON_DRIVER_FEATURE:
		accept(fake, value);
		return;
	case VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR:
		fake->config_vector = vector_taken(fake, value);
		return;
	case VIRTIO_PCI_COMMON_DEVICE_STATUS:
		set_status(fake, value);
		return;
	case VIRTIO_PCI_COMMON_QUEUE_SELECT:
		fake->queue_select = (uint16_t)value;
		return;
	case VIRTIO_PCI_COMMON_QUEUE_ENABLE:
		enable_queue(fake, value);
		return;
	case VIRTIO_PCI_COMMON_DEVICE_FEATURE:
	case VIRTIO_PCI_COMMON_NUM_QUEUES:
	case VIRTIO_PCI_COMMON_CONFIG_GENERATION:
	case VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF:
	case VIRTIO_PCI_COMMON_QUEUE_NOTIF_CONFIG_DATA:
		/* PCI-14 */
		BAD("the register at %llu is read-only (4.1.4.3.2)", (unsigned long long)offset);
		return;
	default:
		write_queue(fake, offset, value);
	}
}

static uint32_t read_modern(void *context, uint64_t offset, unsigned width)
{
	struct fake_virtio_pci *fake = context;

	if (!fake_pci_decodes_memory(fake->function) && !fake->function->through_config)
		BAD("memory decoding is off");
	if (offset < FAKE_VIRTIO_PCI_ISR)
		return read_common(fake, offset, width);
	if (offset == FAKE_VIRTIO_PCI_ISR && width == 1 && !msix(fake))
		return read_isr(fake);
	uint64_t at = offset - FAKE_VIRTIO_PCI_DEVICE;
	if (offset < FAKE_VIRTIO_PCI_DEVICE || at >= FAKE_VIRTIO_PCI_CONFIG)
		BAD("%u bytes at 0x%llx must not be read", width, (unsigned long long)offset);
	return fake_region_load(&fake->config[at], width);
}

static void write_modern(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	struct fake_virtio_pci *fake = context;

	if (!fake_pci_decodes_memory(fake->function) && !fake->function->through_config)
		BAD("memory decoding is off");
	if (offset < FAKE_VIRTIO_PCI_ISR) {
		write_common(fake, offset, width, value);
		return;
	}
	if (offset < FAKE_VIRTIO_PCI_NOTIFY || width != (fake->accepted & VIRTIO_F_NOTIFICATION_DATA ? 4 : 2))
		BAD("%u bytes at 0x%llx must not be written", width, (unsigned long long)offset);
	uint32_t index = value & 0xffff;
	for (uint32_t i = 0; i < FAKE_VIRTIO_PCI_QUEUES && fake->accepted & VIRTIO_F_NOTIF_CONFIG_DATA; i++)
		if (fake->queues[i].notify_data == (uint16_t)value)
			index = i;
	if (index < FAKE_VIRTIO_PCI_QUEUES &&
		offset != FAKE_VIRTIO_PCI_NOTIFY + (uint64_t)fake->queues[index].notify_off * fake->multiplier)
		BAD("virtqueue %u notified at 0x%llx, another's place", index, (unsigned long long)offset);
	notified(fake, index);
	fake->queues[index].notified = value;
}

static void add(struct fake_virtio_pci *fake, uint16_t address, uint16_t device, uint64_t offered)
{
	*fake = (struct fake_virtio_pci){.offered = offered,
		.multiplier = 4,
		.queue_select = 0xabcd,
		.device_select = 0xabcd,
		.driver_select = 0xabcd};
	fake->function = fake_pci_add(address, VIRTIO_PCI_VENDOR, device);
	reset(fake);
	fake->status = VIRTIO_STATUS_ACKNOWLEDGE; /* somebody has used it */
	for (uint16_t i = 0; i < FAKE_VIRTIO_PCI_QUEUES; i++)
		fake->queues[i].notify_off = i;
	for (uint16_t i = 0; i < FAKE_VIRTIO_PCI_QUEUES; i++)
		fake->queues[i].notify_data = (uint16_t)(0x9100 + i);
	fake->queues[0].size = fake->queues[1].size = 256;
}

void fake_virtio_pci_find(struct fake_virtio_pci *fake)
{
	fake->found = fake_pci_find(fake->function->address);
}

void fake_virtio_pci_add_modern(
	struct fake_virtio_pci *fake, uint16_t address, uint64_t bar, uint16_t type, uint64_t offered)
{
	add(fake, address, (uint16_t)(VIRTIO_PCI_MODERN_FIRST + type), offered);
	fake->registers = (struct fake_region){
		.length = FAKE_VIRTIO_PCI_BAR_SIZE, .read = read_modern, .write = write_modern, .context = fake};
	fake_pci_set_bar(
		fake->function, MODERN_BAR, FAKE_PCI_MEMORY64, bar, FAKE_VIRTIO_PCI_BAR_SIZE, &fake->registers);
	fake_pci_add_virtio(fake->function, VIRTIO_PCI_CAP_COMMON_CFG, MODERN_BAR, FAKE_VIRTIO_PCI_COMMON, 0x1000);
	uint8_t notify = fake_pci_add_virtio(
		fake->function, VIRTIO_PCI_CAP_NOTIFY_CFG, MODERN_BAR, FAKE_VIRTIO_PCI_NOTIFY, 0x1000);
	fake_region_store(&fake->function->config[notify + VIRTIO_PCI_CAP_NOTIFY_MULTIPLIER], 4, fake->multiplier);
	fake_pci_add_virtio(fake->function, VIRTIO_PCI_CAP_ISR_CFG, MODERN_BAR, FAKE_VIRTIO_PCI_ISR, 0x1000);
	fake_pci_add_virtio(
		fake->function, VIRTIO_PCI_CAP_DEVICE_CFG, MODERN_BAR, FAKE_VIRTIO_PCI_DEVICE, FAKE_VIRTIO_PCI_CONFIG);
	fake_pci_add_virtio(fake->function, VIRTIO_PCI_CAP_PCI_CFG, 0, 0, 0);
	fake_virtio_pci_find(fake);
}

void fake_virtio_pci_start_modern(struct fake_virtio_pci *fake, uint16_t type, uint64_t offered)
{
	fake_pci_start();
	fake_virtio_pci_add_modern(fake, FAKE_VIRTIO_PCI_ADDRESS, FAKE_VIRTIO_PCI_BAR, type, offered);
}
