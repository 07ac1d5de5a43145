/* SPDX-License-Identifier: ISC */
/* What is kept of the tables: of QEMU's, as its firmware left them, and of some that are made up. */
#include "acpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/acpi.h"
#include "fake/cmocka.h"
#include "fake/machine.h"
#include "fake/serial_line.h"

#define SEED_START 0xe0000

static const char *seeds; /* the folder with tables of QEMU's machines */
static uint8_t seed[65536];

static int fresh_memory(void **state)
{
	(void)state;
	fake_acpi_reset();
	fake_serial_clear();
	return 0;
}

static void read_made_up(void)
{
	fake_acpi_finish(true);
	boot_acpi_init(&fake_acpi_memory, 0);
	assert_true(boot_acpi_found());
}

static void read_seed(const char *name)
{
	struct boot_loader_memory memory = {.data = seed + 1, .start = SEED_START};
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", seeds, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	memory.length = fread(seed, 1, sizeof seed, file) - 1;
	fclose(file);
	boot_acpi_init(&memory, 0);
	assert_true(boot_acpi_found());
}

static void test_the_tables_of_pc(void **state)
{
	const struct boot_acpi *acpi = boot_acpi();

	(void)state;
	read_seed("pc");
	assert_true(acpi->fixed.present);
	assert_false(acpi->fixed.reduced);
	assert_true(acpi->fixed.power_button);
	assert_int_equal(acpi->fixed.event[0], 0x600);
	assert_int_equal(acpi->fixed.event_length, 4);
	assert_int_equal(acpi->fixed.control[0], 0x604);
	assert_int_equal(acpi->fixed.control[1], 0);
	assert_int_equal(acpi->fixed.timer, 0x608);
	assert_int_equal(acpi->fixed.sci, 9);
	assert_int_equal(acpi->fixed.smi_port, 0xb2);
	assert_int_equal(acpi->fixed.enable_value, 0xf1);
	assert_int_equal(acpi->fixed.century, 0x32);
	assert_int_equal(acpi->fixed.reset.address, 0);
	assert_true(acpi->code.has_off);
	assert_int_equal(acpi->code.off[0], 0);
	assert_null(boot_acpi_ecam(0));
}

static void test_the_tables_of_q35(void **state)
{
	const struct boot_acpi *acpi = boot_acpi();

	(void)state;
	read_seed("q35");
	assert_int_equal(acpi->fixed.control[0], 0x604);
	assert_int_equal(acpi->fixed.timer, 0x608);
	assert_int_equal(acpi->fixed.enable_value, 2);
	assert_int_equal(acpi->fixed.reset.address, 0xcf9);
	assert_false(acpi->fixed.reset.memory);
	assert_int_equal(acpi->fixed.reset_value, 0xf);
	assert_int_equal(boot_acpi_ecam(0)->base, 0xb0000000);
	assert_int_equal(boot_acpi_ecam(0)->first_bus, 0);
	assert_int_equal(boot_acpi_ecam(0)->last_bus, 255);
	assert_null(boot_acpi_ecam(1));
	assert_null(boot_acpi_virtio_mmio(0));
}

static void test_interrupt_controllers_of_q35(void **state)
{
	struct boot_acpi_line line;

	(void)state;
	read_seed("q35");
	assert_int_equal(boot_acpi_local_apic(), 0xfee00000);
	assert_true(boot_acpi_has_8259());
	assert_int_equal(boot_acpi_io_apic(0)->base, 0xfec00000);
	assert_int_equal(boot_acpi_io_apic(0)->first_gsi, 0);
	assert_null(boot_acpi_io_apic(1));
	line = boot_acpi_isa_line(0);
	assert_int_equal(line.gsi, 2);
	assert_false(line.level);
	line = boot_acpi_isa_line(9);
	assert_int_equal(line.gsi, 9);
	assert_true(line.level);
	assert_false(line.active_low);
	line = boot_acpi_isa_line(4);
	assert_int_equal(line.gsi, 4);
	assert_false(line.level);
	assert_int_equal(boot_acpi_isa_line(16).gsi, 16);
}

static void test_the_tables_of_microvm(void **state)
{
	const struct boot_acpi *acpi = boot_acpi();

	(void)state;
	read_seed("microvm");
	assert_true(acpi->fixed.reduced);
	assert_false(acpi->fixed.power_button);
	assert_int_equal(acpi->fixed.timer, 0);
	assert_int_equal(acpi->fixed.control[0], 0);
	assert_true(acpi->fixed.sleep_control.memory);
	assert_int_equal(acpi->fixed.sleep_control.address, 0xfea00200);
	assert_true(acpi->fixed.reset.memory);
	assert_int_equal(acpi->fixed.reset.address, 0xfea00202);
	assert_int_equal(acpi->fixed.reset_value, 0x42);
	assert_int_equal(acpi->code.off[0], 5);
	assert_int_equal(acpi->code.event_selector, 0xfea00000);
	assert_int_equal(acpi->code.event_line.gsi, 9);
}

static void test_virtio_devices_of_microvm(void **state)
{
	(void)state;
	read_seed("microvm");
	assert_int_equal(boot_acpi_virtio_mmio(0)->base, 0xfeb02e00);
	assert_int_equal(boot_acpi_virtio_mmio(0)->length, 512);
	assert_int_equal(boot_acpi_virtio_mmio(0)->line.gsi, 47);
	assert_int_equal(boot_acpi_virtio_mmio(1)->base, 0xfeb02c00);
	assert_int_equal(boot_acpi_virtio_mmio(1)->line.gsi, 46);
	assert_null(boot_acpi_virtio_mmio(2));
	assert_int_equal(boot_acpi_io_apic(1)->base, 0xfec10000);
	assert_int_equal(boot_acpi_io_apic(1)->first_gsi, 24);
}

static void test_without_tables_there_are_defaults(void **state)
{
	size_t length;

	(void)state;
	boot_acpi_init(&fake_acpi_memory, 0);
	assert_false(boot_acpi_found());
	assert_true(boot_acpi_has_8259());
	assert_int_equal(boot_acpi_local_apic(), 0);
	assert_int_equal(boot_acpi_isa_line(9).gsi, 9);
	assert_null(boot_acpi_io_apic(0));
	assert_null(boot_acpi_ecam(0));
	assert_null(boot_acpi_virtio_mmio(0));
	assert_null(boot_acpi_table("HPET", 0, &length));
}

static void test_any_table_can_be_asked_for(void **state)
{
	size_t length = 0;
	uint32_t address = fake_acpi_put("HPET", "body", 4);

	(void)state;
	read_made_up();
	fake_machine.readable = fake_acpi_bytes;
	fake_machine.readable_length = FAKE_ACPI_SIZE;
	assert_ptr_equal(boot_acpi_table("HPET", 0, &length), fake_acpi_bytes + address);
	assert_int_equal(length, 40);
	assert_null(boot_acpi_table("HPET", 1, &length));
}

static void test_code_is_read_from_every_table_that_has_some(void **state)
{
	uint8_t fadt[FAKE_ACPI_FADT - 36] = {0};
	uint32_t address = fake_acpi_put("FACP", fadt, sizeof fadt);
	uint32_t code = fake_acpi_put("DSDT", "nothing", 7);

	(void)state;
	fake_acpi_set(address, 40, 4, code);
	fake_acpi_put("SSDT", "nothing either", 14);
	fake_acpi_put("SSDT", "\x08_S5_\x12\x07\x04\x0a\x03\x00\x00\x00", 13);
	read_made_up();
	assert_true(boot_acpi()->code.has_off);
	assert_int_equal(boot_acpi()->code.off[0], 3);
	assert_non_null(boot_acpi_tables_get(&boot_acpi()->tables, "DSDT", 0));
}

static void test_64_bit_addresses_come_before_the_old_ones(void **state)
{
	uint8_t fadt[FAKE_ACPI_FADT - 36] = {0};
	uint32_t address = fake_acpi_put("FACP", fadt, sizeof fadt);

	(void)state;
	fake_acpi_set(address, 64, 4, 0x104);
	fake_acpi_set(address, 68, 4, 0x10104);
	fake_acpi_set(address, 76, 4, 0x108);
	fake_acpi_set(address, 91, 1, 4);
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.control[0], 0x104);
	assert_int_equal(boot_acpi()->fixed.control[1], 0); /* no port has such a number */
	assert_int_equal(boot_acpi()->fixed.timer, 0x108);
	fake_acpi_set(address, 172, 1, 1);
	fake_acpi_set(address, 176, 8, 0x204);
	fake_acpi_set(address, 208, 1, 0);
	fake_acpi_set(address, 212, 8, 0xfed00000); /* in memory: not for us */
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.control[0], 0x204);
	assert_int_equal(boot_acpi()->fixed.timer, 0x108);
	fake_acpi_set(address, 91, 1, 3);
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.timer, 0);
}

static void test_a_reset_register_needs_its_flag_and_a_space_that_we_reach(void **state)
{
	uint8_t fadt[FAKE_ACPI_FADT - 36] = {0};
	uint32_t address = fake_acpi_put("FACP", fadt, sizeof fadt);

	(void)state;
	fake_acpi_set(address, 116, 1, 1);
	fake_acpi_set(address, 120, 8, 0xcf9);
	fake_acpi_set(address, 128, 1, 6);
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.reset.address, 0);
	fake_acpi_set(address, 112, 4, 1 << 10);
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.reset.address, 0xcf9);
	assert_int_equal(boot_acpi()->fixed.reset_value, 6);
	fake_acpi_set(address, 116, 1, 2); /* PCI configuration space */
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.reset.address, 0);
	fake_acpi_set(address, 116, 1, 1);
	fake_acpi_set(address, 120, 8, 0x10cf9);
	read_made_up();
	assert_int_equal(boot_acpi()->fixed.reset.address, 0);
}

static void test_a_short_fadt_is_read_up_to_its_end(void **state)
{
	uint8_t fadt[60] = {0};

	(void)state;
	memset(fadt, 0xff, sizeof fadt);
	memset(fadt + 4, 0, 4);
	fake_acpi_put("FACP", fadt, sizeof fadt);
	read_made_up();
	assert_true(boot_acpi()->fixed.present);
	assert_int_equal(boot_acpi()->fixed.control[0], 0);
	assert_int_equal(boot_acpi()->fixed.reset.address, 0);
	assert_int_equal(boot_acpi()->fixed.century, 0);
	assert_int_equal(boot_acpi()->fixed.sci, 0xffff);
}

static void test_interrupt_overrides(void **state)
{
	/* IRQ 9 to 20, low and level; 16, and a bus that is not ISA, are none of ours; the local APIC elsewhere */
	static const uint8_t madt[] = "\x00\x00\xe0\xfe\x01\x00\x00\x00"
				      "\x02\x0a\x00\x09\x14\x00\x00\x00\x0f\x00"
				      "\x02\x0a\x00\x10\x14\x00\x00\x00\x0f\x00"
				      "\x02\x0a\x01\x05\x14\x00\x00\x00\x0f\x00"
				      "\x02\x09\x00\x06\x14\x00\x00\x00\x0f"
				      "\x05\x0c\x00\x00\x00\x00\xf0\xfe\x01\x00\x00\x00"
				      "\x7f\x02";

	(void)state;
	fake_acpi_put("APIC", madt, sizeof madt - 1);
	read_made_up();
	assert_int_equal(boot_acpi_isa_line(9).gsi, 20);
	assert_true(boot_acpi_isa_line(9).level);
	assert_true(boot_acpi_isa_line(9).active_low);
	assert_int_equal(boot_acpi_isa_line(5).gsi, 5);
	assert_int_equal(boot_acpi_isa_line(6).gsi, 6);
	assert_true(boot_acpi_local_apic() == UINT64_C(0x1fef00000));
	assert_false(fake_serial_has("MADT"));
}

static void test_madt_entries_stay_in_bounds(void **state)
{
	static const char *const entries[] = {
		"\x01\x0c\x00\x00\x00\x00\xc0\xfe\x00\x00\x00", /* one byte short */
		"\x02\x00\x00\x09\x14\x00\x00\x00\x0f\x00",     /* no length: would never end */
		"\x02\x01\x00\x09\x14\x00\x00\x00\x0f\x00",
		"\x02\xff\x00\x09\x14\x00\x00\x00\x0f\x00",
	};
	static const size_t lengths[] = {11, 10, 10, 10};

	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		uint8_t madt[64] = {0};

		fresh_memory(state);
		memcpy(madt + 8, entries[i], lengths[i]);
		fake_acpi_put("APIC", madt, 8 + lengths[i]);
		read_made_up();
		assert_null(boot_acpi_io_apic(0));
		assert_int_equal(boot_acpi_isa_line(9).gsi, 9);
		assert_true(fake_serial_has("the rest is left out"));
	}
}

static void test_no_more_io_apics_than_there_is_room_for(void **state)
{
	static const uint8_t entry[] = "\x01\x0c\x00\x00\x00\x00\xc0\xfe\x00\x00\x00";
	uint8_t madt[8 + 12 * (BOOT_ACPI_IO_APICS_MAX + 2)] = {0};

	(void)state;
	for (size_t i = 0; i < BOOT_ACPI_IO_APICS_MAX + 2; i++)
		memcpy(madt + 8 + 12 * i, entry, sizeof entry);
	fake_acpi_put("APIC", madt, sizeof madt);
	read_made_up();
	assert_non_null(boot_acpi_io_apic(BOOT_ACPI_IO_APICS_MAX - 1));
	assert_null(boot_acpi_io_apic(BOOT_ACPI_IO_APICS_MAX));
	assert_true(fake_serial_has("more than 8 IO-APICs"));
}

static void test_configuration_space_that_makes_no_sense_is_left_out(void **state)
{
	uint8_t mcfg[8 + 16 * 6 + 15] = {0};

	(void)state;
	for (int i = 0; i < 6; i++) {
		mcfg[8 + 16 * i + 3] = 0xb0;
		mcfg[8 + 16 * i + 11] = 0xff;
	}
	mcfg[8 + 3] = 0;                /* at 0 */
	mcfg[8 + 16] = 1;               /* not aligned */
	mcfg[8 + 32 + 10] = 5;          /* buses from 5 ... */
	mcfg[8 + 32 + 11] = 4;          /* ... to 4 */
	memset(mcfg + 8 + 48, 0xff, 8); /* passes the end of the address space */
	mcfg[8 + 48] = mcfg[8 + 49] = mcfg[8 + 50] = 0;
	mcfg[8 + 64 + 8] = 3;
	fake_acpi_put("MCFG", mcfg, sizeof mcfg);
	read_made_up();
	assert_int_equal(boot_acpi_ecam(0)->segment, 3);
	assert_int_equal(boot_acpi_ecam(1)->segment, 0);
	assert_null(boot_acpi_ecam(2));
	assert_true(fake_serial_has("left out PCI configuration space"));
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_memory)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_tables_of_pc),
		TEST(test_the_tables_of_q35),
		TEST(test_interrupt_controllers_of_q35),
		TEST(test_the_tables_of_microvm),
		TEST(test_virtio_devices_of_microvm),
		TEST(test_without_tables_there_are_defaults),
		TEST(test_any_table_can_be_asked_for),
		TEST(test_code_is_read_from_every_table_that_has_some),
		TEST(test_64_bit_addresses_come_before_the_old_ones),
		TEST(test_a_reset_register_needs_its_flag_and_a_space_that_we_reach),
		TEST(test_a_short_fadt_is_read_up_to_its_end),
		TEST(test_interrupt_overrides),
		TEST(test_madt_entries_stay_in_bounds),
		TEST(test_no_more_io_apics_than_there_is_room_for),
		TEST(test_configuration_space_that_makes_no_sense_is_left_out),
	};

	if (argc != 2)
		return 2;
	seeds = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
