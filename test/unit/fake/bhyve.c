/* SPDX-License-Identifier: ISC */
/* The machine: ports, PCI configuration space, and who is alive. */
#include "fake/bhyve.h"

#include <string.h>

#include "base/region_widths.h"
#include "fake/cmocka.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define FIRST_BAR 0x2000 /* ports of the first device; 0x80 for each */
#define FIRST_SLOT 2     /* of the devices */

static struct {
	const char *killed;
	uint32_t address; /* the last write to 0xCF8 */
	unsigned count;
	struct bhyve_device devices[BHYVE_MAX_DEVICES];
	uint8_t host_bridge[256]; /* configuration space of the function in slot 0 */
	uint8_t isa_bridge[256];  /* and of that in slot 31 */
} machine;

void bhyve_kill(const char *rule)
{
	if (!machine.killed)
		machine.killed = rule;
}

const char *bhyve_killed(void)
{
	return machine.killed;
}

void bhyve_assert_alive(void)
{
	if (machine.killed)
		fail_msg("bhyve kills the machine: %s", machine.killed);
}

static void put16(uint8_t *bytes, unsigned value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

static unsigned get16(const uint8_t *bytes)
{
	return bytes[0] | (unsigned)bytes[1] << 8;
}

void bhyve_start(void)
{
	memset(&machine, 0, sizeof machine);
	put16(&machine.host_bridge[0x00], 0x1275);
	put16(&machine.host_bridge[0x02], 0x1275);
	put16(&machine.host_bridge[0x0a], 0x0600);
	put16(&machine.isa_bridge[0x00], 0x8086);
	put16(&machine.isa_bridge[0x02], 0x7000);
	put16(&machine.isa_bridge[0x0a], 0x0601);
}

uint16_t bhyve_bar(const struct bhyve_device *device)
{
	return (uint16_t)(get16(&device->pci[0x10]) & 0xfffcu);
}

bool bhyve_msix(const struct bhyve_device *device)
{
	return device->pci[0x43] & 0x80;
}

/* Configuration space as bhyve lays it out: BARs assigned and decoded, MSI-X at 0x40, MSI at 0x4c. */
static void fill_pci(struct bhyve_device *device, unsigned index)
{
	static const uint16_t ids[] = {
		[VIRTIO_ID_NET] = 0x1000, [VIRTIO_ID_BLOCK] = 0x1001, [VIRTIO_ID_ENTROPY] = 0x1005};
	uint8_t *pci = device->pci;

	put16(&pci[0x00], VIRTIO_PCI_VENDOR);
	put16(&pci[0x02], ids[device->type]);
	put16(&pci[0x04], 0x0007); /* ports, memory, bus master */
	put16(&pci[0x06], 0x0010); /* capabilities */
	put16(&pci[0x10], (FIRST_BAR + 0x80 * index) | 1);
	put16(&pci[0x16], 0xc000 + index); /* BAR 1: memory */
	put16(&pci[0x2c], VIRTIO_PCI_VENDOR);
	put16(&pci[0x2e], device->type);
	pci[0x34] = 0x40;
	pci[0x3c] = (uint8_t)(5 + index);
	pci[0x3d] = 1;
	pci[0x40] = 0x11;
	pci[0x41] = 0x4c;
	put16(&pci[0x42], device->queue_count); /* vectors: queues + 1 */
	pci[0x44] = 1;                          /* table: BAR 1, 0 */
	put16(&pci[0x48], 0x1001);              /* pending bits: BAR 1, 0x1000 */
	pci[0x4c] = 0x05;
}

struct bhyve_device *bhyve_add(uint32_t type, enum bhyve_version version)
{
	assert_true(machine.count < BHYVE_MAX_DEVICES);
	struct bhyve_device *device = &machine.devices[machine.count];

	device->type = type;
	device->version = version;
	bhyve_device_init(device);
	device->bar_size = 0x20;
	while (device->bar_size < 24 + device->config_size)
		device->bar_size = (uint16_t)(2 * device->bar_size);
	fill_pci(device, machine.count++);
	return device;
}

static uint32_t all_ones(unsigned width)
{
	return width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
}

/* The device that 0xCF8 names; NULL: none of the virtio ones. */
static struct bhyve_device *addressed(void)
{
	unsigned slot = machine.address >> 11 & 31;

	if (!(machine.address >> 31) || (machine.address >> 16 & 0xff) || (machine.address >> 8 & 7))
		return NULL;
	return slot >= FIRST_SLOT && slot < FIRST_SLOT + machine.count ? &machine.devices[slot - FIRST_SLOT] : NULL;
}

/* The configuration space that 0xCF8 names; NULL: there is no such function. */
static const uint8_t *addressed_space(void)
{
	const struct bhyve_device *device = addressed();

	if (device)
		return device->pci;
	switch (machine.address & ~UINT32_C(0xfc)) {
	case 0x80000000:
		return machine.host_bridge;
	case 0x80000000 | 31 << 11:
		return machine.isa_bridge;
	default:
		return NULL;
	}
}

static uint32_t pci_read(unsigned port, unsigned width)
{
	unsigned offset = (machine.address & 0xfc) + port - CONFIG_DATA;
	const uint8_t *space = addressed_space();
	uint32_t value = 0;

	for (unsigned i = 0; space && i < width; i++)
		value |= (uint32_t)space[offset + i] << 8 * i;
	return space ? value : all_ones(width);
}

/* A BAR takes the bits above its size. */
static void write_bar(struct bhyve_device *device, unsigned offset, uint32_t value)
{
	if (offset == 0x10)
		value = (value & ~(uint32_t)(device->bar_size - 1)) | 1;
	else if (offset == 0x14)
		value &= ~UINT32_C(0x1fff);
	else
		value = 0;
	put16(&device->pci[offset], value & 0xffff);
	put16(&device->pci[offset + 2], value >> 16);
}

static void pci_write(unsigned port, unsigned width, uint32_t value)
{
	unsigned offset = (machine.address & 0xfc) + port - CONFIG_DATA;
	struct bhyve_device *device = addressed();

	if (!device)
		return;
	if (offset >= 0x10 && offset < 0x28 && width == 4)
		write_bar(device, offset, value);
	else if (offset == 0x04 && width == 2)
		put16(&device->pci[offset], value & 0x0507);
	else if (offset == 0x42 && width == 2)
		put16(&device->pci[offset], (get16(&device->pci[offset]) & 0x07ff) | (value & 0xc000));
	else if (offset == 0x04 && width == 4)
		put16(&device->pci[offset], value & 0x0507);
	else
		bhyve_kill("MSI-X is enabled by one 16-bit write to its capability + 2; nothing else takes writes");
}

/* Whether an access to configuration space is one that bhyve understands. */
static bool pci_access_ok(unsigned port, unsigned width)
{
	if (port < CONFIG_DATA && (port != CONFIG_ADDRESS || width != 4))
		bhyve_kill("0xCF8 takes 32-bit accesses only");
	else if (port >= CONFIG_DATA && port % width)
		bhyve_kill("configuration space takes aligned accesses only");
	return !machine.killed;
}

/* The device whose registers are at PORT; OFFSET: which. */
static struct bhyve_device *at_port(unsigned port, unsigned *offset)
{
	for (unsigned i = 0; i < machine.count; i++) {
		struct bhyve_device *device = &machine.devices[i];
		unsigned first = bhyve_bar(device);
		*offset = port - first;
		if ((device->pci[0x04] & 1) && port >= first && port < first + device->bar_size)
			return device;
	}
	return NULL;
}

static uint32_t port_read(const struct virtio_region *region, uint64_t at, unsigned width)
{
	unsigned port = (unsigned)(region->base + at);
	unsigned offset;

	if (machine.killed)
		return all_ones(width);
	if (port >= CONFIG_ADDRESS && port < CONFIG_DATA + 4) {
		if (!pci_access_ok(port, width))
			return all_ones(width);
		return port >= CONFIG_DATA ? pci_read(port, width) : machine.address;
	}
	struct bhyve_device *device = at_port(port, &offset);
	return device ? bhyve_register_read(device, offset, width) & all_ones(width) : all_ones(width);
}

static void port_write(const struct virtio_region *region, uint64_t at, unsigned width, uint32_t value)
{
	unsigned port = (unsigned)(region->base + at);
	unsigned offset;

	if (machine.killed)
		return;
	if (port >= CONFIG_ADDRESS && port < CONFIG_DATA + 4) {
		if (!pci_access_ok(port, width))
			return;
		if (port >= CONFIG_DATA)
			pci_write(port, width, value);
		else
			machine.address = value;
		return;
	}
	struct bhyve_device *device = at_port(port, &offset);
	if (device)
		bhyve_register_write(device, offset, width, value);
}

REGION_WIDTHS(port);

struct virtio_region bhyve_ports(uint16_t port, uint16_t length)
{
	return (struct virtio_region){.ops = &port_ops, .base = port, .length = length};
}
