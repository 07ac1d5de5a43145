/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/vsock_transmit.c: data as far as there is room, and packets that are owed. */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/vsock.h"

#define vsock fake_vsock.vsock
#define transport fake_vsock.transport
#define say fake_vsock_say
#define RW VIRTIO_VSOCK_OP_RW

#define LARGEST (FAKE_VSOCK_PACKET - VIRTIO_VSOCK_HEADER)

static uint8_t bytes[20000];

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_vsock_start(VIRTIO_F_VERSION_1);
	fake_vsock_attach();
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 3 + (i >> 8));
	return 0;
}

static int teardown(void **state)
{
	fake_vsock_detach();
	return fake_platform_teardown(state);
}

/* Take data packets until there are none; they must go on at *AT. */
static void collect(uint32_t *at)
{
	uint16_t op;

	while ((op = fake_vsock_take()) != 0) {
		if (op != RW)
			continue;
		assert_memory_equal(fake_vsock.data, bytes + *at, fake_vsock.length);
		*at += fake_vsock.length;
	}
}

static void credit(const struct virtio_vsock_connection *connection, uint32_t room, uint32_t taken)
{
	fake_vsock.room = room;
	fake_vsock.taken = taken;
	say(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
}

static void test_long_data_goes_in_packets_as_the_ring_takes_them(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint32_t at = 0, sent = 0;
	assert_int_equal(virtio_vsock_send(connection, bytes, 5000), 8 * LARGEST);
	assert_int_equal(virtio_vsock_send(connection, bytes, 1), 0);
	sent = 8 * LARGEST;
	while (sent < sizeof bytes) {
		collect(&at);
		int taken = virtio_vsock_send(connection, bytes + sent, (uint32_t)sizeof bytes - sent);
		assert_true(taken > 0);
		sent += (uint32_t)taken;
	}
	collect(&at);
	assert_int_equal(at, sizeof bytes);
	assert_int_equal(virtio_vsock_send(connection, bytes, 0), 0);
}

/* VSK-04 */
static void test_no_more_is_sent_than_the_other_side_has_room_for(void **state)
{
	(void)state;
	uint32_t at = 0;
	fake_vsock.room = 10;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	assert_int_equal(virtio_vsock_send(connection, bytes, 100), 10);
	assert_int_equal(virtio_vsock_send(connection, bytes + 10, 90), 0);
	collect(&at);
	assert_int_equal(at, 10);
	credit(connection, 10, 4);
	assert_int_equal(virtio_vsock_send(connection, bytes + 10, 90), 4);
	credit(connection, 30, 4);
	assert_int_equal(virtio_vsock_send(connection, bytes + 14, 90), 20);
	collect(&at);
	assert_int_equal(at, 34);
}

/* VSK-04: the counters run freely, past 2^32 too. */
static void test_counters_go_around(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	connection->sent = 0xfffffff0;
	credit(connection, 100, 0xfffffff0);
	assert_int_equal(virtio_vsock_send(connection, bytes, 40), 40);
	assert_int_equal(connection->sent, 24);
	assert_int_equal(virtio_vsock_send(connection, bytes, 1000), 60);
	credit(connection, 100, 84);
	assert_int_equal(virtio_vsock_send(connection, bytes, 1000), 100);
}

/* HV-03 */
static void test_senseless_credit_is_no_credit(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	assert_int_equal(virtio_vsock_send(connection, bytes, 50), 50);
	static const uint32_t lies[][2] = {{0, 0}, {49, 0}, {50, 0}, {1000, 51}, {1000, 0x80000000}, {0x7fffffff, 60}};
	for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		credit(connection, lies[i][0], lies[i][1]);
		assert_int_equal(virtio_vsock_send(connection, bytes, 100), 0);
	}
	credit(connection, 51, 0);
	assert_int_equal(virtio_vsock_send(connection, bytes, 100), 1);
	credit(connection, UINT32_MAX, 51);
	while (fake_vsock_take())
		continue;
	assert_int_equal(virtio_vsock_send(connection, bytes, 100), 100);
}

static void test_room_is_asked_for_once(void **state)
{
	(void)state;
	fake_vsock.room = 0;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(virtio_vsock_send(connection, bytes, 10), 0);
	fake_vsock_expect(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_REQUEST);
	fake_vsock_expect_nothing();
	credit(connection, 0, 0);
	assert_int_equal(virtio_vsock_send(connection, bytes, 10), 0);
	fake_vsock_expect(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_REQUEST);
}

/* VSK-12, VSK-05 */
static void test_questions_for_room_are_answered(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	say(1234, connection->port, RW, 0, "abcdef", 6);
	say(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_REQUEST, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 2);
	fake_vsock_expect(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_UPDATE);
	assert_int_equal(le32_to(fake_vsock.header.fwd_cnt), 0);
	assert_int_equal(le32_to(fake_vsock.header.buf_alloc), FAKE_VSOCK_WINDOW);
	uint8_t got[6];
	assert_int_equal(virtio_vsock_receive(connection, got, 6), 6);
	fake_vsock_expect_nothing();
	assert_int_equal(virtio_vsock_send(connection, bytes, 1), 1);
	fake_vsock_expect(1234, connection->port, RW);
	assert_int_equal(le32_to(fake_vsock.header.fwd_cnt), 6);
}

/* Room that was freed is told before the other side runs out. */
static void test_the_other_side_hears_of_room_in_time(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint8_t got[FAKE_VSOCK_PACKET];
	unsigned updates = 0;
	uint32_t known = 0;
	for (uint32_t sent = 0; sent < 50000; sent += 200) {
		assert_true(sent + 200 - known <= FAKE_VSOCK_WINDOW);
		say(1234, connection->port, RW, 0, bytes, 200);
		assert_int_equal(virtio_vsock_poll(&vsock), 1);
		assert_int_equal(virtio_vsock_receive(connection, got, sizeof got), 200);
		while (fake_vsock_take() == VIRTIO_VSOCK_OP_CREDIT_UPDATE) {
			known = le32_to(fake_vsock.header.fwd_cnt);
			updates++;
		}
	}
	assert_in_range(updates, 50000 / FAKE_VSOCK_WINDOW, 50000 / 200);
}

/* VSK-03, HV-06: a device that takes nothing; packets go on coming in, replies wait as bits, in bounded memory. */
static void test_receiving_goes_on_while_nothing_can_be_sent(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected(), *listener, *caller;
	assert_int_equal(virtio_vsock_listen(&vsock, 80, 3, &listener), 0);
	assert_int_equal(virtio_vsock_send(connection, bytes, 8 * LARGEST), 8 * LARGEST);
	for (unsigned i = 0; i < 100; i++) {
		uint8_t got[4];
		say(1234, connection->port, RW, 0, "data", 4);
		say(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_REQUEST, 0, NULL, 0);
		assert_int_equal(virtio_vsock_poll(&vsock), 2);
		assert_int_equal(virtio_vsock_receive(connection, got, 4), 4);
	}
	say(5, 80, VIRTIO_VSOCK_OP_REQUEST, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	assert_int_equal(virtio_vsock_accept(listener, &caller), 1);
	assert_int_equal(virtio_vsock_send(caller, bytes, 1), 0);
	/* Strangers: the first eight are remembered, then packets wait in the ring. */
	for (unsigned i = 0; i < 8; i++)
		say(i, 999, RW, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 8);
	say(8, 999, RW, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fake_vsock_take(), RW);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	for (unsigned i = 0; i < 8; i++)
		fake_vsock_expect(i, 999, VIRTIO_VSOCK_OP_RST);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_expect(8, 999, VIRTIO_VSOCK_OP_RST);
	fake_vsock_expect(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_UPDATE);
	assert_int_equal(le32_to(fake_vsock.header.fwd_cnt), 400);
	fake_vsock_expect(5, 80, VIRTIO_VSOCK_OP_RESPONSE);
	assert_int_equal(virtio_vsock_send(caller, bytes, 1), 1);
	fake_vsock_expect(5, 80, RW);
}

/* HV-06: a connection that is closed meanwhile keeps its place until the other side could be told. */
static void test_a_reset_waits_for_room(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint32_t port = connection->port;
	assert_int_equal(virtio_vsock_send(connection, bytes, 8 * LARGEST), 8 * LARGEST);
	virtio_vsock_close(connection);
	assert_int_equal(connection->state, VIRTIO_VSOCK_CLOSING);
	assert_int_equal(virtio_vsock_receive(connection, bytes, 1), 0);
	say(1234, port, RW, 0, "late", 4);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fake_vsock_take(), RW);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_expect(1234, port, VIRTIO_VSOCK_OP_RST);
	assert_int_equal(connection->state, VIRTIO_VSOCK_FREE);
	fake_vsock_expect_nothing();
}

/* Fill the tx queue but for ROOM buffers. */
static void fill(struct virtio_vsock_connection *connection, unsigned room)
{
	uint32_t length = (8 - room) * LARGEST;

	assert_int_equal(virtio_vsock_send(connection, bytes, length), length);
}

static void test_refusals_go_out_as_there_is_room_each_once(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	fill(connection, 3);
	for (unsigned i = 0; i < 8; i++)
		say(i, 999, RW, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 8);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(fake_vsock_take(), RW);
	for (unsigned i = 0; i < 3; i++)
		fake_vsock_expect(i, 999, VIRTIO_VSOCK_OP_RST);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	for (unsigned i = 3; i < 8; i++)
		fake_vsock_expect(i, 999, VIRTIO_VSOCK_OP_RST);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_expect_nothing();
}

/* Whatever was ended or closed while nothing could be sent: the other side hears of it once, or needs to no more. */
static void test_ends_that_could_not_be_told_are_told_later(void **state)
{
	(void)state;
	struct virtio_vsock_connection *first = fake_vsock_connected(), *second = fake_vsock_connected(), *call;
	uint32_t port = first->port;
	fill(first, 0);
	say(1234, port, 99, 0, NULL, 0); /* nonsense: ended by us */
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	assert_int_equal(first->state, VIRTIO_VSOCK_ENDED);
	virtio_vsock_close(first);
	assert_int_equal(first->state, VIRTIO_VSOCK_CLOSING);
	virtio_vsock_close(second);
	say(1234, second->port, VIRTIO_VSOCK_OP_RST, 0, NULL, 0);
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 5, &call), 0);
	say(5, call->port, VIRTIO_VSOCK_OP_RESPONSE, 0, NULL, 0); /* to what was not asked yet */
	assert_int_equal(virtio_vsock_poll(&vsock), 2);
	assert_int_equal(call->state, VIRTIO_VSOCK_CONNECTING);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fake_vsock_take(), RW);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_expect(1234, port, VIRTIO_VSOCK_OP_RST);
	fake_vsock_expect(5, call->port, VIRTIO_VSOCK_OP_REQUEST);
	fake_vsock_expect_nothing();
	assert_int_equal(first->state, VIRTIO_VSOCK_FREE);
	assert_int_equal(second->state, VIRTIO_VSOCK_FREE);
}

/* VSK-11 */
static void test_a_transport_reset_forgets_what_is_owed(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	fill(connection, 0);
	say(1, 999, RW, 0, NULL, 0);
	say(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_REQUEST, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 2);
	fake_vsock_event(VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, 4);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fake_vsock_take(), RW);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_expect_nothing();
}

static void test_a_call_that_never_left_is_forgotten(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected(), *second;
	assert_int_equal(virtio_vsock_send(connection, bytes, 8 * LARGEST), 8 * LARGEST);
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 5, &second), 0);
	virtio_vsock_close(second);
	assert_int_equal(second->state, VIRTIO_VSOCK_FREE);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fake_vsock_take(), RW);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_expect_nothing();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_long_data_goes_in_packets_as_the_ring_takes_them),
		TEST(test_no_more_is_sent_than_the_other_side_has_room_for),
		TEST(test_counters_go_around),
		TEST(test_senseless_credit_is_no_credit),
		TEST(test_room_is_asked_for_once),
		TEST(test_questions_for_room_are_answered),
		TEST(test_the_other_side_hears_of_room_in_time),
		TEST(test_receiving_goes_on_while_nothing_can_be_sent),
		TEST(test_a_reset_waits_for_room),
		TEST(test_refusals_go_out_as_there_is_room_each_once),
		TEST(test_ends_that_could_not_be_told_are_told_later),
		TEST(test_a_transport_reset_forgets_what_is_owed),
		TEST(test_a_call_that_never_left_is_forgotten),
	};
	return fake_transport_run_over_rings(tests);
}
