/* SPDX-License-Identifier: ISC */
/*
 * A little of 9P2000.L: version, attach, walk to module0, open, then read it with several requests at once. The same
 * file came as a boot module, so the kernel knows what must be in it.
 */
#include <boot/platform.h>
#include <virtio/9p.h>
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define TVERSION 100
#define TATTACH 104
#define TWALK 110
#define TLOPEN 12
#define TREAD 116
#define NO_TAG 0xffff
#define NO_FID 0xffffffff
#define ROOT 1
#define FILE 2
#define READERS 4
#define PIECE 300 /* bytes of a read: odd pieces, so that there are many */
#define ROOM 1024

/* A message and its answer. */
struct call {
	struct virtio_9p_request request;
	struct virtio_segment segments[3];
	uint8_t message[128];
	uint8_t answer_header[16]; /* the answer is cut here, to see that segments work */
	uint8_t answer[ROOM];
	uint32_t length; /* of the message so far */
	uint32_t offset; /* what a reader reads */
};

static struct call calls[READERS];

static void put(struct call *call, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		call->message[call->length++] = (uint8_t)(value >> 8 * i);
}

static void put_text(struct call *call, const char *text)
{
	unsigned length = 0;

	while (text[length])
		length++;
	put(call, length, 2);
	for (unsigned i = 0; i < length; i++)
		put(call, (uint8_t)text[i], 1);
}

static void begin(struct call *call, uint8_t type, uint16_t tag)
{
	call->length = 0;
	put(call, 0, 4);
	put(call, type, 1);
	put(call, tag, 2);
}

static const char *submit(struct virtio_9p *p9, struct call *call)
{
	uint32_t length = call->length;

	call->length = 0;
	put(call, length, 4);
	call->segments[0] = virtio_segment_identity(call->message, length);
	call->segments[1] = virtio_segment_identity(call->answer_header, sizeof call->answer_header);
	call->segments[2] = virtio_segment_identity(call->answer, ROOM);
	call->request = (struct virtio_9p_request){
		.segments = call->segments, .message_segments = 1, .answer_segments = 2, .context = call};
	return virtio_9p_submit(p9, &call->request) == 1 ? NULL : "submit";
}

/* The next call that is answered; NULL after a while without one. */
static struct call *completed(struct virtio_9p *p9)
{
	uint64_t deadline = patience();
	struct virtio_9p_request *done;
	int count;

	while ((count = virtio_9p_completed(p9, &done)) == 0)
		if (boot_platform()->now(NULL) > deadline)
			return NULL;
	return count > 0 ? done->context : NULL;
}

/* Whether CALL was answered with the type that follows its own. */
static bool answered(const struct call *call)
{
	return call->request.result == 0 && call->answer_header[4] == call->message[4] + 1;
}

/* Send the call, wait for its answer. */
static const char *ask(struct virtio_9p *p9, struct call *call, const char *name)
{
	const char *error = submit(p9, call);

	if (error)
		return error;
	return completed(p9) == call && answered(call) ? NULL : name;
}

static const char *open_file(struct virtio_9p *p9, const char *name)
{
	struct call *call = &calls[0];
	const char *error;

	begin(call, TVERSION, NO_TAG);
	put(call, 4096, 4);
	put_text(call, "9P2000.L");
	error = ask(p9, call, "version");
	begin(call, TATTACH, 1);
	put(call, ROOT, 4);
	put(call, NO_FID, 4);
	put_text(call, "nobody");
	put_text(call, "");
	put(call, 0, 4);
	error = error ? error : ask(p9, call, "attach");
	begin(call, TWALK, 2);
	put(call, ROOT, 4);
	put(call, FILE, 4);
	put(call, 1, 2);
	put_text(call, name);
	error = error ? error : ask(p9, call, "walk");
	begin(call, TLOPEN, 3);
	put(call, FILE, 4);
	put(call, 0, 4);
	return error ? error : ask(p9, call, "open");
}

static const char *read_at(struct virtio_9p *p9, struct call *call, uint32_t offset)
{
	begin(call, TREAD, (uint16_t)(100 + (call - calls)));
	put(call, FILE, 4);
	put(call, offset, 8);
	put(call, PIECE, 4);
	call->offset = offset;
	return submit(p9, call);
}

/* Byte AT of an answer, wherever it lies. */
static uint8_t answer_byte(const struct call *call, uint32_t at)
{
	const uint32_t first = sizeof call->answer_header;

	return at < first ? call->answer_header[at] : call->answer[at - first];
}

/* Compare what a reader got with CONTENT of SIZE bytes. */
static const char *compare(const struct call *call, const uint8_t *content, uint32_t size)
{
	uint32_t expected = size - call->offset < PIECE ? size - call->offset : PIECE;
	uint32_t count = 0;

	if (!answered(call))
		return "read";
	for (unsigned i = 0; i < 4; i++)
		count |= (uint32_t)answer_byte(call, 7 + i) << 8 * i;
	if (count != expected || call->request.answer_length != 11 + count)
		return "number of bytes read";
	for (uint32_t i = 0; i < count; i++)
		if (answer_byte(call, 11 + i) != content[call->offset + i])
			return "content";
	return NULL;
}

static const char *read_file(struct virtio_9p *p9, const uint8_t *content, uint32_t size)
{
	uint32_t next = 0, under_way = 0;
	const char *error = NULL;

	for (unsigned i = 0; i < READERS && next < size && !error; i++, next += PIECE, under_way++)
		error = read_at(p9, &calls[i], next);
	while (under_way && !error) {
		struct call *call = completed(p9);
		error = call ? compare(call, content, size) : "a read that is never answered";
		under_way--;
		if (!error && next < size) {
			error = read_at(p9, call, next);
			next += PIECE;
			under_way++;
		}
	}
	return error;
}

const char *test_9p(struct virtio_device *device, const struct boot_info *info)
{
	struct virtio_9p p9;

	if (info->module_count != 1)
		return "no module to compare with";
	const struct boot_module *module = &info->modules[0];
	if (virtio_9p_attach(&p9, device, NULL) < 0)
		return "attach";
	uint32_t size = (uint32_t)(module->end - module->start);
	const char *error = same(p9.tag, "the share") ? open_file(&p9, "module0") : "mount tag";
	if (!error)
		error = read_file(&p9, (const uint8_t *)module->start, size);
	boot_printf("read %u bytes from [%s]\n", size, p9.tag);
	if (virtio_9p_detach(&p9, NULL, NULL) < 0 && !error)
		error = "detach";
	return error;
}
