/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/balloon.c: pages given away, asked back, and reported as free. */
#include <string.h>
#include <virtio/balloon.h>
#include <virtio/spec/balloon.h>

#include "driver/buffers.h"
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define REPORTING (VIRTIO_F_VERSION_1 | VIRTIO_BALLOON_F_PAGE_REPORTING)
#define INFLATEQ (&fake.queues[0].ring)
#define DEFLATEQ (&fake.queues[1].ring)

static struct fake_transport fake;
static struct virtio_balloon balloon;
static struct fake_device_buffer buffer;
static uint64_t pages[600];
static uint32_t told[8]; /* what was written to `actual` */
static unsigned told_count;

/* BAL-L2: in one access. INIT-04: not before features are settled. */
static void write_actual(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	assert_int_equal(offset, VIRTIO_BALLOON_CONFIG_ACTUAL);
	assert_int_equal(width, 4);
	assert_true(fake.status & (VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK));
	told[told_count++ % 8] = value;
}

static void start(uint64_t features)
{
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_BALLOON, features);
	fake.config_region.write = write_actual;
	fake_transport_forbid_config(&fake, VIRTIO_BALLOON_CONFIG_ACTUAL, 12);
	told_count = 0;
}

static int attach(void)
{
	return virtio_balloon_attach(&balloon, &fake.device);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	for (unsigned i = 0; i < 600; i++)
		pages[i] = UINT64_C(0x12345000) + (uint64_t)i * 0x2000;
	start(VIRTIO_F_VERSION_1);
	assert_int_equal(attach(), 0);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	assert_int_equal(fake_platform_live(), 0);
	return fake_platform_teardown(state);
}

/* The device takes a message, which must be COUNT page numbers from FIRST on. BAL-08 */
static void take(struct fake_device_ring *ring, const uint64_t *first, unsigned count)
{
	struct le32 numbers[VIRTIO_BALLOON_PAGES];

	assert_true(fake_device_take(ring, &buffer));
	assert_int_equal(buffer.writable_bytes, 0);
	assert_int_equal(buffer.readable_bytes, 4 * count);
	fake_device_read(&buffer, 0, numbers, 4 * count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(le32_to(numbers[i]), first[i] / 4096);
}

/* The same, and confirms it with a used length that means nothing (BAL-L3). */
static void serve(struct fake_device_ring *ring, const uint64_t *first, unsigned count)
{
	take(ring, first, count);
	fake_device_return(ring, &buffer, 0xffff);
}

/* BAL-04, BAL-07 */
static void test_pages_go_in_and_come_out(void **state)
{
	(void)state;
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 5), 5);
	assert_int_equal(virtio_balloon_poll(&balloon), 0);
	assert_int_equal(balloon.inflating, 5);
	assert_int_equal(balloon.actual, 0);
	serve(INFLATEQ, pages, 5);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(balloon.inflating, 0);
	assert_int_equal(balloon.actual, 5);
	assert_int_equal(told[0], 5);
	assert_int_equal(virtio_balloon_deflate(&balloon, pages + 1, 2), 2);
	serve(DEFLATEQ, pages + 1, 2);
	assert_int_equal(balloon.deflating, 2);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(balloon.deflating, 0);
	assert_int_equal(balloon.actual, 3);
	assert_int_equal(told[1], 3);
	assert_int_equal(virtio_balloon_poll(&balloon), 0);
	assert_int_equal(told_count, 2);
}

/* A message lies in memory of our own, and its numbers are physical ones; what is reported goes through the mapping. */
static void test_page_numbers_are_physical_whatever_the_mapping(void **state)
{
	(void)state;
	void *token = NULL;
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	fake_platform_bounce(true);
	start(REPORTING | VIRTIO_F_ACCESS_PLATFORM);
	assert_int_equal(attach(), 0);
	assert_true(fake.accepted & VIRTIO_F_ACCESS_PLATFORM);
	unsigned calls = fake_platform_map_calls();
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 7), 7);
	assert_int_equal(fake_platform_map_calls(), calls);
	serve(INFLATEQ, pages, 7);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	struct virtio_segment memory = fake_platform_buffer(8192), *page = &memory;
	uint64_t skip = (4096 - memory.device_address % 4096) % 4096;
	memory.data = (uint8_t *)memory.data + skip;
	memory.device_address += skip;
	memory.length = 4096;
	assert_int_equal(virtio_balloon_report(&balloon, page, 1, page), 1);
	assert_int_equal(fake_platform_map_calls(), calls + 1);
	assert_true(fake_device_take(&fake.queues[2].ring, &buffer));
	assert_int_not_equal(buffer.elements[0].address, memory.device_address);
	fake_device_return(&fake.queues[2].ring, &buffer, 0);
	assert_int_equal(virtio_balloon_reported(&balloon, &token), 1);
	assert_ptr_equal(token, page);
	assert_int_equal(fake_platform_mapped(), 0);
}

static void test_long_lists_are_taken_in_parts(void **state)
{
	(void)state;
	unsigned done = 0;
	while (done < 600) {
		int taken = virtio_balloon_inflate(&balloon, pages + done, 600 - done);
		assert_int_equal(taken, done < 512 ? 256 : 88);
		/* HA-02: one message at a time. */
		assert_int_equal(virtio_balloon_inflate(&balloon, pages, 1), 0);
		serve(INFLATEQ, pages + done, (unsigned)taken);
		assert_int_equal(virtio_balloon_poll(&balloon), 1);
		done += (unsigned)taken;
		assert_int_equal(balloon.actual, done);
	}
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 0), 0);
}

/* BAL-05, BAL-06 */
static void test_nothing_is_asked_back_before_it_is_in(void **state)
{
	(void)state;
	assert_int_equal(virtio_balloon_deflate(&balloon, pages, 1), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 3), 3);
	serve(INFLATEQ, pages, 3);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(virtio_balloon_inflate(&balloon, pages + 3, 3), 3);
	assert_int_equal(virtio_balloon_deflate(&balloon, pages, 3), 0);
	serve(INFLATEQ, pages + 3, 3);
	assert_int_equal(virtio_balloon_deflate(&balloon, pages, 3), 0);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(virtio_balloon_deflate(&balloon, pages, 7), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_balloon_deflate(&balloon, pages, 4), 4);
	assert_int_equal(virtio_balloon_deflate(&balloon, pages, 2), 0);
	take(DEFLATEQ, pages, 4);
	assert_int_equal(virtio_balloon_poll(&balloon), 0);
	assert_int_equal(balloon.deflating, 4);
	fake_device_return(DEFLATEQ, &buffer, 0);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(balloon.actual, 2);
}

/* BAL-08: 32 bits of page number, and whole pages. */
static void test_addresses_that_the_protocol_cannot_say_are_refused(void **state)
{
	(void)state;
	uint64_t list[2] = {0x1000, 0x1001};
	assert_int_equal(virtio_balloon_inflate(&balloon, list, 2), VIRTIO_ERR_INVALID);
	list[1] = UINT64_C(1) << 44;
	assert_int_equal(virtio_balloon_inflate(&balloon, list, 2), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(fake_device_available(INFLATEQ), 0);
	list[1] -= 4096;
	assert_int_equal(virtio_balloon_inflate(&balloon, list, 2), 2);
	serve(INFLATEQ, list, 2);
}

/* BAL-L1, BAL-L2, BAL-L3 */
static void test_a_legacy_balloon_is_driven_alike(void **state)
{
	(void)state;
	static const uint8_t wish[4] = {0x04, 0x03, 0x02, 0x01};
	uint32_t target;
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	start(0);
	fake_transport_make_legacy(&fake);
	assert_int_equal(attach(), 0);
	fake_transport_set_config(&fake, VIRTIO_BALLOON_CONFIG_NUM_PAGES, wish, sizeof wish);
	assert_int_equal(virtio_balloon_target(&balloon, &target), 0);
	assert_int_equal(target, 0x01020304);
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 5), 5);
	serve(INFLATEQ, pages, 5);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(told[0], 5);
	assert_int_equal(told_count, 1);
}

/* HA-01 */
static void test_the_target_is_what_the_device_says_now(void **state)
{
	(void)state;
	static const uint32_t targets[] = {0, 1, 1000, UINT32_MAX};
	for (unsigned i = 0; i < 4; i++) {
		struct le32 raw = le32_from(targets[i]);
		uint32_t target = 7;
		fake_transport_set_config(&fake, VIRTIO_BALLOON_CONFIG_NUM_PAGES, &raw, sizeof raw);
		assert_int_equal(virtio_balloon_target(&balloon, &target), 0);
		assert_int_equal(target, targets[i]);
	}
	uint32_t target;
	fake.needs_reset = true;
	assert_int_equal(virtio_balloon_target(&balloon, &target), VIRTIO_ERR_PROTOCOL);
}

/* BAL-01, BAL-02, BAL-03 */
static void test_what_is_not_kept_is_not_promised(void **state)
{
	(void)state;
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	start(VIRTIO_F_VERSION_1 | 0x3f);
	for (unsigned i = 0; i < 5; i++)
		fake.queues[i].size = 64;
	assert_int_equal(attach(), 0);
	assert_int_equal(fake.accepted & 0x3f,
		VIRTIO_BALLOON_F_MUST_TELL_HOST | VIRTIO_BALLOON_F_DEFLATE_ON_OOM | VIRTIO_BALLOON_F_PAGE_REPORTING);
	assert_true(balloon.deflate_freely);
	assert_true(balloon.reporting);
}

/* BAL-09 */
static void test_the_reporting_queue_follows_those_that_the_device_has(void **state)
{
	(void)state;
	static const struct {
		uint64_t offered;
		unsigned queue;
	} cases[] = {{0, 2}, {VIRTIO_BALLOON_F_STATS_VQ, 3}, {VIRTIO_BALLOON_F_FREE_PAGE_HINT, 3},
		{VIRTIO_BALLOON_F_STATS_VQ | VIRTIO_BALLOON_F_FREE_PAGE_HINT, 4}};
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(virtio_balloon_detach(&balloon), 0);
		start(REPORTING | cases[i].offered);
		for (unsigned queue = 0; queue < 6; queue++)
			fake.queues[queue].size = 64;
		assert_int_equal(attach(), 0);
		for (unsigned queue = 2; queue < 6; queue++)
			assert_int_equal(fake.queues[queue].started, queue == cases[i].queue);
	}
}

static void test_free_memory_is_reported_and_comes_back(void **state)
{
	(void)state;
	static uint8_t token[2];
	struct virtio_segment segments[33];
	void *back;
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	start(REPORTING | VIRTIO_F_INDIRECT_DESC);
	assert_int_equal(attach(), 0);
	fake_platform_next_address(UINT64_C(0x100000000));
	for (unsigned i = 0; i < 33; i++) {
		uint64_t address;
		segments[i] = (struct virtio_segment){.length = 4096};
		segments[i].data = fake_platform()->dma_alloc(fake_platform()->context, 4096, 4096, &address);
		segments[i].device_address = address;
	}
	assert_int_equal(virtio_balloon_reported(&balloon, &back), 0);
	assert_int_equal(virtio_balloon_report(&balloon, segments, 2, &token[0]), 1);
	assert_int_equal(virtio_balloon_report(&balloon, segments + 2, 30, &token[1]), 1);
	assert_int_equal(virtio_balloon_report(&balloon, segments, 33, token), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(virtio_balloon_report(&balloon, segments, 0, token), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_balloon_report(&balloon, segments, 1, NULL), VIRTIO_ERR_INVALID);
	segments[32].length = 4095;
	assert_int_equal(virtio_balloon_report(&balloon, segments + 32, 1, token), VIRTIO_ERR_INVALID);
	segments[32].length = 4096;
	segments[32].device_address += 512;
	assert_int_equal(virtio_balloon_report(&balloon, segments + 32, 1, token), VIRTIO_ERR_INVALID);
	segments[32].device_address -= 512;
	assert_true(fake_device_take(&fake.queues[2].ring, &buffer));
	assert_int_equal(buffer.readable_bytes, 0);
	assert_int_equal(buffer.writable_bytes, 8192);
	assert_int_equal(virtio_balloon_reported(&balloon, &back), 0);
	fake_device_return(&fake.queues[2].ring, &buffer, 0);
	assert_int_equal(virtio_balloon_reported(&balloon, &back), 1);
	assert_ptr_equal(back, &token[0]);
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	for (unsigned i = 0; i < 33; i++)
		fake_platform()->dma_free(fake_platform()->context, segments[i].data, 4096, segments[i].device_address);
	assert_int_equal(attach(), 0);
}

static void test_devices_that_want_no_reports_get_none(void **state)
{
	(void)state;
	struct virtio_segment segment = {.length = 4096, .device_address = 4096};
	void *token;
	assert_int_equal(virtio_balloon_report(&balloon, &segment, 1, &token), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_balloon_reported(&balloon, &token), 0);
}

static void test_broken_rings_are_told(void **state)
{
	(void)state;
	fake_device_lie_used(INFLATEQ, 100, 0);
	assert_int_equal(virtio_balloon_poll(&balloon), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(balloon.inflating, 0);
	uint32_t target;
	assert_int_equal(virtio_balloon_target(&balloon, &target), VIRTIO_ERR_PROTOCOL);
}

static void test_a_stuck_device_keeps_its_memory(void **state)
{
	(void)state;
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, 1), 1);
	fake.never_resets = true;
	struct virtio_balloon copy = balloon;
	assert_int_equal(virtio_balloon_detach(&balloon), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(fake_platform_live(), 6);
	/* Only the test knows what is left. */
	struct virtio_buffers *left[] = {&copy.inflateq, &copy.deflateq};
	for (unsigned i = 0; i < 2; i++) {
		fake_device_detach(&fake.queues[i].ring);
		virtqueue_free(&left[i]->queue.ring);
		virtio_buffers_free(left[i], fake_platform());
	}
}

static void test_attach_refuses_and_leaves_nothing_behind(void **state)
{
	(void)state;
	struct virtio_balloon other;
	assert_int_equal(virtio_balloon_attach(&other, &fake.device), VIRTIO_ERR_BUSY);
	assert_true(fake.status & VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(virtio_balloon_detach(&balloon), 0);
	fake.device.type = VIRTIO_ID_NET;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	start(REPORTING);
	for (unsigned nth = 1; nth <= 8; nth++) {
		fake_platform_fail_allocation(nth);
		assert_int_equal(attach(), VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
		assert_int_equal(fake.status, 0);
	}
	fake_platform_fail_allocation(0);
	fake.queues[2].size = 0;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_live(), 0);
	fake.queues[2].size = 64;
	fake.never_resets = true;
	assert_int_equal(attach(), VIRTIO_ERR_TIMEOUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pages_go_in_and_come_out),
		TEST(test_page_numbers_are_physical_whatever_the_mapping),
		TEST(test_long_lists_are_taken_in_parts),
		TEST(test_nothing_is_asked_back_before_it_is_in),
		TEST(test_addresses_that_the_protocol_cannot_say_are_refused),
		TEST(test_a_legacy_balloon_is_driven_alike),
		TEST(test_the_target_is_what_the_device_says_now),
		TEST(test_what_is_not_kept_is_not_promised),
		TEST(test_the_reporting_queue_follows_those_that_the_device_has),
		TEST(test_free_memory_is_reported_and_comes_back),
		TEST(test_devices_that_want_no_reports_get_none),
		TEST(test_broken_rings_are_told),
		TEST(test_a_stuck_device_keeps_its_memory),
		TEST(test_attach_refuses_and_leaves_nothing_behind),
	};
	return fake_transport_run_over_rings(tests);
}
