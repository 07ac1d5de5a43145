/* SPDX-License-Identifier: ISC */
/* libvirtio/device/init.c: the order of VIRTIO 3.1.1, resets, and devices that do not play along. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define RESET_LOOKS 5

static struct fake_transport fake;

static int setup(void **state)
{
	(void)state;
	fake_transport_init(&fake, fake_platform_start(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
	return 0;
}

static void begin(void)
{
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
}

static void attach(struct virtio_queue *queue)
{
	begin();
	assert_int_equal(virtio_device_add_queue(&fake.device, queue, 0, 0, 1), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void assert_logged(const char *text)
{
	assert_true(fake_platform_logged(text));
	assert_true(fake_platform_logged("fake device"));
}

static void assert_status_trace(const uint8_t *expected, unsigned count)
{
	assert_int_equal(fake.status_count, count);
	assert_memory_equal(fake.status_trace, expected, count);
}

/* INIT-01, INIT-02, INIT-03, RST-01 */
static void test_status_goes_through_the_steps_in_order(void **state)
{
	(void)state;
	struct virtio_queue queue;
	attach(&queue);
	assert_status_trace((const uint8_t[]){0, 1, 3, 0xb, 0xf}, 5);
	assert_true(fake.device.live);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

/* PCIL-06 */
static void test_legacy_devices_see_no_features_ok(void **state)
{
	(void)state;
	struct virtio_queue queue;
	fake_transport_make_legacy(&fake);
	fake.offered = 0;
	attach(&queue);
	assert_status_trace((const uint8_t[]){0, 1, 3, 7}, 4);
	assert_int_equal(fake.accepted_words, 1); /* also when there is nothing to accept */
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

/* INIT-06, INIT-11, INIT-15 */
static void test_refused_features_end_in_failed(void **state)
{
	(void)state;
	struct virtio_queue queue;
	fake.refuses_features = true;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_status_trace((const uint8_t[]){0, 1, 3, 0xb, 0x8b}, 5);
	assert_logged("refuses features");
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 0, 1), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_BUSY);
	assert_false(fake.device.live);
}

/* INIT-16 */
static void test_a_failed_device_is_reset_before_the_next_attempt(void **state)
{
	(void)state;
	struct virtio_queue queue;
	fake.refuses_features = true;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	fake.refuses_features = false;
	attach(&queue);
	assert_int_equal(fake.resets, 2);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

/* PLAT-06 */
static void test_insisting_on_access_platform_is_told_in_words(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_ACCESS_PLATFORM;
	fake.insists_on = VIRTIO_F_ACCESS_PLATFORM;
	fake_platform()->dma_map = NULL;
	assert_int_equal(virtio_device_begin(&fake.device, VIRTIO_F_ACCESS_PLATFORM, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_logged("ACCESS_PLATFORM");
}

/* PCI-18 */
static void test_a_slow_reset_is_waited_for(void **state)
{
	(void)state;
	fake.slow_reset = RESET_LOOKS;
	begin();
	assert_status_trace((const uint8_t[]){0, 1, 3, 0xb}, 4);
}

static void test_a_reset_is_waited_for_without_a_wait_hook(void **state)
{
	(void)state;
	fake_platform()->wait = NULL;
	fake.slow_reset = RESET_LOOKS;
	begin();
}

/* RST-01, HC-12, HC-16 */
static void test_a_reset_that_never_ends_times_out_and_stops_dma(void **state)
{
	(void)state;
	fake.never_resets = true;
	fake.dma = true;
	uint64_t start = fake_platform_time();
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - start >= VIRTIO_RESET_TIMEOUT);
	assert_true(fake_platform_time() - start < 2 * VIRTIO_RESET_TIMEOUT);
	assert_false(fake.dma);
	assert_logged("reset does not end");
}

/* HC-16: a reset of a device in use, which leaves all else to its driver */
static void test_a_stuck_device_in_use_stops_dma(void **state)
{
	(void)state;
	struct virtio_queue queue;
	attach(&queue);
	fake.never_resets = true;
	assert_true(fake.dma);
	assert_int_equal(virtio_device_reset(&fake.device), VIRTIO_ERR_TIMEOUT);
	assert_false(fake.dma);
	fake.never_resets = false;
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

/* HC-16 */
static void test_rings_of_a_stuck_device_are_leaked_not_freed(void **state)
{
	(void)state;
	struct virtio_queue queue;
	attach(&queue);
	unsigned live = fake_platform_live() - fake_transport_mappings(&fake);
	fake.never_resets = true;
	assert_int_equal(virtio_device_detach(&fake.device), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(fake_platform_live(), live);
	assert_false(fake.dma);
	assert_null(fake.device.queues);
	virtqueue_free(&queue.ring); /* the test knows better: nobody uses it */
}

/* Whoever takes buffers back between the reset and the end waited twice before. */
static void test_a_stuck_device_is_waited_for_once(void **state)
{
	(void)state;
	struct virtio_queue queue;
	attach(&queue);
	fake.never_resets = true;
	uint64_t start = fake_platform_time();
	assert_int_equal(virtio_device_reset(&fake.device), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(virtio_device_detach(&fake.device), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - start < 2 * VIRTIO_RESET_TIMEOUT);
	assert_int_equal(fake.resets, 2); /* that of begin, and this one */
	virtqueue_free(&queue.ring);
	fake.never_resets = false; /* it may recover: the next attach tries */
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
	assert_int_equal(fake.resets, 4);
}

static void test_without_a_clock_nothing_starts(void **state)
{
	(void)state;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake.status_count, 0);
	assert_logged("now hook");
}

static void test_a_shorter_platform_struct_has_no_clock(void **state)
{
	(void)state;
	fake_platform()->size = offsetof(struct virtio_platform, now);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake.status_count, 0);
}

/* HC-12 */
static void test_all_ones_mean_that_the_device_has_gone(void **state)
{
	(void)state;
	fake.gone = true;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_NO_DEVICE);
	assert_logged("gone");
}

static void test_a_device_that_goes_while_attaching_is_noticed(void **state)
{
	(void)state;
	struct virtio_queue queue;
	begin();
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 0, 1), 0);
	fake.gone = true;
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_NO_DEVICE);
	assert_false(fake.device.live);
	fake_device_detach(&fake.queues[0].ring);
	assert_int_equal(virtio_device_detach(&fake.device), 0); /* gone is as good as reset: nothing leaks */
}

/* Between the last feature word and the look at FEATURES_OK, which it then seems to confirm, with all other bits. */
static void go_with_features_ok(struct fake_transport *it)
{
	it->gone = it->status & VIRTIO_STATUS_FEATURES_OK;
}

/* HC-12 */
static void test_a_device_that_goes_before_it_confirms_features_is_noticed(void **state)
{
	(void)state;
	fake.on_access = go_with_features_ok;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_NO_DEVICE);
	assert_logged("gone");
	assert_false(fake_platform_logged("refuses features"));
}

static void test_ready_sees_needs_reset(void **state)
{
	(void)state;
	begin();
	fake.needs_reset = true;
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_PROTOCOL);
	assert_true(fake.status & VIRTIO_STATUS_FAILED);
	assert_false(fake.device.live);
	assert_logged("asks for a reset");
}

/* RST-02 */
static void test_check_tells_what_is_wrong(void **state)
{
	(void)state;
	struct virtio_queue queue;
	attach(&queue);
	assert_int_equal(virtio_device_check(&fake.device), 0);
	fake.needs_reset = true;
	assert_int_equal(virtio_device_check(&fake.device), VIRTIO_ERR_PROTOCOL);
	fake.needs_reset = false;
	queue.ring.fault = "test";
	assert_int_equal(virtio_device_check(&fake.device), VIRTIO_ERR_PROTOCOL);
	queue.ring.fault = NULL;
	fake.gone = true;
	assert_int_equal(virtio_device_check(&fake.device), VIRTIO_ERR_NO_DEVICE);
	fake.gone = false;
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

static void test_calls_out_of_order_are_refused(void **state)
{
	(void)state;
	struct virtio_queue queue, other;
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 0, 1), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_BUSY);
	attach(&queue);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_add_queue(&fake.device, &other, 1, 0, 1), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_BUSY);
	begin();
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 0, 1), 0);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_BUSY); /* it has a queue */
	virtio_device_fail(&fake.device);
	assert_int_equal(virtio_device_add_queue(&fake.device, &other, 1, 0, 1), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
	begin();
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_BUSY); /* it is live */
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

static void test_a_device_can_be_attached_again(void **state)
{
	(void)state;
	struct virtio_queue queue;
	for (int i = 0; i < 3; i++) {
		attach(&queue);
		assert_true(fake.dma);
		assert_int_equal(virtio_device_detach(&fake.device), 0);
		assert_int_equal(fake.device.features, 0);
		assert_false(fake.dma);
		assert_false(fake.device.live);
		assert_int_equal(fake_platform_live(), 0);
	}
}

static void test_giving_up_sets_failed(void **state)
{
	(void)state;
	begin();
	virtio_device_fail(&fake.device);
	assert_int_equal(fake.status, 0x8b);
	assert_int_equal(virtio_device_ready(&fake.device), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_status_goes_through_the_steps_in_order),
		TEST(test_legacy_devices_see_no_features_ok),
		TEST(test_refused_features_end_in_failed),
		TEST(test_a_failed_device_is_reset_before_the_next_attempt),
		TEST(test_insisting_on_access_platform_is_told_in_words),
		TEST(test_a_slow_reset_is_waited_for),
		TEST(test_a_reset_is_waited_for_without_a_wait_hook),
		TEST(test_a_reset_that_never_ends_times_out_and_stops_dma),
		TEST(test_a_stuck_device_in_use_stops_dma),
		TEST(test_rings_of_a_stuck_device_are_leaked_not_freed),
		TEST(test_a_stuck_device_is_waited_for_once),
		TEST(test_without_a_clock_nothing_starts),
		TEST(test_a_shorter_platform_struct_has_no_clock),
		TEST(test_all_ones_mean_that_the_device_has_gone),
		TEST(test_a_device_that_goes_while_attaching_is_noticed),
		TEST(test_a_device_that_goes_before_it_confirms_features_is_noticed),
		TEST(test_ready_sees_needs_reset),
		TEST(test_check_tells_what_is_wrong),
		TEST(test_calls_out_of_order_are_refused),
		TEST(test_a_device_can_be_attached_again),
		TEST(test_giving_up_sets_failed),
	};
	return fake_transport_run_over_rings(tests);
}
