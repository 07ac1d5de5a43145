/* SPDX-License-Identifier: ISC */
/* Buffers of one segment through every kind of virtqueue (VIRTIO 2.6): the short way in, and tokens alone back. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#define BURST 16

static struct virtqueue_single singles[BURST];
static struct fake_device_buffer taken;

/* COUNT singles of different lengths anywhere in the pair's memory, with their own addresses for tokens. */
static void prepare(const struct ring_pair *pair, unsigned count, unsigned round)
{
	for (unsigned i = 0; i < count; i++)
		singles[i] = (struct virtqueue_single){
			ring_pair_segment(pair, 64 * i + round % 7, 1 + (round + i) % 60), &singles[i]};
}

/* The device gets COUNT of them as they were sent, and says that it wrote more than it could. */
static void serve(struct ring_pair *pair, unsigned count, bool writable)
{
	for (unsigned i = 0; i < count; i++) {
		assert_true(fake_device_take(&pair->device, &taken));
		assert_int_equal(taken.count, 1);
		assert_int_equal(taken.elements[0].address, singles[i].segment.device_address);
		assert_int_equal(taken.elements[0].length, singles[i].segment.length);
		assert_int_equal(taken.elements[0].writable, writable);
		fake_device_put(&pair->device, &taken, UINT32_MAX);
	}
	assert_false(fake_device_take(&pair->device, &taken));
	fake_device_publish(&pair->device);
}

static void assert_used(struct ring_pair *pair, unsigned count, bool writable)
{
	struct virtqueue_used used[BURST];

	assert_int_equal(virtqueue_get(&pair->vq, used, BURST), count);
	for (unsigned i = 0; i < count; i++) {
		assert_ptr_equal(used[i].token, &singles[i]);
		assert_int_equal(used[i].length, writable ? singles[i].segment.length : 0);
	}
}

static void assert_tokens(struct ring_pair *pair, unsigned count)
{
	void *tokens[BURST];

	assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, BURST), count);
	for (unsigned i = 0; i < count; i++)
		assert_ptr_equal(tokens[i], &singles[i]);
	assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, BURST), 0);
}

/* Bursts of every length, so that they cross the ring's end anywhere, and end in a full ring. */
static void bursts(struct ring_pair *pair)
{
	for (unsigned round = 0; round < 400; round++) {
		unsigned count = 1 + round % BURST;
		unsigned fit = count < pair->vq.size ? count : pair->vq.size;
		bool writable = round / BURST % 2;

		prepare(pair, count, round);
		assert_int_equal(virtqueue_add_singles(&pair->vq, singles, count, writable), fit);
		assert_int_equal(fake_device_available(&pair->device), 0);
		assert_true(virtqueue_publish(&pair->vq));
		serve(pair, fit, writable);
		if (round / BURST % 3)
			assert_tokens(pair, fit);
		else
			assert_used(pair, fit, writable);
		assert_int_equal(pair->vq.free_count, pair->vq.size);
	}
}

static void test_singles_arrive_as_they_were_sent(void **state)
{
	(void)state;
	/* RING-05, RING-11, RING-12, RING-13, RING-14, HP-03 */
	ring_pair_over_all(1, 1, bursts);
	ring_pair_over_all(8, 2, bursts);
	ring_pair_over_all(64, 2, bursts);
	/* PKD-02, PKD-06 */
	ring_pair_over_all(7, 2, bursts);
	ring_pair_over_all(100, 2, bursts);
}

/* Several segments between singles: tokens come back in order, and each descriptor is free again. */
static void mixed(struct ring_pair *pair)
{
	for (unsigned round = 0; round < 50; round++) {
		void *tokens[BURST];

		prepare(pair, 4, round);
		assert_int_equal(virtqueue_add_singles(&pair->vq, singles, 2, round % 2), 2);
		assert_int_equal(ring_pair_add(pair, &taken, 2, 1), 1);
		assert_int_equal(virtqueue_add_singles(&pair->vq, singles + 2, 2, round % 2), 2);
		assert_true(virtqueue_publish(&pair->vq));
		for (unsigned i = 0; i < 5; i++)
			ring_pair_serve(pair, 0);
		assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, 4), 4);
		assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens + 4, 4), 1);
		for (unsigned i = 0; i < 5; i++)
			assert_ptr_equal(tokens[i], i == 2 ? (void *)&taken : (void *)&singles[i < 2 ? i : i - 1]);
		assert_int_equal(pair->vq.free_count, pair->vq.size);
	}
}

static void test_tokens_of_longer_buffers_come_back_between_singles(void **state)
{
	(void)state;
	/* RING-15, RING-17 */
	ring_pair_over_all(8, 3, mixed);
	/* PKD-13 */
	ring_pair_over_all(11, 3, mixed);
}

static void full_and_broken(struct ring_pair *pair)
{
	void *tokens[BURST];

	prepare(pair, 8, 0);
	assert_int_equal(virtqueue_add_singles(&pair->vq, singles, 0, false), 0);
	assert_int_equal(virtqueue_add_singles(&pair->vq, singles, 8, false), 8);
	assert_int_equal(virtqueue_add_singles(&pair->vq, singles, 1, false), 0);
	assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, BURST), 0);
	assert_true(virtqueue_publish(&pair->vq));
	ring_pair_serve(pair, 0);
	fake_device_break(&pair->device);
	(void)!virtqueue_get_tokens(&pair->vq, tokens, BURST); /* what came before it */
	assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, BURST), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtqueue_add_singles(&pair->vq, singles, 1, false), VIRTIO_ERR_PROTOCOL);
}

static void test_a_broken_ring_takes_and_gives_no_singles(void **state)
{
	(void)state;
	ring_pair_over_all(8, 1, full_and_broken);
}

/* What came before a lie is given back first; then the lie is told. HR-01 HR-02 HP-01 */
static void lied_to(struct ring_pair *pair)
{
	static const uint32_t ids[] = {0xffff, 8, 0}; /* out of range twice, and one that came back already */
	void *tokens[BURST];

	for (unsigned i = 0; i < 3; i++) {
		prepare(pair, 4, i);
		assert_int_equal(virtqueue_add_singles(&pair->vq, singles, 4, true), 4);
		assert_true(virtqueue_publish(&pair->vq));
		assert_true(fake_device_take(&pair->device, &taken));
		fake_device_return(&pair->device, &taken, 1);
		fake_device_lie_used(&pair->device, ids[i] ? ids[i] : taken.id, 1);
		assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, BURST), 1);
		assert_ptr_equal(tokens[0], &singles[0]);
		assert_int_equal(virtqueue_get_tokens(&pair->vq, tokens, BURST), VIRTIO_ERR_PROTOCOL);
		assert_non_null(pair->vq.fault);
		fake_device_detach(&pair->device);
		for (unsigned back = 1; back < 4; back++)
			assert_non_null(virtqueue_take_back(&pair->vq));
		assert_null(virtqueue_take_back(&pair->vq));
		virtqueue_restart(&pair->vq);
		fake_device_attach(&pair->device, pair->kind, &pair->vq.addresses, 8, 0);
	}
}

static void test_an_id_that_cannot_be_breaks_the_ring_after_the_tokens_before_it(void **state)
{
	(void)state;
	for (const struct fake_device_ops *const *kind = fake_device_rings; *kind; kind++) {
		struct ring_pair pair;

		ring_pair_open(&pair, *kind, 8, 1, 0);
		lied_to(&pair);
		ring_pair_close(&pair);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_singles_arrive_as_they_were_sent),
		TEST(test_tokens_of_longer_buffers_come_back_between_singles),
		TEST(test_a_broken_ring_takes_and_gives_no_singles),
		TEST(test_an_id_that_cannot_be_breaks_the_ring_after_the_tokens_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
