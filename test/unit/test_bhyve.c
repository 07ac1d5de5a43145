/* SPDX-License-Identifier: ISC */
/*
 * The drivers on bhyve, or a fake of it that is as strict (fake/bhyve.h): real PCI access, scan and legacy transport,
 * down to the ports. test_bhyve_rules.c shows that the fake sees what it must see.
 */
#include <string.h>
#include <virtio/blk.h>
#include <virtio/helper.h>
#include <virtio/net.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/net.h>
#include <virtio/spec/status.h>

#include "fake/bhyve.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define SECOND UINT64_C(1000000000)

/* In place of the library's: the ports of the fake machine. */
struct virtio_region virtio_region_ports(uint16_t port, uint16_t length)
{
	return bhyve_ports(port, length);
}

static struct virtio_device device;
static struct virtio_blk blk;
static struct virtio_net net;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	bhyve_start();
	return 0;
}

static int teardown(void **state)
{
	bhyve_assert_alive();
	return fake_platform_teardown(state);
}

static const enum bhyve_version versions[] = {BHYVE_OLD, BHYVE_NEW};

/* A machine with one device, found and opened as a runtime does it. */
static struct bhyve_device *machine_with(uint32_t type, enum bhyve_version version)
{
	bhyve_start();
	struct bhyve_device *model = bhyve_add(type, version);
	struct virtio_pci_access access = virtio_pci_access_ports();
	assert_int_equal(virtio_find_pci(&device, fake_platform(), &access, type, 0, &virtio_support_all), 0);
	assert_string_equal(device.transport->name, "legacy PCI");
	return model;
}

/* The same with MSI-X: the table lies in BAR 1, and takes plain moves. */
static struct bhyve_device *machine_with_msix(uint32_t type, enum bhyve_version version)
{
	static uint32_t table[0x2000 / 4];
	static const struct virtio_msix_message messages[] = {{0xfee00000, 64}, {0xfee00000, 65}, {0xfee00000, 66}};
	struct bhyve_device *model = machine_with(type, version);

	fake_platform_window(0xc0000000, table, sizeof table);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), model->queue_count + 1);
	assert_true(bhyve_msix(model));
	assert_int_equal(table[4 + 2], 65);
	return model;
}

static void test_all_devices_are_found_and_the_bridges_left_alone(void **state)
{
	(void)state;
	bhyve_add(VIRTIO_ID_NET, BHYVE_OLD);
	bhyve_add(VIRTIO_ID_BLOCK, BHYVE_OLD);
	bhyve_add(VIRTIO_ID_ENTROPY, BHYVE_OLD);
	struct virtio_pci_access access = virtio_pci_access_ports();
	struct virtio_pci_function function = virtio_pci_first(&access);
	unsigned count = 0, virtio = 0;
	while (virtio_pci_next(&function)) {
		count++;
		virtio += virtio_pci_type(&function) != 0;
	}
	assert_int_equal(count, 5);
	assert_int_equal(virtio, 3);
}

/* Write, flush and read the whole disk in requests of COUNT sectors, one segment a sector. */
static void use_disk(struct bhyve_device *model, unsigned count)
{
	struct virtio_segment segments[BHYVE_SECTORS];
	uint64_t deadline = fake_platform_time() + SECOND;

	for (unsigned i = 0; i < BHYVE_SECTORS; i++)
		segments[i] = fake_platform_buffer(512);
	for (unsigned sector = 0; sector + count <= BHYVE_SECTORS; sector += count) {
		struct virtio_blk_request request = {.type = VIRTIO_BLK_WRITE,
			.sector = sector,
			.segments = &segments[sector],
			.segment_count = (uint16_t)count};
		for (unsigned i = 0; i < count; i++)
			memset(segments[sector + i].data, (int)(sector + i + count), 512);
		assert_int_equal(virtio_blk_execute(&blk, &request, deadline), 0);
		assert_int_equal(model->disk[sector][511], (uint8_t)(sector + count));
		memset(segments[sector].data, 0, 512);
		request.type = VIRTIO_BLK_READ;
		assert_int_equal(virtio_blk_execute(&blk, &request, deadline), 0);
		assert_memory_equal(segments[sector].data, model->disk[sector], 512);
	}
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	assert_int_equal(virtio_blk_execute(&blk, &flush, deadline), 0);
	assert_int_equal(model->served[VIRTIO_BLK_T_FLUSH], 1);
}

static void test_a_disk_is_read_written_and_flushed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bhyve_device *model = i < 2 ? machine_with(VIRTIO_ID_BLOCK, versions[i])
						   : machine_with_msix(VIRTIO_ID_BLOCK, versions[i - 2]);
		assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
		assert_int_equal(blk.capacity, BHYVE_SECTORS);
		assert_int_equal(blk.max_segments, 32);
		assert_true(blk.flush);
		use_disk(model, i % 2 ? 1 : 32);
		assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
		bhyve_assert_alive();
	}
}

static void test_a_disk_tells_its_serial_number(void **state)
{
	(void)state;
	char serial[21];
	machine_with(VIRTIO_ID_BLOCK, BHYVE_OLD);
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	assert_int_equal(virtio_blk_serial(&blk, serial, fake_platform_time() + SECOND), 0);
	assert_string_equal(serial, "BHYVE-1234-5678-9ABC");
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

/* READS PAST THE END answer OK with untouched data, and writes grow the file: the driver must stand before them. */
static void test_nothing_reaches_past_the_end_of_the_disk(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_BLOCK, BHYVE_OLD);
	struct virtio_segment segment = fake_platform_buffer(1024);
	struct virtio_blk_request request = {.sector = BHYVE_SECTORS - 1, .segments = &segment, .segment_count = 1};
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	request.type = VIRTIO_BLK_READ;
	assert_int_equal(virtio_blk_execute(&blk, &request, 0), VIRTIO_ERR_NO_SPACE);
	request.type = VIRTIO_BLK_WRITE;
	assert_int_equal(virtio_blk_execute(&blk, &request, 0), VIRTIO_ERR_NO_SPACE);
	assert_int_equal(model->notified, 0);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static void release_disk(void *context)
{
	bhyve_release(context);
}

/* Completions come out of order, and a reset waits for the requests that the disk works on. */
static void test_requests_in_flight_are_done_before_the_reset(void **state)
{
	(void)state;
	struct virtio_segment segments[20];
	struct virtio_blk_request requests[20], *pointers[20], *done[20];
	struct bhyve_device *model = machine_with(VIRTIO_ID_BLOCK, BHYVE_NEW);
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	model->hold = true;
	for (unsigned i = 0; i < 20; i++) {
		segments[i] = fake_platform_buffer(512);
		requests[i] = (struct virtio_blk_request){
			.type = VIRTIO_BLK_READ, .sector = i, .segments = &segments[i], .segment_count = 1};
		pointers[i] = &requests[i];
	}
	assert_int_equal(virtio_blk_submit(&blk, pointers, 20), 20);
	assert_int_equal(model->notified, 1);
	bhyve_release(model);
	assert_int_equal(virtio_blk_completed(&blk, done, 20), 20);
	assert_ptr_equal(done[0], &requests[19]);
	assert_int_equal(virtio_blk_submit(&blk, pointers, 5), 5);
	fake_platform_on_wait(release_disk, model);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(requests[i].result, 0);
}

static void test_interrupts_of_a_disk_come_when_asked_for(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_BLOCK, BHYVE_OLD);
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH}, *done = &flush;
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	assert_int_equal(virtio_blk_execute(&blk, &flush, 0), 0);
	assert_int_equal(model->interrupts, 0);
	assert_false(virtio_blk_enable_interrupts(&blk));
	assert_int_equal(virtio_blk_submit(&blk, &done, 1), 1);
	assert_int_equal(model->interrupts, 1);
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
	assert_int_equal(virtio_device_interrupt(&device), 0);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static void fill_frame(uint8_t *frame, uint32_t length, uint8_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		frame[i] = (uint8_t)(seed + i * 3);
}

/* Deliver a frame of LENGTH bytes, receive it, send it back as it is, and give its frame back. */
static void echo(struct bhyve_device *model, uint32_t length)
{
	static uint8_t bytes[BHYVE_FRAME];
	struct virtio_net_frame *frame;
	unsigned sent = model->sent_count;

	fill_frame(bytes, length, (uint8_t)length);
	assert_true(bhyve_deliver(model, bytes, length));
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	assert_int_equal(frame->length, length);
	assert_memory_equal(virtio_net_frame_data(frame), bytes, length);
	assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
	assert_int_equal(model->sent_count, sent + 1);
	assert_int_equal(model->sent_length, length);
	assert_memory_equal(model->sent, bytes, length);
	assert_int_equal(virtio_net_transmitted(&net, &frame, 1), 1);
	assert_int_equal(virtio_net_release(&net, &frame, 1), 1);
}

/* Receive starts only after a notification of queue 0, again after every reset. */
static void test_frames_go_both_ways_again_after_each_reset(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bhyve_device *model = i < 2 ? machine_with(VIRTIO_ID_NET, versions[i])
						   : machine_with_msix(VIRTIO_ID_NET, versions[i - 2]);
		for (unsigned round = 0; round < 3; round++) {
			assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
			assert_memory_equal(net.mac, model->config, 6);
			assert_true(net.link_up);
			assert_true(model->receiving);
			for (uint32_t length = 60; length <= 1514; length += 101)
				echo(model, length);
			assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
			assert_false(model->receiving);
		}
		bhyve_assert_alive();
	}
}

/* Old versions drop when they find no buffer, newer ones pause until the next notification: both must go on. */
static void test_running_out_of_receive_buffers_does_not_stop_reception(void **state)
{
	(void)state;
	static struct virtio_net_frame *frames[1024];
	static uint8_t bytes[64];
	for (unsigned i = 0; i < 2; i++) {
		struct bhyve_device *model = machine_with(VIRTIO_ID_NET, versions[i]);
		int delivered = 0;
		assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
		while (bhyve_deliver(model, bytes, sizeof bytes))
			delivered++;
		assert_true(delivered > 0 && delivered <= 1024);
		assert_int_equal(model->dropped, 1);
		assert_int_equal(virtio_net_receive(&net, frames, 1024), delivered);
		assert_int_equal(virtio_net_release(&net, frames, (unsigned)delivered), delivered);
		assert_true(model->receiving);
		for (unsigned n = 0; n < 3; n++)
			echo(model, 200);
		assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
	}
}

/* At most 32 transmit segments, the header among them. */
static void test_frames_of_many_segments_are_sent(void **state)
{
	(void)state;
	static struct virtio_net_frame frames[31];
	const struct virtio_net_options options = {.max_segments = 31};
	for (unsigned i = 0; i < 2; i++) {
		struct bhyve_device *model = machine_with(VIRTIO_ID_NET, versions[i]);
		struct virtio_net_frame *first = &frames[0], *done;
		assert_int_equal(virtio_net_attach(&net, &device, &options), 0);
		for (unsigned n = 0; n < 31; n++) {
			struct virtio_segment memory = fake_platform_buffer(128);
			frames[n] = (struct virtio_net_frame){.buffer = memory.data,
				.device_address = memory.device_address,
				.capacity = 128,
				.offset = n ? 0 : VIRTIO_NET_HEADROOM,
				.length = 20 + n,
				.segments = 31,
				.next = n < 30 ? &frames[n + 1] : NULL};
			memset(memory.data, (int)n, 128);
		}
		assert_int_equal(virtio_net_transmit(&net, &first, 1), 1);
		assert_int_equal(model->sent_length, 31 * 20 + 30 * 31 / 2);
		assert_int_equal(model->sent[20], 1);
		assert_int_equal(virtio_net_transmitted(&net, &done, 1), 1);
		assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
	}
}

/* RNG-03: it has no configuration, and crashes at an access there. */
static void test_the_entropy_device_is_driven_without_its_configuration(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct virtio_rng rng;
		uint8_t bytes[300];
		if (i < 2)
			machine_with(VIRTIO_ID_ENTROPY, versions[i]);
		else
			machine_with_msix(VIRTIO_ID_ENTROPY, versions[i - 2]);
		assert_int_equal(virtio_rng_attach(&rng, &device), 0);
		assert_int_equal(virtio_rng_fill(&rng, bytes, sizeof bytes, fake_platform_time() + SECOND), 0);
		assert_int_equal(bytes[0], 0x5a);
		assert_int_equal(bytes[299], 0x5a);
		virtio_device_interrupt(&device);
		assert_int_equal(virtio_device_check(&device), 0);
		assert_int_equal(virtio_rng_detach(&rng), 0);
		bhyve_assert_alive();
	}
}

/* READ-ONLY images are not said to be: writes fail there, which is told, and does no harm. */
static void test_a_read_only_image_of_bhyve_fails_writes(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_BLOCK, BHYVE_NEW);
	struct virtio_segment segment = fake_platform_buffer(512);
	struct virtio_blk_request request = {.type = VIRTIO_BLK_WRITE, .segments = &segment, .segment_count = 1};
	model->read_only = true;
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	assert_false(blk.read_only);
	assert_int_equal(virtio_blk_execute(&blk, &request, fake_platform_time() + SECOND), VIRTIO_ERR_IO);
	request.type = VIRTIO_BLK_READ;
	assert_int_equal(virtio_blk_execute(&blk, &request, fake_platform_time() + SECOND), 0);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static void test_a_newer_bhyve_discards_where_the_image_can(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_BLOCK, BHYVE_NEW);
	struct virtio_blk_request discard = {.type = VIRTIO_BLK_DISCARD, .sector = 3, .sector_count = 5};
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	assert_int_equal(virtio_blk_execute(&blk, &discard, fake_platform_time() + SECOND), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
	bhyve_offer_discard(model);
	memset(model->disk, 0x77, sizeof model->disk);
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	assert_int_equal(virtio_blk_execute(&blk, &discard, fake_platform_time() + SECOND), 0);
	for (unsigned sector = 0; sector < BHYVE_SECTORS; sector++)
		assert_int_equal(model->disk[sector][0], sector >= 3 && sector < 8 ? 0 : 0x77);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

/* Newer versions interrupt for it, older ones say nothing: there it is found by looking now and then. */
static void test_a_disk_that_bhyve_resized_is_found_by_looking(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bhyve_device *model = machine_with(VIRTIO_ID_BLOCK, versions[i]);
		assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
		assert_int_equal(virtio_blk_poll_config(&blk), 0);
		model->config[0] = BHYVE_SECTORS / 2;
		if (versions[i] == BHYVE_NEW)
			model->isr |= 2;
		assert_int_equal(
			virtio_device_interrupt(&device), versions[i] == BHYVE_NEW ? VIRTIO_INTERRUPT_CONFIG : 0);
		assert_int_equal(virtio_blk_poll_config(&blk), 1);
		assert_int_equal(blk.capacity, BHYVE_SECTORS / 2);
		assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
	}
}

/* It receives, and wants to hear no more: NO_NOTIFY in used.flags, since there are no event indices. */
static void test_bhyves_network_is_not_notified_while_it_wants_nothing(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_NET, BHYVE_OLD);
	struct virtio_net_frame *frame;
	uint8_t bytes[64] = {0};
	assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
	unsigned before = model->notified;
	for (unsigned i = 0; i < 50; i++) {
		assert_true(bhyve_deliver(model, bytes, sizeof bytes));
		assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
		assert_int_equal(virtio_net_release(&net, &frame, 1), 1);
	}
	assert_int_equal(model->notified, before);
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

/* Older versions cut off what does not fit the buffer: whatever may come does. */
static void test_no_frame_is_cut_by_an_older_bhyve(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_NET, BHYVE_OLD);
	struct virtio_net_frame *frame;
	static uint8_t bytes[1518]; /* with a VLAN tag */
	assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
	fill_frame(bytes, sizeof bytes, 9);
	assert_true(bhyve_deliver(model, bytes, sizeof bytes));
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	assert_int_equal(frame->length, sizeof bytes);
	assert_memory_equal(virtio_net_frame_data(frame), bytes, sizeof bytes);
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

/* Each segment has the next part of what was delivered. Returns how many there are. */
static unsigned check_segments(const struct virtio_net_frame *frame, const uint8_t *bytes, uint32_t length)
{
	unsigned count = frame->segments;
	for (unsigned i = 0; i < count; i++, frame = frame->next) {
		assert_true(frame->length <= length);
		assert_memory_equal(virtio_net_frame_data(frame), bytes, frame->length);
		bytes += frame->length;
		length -= frame->length;
	}
	assert_int_equal(length, 0);
	return count;
}

static void test_a_newer_bhyve_merges_buffers_and_an_older_one_uses_one(void **state)
{
	(void)state;
	static uint8_t bytes[1400];
	fill_frame(bytes, sizeof bytes, 3);
	for (unsigned i = 0; i < 2; i++) {
		const struct virtio_net_options options = {.wanted = VIRTIO_NET_F_MRG_RXBUF,
			.offload = &virtio_net_offload,
			.receive_buffer = versions[i] == BHYVE_NEW ? 512 : 2048};
		struct bhyve_device *model = machine_with(VIRTIO_ID_NET, versions[i]);
		struct virtio_net_frame *frame;
		assert_int_equal(virtio_net_attach(&net, &device, &options), 0);
		assert_true(net.features & VIRTIO_NET_F_MRG_RXBUF);
		assert_true(bhyve_deliver(model, bytes, sizeof bytes));
		assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
		unsigned count = check_segments(frame, bytes, sizeof bytes);
		assert_true(versions[i] == BHYVE_NEW ? count > 1 : count == 1);
		assert_int_equal(virtio_net_release(&net, &frame, 1), 1);
		assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
		bhyve_assert_alive();
	}
}

static void test_a_newer_bhyve_tells_its_mtu_where_one_is_set(void **state)
{
	(void)state;
	struct bhyve_device *model = machine_with(VIRTIO_ID_NET, BHYVE_NEW);
	model->offered |= (uint32_t)VIRTIO_NET_F_MTU;
	model->config[VIRTIO_NET_CONFIG_MTU] = 9000 & 0xff;
	model->config[VIRTIO_NET_CONFIG_MTU + 1] = 9000 >> 8;
	assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
	assert_int_equal(net.mtu, 9000);
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_devices_are_found_and_the_bridges_left_alone),
		TEST(test_a_disk_is_read_written_and_flushed),
		TEST(test_a_disk_tells_its_serial_number),
		TEST(test_nothing_reaches_past_the_end_of_the_disk),
		TEST(test_requests_in_flight_are_done_before_the_reset),
		TEST(test_interrupts_of_a_disk_come_when_asked_for),
		TEST(test_frames_go_both_ways_again_after_each_reset),
		TEST(test_running_out_of_receive_buffers_does_not_stop_reception),
		TEST(test_frames_of_many_segments_are_sent),
		TEST(test_the_entropy_device_is_driven_without_its_configuration),
		TEST(test_a_read_only_image_of_bhyve_fails_writes),
		TEST(test_a_newer_bhyve_discards_where_the_image_can),
		TEST(test_a_disk_that_bhyve_resized_is_found_by_looking),
		TEST(test_bhyves_network_is_not_notified_while_it_wants_nothing),
		TEST(test_no_frame_is_cut_by_an_older_bhyve),
		TEST(test_a_newer_bhyve_merges_buffers_and_an_older_one_uses_one),
		TEST(test_a_newer_bhyve_tells_its_mtu_where_one_is_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
