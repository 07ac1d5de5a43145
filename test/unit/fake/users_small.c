/* SPDX-License-Identifier: ISC */
/* Users of the small devices: console, entropy, 9P, balloon, sockets. */
#include <string.h>
#include <virtio/9p.h>
#include <virtio/balloon.h>
#include <virtio/console.h>
#include <virtio/helper.h>
#include <virtio/rng.h>
#include <virtio/spec/9p.h>
#include <virtio/spec/balloon.h>
#include <virtio/spec/console.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/vsock.h>
#include <virtio/vsock.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/users_inside.h"

/* ---- console, with control queues ---- */

static struct virtio_console console;
static struct virtio_console_port ports[2];

static int console_attach(void)
{
	static const uint8_t most[4] = {2};

	fake_transport_set_config(&fake_user_transport, VIRTIO_CONSOLE_CONFIG_MAX_NR_PORTS, most, sizeof most);
	return virtio_console_attach(&console, device, ports, 2, NULL);
}

/* The device adds port 0. */
static void console_start(void)
{
	static const uint8_t add[8] = {0, 0, 0, 0, VIRTIO_CONSOLE_DEVICE_ADD};
	static struct fake_device_buffer buffer;
	struct fake_device_ring *ring = fake_user_ring(VIRTIO_CONSOLE_QUEUE_CONTROL_RECEIVE);

	if (!fake_user_transport.queues[VIRTIO_CONSOLE_QUEUE_CONTROL_RECEIVE].started ||
		!fake_device_take(ring, &buffer))
		return;
	fake_device_write(&buffer, 0, add, sizeof add);
	fake_device_return(ring, &buffer, sizeof add);
	(void)!virtio_console_poll(&console); /* without the port no work can be done */
}

static int console_work(void)
{
	static uint8_t bytes[256];
	int result = virtio_console_poll(&console), got = virtio_console_read(&ports[0], bytes, sizeof bytes);

	if (got > 0)
		fake_user_look(bytes, (uint32_t)got);
	result = fake_user_first_error(result, got);
	return fake_user_first_error(result, virtio_console_write(&ports[0], "some words", 10));
}

static int console_wait(uint64_t deadline)
{
	static uint8_t bytes[20000];
	int result = virtio_console_read_wait(&ports[0], bytes, sizeof bytes, deadline);

	result = fake_user_no_timeout(result, virtio_console_write_all(&ports[0], bytes, sizeof bytes, NULL, deadline));
	return result ? fake_user_no_timeout(result, virtio_console_flush(&ports[0], deadline))
		      : virtio_console_flush(&ports[0], deadline);
}

static int console_poll_config(void)
{
	return virtio_console_poll_config(&console);
}

static int console_detach(void)
{
	return virtio_console_detach(&console);
}

const struct fake_user fake_user_console = {"console", VIRTIO_ID_CONSOLE,
	VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_MULTIPORT, 4, NULL, console_attach, console_start, console_work,
	console_wait, console_poll_config, console_detach};

/* ---- entropy ---- */

static struct virtio_rng rng;

static int rng_attach(void)
{
	return virtio_rng_attach(&rng, device);
}

static int rng_work(void)
{
	static uint8_t bytes[256];
	int result = virtio_rng_read(&rng, bytes, sizeof bytes);

	if (result > 0)
		fake_user_look(bytes, (uint32_t)result);
	return result > 0 ? fake_user_first_error(0, virtio_rng_read(&rng, bytes, sizeof bytes)) : result;
}

static int rng_wait(uint64_t deadline)
{
	static uint8_t bytes[256];

	return virtio_rng_fill(&rng, bytes, sizeof bytes, deadline);
}

static int rng_detach(void)
{
	return virtio_rng_detach(&rng);
}

const struct fake_user fake_user_rng = {
	"rng", VIRTIO_ID_ENTROPY, 0, 1, NULL, rng_attach, NULL, rng_work, rng_wait, NULL, rng_detach};

/* ---- 9P ---- */

static struct virtio_9p p9;
static struct virtio_9p_request calls[AT_ONCE];
static struct virtio_segment parts[AT_ONCE][2];
static bool calling[AT_ONCE];

static void p9_configure(void)
{
	static const uint8_t tag[7] = {5, 0, 's', 'h', 'a', 'r', 'e'};

	fake_transport_set_config(&fake_user_transport, 0, tag, sizeof tag);
}

static int p9_attach(void)
{
	for (uint8_t i = 0; i < AT_ONCE; i++) {
		const uint8_t message[7] = {20, 0, 0, 0, 100, i, 0};

		parts[i][0] = fake_platform_buffer(20);
		parts[i][1] = fake_platform_buffer(100);
		memcpy(parts[i][0].data, message, sizeof message);
		calls[i] = (struct virtio_9p_request){
			.segments = parts[i], .message_segments = 1, .answer_segments = 1, .context = &calling[i]};
		calling[i] = false;
	}
	return virtio_9p_attach(&p9, device, NULL);
}

static int p9_work(void)
{
	struct virtio_9p_request *done;
	int result = 1;

	for (unsigned i = 0; i < AT_ONCE && (result = virtio_9p_completed(&p9, &done)) > 0; i++) {
		const uint8_t message[7] = {20, 0, 0, 0, 100, (uint8_t)(done - calls), 0};

		assert_true(*(bool *)done->context);
		*(bool *)done->context = false;
		fake_user_look(done->segments[1].data, done->answer_length);
		memcpy(done->segments[0].data, message, sizeof message);
	}
	for (unsigned i = 0; i < AT_ONCE && result >= 0; i++) {
		if (!calling[i])
			result = virtio_9p_submit(&p9, &calls[i]);
		calling[i] |= result > 0;
	}
	return fake_user_first_error(0, result);
}

static int p9_detach(void)
{
	return virtio_9p_detach(&p9, NULL, NULL);
}

const struct fake_user fake_user_9p = {
	"9p", VIRTIO_ID_9P, VIRTIO_9P_F_MOUNT_TAG, 1, p9_configure, p9_attach, NULL, p9_work, NULL, NULL, p9_detach};

/* ---- balloon ---- */

static struct virtio_balloon balloon;
static struct virtio_segment freed;
static bool reporting;

static void write_actual(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	(void)value;
	assert_int_equal(offset, VIRTIO_BALLOON_CONFIG_ACTUAL);
	assert_int_equal(width, 4);
}

static void balloon_configure(void)
{
	fake_user_transport.config_region.write = write_actual;
}

static int balloon_attach(void)
{
	freed = fake_platform_buffer(3 * 4096);
	freed.device_address = (freed.device_address + 4095) / 4096 * 4096;
	freed.length = 4096;
	reporting = false;
	return virtio_balloon_attach(&balloon, device);
}

static int balloon_work(void)
{
	static const uint64_t pages[2] = {0x10000, 0x20000};
	void *token;
	int result = virtio_balloon_poll(&balloon);
	int reported = virtio_balloon_reported(&balloon, &token);

	reporting &= reported <= 0;
	if (!reporting && reported >= 0) {
		reported = virtio_balloon_report(&balloon, &freed, 1, &freed);
		reporting = reported > 0;
	}
	result = fake_user_first_error(result, reported);
	if (!balloon.inflating && !balloon.deflating) {
		int more = balloon.actual < 2 ? virtio_balloon_inflate(&balloon, pages, 2)
					      : virtio_balloon_deflate(&balloon, pages, 1);
		result = fake_user_first_error(result, more);
	}
	return result;
}

static int balloon_poll_config(void)
{
	uint32_t wanted;

	return virtio_balloon_target(&balloon, &wanted);
}

static int balloon_detach(void)
{
	return virtio_balloon_detach(&balloon);
}

const struct fake_user fake_user_balloon = {"balloon", VIRTIO_ID_BALLOON, VIRTIO_BALLOON_F_PAGE_REPORTING, 3,
	balloon_configure, balloon_attach, NULL, balloon_work, NULL, balloon_poll_config, balloon_detach};

/* ---- sockets ---- */

static struct virtio_vsock vsock;
static struct virtio_vsock_connection places[AT_ONCE];

static void vsock_configure(void)
{
	static const uint8_t cid[8] = {77};

	fake_transport_set_config(&fake_user_transport, VIRTIO_VSOCK_CONFIG_CID, cid, sizeof cid);
}

static int vsock_attach(void)
{
	static const struct virtio_vsock_options options = {.window = 1024, .buffer_size = 300, .buffers = 8};

	return virtio_vsock_attach(&vsock, device, places, AT_ONCE, &options);
}

/* Connections that end are opened again. */
static int vsock_work(void)
{
	static uint8_t bytes[1024];
	int result = virtio_vsock_poll(&vsock);

	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct virtio_vsock_connection *connection = &places[i];

		if (connection->state == VIRTIO_VSOCK_OPEN) {
			int got = virtio_vsock_receive(connection, bytes, sizeof bytes);

			if (got > 0)
				fake_user_look(bytes, (uint32_t)got);
			(void)!virtio_vsock_send(connection, "some words", 10);
		}
		if (connection->state == VIRTIO_VSOCK_ENDED)
			virtio_vsock_close(connection);
		else if (connection->state == VIRTIO_VSOCK_FREE && result >= 0)
			result = virtio_vsock_connect(&vsock, VIRTIO_VSOCK_CID_DEVICE, 1234, &connection);
	}
	return fake_user_first_error(0, result);
}

static int vsock_detach(void)
{
	return virtio_vsock_detach(&vsock);
}

const struct fake_user fake_user_vsock = {
	"vsock", VIRTIO_ID_VSOCK, 0, 3, vsock_configure, vsock_attach, NULL, vsock_work, NULL, NULL, vsock_detach};
