/* SPDX-License-Identifier: ISC */
/* boot/interrupt_line.c, boot/shared_line.c and boot/pic.c: device interrupts through the 8259. */
#include <boot/clock.h>

#include "fake/cmocka.h"
#include "fake/machine.h"
#include "fake/serial_line.h"
#include "interrupt_line.c"
#include "pic.c"
#include "shared_line.c"

struct device {
	struct boot_interrupt_handler handler;
	unsigned calls;
	bool raised;
};

static struct device devices[3];
static unsigned irq;
static int result;

static bool handle(void *context)
{
	struct device *device = context;
	bool ours = device->raised;

	device->calls++;
	device->raised = false;
	if (!devices[0].raised && !devices[1].raised && !devices[2].raised)
		fake_machine.irq_raised = false;
	return ours;
}

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.strict = true;
	fake_machine.pic = true;
	fake_machine.elcr = true;
	pic.looked = false;
	for (unsigned i = 0; i < 3; i++)
		devices[i] = (struct device){.handler = {handle, &devices[i], NULL}};
	for (unsigned i = 0; i < BOOT_PIC_INPUTS; i++)
		lines[i] = (struct boot_shared_line){0};
	irq = 11;
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

static void route(void)
{
	result = boot_interrupt_line(irq, &devices[0].handler);
}

static void raise_and_listen(void)
{
	fake_machine.irq_input = irq;
	fake_machine.irq_raised = true;
	for (unsigned i = 0; i < 3; i++)
		boot_interrupts_enable();
	boot_interrupts_disable();
}

static void test_a_device_on_any_input_is_heard_once_an_interrupt(void **state)
{
	for (irq = 0; irq < BOOT_PIC_INPUTS; irq++) {
		unsigned input = irq;

		if (irq == TIMER || irq == CASCADE)
			continue;
		fresh_machine(state);
		irq = input;
		assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
		assert_int_equal(result, 0);
		devices[0].raised = true;
		assert_int_equal(fake_machine_run(raise_and_listen), FAKE_RETURNED);
		assert_int_equal(devices[0].calls, 1);
		assert_int_equal(fake_machine.pic_in_service, 0); /* as many ends as there are chips on the way */
		assert_int_equal(fake_machine.interrupt_count, 1);
	}
}

static void test_other_inputs_stay_masked(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(fake_machine.pic_mask[0], 0xfb);
	assert_int_equal(fake_machine.pic_mask[1], 0xf7);
}

static void test_the_input_becomes_level_triggered_and_the_others_stay(void **state)
{
	(void)state;
	fake_machine.elcr_level[0] = 0x20;
	fake_machine.elcr_level[1] = 0x02;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(fake_machine.elcr_level[0], 0x20);
	assert_int_equal(fake_machine.elcr_level[1], 0x0a);
}

static void route_all(void)
{
	for (unsigned i = 0; i < 3; i++)
		result |= boot_interrupt_line(irq, &devices[i].handler);
	result |= boot_interrupt_line(irq, &devices[1].handler); /* again */
}

static void test_all_devices_on_a_line_are_asked_each_time(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(route_all), FAKE_RETURNED);
	assert_int_equal(result, 0);
	devices[0].raised = devices[2].raised = true;
	assert_int_equal(fake_machine_run(raise_and_listen), FAKE_RETURNED);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(devices[i].calls, 1);
	assert_int_equal(fake_machine.interrupt_count, 1);
}

static void listen_long(void)
{
	for (unsigned i = 0; i < UNCLAIMED_MOST + 10; i++)
		boot_interrupts_enable();
	boot_interrupts_disable();
}

static bool never_ours(void *context)
{
	devices[0].calls++;
	(void)context;
	return false;
}

/* HC-14 */
static void test_a_line_that_nobody_lowers_is_masked_in_the_end(void **state)
{
	(void)state;
	devices[0].handler.handle = never_ours;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	fake_machine.irq_input = irq;
	fake_machine.irq_raised = true;
	assert_int_equal(fake_machine_run(listen_long), FAKE_RETURNED);
	assert_int_equal(devices[0].calls, UNCLAIMED_MOST);
	assert_int_equal(fake_machine.pic_mask[1], 0xff);
	assert_int_equal(fake_machine.pic_in_service, 0);
}

static void test_spurious_interrupts_call_nobody(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		fresh_machine(state);
		irq = i ? 15 : 7;
		assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
		fake_machine.pic_in_service = i ? 1 : 0; /* of the slave's, only the master knows */
		fake_machine.handler[BOOT_PIC_VECTOR + irq](fake_machine.handler_context[BOOT_PIC_VECTOR + irq]);
		assert_int_equal(devices[0].calls, 0);
		assert_int_equal(fake_machine.pic_in_service, 0);
	}
}

static void test_impossible_inputs_and_machines_are_refused(void **state)
{
	static const unsigned impossible[] = {TIMER, CASCADE, 16, 255};

	(void)state;
	for (unsigned i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
		irq = impossible[i];
		assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
		assert_int_equal(result, -1);
	}
	fresh_machine(state);
	fake_machine.pic = false;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	assert_int_equal(result, -1);
}

static void test_a_machine_without_a_choice_of_trigger_is_left_alone(void **state)
{
	(void)state;
	fake_machine.elcr = false;
	assert_int_equal(fake_machine_run(route), FAKE_RETURNED);
	for (size_t i = 0; i < fake_machine.writes; i++)
		assert_true(fake_machine.write[i].port < 0x100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_device_on_any_input_is_heard_once_an_interrupt),
		TEST(test_other_inputs_stay_masked),
		TEST(test_the_input_becomes_level_triggered_and_the_others_stay),
		TEST(test_all_devices_on_a_line_are_asked_each_time),
		TEST(test_a_line_that_nobody_lowers_is_masked_in_the_end),
		TEST(test_spurious_interrupts_call_nobody),
		TEST(test_impossible_inputs_and_machines_are_refused),
		TEST(test_a_machine_without_a_choice_of_trigger_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
