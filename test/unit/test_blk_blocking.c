/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/blk_blocking.c: one request at a time, and the serial number. */
#include <string.h>
#include <virtio/helper.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

#define SECOND UINT64_C(1000000000)

static unsigned waits;

static void serve(void *context)
{
	(void)context;
	if (++waits % 3 == 0)
		fake_disk_serve(&disk);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_attach(NULL);
	waits = 0;
	fake_platform_on_wait(serve, NULL);
	return 0;
}

/* Detach whatever is in flight, with the clock back. */
static void detach_all(uint64_t (*now)(void *context))
{
	fake_platform()->now = now;
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static uint64_t deadline(void)
{
	return fake_platform_time() + SECOND;
}

static void test_execute_waits_for_the_result(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	assert_int_equal(virtio_blk_execute(&blk, &request, deadline()), 0);
	assert_memory_equal(segment.data, disk.medium[3], 512);
	assert_int_equal(waits, 3);
	fake_blk_detach();
}

static void test_execute_needs_no_wait_hook(void **state)
{
	(void)state;
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	fake_platform()->wait = NULL;
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_blk_execute(&blk, &request, deadline()), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before >= SECOND);
	assert_int_equal(fake_disk_serve(&disk), 1);
	detach_all(fake_platform()->now);
}

/* HB-09: the request stays the device's, and may come back later. */
static void test_a_deadline_ends_the_wait(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	fake_platform_on_wait(NULL, NULL);
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_blk_execute(&blk, &request, before + SECOND), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before >= SECOND);
	assert_true(fake_platform_time() - before < 2 * SECOND);
	fake_platform_on_wait(serve, NULL);
	assert_int_equal(virtio_blk_execute(&blk, &flush, deadline()), 0);
	assert_int_equal(request.result, 0);
	fake_blk_detach();
}

static void finish(void *context)
{
	(void)context;
	fake_disk_serve(&disk);
}

/* Stopped and continued, with a clock that did not stop. */
static void test_what_finished_while_the_machine_stood_still_is_no_timeout(void **state)
{
	(void)state;
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	fake_platform_on_wait(NULL, NULL);
	for (unsigned looks = 1; looks <= 3; looks++) {
		fake_platform_stand_still(looks, 10 * SECOND, finish, NULL);
		assert_int_equal(virtio_blk_execute(&blk, &request, deadline()), 0);
	}
	fake_blk_detach();
}

static void test_a_past_deadline_still_looks_once(void **state)
{
	(void)state;
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	assert_int_equal(virtio_blk_execute(&blk, &request, 0), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(waits, 0);
	assert_int_equal(fake_disk_serve(&disk), 1);
	assert_int_equal(fake_blk_completed(&request), 0);
	fake_blk_detach();
}

/* HB-09: what comes back late is passed over, and is no reason to give up what lies behind it. */
static void test_a_late_answer_does_not_cost_the_next_request_its_look(void **state)
{
	(void)state;
	struct virtio_blk_request late = {.type = VIRTIO_BLK_FLUSH}, next = late;
	assert_int_equal(virtio_blk_execute(&blk, &late, 0), VIRTIO_ERR_TIMEOUT);
	fake_platform_stand_still(1, 0, finish, NULL);
	assert_int_equal(virtio_blk_execute(&blk, &next, 0), 0);
	fake_blk_detach();
}

static void remove_device(void *context)
{
	(void)context;
	if (++waits == 3)
		transport.gone = true;
}

/* Long before the deadline: a device that has gone answers nothing more. */
static void test_a_device_that_is_pulled_out_ends_the_wait(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	fake_platform_on_wait(remove_device, NULL);
	assert_int_equal(virtio_blk_execute(&blk, &request, deadline() + 1000 * SECOND), VIRTIO_ERR_NO_DEVICE);
	assert_true(waits < 100);
	assert_true(virtio_blk_in_flight(&request));
	detach_all(fake_platform()->now);
	assert_false(virtio_blk_in_flight(&request));
	assert_int_equal(fake_platform_live(), 0);
	fake_device_detach(&transport.queues[0].ring); /* it saw no reset */
}

static void test_errors_come_through(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, FAKE_DISK_SECTORS, &segment, 512);
	assert_int_equal(virtio_blk_execute(&blk, &request, deadline()), VIRTIO_ERR_NO_SPACE);
	request.sector = FAKE_DISK_SECTORS + 100;
	blk.capacity = UINT64_MAX; /* the device has fewer than it said */
	assert_int_equal(virtio_blk_execute(&blk, &request, deadline()), VIRTIO_ERR_IO);
	uint64_t (*now)(void *) = fake_platform()->now;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_blk_execute(&blk, &request, 0), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_disk_take(&disk), 0);
	detach_all(now);
}

static void test_no_room_is_told_at_once(void **state)
{
	(void)state;
	static struct virtio_blk_request requests[4];
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	const struct virtio_blk_options options = {.ring_size = 4};
	fake_blk_detach();
	fake_blk_attach(&options);
	for (unsigned i = 0; i < 4; i++) {
		requests[i] = (struct virtio_blk_request){.type = VIRTIO_BLK_FLUSH};
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
	assert_int_equal(virtio_blk_execute(&blk, &flush, deadline()), VIRTIO_ERR_AGAIN);
	detach_all(fake_platform()->now);
}

static void test_a_broken_ring_ends_the_wait(void **state)
{
	(void)state;
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	assert_int_equal(fake_blk_submit(&flush), 1);
	fake_device_lie_used(&transport.queues[0].ring, 99, 1);
	struct virtio_blk_request other = {.type = VIRTIO_BLK_FLUSH};
	assert_int_equal(virtio_blk_execute(&blk, &other, deadline()), VIRTIO_ERR_PROTOCOL);
	detach_all(fake_platform()->now);
}

static void assert_serial(const char *bytes, const char *expected)
{
	char serial[21];
	memset(serial, 'x', sizeof serial);
	memcpy(disk.serial, bytes, sizeof disk.serial);
	assert_int_equal(virtio_blk_serial(&blk, serial, deadline()), 0);
	assert_string_equal(serial, expected);
}

/* HB-08, BLK-15 */
static void test_a_serial_number_becomes_a_harmless_string(void **state)
{
	(void)state;
	assert_serial("abc\0efghijklmnopqrst", "abc");
	assert_serial("12345678901234567890", "12345678901234567890");
	assert_serial("\0aaaaaaaaaaaaaaaaaaa", "");
	assert_serial("a\x1b[2J\x7f\xff ~\n\0\0\0\0\0\0\0\0\0", "a?[2J?? ~?");
	fake_blk_detach();
	assert_int_equal(fake_platform_live(), 0);
}

static void claim_success(void *context)
{
	(void)context;
	if (fake_disk_take(&disk))
		fake_disk_claim(&disk, 0, VIRTIO_BLK_S_OK, 21);
}

/* A device that says OK and writes nothing must not show what was in the memory. */
static void test_a_serial_number_that_was_not_written_is_empty(void **state)
{
	(void)state;
	char serial[21];
	fake_platform_on_wait(claim_success, NULL);
	assert_int_equal(virtio_blk_serial(&blk, serial, deadline()), 0);
	assert_string_equal(serial, "");
	fake_blk_detach();
}

static void test_a_serial_number_may_lack_memory(void **state)
{
	(void)state;
	char serial[21];
	unsigned live = fake_platform_live();
	for (unsigned nth = 1; nth <= 2; nth++) {
		fake_platform_fail_allocation(nth);
		assert_int_equal(virtio_blk_serial(&blk, serial, deadline()), VIRTIO_ERR_NO_MEMORY);
		assert_string_equal(serial, "");
		assert_int_equal(fake_platform_live(), live);
	}
	fake_platform_fail_allocation(0);
	uint64_t (*now)(void *) = fake_platform()->now;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_blk_serial(&blk, serial, 0), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), live);
	detach_all(now);
}

/* What the device still holds after the deadline is not freed under its hands. */
static struct virtio_blk_request *left;

static void keep(void *context, struct virtio_blk_request *request)
{
	(void)context;
	left = request;
}

static void test_a_serial_number_that_never_comes_keeps_its_memory(void **state)
{
	(void)state;
	char serial[21];
	unsigned live = fake_platform_live();
	struct virtio_platform *platform = fake_platform();
	fake_platform_on_wait(NULL, NULL);
	left = NULL;
	assert_int_equal(virtio_blk_serial(&blk, serial, deadline()), VIRTIO_ERR_TIMEOUT);
	assert_string_equal(serial, "");
	assert_int_equal(fake_platform_live(), live + 2);
	assert_int_equal(virtio_blk_detach(&blk, keep, NULL), 0);
	assert_non_null(left);
	assert_int_equal(left->type, VIRTIO_BLK_SERIAL);
	/* Only the test knows what is left. */
	struct virtio_segment segment = left->segments[0];
	platform->dma_free(platform->context, segment.data, segment.length, segment.device_address);
	platform->free(platform->context, left, sizeof(struct virtio_blk_request) + sizeof(struct virtio_segment));
}

static void test_execute_looks_again_and_again_under_a_runtime_older_than_waiting(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	size_t size = fake_platform()->size;
	fake_platform()->size = offsetof(struct virtio_platform, wait);
	fake_platform_set_step(SECOND / 10);
	assert_int_equal(virtio_blk_execute(&blk, &request, deadline()), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(waits, 0);
	fake_platform()->size = size;
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_execute_waits_for_the_result),
		TEST(test_execute_needs_no_wait_hook),
		TEST(test_a_deadline_ends_the_wait),
		TEST(test_what_finished_while_the_machine_stood_still_is_no_timeout),
		TEST(test_a_past_deadline_still_looks_once),
		TEST(test_a_late_answer_does_not_cost_the_next_request_its_look),
		TEST(test_a_device_that_is_pulled_out_ends_the_wait),
		TEST(test_errors_come_through),
		TEST(test_no_room_is_told_at_once),
		TEST(test_a_broken_ring_ends_the_wait),
		TEST(test_a_serial_number_becomes_a_harmless_string),
		TEST(test_a_serial_number_that_was_not_written_is_empty),
		TEST(test_a_serial_number_may_lack_memory),
		TEST(test_a_serial_number_that_never_comes_keeps_its_memory),
		TEST(test_execute_looks_again_and_again_under_a_runtime_older_than_waiting),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
