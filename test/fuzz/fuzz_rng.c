/* SPDX-License-Identifier: ISC */
/* virtio-rng (VIRTIO 5.4) with a device that does as it likes. */
#include <virtio/helper.h>
#include <virtio/rng.h>
#include <virtio/spec/ids.h>

#include "session.h"

#define MOST 300 /* bytes to ask for: more than one answer has */

static struct virtio_rng rng;

static int attach(struct fuzz_device *device)
{
	return virtio_rng_attach(&rng, &device->driver);
}

static int detach(struct fuzz_device *device)
{
	(void)device;
	return virtio_rng_detach(&rng);
}

static void read_some(struct fuzz_device *device)
{
	uint32_t length = fuzz_u16(device->input) % MOST;
	uint8_t *bytes =
		malloc(length + 1); /* of nearly its own size, so that the sanitizers see an access behind it */
	int got = virtio_rng_read(&rng, bytes, length);

	fuzz_check(got == VIRTIO_ERR_PROTOCOL || (got >= 0 && (uint32_t)got <= length));
	free(bytes);
}

static void fill(struct fuzz_device *device)
{
	uint64_t deadline = fuzz_session_deadline(device);
	uint8_t bytes[MOST];
	size_t length = fuzz_byte(device->input);

	memset(bytes, 1, sizeof bytes);
	if (virtio_rng_fill(&rng, bytes, length, deadline) < 0)
		for (size_t i = 0; i < length; i++)
			fuzz_check(bytes[i] == 0);
	fuzz_check(bytes[length] == 1);
	fuzz_session_check_deadline(deadline);
}

static void step(struct fuzz_device *device, unsigned choice)
{
	switch (choice % 4) {
	case 0:
	case 1:
		read_some(device);
		return;
	case 2:
		fill(device);
		return;
	default:
		(void)!virtio_rng_enable_interrupts(&rng);
		virtio_rng_disable_interrupts(&rng);
	}
}

static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	(void)queue, (void)chain;
	memset(bytes, 0x5a, FUZZ_MESSAGE);
	return fuzz_byte(device->input);
}

static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	uint8_t bytes[FUZZ_MESSAGE];

	(void)device, (void)queue;
	memset(bytes, 0x5a, sizeof bytes);
	return fuzz_chain_write(chain, 0, bytes, sizeof bytes);
}

static void prove(struct fuzz_device *device)
{
	uint8_t bytes[MOST];

	(void)device;
	fuzz_check(virtio_rng_fill(&rng, bytes, sizeof bytes, fuzz_runtime_time() + UINT64_C(1000000000)) == 0);
	for (size_t i = 0; i < sizeof bytes; i++)
		fuzz_check(bytes[i] == 0x5a);
}

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_ENTROPY, .queues = 1, .config = (const uint8_t *)"", .message = message, .answer = answer};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
