/* SPDX-License-Identifier: ISC */
/* boot/interrupt_gsi.c: device interrupts through IO-APICs. */
#include "acpi.h"
#include "apic_interrupts.c"
#include "apic_vectors.c"
#include "fake/acpi.h"
#include "fake/cmocka.h"
#include "fake/machine.h"
#include "interrupt_gsi.c"
#include "pic.c"
#include "shared_line.c"

static struct boot_acpi_line line;
static struct boot_interrupt_handler handlers[2];
static unsigned calls[2];
static int result;

static bool handle(void *context)
{
	(*(unsigned *)context)++;
	return true;
}

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.strict = true;
	fake_machine.io_apic = true;
	fake_machine.apic_id = 2u << 24;
	fake_machine_cpuid(1, 0, 0, 0, 1u << 9);
	fake_machine.msr_apic_base = 0xfee00900;
	pic.looked = false;
	apic_on = false;
	vectors.count = 0;
	inputs.count = 0;
	line = (struct boot_acpi_line){.gsi = 20, .level = true};
	for (unsigned i = 0; i < 2; i++) {
		handlers[i] = (struct boot_interrupt_handler){handle, &calls[i], NULL};
		calls[i] = 0;
	}
	for (unsigned i = 0; i < 2; i++)
		for (unsigned index = 0x10; index < 0x40; index++)
			fake_machine.io_apic_register[i][index] = 0x10000;
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

static void route(void)
{
	result = boot_interrupt_gsi(&line, &handlers[0]);
}

static void route_other(void)
{
	result = boot_interrupt_gsi(&line, &handlers[1]);
}

static void raise_input(unsigned io_apic, unsigned input)
{
	unsigned vector = fake_machine.io_apic_register[io_apic][0x10 + 2 * input] & 0xff;

	fake_machine.handler[vector](fake_machine.handler_context[vector]);
}

static void test_an_input_leads_to_this_processor(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, 0);
	assert_int_equal(fake_machine.io_apic_register[0][0x10 + 40] & ~0xffu, 0x8000);
	assert_int_equal(fake_machine.io_apic_register[0][0x11 + 40], 0x02000000);
	raise_input(0, 20);
	assert_int_equal(calls[0], 1);
	assert_int_equal(fake_machine.apic_ends, 1);
	assert_int_equal(fake_machine.io_apic_register[0][0x10 + 42], 0x10000); /* the neighbour */
}

static void test_the_signal_is_what_was_asked_for(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		fresh_machine(state);
		line.level = i & 1;
		line.active_low = i & 2;
		assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
		assert_int_equal(fake_machine.io_apic_register[0][0x10 + 40] & ~0xffu,
			(i & 1 ? 0x8000u : 0) | (i & 2 ? 0x2000u : 0));
	}
}

static void test_devices_share_an_input_if_they_agree(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(fake_machine_run(route_other), FAKE_RETURNED);
	assert_int_equal(result, 0);
	raise_input(0, 20);
	assert_int_equal(calls[0], 1);
	assert_int_equal(calls[1], 1);
	assert_int_equal(fake_machine.apic_ends, 1);
	line.active_low = true;
	assert_int_equal(fake_machine_run(route_other), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

static bool refuse(void *context)
{
	(void)context;
	return false;
}

/* HC-14 */
static void test_an_input_that_nobody_claims_is_masked_in_the_end(void **state)
{
	(void)state;
	handlers[0].handle = refuse;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	inputs.used[0].line.unclaimed = 99998;
	raise_input(0, 20);
	assert_int_equal(fake_machine.io_apic_register[0][0x10 + 40] & 0x10000, 0);
	raise_input(0, 20);
	assert_int_equal(fake_machine.io_apic_register[0][0x10 + 40] & 0x10000, 0x10000);
	assert_int_equal(fake_machine.apic_ends, 2);
}

static void test_what_does_not_exist_is_refused(void **state)
{
	(void)state;
	line.gsi = 24; /* the version register says 24 inputs */
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, -1);
	line.gsi = 23;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, 0);
	fresh_machine(state);
	fake_machine.io_apic = false;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, -1);
	fresh_machine(state);
	fake_machine.msr_apic_base = 0;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

/* An MADT with two IO-APICs, of which the second begins at 24. */
static void test_the_tables_tell_where_the_io_apics_are(void **state)
{
	static const uint8_t madt[] = {0, 0, 0xe0, 0xfe, 0, 0, 0, 0, /* the local APIC, flags */
		1, 12, 0, 0, 0, 0, 0xc1, 0xfe, 24, 0, 0, 0,          /* 0xfec10000 */
		1, 12, 1, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0};

	(void)state;
	fake_acpi_reset();
	fake_acpi_put("APIC", madt, sizeof madt);
	fake_acpi_finish(false);
	fake_machine.readable_length = FAKE_ACPI_SIZE;
	boot_acpi_init(&fake_acpi_memory, 0);
	assert_non_null(boot_acpi_io_apic(1));
	line.gsi = 27;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, 0);
	assert_int_equal(fake_machine.io_apic_register[1][0x10 + 6] & ~0xffu, 0x8000);
	line.gsi = 3;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(fake_machine.io_apic_register[0][0x10 + 6] & ~0xffu, 0x8000);
	line.gsi = 32;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_input_leads_to_this_processor), TEST(test_the_signal_is_what_was_asked_for),
		TEST(test_devices_share_an_input_if_they_agree),
		TEST(test_an_input_that_nobody_claims_is_masked_in_the_end), TEST(test_what_does_not_exist_is_refused),
		TEST(test_the_tables_tell_where_the_io_apics_are), /* last: the tables stay */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
