/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/vsock_receive.c: what packets do, those that are right and those that are not. */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/vsock.h"

#define vsock fake_vsock.vsock
#define say fake_vsock_say
#define expect fake_vsock_expect
#define RST VIRTIO_VSOCK_OP_RST
#define RW VIRTIO_VSOCK_OP_RW

static uint8_t bytes[FAKE_VSOCK_WINDOW * 2];
static struct virtio_vsock_connection *connection;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_vsock_start(VIRTIO_F_VERSION_1);
	fake_vsock_attach();
	connection = fake_vsock_connected();
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 5 + (i >> 8));
	return 0;
}

static int teardown(void **state)
{
	fake_vsock_detach();
	return fake_platform_teardown(state);
}

static void poll(int packets)
{
	assert_int_equal(virtio_vsock_poll(&vsock), packets);
}

/* The connection was ended, and the other side is told. */
static void assert_ended(void)
{
	expect(1234, connection->port, RST);
	assert_int_equal(connection->state, VIRTIO_VSOCK_ENDED);
	virtio_vsock_close(connection);
	fake_vsock_expect_nothing();
	connection = fake_vsock_connected();
}

/* Byte AT of a stream: another one a window later. */
static uint8_t stream_byte(uint32_t at)
{
	return (uint8_t)(at * 11 + (at >> 10) * 7);
}

/* Windows are rings: data goes around their end, in portions of any size. */
static void test_data_comes_out_as_it_went_in(void **state)
{
	(void)state;
	uint8_t got[FAKE_VSOCK_WINDOW];
	uint32_t in = 0, out = 0;
	for (unsigned round = 0; round < 200; round++) {
		uint32_t length = 1 + round * 37 % 250;
		uint8_t data[256];
		for (uint32_t i = 0; i < length; i++)
			data[i] = stream_byte(in + i);
		say(1234, connection->port, RW, 0, data, length);
		poll(1);
		in += length;
		while (out + 300 < in || (round % 3 == 0 && out < in)) {
			int count = virtio_vsock_receive(connection, got, 1 + round % 97);
			assert_true(count > 0);
			for (int i = 0; i < count; i++)
				assert_int_equal(got[i], stream_byte(out + (uint32_t)i));
			out += (uint32_t)count;
		}
		while (fake_vsock_take())
			continue;
	}
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
}

/* HV-02: up to the last byte of the window, and not one more. */
static void test_who_exceeds_the_window_is_disconnected(void **state)
{
	(void)state;
	uint8_t got[FAKE_VSOCK_WINDOW];
	for (unsigned i = 0; i < 4; i++)
		say(1234, connection->port, RW, 0, bytes + i * 256, 256);
	poll(4);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	say(1234, connection->port, RW, 0, "x", 1);
	poll(1);
	expect(1234, connection->port, RST);
	assert_int_equal(connection->state, VIRTIO_VSOCK_ENDED);
	assert_int_equal(virtio_vsock_receive(connection, got, sizeof got), FAKE_VSOCK_WINDOW);
	assert_memory_equal(got, bytes, FAKE_VSOCK_WINDOW);
	assert_true(virtio_vsock_at_end(connection));
}

/* HV-01 */
static void test_lengths_that_the_device_did_not_write_end_the_connection(void **state)
{
	(void)state;
	static const struct {
		uint32_t length, said;
	} cases[] = {{11, 44 + 10}, {10, 44}, {257, 44 + 256}, {UINT32_MAX, 44 + 4}, {UINT32_MAX - 43, UINT32_MAX},
		{300, UINT32_MAX}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct virtio_vsock_hdr header = fake_vsock_header(1234, connection->port, RW);
		header.len = le32_from(cases[i].length);
		fake_vsock_say_lie(&header, bytes, 10, cases[i].said);
		poll(1);
		assert_ended();
	}
	/* More was written than counts: only what the header says is data. */
	struct virtio_vsock_hdr header = fake_vsock_header(1234, connection->port, RW);
	header.len = le32_from(3);
	fake_vsock_say_lie(&header, "abcdef", 6, 44 + 6);
	poll(1);
	assert_int_equal(virtio_vsock_receive(connection, bytes, 10), 3);
}

/* VSK-06 */
static void test_unknown_types_are_answered_with_a_reset(void **state)
{
	(void)state;
	static const uint16_t types[] = {0, 2, 3, 0xffff};
	for (unsigned i = 0; i < 4; i++) {
		struct virtio_vsock_hdr header = fake_vsock_header(1234, connection->port, RW);
		header.type = le16_from(types[i]);
		fake_vsock_say_lie(&header, NULL, 0, 44);
		poll(1);
		expect(1234, connection->port, RST);
		assert_int_equal(le16_to(fake_vsock.header.type), types[i]);
		assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	}
}

/* HV-05 */
static void test_a_reset_is_never_answered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct virtio_vsock_hdr header = fake_vsock_header(1, 2, RST);
		header.type = le16_from((uint16_t)(i % 3));
		fake_vsock_say_lie(&header, NULL, 0, 44);
		poll(1);
	}
	fake_vsock_expect_nothing();
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
}

/* HV-05 */
static void test_packets_for_others_do_nothing(void **state)
{
	(void)state;
	struct virtio_vsock_hdr header = fake_vsock_header(1234, connection->port, RST);
	header.dst_cid = le64_from(FAKE_VSOCK_CID + 1);
	fake_vsock_say_lie(&header, NULL, 0, 44);
	header.dst_cid = le64_from(FAKE_VSOCK_CID | UINT64_C(1) << 32);
	fake_vsock_say_lie(&header, NULL, 0, 44);
	poll(2);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	assert_true(fake_platform_logged("another machine"));
	header = fake_vsock_header(1234, connection->port, RST);
	header.src_cid = le64_from(3);
	fake_vsock_say_lie(&header, NULL, 0, 44);
	say(1235, connection->port, RST, 0, NULL, 0);
	say(1234, connection->port + 1, RST, 0, NULL, 0);
	poll(3);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	fake_vsock_expect_nothing();
	header = fake_vsock_header(1234, connection->port, RW);
	header.src_cid = le64_from(3);
	fake_vsock_say_lie(&header, NULL, 0, 44);
	poll(1);
	expect(1234, connection->port, RST);
	assert_int_equal(le64_to(fake_vsock.header.dst_cid), 3);
}

/* HV-05 */
static void test_packets_that_do_not_fit_the_state_change_nothing_or_end_it(void **state)
{
	(void)state;
	say(1234, connection->port, VIRTIO_VSOCK_OP_REQUEST, 0, NULL, 0);
	say(1234, connection->port, VIRTIO_VSOCK_OP_RESPONSE, 0, NULL, 0);
	poll(2);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	fake_vsock_expect_nothing();
	static const uint16_t ops[] = {0, 8, 0xffff};
	for (unsigned i = 0; i < 3; i++) {
		say(1234, connection->port, ops[i], 0, NULL, 0);
		poll(1);
		assert_ended();
	}
	say(1234, connection->port, VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND, NULL, 0);
	say(1234, connection->port, RW, 0, "x", 1);
	poll(2);
	assert_ended();
	struct virtio_vsock_connection *calling;
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 7, &calling), 0);
	expect(7, calling->port, VIRTIO_VSOCK_OP_REQUEST);
	say(7, calling->port, RW, 0, "x", 1);
	poll(1);
	expect(7, calling->port, RST);
	assert_int_equal(calling->state, VIRTIO_VSOCK_ENDED);
}

/* HV-05: data before anybody has answered. */
static void test_a_caller_that_does_not_wait_is_refused(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener, *caller;
	assert_int_equal(virtio_vsock_listen(&vsock, 80, 3, &listener), 0);
	say(5, 80, VIRTIO_VSOCK_OP_REQUEST, 0, NULL, 0);
	say(5, 80, VIRTIO_VSOCK_OP_REQUEST, 0, NULL, 0);
	say(5, 80, RW, 0, "x", 1);
	poll(3);
	expect(5, 80, RST);
	fake_vsock_expect_nothing();
	assert_int_equal(virtio_vsock_accept(listener, &caller), 0);
	for (unsigned i = 2; i < FAKE_VSOCK_PLACES; i++)
		assert_int_equal(fake_vsock.table[i].state, VIRTIO_VSOCK_FREE);
}

/* HV-04: whatever comes, one poll takes no more than the ring holds, and the table is all that fills up. */
static void test_a_flood_of_anything_is_survived(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener;
	uint32_t random = 1;
	assert_int_equal(virtio_vsock_listen(&vsock, 80, 2, &listener), 0);
	for (unsigned round = 0; round < 5000; round++) {
		struct virtio_vsock_hdr header;
		uint32_t values[11];
		for (unsigned i = 0; i < 11; i++)
			values[i] = random = random * 1664525 + 1013904223;
		header = fake_vsock_header(values[0] >> 30, values[1] >> 31 ? 80 : connection->port, 0);
		header.op = le16_from((uint16_t)(values[2] >> 29));
		header.flags = le32_from(values[3] >> 30);
		header.len = le32_from(values[4] >> 23);
		header.buf_alloc = le32_from(values[5]);
		header.fwd_cnt = le32_from(values[6]);
		if (values[7] >> 31)
			header.src_port = le32_from(1234);
		fake_vsock_say_lie(&header, bytes, values[8] >> 24, 44 + (values[8] >> 24));
		assert_in_range(virtio_vsock_poll(&vsock), 0, 64);
		if (connection->state == VIRTIO_VSOCK_ENDED) {
			virtio_vsock_close(connection);
			while (fake_vsock_take())
				continue;
			poll(0);
			assert_int_equal(virtio_vsock_connect(&vsock, 2, 1234, &connection), 0);
		}
		assert_true(virtio_vsock_receive(connection, bytes, values[9] >> 24) >= 0);
		assert_true(virtio_vsock_send(connection, bytes, values[10] >> 24) >= VIRTIO_ERR_IO);
		while (fake_vsock_take())
			continue;
	}
	assert_int_equal(listener->state, VIRTIO_VSOCK_LISTENING);
	poll(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_data_comes_out_as_it_went_in),
		TEST(test_who_exceeds_the_window_is_disconnected),
		TEST(test_lengths_that_the_device_did_not_write_end_the_connection),
		TEST(test_unknown_types_are_answered_with_a_reset),
		TEST(test_a_reset_is_never_answered),
		TEST(test_packets_for_others_do_nothing),
		TEST(test_packets_that_do_not_fit_the_state_change_nothing_or_end_it),
		TEST(test_a_caller_that_does_not_wait_is_refused),
		TEST(test_a_flood_of_anything_is_survived),
	};
	return fake_transport_run_over_rings(tests);
}
