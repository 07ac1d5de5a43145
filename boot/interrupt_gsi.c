/* SPDX-License-Identifier: ISC */
/* Device interrupts through IO-APICs (Intel 82093AA): boot_interrupt_gsi(). */
#include <boot/acpi.h>
#include <boot/interrupt.h>
#include <boot/memory.h>

#include "apic_interrupts.h"
#include "apic_vectors.h"
#include "local_apic.h"
#include "machine.h"
#include "serial.h"
#include "shared_line.h"

#define USUAL_BASE 0xfec00000u /* where the first IO-APIC is, should nobody tell */
#define IO_APIC_WINDOW 0x20
#define IO_APIC_SELECT 0x00
#define IO_APIC_DATA 0x10

#define REGISTER_VERSION 1
#define REGISTER_INPUT(n) (0x10 + 2 * (n)) /* the low half; the high one follows */
#define VERSION_LAST_SHIFT 16              /* the number of the last input */
#define VERSION_LAST_MOST 0xef

#define INPUT_LOW 0x2000u
#define INPUT_LEVEL 0x8000u
#define INPUT_MASKED 0x10000u
#define INPUT_PROCESSOR_SHIFT 24 /* in the high half */

#define INPUTS 64 /* in use at most */

struct input {
	struct boot_shared_line line;
	void *io_apic;
	uint32_t number; /* on its IO-APIC */
	uint32_t low;    /* its register */
	uint32_t gsi;
};

static struct {
	struct input used[INPUTS];
	size_t count;
} inputs;

static uint32_t io_apic_read(void *io_apic, uint32_t index)
{
	boot_write32((uint8_t *)io_apic + IO_APIC_SELECT, index);
	return boot_read32((uint8_t *)io_apic + IO_APIC_DATA);
}

static void io_apic_write(void *io_apic, uint32_t index, uint32_t value)
{
	boot_write32((uint8_t *)io_apic + IO_APIC_SELECT, index);
	boot_write32((uint8_t *)io_apic + IO_APIC_DATA, value);
}

static void input_interrupt(void *context)
{
	struct input *input = context;

	if (boot_shared_line_call(&input->line))
		return;
	io_apic_write(input->io_apic, REGISTER_INPUT(input->number), input->low | INPUT_MASKED);
	boot_printf("boot: interrupt %u is nobody's and does not end: masked\n", input->gsi);
}

/* Whether GSI is an input of IO_APIC; then input->io_apic and input->number tell which. */
static bool is_on(const struct boot_acpi_io_apic *io_apic, uint32_t gsi, struct input *input)
{
	uint32_t version, last;

	if (gsi < io_apic->first_gsi)
		return false;
	input->io_apic = boot_map_device(io_apic->base, IO_APIC_WINDOW);
	input->number = gsi - io_apic->first_gsi;
	if (input->io_apic == NULL)
		return false;
	version = io_apic_read(input->io_apic, REGISTER_VERSION);
	last = version >> VERSION_LAST_SHIFT & 0xff;
	return version != UINT32_MAX && version != 0 && last <= VERSION_LAST_MOST && input->number <= last;
}

static bool find(uint32_t gsi, struct input *input)
{
	static const struct boot_acpi_io_apic usual = {.base = USUAL_BASE};
	const struct boot_acpi_io_apic *io_apic;

	if (boot_acpi_io_apic(0) == NULL)
		return is_on(&usual, gsi, input);
	for (size_t n = 0; (io_apic = boot_acpi_io_apic(n)) != NULL; n++)
		if (is_on(io_apic, gsi, input))
			return true;
	return false;
}

/* Make INPUT, which was found, interrupt this processor. */
static int connect(struct input *input)
{
	int processor = boot_apic_id();
	int vector = processor < 0 ? -1 : boot_vector_take(input_interrupt, input);

	if (vector < 0)
		return -1;
	io_apic_write(input->io_apic, REGISTER_INPUT(input->number), INPUT_MASKED);
	io_apic_write(input->io_apic, REGISTER_INPUT(input->number) + 1, (uint32_t)processor << INPUT_PROCESSOR_SHIFT);
	input->low |= (uint32_t)vector;
	io_apic_write(input->io_apic, REGISTER_INPUT(input->number), input->low);
	inputs.count++;
	return 0;
}

static int add(const struct boot_acpi_line *line, struct boot_interrupt_handler *handler)
{
	uint32_t low = (line->level ? INPUT_LEVEL : 0) | (line->active_low ? INPUT_LOW : 0);
	struct input *input = inputs.used;

	while (input < inputs.used + inputs.count && input->gsi != line->gsi)
		input++;
	if (input == inputs.used + INPUTS)
		return -1;
	if (input == inputs.used + inputs.count) {
		*input = (struct input){.gsi = line->gsi, .low = low};
		boot_shared_line_add(&input->line, handler);
		return find(line->gsi, input) ? connect(input) : -1;
	}
	if ((input->low & (INPUT_LEVEL | INPUT_LOW)) != low)
		return -1; /* those who share a line agree on its signal */
	boot_shared_line_add(&input->line, handler);
	return 0;
}

int boot_interrupt_gsi(const struct boot_acpi_line *line, struct boot_interrupt_handler *handler)
{
	bool allowed = boot_interrupts_disable();
	int result = boot_apic_interrupts_start() ? add(line, handler) : -1;

	if (allowed)
		boot_interrupts_enable();
	return result;
}
