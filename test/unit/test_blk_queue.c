/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_queue.c: requests, what is refused, and devices that lie. */
#include <string.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_attach(NULL);
	return 0;
}

/* The test has detached, or never attached, if it set this. */
static bool detached;

static int teardown(void **state)
{
	if (!detached)
		virtio_blk_detach(&blk, NULL, NULL);
	detached = false;
	return fake_platform_teardown(state);
}

/* Start over with a device that offers FEATURES, and a ring of SIZE entries. */
static void start(uint64_t features, uint16_t size)
{
	virtio_blk_detach(&blk, NULL, NULL);
	fake_blk_start(features);
	transport.queues[0].size = size;
	fake_blk_attach(NULL);
}

static const uint64_t feature_sets[] = {
	FAKE_BLK_FEATURES,
	FAKE_BLK_FEATURES & ~VIRTIO_F_INDIRECT_DESC,
	FAKE_BLK_FEATURES & ~VIRTIO_F_EVENT_IDX,
	FAKE_BLK_FEATURES & ~(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX),
	FAKE_BLK_FEATURES & ~VIRTIO_F_VERSION_1,
	(FAKE_BLK_FEATURES & ~VIRTIO_F_VERSION_1) | VIRTIO_F_ANY_LAYOUT,
};
#define FEATURE_SETS (sizeof feature_sets / sizeof feature_sets[0])

static void fill(const struct virtio_segment *segment, uint8_t first)
{
	uint8_t *bytes = segment->data;
	for (uint32_t i = 0; i < segment->length; i++)
		bytes[i] = (uint8_t)(first + i * 7);
}

static void test_what_is_written_is_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FEATURE_SETS; i++) {
		struct virtio_segment out, in;
		start(feature_sets[i], 64);
		struct virtio_blk_request write = fake_blk_request(VIRTIO_BLK_WRITE, 17, &out, 1536);
		struct virtio_blk_request read = fake_blk_request(VIRTIO_BLK_READ, 17, &in, 1536);
		fill(&out, (uint8_t)i);
		assert_int_equal(fake_blk_execute(&write), 0);
		assert_memory_equal(disk.medium[17], out.data, 1536);
		assert_int_equal(fake_blk_execute(&read), 0);
		assert_memory_equal(in.data, out.data, 1536);
	}
}

/* BLK-17, BLK-L1, ERR-03, RING-05: any cut of the data, the framing stays. */
static void test_scattered_data_arrives_in_order(void **state)
{
	(void)state;
	static const uint32_t cuts[][8] = {{1, 511}, {511, 1}, {3, 500, 9}, {512, 512}, {1, 1, 1, 1, 1, 1, 1, 505}};
	for (unsigned i = 0; i < sizeof cuts / sizeof cuts[0] * FEATURE_SETS; i++) {
		const uint32_t *cut = cuts[i / FEATURE_SETS];
		struct virtio_segment segments[8];
		uint16_t count = 0;
		start(feature_sets[i % FEATURE_SETS], 16);
		for (; count < 8 && cut[count]; count++) {
			segments[count] = fake_platform_buffer(cut[count]);
			fill(&segments[count], (uint8_t)count);
		}
		struct virtio_blk_request request = {
			.type = VIRTIO_BLK_WRITE, .sector = 5, .segments = segments, .segment_count = count};
		assert_int_equal(fake_blk_execute(&request), 0);
		request.type = VIRTIO_BLK_READ;
		for (unsigned n = 0; n < count; n++)
			memset(segments[n].data, 0, segments[n].length);
		assert_int_equal(fake_blk_execute(&request), 0);
		for (unsigned n = 0, at = 0; n < count; at += cut[n++])
			assert_memory_equal(segments[n].data, disk.medium[5] + at, cut[n]);
	}
}

/* BLK-04, BLK-06, BLK-L3 */
static void test_a_flush_has_no_data_and_sector_0(void **state)
{
	(void)state;
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH, .sector = 77};
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 1);
	assert_int_equal(disk.held[0].sector, 0);
	assert_int_equal(disk.held[0].buffer.count, 2);
	fake_disk_finish(&disk, 0);
	assert_int_equal(fake_blk_completed(&request), 0);
	assert_true(disk.flushed);
}

/* BLK-15 */
static void test_the_serial_number_is_20_bytes(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_SERIAL, 9, &segment, VIRTIO_BLK_ID_LENGTH);
	assert_int_equal(fake_blk_execute(&request), 0);
	assert_string_equal(segment.data, "fake disk");
	request = fake_blk_request(VIRTIO_BLK_SERIAL, 0, &segment, VIRTIO_BLK_ID_LENGTH - 1);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_INVALID);
	request = fake_blk_request(VIRTIO_BLK_SERIAL, 0, &segment, VIRTIO_BLK_ID_LENGTH + 1);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_INVALID);
	request.segment_count = 0;
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_INVALID);
}

/* BLK-19, HB-01: each status means what it means; what is none is an error, and is told once. */
static void test_the_status_decides(void **state)
{
	(void)state;
	static const struct {
		int status, result;
	} cases[] = {
		{VIRTIO_BLK_S_OK, 0},
		{VIRTIO_BLK_S_IOERR, VIRTIO_ERR_IO},
		{VIRTIO_BLK_S_UNSUPP, VIRTIO_ERR_UNSUPPORTED},
		{3, VIRTIO_ERR_PROTOCOL},
		{0x80, VIRTIO_ERR_PROTOCOL},
		{0xff, VIRTIO_ERR_PROTOCOL},
		{FAKE_DISK_UNTOUCHED, VIRTIO_ERR_PROTOCOL},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct virtio_segment segment;
		struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, 512);
		assert_int_equal(fake_blk_submit(&request), 1);
		fake_disk_take(&disk);
		fake_disk_claim(&disk, 0, cases[i].status, 513);
		assert_int_equal(fake_blk_completed(&request), cases[i].result);
	}
	assert_true(fake_platform_logged("fake device: a request is done with the impossible status 3"));
	assert_false(fake_platform_logged("status 255"));
}

/* The status of an earlier request must not be taken for that of a later one in the same place. */
static void test_each_request_starts_without_a_status(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, 512);
	assert_int_equal(fake_blk_execute(&request), 0);
	for (unsigned i = 0; i < 2 * 64; i++) {
		assert_int_equal(fake_blk_submit(&request), 1);
		fake_disk_take(&disk);
		fake_disk_claim(&disk, 0, FAKE_DISK_UNTOUCHED, 513);
		assert_int_equal(fake_blk_completed(&request), VIRTIO_ERR_PROTOCOL);
	}
}

/* HB-02, HB-03, BLK-L2: modern devices must tell how much they read, legacy ones cannot be relied on. */
static void test_a_short_read_fails_on_modern_devices(void **state)
{
	(void)state;
	static const struct {
		uint32_t length;
		int modern;
	} cases[] = {
		{0, VIRTIO_ERR_PROTOCOL},
		{1, VIRTIO_ERR_PROTOCOL},
		{1023, VIRTIO_ERR_PROTOCOL},
		{1024, 0},
		{1025, 0},
		{UINT32_MAX, 0},
	};
	for (unsigned i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		struct virtio_segment segment;
		bool modern = i % 2 == 0;
		start(modern ? FAKE_BLK_FEATURES : FAKE_BLK_FEATURES & ~VIRTIO_F_VERSION_1, 64);
		struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, 1024);
		assert_int_equal(fake_blk_submit(&request), 1);
		fake_disk_take(&disk);
		fake_disk_claim(&disk, 0, VIRTIO_BLK_S_OK, cases[i / 2].length);
		assert_int_equal(fake_blk_completed(&request), modern ? cases[i / 2].modern : 0);
	}
	assert_true(fake_platform_logged("fewer bytes"));
}

static void test_the_length_of_a_write_does_not_matter(void **state)
{
	(void)state;
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_WRITE, 0, &segment, 1024);
	assert_int_equal(fake_blk_submit(&request), 1);
	fake_disk_take(&disk);
	fake_disk_claim(&disk, 0, VIRTIO_BLK_S_OK, 0);
	assert_int_equal(fake_blk_completed(&request), 0);
}

#define MANY 300

static struct virtio_segment many_segments[MANY];
static struct virtio_blk_request many[MANY];
static struct virtio_blk_request *pointers[MANY];

static void make_many(void)
{
	for (unsigned i = 0; i < MANY; i++) {
		many[i] = fake_blk_request(VIRTIO_BLK_READ, i % FAKE_DISK_SECTORS, &many_segments[i], 512);
		pointers[i] = &many[i];
	}
}

/* BLK-20, RING-17 */
static void test_requests_finish_in_any_order(void **state)
{
	(void)state;
	uint32_t random = 1;
	make_many();
	for (unsigned round = 0; round < FEATURE_SETS; round++) {
		start(feature_sets[round], 256);
		int taken = virtio_blk_submit(&blk, pointers, 60);
		assert_int_equal(taken, 60);
		assert_int_equal(fake_disk_take(&disk), 60);
		for (unsigned left = 60; left; left--) {
			random = random * 1103515245 + 12345;
			unsigned index = fake_disk_next(&disk, (random >> 8) % left);
			uint64_t sector = disk.held[index].sector;
			fake_disk_finish(&disk, index);
			struct virtio_blk_request *done;
			assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
			assert_int_equal(done->sector, sector);
			assert_int_equal(done->result, 0);
			assert_memory_equal(done->segments[0].data, disk.medium[sector], 512);
		}
	}
}

static void test_a_burst_is_one_notification(void **state)
{
	(void)state;
	struct virtio_blk_request *done[MANY];
	make_many();
	for (unsigned i = 0; i < FEATURE_SETS; i++) {
		start(feature_sets[i], 256);
		assert_int_equal(transport.queues[0].notifications, 0);
		assert_int_equal(virtio_blk_submit(&blk, pointers, 80), 80);
		assert_int_equal(transport.queues[0].notifications, 1);
		assert_int_equal(fake_disk_serve(&disk), 80);
		assert_int_equal(virtio_blk_completed(&blk, done, MANY), 80);
		for (unsigned n = 0; n < 80; n++)
			assert_ptr_equal(done[n], &many[n]);
		assert_int_equal(virtio_blk_submit(&blk, pointers, 0), 0);
		assert_int_equal(transport.queues[0].notifications, 1);
	}
}

/* However many go in at once and come out at once, each comes back once. */
static void test_a_full_ring_takes_what_fits_and_goes_on_later(void **state)
{
	(void)state;
	static const uint16_t sizes[] = {4, 8, 64, 256};
	make_many();
	for (unsigned i = 0; i < 4 * FEATURE_SETS; i++) {
		uint16_t size = sizes[i % 4];
		start(feature_sets[i / 4], size);
		bool indirect = virtio_device_has(blk.device, VIRTIO_F_INDIRECT_DESC);
		unsigned room = indirect ? size : size / 3u;
		unsigned submitted = 0, back = 0;
		while (back < MANY) {
			int taken = virtio_blk_submit(&blk, pointers + submitted, MANY - submitted);
			assert_true(taken >= 0);
			submitted += (unsigned)taken;
			assert_int_equal(submitted - back, MANY - back < room ? MANY - back : room);
			fake_disk_take(&disk);
			fake_disk_finish(&disk, fake_disk_next(&disk, disk.held_count / 2));
			struct virtio_blk_request *done[3];
			assert_int_equal(virtio_blk_completed(&blk, done, 3), 1);
			assert_int_equal(done[0]->result, 0);
			done[0]->result = 1;
			back++;
		}
		for (unsigned n = 0; n < MANY; n++)
			assert_int_equal(many[n].result, 1);
		assert_int_equal(blk.queues[0].free_count, blk.queues[0].slot_count);
	}
}

/* More segments in a burst than the driver hands to the ring at once. */
static void test_a_burst_of_large_requests_goes_in_parts(void **state)
{
	(void)state;
	struct virtio_segment segments[FAKE_BLK_SEG_MAX];
	struct virtio_blk_request *done[30];
	make_many();
	for (unsigned i = 0; i < FAKE_BLK_SEG_MAX; i++)
		segments[i] = fake_platform_buffer(512);
	for (unsigned i = 0; i < 30; i++) {
		many[i].segments = segments;
		many[i].segment_count = (uint16_t)(1 + (i * 5) % FAKE_BLK_SEG_MAX);
	}
	assert_int_equal(virtio_blk_submit(&blk, pointers, 30), 30);
	assert_int_equal(transport.queues[0].notifications, 1);
	assert_int_equal(fake_disk_take(&disk), 30);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(disk.held[i].buffer.count, many[i].segment_count + 2);
	fake_disk_serve(&disk);
	assert_int_equal(virtio_blk_completed(&blk, done, 30), 30);
}

static uint32_t random_state;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

/* A read or a write of 1 to 4 sectors in up to SEG_MAX segments of random lengths; some of them past the end. */
static void make_random(struct virtio_blk_request *request, struct virtio_segment *segments)
{
	uint32_t left = 512 * (1 + random_below(4));
	uint16_t count = 0;

	for (; left; count++) {
		bool last = count + 1 == FAKE_BLK_SEG_MAX;
		uint32_t length = last ? left : 1 + random_below(left);
		segments[count] = fake_platform_buffer(length);
		fill(&segments[count], (uint8_t)random_below(256));
		left -= length;
	}
	*request = (struct virtio_blk_request){.type = random_below(2) ? VIRTIO_BLK_READ : VIRTIO_BLK_WRITE,
		.sector = random_below(FAKE_DISK_SECTORS + 1),
		.segments = segments,
		.segment_count = count};
}

/* Whether the disk has, at the request's sectors, what its segments have. */
static void assert_on_disk(const struct virtio_blk_request *request)
{
	const uint8_t *medium = (const uint8_t *)disk.medium + request->sector * 512;
	for (unsigned i = 0; i < request->segment_count; i++) {
		assert_memory_equal(request->segments[i].data, medium, request->segments[i].length);
		medium += request->segments[i].length;
	}
}

/* However requests are mixed and whenever they finish, each does what it says, and only that. */
static void test_random_requests_do_what_they_say(void **state)
{
	(void)state;
	static struct virtio_segment segments[32][FAKE_BLK_SEG_MAX];
	static struct virtio_blk_request requests[32];
	for (unsigned round = 0; round < 10 * FEATURE_SETS; round++) {
		unsigned in_flight = 0;
		random_state = round;
		start(feature_sets[round % FEATURE_SETS], 128);
		for (unsigned i = 0; i < 32; i++) {
			make_random(&requests[i], segments[i]);
			int result = fake_blk_submit(&requests[i]);
			assert_true(result == 1 || result == 0 || result == VIRTIO_ERR_NO_SPACE);
			in_flight += result == 1;
			fake_disk_take(&disk);
			while (disk.held_count && (random_below(3) == 0 || i == 31)) {
				struct virtio_blk_request *done;
				fake_disk_finish(&disk, fake_disk_next(&disk, random_below(disk.held_count)));
				assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
				assert_int_equal(done->result, 0);
				assert_on_disk(done);
				in_flight--;
			}
		}
		assert_int_equal(in_flight, 0);
	}
}

static void test_a_wrong_request_ends_the_burst_before_it(void **state)
{
	(void)state;
	make_many();
	many[20].sector = FAKE_DISK_SECTORS;
	assert_int_equal(virtio_blk_submit(&blk, pointers, 40), 20);
	assert_int_equal(virtio_blk_submit(&blk, pointers + 20, 20), VIRTIO_ERR_NO_SPACE);
	assert_int_equal(fake_disk_serve(&disk), 20);
}

static void test_a_request_in_flight_is_not_taken_again(void **state)
{
	(void)state;
	make_many();
	pointers[1] = &many[0];
	assert_int_equal(virtio_blk_submit(&blk, pointers, 2), 1);
	assert_int_equal(fake_blk_submit(&many[0]), VIRTIO_ERR_BUSY);
	assert_int_equal(fake_disk_serve(&disk), 1);
	assert_int_equal(fake_blk_completed(&many[0]), 0);
	assert_false(virtio_blk_in_flight(&many[0]));
	assert_int_equal(fake_blk_execute(&many[0]), 0);
}

/* HR-02: the slots are ours, so a lie about one request does no harm to another. */
static void test_a_lie_about_an_id_breaks_the_ring_and_nothing_else(void **state)
{
	(void)state;
	struct virtio_blk_request *done;
	make_many();
	assert_int_equal(virtio_blk_submit(&blk, pointers, 2), 2);
	fake_device_lie_used(&transport.queues[0].ring, 200, 513);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("fake device"));
	assert_int_equal(virtio_blk_submit(&blk, pointers + 2, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_blk_poll_config(&blk), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(blk.queues[0].free_count, blk.queues[0].slot_count - 2);
}

static unsigned handed_back;

static void count_back(void *context, struct virtio_blk_request *request)
{
	(void)context;
	assert_int_equal(request->result, VIRTIO_ERR_NO_DEVICE);
	handed_back++;
}

static void test_a_broken_ring_still_gives_its_requests_back(void **state)
{
	(void)state;
	struct virtio_blk_request *done;
	make_many();
	handed_back = 0;
	assert_int_equal(virtio_blk_submit(&blk, pointers, 50), 50);
	fake_device_break(&transport.queues[0].ring);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_blk_detach(&blk, count_back, NULL), 0);
	assert_int_equal(handed_back, 50);
	detached = true;
}

/* EVT-09 */
static void test_interrupts_are_asked_for_without_losing_one(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FEATURE_SETS; i++) {
		struct virtio_segment segment;
		start(feature_sets[i], 64);
		struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, 512);
		struct fake_device_ring *ring = &transport.queues[0].ring;
		assert_int_equal(fake_blk_execute(&request), 0);
		assert_int_equal(ring->interrupts, 0);
		assert_int_equal(fake_blk_submit(&request), 1);
		assert_false(virtio_blk_enable_interrupts(&blk));
		fake_disk_serve(&disk);
		assert_int_equal(ring->interrupts, 1);
		assert_true(virtio_blk_enable_interrupts(&blk));
		assert_int_equal(fake_blk_completed(&request), 0);
		virtio_blk_disable_interrupts(&blk);
		assert_int_equal(fake_blk_execute(&request), 0);
		assert_int_equal(ring->interrupts, 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_written_is_read_back),
		TEST(test_scattered_data_arrives_in_order),
		TEST(test_a_flush_has_no_data_and_sector_0),
		TEST(test_the_serial_number_is_20_bytes),
		TEST(test_the_status_decides),
		TEST(test_each_request_starts_without_a_status),
		TEST(test_a_short_read_fails_on_modern_devices),
		TEST(test_the_length_of_a_write_does_not_matter),
		TEST(test_requests_finish_in_any_order),
		TEST(test_a_burst_is_one_notification),
		TEST(test_a_full_ring_takes_what_fits_and_goes_on_later),
		TEST(test_a_burst_of_large_requests_goes_in_parts),
		TEST(test_random_requests_do_what_they_say),
		TEST(test_a_wrong_request_ends_the_burst_before_it),
		TEST(test_a_request_in_flight_is_not_taken_again),
		TEST(test_a_lie_about_an_id_breaks_the_ring_and_nothing_else),
		TEST(test_a_broken_ring_still_gives_its_requests_back),
		TEST(test_interrupts_are_asked_for_without_losing_one),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
