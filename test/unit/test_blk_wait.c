/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/blk_wait.c: waiting for several requests. */
#include <virtio/helper.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

#define SECOND UINT64_C(1000000000)

static unsigned waits;
static struct virtio_blk_request requests[3];
static struct virtio_blk_request *done[3];

static void serve(void *context)
{
	(void)context;
	if (++waits == 3)
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
	for (unsigned i = 0; i < 3; i++) {
		requests[i] = (struct virtio_blk_request){.type = VIRTIO_BLK_FLUSH};
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
	return 0;
}

static int teardown(void **state)
{
	virtio_blk_detach(&blk, NULL, NULL);
	return fake_platform_teardown(state);
}

static int wait_for(unsigned count)
{
	return virtio_blk_completed_wait(&blk.queues[0], done, count, fake_platform_time() + SECOND);
}

static void test_all_that_finished_come_at_once(void **state)
{
	(void)state;
	assert_int_equal(wait_for(3), 3);
	assert_int_equal(waits, 3);
	assert_int_equal(transport.queues[0].ring.interrupts, 1);
}

static void test_what_is_there_is_not_waited_for(void **state)
{
	(void)state;
	fake_disk_serve(&disk);
	assert_int_equal(wait_for(2), 2);
	assert_int_equal(wait_for(2), 1);
	assert_int_equal(waits, 0);
}

static void test_a_deadline_ends_the_wait(void **state)
{
	(void)state;
	fake_platform_on_wait(NULL, NULL);
	uint64_t before = fake_platform_time();
	assert_int_equal(wait_for(3), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before >= SECOND);
	transport.needs_reset = true;
	assert_int_equal(wait_for(3), VIRTIO_ERR_PROTOCOL);
	transport.gone = true;
	assert_int_equal(wait_for(3), VIRTIO_ERR_NO_DEVICE);
	transport.gone = false;
}

static void test_a_runtime_without_a_wait_hook_looks_again_and_again(void **state)
{
	(void)state;
	fake_platform()->wait = NULL;
	uint64_t before = fake_platform_time();
	assert_int_equal(wait_for(3), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before >= SECOND);
	fake_disk_serve(&disk);
	assert_int_equal(wait_for(3), 3);
}

static void test_without_a_clock_nobody_waits(void **state)
{
	(void)state;
	uint64_t (*now)(void *) = fake_platform()->now;
	fake_platform()->now = NULL;
	assert_int_equal(wait_for(3), VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->now = now;
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
	for (unsigned looks = 1; looks <= 3; looks++) {
		fake_platform_on_wait(NULL, NULL);
		fake_platform_stand_still(looks, 10 * SECOND, finish, NULL);
		assert_int_equal(wait_for(3), looks == 3 ? VIRTIO_ERR_TIMEOUT : 3);
		for (unsigned i = 0; i < 3 && looks < 2; i++)
			assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_that_finished_come_at_once),
		TEST(test_what_is_there_is_not_waited_for),
		TEST(test_a_deadline_ends_the_wait),
		TEST(test_a_runtime_without_a_wait_hook_looks_again_and_again),
		TEST(test_without_a_clock_nobody_waits),
		TEST(test_what_finished_while_the_machine_stood_still_is_no_timeout),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
