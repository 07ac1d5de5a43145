/* SPDX-License-Identifier: ISC */
/* boot/interrupt_message.c, boot/apic_vectors.c and boot/apic_interrupts.c: message-signalled interrupts. */
#include "apic_interrupts.c"
#include "apic_vectors.c"
#include "fake/cmocka.h"
#include "fake/machine.h"
#include "interrupt_message.c"
#include "pic.c"

static struct boot_interrupt_message message;
static unsigned calls[2];
static int result;

static void count(void *context)
{
	(*(unsigned *)context)++;
}

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.strict = true;
	fake_machine_cpuid(1, 0, 0, 0, 1u << 9);
	fake_machine.msr_apic_base = 0xfee00900;
	pic.looked = false;
	apic_on = false;
	vectors.count = 0;
	calls[0] = calls[1] = 0;
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

static void take_one(void)
{
	result = boot_interrupt_message(count, &calls[0], &message);
}

static void take_another(void)
{
	result = boot_interrupt_message(count, &calls[1], &message);
}

static void send(void)
{
	fake_machine.handler[message.data](fake_machine.handler_context[message.data]);
}

static void test_a_message_names_the_processor_and_its_own_vector(void **state)
{
	(void)state;
	fake_machine.apic_id = 3u << 24;
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(result, 0);
	assert_int_equal(message.address, 0xfee03000);
	send();
	send();
	assert_int_equal(calls[0], 2);
	assert_int_equal(fake_machine.apic_ends, 2);
	uint32_t first = message.data;
	assert_int_equal(fake_machine_run(take_another), FAKE_RETURNED);
	assert_true(message.data != first);
	send();
	assert_int_equal(calls[0], 2);
	assert_int_equal(calls[1], 1);
	assert_true(fake_machine.apic_spurious & 0x100);
	assert_non_null(fake_machine.handler[fake_machine.apic_spurious & 0xff]);
}

static void test_x2apic_mode_works_too(void **state)
{
	(void)state;
	fake_machine.msr_apic_base = 0xfee00d00;
	fake_machine.apic_id = 5;
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(result, 0);
	assert_int_equal(message.address, 0xfee05000);
	send();
	assert_int_equal(fake_machine.apic_ends, 1);
	fake_machine.apic_id = 255; /* beyond what a message can name */
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

static void test_the_8259_stay_connected(void **state)
{
	(void)state;
	fake_machine.pic = true;
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(fake_machine.apic_lint0, 0x700);
	assert_int_equal(fake_machine.pic_base[0], 32); /* what comes from there has a handler, or is masked */
	assert_int_equal(fake_machine.pic_mask[0], 0xfb);
	fresh_machine(state);
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(fake_machine.apic_lint0, 0x10700); /* nothing is there */
}

static void test_without_a_local_apic_there_are_no_messages(void **state)
{
	(void)state;
	fake_machine.msr_apic_base = 0xfee00100;
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(result, -1);
	fake_machine_cpuid(1, 0, 0, 0, 0);
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

static void test_vectors_run_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VECTORS_COUNT; i++) {
		assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
		assert_int_equal(result, 0);
		assert_in_range(message.data, 64, 239);
	}
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

static void test_interrupts_are_left_as_they_were(void **state)
{
	(void)state;
	fake_machine.interrupts = true;
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_true(fake_machine.interrupts);
	fake_machine.interrupts = false;
	assert_int_equal(fake_machine_run(take_one), FAKE_RETURNED);
	assert_false(fake_machine.interrupts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_message_names_the_processor_and_its_own_vector),
		TEST(test_x2apic_mode_works_too),
		TEST(test_the_8259_stay_connected),
		TEST(test_without_a_local_apic_there_are_no_messages),
		TEST(test_vectors_run_out),
		TEST(test_interrupts_are_left_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
