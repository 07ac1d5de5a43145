/* SPDX-License-Identifier: ISC */
/* The power button: in the PM1 registers and the generic event device, polled and by interrupt. */
#include "power_button.c"

#include <string.h>

#include "fake/acpi.h"
#include "fake/cmocka.h"
#include "fake/machine.h"

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine_hypervisor(0x40000000, "TCGTCGTCGTCG", 0x40000001);
	fake_acpi_reset();
	boot_acpi_init(&fake_acpi_memory, 0);
	memset(&button, 0, sizeof button);
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

static void registers_at(uint16_t status, uint16_t control)
{
	fake_machine.pm_status_port = status;
	fake_machine.pm_enable_port = (uint16_t)(status + 2);
	fake_machine.pm_control_port = control;
}

/* Tables with an FADT, and code in a DSDT. */
static void tables(uint32_t flags, const char *code, size_t size)
{
	static const uint8_t fadt[FAKE_ACPI_FADT - 36];
	uint32_t address = fake_acpi_put("FACP", fadt, sizeof fadt);

	fake_acpi_set(address, 40, 4, fake_acpi_put("DSDT", code, size));
	fake_acpi_set(address, 46, 2, 10);
	fake_acpi_set(address, 48, 4, 0xb2);
	fake_acpi_set(address, 52, 1, 0xf1);
	fake_acpi_set(address, 56, 4, 0x600);
	fake_acpi_set(address, 64, 4, 0x604);
	fake_acpi_set(address, 88, 1, 4);
	fake_acpi_set(address, 112, 4, flags);
	fake_acpi_finish(false);
	boot_acpi_init(&fake_acpi_memory, 0);
	registers_at(0x600, 0x604);
	fake_machine.smi_port = 0xb2;
	fake_machine.smi_value = 0xf1;
}

#define OFF "\x08_S5_\x12\x06\x04\x00\x00\x00\x00"

static void press(void)
{
	if (fake_machine.pm_enable & 0x100)
		fake_machine.pm_status |= 0x100;
}

static void test_a_press_is_told_once(void **state)
{
	(void)state;
	tables(0, OFF, sizeof OFF - 1);
	assert_true(boot_power_button_enable());
	assert_true(fake_machine.pm_control & 1);
	assert_false(boot_power_button_pressed());
	press();
	press();
	assert_true(boot_power_button_pressed());
	assert_false(boot_power_button_pressed());
	press();
	assert_true(boot_power_button_pressed());
}

static void test_before_enabling_nothing_is_touched(void **state)
{
	struct boot_power_button_line line;
	uint64_t accesses;

	(void)state;
	tables(0, OFF, sizeof OFF - 1);
	fake_machine.pm_status = 0x100;
	accesses = fake_machine.accesses;
	assert_false(boot_power_button_pressed());
	assert_false(boot_power_button_line(&line));
	boot_power_button_interrupt();
	assert_int_equal(fake_machine.accesses, accesses);
	assert_int_equal(fake_machine.writes, 0);
}

static void test_a_press_before_enabling_is_forgotten_and_other_events_are_off(void **state)
{
	(void)state;
	tables(0, OFF, sizeof OFF - 1);
	fake_machine.pm_status = 0x101;
	fake_machine.pm_enable = 0x521;
	assert_true(boot_power_button_enable());
	assert_false(boot_power_button_pressed());
	assert_int_equal(fake_machine.pm_enable, 0x100);
	assert_int_equal(fake_machine.pm_status, 1); /* only the bit that was written is cleared */
}

static void test_the_interrupt_takes_the_event_and_keeps_it(void **state)
{
	struct boot_power_button_line line;

	(void)state;
	tables(0, OFF, sizeof OFF - 1);
	assert_true(boot_power_button_enable());
	assert_true(boot_power_button_line(&line));
	assert_int_equal(line.irq, 10);
	assert_int_equal(line.line.gsi, 10);
	assert_true(line.line.level);
	assert_true(line.line.active_low);
	press();
	boot_power_button_interrupt();
	assert_int_equal(fake_machine.pm_status, 0);
	boot_power_button_interrupt();
	assert_true(boot_power_button_pressed());
	assert_false(boot_power_button_pressed());
}

static void test_a_machine_in_acpi_mode_is_left_in_it(void **state)
{
	(void)state;
	tables(0, OFF, sizeof OFF - 1);
	fake_machine.pm_control = 1;
	assert_true(boot_power_button_enable());
	assert_true(boot_power_button_enable());
	assert_int_equal(fake_machine.writes, 2); /* status and enable, once */
}

static void test_a_machine_that_never_enters_acpi_mode_does_not_hang(void **state)
{
	(void)state;
	tables(0, OFF, sizeof OFF - 1);
	fake_machine.smi_value = 0;
	assert_true(boot_power_button_enable());
}

static void test_a_button_that_the_tables_deny_is_not_there(void **state)
{
	(void)state;
	tables(1 << 4, OFF, sizeof OFF - 1);
	assert_false(boot_power_button_enable());
	assert_int_equal(fake_machine.writes, 0);
}

static void test_bhyve_has_a_button_without_tables(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "bhyve bhyve ", 0x40000000);
	fake_machine.strict = true;
	registers_at(0x400, 0x404);
	fake_machine.smi_port = 0xb2;
	fake_machine.smi_value = 0xa0;
	assert_true(boot_power_button_enable());
	assert_true(fake_machine.pm_control & 1);
	press();
	assert_true(boot_power_button_pressed());
}

static void test_a_chipset_has_a_button_without_tables(void **state)
{
	(void)state;
	fake_machine_config(0x1f, 0, 0, 0x29188086);
	fake_machine_config(0x1f, 0, 0x40, 0x601);
	fake_machine_config(0x1f, 0, 0x44, 0x80);
	registers_at(0x600, 0x604);
	assert_true(boot_power_button_enable());
	press();
	assert_true(boot_power_button_pressed());
}

static void test_a_machine_with_nothing_has_no_button(void **state)
{
	(void)state;
	assert_false(boot_power_button_enable());
	assert_false(boot_power_button_pressed());
}

static void test_the_generic_event_device_has_the_button_of_reduced_hardware(void **state)
{
	static const char code[] = "\x08_HID\x0d"
				   "ACPI0013\0\x08_CRS\x11\x0e\x0a\x0b\x89\x06\x00\x03\x01\x0c\x00\x00\x00\x79\x00"
				   "\x5b\x80"
				   "EREG\x00\x0c\x00\x00\xa0\xfe\x0a\x04";
	struct boot_power_button_line line;

	(void)state;
	tables(1 << 20, code, sizeof code - 1);
	fake_machine.device_base = 0xfea00000;
	assert_true(boot_power_button_enable());
	assert_true(boot_power_button_line(&line));
	assert_int_equal(line.irq, -1);
	assert_int_equal(line.line.gsi, 12);
	assert_false(line.line.level);
	fake_machine.device_events = 1; /* memory was plugged in */
	assert_false(boot_power_button_pressed());
	fake_machine.device_events = 3;
	boot_power_button_interrupt();
	assert_int_equal(fake_machine.device_events, 0);
	assert_true(boot_power_button_pressed());
	assert_false(boot_power_button_pressed());
	assert_int_equal(fake_machine.writes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_press_is_told_once),
		TEST(test_before_enabling_nothing_is_touched),
		TEST(test_a_press_before_enabling_is_forgotten_and_other_events_are_off),
		TEST(test_the_interrupt_takes_the_event_and_keeps_it),
		TEST(test_a_machine_in_acpi_mode_is_left_in_it),
		TEST(test_a_machine_that_never_enters_acpi_mode_does_not_hang),
		TEST(test_a_button_that_the_tables_deny_is_not_there),
		TEST(test_bhyve_has_a_button_without_tables),
		TEST(test_a_chipset_has_a_button_without_tables),
		TEST(test_a_machine_with_nothing_has_no_button),
		TEST(test_the_generic_event_device_has_the_button_of_reduced_hardware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
