/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/rng_fill.c: random bytes before a deadline. */
#include <string.h>
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define SECOND UINT64_C(1000000000)

static struct fake_transport fake;
static struct virtio_rng rng;
static uint8_t bytes[600];

/* The device gives up to 100 bytes at a time, whenever the library waits. */
static void serve(void *context)
{
	static struct fake_device_buffer asked;
	uint8_t random[100];
	(void)context;
	memset(random, 0x3c, sizeof random);
	while (fake_device_take(&fake.queues[0].ring, &asked)) {
		uint32_t length = asked.writable_bytes < 100 ? asked.writable_bytes : 100;
		fake_device_write(&asked, 0, random, length);
		fake_device_return(&fake.queues[0].ring, &asked, length);
	}
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_ENTROPY, VIRTIO_F_VERSION_1);
	assert_int_equal(virtio_rng_attach(&rng, &fake.device), 0);
	memset(bytes, 0x11, sizeof bytes);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(virtio_rng_detach(&rng), 0);
	return fake_platform_teardown(state);
}

/* Whether all of BYTES up to LENGTH are VALUE. */
static bool all(uint8_t value, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static void test_all_bytes_are_filled_however_many_answers_that_takes(void **state)
{
	(void)state;
	fake_platform_on_wait(serve, NULL);
	for (unsigned length = 0; length < sizeof bytes; length += 93) {
		memset(bytes, 0x11, sizeof bytes);
		assert_int_equal(virtio_rng_fill(&rng, bytes, length, fake_platform_time() + SECOND), 0);
		assert_true(all(0x3c, length));
		assert_int_equal(bytes[length], 0x11);
	}
}

/* HG-03 */
static void test_a_device_that_never_answers_ends_at_the_deadline(void **state)
{
	(void)state;
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_rng_fill(&rng, bytes, 32, before + SECOND), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before >= SECOND);
	assert_true(fake_platform_time() - before < 2 * SECOND);
	assert_true(all(0, 32));
	fake_platform()->wait = NULL;
	before = fake_platform_time();
	assert_int_equal(virtio_rng_fill(&rng, bytes, 32, before + SECOND), VIRTIO_ERR_TIMEOUT);
	/* Later it answers after all: the bytes are for whoever asks next. */
	serve(NULL);
	assert_int_equal(virtio_rng_fill(&rng, bytes, 32, 0), 0);
	assert_true(all(0x3c, 32));
}

static void give_once(void *context)
{
	fake_platform_on_wait(NULL, NULL);
	serve(context);
}

/* HG-03: half done is not done. */
static void test_after_an_error_nothing_passes_for_random(void **state)
{
	(void)state;
	fake_platform_on_wait(give_once, NULL);
	assert_int_equal(virtio_rng_fill(&rng, bytes, 300, fake_platform_time() + SECOND), VIRTIO_ERR_TIMEOUT);
	assert_true(all(0, 300));
	assert_int_equal(bytes[300], 0x11);
}

static void break_ring(void *context)
{
	(void)context;
	fake_device_lie_used(&fake.queues[0].ring, 100, 1);
}

static void test_a_broken_device_ends_the_wait(void **state)
{
	(void)state;
	fake_platform_on_wait(break_ring, NULL);
	assert_int_equal(virtio_rng_fill(&rng, bytes, 8, fake_platform_time() + SECOND), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_rng_fill(&rng, bytes, 8, 0), VIRTIO_ERR_PROTOCOL); /* also when it is late already */
}

static void test_without_a_clock_it_does_not_wait(void **state)
{
	(void)state;
	uint64_t (*now)(void *) = fake_platform()->now;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_rng_fill(&rng, bytes, 8, SECOND), VIRTIO_ERR_UNSUPPORTED);
	assert_true(all(0, 8));
	fake_platform()->now = now;
}

/* Stopped and continued, with a clock that did not stop. */
static void test_bytes_that_came_while_the_machine_stood_still_are_no_timeout(void **state)
{
	(void)state;
	for (unsigned looks = 2; looks <= 3; looks++) { /* nothing is asked for before the first look */
		fake_platform_stand_still(looks, 10 * SECOND, serve, NULL);
		assert_int_equal(virtio_rng_fill(&rng, bytes, 8, fake_platform_time() + SECOND), 0);
		assert_true(all(0x3c, 8));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_bytes_are_filled_however_many_answers_that_takes),
		TEST(test_a_device_that_never_answers_ends_at_the_deadline),
		TEST(test_after_an_error_nothing_passes_for_random),
		TEST(test_a_broken_device_ends_the_wait),
		TEST(test_without_a_clock_it_does_not_wait),
		TEST(test_bytes_that_came_while_the_machine_stood_still_are_no_timeout),
	};
	return fake_transport_run_over_rings(tests);
}
