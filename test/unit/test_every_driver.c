/* SPDX-License-Identifier: ISC */
/*
 * What every driver does alike with its runtime: one that was built against an older, shorter struct virtio_platform is
 * not read past its end (base/hook.h), and a device that somebody else has is left alone.
 */
#include <stddef.h>
#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/users.h"

#define PATIENCE UINT64_C(5000000)

static uint64_t trap_now(void *context)
{
	(void)context;
	fail_msg("the clock of a runtime that is too old for one");
	return 0;
}

static void trap_wait(void *context, uint64_t deadline)
{
	(void)context;
	fail_msg("a runtime that is too old for it is asked to wait until %llu", (unsigned long long)deadline);
}

static void trap_log(void *context, int level, const char *message)
{
	(void)context;
	fail_msg("a runtime that is too old for messages is told (%d) %s", level, message);
}

/* The runtime's struct ends after SIZE bytes: what is behind it belongs to somebody else. */
static void cut(size_t size)
{
	struct virtio_platform *platform = fake_platform();

	platform->size = size;
	if (size <= offsetof(struct virtio_platform, now))
		platform->now = trap_now;
	if (size <= offsetof(struct virtio_platform, wait))
		platform->wait = trap_wait;
	if (size <= offsetof(struct virtio_platform, log))
		platform->log = trap_log;
}

/* Do WHAT to each driver at work, under a runtime of SIZE bytes, and with the whole one again detach it. */
static void under_a_runtime_of(size_t size, void (*what)(const struct fake_user *user))
{
	for (const struct fake_user *const *user = fake_users; *user; user++) {
		fake_user_open(*user);
		const struct virtio_platform whole = *fake_platform();
		cut(size);
		what(*user);
		*fake_platform() = whole;
		fake_user_close(*user);
	}
}

static void cannot_wait(const struct fake_user *user)
{
	if (user->wait)
		assert_int_equal(user->wait(PATIENCE), VIRTIO_ERR_UNSUPPORTED);
}

static void test_a_runtime_older_than_the_clock_is_told_that_it_cannot_wait(void **state)
{
	(void)state;
	under_a_runtime_of(offsetof(struct virtio_platform, now), cannot_wait);
}

static void waits_by_looking(const struct fake_user *user)
{
	uint64_t start = fake_platform_time();

	if (!user->wait)
		return;
	assert_int_equal(user->wait(start + PATIENCE), VIRTIO_ERR_TIMEOUT);
	assert_in_range(fake_platform_time() - start, PATIENCE, 2 * PATIENCE);
}

static void test_with_a_runtime_older_than_waiting_the_drivers_look_again_and_again(void **state)
{
	(void)state;
	fake_platform_set_step(PATIENCE / 100);
	under_a_runtime_of(offsetof(struct virtio_platform, wait), waits_by_looking);
}

static void leaves_it_alone(const struct fake_user *user)
{
	struct virtio_device *device = &fake_user_transport.device;
	struct virtio_queue queue;

	assert_int_equal(user->detach(), 0);
	assert_int_equal(virtio_device_begin(device, VIRTIO_F_VERSION_1, 0, NULL), 0);
	assert_int_equal(virtio_device_add_queue(device, &queue, 0, 8, 1), 0);
	unsigned resets = fake_user_transport.resets;
	assert_int_equal(user->attach(), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_begin(device, 0, 0, NULL), VIRTIO_ERR_BUSY);
	assert_int_equal(fake_user_transport.resets, resets);
	assert_int_equal(virtio_device_ready(device), 0);
	assert_int_equal(user->attach(), VIRTIO_ERR_BUSY);
	assert_int_equal(fake_user_transport.resets, resets);
	assert_int_equal(virtio_device_detach(device), 0);
	assert_int_equal(user->attach(), 0);
}

static void test_a_device_that_somebody_else_sets_up_or_uses_is_left_alone(void **state)
{
	(void)state;
	under_a_runtime_of(sizeof(struct virtio_platform), leaves_it_alone);
}

/* Whoever has it needs no virtqueue. */
static void leaves_what_is_live_alone(const struct fake_user *user)
{
	struct virtio_device *device = &fake_user_transport.device;

	assert_int_equal(user->detach(), 0);
	assert_int_equal(virtio_device_begin(device, VIRTIO_F_VERSION_1, 0, NULL), 0);
	assert_int_equal(virtio_device_ready(device), 0);
	unsigned resets = fake_user_transport.resets;
	assert_int_equal(user->attach(), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_begin(device, 0, 0, NULL), VIRTIO_ERR_BUSY);
	assert_int_equal(fake_user_transport.resets, resets);
	assert_int_equal(virtio_device_detach(device), 0);
	assert_int_equal(user->attach(), 0);
}

static void test_a_device_that_is_live_without_any_virtqueue_is_left_alone(void **state)
{
	(void)state;
	under_a_runtime_of(sizeof(struct virtio_platform), leaves_what_is_live_alone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_runtime_older_than_the_clock_is_told_that_it_cannot_wait),
		TEST(test_with_a_runtime_older_than_waiting_the_drivers_look_again_and_again),
		TEST(test_a_device_that_somebody_else_sets_up_or_uses_is_left_alone),
		TEST(test_a_device_that_is_live_without_any_virtqueue_is_left_alone),
	};

	return fake_transport_run_over_rings(tests);
}
