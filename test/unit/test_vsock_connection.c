/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/vsock_connection.c: calls, callers, and how connections end. */
#include <string.h>

#include "fake/breaking_ring.h"
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/vsock.h"

#define vsock fake_vsock.vsock
#define say fake_vsock_say
#define expect fake_vsock_expect
#define RST VIRTIO_VSOCK_OP_RST
#define REQUEST VIRTIO_VSOCK_OP_REQUEST
#define RESPONSE VIRTIO_VSOCK_OP_RESPONSE
#define SHUTDOWN VIRTIO_VSOCK_OP_SHUTDOWN
#define RW VIRTIO_VSOCK_OP_RW

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_vsock_start(VIRTIO_F_VERSION_1);
	fake_vsock_attach();
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

static struct virtio_vsock_connection *listen_on(uint32_t port, uint16_t backlog)
{
	struct virtio_vsock_connection *listener = NULL;

	assert_int_equal(virtio_vsock_listen(&vsock, port, backlog, &listener), 0);
	return listener;
}

static void test_a_call_is_answered(void **state)
{
	(void)state;
	fake_vsock_detach();
	fake_vsock_start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
	fake_vsock_attach();
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint8_t bytes[16];
	assert_int_equal(virtio_vsock_send(connection, "hello", 5), 5);
	expect(1234, connection->port, RW);
	assert_memory_equal(fake_vsock.data, "hello", 5);
	say(1234, connection->port, RW, 0, "world!", 6);
	poll(1);
	assert_int_equal(virtio_vsock_receive(connection, bytes, sizeof bytes), 6);
	assert_memory_equal(bytes, "world!", 6);
}

/* VSK-05: what a call says of itself. */
static void test_a_call_tells_the_room_that_we_have(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection;
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 99, &connection), 0);
	assert_int_equal(connection->state, VIRTIO_VSOCK_CONNECTING);
	expect(99, connection->port, REQUEST);
	assert_int_equal(le32_to(fake_vsock.header.buf_alloc), FAKE_VSOCK_WINDOW);
	assert_int_equal(le32_to(fake_vsock.header.fwd_cnt), 0);
	assert_int_equal(le16_to(fake_vsock.header.type), VIRTIO_VSOCK_TYPE_STREAM);
	assert_int_equal(le64_to(fake_vsock.header.dst_cid), 2);
	assert_int_equal(virtio_vsock_send(connection, "early", 5), 0);
	fake_vsock_expect_nothing();
}

static void test_a_refused_call_ends(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection;
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 99, &connection), 0);
	expect(99, connection->port, REQUEST);
	say(99, connection->port, RST, 0, NULL, 0);
	poll(1);
	assert_int_equal(connection->state, VIRTIO_VSOCK_ENDED);
	assert_true(virtio_vsock_at_end(connection));
	assert_int_equal(virtio_vsock_send(connection, "x", 1), VIRTIO_ERR_IO);
	virtio_vsock_close(connection);
	fake_vsock_expect_nothing();
	assert_int_equal(connection->state, VIRTIO_VSOCK_FREE);
}

static void test_a_call_that_takes_too_long_is_given_up(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection;
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 99, &connection), 0);
	uint32_t port = connection->port;
	expect(99, port, REQUEST);
	virtio_vsock_close(connection);
	expect(99, port, RST);
	/* The answer comes too late: it belongs to nobody now. */
	say(99, port, RESPONSE, 0, NULL, 0);
	poll(1);
	expect(99, port, RST);
	assert_int_equal(connection->state, VIRTIO_VSOCK_FREE);
}

static void test_calls_have_ports_of_their_own(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connections[FAKE_VSOCK_PLACES + 1];
	for (unsigned i = 0; i < FAKE_VSOCK_PLACES; i++) {
		assert_int_equal(virtio_vsock_connect(&vsock, 2, 5, &connections[i]), 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(connections[i]->port, connections[j]->port);
	}
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 5, &connections[6]), VIRTIO_ERR_AGAIN);
	assert_int_equal(virtio_vsock_listen(&vsock, 5, 1, &connections[6]), VIRTIO_ERR_AGAIN);
	uint32_t used = connections[0]->port;
	virtio_vsock_close(connections[5]);
	vsock.next_port = used - 1;
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	while (fake_vsock_take())
		continue;
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 5, &connections[5]), 0);
	assert_int_equal(connections[5]->port, used + 5);
	virtio_vsock_close(connections[5]);
	while (fake_vsock_take())
		continue;
	vsock.next_port = UINT32_MAX - 1;
	poll(0);
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 5, &connections[5]), 0);
	assert_int_not_equal(connections[5]->port, UINT32_MAX);
}

static void test_callers_are_accepted(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener = listen_on(80, 2), *connection;
	assert_int_equal(virtio_vsock_accept(listener, &connection), 0);
	say(1000, 80, REQUEST, 0, NULL, 0);
	poll(1);
	fake_vsock_expect_nothing();
	assert_int_equal(virtio_vsock_accept(listener, &connection), 1);
	expect(1000, 80, RESPONSE);
	assert_int_equal(le32_to(fake_vsock.header.buf_alloc), FAKE_VSOCK_WINDOW);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	assert_int_equal(connection->peer_port, 1000);
	assert_int_equal(virtio_vsock_send(connection, "hi", 2), 2);
	expect(1000, 80, RW);
	assert_int_equal(virtio_vsock_accept(listener, &connection), 0);
	assert_int_equal(virtio_vsock_accept(connection, &connection), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_vsock_listen(&vsock, 80, 1, &connection), VIRTIO_ERR_BUSY);
}

/* VSK-07, HV-04: the backlog bounds callers, and the table everything. */
static void test_more_callers_than_may_wait_are_refused(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener = listen_on(80, 2), *other = listen_on(81, 10), *connection;
	say(1, 79, REQUEST, 0, NULL, 0);
	say(1, 80, REQUEST, 0, NULL, 0);
	say(2, 80, REQUEST, 0, NULL, 0);
	say(3, 80, REQUEST, 0, NULL, 0);
	poll(4);
	expect(1, 79, RST);
	expect(3, 80, RST);
	fake_vsock_expect_nothing();
	for (uint32_t i = 0; i < 4; i++)
		say(10 + i, 81, REQUEST, 0, NULL, 0);
	poll(4);
	expect(12, 81, RST);
	expect(13, 81, RST);
	assert_int_equal(virtio_vsock_accept(listener, &connection), 1);
	expect(1, 80, RESPONSE);
	say(2, 80, RST, 0, NULL, 0); /* hangs up before anybody answers */
	poll(1);
	assert_int_equal(virtio_vsock_accept(listener, &connection), 0);
	assert_int_equal(virtio_vsock_accept(other, &connection), 1);
	expect(10, 81, RESPONSE);
}

static void test_a_listener_that_goes_refuses_its_callers(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener = listen_on(80, 4);
	say(1, 80, REQUEST, 0, NULL, 0);
	say(2, 80, REQUEST, 0, NULL, 0);
	poll(2);
	virtio_vsock_close(listener);
	expect(1, 80, RST);
	expect(2, 80, RST);
	for (unsigned i = 0; i < FAKE_VSOCK_PLACES; i++)
		assert_int_equal(fake_vsock.table[i].state, VIRTIO_VSOCK_FREE);
	say(3, 80, REQUEST, 0, NULL, 0);
	poll(1);
	expect(3, 80, RST);
}

/* VSK-09 */
static void test_a_clean_end_waits_for_the_other_side(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	assert_int_equal(virtio_vsock_shutdown(connection, 0), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_vsock_shutdown(connection, 4), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_vsock_shutdown(connection, VIRTIO_VSOCK_SHUTDOWN_SEND), 0);
	expect(1234, connection->port, SHUTDOWN);
	assert_int_equal(le32_to(fake_vsock.header.flags), VIRTIO_VSOCK_SHUTDOWN_SEND);
	assert_int_equal(virtio_vsock_send(connection, "x", 1), VIRTIO_ERR_IO);
	say(1234, connection->port, RW, 0, "still", 5);
	poll(1);
	uint8_t bytes[8];
	assert_int_equal(virtio_vsock_receive(connection, bytes, 8), 5);
	assert_int_equal(virtio_vsock_shutdown(connection, VIRTIO_VSOCK_SHUTDOWN_RECEIVE), 0);
	expect(1234, connection->port, SHUTDOWN);
	assert_int_equal(le32_to(fake_vsock.header.flags), 3);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	say(1234, connection->port, RST, 0, NULL, 0);
	poll(1);
	assert_int_equal(connection->state, VIRTIO_VSOCK_ENDED);
	assert_int_equal(virtio_vsock_shutdown(connection, 3), VIRTIO_ERR_IO);
	virtio_vsock_close(connection);
	fake_vsock_expect_nothing();
}

static void test_what_nobody_will_read_is_forgotten(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint8_t bytes[FAKE_VSOCK_PACKET] = {0};
	say(1234, connection->port, RW, 0, "lost", 4);
	poll(1);
	assert_int_equal(virtio_vsock_shutdown(connection, VIRTIO_VSOCK_SHUTDOWN_RECEIVE), 0);
	expect(1234, connection->port, SHUTDOWN);
	for (unsigned i = 0; i < 20; i++) {
		say(1234, connection->port, RW, 0, bytes, 256);
		poll(1);
		expect(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_UPDATE);
		assert_int_equal(le32_to(fake_vsock.header.fwd_cnt), 4 + 256 * (i + 1));
	}
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	assert_int_equal(virtio_vsock_receive(connection, bytes, 8), 0);
	fake_vsock_expect_nothing();
}

/* VSK-08, VSK-09: the other side's hints stay, and both together end it, after what was sent is read. */
static void test_the_other_sides_shutdown_stays(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint32_t port = connection->port;
	uint8_t bytes[8];
	say(1234, port, RW, 0, "last", 4);
	say(1234, port, SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND, NULL, 0);
	say(1234, port, SHUTDOWN, 0, NULL, 0);
	poll(3);
	assert_int_equal(connection->peer_shut, VIRTIO_VSOCK_SHUTDOWN_SEND);
	assert_int_equal(virtio_vsock_send(connection, "x", 1), 1);
	expect(1234, port, RW);
	assert_false(virtio_vsock_at_end(connection));
	assert_int_equal(virtio_vsock_receive(connection, bytes, 2), 2);
	say(1234, port, SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_RECEIVE | 0xfffffff0, NULL, 0);
	poll(1);
	expect(1234, port, RST);
	assert_int_equal(connection->state, VIRTIO_VSOCK_ENDED);
	assert_int_equal(virtio_vsock_send(connection, "x", 1), VIRTIO_ERR_IO);
	assert_int_equal(virtio_vsock_receive(connection, bytes + 2, 8), 2);
	assert_memory_equal(bytes, "last", 4);
	assert_true(virtio_vsock_at_end(connection));
	virtio_vsock_close(connection);
	fake_vsock_expect_nothing();
}

static void test_closing_resets_what_is_open(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	uint32_t port = connection->port;
	virtio_vsock_close(connection);
	expect(1234, port, RST);
	assert_int_equal(connection->state, VIRTIO_VSOCK_FREE);
	virtio_vsock_close(connection);
	fake_vsock_expect_nothing();
	say(1234, port, RW, 0, "late", 4);
	poll(1);
	expect(1234, port, RST);
}

/* The other side may call again from the same port, whether or not we have closed what ended. */
static void test_who_has_hung_up_may_call_again(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener = listen_on(80, 2), *first, *second;
	say(9, 80, REQUEST, 0, NULL, 0);
	poll(1);
	assert_int_equal(virtio_vsock_accept(listener, &first), 1);
	expect(9, 80, RESPONSE);
	say(9, 80, RST, 0, NULL, 0);
	say(9, 80, SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND, NULL, 0);
	say(9, 80, REQUEST, 0, NULL, 0);
	poll(3);
	expect(9, 80, RST);
	assert_int_equal(virtio_vsock_accept(listener, &second), 1);
	expect(9, 80, RESPONSE);
	assert_int_equal(first->state, VIRTIO_VSOCK_ENDED);
	assert_ptr_not_equal(first, second);
}

static void test_an_end_by_the_other_side_comes_after_its_last_bytes(void **state)
{
	(void)state;
	uint8_t bytes[8];
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	assert_false(virtio_vsock_at_end(connection));
	say(1234, connection->port, RW, 0, "last", 4);
	say(1234, connection->port, SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND, NULL, 0);
	poll(2);
	assert_false(virtio_vsock_at_end(connection));
	assert_int_equal(virtio_vsock_receive(connection, bytes, sizeof bytes), 4);
	assert_true(virtio_vsock_at_end(connection));
	virtio_vsock_close(connection);
}

static void test_a_listener_that_goes_leaves_the_callers_of_others(void **state)
{
	(void)state;
	struct virtio_vsock_connection *one = listen_on(80, 2), *other = listen_on(81, 2), *caller;
	say(5000, 81, REQUEST, 0, NULL, 0);
	poll(1);
	virtio_vsock_close(one);
	fake_vsock_expect_nothing();
	assert_int_equal(virtio_vsock_accept(other, &caller), 1);
	expect(5000, 81, RESPONSE);
	virtio_vsock_close(caller);
	virtio_vsock_close(other);
}

/* The reset that it owes has not gone out yet. */
static void test_closing_twice_does_nothing(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	unsigned sent = 0;
	while (virtio_vsock_send(connection, "x", 1) == 1)
		sent++;
	uint32_t port = connection->port;
	virtio_vsock_close(connection);
	assert_int_equal(connection->state, VIRTIO_VSOCK_CLOSING);
	virtio_vsock_close(connection);
	assert_int_equal(connection->state, VIRTIO_VSOCK_CLOSING);
	while (sent--)
		expect(1234, port, RW);
	poll(0);
	expect(1234, port, RST);
	fake_vsock_expect_nothing();
}

static void test_a_broken_ring_is_told_to_who_accepts_or_sends(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected(), *caller;
	struct virtio_vsock_connection *listener = listen_on(80, 2);
	say(5000, 80, REQUEST, 0, NULL, 0);
	poll(1);
	fake_device_break(&fake_vsock.transport.queues[VIRTIO_VSOCK_QUEUE_TX].ring);
	assert_int_equal(virtio_vsock_accept(listener, &caller), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_vsock_send(connection, "x", 1), VIRTIO_ERR_PROTOCOL);
}

/* Nobody holds on to it, and nobody is left to be told. */
static void test_a_transport_reset_frees_what_is_closing(void **state)
{
	(void)state;
	static struct fake_device_buffer event;
	struct fake_device_ring *events = &fake_vsock.transport.queues[VIRTIO_VSOCK_QUEUE_EVENT].ring;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	while (virtio_vsock_send(connection, "x", 1) == 1)
		;
	virtio_vsock_close(connection);
	assert_int_equal(connection->state, VIRTIO_VSOCK_CLOSING);
	assert_true(fake_device_take(events, &event));
	fake_device_write(&event, 0, "\0\0\0", 4);
	fake_device_return(events, &event, 4);
	poll(1);
	assert_int_equal(connection->state, VIRTIO_VSOCK_FREE);
}

static void test_sending_nothing_asks_for_no_room(void **state)
{
	(void)state;
	struct virtio_vsock_connection *connection = fake_vsock_connected();
	fake_vsock.room = 0;
	say(1234, connection->port, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0, NULL, 0);
	poll(1);
	assert_int_equal(virtio_vsock_send(connection, "", 0), 0);
	fake_vsock_expect_nothing();
	fake_vsock.room = FAKE_VSOCK_ROOM;
	virtio_vsock_close(connection);
}

static unsigned calls_left;

static bool breaks_here(void)
{
	return calls_left > 0 && --calls_left == 0;
}

/* At whichever of its calls: what was owed is looked after first, and then the bytes go. */
static void test_a_ring_that_breaks_under_bytes_is_told(void **state)
{
	(void)state;
	for (unsigned place = 1; place <= 2; place++) {
		fake_vsock_detach();
		fake_vsock_start(VIRTIO_F_VERSION_1);
		fake_breaking_ring_use(&fake_vsock.transport, breaks_here);
		calls_left = 0;
		fake_vsock_attach();
		struct virtio_vsock_connection *connection = fake_vsock_connected();
		calls_left = place;
		int result = virtio_vsock_send(connection, "x", 1);
		assert_true(result == VIRTIO_ERR_PROTOCOL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call_is_answered),
		TEST(test_a_call_tells_the_room_that_we_have),
		TEST(test_a_refused_call_ends),
		TEST(test_a_call_that_takes_too_long_is_given_up),
		TEST(test_calls_have_ports_of_their_own),
		TEST(test_callers_are_accepted),
		TEST(test_more_callers_than_may_wait_are_refused),
		TEST(test_a_listener_that_goes_refuses_its_callers),
		TEST(test_a_clean_end_waits_for_the_other_side),
		TEST(test_what_nobody_will_read_is_forgotten),
		TEST(test_the_other_sides_shutdown_stays),
		TEST(test_who_has_hung_up_may_call_again),
		TEST(test_closing_resets_what_is_open),
		TEST(test_an_end_by_the_other_side_comes_after_its_last_bytes),
		TEST(test_a_listener_that_goes_leaves_the_callers_of_others),
		TEST(test_closing_twice_does_nothing),
		TEST(test_a_broken_ring_is_told_to_who_accepts_or_sends),
		TEST(test_a_transport_reset_frees_what_is_closing),
		TEST(test_sending_nothing_asks_for_no_room),
		TEST(test_a_ring_that_breaks_under_bytes_is_told),
	};
	return fake_transport_run_over_rings(tests);
}
