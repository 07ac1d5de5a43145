/* SPDX-License-Identifier: ISC */
/*
 * virtio-balloon (VIRTIO 5.5). One message at a time in each direction: what is in the balloon is then never in doubt,
 * and no page is asked back that the device has not confirmed (5.5.6.1).
 */
#include <virtio/balloon.h>
#include <virtio/spec/balloon.h>
#include <virtio/spec/ids.h>

#include "device/log.h"
#include "driver/attach.h"
#include "driver/buffers.h"

#define BALLOON_FEATURES \
	(VIRTIO_BALLOON_F_MUST_TELL_HOST | VIRTIO_BALLOON_F_DEFLATE_ON_OOM | VIRTIO_BALLOON_F_PAGE_REPORTING)
#define MESSAGE_BYTES (VIRTIO_BALLOON_PAGES * sizeof(struct le32))
#define REPORTS 32             /* under way at most */
#define PAGE_SHIFT 12          /* of the protocol's pages */
#define ADDRESS_BITS (32 + 12) /* of what its 32-bit page numbers can name */

/*
 * The number of the reporting queue. Optional queues before it are counted as they are offered, because devices set
 * them up whether or not the driver takes them (QEMU), and those without them do not offer them.
 */
static uint16_t reporting_queue(const struct virtio_balloon *balloon)
{
	uint64_t offered = balloon->device->offered;
	uint16_t index = VIRTIO_BALLOON_QUEUE_DEFLATE + 1;

	index = (uint16_t)(index + !!(offered & VIRTIO_BALLOON_F_STATS_VQ));
	return (uint16_t)(index + !!(offered & VIRTIO_BALLOON_F_FREE_PAGE_HINT));
}

/* Steps 7 and 8 of 3.1.1. */
static int start(struct virtio_balloon *balloon)
{
	struct virtio_device *device = balloon->device;
	int error =
		virtio_buffers_add_queue(&balloon->inflateq, device, VIRTIO_BALLOON_QUEUE_INFLATE, 1, MESSAGE_BYTES);

	if (!error)
		error = virtio_buffers_add_queue(
			&balloon->deflateq, device, VIRTIO_BALLOON_QUEUE_DEFLATE, 1, MESSAGE_BYTES);
	balloon->reporting = virtio_device_has(device, VIRTIO_BALLOON_F_PAGE_REPORTING);
	if (!error && balloon->reporting)
		error = virtio_device_add_queue(
			device, &balloon->reportingq, reporting_queue(balloon), REPORTS, VIRTIO_BALLOON_SEGMENTS);
	balloon->deflate_freely = virtio_device_has(device, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
	return error ? error : virtio_device_ready(device);
}

int virtio_balloon_attach(struct virtio_balloon *balloon, struct virtio_device *device)
{
	int error = virtio_attach_check(device, VIRTIO_ID_BALLOON);

	if (error)
		return error;
	*balloon = (struct virtio_balloon){.device = device};
	error = virtio_device_begin(device, BALLOON_FEATURES, 0, NULL);
	if (!error)
		error = start(balloon);
	if (error) {
		virtio_device_fail(device);
		virtio_attach_failed(device, error);
		virtio_balloon_detach(balloon);
		return error;
	}
	virtio_device_log(
		device, VIRTIO_LOG_INFO, "ready%s", balloon->reporting ? ", takes reports of free pages" : "");
	return 0;
}

int virtio_balloon_detach(struct virtio_balloon *balloon)
{
	if (!balloon->device)
		return 0;
	int error = virtio_device_detach(balloon->device);
	if (!error) {
		virtio_buffers_free(&balloon->inflateq, balloon->device->platform);
		virtio_buffers_free(&balloon->deflateq, balloon->device->platform);
	}
	balloon->device = NULL;
	return error;
}

int virtio_balloon_target(struct virtio_balloon *balloon, uint32_t *pages)
{
	int error = virtio_device_check(balloon->device);

	return error ? error : virtio_device_config32(balloon->device, VIRTIO_BALLOON_CONFIG_NUM_PAGES, pages);
}

/* Whether the device can be told of all these addresses. */
static int check_pages(const uint64_t *pages, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (pages[i] % VIRTIO_BALLOON_PAGE)
			return VIRTIO_ERR_INVALID;
		if (pages[i] >> ADDRESS_BITS)
			return VIRTIO_ERR_TOO_LARGE;
	}
	return 0;
}

/* Send the first of these pages in one message. How many; 0 when one is under way. */
static int send(struct virtio_buffers *queue, const uint64_t *pages, unsigned count)
{
	count = count < VIRTIO_BALLOON_PAGES ? count : VIRTIO_BALLOON_PAGES;
	int error = check_pages(pages, count);
	if (error || count == 0)
		return error;
	struct le32 *numbers = (struct le32 *)(void *)virtio_buffers_take(queue);
	if (!numbers)
		return 0;
	for (unsigned i = 0; i < count; i++)
		numbers[i] = le32_from((uint32_t)(pages[i] >> PAGE_SHIFT));
	error = virtio_buffers_send(queue, (uint8_t *)numbers, (uint32_t)(count * sizeof(*numbers)));
	if (error)
		return error;
	virtio_queue_submit(&queue->queue);
	return (int)count;
}

int virtio_balloon_inflate(struct virtio_balloon *balloon, const uint64_t *pages, unsigned count)
{
	/* The size is a 32-bit number. */
	if (count > UINT32_MAX - balloon->actual)
		return VIRTIO_ERR_TOO_LARGE;
	int sent = send(&balloon->inflateq, pages, count);
	if (sent > 0)
		balloon->inflating = (uint16_t)sent;
	return sent;
}

int virtio_balloon_deflate(struct virtio_balloon *balloon, const uint64_t *pages, unsigned count)
{
	if (balloon->inflating || balloon->deflating)
		return 0;
	if (count > balloon->actual)
		return VIRTIO_ERR_INVALID;
	int sent = send(&balloon->deflateq, pages, count);
	if (sent > 0)
		balloon->deflating = (uint16_t)sent;
	return sent;
}

/* Whether the device has confirmed the message in QUEUE: 1, 0, or an error. */
static int confirmed(struct virtio_buffers *queue)
{
	uint8_t *buffer;
	uint32_t length; /* means nothing: nothing is written there, and legacy devices say otherwise */
	int got = virtio_buffers_get(queue, &buffer, &length);

	if (got > 0)
		virtio_buffers_put(queue, buffer);
	return got;
}

int virtio_balloon_poll(struct virtio_balloon *balloon)
{
	int inflated = confirmed(&balloon->inflateq);
	int deflated = confirmed(&balloon->deflateq);

	if (inflated < 0 || deflated < 0)
		return VIRTIO_ERR_PROTOCOL;
	if (!inflated && !deflated)
		return 0;
	if (inflated) {
		balloon->actual += balloon->inflating;
		balloon->inflating = 0;
	}
	if (deflated) {
		balloon->actual -= balloon->deflating;
		balloon->deflating = 0;
	}
	int error = virtio_device_write_config32(balloon->device, VIRTIO_BALLOON_CONFIG_ACTUAL, balloon->actual);
	return error ? error : 1;
}

int virtio_balloon_report(
	struct virtio_balloon *balloon, const struct virtio_segment *segments, uint16_t count, void *token)
{
	const struct virtqueue_buffer buffer = {segments, token, 0, count};

	if (!balloon->reporting)
		return VIRTIO_ERR_UNSUPPORTED;
	for (unsigned i = 0; i < count; i++)
		if (segments[i].device_address % VIRTIO_BALLOON_PAGE || segments[i].length % VIRTIO_BALLOON_PAGE)
			return VIRTIO_ERR_INVALID;
	int added = virtio_queue_add(&balloon->reportingq, &buffer, 1);
	if (added > 0)
		virtio_queue_submit(&balloon->reportingq);
	return added;
}

int virtio_balloon_reported(struct virtio_balloon *balloon, void **token)
{
	struct virtqueue_used used;
	int got = balloon->reporting ? virtio_queue_get(&balloon->reportingq, &used, 1) : 0;

	if (got > 0)
		*token = used.token;
	return got;
}
