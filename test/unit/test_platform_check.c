/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/platform_check.c: the mistakes that one makes in hooks, and what the log says of them. */
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

#include <string.h>

/* The fake's own hooks, under those of a test. */
static struct virtio_platform good;

static int setup(void **state)
{
	fake_platform_setup(state);
	good = *fake_platform();
	return 0;
}

static void found(const char *what)
{
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_string_equal(fake_platform_log_last(), what);
}

static void test_good_hooks_give_everything_back(void **state)
{
	(void)state;
	assert_int_equal(virtio_platform_check(fake_platform()), 0);
	assert_int_equal(fake_platform_live(), 0);
	assert_string_equal(fake_platform_log_last(), "platform: trying wait");
}

static void test_hooks_that_may_be_missing_may(void **state)
{
	struct virtio_platform *platform = fake_platform();

	(void)state;
	platform->wait = NULL;
	platform->map_device = NULL;
	assert_int_equal(virtio_platform_check(platform), 0);
	assert_true(fake_platform_logged("no map_device: MMIO devices cannot be opened"));
	assert_false(fake_platform_logged("trying wait"));
	platform->now = NULL;
	assert_int_equal(virtio_platform_check(platform), 0);
	assert_true(fake_platform_logged("no now: devices cannot be attached or reset"));
	platform->log = NULL;
	assert_int_equal(virtio_platform_check(platform), 0);
}

static void test_a_forgotten_size_is_told(void **state)
{
	(void)state;
	fake_platform()->size = 0;
	found("platform: size is 0; set it to sizeof(struct virtio_platform), 96");
	fake_platform()->size = sizeof(struct virtio_platform *);
	found("platform: size is 8; set it to sizeof(struct virtio_platform), 96");
	fake_platform()->size = sizeof(struct virtio_platform) + 8;
	assert_int_equal(virtio_platform_check(fake_platform()), 0);
}

static void test_each_missing_hook_is_named(void **state)
{
	struct virtio_platform *platform = fake_platform();

	(void)state;
	platform->alloc = NULL;
	found("platform: the hook alloc is missing");
	platform->free = NULL;
	found("platform: the hook free is missing");
	platform->dma_alloc = NULL;
	found("platform: the hook dma_alloc is missing");
	platform->dma_free = NULL;
	found("platform: the hook dma_free is missing");
	assert_int_equal(fake_platform_log_count(), 1 + 2 + 3 + 4);
	fake_platform_bounce(true);
	platform->dma_unmap = NULL;
	found("platform: dma_map and dma_unmap go together, and one of them is missing");
}

static void test_no_memory_is_told(void **state)
{
	(void)state;
	fake_platform_fail_allocation(2);
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_NO_MEMORY);
	assert_true(fake_platform_logged("platform: alloc has no memory for 16384 bytes aligned to 64"));
	fake_platform_fail_allocation(6);
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_NO_MEMORY);
	assert_true(fake_platform_logged("platform: dma_alloc has no memory for 100 bytes aligned to 4096"));
	assert_int_equal(fake_platform_live(), 0);
}

/* Memory that is never given back, from a row of pages. */
static _Alignas(4096) uint8_t row[64 * 1024];
static size_t row_used;
static size_t skew; /* bytes behind the alignment */

static void *row_alloc(void *context, size_t size, size_t alignment)
{
	(void)context;
	row_used = (row_used + alignment - 1) & ~(alignment - 1);
	uint8_t *memory = row + row_used + skew;
	row_used += size + skew;
	return memory;
}

static void leave(void *context, void *memory, size_t size)
{
	(void)context;
	(void)memory;
	(void)size;
}

static void test_memory_that_is_not_aligned_is_told(void **state)
{
	(void)state;
	row_used = 0;
	skew = 4;
	fake_platform()->alloc = row_alloc;
	fake_platform()->free = leave;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("platform: alloc gave memory at 0x"));
	assert_true(fake_platform_logged("4, to be aligned to 8"));
}

static void *always_the_same(void *context, size_t size, size_t alignment)
{
	(void)context;
	(void)size;
	(void)alignment;
	return row;
}

static void test_memory_that_is_given_twice_is_told(void **state)
{
	(void)state;
	fake_platform()->alloc = always_the_same;
	fake_platform()->free = leave;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("platform: alloc gave the same memory twice"));
}

static void *dma_always_the_same(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	*device_address = 0x100000;
	return always_the_same(context, size, alignment);
}

/* The fake's memory, whatever the device is told of it. */
static void *dma_memory(void *context, size_t size, size_t alignment)
{
	uint64_t unused;

	return good.dma_alloc(context, size, alignment, &unused);
}

static void *dma_stores_nothing(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	(void)device_address;
	return dma_memory(context, size, alignment);
}

static void *dma_stores_0(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	*device_address = 0;
	return dma_memory(context, size, alignment);
}

static void *dma_is_off_by_four(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	*device_address = 0x100004;
	return dma_memory(context, size, alignment);
}

static void forget(void *context, void *memory, size_t size, uint64_t device_address)
{
	(void)context;
	(void)memory;
	(void)size;
	(void)device_address;
	fake_platform_forget_live();
}

static void test_wrong_device_addresses_are_told(void **state)
{
	(void)state;
	fake_platform()->dma_free = forget;
	fake_platform()->dma_alloc = dma_stores_nothing;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("platform: dma_alloc stored nothing in *device_address"));
	fake_platform()->dma_alloc = dma_stores_0;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("platform: dma_alloc stored 0 in *device_address"));
	fake_platform()->dma_alloc = dma_is_off_by_four;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("platform: dma_alloc gave the device address 0x100004, to be aligned to 8"));
	fake_platform()->dma_alloc = dma_always_the_same;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("platform: dma_alloc gave the same memory twice"));
}

static unsigned looks;

/* As fast as a processor: LOOKS of these are a millisecond. */
static uint64_t now_in_milliseconds(void *context)
{
	(void)context;
	return looks++ / 50000;
}

static uint64_t now_backwards(void *context)
{
	(void)context;
	return UINT64_MAX - looks++;
}

static uint64_t now_there_and_back(void *context)
{
	(void)context;
	return looks++ % 2;
}

static uint64_t now_in_ticks(void *context)
{
	(void)context;
	return looks++ / 1000000 * UINT64_C(10000000);
}

static void test_a_clock_of_milliseconds_is_told(void **state)
{
	(void)state;
	looks = 0;
	fake_platform()->now = now_in_milliseconds;
	found("platform: now moved by 1 during 50000 calls: those are no nanoseconds");
}

static void test_a_clock_that_stands_still_is_told(void **state)
{
	(void)state;
	fake_platform_set_step(0);
	found("platform: now stands still, and should count nanoseconds");
}

static void test_a_clock_that_goes_back_is_told(void **state)
{
	(void)state;
	looks = 0;
	fake_platform()->now = now_backwards;
	found("platform: now went back");
	looks = 0;
	fake_platform()->now = now_there_and_back;
	found("platform: now went back");
}

static void test_a_clock_that_ticks_coarsely_is_good(void **state)
{
	(void)state;
	looks = 0;
	fake_platform()->now = now_in_ticks;
	fake_platform()->wait = NULL;
	assert_int_equal(virtio_platform_check(fake_platform()), 0);
}

static void return_at_once(void *context)
{
	(void)context;
}

static void test_a_wait_that_returns_at_once_is_good(void **state)
{
	(void)state;
	fake_platform_on_wait(return_at_once, NULL);
	assert_int_equal(virtio_platform_check(fake_platform()), 0);
}

/* Takes the deadline for a duration. */
static void sleep_for(void *context, uint64_t deadline)
{
	(void)context;
	fake_platform_advance(deadline);
}

static void test_a_wait_that_takes_the_deadline_for_a_duration_is_told(void **state)
{
	(void)state;
	fake_platform()->wait = sleep_for;
	assert_int_equal(virtio_platform_check(fake_platform()), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("ns after its deadline, which is a time of now, not a duration"));
}

static unsigned naps;

/* The whole machine stood still during the first nap. */
static void sleep_long_once(void *context, uint64_t deadline)
{
	(void)context;
	(void)deadline;
	fake_platform_advance(++naps == 2 ? UINT64_C(5000000000) : 0);
}

static void test_a_machine_that_stood_still_once_is_no_mistake(void **state)
{
	(void)state;
	naps = 0;
	fake_platform()->wait = sleep_long_once;
	assert_int_equal(virtio_platform_check(fake_platform()), 0);
	assert_int_equal(naps, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good_hooks_give_everything_back),
		TEST(test_hooks_that_may_be_missing_may),
		TEST(test_a_forgotten_size_is_told),
		TEST(test_each_missing_hook_is_named),
		TEST(test_no_memory_is_told),
		TEST(test_memory_that_is_not_aligned_is_told),
		TEST(test_memory_that_is_given_twice_is_told),
		TEST(test_wrong_device_addresses_are_told),
		TEST(test_a_clock_of_milliseconds_is_told),
		TEST(test_a_clock_that_stands_still_is_told),
		TEST(test_a_clock_that_goes_back_is_told),
		TEST(test_a_clock_that_ticks_coarsely_is_good),
		TEST(test_a_wait_that_returns_at_once_is_good),
		TEST(test_a_wait_that_takes_the_deadline_for_a_duration_is_told),
		TEST(test_a_machine_that_stood_still_once_is_no_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
