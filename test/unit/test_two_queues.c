/* SPDX-License-Identifier: ISC */
/*
 * Two queues of one device, each used by a thread of its own without locks, and the device on a third: all asleep
 * whenever they may be, each byte arrives, no wakeup is lost (else this hangs, and the time limit ends it). Built with
 * ThreadSanitizer it also proves that queues share nothing, and the memory orders: MB-01, MB-03, MB-05, MB-06.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#include <pthread.h>
#include <semaphore.h>

#define QUEUES 2
#define TOTAL 10000 /* buffers for each queue */
#define SIZE 16

/* One queue, and who waits for whom. */
struct user {
	struct virtio_queue queue;
	struct virtio_segment memory; /* of numbers: two for each buffer, one read and one written by the device */
	sem_t interrupt;
	unsigned number;
	uint32_t served; /* the device's */
	bool right;      /* whether all that came back was */
};

static struct fake_transport fake;
static struct user users[QUEUES];
static sem_t notification; /* the device sleeps on it */

/* In place of the fake's, which counts without regard to threads. */
static void notify(struct virtio_queue *queue)
{
	(void)queue;
	sem_post(&notification);
}

static uint32_t *place(const struct user *user, uint32_t n)
{
	return (uint32_t *)user->memory.data + (size_t)(n % SIZE) * 2;
}

static bool send(struct user *user, uint32_t n)
{
	uint64_t address = user->memory.device_address + n % SIZE * 8;
	struct virtio_segment segments[] = {
		{place(user, n), address, 4},
		{place(user, n) + 1, address + 4, 4},
	};
	struct virtqueue_buffer buffer = {segments, place(user, n), 1, 1};

	place(user, n)[0] = n;
	place(user, n)[1] = 0;
	return virtio_queue_add(&user->queue, &buffer, 1) == 1;
}

static void *run_user(void *argument)
{
	struct user *user = argument;
	uint32_t sent = 0;
	uint32_t back = 0;

	user->right = true;
	while (back < TOTAL && user->right) {
		struct virtqueue_used used[SIZE];

		while (sent < TOTAL && sent - back < SIZE && send(user, sent))
			sent++;
		virtio_queue_submit(&user->queue);
		int got = virtio_queue_get(&user->queue, used, SIZE);
		for (int i = 0; i < got; i++, back++)
			user->right &=
				used[i].token == place(user, back) && place(user, back)[1] == back + 1 + user->number;
		user->right &= got >= 0;
		if (got == 0 && !virtqueue_enable_interrupts(&user->queue.ring, 1)) {
			sem_wait(&user->interrupt);
			virtqueue_disable_interrupts(&user->queue.ring);
		}
	}
	return NULL;
}

/* The device's end of one queue: answers numbers until there are none. */
static void serve(struct user *user)
{
	static struct fake_device_buffer buffer;
	struct fake_device_ring *ring = &fake.queues[user->number].ring;

	while (fake_device_take(ring, &buffer)) {
		uint32_t number;

		fake_device_read(&buffer, 0, &number, sizeof number);
		number += 1 + user->number;
		fake_device_write(&buffer, 0, &number, sizeof number);
		user->served++;
		if (fake_device_return(ring, &buffer, sizeof number))
			sem_post(&user->interrupt);
	}
}

static void run_device(void)
{
	while (users[0].served < TOTAL || users[1].served < TOTAL) {
		bool more = false;

		for (unsigned i = 0; i < QUEUES; i++) {
			fake_device_want_notifications(&fake.queues[i].ring, false);
			serve(&users[i]);
			fake_device_want_notifications(&fake.queues[i].ring, true);
		}
		for (unsigned i = 0; i < QUEUES; i++)
			more |= fake_device_available(&fake.queues[i].ring) > 0 || users[i].served == TOTAL;
		if (!more)
			sem_wait(&notification);
	}
}

static void open_device(uint64_t features)
{
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | features);
	fake.ops.notify = notify;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	sem_init(&notification, 0, 0);
	for (unsigned i = 0; i < QUEUES; i++) {
		users[i] = (struct user){.number = i, .memory = fake_platform_buffer(SIZE * 8)};
		sem_init(&users[i].interrupt, 0, 0);
		assert_int_equal(virtio_device_add_queue(&fake.device, &users[i].queue, (uint16_t)i, 2 * SIZE, 2), 0);
	}
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void test_two_users_and_the_device_do_not_disturb_each_other(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX};

	(void)state;
	for (unsigned set = 0; set < sizeof sets / sizeof sets[0]; set++) {
		pthread_t threads[QUEUES];

		open_device(sets[set]);
		for (unsigned i = 0; i < QUEUES; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, run_user, &users[i]), 0);
		run_device();
		for (unsigned i = 0; i < QUEUES; i++) {
			assert_int_equal(pthread_join(threads[i], NULL), 0);
			assert_true(users[i].right);
		}
		assert_int_equal(virtio_device_detach(&fake.device), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_users_and_the_device_do_not_disturb_each_other),
	};
	/* Not through a mapping: the fake platform's is for one thread. */
	return fake_transport_run_over("split rings", tests, fake_transport_over_split) +
	       fake_transport_run_over("packed rings", tests, fake_transport_over_packed);
}
