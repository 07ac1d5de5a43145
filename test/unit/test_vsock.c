/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/vsock.c: attach, our address, events, packets off the ring. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/vsock.h"

#define vsock fake_vsock.vsock
#define transport fake_vsock.transport

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_vsock_start(VIRTIO_F_VERSION_1);
	return 0;
}

static int attach(void)
{
	return virtio_vsock_attach(&vsock, &transport.device, fake_vsock.table, FAKE_VSOCK_PLACES, NULL);
}

static void assert_refused(int result, int error)
{
	assert_int_equal(result, error);
	assert_int_equal(fake_platform_live(), 0);
	assert_int_equal(transport.status, 0);
}

static void test_attach_tells_our_address_and_fills_the_rings(void **state)
{
	(void)state;
	fake_vsock_start(VIRTIO_F_VERSION_1);
	assert_int_equal(attach(), 0);
	assert_int_equal(vsock.cid, FAKE_VSOCK_CID);
	assert_int_equal(vsock.window, 65536);
	assert_int_equal(fake_device_available(&transport.queues[0].ring), 16);
	assert_int_equal(fake_device_available(&transport.queues[1].ring), 0);
	assert_int_equal(fake_device_available(&transport.queues[2].ring), 4);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_detach();
}

/* VSK-01 */
static void test_streams_are_what_is_asked_for(void **state)
{
	(void)state;
	static const struct {
		uint64_t offered, accepted;
		int result;
	} cases[] = {
		{0, 0, 0},
		{VIRTIO_VSOCK_F_STREAM, VIRTIO_VSOCK_F_STREAM, 0},
		{VIRTIO_VSOCK_F_SEQPACKET, 0, 0},
		{VIRTIO_VSOCK_F_STREAM | VIRTIO_VSOCK_F_SEQPACKET | VIRTIO_VSOCK_F_NO_IMPLIED_STREAM,
			VIRTIO_VSOCK_F_STREAM | VIRTIO_VSOCK_F_NO_IMPLIED_STREAM, 0},
		{VIRTIO_VSOCK_F_NO_IMPLIED_STREAM, 0, VIRTIO_ERR_UNSUPPORTED},
		{VIRTIO_VSOCK_F_SEQPACKET | VIRTIO_VSOCK_F_NO_IMPLIED_STREAM, 0, VIRTIO_ERR_UNSUPPORTED},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_vsock_start(VIRTIO_F_VERSION_1 | cases[i].offered);
		int result = attach();
		assert_int_equal(result, cases[i].result);
		if (result)
			continue;
		assert_int_equal(transport.accepted & 7, cases[i].accepted);
		fake_vsock_detach();
	}
	assert_int_equal(fake_platform_live(), 0);
}

/* HV-07 */
static void test_addresses_that_cannot_be_are_refused(void **state)
{
	(void)state;
	static const uint64_t cids[] = {0, 1, 2, 0xffffffff, UINT64_C(0x100000003), UINT64_MAX};
	for (unsigned i = 0; i < sizeof cids / sizeof cids[0]; i++) {
		fake_vsock_set_cid(cids[i]);
		assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
		assert_true(fake_platform_logged("cannot be our address"));
	}
	fake_vsock_set_cid(0xfffffffe);
	assert_int_equal(attach(), 0);
	fake_vsock_detach();
}

static void test_wrong_arguments_and_devices_are_refused(void **state)
{
	(void)state;
	static const struct virtio_vsock_options wrong[] = {{.window = 32}, {.window = 100}, {.window = 1u << 25},
		{.buffer_size = 63}, {.buffer_size = 65537}, {.buffers = 1}, {.buffers = 65}};
	struct virtio_vsock other;
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(virtio_vsock_attach(&vsock, &transport.device, fake_vsock.table, 1, &wrong[i]),
			VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_vsock_attach(&vsock, &transport.device, fake_vsock.table, 0, NULL), VIRTIO_ERR_INVALID);
	transport.device.type = VIRTIO_ID_NET;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(transport.status_count, 0);
	transport.device.type = VIRTIO_ID_VSOCK;
	assert_int_equal(attach(), 0);
	assert_int_equal(virtio_vsock_attach(&other, &transport.device, fake_vsock.table, 1, NULL), VIRTIO_ERR_BUSY);
	assert_true(transport.status & VIRTIO_STATUS_DRIVER_OK);
	fake_vsock_detach();
	assert_int_equal(virtio_vsock_detach(&vsock), 0);
	fake_transport_set_config_length(&transport, 7);
	assert_refused(attach(), VIRTIO_ERR_UNSUPPORTED);
}

static void test_every_failing_allocation_is_survived(void **state)
{
	(void)state;
	unsigned nth = 1;
	for (; nth < 30; nth++) {
		fake_platform_fail_allocation(nth);
		int result = attach();
		if (result == 0)
			break;
		assert_refused(result, VIRTIO_ERR_NO_MEMORY);
	}
	fake_platform_fail_allocation(0);
	assert_int_equal(nth, 1 + 3 * 3 + fake_transport_mappings(&transport) + 1);
	fake_vsock_detach();
}

/* VSK-11 */
static void test_a_transport_reset_ends_connections_and_keeps_listeners(void **state)
{
	(void)state;
	struct virtio_vsock_connection *listener, *connection, *late;
	fake_vsock_attach();
	assert_int_equal(virtio_vsock_listen(&vsock, 80, 2, &listener), 0);
	struct virtio_vsock_connection *open = fake_vsock_connected();
	fake_vsock_say(9, 80, VIRTIO_VSOCK_OP_REQUEST, 0, NULL, 0);
	fake_vsock_say(1234, open->port, VIRTIO_VSOCK_OP_RW, 0, "left", 4);
	fake_vsock_say(9, 81, VIRTIO_VSOCK_OP_REQUEST, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&vsock), 3);
	fake_vsock_expect(9, 81, VIRTIO_VSOCK_OP_RST);
	assert_int_equal(virtio_vsock_connect(&vsock, 2, 99, &late), 0);
	fake_vsock_expect(99, late->port, VIRTIO_VSOCK_OP_REQUEST);
	fake_vsock_event(VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, 4);
	fake_vsock_set_cid(1000);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	assert_int_equal(vsock.cid, 1000);
	assert_int_equal(open->state, VIRTIO_VSOCK_ENDED);
	assert_int_equal(late->state, VIRTIO_VSOCK_ENDED);
	assert_int_equal(listener->state, VIRTIO_VSOCK_LISTENING);
	assert_int_equal(virtio_vsock_accept(listener, &connection), 0);
	uint8_t bytes[8];
	assert_int_equal(virtio_vsock_receive(open, bytes, 8), 4);
	virtio_vsock_close(open);
	virtio_vsock_close(late);
	fake_vsock_expect_nothing();
	/* The listener has the new address. */
	struct virtio_vsock_hdr header = fake_vsock_header(7, 80, VIRTIO_VSOCK_OP_REQUEST);
	header.dst_cid = le64_from(1000);
	fake_vsock_say_lie(&header, NULL, 0, VIRTIO_VSOCK_HEADER);
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	assert_int_equal(virtio_vsock_accept(listener, &connection), 1);
	fake_vsock_expect(7, 80, VIRTIO_VSOCK_OP_RESPONSE);
	fake_vsock_detach();
}

/* HV-07: the same later. */
static void test_a_move_to_an_address_that_cannot_be_is_told(void **state)
{
	(void)state;
	fake_vsock_attach();
	fake_vsock_event(VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, 4);
	fake_vsock_set_cid(2);
	assert_int_equal(virtio_vsock_poll(&vsock), VIRTIO_ERR_PROTOCOL);
	fake_vsock_detach();
}

/* VSK-10, HV-08 */
static void test_other_events_are_ignored_and_their_buffers_recycled(void **state)
{
	(void)state;
	fake_vsock_attach();
	struct virtio_vsock_connection *open = fake_vsock_connected();
	for (unsigned round = 0; round < 20; round++) {
		fake_vsock_event(1, 4);
		fake_vsock_event(UINT32_MAX, 4);
		fake_vsock_event(VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, 3);
		fake_vsock_event(VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, 0);
		assert_int_equal(virtio_vsock_poll(&vsock), 4);
		assert_int_equal(fake_device_available(&transport.queues[2].ring), 4);
	}
	assert_int_equal(open->state, VIRTIO_VSOCK_OPEN);
	fake_vsock_detach();
}

/* HV-01 */
static void test_packets_without_a_whole_header_are_dropped(void **state)
{
	(void)state;
	fake_vsock_attach();
	struct virtio_vsock_connection *open = fake_vsock_connected();
	struct virtio_vsock_hdr header = fake_vsock_header(1234, open->port, VIRTIO_VSOCK_OP_RST);
	for (uint32_t length = 0; length < VIRTIO_VSOCK_HEADER; length++) {
		fake_vsock_say_lie(&header, NULL, 0, length);
		assert_int_equal(virtio_vsock_poll(&vsock), 1);
		assert_int_equal(open->state, VIRTIO_VSOCK_OPEN);
	}
	fake_vsock_expect_nothing();
	assert_int_equal(fake_device_available(&transport.queues[0].ring), 8);
	fake_vsock_detach();
}

static void test_interrupts_come_when_asked_for(void **state)
{
	(void)state;
	fake_vsock_attach();
	assert_false(virtio_vsock_enable_interrupts(&vsock));
	assert_true(fake_device_interrupts_wanted(&transport.queues[0].ring));
	assert_true(fake_device_interrupts_wanted(&transport.queues[2].ring));
	fake_vsock_event(5, 4);
	assert_true(virtio_vsock_enable_interrupts(&vsock));
	assert_int_equal(virtio_vsock_poll(&vsock), 1);
	fake_vsock_say(1, 1, VIRTIO_VSOCK_OP_RST, 0, NULL, 0);
	assert_true(virtio_vsock_enable_interrupts(&vsock));
	virtio_vsock_disable_interrupts(&vsock);
	assert_false(fake_device_interrupts_wanted(&transport.queues[0].ring));
	assert_false(fake_device_interrupts_wanted(&transport.queues[2].ring));
	fake_vsock_detach();
}

static void test_broken_rings_are_told(void **state)
{
	(void)state;
	for (unsigned queue = 0; queue < 3; queue++) {
		struct virtio_vsock_connection *connection;
		fake_vsock_attach();
		fake_device_lie_used(&transport.queues[queue].ring, 999, 4);
		assert_int_equal(virtio_vsock_poll(&vsock), VIRTIO_ERR_PROTOCOL);
		if (queue == 1)
			assert_int_equal(virtio_vsock_connect(&vsock, 2, 1, &connection), VIRTIO_ERR_PROTOCOL);
		fake_vsock_detach();
	}
}

/* The next call has them. */
static void test_no_more_packets_are_taken_at_once_than_64(void **state)
{
	(void)state;
	fake_vsock_start(VIRTIO_F_VERSION_1);
	const struct virtio_vsock_options options = {.window = 1024, .buffer_size = 64, .buffers = 64};
	static struct fake_device_buffer again;
	assert_int_equal(virtio_vsock_attach(&vsock, &transport.device, fake_vsock.table, 1, &options), 0);
	for (unsigned i = 0; i < 64; i++) {
		assert_true(fake_device_take(&transport.queues[0].ring, &again));
		fake_device_return(&transport.queues[0].ring, &again, 0);
	}
	assert_int_equal(virtio_vsock_poll(&vsock), 64);
	assert_int_equal(virtio_vsock_poll(&vsock), 0);
	fake_vsock_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach_tells_our_address_and_fills_the_rings),
		TEST(test_streams_are_what_is_asked_for),
		TEST(test_addresses_that_cannot_be_are_refused),
		TEST(test_wrong_arguments_and_devices_are_refused),
		TEST(test_every_failing_allocation_is_survived),
		TEST(test_a_transport_reset_ends_connections_and_keeps_listeners),
		TEST(test_a_move_to_an_address_that_cannot_be_is_told),
		TEST(test_other_events_are_ignored_and_their_buffers_recycled),
		TEST(test_packets_without_a_whole_header_are_dropped),
		TEST(test_interrupts_come_when_asked_for),
		TEST(test_broken_rings_are_told),
		TEST(test_no_more_packets_are_taken_at_once_than_64),
	};
	return fake_transport_run_over_rings(tests);
}
