/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/console.c: attach, ports and queues, size, emergency output, detach. */
#include "fake/cmocka.h"
#include "fake/console.h"
#include "fake/platform.h"

#define console fake_console.console
#define ports fake_console.ports
#define transport fake_console.transport

#define MODERN VIRTIO_F_VERSION_1
#define MULTIPORT (MODERN | VIRTIO_CONSOLE_F_MULTIPORT)

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_console_start(MODERN);
	return 0;
}

static int attach(uint16_t count)
{
	return virtio_console_attach(&console, &transport.device, ports, count, NULL);
}

static void assert_refused(int result, int error)
{
	assert_int_equal(result, error);
	assert_int_equal(fake_platform_live(), 0);
	assert_true(fake_platform_logged("fake device"));
	assert_int_equal(transport.status, 0);
}

static void test_a_single_port_is_there_at_once(void **state)
{
	(void)state;
	fake_console_start(MODERN);
	fake_console_attach(1, NULL);
	assert_true(ports[0].present);
	assert_true(ports[0].open);
	assert_false(console.multiport);
	assert_int_equal(console.port_count, 1);
	assert_int_equal(fake_device_available(fake_console_receiveq(0)), 16);
	assert_int_equal(virtio_console_poll(&console), 0);
	assert_int_equal(virtio_console_open(&ports[0]), 0);
	fake_console_detach();
	assert_false(ports[0].present);
}

/* CON-06: with room for one port a device with several is driven like any other. */
static void test_one_port_needs_no_control_queues(void **state)
{
	(void)state;
	fake_console_start(MULTIPORT);
	fake_console_attach(1, NULL);
	assert_int_equal(transport.accepted & VIRTIO_CONSOLE_F_MULTIPORT, 0);
	assert_false(transport.queues[2].started);
	assert_true(ports[0].present);
	fake_console_detach();
}

/* CON-03, CON-06, CON-07: queues of each port in their place, buffers everywhere before DEVICE_READY is said. */
static void test_several_ports_have_their_queues(void **state)
{
	(void)state;
	fake_console_start(MULTIPORT);
	fake_console_attach(8, NULL);
	assert_int_equal(console.port_count, FAKE_CONSOLE_PORTS);
	for (unsigned i = 0; i < 8; i++)
		assert_true(transport.queues[i].started);
	assert_int_equal(fake_device_available(&transport.queues[2].ring), 32);
	for (unsigned i = 0; i < FAKE_CONSOLE_PORTS; i++) {
		assert_int_equal(fake_device_available(fake_console_receiveq(i)), 16);
		assert_int_equal(fake_device_available(fake_console_transmitq(i)), 0);
		assert_false(ports[i].present);
		assert_ptr_equal(ports[i].receive.queue.ring.addresses.descriptors,
			transport.queues[i ? 2 * i + 2 : 0].addresses.descriptors);
	}
	fake_console_expect(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	fake_console_expect_nothing();
	fake_console_detach();
}

/* HO-03 */
static void test_no_number_of_ports_is_believed_beyond_queues_and_room(void **state)
{
	(void)state;
	static const struct {
		uint32_t said;
		uint16_t given, count;
	} cases[] = {{0, 4, 1}, {1, 4, 1}, {2, 4, 2}, {3, 2, 2}, {4, 8, 3}, {UINT32_MAX, 8, 3}, {0x80000000, 8, 3}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_console_start(MULTIPORT);
		struct le32 raw = le32_from(cases[i].said);
		fake_transport_set_config(&transport, VIRTIO_CONSOLE_CONFIG_MAX_NR_PORTS, &raw, sizeof raw);
		fake_console_attach(cases[i].given, NULL);
		assert_int_equal(console.port_count, cases[i].count);
		fake_console_detach();
	}
}

static void test_a_port_that_lacks_its_second_queue_is_left_out(void **state)
{
	(void)state;
	fake_console_start(MULTIPORT);
	transport.queues[7].size = 0;
	fake_console_attach(3, NULL);
	assert_int_equal(console.port_count, 2);
	fake_console_detach();
	transport.queues[1].size = 0;
	assert_refused(attach(3), VIRTIO_ERR_NO_DEVICE);
}

static void put_size(uint16_t columns, uint16_t rows)
{
	struct le16 size[2] = {le16_from(columns), le16_from(rows)};

	fake_transport_set_config(&transport, VIRTIO_CONSOLE_CONFIG_COLS, size, sizeof size);
}

/* CON-08: with SIZE only (the fake fails the test at any other read). */
static void test_the_size_is_read_again_when_it_changes(void **state)
{
	(void)state;
	fake_console_attach(1, NULL);
	assert_int_equal(ports[0].columns, 0);
	assert_int_equal(virtio_console_poll_config(&console), 0);
	fake_console_detach();
	fake_console_start(MODERN | VIRTIO_CONSOLE_F_SIZE);
	put_size(80, 25);
	fake_console_attach(1, NULL);
	assert_int_equal(ports[0].columns, 80);
	assert_int_equal(ports[0].rows, 25);
	assert_int_equal(virtio_console_poll_config(&console), 0);
	put_size(132, 50);
	assert_int_equal(virtio_console_poll_config(&console), 1);
	assert_int_equal(ports[0].columns, 132);
	put_size(132, 51);
	assert_int_equal(virtio_console_poll_config(&console), 1);
	transport.needs_reset = true;
	assert_int_equal(virtio_console_poll_config(&console), VIRTIO_ERR_PROTOCOL);
	fake_console_detach();
}

/* HO-05 */
static void test_a_senseless_size_counts_as_unknown(void **state)
{
	(void)state;
	static const uint16_t sizes[][2] = {{0, 25}, {80, 0}, {0, 0}, {65535, 25}, {80, 65535}, {4097, 25}};
	fake_console_start(MODERN | VIRTIO_CONSOLE_F_SIZE);
	put_size(4096, 4096);
	fake_console_attach(1, NULL);
	assert_int_equal(ports[0].rows, 4096);
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		put_size(sizes[i][0], sizes[i][1]);
		assert_true(virtio_console_poll_config(&console) >= 0);
		assert_int_equal(ports[0].columns, 0);
		assert_int_equal(ports[0].rows, 0);
	}
	fake_console_detach();
}

/* CON-09: before anything was set up, while attached, and after. */
static void test_emergency_output_needs_no_driver(void **state)
{
	(void)state;
	assert_int_equal(virtio_console_emergency_write(&transport.device, 'x'), VIRTIO_ERR_UNSUPPORTED);
	fake_console_start(MODERN | VIRTIO_CONSOLE_F_EMERG_WRITE);
	assert_int_equal(virtio_console_emergency_write(&transport.device, 'a'), 0);
	assert_int_equal(transport.status_count, 0);
	fake_console_attach(1, NULL);
	fake_device_lie_used(fake_console_receiveq(0), 1000, 1);
	assert_int_equal(virtio_console_emergency_write(&transport.device, (char)0xe4), 0);
	fake_console_detach();
	assert_int_equal(virtio_console_emergency_write(&transport.device, 'c'), 0);
	assert_int_equal(fake_console.emergency_count, 3);
	assert_int_equal(fake_console.emergency[0], 'a');
	assert_int_equal(fake_console.emergency[1], 0xe4);
	fake_transport_set_config_length(&transport, 11);
	assert_int_equal(virtio_console_emergency_write(&transport.device, 'd'), VIRTIO_ERR_UNSUPPORTED);
	fake_transport_set_config_length(&transport, 0);
	assert_int_equal(virtio_console_emergency_write(&transport.device, 'd'), VIRTIO_ERR_UNSUPPORTED);
	transport.device.type = VIRTIO_ID_BLOCK;
	assert_int_equal(virtio_console_emergency_write(&transport.device, 'd'), VIRTIO_ERR_UNSUPPORTED);
}

static void test_attach_refuses_what_cannot_be(void **state)
{
	(void)state;
	static const struct virtio_console_options wrong[] = {{.buffers = 65}, {.buffer_size = 65537}};
	struct virtio_console other;
	assert_int_equal(attach(0), VIRTIO_ERR_INVALID);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			virtio_console_attach(&console, &transport.device, ports, 1, &wrong[i]), VIRTIO_ERR_INVALID);
	transport.device.type = VIRTIO_ID_NET;
	assert_int_equal(attach(1), VIRTIO_ERR_NO_DEVICE);
	transport.device.type = VIRTIO_ID_CONSOLE;
	assert_int_equal(transport.status_count, 0);
	fake_console_attach(1, NULL);
	assert_int_equal(virtio_console_attach(&other, &transport.device, &ports[1], 1, NULL), VIRTIO_ERR_BUSY);
	assert_true(transport.status & VIRTIO_STATUS_DRIVER_OK);
	fake_console_detach();
	assert_int_equal(virtio_console_detach(&console), 0);
}

static void test_a_configuration_that_is_too_short_is_refused(void **state)
{
	(void)state;
	fake_console_start(MULTIPORT);
	fake_transport_set_config_length(&transport, 7);
	assert_refused(attach(2), VIRTIO_ERR_UNSUPPORTED);
	fake_console_start(MODERN | VIRTIO_CONSOLE_F_SIZE);
	fake_transport_set_config_length(&transport, 3);
	assert_refused(attach(2), VIRTIO_ERR_UNSUPPORTED);
}

static void test_every_failing_allocation_is_survived(void **state)
{
	(void)state;
	unsigned nth = 1;
	for (; nth < 50; nth++) {
		fake_console_start(MULTIPORT);
		fake_platform_fail_allocation(nth);
		int result = attach(3);
		if (result == 0)
			break;
		assert_refused(result, VIRTIO_ERR_NO_MEMORY);
	}
	fake_platform_fail_allocation(0);
	assert_int_equal(nth, 8 * 3 + fake_transport_mappings(&transport) + 1);
	fake_console_detach();
}

static void test_a_stuck_device_keeps_its_memory(void **state)
{
	(void)state;
	fake_console_attach(1, NULL);
	transport.never_resets = true;
	struct virtio_console_port copy = ports[0];
	assert_int_equal(virtio_console_detach(&console), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(fake_platform_live(), 6);
	assert_int_equal(virtio_console_detach(&console), 0);
	/* Only the test knows what is left. */
	struct virtio_buffers *left[] = {&copy.receive, &copy.transmit};
	for (unsigned i = 0; i < 2; i++) {
		const struct virtio_platform *platform = fake_platform();
		fake_device_detach(&transport.queues[i].ring);
		virtqueue_free(&left[i]->queue.ring);
		platform->dma_free(
			platform->context, left[i]->memory, left[i]->count * left[i]->size, left[i]->address);
	}
}

/* bhyve's kind: legacy, with a fixed ring size and 16 buffers of one descriptor. */
static void test_legacy_devices_are_driven_alike(void **state)
{
	(void)state;
	fake_console_start(VIRTIO_CONSOLE_F_MULTIPORT | VIRTIO_CONSOLE_F_SIZE);
	put_size(80, 25);
	fake_console_attach(3, NULL);
	assert_int_equal(transport.queues[0].started_size, 64);
	fake_console_expect(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	fake_console_detach();
}

static void test_without_several_ports_there_are_no_messages_to_be_told_of(void **state)
{
	(void)state;
	fake_console_start(VIRTIO_F_VERSION_1);
	fake_console_attach(1, NULL);
	assert_false(virtio_console_enable_control_interrupts(&console));
	virtio_console_disable_control_interrupts(&console);
	fake_console_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_single_port_is_there_at_once),
		TEST(test_one_port_needs_no_control_queues),
		TEST(test_several_ports_have_their_queues),
		TEST(test_no_number_of_ports_is_believed_beyond_queues_and_room),
		TEST(test_a_port_that_lacks_its_second_queue_is_left_out),
		TEST(test_the_size_is_read_again_when_it_changes),
		TEST(test_a_senseless_size_counts_as_unknown),
		TEST(test_emergency_output_needs_no_driver),
		TEST(test_attach_refuses_what_cannot_be),
		TEST(test_a_configuration_that_is_too_short_is_refused),
		TEST(test_every_failing_allocation_is_survived),
		TEST(test_a_stuck_device_keeps_its_memory),
		TEST(test_legacy_devices_are_driven_alike),
		TEST(test_without_several_ports_there_are_no_messages_to_be_told_of),
	};
	return fake_transport_run_over_rings(tests);
}
