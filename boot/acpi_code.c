/* SPDX-License-Identifier: ISC */
/*
 * What can be known from the tables' code (AML, ACPI 20) without running it: a few definitions that firmware writes in
 * one way only are found by the bytes they begin with. A name that is computed, or a definition in another form, is not
 * found, and then is as good as not there. Each search passes the table once, and looks ahead by a bounded distance.
 */
#include "acpi.h"
#include "serial.h"

/* Opcodes (ACPI 20.3). */
enum {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_NAME = 0x08,
	AML_BYTE = 0x0a,
	AML_WORD = 0x0b,
	AML_DWORD = 0x0c,
	AML_STRING = 0x0d,
	AML_QWORD = 0x0e,
	AML_BUFFER = 0x11,
	AML_PACKAGE = 0x12,
	AML_ROOT = '\\',
	AML_ONES = 0xff,
};

/* How much may lie between a device's name and its resources. */
#define DEVICE_REACH 256

/* Resource descriptors (ACPI 6.4): large ones say their length in two bytes, small ones in three bits. */
enum {
	RESOURCE_LARGE = 0x80,
	RESOURCE_END = 0x78, /* with any checksum length */
	RESOURCE_MEMORY_32 = 0x85,
	RESOURCE_MEMORY_32_FIXED = 0x86,
	RESOURCE_INTERRUPT = 0x89,
};

#define INTERRUPT_EDGE 0x02
#define INTERRUPT_LOW 0x04

/* A place in a table's code. Reading past the end gives zeros and stays there. */
struct cursor {
	const struct boot_acpi_table *table;
	uint32_t at;
	uint32_t end; /* at most the table's length */
};

static uint64_t take(struct cursor *c, uint32_t width)
{
	uint64_t number = width <= c->end - c->at ? boot_acpi_number(c->table, c->at, width) : 0;

	c->at = width <= c->end - c->at ? c->at + width : c->end;
	return number;
}

static bool looking_at(const struct cursor *c, const char *text, uint32_t length)
{
	if (length > c->end - c->at)
		return false;
	for (uint32_t i = 0; i < length; i++)
		if (c->table->data[c->at + i] != (uint8_t)text[i])
			return false;
	return true;
}

/* Go on to right behind the next TEXT; false, and at the end, when there is none. */
static bool skip_past(struct cursor *c, const char *text, uint32_t length)
{
	for (; c->at < c->end; c->at++) {
		if (looking_at(c, text, length)) {
			c->at += length;
			return true;
		}
	}
	return false;
}

/* An integer constant. */
static bool take_integer(struct cursor *c, uint64_t *number)
{
	uint64_t opcode = c->at < c->end ? take(c, 1) : AML_STRING;
	uint32_t width = opcode == AML_BYTE ? 1 : opcode == AML_WORD ? 2 : opcode == AML_DWORD ? 4 : 8;

	if (opcode == AML_ZERO || opcode == AML_ONE)
		*number = opcode;
	else if (opcode == AML_ONES)
		*number = UINT64_MAX;
	else if ((opcode != AML_QWORD && width == 8) || width > c->end - c->at)
		return false;
	else
		*number = take(c, width);
	return true;
}

/* A package length (ACPI 20.2.4), which counts its own bytes: the cursor for what is in the package. */
static bool take_package(struct cursor *c, struct cursor *inside)
{
	uint32_t start = c->at;
	uint32_t lead = (uint32_t)take(c, 1), more = lead >> 6, length = lead & 0x3f;

	if (more > 0)
		length = (lead & 0xf) | (uint32_t)take(c, more) << 4;
	if (length < 1 + more || length > c->end - start)
		return false;
	*inside = (struct cursor){c->table, c->at, start + length};
	c->at = inside->end;
	return true;
}

/* Name(_S5_, Package {a, b, ...}): the values of the sleep type that mean "off" (ACPI 7.4.2). */
static bool take_off(struct cursor c, uint8_t off[2])
{
	struct cursor inside;
	uint64_t a, b;

	if (take(&c, 1) != AML_PACKAGE || !take_package(&c, &inside))
		return false;
	take(&inside, 1); /* how many elements */
	if (!take_integer(&inside, &a) || a > 7)
		return false;
	if (!take_integer(&inside, &b) || b > 7)
		b = a;
	off[0] = (uint8_t)a;
	off[1] = (uint8_t)b;
	return true;
}

static void parse_off(const struct boot_acpi_table *table, struct boot_acpi_code *code)
{
	struct cursor c = {table, BOOT_ACPI_HEADER, table->length};

	while (!code->has_off && skip_past(&c, "_S5_", 4)) {
		uint8_t before = table->data[c.at - 5];

		if (before == AML_NAME || before == AML_ROOT)
			code->has_off = take_off(c, code->off);
	}
}

/* What a device's resources say, as far as we care. */
struct resources {
	uint64_t base;
	uint32_t length;
	bool has_line;
	struct boot_acpi_line line;
};

/* One descriptor; C is at its first data byte and ends with it. */
static void read_resource(struct cursor c, uint8_t type, struct resources *found)
{
	if (type == RESOURCE_MEMORY_32_FIXED && c.end - c.at >= 9 && found->base == 0) {
		take(&c, 1);
		found->base = take(&c, 4);
		found->length = (uint32_t)take(&c, 4);
	} else if (type == RESOURCE_MEMORY_32 && c.end - c.at >= 17 && found->base == 0) {
		take(&c, 1);
		found->base = take(&c, 4);
		take(&c, 8); /* its highest possible base, and its alignment */
		found->length = (uint32_t)take(&c, 4);
	} else if (type == RESOURCE_INTERRUPT && c.end - c.at >= 6 && !found->has_line) {
		uint64_t flags = take(&c, 1);

		take(&c, 1); /* how many interrupts */
		found->has_line = true;
		found->line.gsi = (uint32_t)take(&c, 4);
		found->line.level = !(flags & INTERRUPT_EDGE);
		found->line.active_low = flags & INTERRUPT_LOW;
	}
}

static void read_resources(struct cursor c, struct resources *found)
{
	while (c.at < c.end) {
		uint8_t type = (uint8_t)take(&c, 1);
		uint32_t length = type & RESOURCE_LARGE ? (uint32_t)take(&c, 2) : type & 7;

		if ((type & ~7) == RESOURCE_END || length > c.end - c.at)
			return;
		read_resource((struct cursor){c.table, c.at, c.at + length}, type, found);
		c.at += length;
	}
}

/* The resources of the device whose hardware name ends at C: the _CRS before the next hardware name. */
static bool find_resources(struct cursor c, struct resources *found)
{
	struct cursor next, inside;
	uint64_t size;

	*found = (struct resources){.base = 0};
	if (c.end - c.at > DEVICE_REACH)
		c.end = c.at + DEVICE_REACH;
	next = c;
	skip_past(&next, "_HID", 4);
	c.end = next.at;
	if (!skip_past(&c, "_CRS", 4) || take(&c, 1) != AML_BUFFER || !take_package(&c, &inside) ||
		!take_integer(&inside, &size))
		return false;
	read_resources(inside, found);
	return true;
}

static bool known(const struct boot_acpi_code *code, uint64_t base)
{
	for (size_t i = 0; i < code->virtio_mmio_count; i++)
		if (code->virtio_mmio[i].base == base)
			return true;
	return false;
}

static void parse_virtio_mmio(const struct boot_acpi_table *table, struct boot_acpi_code *code)
{
	struct cursor c = {table, BOOT_ACPI_HEADER, table->length};
	struct resources found;

	while (skip_past(&c, "_HID\x0dLNRO0005", 14)) {
		if (!find_resources(c, &found) || found.base == 0 || found.length == 0 || known(code, found.base))
			continue;
		if (code->virtio_mmio_count == BOOT_ACPI_VIRTIO_MMIO_MAX) {
			boot_printf("boot: more than %d virtio MMIO devices in the ACPI tables\n",
				BOOT_ACPI_VIRTIO_MMIO_MAX);
			return;
		}
		code->virtio_mmio[code->virtio_mmio_count++] =
			(struct boot_acpi_virtio_mmio){found.base, found.length, found.has_line, found.line};
	}
}

/*
 * The generic event device (ACPI 5.6.9) tells by an interrupt that something happened, and its code by a register what.
 * Only QEMU's is understood: it keeps that register in an operation region with the name EREG.
 */
static void parse_event_device(const struct boot_acpi_table *table, struct boot_acpi_code *code)
{
	struct cursor c = {table, BOOT_ACPI_HEADER, table->length};
	struct resources found;
	uint64_t address;

	if (code->event_selector != 0 ||
		!skip_past(&c,
			"_HID\x0d"
			"ACPI0013",
			14) ||
		!find_resources(c, &found) || !found.has_line)
		return;
	if (!skip_past(&c,
		    "\x5b\x80"
		    "EREG\0",
		    7) ||
		!take_integer(&c, &address) || address % 4 != 0)
		return;
	code->event_selector = address;
	code->event_line = found.line;
}

void boot_acpi_parse_code(const struct boot_acpi_table *table, struct boot_acpi_code *code)
{
	parse_off(table, code);
	parse_virtio_mmio(table, code);
	parse_event_device(table, code);
}
