/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/rng.c: random bytes from a device that gives what it likes. */
#include <string.h>
#include <virtio/rng.h>

#include "driver/buffers.h"
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;
static struct virtio_rng rng;
static struct fake_device_buffer asked;
static uint8_t bytes[512];

#define requestq (&fake.queues[0].ring)

static void start(void)
{
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_ENTROPY, VIRTIO_F_VERSION_1);
	fake_transport_set_config_length(&fake, 0);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	start();
	assert_int_equal(virtio_rng_attach(&rng, &fake.device), 0);
	memset(bytes, 0x11, sizeof bytes);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(virtio_rng_detach(&rng), 0);
	assert_int_equal(fake_platform_live(), 0);
	return fake_platform_teardown(state);
}

/* The device answers: LENGTH bytes of VALUE, of which it says that they are SAID. RNG-01: nothing for it to read. */
static void answer(uint8_t value, uint32_t length, uint32_t said)
{
	uint8_t random[256];

	memset(random, value, sizeof random);
	assert_true(fake_device_take(requestq, &asked));
	assert_int_equal(asked.count, 1);
	assert_int_equal(asked.readable_bytes, 0);
	fake_device_write(&asked, 0, random, length);
	fake_device_return(requestq, &asked, said);
}

/* RNG-01, RNG-03: no configuration, no features of its own, one writable descriptor. */
static void test_bytes_come(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_read(&rng, bytes, 16), 0);
	answer(0x42, 16, 16);
	assert_int_equal(virtio_rng_read(&rng, bytes, 16), 16);
	assert_int_equal(bytes[15], 0x42);
}

static void test_a_legacy_device_without_anything_will_do(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_detach(&rng), 0);
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_ENTROPY, 0);
	fake_transport_make_legacy(&fake);
	fake_transport_set_config_length(&fake, 0);
	fake.queues[0].size = 64;
	assert_int_equal(virtio_rng_attach(&rng, &fake.device), 0);
	assert_int_equal(virtio_rng_read(&rng, bytes, 1000), 0);
	answer(0x43, 256, 256);
	assert_int_equal(virtio_rng_read(&rng, bytes, 512), 256);
}

static void test_the_device_is_asked_once_and_for_what_is_wanted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(virtio_rng_read(&rng, bytes, 20), 0);
	assert_int_equal(fake_device_available(requestq), 1);
	assert_int_equal(fake.queues[0].notifications, 1);
	answer(1, 20, 20);
	assert_int_equal(asked.writable_bytes, 20);
	assert_int_equal(virtio_rng_read(&rng, bytes, 0), 0);
	assert_int_equal(virtio_rng_read(&rng, bytes, 20), 20);
	assert_int_equal(fake_device_available(requestq), 0);
}

/* RNG-02, HG-01: the used length counts, as far as it can be true. */
static void test_only_bytes_that_the_device_wrote_are_given_out(void **state)
{
	(void)state;
	static const struct {
		uint32_t said;
		int got;
	} cases[] = {{1, 1}, {99, 99}, {100, 100}, {101, 100}, {UINT32_MAX, 100}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(bytes, 0x11, sizeof bytes);
		assert_int_equal(virtio_rng_read(&rng, bytes, 100), 0);
		answer(0x77, 100, cases[i].said);
		assert_int_equal(virtio_rng_read(&rng, bytes, 100), cases[i].got);
		assert_int_equal(bytes[cases[i].got - 1], 0x77);
		assert_int_equal(bytes[cases[i].got], 0x11);
	}
}

/* What nobody took yet waits; what was taken is no longer in the shared memory. */
static void test_each_byte_is_given_out_once(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_read(&rng, bytes, 10), 0);
	answer(0x55, 10, 10);
	assert_int_equal(virtio_rng_read(&rng, bytes, 4), 4);
	assert_int_equal(asked.elements[0].data[3], 0);
	assert_int_equal(asked.elements[0].data[4], 0x55);
	assert_true(virtio_rng_enable_interrupts(&rng));
	assert_int_equal(virtio_rng_read(&rng, bytes, 10), 6);
	assert_int_equal(asked.elements[0].data[9], 0);
	assert_int_equal(virtio_rng_read(&rng, bytes, 10), 0);
	assert_int_equal(fake_device_available(requestq), 1);
}

/* HG-02: what was read cannot change any more. */
static void test_bytes_are_out_of_the_devices_reach(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
	answer(0x66, 8, 8);
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 8);
	memset(asked.elements[0].data, 0, 8);
	assert_int_equal(bytes[0], 0x66);
}

/* HG-01: a device that goes on answering nothing is broken, and what was in the memory is no entropy. */
static void test_empty_answers_end_in_an_error(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
		answer(0x99, 8, 0);
	}
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
	answer(0x99, 8, 0);
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("without random bytes"));
	assert_int_equal(bytes[0], 0x11);
	unsigned lines = fake_platform_log_count();
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(fake_platform_log_count(), lines);
	assert_int_equal(fake_device_available(requestq), 0);
}

static void test_a_few_empty_answers_are_forgiven(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
		answer(0x99, 8, i % 5 == 4 ? 8 : 0);
		if (i % 5 == 4)
			assert_int_equal(virtio_rng_read(&rng, bytes, 8), 8);
	}
}

static void test_interrupts_come_when_asked_for(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
	assert_false(fake_device_interrupts_wanted(requestq));
	assert_false(virtio_rng_enable_interrupts(&rng));
	assert_true(fake_device_interrupts_wanted(requestq));
	answer(1, 8, 8);
	assert_true(virtio_rng_enable_interrupts(&rng));
	virtio_rng_disable_interrupts(&rng);
	assert_false(fake_device_interrupts_wanted(requestq));
}

static void test_a_broken_ring_is_told(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
	fake_device_lie_used(requestq, 3, 8);
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("fake device"));
	assert_int_equal(virtio_rng_detach(&rng), 0);
	assert_int_equal(virtio_rng_attach(&rng, &fake.device), 0);
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
	answer(2, 8, 8);
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 8);
}

static void test_a_stuck_device_keeps_its_memory(void **state)
{
	(void)state;
	assert_int_equal(virtio_rng_read(&rng, bytes, 8), 0);
	fake.never_resets = true;
	struct virtio_rng copy = rng;
	assert_int_equal(virtio_rng_detach(&rng), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(virtio_rng_detach(&rng), 0);
	assert_int_equal(fake_platform_live(), 3);
	assert_false(fake.dma);
	/* Only the test knows what is left. */
	virtqueue_free(&copy.answers.queue.ring);
	fake_device_detach(requestq);
	virtio_buffers_free(&copy.answers, fake_platform());
}

static void test_attach_refuses_and_leaves_nothing_behind(void **state)
{
	(void)state;
	struct virtio_rng other = {.device = NULL};
	assert_int_equal(virtio_rng_attach(&other, &fake.device), VIRTIO_ERR_BUSY);
	assert_int_equal(fake.status & VIRTIO_STATUS_DRIVER_OK, VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(virtio_rng_detach(&rng), 0);
	fake.device.type = VIRTIO_ID_NET;
	assert_int_equal(virtio_rng_attach(&rng, &fake.device), VIRTIO_ERR_NO_DEVICE);
	fake.device.type = VIRTIO_ID_ENTROPY;
	for (unsigned nth = 1; nth <= 3; nth++) {
		fake_platform_fail_allocation(nth);
		assert_int_equal(virtio_rng_attach(&rng, &fake.device), VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
		assert_int_equal(fake.status, 0);
	}
	fake_platform_fail_allocation(0);
	fake.queues[0].size = 0;
	assert_int_equal(virtio_rng_attach(&rng, &fake.device), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_rng_detach(&rng), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_come),
		TEST(test_a_legacy_device_without_anything_will_do),
		TEST(test_the_device_is_asked_once_and_for_what_is_wanted),
		TEST(test_only_bytes_that_the_device_wrote_are_given_out),
		TEST(test_each_byte_is_given_out_once),
		TEST(test_bytes_are_out_of_the_devices_reach),
		TEST(test_empty_answers_end_in_an_error),
		TEST(test_a_few_empty_answers_are_forgiven),
		TEST(test_interrupts_come_when_asked_for),
		TEST(test_a_broken_ring_is_told),
		TEST(test_a_stuck_device_keeps_its_memory),
		TEST(test_attach_refuses_and_leaves_nothing_behind),
	};
	return fake_transport_run_over_rings(tests);
}
