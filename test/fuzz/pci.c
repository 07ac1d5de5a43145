/* SPDX-License-Identifier: ISC */
/*
 * PCI configuration space of the fuzz targets' device: the standard header, BARs that can be measured, capabilities
 * (VIRTIO 4.1.4). A target may change any byte of device->pci_config; reads lie like other registers.
 */
#include "pci.h"

#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "device.h"
#include "pci/config.h"

#define ADDRESS 0x0018 /* 00:03.0 */
#define BARS 6u
#define MSIX 0x98
#define MSIX_VECTORS 4u
#define LEGACY_PORTS 0x100u

static const uint32_t usual_sizes[BARS] = {LEGACY_PORTS, 0x1000, 0, 0, FUZZ_PCI_BAR_SIZE, 0};

static void store(uint8_t *config, unsigned offset, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		config[offset + i] = (uint8_t)(value >> 8 * i);
}

static uint32_t load(const uint8_t *config, unsigned offset, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)config[offset + i] << 8 * i;
	return value;
}

/* A virtio capability at AT, and the place of the NEXT. */
static void capability(uint8_t *config, unsigned at, unsigned next, unsigned type, uint32_t offset, uint32_t length)
{
	config[at] = 9; /* the vendor's own */
	config[at + 1] = (uint8_t)next;
	config[at + VIRTIO_PCI_CAP_LEN] = 20;
	config[at + VIRTIO_PCI_CAP_CFG_TYPE] = (uint8_t)type;
	config[at + VIRTIO_PCI_CAP_BAR] = 4;
	store(config, at + VIRTIO_PCI_CAP_OFFSET, 4, offset);
	store(config, at + VIRTIO_PCI_CAP_LENGTH, 4, length);
}

static void describe_modern(struct fuzz_device *device)
{
	uint8_t *config = device->pci_config;

	store(config, PCI_DEVICE, 2, VIRTIO_PCI_MODERN_FIRST + device->kind->type);
	store(config, PCI_BAR0 + 16, 4, (uint32_t)FUZZ_BAR_ADDRESS);
	config[PCI_CAPABILITY_LIST] = 0x40;
	capability(config, 0x40, 0x54, VIRTIO_PCI_CAP_COMMON_CFG, FUZZ_PCI_COMMON, VIRTIO_PCI_COMMON_SIZE_1_2);
	capability(config, 0x54, 0x68, VIRTIO_PCI_CAP_NOTIFY_CFG, FUZZ_PCI_NOTIFY, 0x1000);
	store(config, 0x54 + VIRTIO_PCI_CAP_NOTIFY_MULTIPLIER, 4, 4);
	capability(config, 0x68, 0x7c, VIRTIO_PCI_CAP_ISR_CFG, FUZZ_PCI_ISR, 1);
	capability(config, 0x7c, MSIX, VIRTIO_PCI_CAP_DEVICE_CFG, FUZZ_PCI_DEVICE, FUZZ_CONFIG);
}

/* Numbers of the transitional devices whose type does not stand in the subsystem (4.1.2.1). */
static uint16_t legacy_number(uint32_t type)
{
	switch (type) {
	case VIRTIO_ID_NET:
		return 0x1000;
	case VIRTIO_ID_BLOCK:
		return 0x1001;
	case VIRTIO_ID_BALLOON:
		return 0x1002;
	case VIRTIO_ID_CONSOLE:
		return 0x1003;
	case VIRTIO_ID_ENTROPY:
		return 0x1005;
	case VIRTIO_ID_9P:
		return 0x1009;
	default:
		return 0x103f;
	}
}

static void describe_legacy(struct fuzz_device *device)
{
	uint8_t *config = device->pci_config;

	store(config, PCI_DEVICE, 2, legacy_number(device->kind->type));
	store(config, PCI_SUBSYSTEM, 2, device->kind->type);
	store(config, PCI_BAR0, 4, (uint32_t)FUZZ_PORTS | 1u);
	config[PCI_CAPABILITY_LIST] = MSIX;
}

void fuzz_pci_describe(struct fuzz_device *device)
{
	uint8_t *config = device->pci_config;

	memset(config, 0, sizeof device->pci_config);
	device->pci_written = 0;
	device->pci_everywhere = 0;
	memcpy(device->bar_sizes, usual_sizes, sizeof usual_sizes);
	store(config, PCI_VENDOR, 2, VIRTIO_PCI_VENDOR);
	store(config, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	config[PCI_INTERRUPT_LINE] = 11;
	config[PCI_INTERRUPT_PIN] = 1;
	store(config, PCI_BAR0 + 4, 4, (uint32_t)FUZZ_MSIX_ADDRESS);
	config[MSIX] = 0x11;
	store(config, MSIX + 2, 2, MSIX_VECTORS - 1);
	store(config, MSIX + 4, 4, 1); /* the table, at the start of BAR 1 */
	if (device->bus == FUZZ_PCI_LEGACY)
		describe_legacy(device);
	else
		describe_modern(device);
}

static unsigned bar_at(uint16_t offset)
{
	return offset >= PCI_BAR0 && offset < PCI_BAR0 + 4 * BARS ? (offset - PCI_BAR0) / 4u : BARS;
}

static uint32_t config_read(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width)
{
	struct fuzz_device *device = access->region.context;
	unsigned bar = bar_at(offset);
	uint32_t value;

	fuzz_check(offset % width == 0);
	if ((address & ~(unsigned)device->pci_everywhere) != ADDRESS || offset >= sizeof device->pci_config)
		return UINT32_MAX >> (32 - 8 * width);
	value = load(device->pci_config, offset, width);
	if (bar < BARS && device->pci_written >> bar & 1) /* it is being measured */
		value = ~(device->bar_sizes[bar] - 1) | (value & 1);
	return fuzz_device_answer(device, value, width);
}

/* Not all bits of a BAR are kept, and of the rest nothing but commands and MSI-X. */
static void config_write(
	const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	struct fuzz_device *device = access->region.context;
	unsigned bar = bar_at(offset);

	fuzz_check((address & ~(unsigned)device->pci_everywhere) == ADDRESS);
	fuzz_check(offset % width == 0 && offset + width <= sizeof device->pci_config);
	if (bar < BARS && value == UINT32_MAX)
		device->pci_written |= device->bar_sizes[bar] ? 1u << bar : 0;
	else if (bar < BARS)
		store(device->pci_config, offset, width, value), device->pci_written &= ~(1u << bar);
	else if (offset == PCI_COMMAND || offset == MSIX + 2)
		store(device->pci_config, offset, width, value);
	fuzz_device_touched();
}

struct virtio_pci_access fuzz_pci_access(struct fuzz_device *device)
{
	static const struct virtio_pci_access_ops ops = {config_read, config_write};

	return (struct virtio_pci_access){.ops = &ops, .region = {.context = device}};
}
