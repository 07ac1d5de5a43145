/* SPDX-License-Identifier: ISC */
/*
 * Each kind of virtqueue with the device on another thread, both ends asleep whenever they may be: each byte arrives,
 * and no wakeup is lost in either direction (else this hangs, and the time limit ends it). With -Db_sanitize=thread it
 * also proves the memory orders: MB-01, MB-03, MB-05, PKD-15, RST-03.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#define TOTAL 20000
#define SIZE 16

/* The two ends, and how each wakes the other. */
struct meeting {
	struct ring_pair pair;
	sem_t notification;
	sem_t interrupt;
};

/* The device: answers each number with its successor. */
static void *run_device(void *argument)
{
	static struct fake_device_buffer buffer;
	struct meeting *meeting = argument;
	struct fake_device_ring *ring = &meeting->pair.device;
	uint32_t served = 0;

	fake_device_want_notifications(ring, false);
	while (served < TOTAL) {
		while (fake_device_take(ring, &buffer)) {
			uint32_t number;

			fake_device_read(&buffer, 0, &number, sizeof number);
			number++;
			fake_device_write(&buffer, 0, &number, sizeof number);
			served++;
			if (fake_device_return(ring, &buffer, sizeof number))
				sem_post(&meeting->interrupt);
		}
		fake_device_want_notifications(ring, true);
		if (served < TOTAL && fake_device_available(ring) == 0)
			sem_wait(&meeting->notification);
		fake_device_want_notifications(ring, false);
	}
	return NULL;
}

/* Where buffer N of those in flight lies: a number to read, and one to write. */
static uint32_t *place(const struct ring_pair *pair, uint32_t n)
{
	return (uint32_t *)pair->memory.data + (size_t)(n % SIZE) * 16;
}

static bool send(struct ring_pair *pair, uint32_t n)
{
	uint32_t offset = n % SIZE * 64;
	struct virtio_segment segments[] = {
		ring_pair_segment(pair, offset, 4),
		ring_pair_segment(pair, offset + 4, 4),
	};
	struct virtqueue_buffer buffer = {segments, place(pair, n), 1, 1};

	/* In order: the place is free when the buffer that had it before is back. */
	place(pair, n)[0] = n;
	place(pair, n)[1] = 0;
	return virtqueue_add(&pair->vq, &buffer, 1) == 1;
}

static void run_driver(struct meeting *meeting)
{
	struct ring_pair *pair = &meeting->pair;
	uint32_t sent = 0;
	uint32_t back = 0;

	while (back < TOTAL) {
		struct virtqueue_used used[SIZE];
		int got;

		while (sent < TOTAL && sent - back < SIZE && send(pair, sent))
			sent++;
		if (virtqueue_publish(&pair->vq))
			sem_post(&meeting->notification);
		got = virtqueue_get(&pair->vq, used, SIZE);
		assert_true(got >= 0);
		for (int i = 0; i < got; i++, back++) {
			assert_ptr_equal(used[i].token, place(pair, back));
			assert_int_equal(place(pair, back)[1], back + 1);
		}
		if (got == 0 && !virtqueue_enable_interrupts(&pair->vq, 1)) {
			sem_wait(&meeting->interrupt);
			virtqueue_disable_interrupts(&pair->vq);
		}
	}
}

static void meet(const struct fake_device_ops *kind, uint64_t features)
{
	struct meeting meeting;
	pthread_t device;

	ring_pair_open(&meeting.pair, kind, SIZE, 2, features);
	sem_init(&meeting.notification, 0, 0);
	sem_init(&meeting.interrupt, 0, 0);
	assert_int_equal(pthread_create(&device, NULL, run_device, &meeting), 0);
	run_driver(&meeting);
	sem_post(&meeting.notification);
	assert_int_equal(pthread_join(device, NULL), 0);
	ring_pair_close(&meeting.pair);
}

static void test_both_ends_sleep_and_nothing_is_lost(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX};

	(void)state;
	for (unsigned kind = 0; fake_device_rings[kind]; kind++)
		for (unsigned i = 0; i < sizeof sets / sizeof sets[0]; i++)
			meet(fake_device_rings[kind], sets[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_ends_sleep_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
