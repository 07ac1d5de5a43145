/* SPDX-License-Identifier: ISC */
/*
 * virtio-9p: a transport, so all there is to it is that messages and answers are what their headers say. The device
 * finds a message in the readable part of a buffer and writes the answer into the rest.
 */
#include <virtio/9p.h>
#include <virtio/spec/9p.h>
#include <virtio/spec/ids.h>

#include "device/log.h"
#include "driver/attach.h"

#define DEFAULT_RING 128
#define DEFAULT_SEGMENTS 32
#define DEFAULT_MESSAGE (UINT32_C(1) << 20)

/* A header, as far as it concerns us. */
struct header {
	uint32_t length;
	uint16_t tag;
};

/* Read each byte once: the device may change an answer's meanwhile. */
static struct header read_header(const uint8_t *bytes)
{
	const volatile uint8_t *length = bytes + VIRTIO_9P_OFFSET_LENGTH;
	const volatile uint8_t *tag = bytes + VIRTIO_9P_OFFSET_TAG;
	struct header header = {0, 0};

	for (unsigned i = 0; i < 4; i++)
		header.length |= (uint32_t)length[i] << 8 * i;
	for (unsigned i = 0; i < 2; i++)
		header.tag = (uint16_t)(header.tag | tag[i] << 8 * i);
	return header;
}

/* The name of what the device serves, made harmless. */
static int read_tag(struct virtio_9p *p9)
{
	uint16_t length = 0;
	int error = 0;

	if (virtio_device_has(p9->device, VIRTIO_9P_F_MOUNT_TAG))
		error = virtio_device_config16(p9->device, VIRTIO_9P_CONFIG_TAG_LENGTH, &length);
	if (length > VIRTIO_9P_TAG - 1)
		length = VIRTIO_9P_TAG - 1;
	if (!error && length > 0)
		error = virtio_device_read_config(p9->device, VIRTIO_9P_CONFIG_TAG, p9->tag, length, 1);
	for (unsigned i = 0; i < length && p9->tag[i]; i++)
		p9->tag[i] = p9->tag[i] >= ' ' && p9->tag[i] <= '~' ? p9->tag[i] : '?';
	return error;
}

/* Steps 7 and 8 of 3.1.1, and what the device tells of itself in between. */
static int start(struct virtio_9p *p9, const struct virtio_9p_options *options)
{
	uint16_t segments = options->max_segments ? options->max_segments : DEFAULT_SEGMENTS;
	int error = read_tag(p9);

	if (!error)
		error = virtio_device_add_queue(
			p9->device, &p9->queue, 0, options->ring_size ? options->ring_size : DEFAULT_RING, segments);
	if (!error && p9->queue.ring.max_segments < 2)
		error = VIRTIO_ERR_UNSUPPORTED;
	if (!error)
		error = virtio_device_ready(p9->device);
	p9->max_segments = p9->queue.ring.max_segments;
	p9->max_message = options->max_message ? options->max_message : DEFAULT_MESSAGE;
	return error;
}

int virtio_9p_attach(struct virtio_9p *p9, struct virtio_device *device, const struct virtio_9p_options *options)
{
	static const struct virtio_9p_options defaults;
	int error = virtio_attach_check(device, VIRTIO_ID_9P);

	if (error)
		return error;
	*p9 = (struct virtio_9p){.device = device};
	error = virtio_device_begin(device, VIRTIO_9P_F_MOUNT_TAG, 0, NULL);
	if (!error)
		error = start(p9, options ? options : &defaults);
	if (error) {
		virtio_device_fail(device);
		(void)virtio_device_detach(device);
		p9->device = NULL;
		return virtio_attach_failed(device, error);
	}
	virtio_device_log(device, VIRTIO_LOG_INFO, "serves [%s]", p9->tag);
	return 0;
}

int virtio_9p_detach(
	struct virtio_9p *p9, void (*reclaim)(void *context, struct virtio_9p_request *request), void *context)
{
	struct virtio_9p_request *request;

	if (!p9->device)
		return 0;
	int stuck = virtio_device_reset(p9->device);
	while ((request = virtqueue_take_back(&p9->queue.ring))) {
		request->result = stuck ? VIRTIO_ERR_TIMEOUT : VIRTIO_ERR_NO_DEVICE;
		request->answer_length = 0;
		if (reclaim)
			reclaim(context, request);
	}
	int error = virtio_device_detach(p9->device);
	p9->device = NULL;
	return stuck ? stuck : error;
}

/* Whether COUNT segments can be one message: how many bytes they have, or an error. */
static int64_t check_part(const struct virtio_9p *p9, const struct virtio_segment *segments, unsigned count)
{
	uint64_t bytes = 0;

	if (count == 0 || segments[0].length < VIRTIO_9P_HEADER)
		return VIRTIO_ERR_INVALID;
	for (unsigned i = 0; i < count; i++)
		bytes += segments[i].length;
	return bytes > p9->max_message ? VIRTIO_ERR_TOO_LARGE : (int64_t)bytes;
}

int virtio_9p_submit(struct virtio_9p *p9, struct virtio_9p_request *request)
{
	const struct virtio_segment *answer = request->segments + request->message_segments;

	if ((unsigned)request->message_segments + request->answer_segments > p9->max_segments)
		return VIRTIO_ERR_TOO_LARGE;
	int64_t bytes = check_part(p9, request->segments, request->message_segments);
	int64_t room = check_part(p9, answer, request->answer_segments);
	if (bytes < 0 || room < 0)
		return (int)(bytes < 0 ? bytes : room);
	struct header header = read_header(request->segments[0].data);
	if (header.length != bytes)
		return VIRTIO_ERR_INVALID;
	request->tag = header.tag;
	request->answer = answer->data;
	const struct virtqueue_buffer buffer = {
		request->segments, request, request->message_segments, request->answer_segments};
	int added = virtio_queue_add(&p9->queue, &buffer, 1);
	if (added > 0)
		virtio_queue_submit(&p9->queue);
	return added;
}

/* Whether the answer is one: it has a header at least, no more than was written, and belongs to the message. */
static bool answers(const struct virtio_9p_request *request, uint32_t written, struct header header)
{
	return header.length >= VIRTIO_9P_HEADER && header.length <= written && header.tag == request->tag;
}

int virtio_9p_completed(struct virtio_9p *p9, struct virtio_9p_request **request)
{
	struct virtqueue_used used;
	int got = virtio_queue_get(&p9->queue, &used, 1);

	if (got <= 0)
		return got;
	struct virtio_9p_request *done = used.token;
	struct header header = read_header(done->answer);
	bool well = answers(done, used.length, header);
	done->result = well ? 0 : VIRTIO_ERR_PROTOCOL;
	done->answer_length = well ? header.length : 0;
	if (!well && !p9->complained) {
		p9->complained = true;
		virtio_device_log(p9->device, VIRTIO_LOG_ERROR, "an answer of %u bytes in %u, tag %u to tag %u",
			(unsigned)header.length, (unsigned)used.length, header.tag, done->tag);
	}
	*request = done;
	return 1;
}

bool virtio_9p_enable_interrupts(struct virtio_9p *p9)
{
	return virtqueue_enable_interrupts(&p9->queue.ring, 1);
}

void virtio_9p_disable_interrupts(struct virtio_9p *p9)
{
	virtqueue_disable_interrupts(&p9->queue.ring);
}
