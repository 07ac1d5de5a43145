/* SPDX-License-Identifier: ISC */
/*
 * Every driver with a device that comes to grief wherever it can: at the first access to its registers, at the second,
 * and so on through a whole life, until one life passes without. Rings break at each of their calls, and memory ends at
 * each request for some, in the same way. Each call of the driver then ends in time, nothing leaks, and the driver
 * attaches to the next device and works.
 */
#include <stddef.h>
#include <stdio.h>

#include "fake/breaking_ring.h"
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/users.h"

#define STEP (VIRTIO_RESET_TIMEOUT / 50) /* of the clock: where nobody waits, somebody looks again and again */
#define LIVES 2000                       /* more places than there are where something can go wrong */

/* Runtimes, from the first that the library was made for to today's. */
static const struct runtime {
	const char *name;
	size_t size;  /* of its struct */
	bool has_now; /* and the hook, where the size has room for it */
	bool has_wait;
} runtimes[] = {
	{"that has all", sizeof(struct virtio_platform), true, true},
	{"older than waiting", offsetof(struct virtio_platform, wait), true, true},
	{"without waiting", sizeof(struct virtio_platform), true, false},
	{"older than the clock", offsetof(struct virtio_platform, now), true, true},
	{"without a clock", sizeof(struct virtio_platform), false, true},
};

#define CONFIGURATION 80 /* bytes: more than any of the users' devices has */

#define CLOCKS 3 /* the first of them have a clock, without which nothing can be attached */

/* One life. */
static const struct fake_user *user;
static const struct runtime *runtime;
static unsigned place;  /* where it comes to grief: so many places are left; 0: it did, or does not */
static unsigned number; /* the same from the start, for the message */
static const char *what;
static void (*happen)(struct fake_transport *fake);

static int setup(void **state)
{
	(void)state;
	user = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (user)
		print_error("it was about %s, place %u of %s, under a runtime %s\n", what, number, user->name,
			runtime->name);
	return 0;
}

static bool is_here(void)
{
	return place > 0 && --place == 0;
}

/* ---- what can happen to a device ---- */

static void count_access(struct fake_transport *fake)
{
	if (is_here())
		happen(fake);
}

static void goes_away(struct fake_transport *fake)
{
	fake->gone = true;
}

static void asks_for_a_reset(struct fake_transport *fake)
{
	fake->needs_reset = true;
}

static void goes_dark(struct fake_transport *fake)
{
	fake->gone = fake->gone_dark = true;
}

static void never_resets(struct fake_transport *fake)
{
	fake->never_resets = true;
}

static void never_settles(struct fake_transport *fake)
{
	fake->generation_unstable = true;
}

static void use_breaking_ring(void)
{
	fake_breaking_ring_use(&fake_user_transport, is_here);
}

/* ---- lives ---- */

static void cut_runtime(void)
{
	struct virtio_platform *platform = fake_platform();

	platform->size = runtime->size;
	if (!runtime->has_now)
		platform->now = NULL;
	if (!runtime->has_wait)
		platform->wait = NULL;
}

/* The result of CALL, which does not take for ever: it waits for a reset, and before it for what is under way. */
static int in_time(int (*call)(void))
{
	uint64_t start = fake_platform_time();
	int result = call();

	assert_true(fake_platform_time() - start < 4 * VIRTIO_RESET_TIMEOUT);
	return result;
}

static int wait_a_little(void)
{
	return user->wait(fake_platform_time() + 2 * STEP);
}

/* The device does all its work, with answers of up to MOST bytes. */
static void serve(uint32_t most)
{
	for (unsigned queue = 0; queue < user->queues; queue++)
		fake_user_serve(queue, most);
}

/* A runtime at work, which looks at no error. */
static void carry_on(void)
{
	static const uint32_t answers[] = {72, 0};

	for (unsigned round = 0; round < sizeof answers / sizeof answers[0]; round++) {
		serve(answers[round]);
		(void)!in_time(user->work);
	}
	if (user->poll_config)
		(void)!in_time(user->poll_config);
	if (user->wait)
		(void)!in_time(wait_a_little);
}

static void begin(void)
{
	fake_platform_start();
	fake_platform_set_step(STEP);
	fake_user_prepare(user);
}

static void end(void)
{
	fake_user_forget_rings();
	if (fake_user_transport.device.stuck) { /* it keeps what it has */
		fake_platform_forget_mapped();
		fake_platform_forget_live();
	}
	fake_platform_finish();
}

/* Fails the test when RESULT is none of a driver that missed something in its configuration, if it did. */
static void check_told(int result)
{
	if (fake_platform_logged("too few for"))
		assert_true(result < 0);
}

static void live(void)
{
	if (runtime < runtimes + CLOCKS)
		cut_runtime();
	int result = in_time(user->attach);
	bool attached = result == 0;
	check_told(result);
	if (attached && user->start)
		user->start();
	if (attached)
		carry_on();
	if (attached)
		(void)!in_time(user->detach);
}

/* For each user and runtime, life after life: PREPARE, and then it happens one place later each time. */
static void at_each_place(const char *name, void (*prepare)(void))
{
	what = name;
	for (runtime = runtimes; runtime < runtimes + CLOCKS; runtime++)
		for (const struct fake_user *const *one = fake_users; *one; one++) {
			user = *one;
			for (number = 1, place = 0; place == 0; number++) {
				assert_true(number < LIVES);
				begin();
				place = number;
				prepare();
				live();
				end();
			}
			assert_true(number > user->queues);
			place = 0;
			begin();
			live();
			end();
		}
	user = NULL;
}

static void watch_accesses(void)
{
	fake_user_transport.on_access = count_access;
}

/* HC-12, HC-13, HC-16, RST-02 */
static void test_whatever_happens_to_a_device_at_any_time_keeps_nobody_and_leaks_nothing(void **state)
{
	static const struct {
		const char *name;
		void (*happen)(struct fake_transport *fake);
	} grief[] = {
		{"a device that goes away", goes_away},
		{"a device that asks for a reset", asks_for_a_reset},
		{"a device that goes, and leaves zeroes", goes_dark},
		{"a reset that never ends", never_resets},
		{"a configuration that never settles", never_settles},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof grief / sizeof grief[0]; i++) {
		happen = grief[i].happen;
		at_each_place(grief[i].name, watch_accesses);
	}
}

/* HR-02 */
static void test_a_ring_that_breaks_at_any_call_keeps_nobody_and_leaks_nothing(void **state)
{
	(void)state;
	at_each_place("a ring that breaks", use_breaking_ring);
}

/* Whoever was never told of a reset goes on, and must find its memory. */
static void test_without_a_clock_nothing_is_waited_for_and_the_device_keeps_its_memory(void **state)
{
	(void)state;
	what = "no clock";
	for (runtime = runtimes + CLOCKS; runtime < runtimes + sizeof runtimes / sizeof runtimes[0]; runtime++)
		for (const struct fake_user *const *one = fake_users; *one; one++) {
			user = *one;
			fake_platform_start();
			fake_user_open(user);
			cut_runtime();
			carry_on();
			assert_int_equal(user->detach(), VIRTIO_ERR_UNSUPPORTED);
			serve(72);
			fake_platform_forget_mapped();
			fake_platform_forget_live();
			end();
		}
	user = NULL;
}

/* ---- configurations that end too early ---- */

/* With what is offered now, and a configuration of each length: the driver attaches and looks, or it does not. */
static void with_each_length(uint64_t offered)
{
	for (number = 0; number <= CONFIGURATION; number++) {
		begin();
		fake_user_transport.offered &= ~user->features | offered;
		fake_transport_set_config_length(&fake_user_transport, number);
		live();
		end();
	}
}

/* It ends while the driver is at work: whatever window the device is found in later may be shorter. */
static void looked_at_again_at_each_length(void)
{
	begin();
	assert_int_equal(user->attach(), 0);
	for (number = CONFIGURATION; user->poll_config && number-- > 0;) {
		fake_transport_set_config_length(&fake_user_transport, number);
		check_told(in_time(user->poll_config));
	}
	assert_int_equal(user->detach(), 0);
	end();
}

/* HC-13: with all of the user's features, and with each of them alone. */
static void test_a_configuration_that_ends_anywhere_is_told_or_not_needed(void **state)
{
	(void)state;
	what = "a configuration that ends";
	runtime = runtimes;
	for (const struct fake_user *const *one = fake_users; *one; one++) {
		user = *one;
		with_each_length(user->features);
		for (unsigned bit = 0; bit < 64; bit++)
			if (user->features >> bit & 1)
				with_each_length(UINT64_C(1) << bit);
		looked_at_again_at_each_length();
	}
	user = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	/* What is mapped may leak, too; how a ring lies in memory matters to no register, and to no configuration. */
	const struct CMUnitTest over_split[] = {
		TEST(test_a_configuration_that_ends_anywhere_is_told_or_not_needed),
		TEST(test_without_a_clock_nothing_is_waited_for_and_the_device_keeps_its_memory),
		TEST(test_a_ring_that_breaks_at_any_call_keeps_nobody_and_leaks_nothing),
	};
	const struct CMUnitTest over_mapping[] = {
		TEST(test_whatever_happens_to_a_device_at_any_time_keeps_nobody_and_leaks_nothing),
		TEST(test_without_a_clock_nothing_is_waited_for_and_the_device_keeps_its_memory),
		TEST(test_a_ring_that_breaks_at_any_call_keeps_nobody_and_leaks_nothing),
	};

	return fake_transport_run_over("split rings", over_split, fake_transport_over_split) +
	       fake_transport_run_over("mapped memory", over_mapping, fake_transport_over_mapping);
}
