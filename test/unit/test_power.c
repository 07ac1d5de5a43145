/* SPDX-License-Identifier: ISC */
/* The ways out of the machine, and that ports which others forbid are left alone. */
#include <boot/power.h>

#include "acpi.h"
#include "fake/acpi.h"
#include "fake/cmocka.h"
#include "fake/machine.h"
#include "power.h"

static int status;

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine_hypervisor(0x40000000, "TCGTCGTCGTCG", 0x40000001);
	fake_acpi_reset();
	boot_acpi_init(&fake_acpi_memory, 0);
	boot_power_start();
	return 0;
}

/* Tables with PM1 registers at 0x504, and at 0x604 if BOTH, and a reset register; S5 is 5 there and 6 here. */
static uint32_t fadt_of_a_pc(bool both)
{
	static const uint8_t fadt[FAKE_ACPI_FADT - 36];
	uint32_t address = fake_acpi_put("FACP", fadt, sizeof fadt);

	fake_acpi_set(address, 40, 4, fake_acpi_put("DSDT", "\x08_S5_\x12\x08\x04\x0a\x05\x0a\x06\x00\x00", 14));
	fake_acpi_set(address, 64, 4, 0x504);
	fake_acpi_set(address, 68, 4, both ? 0x604 : 0);
	fake_acpi_set(address, 112, 4, 1 << 10);
	fake_acpi_set(address, 116, 1, 1);
	fake_acpi_set(address, 120, 8, 0x3c0);
	fake_acpi_set(address, 128, 1, 1);
	return address;
}

static void start_with_tables(void)
{
	fake_acpi_finish(true);
	boot_acpi_init(&fake_acpi_memory, 0);
	boot_power_start();
}

/* Reduced hardware, with its registers in memory (QEMU's microvm) or behind ports (Cloud Hypervisor). */
static void reduced_hardware(bool in_memory)
{
	uint32_t address = fadt_of_a_pc(false);

	fake_acpi_set(address, 112, 4, 1 << 20 | 1 << 10);
	fake_acpi_set(address, 116, 1, in_memory ? 0 : 1);
	fake_acpi_set(address, 120, 8, in_memory ? 0xfea00202 : 0x3c0);
	fake_acpi_set(address, 128, 1, 0x42);
	fake_acpi_set(address, 244, 1, in_memory ? 0 : 1);
	fake_acpi_set(address, 248, 8, in_memory ? 0xfea00200 : 0x600);
	fake_machine.device_base = 0xfea00000;
	fake_machine.device_off = 0x34;
	fake_machine.device_reset = 0x42;
	fake_machine.no_pci = true;
	start_with_tables();
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

static void exit_with_status(void)
{
	boot_exit(status);
}

static void q35(void)
{
	fake_machine_config(0x1f, 0, 0, 0x29188086);
	fake_machine_config(0x1f, 0, 0x40, 0xb001);
	fake_machine_config(0x1f, 0, 0x44, 0x80);
	fake_machine.pm_control_port = 0xb004;
	fake_machine.pm_control_off = 0x2000;
}

static void bhyve(void)
{
	fake_machine_hypervisor(0x40000000, "bhyve bhyve ", 0x40000000);
	fake_machine.strict = true;
	fake_machine.pm_control_port = 0x404;
	fake_machine.pm_control_off = 0x3400;
	fake_machine.reset_port = true;
}

/* The value of the first write to PORT; -1 for none. */
static int written_to(uint16_t port)
{
	for (size_t i = 0; i < fake_machine.writes; i++)
		if (fake_machine.write[i].port == port)
			return (int)fake_machine.write[i].value;
	return -1;
}

static size_t writes_to(uint16_t port)
{
	size_t count = 0;

	for (size_t i = 0; i < fake_machine.writes; i++)
		count += fake_machine.write[i].port == port;
	return count;
}

static void test_status_goes_out_through_isa_debug_exit(void **state)
{
	(void)state;
	fake_machine.debug_exit = true;
	for (status = 0; status <= 127; status++) {
		assert_int_equal(fake_machine_run(exit_with_status), FAKE_DEBUG_EXIT);
		assert_int_equal(fake_machine.exit_status, status);
	}
}

static void test_a_status_that_does_not_fit_never_looks_like_success(void **state)
{
	static const int statuses[] = {128, 256, -1, -128, 0x7fffff80};

	(void)state;
	fake_machine.debug_exit = true;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		status = statuses[i];
		assert_int_equal(fake_machine_run(exit_with_status), FAKE_DEBUG_EXIT);
		assert_int_equal(fake_machine.exit_status, 127);
	}
}

static void test_without_isa_debug_exit_the_machine_is_switched_off(void **state)
{
	(void)state;
	q35();
	status = 3;
	assert_int_equal(fake_machine_run(exit_with_status), FAKE_POWERED_OFF);
	assert_int_equal(writes_to(0x501), 0);
}

static void test_power_off_finds_the_pm_base_of_the_pc(void **state)
{
	(void)state;
	fake_machine_config(1, 3, 0, 0x71138086);
	fake_machine_config(1, 3, 0x40, 0x601);
	fake_machine_config(1, 3, 0x80, 1);
	fake_machine.pm_control_port = 0x604;
	fake_machine.pm_control_off = 0x2000;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
}

static void test_power_off_finds_the_pm_base_of_q35(void **state)
{
	(void)state;
	q35();
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
}

static void test_pm_registers_that_are_switched_off_are_not_used(void **state)
{
	(void)state;
	fake_machine_config(0x1f, 0, 0, 0x29188086);
	fake_machine_config(0x1f, 0, 0x40, 0xb001);
	fake_machine_config(0x1f, 0, 0x44, 0);
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_HALTED);
	assert_int_equal(writes_to(0xb004), 0);
	assert_int_equal(writes_to(0x604), 1);
}

static void test_power_off_on_bhyve_is_one_16_bit_write(void **state)
{
	(void)state;
	bhyve();
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
	assert_int_equal(fake_machine.writes, 1);
}

static void test_bhyve_never_sees_the_ports_of_qemu(void **state)
{
	(void)state;
	bhyve();
	status = 1;
	assert_int_equal(fake_machine_run(exit_with_status), FAKE_POWERED_OFF);
	assert_int_equal(fake_machine_run(boot_fatal_exit), FAKE_HALTED);
}

static void test_without_a_hypervisor_no_port_of_qemu_is_touched(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.debug_exit = true;
	fake_machine.pvpanic = 3;
	assert_int_equal(fake_machine_run(boot_fatal_exit), FAKE_HALTED);
	status = 1;
	assert_int_equal(fake_machine_run(exit_with_status), FAKE_HALTED);
	assert_int_equal(writes_to(0x501) + writes_to(0x505) + writes_to(0x604), 0);
}

static void test_a_virtual_machine_without_pci_is_ended_by_a_reset(void **state)
{
	(void)state;
	fake_machine.no_pci = true;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_TRIPLE_FAULT);
	assert_int_equal(writes_to(0x64), 1);
	assert_int_equal(fake_machine_run(exit_with_status), FAKE_TRIPLE_FAULT);
}

static void test_a_machine_of_its_own_is_never_reset_to_switch_it_off(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.no_pci = true;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_HALTED);
}

static void test_a_fatal_error_goes_out_through_isa_debug_exit(void **state)
{
	(void)state;
	fake_machine.debug_exit = true;
	fake_machine.pvpanic = 3;
	assert_int_equal(fake_machine_run(boot_fatal_exit), FAKE_DEBUG_EXIT);
	assert_int_equal(fake_machine.exit_status, BOOT_FATAL_STATUS);
}

static void test_a_fatal_error_is_told_to_pvpanic_next(void **state)
{
	(void)state;
	fake_machine.pvpanic = 3;
	assert_int_equal(fake_machine_run(boot_fatal_exit), FAKE_PANICKED);
}

static void test_a_fatal_error_halts_where_nobody_listens(void **state)
{
	(void)state;
	q35();
	assert_int_equal(fake_machine_run(boot_fatal_exit), FAKE_HALTED);
	assert_int_equal(writes_to(0xb004), 0);
}

static void test_reset_uses_port_cf9(void **state)
{
	(void)state;
	bhyve();
	assert_int_equal(fake_machine_run(boot_reset), FAKE_RESET);
	assert_int_equal(fake_machine.writes, 1);
}

static void test_reset_ends_in_a_triple_fault(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(boot_reset), FAKE_TRIPLE_FAULT);
	assert_int_equal(writes_to(0x64), 1);
}

static void test_power_off_goes_by_the_tables(void **state)
{
	(void)state;
	fadt_of_a_pc(false);
	start_with_tables();
	q35();
	fake_machine.pm_control_port = 0x504;
	fake_machine.pm_control_off = 0x3400;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
	assert_int_equal(fake_machine.writes, 1);
}

static void test_both_control_registers_get_the_sleep_type(void **state)
{
	(void)state;
	fadt_of_a_pc(true);
	start_with_tables();
	fake_machine.pm_control_port = 0x604;
	fake_machine.pm_control_off = 0x3800;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
	assert_int_equal(written_to(0x504), 0x3400);
}

static void test_tables_without_a_way_off_leave_it_to_the_chipset(void **state)
{
	uint32_t address = fadt_of_a_pc(false);

	(void)state;
	fake_acpi_set(address, 40, 4, 0);
	start_with_tables();
	q35();
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
	assert_int_equal(written_to(0x504), -1);
}

static void test_with_tables_no_port_is_guessed(void **state)
{
	uint32_t address = fadt_of_a_pc(false);

	(void)state;
	fake_acpi_set(address, 40, 4, 0);
	start_with_tables();
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_HALTED);
	assert_int_equal(writes_to(0x604), 0);
}

static void test_reduced_hardware_is_switched_off_by_its_sleep_register(void **state)
{
	(void)state;
	reduced_hardware(true);
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_POWERED_OFF);
	assert_int_equal(fake_machine.writes, 0);
	status = 0;
	assert_int_equal(fake_machine_run(exit_with_status), FAKE_POWERED_OFF);
}

static void test_the_sleep_register_may_be_a_port(void **state)
{
	(void)state;
	reduced_hardware(false);
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_TRIPLE_FAULT); /* nothing is behind the port here */
	assert_int_equal(written_to(0x600), 0x34);
	assert_int_equal(written_to(0x504), -1);
}

static void test_a_sleep_register_that_cannot_be_mapped_does_no_harm(void **state)
{
	(void)state;
	reduced_hardware(true);
	fake_machine.device_base = 0;
	boot_power_start();
	fake_machine.keyboard_reset = true;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_RESET);
}

static void test_reset_goes_by_the_tables(void **state)
{
	(void)state;
	reduced_hardware(true);
	assert_int_equal(fake_machine_run(boot_reset), FAKE_RESET);
	assert_int_equal(fake_machine.writes, 0);
}

static void test_a_reset_register_without_effect_is_followed_by_the_others(void **state)
{
	(void)state;
	fadt_of_a_pc(false);
	start_with_tables();
	assert_int_equal(fake_machine_run(boot_reset), FAKE_TRIPLE_FAULT);
	assert_int_equal(written_to(0x3c0), 1);
	assert_int_equal(written_to(0xcf9), 6);
	assert_int_equal(written_to(0x64), 0xfe);
}

static void test_the_keyboard_controller_ends_firecracker(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "KVMKVMKVM\0\0\0", 0x40000001);
	fake_machine.no_pci = true;
	fake_machine.keyboard_reset = true;
	assert_int_equal(fake_machine_run(boot_power_off), FAKE_RESET);
	assert_int_equal(fake_machine_run(boot_reset), FAKE_RESET);
}

static void test_a_counter_that_stands_still_does_not_hang_the_end(void **state)
{
	(void)state;
	fake_machine.tsc_stuck = true;
	assert_int_equal(fake_machine_run(boot_reset), FAKE_TRIPLE_FAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_status_goes_out_through_isa_debug_exit),
		TEST(test_a_status_that_does_not_fit_never_looks_like_success),
		TEST(test_without_isa_debug_exit_the_machine_is_switched_off),
		TEST(test_power_off_finds_the_pm_base_of_the_pc),
		TEST(test_power_off_finds_the_pm_base_of_q35),
		TEST(test_pm_registers_that_are_switched_off_are_not_used),
		TEST(test_power_off_on_bhyve_is_one_16_bit_write),
		TEST(test_bhyve_never_sees_the_ports_of_qemu),
		TEST(test_without_a_hypervisor_no_port_of_qemu_is_touched),
		TEST(test_a_virtual_machine_without_pci_is_ended_by_a_reset),
		TEST(test_a_machine_of_its_own_is_never_reset_to_switch_it_off),
		TEST(test_a_fatal_error_goes_out_through_isa_debug_exit),
		TEST(test_a_fatal_error_is_told_to_pvpanic_next),
		TEST(test_a_fatal_error_halts_where_nobody_listens),
		TEST(test_reset_uses_port_cf9),
		TEST(test_reset_ends_in_a_triple_fault),
		TEST(test_power_off_goes_by_the_tables),
		TEST(test_both_control_registers_get_the_sleep_type),
		TEST(test_tables_without_a_way_off_leave_it_to_the_chipset),
		TEST(test_with_tables_no_port_is_guessed),
		TEST(test_reduced_hardware_is_switched_off_by_its_sleep_register),
		TEST(test_the_sleep_register_may_be_a_port),
		TEST(test_a_sleep_register_that_cannot_be_mapped_does_no_harm),
		TEST(test_reset_goes_by_the_tables),
		TEST(test_a_reset_register_without_effect_is_followed_by_the_others),
		TEST(test_the_keyboard_controller_ends_firecracker),
		TEST(test_a_counter_that_stands_still_does_not_hang_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
