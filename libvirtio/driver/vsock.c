/* SPDX-License-Identifier: ISC */
/*
 * virtio-vsock, everything but connections (VIRTIO 5.10.3 to 5.10.5, 5.10.6.7): attach, our address, taking packets and
 * events off the rings, detach.
 */
#include "driver/vsock.h"

#include <virtio/spec/ids.h>

#include "device/log.h"
#include "driver/attach.h"
#include "driver/buffers.h"

#define DEFAULT_WINDOW 65536u
#define DEFAULT_SIZE 4096u
#define DEFAULT_BUFFERS 16
#define EVENT_BUFFERS 4
#define PACKETS_AT_ONCE 64 /* of one poll: what comes later waits for the next */

static const struct virtio_feature_rule rules[] = {{VIRTIO_VSOCK_F_NO_IMPLIED_STREAM, VIRTIO_VSOCK_F_STREAM}, {0, 0}};

/* Our address (5.10.4). */
static int read_cid(struct virtio_vsock *vsock)
{
	int error = virtio_device_config64(vsock->device, VIRTIO_VSOCK_CONFIG_CID, &vsock->cid);

	if (error || (vsock->cid > VIRTIO_VSOCK_CID_DEVICE && vsock->cid <= VIRTIO_VSOCK_CID_LAST))
		return error;
	virtio_device_log(
		vsock->device, VIRTIO_LOG_ERROR, "%llu cannot be our address", (unsigned long long)vsock->cid);
	return VIRTIO_ERR_PROTOCOL;
}

static int add_queues(struct virtio_vsock *vsock, const struct virtio_vsock_options *options)
{
	struct virtio_device *device = vsock->device;
	uint16_t count = options->buffers ? options->buffers : DEFAULT_BUFFERS;
	uint32_t size = options->buffer_size ? options->buffer_size : DEFAULT_SIZE;
	int error = virtio_buffers_add_queue(&vsock->receive, device, VIRTIO_VSOCK_QUEUE_RX, count, size);

	if (!error)
		error = virtio_buffers_add_queue(&vsock->transmit, device, VIRTIO_VSOCK_QUEUE_TX, count, size);
	if (!error)
		error = virtio_buffers_add_queue(&vsock->events, device, VIRTIO_VSOCK_QUEUE_EVENT, EVENT_BUFFERS,
			sizeof(struct virtio_vsock_event));
	if (!error)
		error = virtio_buffers_offer_all(&vsock->events);
	if (!error)
		error = virtio_buffers_offer_all(&vsock->receive);
	if (error)
		return error;
	virtio_queue_submit(&vsock->events.queue);
	virtio_queue_submit(&vsock->receive.queue);
	return 0;
}

static int allocate_windows(struct virtio_vsock *vsock, uint32_t window)
{
	const struct virtio_platform *platform = vsock->device->platform;

	vsock->window = window ? window : DEFAULT_WINDOW;
	vsock->windows = platform->alloc(platform->context, (size_t)vsock->window * vsock->count, 64);
	if (!vsock->windows)
		return VIRTIO_ERR_NO_MEMORY;
	for (unsigned i = 0; i < vsock->count; i++)
		vsock->table[i] = (struct virtio_vsock_connection){
			.vsock = vsock, .window = vsock->windows + (size_t)i * vsock->window};
	return 0;
}

/* Steps 7 and 8 of 3.1.1, and what the device tells of itself in between. */
static int start(struct virtio_vsock *vsock, const struct virtio_vsock_options *options)
{
	/* Without any of the features streams are what there is (5.10.3.1). */
	if (vsock->device->offered & VIRTIO_VSOCK_F_NO_IMPLIED_STREAM &&
		!virtio_device_has(vsock->device, VIRTIO_VSOCK_F_STREAM))
		return VIRTIO_ERR_UNSUPPORTED;
	int error = read_cid(vsock);
	if (!error)
		error = allocate_windows(vsock, options->window);
	if (!error)
		error = add_queues(vsock, options);
	return error ? error : virtio_device_ready(vsock->device);
}

static bool options_are_valid(const struct virtio_vsock_options *options)
{
	uint32_t window = options->window;
	bool good_window = window == 0 || (window >= 64 && window <= 1u << 24 && (window & (window - 1)) == 0);
	bool good_size = options->buffer_size == 0 || (options->buffer_size >= 64 && options->buffer_size <= 65536);

	return good_window && good_size && options->buffers != 1 && options->buffers <= BUFFERS_MOST;
}

int virtio_vsock_attach(struct virtio_vsock *vsock, struct virtio_device *device, struct virtio_vsock_connection *table,
	uint16_t count, const struct virtio_vsock_options *options)
{
	static const struct virtio_vsock_options defaults;
	int error = virtio_attach_check(device, VIRTIO_ID_VSOCK);

	if (error)
		return error;
	options = options ? options : &defaults;
	if (count == 0 || !options_are_valid(options))
		return virtio_attach_refuse(
			device, VIRTIO_ERR_INVALID, VIRTIO_MESSAGE("an empty table, or options out of range"));
	*vsock = (struct virtio_vsock){.device = device, .table = table, .count = count};
	error = virtio_device_begin(device, VIRTIO_VSOCK_F_STREAM | VIRTIO_VSOCK_F_NO_IMPLIED_STREAM, 0, rules);
	if (!error)
		error = start(vsock, options);
	if (error) {
		virtio_device_fail(device);
		virtio_attach_failed(device, error);
		virtio_vsock_detach(vsock);
		return error;
	}
	virtio_device_log(device, VIRTIO_LOG_INFO, "our address is %llu", (unsigned long long)vsock->cid);
	return 0;
}

/* Nobody is there any more. Users may hold on to their connections, which are ended, until they close them. */
static void end_all(struct virtio_vsock *vsock)
{
	for (unsigned i = 0; i < vsock->count; i++) {
		struct virtio_vsock_connection *connection = &vsock->table[i];
		bool used = connection->state == VIRTIO_VSOCK_CONNECTING || connection->state == VIRTIO_VSOCK_OPEN ||
			    connection->state == VIRTIO_VSOCK_ENDED;
		connection->state = used ? VIRTIO_VSOCK_ENDED : VIRTIO_VSOCK_FREE;
		connection->taken = connection->received = 0; /* the window goes */
		connection->owed = 0;
	}
}

int virtio_vsock_detach(struct virtio_vsock *vsock)
{
	if (!vsock->device)
		return 0;
	const struct virtio_platform *platform = vsock->device->platform;
	int error = virtio_device_detach(vsock->device);
	if (!error) {
		virtio_buffers_free(&vsock->receive, platform);
		virtio_buffers_free(&vsock->transmit, platform);
		virtio_buffers_free(&vsock->events, platform);
	}
	if (vsock->windows) {
		end_all(vsock);
		platform->free(platform->context, vsock->windows, (size_t)vsock->window * vsock->count);
	}
	vsock->device = NULL;
	return error;
}

/* Everything under way is lost, and our address may be another one (5.10.6.7). Listeners stay. */
static int transport_reset(struct virtio_vsock *vsock)
{
	for (unsigned i = 0; i < vsock->count; i++) {
		struct virtio_vsock_connection *connection = &vsock->table[i];
		if (connection->state <= VIRTIO_VSOCK_LISTENING)
			continue;
		bool known = connection->state != VIRTIO_VSOCK_WAITING && connection->state != VIRTIO_VSOCK_CLOSING;
		connection->state = known ? VIRTIO_VSOCK_ENDED : VIRTIO_VSOCK_FREE;
		connection->owed = 0;
	}
	vsock->refusal_count = 0;
	virtio_device_log(vsock->device, VIRTIO_LOG_INFO, "all connections are lost");
	return read_cid(vsock);
}

/* Take one event: 1, 0 when there is none, or an error. */
static int take_event(struct virtio_vsock *vsock)
{
	struct virtio_vsock_event event = {{UINT32_MAX}};
	uint8_t *buffer;
	uint32_t length;
	int result = virtio_buffers_get(&vsock->events, &buffer, &length);

	if (result <= 0)
		return result;
	if (length >= sizeof(event))
		__builtin_memcpy(&event, buffer, sizeof(event));
	result = virtio_buffers_offer(&vsock->events, buffer, sizeof(event));
	virtio_queue_submit(&vsock->events.queue);
	if (!result && le32_to(event.id) == VIRTIO_VSOCK_EVENT_TRANSPORT_RESET)
		result = transport_reset(vsock);
	return result < 0 ? result : 1;
}

/* Take one packet: 1, 0 when there is none or no room for an answer, or an error. */
static int take_packet(struct virtio_vsock *vsock)
{
	struct vsock_packet packet = {.length = 0};
	uint8_t *buffer;
	uint32_t length;

	if (vsock->refusal_count == VIRTIO_VSOCK_REFUSALS)
		return 0;
	int result = virtio_buffers_get(&vsock->receive, &buffer, &length);
	if (result <= 0)
		return result;
	if (length >= VIRTIO_VSOCK_HEADER) {
		__builtin_memcpy(&packet.header, buffer, VIRTIO_VSOCK_HEADER);
		packet.data = buffer + VIRTIO_VSOCK_HEADER;
		packet.length = length - VIRTIO_VSOCK_HEADER;
		packet.whole = le32_to(packet.header.len) <= packet.length;
		virtio_vsock_handle(vsock, &packet);
	}
	result = virtio_buffers_offer(&vsock->receive, buffer, vsock->receive.size);
	return result < 0 ? result : 1;
}

int virtio_vsock_poll(struct virtio_vsock *vsock)
{
	int handled = 0;
	int result = virtio_vsock_flush(vsock);

	for (unsigned i = 0; i < EVENT_BUFFERS && result >= 0; i++) {
		result = take_event(vsock);
		handled += result > 0;
		if (result == 0)
			break;
	}
	for (unsigned i = 0; i < PACKETS_AT_ONCE && result >= 0; i++) {
		result = take_packet(vsock);
		handled += result > 0;
		if (result == 0)
			break;
	}
	virtio_queue_submit(&vsock->receive.queue);
	if (result >= 0)
		result = virtio_vsock_flush(vsock);
	return result < 0 ? result : handled;
}

bool virtio_vsock_enable_interrupts(struct virtio_vsock *vsock)
{
	bool packets = virtqueue_enable_interrupts(&vsock->receive.queue.ring, 1);
	bool events = virtqueue_enable_interrupts(&vsock->events.queue.ring, 1);

	return packets || events;
}

void virtio_vsock_disable_interrupts(struct virtio_vsock *vsock)
{
	virtqueue_disable_interrupts(&vsock->receive.queue.ring);
	virtqueue_disable_interrupts(&vsock->events.queue.ring);
}
