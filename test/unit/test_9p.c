/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/9p.c: messages to a file server and answers back, from honest devices and others. */
#include <string.h>
#include <virtio/9p.h>
#include <virtio/spec/9p.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_9P_F_MOUNT_TAG)
#define requestq (&fake.queues[0].ring)

static struct fake_transport fake;
static struct virtio_9p p9;

/* A request with its memory: a message of 20 bytes, room for an answer of 100. */
struct call {
	struct virtio_9p_request request;
	struct virtio_segment segments[4];
};
static struct call calls[8];

static void put_header(uint8_t *bytes, uint32_t length, uint16_t tag)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(length >> 8 * i);
	bytes[4] = 100;
	bytes[5] = (uint8_t)tag;
	bytes[6] = (uint8_t)(tag >> 8);
}

static struct virtio_9p_request *make(unsigned number, uint16_t tag)
{
	struct call *call = &calls[number];

	call->segments[0] = fake_platform_buffer(20);
	call->segments[1] = fake_platform_buffer(100);
	call->request = (struct virtio_9p_request){
		.segments = call->segments, .message_segments = 1, .answer_segments = 1, .context = call};
	put_header(call->segments[0].data, 20, tag);
	return &call->request;
}

static void put_tag(const char *tag, uint16_t length)
{
	uint8_t bytes[2] = {(uint8_t)length, (uint8_t)(length >> 8)};

	fake_transport_set_config(&fake, 0, bytes, 2);
	fake_transport_set_config(&fake, 2, tag, (uint32_t)strlen(tag));
}

static void start(uint64_t features)
{
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_9P, features);
	put_tag("share", 5);
}

static int attach(void)
{
	return virtio_9p_attach(&p9, &fake.device, NULL);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	start(FEATURES);
	assert_int_equal(attach(), 0);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(virtio_9p_detach(&p9, NULL, NULL), 0);
	assert_int_equal(fake_platform_live(), 0);
	return fake_platform_teardown(state);
}

static struct virtio_9p_request *completed(void)
{
	struct virtio_9p_request *done = NULL;

	assert_int_equal(virtio_9p_completed(&p9, &done), 1);
	return done;
}

/* The device answers BUFFER with a header that says LENGTH and TAG, of which it claims to have written WRITTEN. */
static void answer(const struct fake_device_buffer *buffer, uint32_t length, uint16_t tag, uint32_t written)
{
	uint8_t header[7];

	put_header(header, length, tag);
	fake_device_write(buffer, 0, header, sizeof header);
	fake_device_return(requestq, buffer, written);
}

/* P9-01 */
static void test_messages_go_out_and_answers_come_back(void **state)
{
	(void)state;
	static struct fake_device_buffer buffer;
	for (unsigned round = 0; round < 300; round++) {
		assert_int_equal(virtio_9p_submit(&p9, make(0, (uint16_t)round)), 1);
		assert_true(fake_device_take(requestq, &buffer));
		assert_int_equal(buffer.readable_bytes, 20);
		assert_int_equal(buffer.writable_bytes, 100);
		answer(&buffer, 50, (uint16_t)round, 50);
		struct virtio_9p_request *done = completed();
		assert_ptr_equal(done->context, &calls[0]);
		assert_int_equal(done->result, 0);
		assert_int_equal(done->answer_length, 50);
	}
}

/* P9-04 */
static void test_answers_come_in_any_order(void **state)
{
	(void)state;
	static struct fake_device_buffer buffers[8];
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(virtio_9p_submit(&p9, make(i, (uint16_t)(100 + i))), 1);
	for (unsigned i = 0; i < 8; i++)
		assert_true(fake_device_take(requestq, &buffers[i]));
	for (unsigned i = 0; i < 8; i++) {
		unsigned which = (i * 3 + 5) % 8;
		answer(&buffers[which], 7 + which, (uint16_t)(100 + which), 100);
		struct virtio_9p_request *done = completed();
		assert_ptr_equal(done->context, &calls[which]);
		assert_int_equal(done->answer_length, 7 + which);
	}
}

static void test_parts_may_have_several_segments(void **state)
{
	(void)state;
	static struct fake_device_buffer buffer;
	struct virtio_9p_request *request = make(0, 1);
	calls[0].segments[0].length = 7;
	calls[0].segments[1] = fake_platform_buffer(4000);
	calls[0].segments[2] = fake_platform_buffer(7);
	calls[0].segments[3] = fake_platform_buffer(8000);
	put_header(calls[0].segments[0].data, 4007, 1);
	request->message_segments = request->answer_segments = 2;
	assert_int_equal(virtio_9p_submit(&p9, request), 1);
	assert_true(fake_device_take(requestq, &buffer));
	assert_int_equal(buffer.readable_bytes, 4007);
	assert_int_equal(buffer.writable_bytes, 8007);
	answer(&buffer, 8007, 1, 8007);
	assert_int_equal(completed()->answer_length, 8007);
}

/* HT-01, HT-02: what the device says must fit what it did, and what was asked. */
static void test_answers_that_make_no_sense_fail(void **state)
{
	(void)state;
	static const struct {
		uint32_t length;
		uint16_t tag;
		uint32_t written;
	} cases[] = {
		{50, 7, 0},          /* nothing was written */
		{7, 7, 6},           /* not even a header */
		{6, 7, 50},          /* shorter than a header */
		{0, 7, 50},          /* likewise */
		{51, 7, 50},         /* longer than what was written */
		{101, 7, 101},       /* longer than the room */
		{UINT32_MAX, 7, 50}, /* much longer */
		{50, 8, 50},         /* to another message */
		{50, 0x0700, 50},    /* likewise */
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		static struct fake_device_buffer buffer;
		assert_int_equal(virtio_9p_submit(&p9, make(0, 7)), 1);
		assert_true(fake_device_take(requestq, &buffer));
		answer(&buffer, cases[i].length, cases[i].tag, cases[i].written);
		struct virtio_9p_request *done = completed();
		assert_int_equal(done->result, VIRTIO_ERR_PROTOCOL);
		assert_int_equal(done->answer_length, 0);
	}
	assert_true(fake_platform_logged("to tag 7"));
	assert_int_equal(fake_platform_log_count(), 2); /* one at attach, and one complaint */
}

/* P9-02 */
static void test_wrong_requests_are_refused(void **state)
{
	(void)state;
	struct virtio_9p_request *request = make(0, 1);
	request->message_segments = 0;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_INVALID);
	request = make(0, 1);
	request->answer_segments = 0;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_INVALID);
	request = make(0, 1);
	calls[0].segments[0].length = 6;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_INVALID);
	request = make(0, 1);
	calls[0].segments[1].length = 6;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_INVALID);
	request = make(0, 1);
	put_header(calls[0].segments[0].data, 21, 1);
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_INVALID);
	put_header(calls[0].segments[0].data, 19, 1);
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_INVALID);
	request = make(0, 1);
	calls[0].segments[1].length = (1u << 20) + 1;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_TOO_LARGE);
	request = make(0, 1);
	request->answer_segments = 32;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(fake_device_available(requestq), 0);
}

static void test_a_full_ring_takes_no_more(void **state)
{
	(void)state;
	static const struct virtio_9p_options options = {.ring_size = 4, .max_segments = 2, .max_message = 100};
	static struct fake_device_buffer buffer;
	assert_int_equal(virtio_9p_detach(&p9, NULL, NULL), 0);
	assert_int_equal(virtio_9p_attach(&p9, &fake.device, &options), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(virtio_9p_submit(&p9, make(i, (uint16_t)i)), 1);
	assert_int_equal(virtio_9p_submit(&p9, make(4, 4)), 0);
	assert_true(fake_device_take(requestq, &buffer));
	answer(&buffer, 7, 0, 7);
	assert_int_equal(completed()->result, 0);
	assert_int_equal(virtio_9p_submit(&p9, make(4, 4)), 1);
	calls[5].segments[1] = fake_platform_buffer(101);
	struct virtio_9p_request *request = make(5, 5);
	calls[5].segments[1].length = 101;
	assert_int_equal(virtio_9p_submit(&p9, request), VIRTIO_ERR_TOO_LARGE);
}

static void tag_becomes(const char *bytes, uint16_t length, const char *expected)
{
	assert_int_equal(virtio_9p_detach(&p9, NULL, NULL), 0);
	put_tag(bytes, length);
	assert_int_equal(attach(), 0);
	assert_string_equal(p9.tag, expected);
}

/* P9-03, HT-03 */
static void test_the_mount_tag_is_read_and_made_harmless(void **state)
{
	(void)state;
	assert_string_equal(p9.tag, "share");
	tag_becomes("share", 3, "sha");
	tag_becomes("\x1b[2J\xff", 5, "?[2J?");
	tag_becomes(" ~\x7f", 3, " ~?");
	tag_becomes("nothing", 0, "");
	static const char many[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
	tag_becomes(many, 70, "012345678901234567890123456789012345678901234567890123456789012");
	tag_becomes(many, 65535, "012345678901234567890123456789012345678901234567890123456789012");
	assert_int_equal(virtio_9p_detach(&p9, NULL, NULL), 0);
	fake_transport_set_config_length(&fake, 4);
	put_tag(many, 5);
	assert_int_equal(attach(), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), 0);
	start(VIRTIO_F_VERSION_1);
	fake_transport_forbid_config(&fake, 0, 64);
	assert_int_equal(attach(), 0);
	assert_string_equal(p9.tag, "");
}

static unsigned reclaimed;

static void reclaim(void *context, struct virtio_9p_request *request)
{
	assert_ptr_equal(context, &p9);
	assert_int_equal(request->result, VIRTIO_ERR_NO_DEVICE);
	reclaimed++;
}

static void test_detach_hands_requests_back(void **state)
{
	(void)state;
	static struct fake_device_buffer buffer;
	reclaimed = 0;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(virtio_9p_submit(&p9, make(i, (uint16_t)i)), 1);
	assert_true(fake_device_take(requestq, &buffer));
	assert_int_equal(virtio_9p_detach(&p9, reclaim, &p9), 0);
	assert_int_equal(reclaimed, 3);
	assert_int_equal(fake_platform_live(), 0);
	assert_int_equal(attach(), 0);
	assert_int_equal(virtio_9p_submit(&p9, make(0, 9)), 1);
	assert_true(fake_device_take(requestq, &buffer));
	answer(&buffer, 7, 9, 7);
	assert_int_equal(completed()->result, 0);
}

static void reclaim_stuck(void *context, struct virtio_9p_request *request)
{
	(void)context;
	assert_int_equal(request->result, VIRTIO_ERR_TIMEOUT);
	reclaimed++;
}

static void test_a_stuck_device_keeps_the_ring(void **state)
{
	(void)state;
	reclaimed = 0;
	assert_int_equal(virtio_9p_submit(&p9, make(0, 1)), 1);
	fake.never_resets = true;
	struct virtio_9p copy = p9;
	assert_int_equal(virtio_9p_detach(&p9, reclaim_stuck, NULL), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(reclaimed, 1);
	assert_int_equal(fake_platform_live(), 3);
	/* Only the test knows what is left. */
	fake_platform_forget_mapped();
	fake_device_detach(requestq);
	virtqueue_free(&copy.queue.ring);
}

static void test_interrupts_come_when_asked_for(void **state)
{
	(void)state;
	static struct fake_device_buffer buffer;
	assert_int_equal(virtio_9p_submit(&p9, make(0, 1)), 1);
	assert_false(virtio_9p_enable_interrupts(&p9));
	assert_true(fake_device_interrupts_wanted(requestq));
	assert_true(fake_device_take(requestq, &buffer));
	answer(&buffer, 7, 1, 7);
	assert_true(virtio_9p_enable_interrupts(&p9));
	virtio_9p_disable_interrupts(&p9);
	assert_false(fake_device_interrupts_wanted(requestq));
}

static void test_a_broken_ring_is_told(void **state)
{
	(void)state;
	struct virtio_9p_request *done;
	fake_device_lie_used(requestq, 999, 1);
	assert_int_equal(virtio_9p_completed(&p9, &done), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_9p_submit(&p9, make(0, 1)), VIRTIO_ERR_PROTOCOL);
}

static void test_attach_refuses_and_leaves_nothing_behind(void **state)
{
	(void)state;
	struct virtio_9p other;
	assert_int_equal(virtio_9p_attach(&other, &fake.device, NULL), VIRTIO_ERR_BUSY);
	assert_true(fake.status & VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(virtio_9p_detach(&p9, NULL, NULL), 0);
	fake.device.type = VIRTIO_ID_NET;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	fake.device.type = VIRTIO_ID_9P;
	fake.queues[0].size = 1;
	assert_int_equal(attach(), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), 0);
	fake.queues[0].size = 0;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	fake.queues[0].size = 128;
	for (unsigned nth = 1; nth <= 3; nth++) {
		fake_platform_fail_allocation(nth);
		assert_int_equal(attach(), VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
		assert_int_equal(fake.status, 0);
	}
	fake_platform_fail_allocation(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_messages_go_out_and_answers_come_back),
		TEST(test_answers_come_in_any_order),
		TEST(test_parts_may_have_several_segments),
		TEST(test_answers_that_make_no_sense_fail),
		TEST(test_wrong_requests_are_refused),
		TEST(test_a_full_ring_takes_no_more),
		TEST(test_the_mount_tag_is_read_and_made_harmless),
		TEST(test_detach_hands_requests_back),
		TEST(test_a_stuck_device_keeps_the_ring),
		TEST(test_interrupts_come_when_asked_for),
		TEST(test_a_broken_ring_is_told),
		TEST(test_attach_refuses_and_leaves_nothing_behind),
	};
	return fake_transport_run_over_rings(tests);
}
