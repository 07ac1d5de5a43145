/* SPDX-License-Identifier: ISC */
/*
 * Rings that are used in order (VIRTIO 2.7.9, 2.8.9): batches with one record, and devices that break their promise.
 * The rest of these rings is that of the others, whose tests it passes here too.
 */
#include <string.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The device's ends, with the library's ends that rely on the order. */
static struct fake_device_ops kinds[2];

static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX};

static void open_kind(struct ring_pair *pair, unsigned kind, uint16_t size, uint64_t features)
{
	kinds[0] = fake_device_split;
	kinds[0].driver_end = &virtqueue_split_in_order_ops;
	kinds[1] = fake_device_packed;
	kinds[1].driver_end = &virtqueue_packed_in_order_ops;
	kinds[0].features |= VIRTIO_F_IN_ORDER;
	kinds[1].features |= VIRTIO_F_IN_ORDER;
	ring_pair_open(pair, &kinds[kind], size, 4, features);
}

static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Buffers of any shape in batches of any length, taken in any portions: each comes back once, in order. */
static void batches(struct ring_pair *pair)
{
	static struct fake_device_buffer held[16];
	uint16_t writable_of[1000];
	bool told_of[1000];
	uint32_t seed = 1;
	uintptr_t sent = 0, taken = 0, back = 0;

	while (back < COUNT(told_of)) {
		struct virtqueue_used used[5];
		unsigned batch = 0;
		int got;

		while (sent < COUNT(told_of) && next_random(&seed) % 4) {
			uint16_t writable = (uint16_t)(next_random(&seed) % 3);

			if (ring_pair_add(pair, ring_pair_token(sent + 1), 1, writable) != 1)
				break;
			writable_of[sent++] = (uint16_t)(writable * 16);
		}
		if (next_random(&seed) % 2)
			(void)!virtqueue_publish(&pair->vq);
		for (unsigned limit = next_random(&seed) % 6; batch < limit; batch++) {
			if (!fake_device_take(&pair->device, &held[batch]))
				break;
			told_of[taken++] = false;
		}
		if (batch) {
			told_of[taken - 1] = true;
			fake_device_put_batch(&pair->device, held, batch, 7);
			fake_device_publish(&pair->device);
		}
		if (next_random(&seed) % 3 == 0) {
			void *tokens[COUNT(used)];

			got = virtqueue_get_tokens(&pair->vq, tokens, 1 + next_random(&seed) % COUNT(used));
			assert_true(got >= 0);
			for (int i = 0; i < got; i++)
				assert_ptr_equal(tokens[i], ring_pair_token(++back));
			continue;
		}
		got = virtqueue_get(&pair->vq, used, 1 + next_random(&seed) % COUNT(used));
		assert_true(got >= 0);
		for (int i = 0; i < got; i++, back++) {
			uint32_t full = writable_of[back];

			assert_ptr_equal(used[i].token, ring_pair_token(back + 1));
			assert_int_equal(used[i].length, told_of[back] && full > 7 ? 7 : full);
		}
	}
	assert_int_equal(pair->vq.free_count, pair->vq.size);
}

/* ORD-01, ORD-02, ORD-03, ORD-04, ORD-05, ORD-06, IND-09: the fake device checks where descriptors lie. */
static void test_batches_come_back_whole_and_in_order(void **state)
{
	static const uint16_t sizes[] = {8, 16, 7, 100};

	(void)state;
	for (unsigned i = 0; i < 2 * COUNT(sets) * COUNT(sizes); i++) {
		uint16_t size = sizes[i / 2 % COUNT(sizes)];
		struct ring_pair pair;

		if (i % 2 == 0 && size & (size - 1))
			continue;
		open_kind(&pair, i % 2, size, sets[i / 2 / COUNT(sizes)]);
		batches(&pair);
		ring_pair_close(&pair);
	}
}

/* ORD-07, HI-02, HI-03: only what the device holds, and nothing older than what it told of before */
static void test_an_id_out_of_order_breaks_the_ring(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		for (uint32_t id = 0; id < 10; id++) {
			struct virtqueue_used used[8];
			struct ring_pair pair;

			open_kind(&pair, kind, 8, 0);
			for (unsigned i = 0; i < 4; i++)
				(void)!ring_pair_send(&pair, ring_pair_token(i + 1));
			ring_pair_serve(&pair, 0);
			assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(1));
			assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1); /* slot 4: not published */
			fake_device_lie_used(&pair.device, id, 0);
			if (kind == 0 && id > 1 && id < 4) /* split: one step of the index, and a batch of several */
				assert_int_equal(virtqueue_get(&pair.vq, used, 8), VIRTIO_ERR_PROTOCOL);
			else if (id >= 1 && id < 4)
				assert_int_equal(virtqueue_get(&pair.vq, used, 8), id);
			else
				assert_int_equal(virtqueue_get(&pair.vq, used, 8), VIRTIO_ERR_PROTOCOL);
			if (!pair.vq.fault) {
				if (kind == 1)
					fake_device_lie_slots(&pair.device, (int)id - 1);
				fake_device_lie_used(&pair.device, 1, 0); /* again */
				assert_int_equal(virtqueue_get(&pair.vq, used, 8), VIRTIO_ERR_PROTOCOL);
			}
			/* And so it stays. */
			assert_int_equal(virtqueue_get(&pair.vq, used, 8), VIRTIO_ERR_PROTOCOL);
			assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
			ring_pair_close(&pair);
		}
	}
}

static void test_more_than_the_device_holds_breaks_the_ring(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		struct virtqueue_used used;
		struct ring_pair pair;

		open_kind(&pair, kind, 8, 0);
		assert_int_equal(virtqueue_get(&pair.vq, &used, 1), 0);
		fake_device_lie_used(&pair.device, 0, 0);
		assert_int_equal(virtqueue_get(&pair.vq, &used, 1), VIRTIO_ERR_PROTOCOL);
		ring_pair_close(&pair);
	}
}

/* A batch that was taken in part is a reason not to sleep, and so is one that has not been looked at. */
static void test_no_wakeup_is_lost_within_a_batch(void **state)
{
	static struct fake_device_buffer held[3];

	(void)state;
	for (unsigned i = 0; i < 2 * COUNT(sets); i++) {
		struct ring_pair pair;

		open_kind(&pair, i % 2, 8, sets[i / 2]);
		for (unsigned lap = 0; lap < 10; lap++) {
			for (unsigned n = 0; n < 4; n++)
				(void)!ring_pair_send(&pair, &pair);
			for (unsigned n = 0; n < 3; n++)
				assert_true(fake_device_take(&pair.device, &held[n]));
			fake_device_put_batch(&pair.device, held, 3, 0);
			fake_device_publish(&pair.device);
			assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
			for (unsigned n = 0; n < 3; n++) {
				ring_pair_get(&pair, NULL);
				assert_int_equal(virtqueue_enable_interrupts(&pair.vq, 1), n < 2);
			}
			assert_true(ring_pair_serve(&pair, 0));
			ring_pair_get(&pair, NULL);
			virtqueue_disable_interrupts(&pair.vq);
		}
		ring_pair_close(&pair);
	}
}

static void test_a_restart_begins_a_new_order(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		static struct fake_device_buffer held[2];
		struct ring_pair pair;

		open_kind(&pair, kind, 8, 0);
		for (unsigned i = 0; i < 3; i++)
			(void)!ring_pair_send(&pair, ring_pair_token(i + 1));
		for (unsigned n = 0; n < 2; n++)
			assert_true(fake_device_take(&pair.device, &held[n]));
		fake_device_put_batch(&pair.device, held, 2, 0);
		fake_device_publish(&pair.device);
		assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(1));
		fake_device_detach(&pair.device);
		assert_ptr_equal(virtqueue_take_back(&pair.vq), ring_pair_token(2));
		assert_ptr_equal(virtqueue_take_back(&pair.vq), ring_pair_token(3));
		assert_null(virtqueue_take_back(&pair.vq));
		virtqueue_restart(&pair.vq);
		fake_device_attach(&pair.device, pair.kind, &pair.vq.addresses, 8, pair.kind->features);
		for (unsigned i = 0; i < 20; i++) {
			(void)!ring_pair_send(&pair, &pair);
			ring_pair_serve(&pair, 0);
			assert_ptr_equal(ring_pair_get(&pair, NULL), &pair);
		}
		ring_pair_close(&pair);
	}
}

/* ORD-05: the block driver takes such rings where it is offered them, and does without the lengths. */
static void test_a_disk_that_keeps_the_order_is_driven_in_order(void **state)
{
	static const struct virtqueue_ops *const rings[] = {
		&virtqueue_split_in_order_ops, &virtqueue_packed_in_order_ops};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct virtio_segment out, in;

		fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_F_IN_ORDER | VIRTIO_F_RING_PACKED);
		fake_blk.transport.rings[0] = rings[i];
		fake_blk_attach(NULL);
		assert_ptr_equal(fake_blk.transport.device.ring, rings[i]);
		for (uint64_t n = 0; n < 200; n++) {
			struct virtio_blk_request write = fake_blk_request(VIRTIO_BLK_WRITE, n % 8, &out, 512);
			struct virtio_blk_request read = fake_blk_request(VIRTIO_BLK_READ, n % 8, &in, 512);

			memset(out.data, (int)n, 512);
			assert_int_equal(fake_blk_execute(&write), 0);
			assert_int_equal(fake_blk_execute(&read), 0);
			assert_memory_equal(in.data, out.data, 512);
		}
		fake_blk_detach();
	}
}

/* COUNT frames come, go out as they are, and are told of with one record; then they are used to receive again. */
static void echo_burst(uint8_t seed, unsigned count)
{
	static struct fake_device_buffer held[8];
	struct virtio_net_frame *frames[8];

	for (uint8_t i = 0; i < count; i++)
		fake_net_deliver((uint8_t)(seed + i), 60u + i);
	assert_int_equal(virtio_net_receive(&fake_net.net, frames, 8), count);
	for (uint8_t i = 0; i < count; i++) {
		assert_int_equal(frames[i]->length, 60 + i);
		assert_true(fake_net_made_of(virtio_net_frame_data(frames[i]), (uint8_t)(seed + i), 60u + i));
	}
	assert_int_equal(virtio_net_transmit(&fake_net.net, frames, count), count);
	for (unsigned i = 0; i < count; i++)
		assert_true(fake_device_take(fake_net_transmitq(), &held[i]));
	fake_device_put_batch(fake_net_transmitq(), held, count, 0);
	fake_device_publish(fake_net_transmitq());
	assert_int_equal(virtio_net_transmitted(&fake_net.net, frames, 8), count);
	assert_int_equal(virtio_net_release(&fake_net.net, frames, count), count);
}

/* ORD-02, ORD-03: where the runtime wants that; lengths of frames that come are told of one by one. */
static void test_a_network_that_keeps_the_order_is_driven_in_order_on_demand(void **state)
{
	static const struct virtqueue_ops *const rings[] = {
		&virtqueue_split_in_order_ops, &virtqueue_packed_in_order_ops};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct virtio_net_options options = {.wanted = i < 2 ? VIRTIO_F_IN_ORDER : 0, .ring_size = 16};

		fake_net_start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_IN_ORDER | VIRTIO_F_RING_PACKED);
		fake_net.transport.rings[0] = rings[i % 2];
		fake_net.transport.rings[1] = &virtqueue_split_ops;
		fake_net_attach(&options);
		assert_ptr_equal(fake_net.transport.device.ring, i < 2 ? rings[i] : &virtqueue_split_ops);
		for (unsigned n = 0; i < 2 && n < 200; n++)
			echo_burst((uint8_t)n, 1 + n % 8);
		fake_net_detach();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_batches_come_back_whole_and_in_order),
		TEST(test_an_id_out_of_order_breaks_the_ring),
		TEST(test_more_than_the_device_holds_breaks_the_ring),
		TEST(test_no_wakeup_is_lost_within_a_batch),
		TEST(test_a_disk_that_keeps_the_order_is_driven_in_order),
		TEST(test_a_network_that_keeps_the_order_is_driven_in_order_on_demand),
		TEST(test_a_restart_begins_a_new_order),
	};

	/* Not over each ring: these are two of their own. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
