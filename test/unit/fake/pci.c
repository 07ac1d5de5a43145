/* SPDX-License-Identifier: ISC */
/* A fake PCI bus, and fake ways to the registers behind its BARs. */
#include "fake/pci.h"

#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

#define COMMAND 0x04
#define STATUS 0x06
#define HEADER_TYPE 0x0e
#define BAR0 0x10
#define BAR_END 0x28
#define SECONDARY_BUS 0x19
#define CAPABILITIES 0x34
#define FIRST_CAPABILITY 0x40

#define COMMAND_IO 1
#define COMMAND_MEMORY 2
#define COMMAND_MASTER 4

#define PLACES 16

/* Registers that can be reached from the processor. */
struct place {
	bool io;
	uint64_t start;
	struct fake_region *registers;
};

static struct fake_pci_function functions[FAKE_PCI_FUNCTIONS];
static unsigned function_count;
static struct place places[PLACES];
static unsigned place_count;
static unsigned accesses;

void fake_pci_start(void)
{
	function_count = 0;
	place_count = 0;
	accesses = 0;
}

struct fake_pci_function *fake_pci_add(uint16_t address, uint16_t vendor, uint16_t device)
{
	assert_true(function_count < FAKE_PCI_FUNCTIONS);
	struct fake_pci_function *function = &functions[function_count++];
	*function = (struct fake_pci_function){.address = address, .free = FIRST_CAPABILITY};
	fake_region_store(&function->config[0], 2, vendor);
	fake_region_store(&function->config[2], 2, device);
	return function;
}

void fake_pci_make_bridge(struct fake_pci_function *function, uint8_t secondary)
{
	function->config[HEADER_TYPE] |= 1;
	function->config[SECONDARY_BUS] = secondary;
}

static uint32_t bar_flags(enum fake_pci_kind kind)
{
	return kind == FAKE_PCI_IO ? 1 : kind == FAKE_PCI_MEMORY64 ? 4 : 0;
}

void fake_pci_set_bar(struct fake_pci_function *function, unsigned number, enum fake_pci_kind kind, uint64_t address,
	uint64_t size, struct fake_region *registers)
{
	function->bars[number] = (struct fake_pci_bar){.kind = kind, .size = size, .registers = registers};
	fake_region_store(&function->config[BAR0 + 4 * number], 4, (uint32_t)address | bar_flags(kind));
	if (kind == FAKE_PCI_MEMORY64)
		fake_region_store(&function->config[BAR0 + 4 * number + 4], 4, (uint32_t)(address >> 32));
	if (!registers || !address)
		return;
	if (kind == FAKE_PCI_IO)
		fake_pci_put_ports((uint16_t)address, registers);
	else
		fake_pci_put_memory(address, registers);
}

uint8_t fake_pci_add_capability(struct fake_pci_function *function, uint8_t id, uint8_t length)
{
	uint8_t offset = function->free;

	assert_true(offset + length <= 256);
	function->config[STATUS] |= 0x10;
	function->config[function->last_capability ? function->last_capability + 1 : CAPABILITIES] = offset;
	function->config[offset] = id;
	function->config[offset + 1] = 0;
	function->last_capability = offset;
	function->free = (uint8_t)(offset + (length + 3) / 4 * 4);
	return offset;
}

uint8_t fake_pci_add_virtio(
	struct fake_pci_function *function, uint8_t type, uint8_t bar, uint32_t offset, uint32_t length)
{
	uint8_t size = type == 2 || type == 5 ? 20 : 16;
	uint8_t at = fake_pci_add_capability(function, 9, size);

	if (type == 5)
		function->config_access = at;
	function->config[at + 2] = size;
	function->config[at + 3] = type;
	function->config[at + 4] = bar;
	fake_region_store(&function->config[at + 8], 4, offset);
	fake_region_store(&function->config[at + 12], 4, length);
	return at;
}

void fake_pci_add_msix(struct fake_pci_function *function, bool enabled)
{
	function->msix = fake_pci_add_capability(function, 0x11, 12);
	fake_region_store(&function->config[function->msix + 2], 2, enabled ? 0x8002 : 2);
}

bool fake_pci_decodes_io(const struct fake_pci_function *function)
{
	return function->config[COMMAND] & COMMAND_IO;
}

bool fake_pci_decodes_memory(const struct fake_pci_function *function)
{
	return function->config[COMMAND] & COMMAND_MEMORY;
}

bool fake_pci_masters(const struct fake_pci_function *function)
{
	return function->config[COMMAND] & COMMAND_MASTER;
}

static void put(bool io, uint64_t start, struct fake_region *registers)
{
	assert_true(place_count < PLACES);
	places[place_count++] = (struct place){.io = io, .start = start, .registers = registers};
}

void fake_pci_put_ports(uint16_t port, struct fake_region *registers)
{
	put(true, port, registers);
}

void fake_pci_put_memory(uint64_t address, struct fake_region *registers)
{
	put(false, address, registers);
	/* Nobody looks through this pointer: it only has to come back to our virtio_region_memory. */
	fake_platform_window(address, (void *)(uintptr_t)address, registers->length);
}

static struct virtio_region find_registers(bool io, uint64_t start, uint64_t length)
{
	for (unsigned i = 0; i < place_count; i++) {
		const struct place *place = &places[i];
		if (place->io != io || start < place->start || start - place->start >= place->registers->length)
			continue;
		struct virtio_region region = fake_region_window(place->registers);
		region.base = (uintptr_t)(start - place->start);
		region.length = length; /* each access is checked against the end of the registers */
		return region;
	}
	fail_msg("there are no %s at 0x%llx", io ? "ports" : "registers", (unsigned long long)start);
	return (struct virtio_region){0};
}

/* In place of the library's. */
struct virtio_region virtio_region_memory(void *registers, uint64_t length)
{
	return find_registers(false, (uintptr_t)registers, length);
}

/* In place of the library's. */
struct virtio_region virtio_region_ports(uint16_t port, uint16_t length)
{
	return find_registers(true, port, length);
}

static struct fake_pci_function *function_at(uint16_t address)
{
	for (unsigned i = 0; i < function_count; i++)
		if (functions[i].address == address)
			return &functions[i];
	return NULL;
}

static void check_access(uint16_t offset, unsigned width)
{
	accesses++;
	if ((width != 1 && width != 2 && width != 4) || offset % width)
		fail_msg("%u bytes of configuration at 0x%x are not aligned", width, offset);
}

/* Whether LENGTH bytes at OFFSET of BAR lie in a structure that a virtio capability names. */
static bool is_named(const struct fake_pci_function *function, uint8_t bar, uint32_t offset, uint32_t length)
{
	for (uint8_t at = function->config[CAPABILITIES]; at; at = function->config[at + 1]) {
		uint32_t start = fake_region_load(&function->config[at + 8], 4);

		if (function->config[at] == 9 && at != function->config_access && function->config[at + 4] == bar &&
			offset >= start &&
			(uint64_t)offset + length <= (uint64_t)start + fake_region_load(&function->config[at + 12], 4))
			return true;
	}
	return false;
}

/* Which field of the configuration access capability OFFSET is, 0: none. */
static unsigned access_field(const struct fake_pci_function *function, uint16_t offset)
{
	bool in_it =
		function->config_access && offset >= function->config_access && offset < function->config_access + 20;

	return in_it ? offset - function->config_access : 0;
}

/* 4.1.4.9.1: what the driver wrote must make sense when it touches the data. */
static struct virtio_region aimed_at(struct fake_pci_function *function, unsigned width, uint32_t *offset)
{
	const uint8_t *capability = &function->config[function->config_access];
	uint8_t bar = capability[4];
	uint32_t length = fake_region_load(&capability[12], 4);

	*offset = fake_region_load(&capability[8], 4);
	if (length != width || *offset % length)
		fail_msg("%u bytes at 0x%x are accessed as %u", length, *offset, width);
	if (!is_named(function, bar, *offset, length) || !function->bars[bar].registers)
		fail_msg("%u bytes at 0x%x of BAR %u are in no structure", length, *offset, bar);
	return fake_region_window(function->bars[bar].registers);
}

static uint32_t read_aimed(struct fake_pci_function *function, unsigned width)
{
	uint32_t offset, value;
	struct virtio_region region = aimed_at(function, width, &offset);

	function->through_config = true;
	if (width == 1)
		value = virtio_region_read8(&region, offset);
	else if (width == 2)
		value = virtio_region_read16(&region, offset);
	else
		value = virtio_region_read32(&region, offset);
	function->through_config = false;
	return value;
}

static void write_aimed(struct fake_pci_function *function, unsigned width, uint32_t value)
{
	uint32_t offset;
	struct virtio_region region = aimed_at(function, width, &offset);

	function->through_config = true;
	if (width == 1)
		virtio_region_write8(&region, offset, (uint8_t)value);
	else if (width == 2)
		virtio_region_write16(&region, offset, (uint16_t)value);
	else
		virtio_region_write32(&region, offset, value);
	function->through_config = false;
}

uint32_t fake_pci_read(uint16_t address, uint16_t offset, unsigned width)
{
	struct fake_pci_function *function = function_at(address);

	check_access(offset, width);
	if (!function || offset >= sizeof function->config)
		return UINT32_MAX >> (32 - 8 * width);
	if (access_field(function, offset) == 16)
		return read_aimed(function, width);
	return fake_region_load(&function->config[offset], width);
}

/* What stays of VALUE in the half of a BAR that OFFSET names. */
static uint32_t bar_value(const struct fake_pci_function *function, uint16_t offset, uint32_t value)
{
	unsigned number = (offset - BAR0) / 4u;
	const struct fake_pci_bar *bar = &function->bars[number];

	if (value == UINT32_MAX && (fake_pci_decodes_io(function) || fake_pci_decodes_memory(function)))
		fail_msg("BAR %u measured while the function answers to it", number);
	if (number > 0 && function->bars[number - 1].kind == FAKE_PCI_MEMORY64)
		return value & (uint32_t)(~(function->bars[number - 1].size - 1) >> 32);
	if (bar->kind == FAKE_PCI_NO_BAR)
		return 0;
	uint32_t mask = (uint32_t) ~(bar->size - 1);
	return (value & mask & (bar->kind == FAKE_PCI_IO ? 0xffffu : UINT32_MAX)) | bar_flags(bar->kind);
}

void fake_pci_write(uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	struct fake_pci_function *function = function_at(address);

	check_access(offset, width);
	if (!function)
		return;
	unsigned field = access_field(function, offset);
	if (field == 16) {
		write_aimed(function, width, value);
		return;
	}
	if (function->msix && offset == function->msix + 2 && width == 2) /* the size is for reading only */
		value = (value & 0xc000) | (fake_region_load(&function->config[offset], 2) & 0x3fff);
	if (offset >= BAR0 && offset < BAR_END && width == 4)
		value = bar_value(function, offset, value);
	else if ((field == 4 && width == 1) || (field == 8 && width == 4) || (field == 12 && width == 4))
		;                                      /* aiming it */
	else if (!(offset == COMMAND && width == 2) && /* PCI-12 */
		 !(function->msix && offset == function->msix + 2 && width == 2))
		fail_msg("%u bytes at 0x%x of configuration written", width, offset);
	fake_region_store(&function->config[offset], width, value);
}

static uint32_t access_read(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width)
{
	(void)access;
	return fake_pci_read(address, offset, width);
}

static void access_write(
	const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	(void)access;
	fake_pci_write(address, offset, width, value);
}

static const struct virtio_pci_access_ops access_ops = {.read = access_read, .write = access_write};

struct virtio_pci_access fake_pci_access(void)
{
	return (struct virtio_pci_access){.ops = &access_ops, .last_bus = 255};
}

struct virtio_pci_function fake_pci_find(uint16_t address)
{
	struct virtio_pci_access access = fake_pci_access();
	struct virtio_pci_function function = virtio_pci_first(&access);

	while (virtio_pci_next(&function))
		if (function.address == address)
			return function;
	fail_msg("nothing found at 0x%x", address);
	return function;
}

unsigned fake_pci_accesses(void)
{
	return accesses;
}
