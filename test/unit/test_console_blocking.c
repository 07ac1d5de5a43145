/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/console_blocking.c: waiting for a console, with a deadline. */
#include <string.h>
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/console.h"
#include "fake/platform.h"

#define port (&fake_console.ports[0])
#define SECOND UINT64_C(1000000000)

static uint8_t bytes[FAKE_CONSOLE_WIRE];
static uint8_t sent[FAKE_CONSOLE_WIRE];
static uint32_t sent_count;

/* The device takes what there is. */
static void serve(void *context)
{
	uint32_t length = fake_console_collect(fake_console_transmitq(0));
	(void)context;
	memcpy(sent + sent_count, fake_console.wire, length);
	sent_count += length;
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_console_start(VIRTIO_F_VERSION_1);
	fake_console_attach(1, NULL);
	sent_count = 0;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i + (i >> 8));
	return 0;
}

static int teardown(void **state)
{
	fake_console_detach();
	return fake_platform_teardown(state);
}

static uint64_t deadline(void)
{
	return fake_platform_time() + SECOND;
}

static void test_long_writes_wait_for_room(void **state)
{
	(void)state;
	size_t taken = 1;
	fake_platform_on_wait(serve, NULL);
	assert_int_equal(virtio_console_write_all(port, bytes, sizeof bytes, &taken, deadline()), 0);
	assert_int_equal(taken, sizeof bytes);
	assert_int_equal(virtio_console_flush(port, deadline()), 0);
	assert_int_equal(sent_count, sizeof bytes);
	assert_memory_equal(sent, bytes, sizeof bytes);
	assert_int_equal(virtio_console_write_all(port, bytes, 0, NULL, deadline()), 0);
}

/* HO-07: what a dead device does not take is dropped at the deadline. */
static void test_a_device_that_takes_nothing_ends_at_the_deadline(void **state)
{
	(void)state;
	size_t taken;
	uint64_t before = fake_platform_time();
	assert_int_equal(
		virtio_console_write_all(port, bytes, sizeof bytes, &taken, before + SECOND), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(taken, 4096);
	assert_true(fake_platform_time() - before >= SECOND);
	assert_true(fake_platform_time() - before < 2 * SECOND);
	assert_int_equal(virtio_console_flush(port, deadline()), VIRTIO_ERR_TIMEOUT);
	fake_platform()->wait = NULL;
	assert_int_equal(virtio_console_flush(port, deadline()), VIRTIO_ERR_TIMEOUT);
	serve(NULL);
	assert_int_equal(virtio_console_flush(port, 0), 0);
}

static void answer(void *context)
{
	(void)context;
	fake_platform_on_wait(NULL, NULL);
	fake_console_type(0, "typed");
}

static void test_reading_waits_for_bytes(void **state)
{
	(void)state;
	fake_platform_on_wait(answer, NULL);
	assert_int_equal(virtio_console_read_wait(port, bytes, sizeof bytes, deadline()), 5);
	assert_memory_equal(bytes, "typed", 5);
	assert_int_equal(virtio_console_read_wait(port, bytes, 1, deadline()), VIRTIO_ERR_TIMEOUT);
}

/* Stopped and continued, with a clock that did not stop. */
static void test_what_happened_while_the_machine_stood_still_is_no_timeout(void **state)
{
	(void)state;
	for (unsigned looks = 1; looks <= 2; looks++) {
		fake_platform_stand_still(looks, 10 * SECOND, answer, NULL);
		assert_int_equal(virtio_console_read_wait(port, bytes, sizeof bytes, deadline()), 5);
		assert_int_equal(virtio_console_write_all(port, bytes, 100, NULL, deadline()), 0);
		fake_platform_stand_still(looks, 10 * SECOND, serve, NULL);
		assert_int_equal(virtio_console_flush(port, deadline()), 0);
	}
	fake_platform_stand_still(2, 10 * SECOND, serve, NULL);
	assert_int_equal(virtio_console_write_all(port, bytes, 5000, NULL, deadline()), 0);
}

static void test_what_cannot_work_is_told_at_once(void **state)
{
	(void)state;
	uint64_t (*now)(void *) = fake_platform()->now;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_console_write_all(port, bytes, 1, NULL, 0), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_console_flush(port, 0), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_console_read_wait(port, bytes, 1, 0), VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->now = now;
	fake_device_lie_used(fake_console_receiveq(0), 999, 1);
	fake_device_lie_used(fake_console_transmitq(0), 999, 1);
	assert_int_equal(virtio_console_write_all(port, bytes, 1, NULL, deadline()), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_console_flush(port, deadline()), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_console_read_wait(port, bytes, 1, deadline()), VIRTIO_ERR_PROTOCOL);
	fake_console_detach();
	assert_int_equal(virtio_console_write_all(port, bytes, 1, NULL, deadline()), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_console_flush(port, deadline()), VIRTIO_ERR_NO_DEVICE);
}

/* Then it sleeps until the deadline, and no longer. */
static void test_a_deadline_may_be_nearer_than_a_nap(void **state)
{
	(void)state;
	uint8_t byte;
	fake_platform_set_step(0);
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_console_read_wait(port, &byte, 1, before + 10), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() == before + 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_long_writes_wait_for_room),
		TEST(test_a_device_that_takes_nothing_ends_at_the_deadline),
		TEST(test_reading_waits_for_bytes),
		TEST(test_what_happened_while_the_machine_stood_still_is_no_timeout),
		TEST(test_what_cannot_work_is_told_at_once),
		TEST(test_a_deadline_may_be_nearer_than_a_nap),
	};
	return fake_transport_run_over_rings(tests);
}
