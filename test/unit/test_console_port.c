/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/console_port.c: bytes to a port and from it. */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/console.h"
#include "fake/platform.h"

#define console fake_console.console
#define port (&fake_console.ports[0])
#define transport fake_console.transport
#define receiveq fake_console_receiveq(0)
#define transmitq fake_console_transmitq(0)

static uint8_t bytes[FAKE_CONSOLE_WIRE];

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_console_start(VIRTIO_F_VERSION_1);
	fake_console_attach(1, NULL);
	return 0;
}

static int teardown(void **state)
{
	fake_console_detach();
	return fake_platform_teardown(state);
}

static void test_bytes_go_both_ways(void **state)
{
	(void)state;
	fake_console_detach();
	fake_console_start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
	fake_console_attach(1, NULL);
	for (unsigned round = 0; round < 100; round++) {
		assert_int_equal(virtio_console_write(port, "hello", 5), 5);
		assert_int_equal(fake_console_collect(transmitq), 5);
		assert_memory_equal(fake_console.wire, "hello", 5);
		fake_console_type(0, "world!");
		assert_int_equal(virtio_console_read(port, bytes, sizeof bytes), 6);
		assert_memory_equal(bytes, "world!", 6);
	}
}

static void test_a_write_takes_what_fits_and_keeps_the_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	assert_int_equal(virtio_console_write(port, bytes, 6000), 16 * 256);
	assert_int_equal(transport.queues[1].notifications, 1);
	assert_int_equal(virtio_console_write(port, bytes, 1), 0);
	assert_int_equal(virtio_console_unsent(port), 16);
	assert_int_equal(fake_console_collect(transmitq), 16 * 256);
	assert_memory_equal(fake_console.wire, bytes, 16 * 256);
	assert_int_equal(virtio_console_write(port, bytes + 4096, 257), 257);
	assert_int_equal(virtio_console_unsent(port), 2);
	assert_int_equal(fake_console_collect(transmitq), 257);
	assert_int_equal(virtio_console_unsent(port), 0);
	assert_int_equal(virtio_console_write(port, bytes, 0), 0);
}

static void test_what_was_written_cannot_change_any_more(void **state)
{
	(void)state;
	char text[] = "before";
	assert_int_equal(virtio_console_write(port, text, 6), 6);
	memcpy(text, "after!", 6);
	assert_int_equal(fake_console_collect(transmitq), 6);
	assert_memory_equal(fake_console.wire, "before", 6);
}

/* HO-07: a device that takes nothing costs its user nothing but the bytes. */
static void test_a_device_that_takes_nothing_does_not_stop_us(void **state)
{
	(void)state;
	unsigned taken = 0;
	for (unsigned i = 0; i < 1000; i++) {
		int result = virtio_console_write(port, "x", 1);
		assert_true(result >= 0);
		taken += (unsigned)result;
	}
	assert_int_equal(taken, 16);
}

static void test_bytes_are_read_in_any_portions(void **state)
{
	(void)state;
	fake_console_type(0, "abcdef");
	fake_console_type(0, "ghi");
	assert_int_equal(virtio_console_read(port, bytes, 1), 1);
	assert_int_equal(virtio_console_read(port, bytes + 1, 1), 1);
	assert_true(virtio_console_enable_interrupts(port));
	assert_int_equal(virtio_console_read(port, bytes + 2, 5), 5);
	assert_int_equal(virtio_console_read(port, bytes + 7, 0), 0);
	assert_int_equal(virtio_console_read(port, bytes + 7, 1), 1);
	assert_true(virtio_console_enable_interrupts(port)); /* the rest of a buffer is there, too */
	assert_int_equal(virtio_console_read(port, bytes + 8, 100), 1);
	assert_memory_equal(bytes, "abcdefghi", 9);
	assert_int_equal(virtio_console_read(port, bytes, 100), 0);
}

/* CON-07: more than all buffers hold passes, since each goes back once it is read. */
static void test_the_receiveq_is_kept_populated(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		fake_console_type(0, "0123456789");
		assert_int_equal(virtio_console_read(port, bytes, sizeof bytes), 10);
		assert_int_equal(fake_device_available(receiveq), 16);
	}
	for (unsigned i = 0; i < 16; i++)
		fake_console_type(0, "0123456789");
	assert_false(fake_console_deliver(receiveq, "x", 1, 1));
	unsigned before = transport.queues[0].notifications;
	assert_int_equal(virtio_console_read(port, bytes, sizeof bytes), 160);
	assert_int_equal(transport.queues[0].notifications, before + 1);
	assert_int_equal(fake_device_available(receiveq), 16);
}

/* HO-05: empty buffers are no end of file, and no reason to spin. */
static void test_empty_buffers_are_recycled(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_true(fake_console_deliver(receiveq, NULL, 0, 0) || virtio_console_read(port, bytes, 10) == 0);
	assert_int_equal(virtio_console_read(port, bytes, 10), 0);
	fake_console_deliver(receiveq, NULL, 0, 0);
	fake_console_type(0, "after");
	assert_int_equal(virtio_console_read(port, bytes, 10), 5);
}

/* HO-01 */
static void test_no_more_is_read_than_the_buffer_holds(void **state)
{
	(void)state;
	memset(bytes, 'a', 256);
	assert_true(fake_console_deliver(receiveq, bytes, 256, UINT32_MAX));
	assert_int_equal(virtio_console_read(port, bytes, sizeof bytes), 256);
}

static void test_a_port_may_be_given_other_buffers(void **state)
{
	(void)state;
	static const struct virtio_console_options options = {.buffers = 2, .buffer_size = 1000};
	fake_console_detach();
	fake_console_attach(1, &options);
	assert_int_equal(fake_device_available(receiveq), 2);
	assert_int_equal(virtio_console_write(port, bytes, sizeof bytes), 2000);
	fake_console_collect(transmitq);
}

/* The device returns in whatever order it likes. */
static void test_transmit_buffers_come_back_in_any_order(void **state)
{
	(void)state;
	static struct fake_device_buffer held[16];
	assert_int_equal(virtio_console_write(port, bytes, 4096), 4096);
	for (unsigned i = 0; i < 16; i++)
		assert_true(fake_device_take(transmitq, &held[i]));
	for (unsigned i = 0; i < 16; i++) {
		fake_device_return(transmitq, &held[(i * 5 + 3) % 16], 0);
		assert_int_equal(virtio_console_write(port, &bytes[i], 1), 1);
	}
	assert_int_equal(virtio_console_write(port, bytes, 1), 0);
	assert_int_equal(fake_console_collect(transmitq), 16);
	assert_memory_equal(fake_console.wire, bytes, 16);
}

static void test_interrupts_come_when_asked_for(void **state)
{
	(void)state;
	assert_false(fake_device_interrupts_wanted(receiveq));
	assert_false(virtio_console_enable_interrupts(port));
	assert_true(fake_device_interrupts_wanted(receiveq));
	fake_console_type(0, "a");
	assert_true(virtio_console_enable_interrupts(port));
	virtio_console_disable_interrupts(port);
	assert_false(fake_device_interrupts_wanted(receiveq));
}

static void fill_the_ring(void)
{
	assert_int_equal(virtio_console_write(port, bytes, 16 * 256), 16 * 256);
	assert_int_equal(virtio_console_write(port, bytes, 1), 0);
}

static void take_one(void)
{
	assert_true(fake_device_take(transmitq, &fake_console.buffer));
	fake_device_return(transmitq, &fake_console.buffer, 0);
}

static void test_room_to_write_is_told_by_an_interrupt(void **state)
{
	(void)state;
	for (unsigned events = 0; events < 2; events++) {
		fake_console_detach();
		fake_console_start(VIRTIO_F_VERSION_1 | (events ? VIRTIO_F_EVENT_IDX : VIRTIO_F_VERSION_1));
		fake_console_attach(1, NULL);
		assert_true(virtio_console_enable_transmit_interrupts(port));
		virtio_console_disable_transmit_interrupts(port);
		fill_the_ring();
		take_one();
		assert_int_equal(transmitq->interrupts, 0);
		assert_int_equal(virtio_console_write(port, bytes, 256), 256);
		assert_false(virtio_console_enable_transmit_interrupts(port));
		for (unsigned i = 0; i < 16; i++)
			take_one();
		/* Once most is gone, or, without event indices, at each. */
		assert_int_equal(transmitq->interrupts, events ? 1 : 16);
		assert_true(virtio_console_enable_transmit_interrupts(port));
		virtio_console_disable_transmit_interrupts(port);
		fill_the_ring();
		for (unsigned i = 0; i < 16; i++)
			take_one();
		assert_int_equal(transmitq->interrupts, events ? 1 : 16);
	}
}

static void test_broken_rings_are_told(void **state)
{
	(void)state;
	fake_device_lie_used(receiveq, 200, 1);
	assert_int_equal(virtio_console_read(port, bytes, 1), VIRTIO_ERR_PROTOCOL);
	fake_device_lie_used(transmitq, 3, 1);
	assert_int_equal(virtio_console_write(port, "a", 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_console_unsent(port), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("fake device"));
	fake_console_detach();
	assert_int_equal(virtio_console_write(port, "a", 1), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_console_read(port, bytes, 1), VIRTIO_ERR_NO_DEVICE);
	fake_console_attach(1, NULL);
	assert_int_equal(virtio_console_write(port, "a", 1), 1);
	fake_console_collect(transmitq);
}

/* What came before the ring broke is still read. */
static void test_bytes_from_before_a_break_are_read(void **state)
{
	(void)state;
	fake_console_type(0, "abc");
	assert_int_equal(virtio_console_read(port, bytes, 1), 1);
	fake_device_lie_used(receiveq, 200, 1);
	assert_int_equal(virtio_console_read(port, bytes, 10), 2);
	assert_int_equal(virtio_console_read(port, bytes, 10), VIRTIO_ERR_PROTOCOL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_go_both_ways),
		TEST(test_a_write_takes_what_fits_and_keeps_the_order),
		TEST(test_what_was_written_cannot_change_any_more),
		TEST(test_a_device_that_takes_nothing_does_not_stop_us),
		TEST(test_bytes_are_read_in_any_portions),
		TEST(test_the_receiveq_is_kept_populated),
		TEST(test_empty_buffers_are_recycled),
		TEST(test_no_more_is_read_than_the_buffer_holds),
		TEST(test_a_port_may_be_given_other_buffers),
		TEST(test_transmit_buffers_come_back_in_any_order),
		TEST(test_interrupts_come_when_asked_for),
		TEST(test_room_to_write_is_told_by_an_interrupt),
		TEST(test_broken_rings_are_told),
		TEST(test_bytes_from_before_a_break_are_read),
	};
	return fake_transport_run_over_rings(tests);
}
