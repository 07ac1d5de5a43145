/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/console_control.c: ports that come, go, have names and are opened. */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/console.h"
#include "fake/platform.h"

#define console fake_console.console
#define ports fake_console.ports
#define transport fake_console.transport
#define say fake_console_say
#define expect fake_console_expect

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_console_multiport(2);
	return 0;
}

static int teardown(void **state)
{
	fake_console_detach();
	return fake_platform_teardown(state);
}

static void poll(int messages)
{
	assert_int_equal(virtio_console_poll(&console), messages);
}

/* CON-05, CON-10, ERR-14: the event is DEVICE_ADD, 1 */
static void test_ports_are_there_once_they_are_added(void **state)
{
	(void)state;
	assert_true(ports[0].present);
	assert_true(ports[1].present);
	assert_false(ports[2].present);
	assert_int_equal(virtio_console_write(&ports[1], "hi", 2), 2);
	assert_int_equal(fake_console_collect(fake_console_transmitq(1)), 2);
	assert_int_equal(virtio_console_write(&ports[2], "hi", 2), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_console_open(&ports[2]), VIRTIO_ERR_NO_DEVICE);
	poll(0);
}

/* CON-04 */
static void test_console_ports_are_opened(void **state)
{
	(void)state;
	say(1, VIRTIO_CONSOLE_CONSOLE_PORT, 1, NULL, 0);
	poll(1);
	expect(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_true(ports[1].is_console);
	assert_false(ports[0].is_console);
	fake_console_expect_nothing();
}

static void test_ports_are_opened_and_closed_by_either_side(void **state)
{
	(void)state;
	assert_false(ports[1].open);
	say(1, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
	poll(1);
	assert_true(ports[1].open);
	say(1, VIRTIO_CONSOLE_PORT_OPEN, 0, NULL, 0);
	poll(1);
	assert_false(ports[1].open);
	fake_console_expect_nothing();
	assert_int_equal(virtio_console_open(&ports[1]), 0);
	expect(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(virtio_console_close(&ports[1]), 0);
	expect(1, VIRTIO_CONSOLE_PORT_OPEN, 0);
}

static void name(const char *bytes, uint32_t length, const char *expected)
{
	say(1, VIRTIO_CONSOLE_PORT_NAME, 1, bytes, length);
	poll(1);
	assert_string_equal(ports[1].name, expected);
}

/* CON-10, HO-04: the used length bounds it, and nothing in it reaches a terminal. */
static void test_names_are_bounded_and_harmless(void **state)
{
	(void)state;
	assert_string_equal(ports[1].name, "");
	name("org.qemu.agent", 14, "org.qemu.agent");
	name("with a NUL\0", 11, "with a NUL");
	name("\x1b[2J\xff\xc3\xa4\x7f", 8, "?[2J????");
	name("", 0, "");
	name("short", 2, "sh");
	name("0123456789012345678901234567890123456789", 40, "0123456789012345678901234567890");
	assert_int_equal(ports[1].number, 1);
	assert_string_equal(ports[0].name, "");
}

/* CON-10, HO-01, HO-05 */
static void test_a_port_has_the_size_that_the_device_says(void **state)
{
	(void)state;
	struct virtio_console_resize size = {le16_from(100), le16_from(40)};
	say(1, VIRTIO_CONSOLE_RESIZE, 0, &size, sizeof size);
	poll(1);
	assert_int_equal(ports[1].columns, 100);
	assert_int_equal(ports[1].rows, 40);
	assert_int_equal(ports[0].columns, 0);
	say(1, VIRTIO_CONSOLE_RESIZE, 0, "\1\0\1", 3);
	poll(1);
	assert_int_equal(ports[1].columns, 100);
	size.rows = le16_from(65535);
	say(1, VIRTIO_CONSOLE_RESIZE, 0, &size, sizeof size);
	poll(1);
	assert_int_equal(ports[1].columns, 0);
	assert_int_equal(ports[1].rows, 0);
}

/* HO-01 */
static void test_short_messages_are_dropped(void **state)
{
	(void)state;
	static const uint8_t remove[8] = {1, 0, 0, 0, VIRTIO_CONSOLE_DEVICE_REMOVE};
	for (uint32_t length = 0; length < 8; length++) {
		assert_true(fake_console_deliver(&transport.queues[2].ring, remove, 8, length));
		poll(1);
		assert_true(ports[1].present);
	}
	assert_true(fake_platform_logged("too short"));
	assert_int_equal(fake_device_available(&transport.queues[2].ring), 32);
	fake_console_expect_nothing();
}

/* HO-02 */
static void test_messages_about_unknown_ports_do_nothing(void **state)
{
	(void)state;
	static const uint32_t ids[] = {2, 3, 0x10000, UINT32_MAX};
	static const uint16_t events[] = {VIRTIO_CONSOLE_DEVICE_REMOVE, VIRTIO_CONSOLE_CONSOLE_PORT,
		VIRTIO_CONSOLE_RESIZE, VIRTIO_CONSOLE_PORT_OPEN, VIRTIO_CONSOLE_PORT_NAME, VIRTIO_CONSOLE_DEVICE_READY,
		VIRTIO_CONSOLE_PORT_READY, 8, 0xffff};
	for (unsigned i = 0; i < 4; i++)
		for (unsigned e = 0; e < sizeof events / sizeof events[0]; e++) {
			say(ids[i], events[e], 1, "name", 4);
			poll(1);
		}
	assert_false(ports[2].present);
	assert_false(ports[2].open);
	assert_string_equal(ports[2].name, "");
	fake_console_expect_nothing();
	assert_int_equal(fake_platform_log_count(), 2); /* one at attach, and one complaint */
}

/* HO-02, CON-05 */
static void test_a_port_that_has_no_place_is_refused_and_a_known_one_stays(void **state)
{
	(void)state;
	say(3, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
	say(UINT32_MAX, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
	say(1, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
	poll(3);
	expect(3, VIRTIO_CONSOLE_PORT_READY, 0);
	expect(UINT32_MAX, VIRTIO_CONSOLE_PORT_READY, 0);
	fake_console_expect_nothing();
	assert_true(ports[1].present);
	say(1, 99, 0, NULL, 0);
	poll(1);
	assert_true(ports[1].present);
}

/* HO-06: what the device holds of a removed port stays there, and what it sent is forgotten. */
static void test_ports_go_and_come_back(void **state)
{
	(void)state;
	uint8_t bytes[16];
	name("agent", 5, "agent");
	for (unsigned round = 0; round < 40; round++) {
		fake_console_type(1, "old");
		fake_console_type(1, "older");
		assert_int_equal(virtio_console_read(&ports[1], bytes, 1), 1);
		say(1, VIRTIO_CONSOLE_DEVICE_REMOVE, 0, NULL, 0);
		poll(1);
		assert_false(ports[1].present);
		assert_string_equal(ports[1].name, "");
		assert_int_equal(virtio_console_read(&ports[1], bytes, 1), VIRTIO_ERR_NO_DEVICE);
		fake_console_type(1, "while it was away");
		say(1, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
		poll(1);
		expect(1, VIRTIO_CONSOLE_PORT_READY, 1);
		assert_int_equal(fake_device_available(fake_console_receiveq(1)), 16);
		assert_int_equal(virtio_console_read(&ports[1], bytes, 16), 0);
		fake_console_type(1, "new");
		assert_int_equal(virtio_console_read(&ports[1], bytes, 16), 3);
		assert_memory_equal(bytes, "new", 3);
	}
}

/* HO-06: one poll does a bounded amount of work; and no message is taken that could not be answered. */
static void test_a_flood_of_messages_is_taken_in_portions(void **state)
{
	(void)state;
	unsigned answered = 0;
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 32; i++)
			assert_true(round > 1 || fake_console_deliver(&transport.queues[2].ring, "\7\0\0\0\1\0\0\0", 8,
							 8)); /* ADD of port 7 */
		assert_int_equal(virtio_console_poll(&console), round ? 0 : 32);
		if (round)
			break;
	}
	assert_int_equal(fake_device_available(&transport.queues[3].ring), 32);
	assert_int_equal(virtio_console_open(&ports[0]), VIRTIO_ERR_AGAIN);
	for (unsigned i = 0; i < 32; i++, answered++)
		expect(7, VIRTIO_CONSOLE_PORT_READY, 0);
	assert_int_equal(virtio_console_poll(&console), 32);
	for (unsigned i = 0; i < 32; i++)
		expect(7, VIRTIO_CONSOLE_PORT_READY, 0);
	poll(0);
	assert_int_equal(virtio_console_open(&ports[0]), 0);
	expect(0, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(answered, 32);
}

static void test_a_port_whose_ring_broke_is_not_ready(void **state)
{
	(void)state;
	uint8_t byte;
	fake_device_lie_used(fake_console_receiveq(2), 1000, 1);
	say(2, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
	poll(1);
	expect(2, VIRTIO_CONSOLE_PORT_READY, 0);
	assert_false(ports[2].present);
	fake_console_type(1, "x");
	assert_int_equal(virtio_console_read(&ports[1], &byte, 1), 1);
}

static void test_broken_control_queues_are_told(void **state)
{
	(void)state;
	fake_device_lie_used(&transport.queues[2].ring, 1000, 1);
	assert_int_equal(virtio_console_poll(&console), VIRTIO_ERR_PROTOCOL);
	fake_device_lie_used(&transport.queues[3].ring, 1000, 1);
	assert_int_equal(virtio_console_poll(&console), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_console_open(&ports[0]), VIRTIO_ERR_PROTOCOL);
}

static void test_interrupts_come_when_asked_for(void **state)
{
	(void)state;
	struct fake_device_ring *ring = &transport.queues[2].ring;
	assert_false(fake_device_interrupts_wanted(ring));
	assert_false(virtio_console_enable_control_interrupts(&console));
	assert_true(fake_device_interrupts_wanted(ring));
	say(1, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
	assert_true(virtio_console_enable_control_interrupts(&console));
	virtio_console_disable_control_interrupts(&console);
	assert_false(fake_device_interrupts_wanted(ring));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* As many as there are, and no more: a device could go on filling them. */
static void test_what_came_for_a_port_that_was_away_is_forgotten(void **state)
{
	(void)state;
	uint8_t bytes[16];
	say(1, VIRTIO_CONSOLE_DEVICE_REMOVE, 0, NULL, 0);
	poll(1);
	while (fake_console_deliver(fake_console_receiveq(1), "old", 3, 3))
		;
	say(1, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
	poll(1);
	expect(1, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(virtio_console_read(&ports[1], bytes, sizeof bytes), 0);
	fake_console_type(1, "new");
	assert_int_equal(virtio_console_read(&ports[1], bytes, sizeof bytes), 3);
	assert_memory_equal(bytes, "new", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ports_are_there_once_they_are_added),
		TEST(test_console_ports_are_opened),
		TEST(test_ports_are_opened_and_closed_by_either_side),
		TEST(test_names_are_bounded_and_harmless),
		TEST(test_a_port_has_the_size_that_the_device_says),
		TEST(test_short_messages_are_dropped),
		TEST(test_messages_about_unknown_ports_do_nothing),
		TEST(test_a_port_that_has_no_place_is_refused_and_a_known_one_stays),
		TEST(test_ports_go_and_come_back),
		TEST(test_a_flood_of_messages_is_taken_in_portions),
		TEST(test_a_port_whose_ring_broke_is_not_ready),
		TEST(test_broken_control_queues_are_told),
		TEST(test_interrupts_come_when_asked_for),
		TEST(test_what_came_for_a_port_that_was_away_is_forgotten),
	};
	return fake_transport_run_over_rings(tests);
}
