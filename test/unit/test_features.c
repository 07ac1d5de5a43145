/* SPDX-License-Identifier: ISC */
/* libvirtio/device/features.c: what is accepted of what is offered. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define FEATURE_A VIRTIO_FEATURE(3) /* features of an imaginary device type */
#define FEATURE_B VIRTIO_FEATURE(5)
#define FEATURE_C VIRTIO_FEATURE(23)
#define FEATURE_HIGH VIRTIO_FEATURE(63)
#define COMMON                                                                                        \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_ORDER_PLATFORM | \
		VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_RING_RESET | VIRTIO_F_SUSPEND)

static struct fake_transport fake;

static int setup(void **state)
{
	(void)state;
	fake_transport_init(&fake, fake_platform_start(), VIRTIO_ID_NET, UINT64_MAX);
	return 0;
}

static int begin(uint64_t wanted, uint64_t required, const struct virtio_feature_rule *rules)
{
	return virtio_device_begin(&fake.device, wanted, required, rules);
}

/* INIT-09, INIT-10, INIT-20, PLAT-04, ADM-01 */
static void test_of_all_ones_only_what_is_known_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(begin(FEATURE_A | FEATURE_HIGH, 0, NULL), 0);
	assert_int_equal(fake.accepted, COMMON | FEATURE_A | FEATURE_HIGH);
	assert_int_equal(fake.device.features, fake.accepted);
	assert_int_equal(fake.device.offered, UINT64_MAX);
}

/* INIT-20, PCIL-05, PCIL-13, PCIL-14, LEG-07 */
static void test_of_all_ones_legacy_takes_any_layout_and_no_high_bits(void **state)
{
	(void)state;
	fake_transport_make_legacy(&fake);
	assert_int_equal(begin(FEATURE_A | FEATURE_HIGH, 0, NULL), 0);
	assert_int_equal(fake.accepted, FEATURE_A | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
	assert_int_equal(fake.accepted_words, 1);
}

/* INIT-07 */
static void test_nothing_is_accepted_that_is_not_offered(void **state)
{
	(void)state;
	uint64_t offer = 88172645463325252u;
	for (int i = 0; i < 1000; i++) {
		offer ^= offer << 13, offer ^= offer >> 7, offer ^= offer << 17;
		fake.offered = offer | VIRTIO_F_VERSION_1;
		assert_int_equal(begin(UINT64_MAX, 0, NULL), 0); /* the fake fails the test if it is */
		assert_int_equal(fake.accepted & ~fake.offered, 0);
	}
}

static unsigned offers_read;

/* Two words are right, and whatever is read after them is not. */
static uint32_t another_offer_each_time(struct virtio_device *dev, unsigned word)
{
	uint32_t offer = (uint32_t)(((struct fake_transport *)(void *)dev)->offered >> 32 * word);

	return offers_read++ < 2 ? offer : ~offer;
}

/* HF-02 */
static void test_an_offer_that_changes_is_read_once(void **state)
{
	(void)state;
	offers_read = 0;
	fake.offered = VIRTIO_F_VERSION_1 | FEATURE_A;
	fake.ops.features_offered = another_offer_each_time;
	assert_int_equal(begin(FEATURE_A | FEATURE_B, 0, NULL), 0);
	assert_int_equal(fake.accepted, VIRTIO_F_VERSION_1 | FEATURE_A);
	assert_int_equal(virtio_device_offer(&fake.device), VIRTIO_F_VERSION_1 | FEATURE_A);
	assert_int_equal(offers_read, 2);
}

static void test_a_driver_cannot_ask_for_common_bits_that_nobody_handles(void **state)
{
	(void)state;
	assert_int_equal(begin(UINT64_MAX, 0, NULL), 0);
	uint64_t common = fake.accepted & ~(UINT64_C(0xffffff) | UINT64_C(0x3fff) << 50);
	assert_int_equal(common & ~(uint64_t)VIRTIO_F_ACCESS_PLATFORM, COMMON);
}

/* INIT-12, INIT-13 */
static void test_a_modern_device_without_version_1_is_refused(void **state)
{
	(void)state;
	fake.offered = FEATURE_A;
	assert_int_equal(begin(FEATURE_A, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake.status & VIRTIO_STATUS_FAILED);
	assert_int_equal(fake.accepted_words, 0);
	assert_true(fake_platform_logged("fake device: lacks feature bit 32"));
}

/* INIT-11 */
static void test_a_missing_required_feature_ends_the_attempt(void **state)
{
	(void)state;
	fake.offered = VIRTIO_F_VERSION_1 | FEATURE_A;
	assert_int_equal(begin(FEATURE_A | FEATURE_B, FEATURE_B, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake.status & VIRTIO_STATUS_FAILED);
	assert_true(fake_platform_logged("fake device: lacks feature bit 5"));
}

/* INIT-08, HF-01 */
static void test_a_feature_without_what_it_needs_is_left(void **state)
{
	(void)state;
	static const struct virtio_feature_rule rules[] = {
		{FEATURE_A, FEATURE_B}, {FEATURE_B, FEATURE_C | FEATURE_HIGH}, {0, 0}};
	uint64_t all = FEATURE_A | FEATURE_B | FEATURE_C | FEATURE_HIGH;

	fake.offered = VIRTIO_F_VERSION_1 | FEATURE_A | FEATURE_B;
	assert_int_equal(begin(all, 0, rules), 0);
	assert_int_equal(fake.accepted, VIRTIO_F_VERSION_1);
	fake.offered |= FEATURE_HIGH;
	assert_int_equal(begin(all, 0, rules), 0);
	assert_int_equal(fake.accepted, fake.offered);
	fake.offered &= ~FEATURE_B;
	assert_int_equal(begin(all, 0, rules), 0);
	assert_int_equal(fake.accepted, VIRTIO_F_VERSION_1 | FEATURE_HIGH);
}

static void test_a_required_feature_that_falls_to_a_rule_is_missing(void **state)
{
	(void)state;
	static const struct virtio_feature_rule rules[] = {{FEATURE_A, FEATURE_B}, {0, 0}};
	fake.offered = VIRTIO_F_VERSION_1 | FEATURE_A;
	assert_int_equal(begin(FEATURE_A | FEATURE_B, FEATURE_A, rules), VIRTIO_ERR_UNSUPPORTED);
}

static int map(void *context, struct virtio_dma_range *ranges, size_t count)
{
	(void)context, (void)ranges, (void)count;
	return 0;
}

static void unmap(void *context, struct virtio_dma_range *ranges, size_t count)
{
	(void)context, (void)ranges, (void)count;
}

/* PLAT-01, PLAT-02 */
static void test_access_platform_is_for_runtimes_that_map(void **state)
{
	(void)state;
	fake_platform()->dma_map = map;
	fake_platform()->dma_unmap = unmap;
	assert_int_equal(begin(FEATURE_A, 0, NULL), 0);
	assert_true(virtio_device_has(&fake.device, VIRTIO_F_ACCESS_PLATFORM));
	fake_platform()->dma_unmap = NULL;
	assert_int_equal(begin(FEATURE_A, 0, NULL), 0);
	assert_false(virtio_device_has(&fake.device, VIRTIO_F_ACCESS_PLATFORM));
}

/* ORD-05 */
static void test_rings_in_order_are_for_drivers_that_ask_for_them(void **state)
{
	(void)state;
	fake.rings[0] = &virtqueue_split_in_order_ops;
	fake.rings[1] = &virtqueue_split_ops;
	assert_int_equal(begin(FEATURE_A, 0, NULL), 0);
	assert_ptr_equal(fake.device.ring, &virtqueue_split_ops);
	assert_false(fake.accepted & VIRTIO_F_IN_ORDER);
	assert_int_equal(begin(FEATURE_A | VIRTIO_F_IN_ORDER, 0, NULL), 0);
	assert_ptr_equal(fake.device.ring, &virtqueue_split_in_order_ops);
	assert_true(fake.accepted & VIRTIO_F_IN_ORDER);
	fake.offered &= ~VIRTIO_F_IN_ORDER;
	assert_int_equal(begin(FEATURE_A | VIRTIO_F_IN_ORDER, 0, NULL), 0);
	assert_ptr_equal(fake.device.ring, &virtqueue_split_ops);
}

/* INIT-19 */
static void test_the_first_ring_that_fits_is_chosen(void **state)
{
	(void)state;
	struct virtqueue_ops other = virtqueue_split_ops;
	other.feature = VIRTIO_F_RING_PACKED;
	fake.rings[0] = &other;
	fake.rings[1] = &virtqueue_split_ops;
	assert_int_equal(begin(0, 0, NULL), 0);
	assert_ptr_equal(fake.device.ring, &other);
	assert_true(fake.accepted & VIRTIO_F_RING_PACKED);
	fake.offered &= ~(uint64_t)VIRTIO_F_RING_PACKED;
	assert_int_equal(begin(0, 0, NULL), 0);
	assert_ptr_equal(fake.device.ring, &virtqueue_split_ops);
	fake.rings[1] = NULL;
	assert_int_equal(begin(0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("fake device: no kind of virtqueue"));
	assert_true(fake_platform_logged("it takes no split ring"));
	fake.rings[0] = NULL;
	assert_int_equal(begin(0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("it takes no other ring"));
}

static void test_a_ring_that_the_transport_cannot_carry_is_not_chosen(void **state)
{
	(void)state;
	struct virtqueue_ops other = virtqueue_split_ops;
	other.feature = VIRTIO_F_RING_PACKED;
	fake_transport_make_legacy(&fake);
	fake.rings[0] = &other;
	fake.rings[1] = &virtqueue_split_ops;
	assert_int_equal(begin(0, 0, NULL), 0);
	assert_ptr_equal(fake.device.ring, &virtqueue_split_ops);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_of_all_ones_only_what_is_known_is_accepted),
		TEST(test_of_all_ones_legacy_takes_any_layout_and_no_high_bits),
		TEST(test_nothing_is_accepted_that_is_not_offered),
		TEST(test_an_offer_that_changes_is_read_once),
		TEST(test_a_driver_cannot_ask_for_common_bits_that_nobody_handles),
		TEST(test_a_modern_device_without_version_1_is_refused),
		TEST(test_a_missing_required_feature_ends_the_attempt),
		TEST(test_a_feature_without_what_it_needs_is_left),
		TEST(test_a_required_feature_that_falls_to_a_rule_is_missing),
		TEST(test_access_platform_is_for_runtimes_that_map),
		TEST(test_rings_in_order_are_for_drivers_that_ask_for_them),
		TEST(test_the_first_ring_that_fits_is_chosen),
		TEST(test_a_ring_that_the_transport_cannot_carry_is_not_chosen),
	};
	/* Not over each ring: which one is chosen is what they look at. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
