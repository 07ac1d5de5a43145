/* SPDX-License-Identifier: ISC */
/* Random bytes: not much can be said of them, but that they are not all alike, nor the same as before. */
#include <boot/platform.h>
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define BYTES 4096
#define LEAST_VALUES 200 /* different ones among so many bytes: fewer have a chance below 10^-300 */

static uint8_t bytes[2][BYTES];

static unsigned different_values(const uint8_t *from)
{
	bool seen[256] = {false};
	unsigned count = 0;

	for (unsigned i = 0; i < BYTES; i++) {
		count += !seen[from[i]];
		seen[from[i]] = true;
	}
	return count;
}

static const char *draw(struct virtio_rng *rng)
{
	unsigned alike = 0;

	for (unsigned i = 0; i < 2; i++) {
		int result = virtio_rng_fill(rng, bytes[i], BYTES, patience());
		if (result < 0)
			return virtio_error_name(result);
		if (different_values(bytes[i]) < LEAST_VALUES)
			return "bytes that are not random";
	}
	for (unsigned i = 0; i < BYTES; i++)
		alike += bytes[0][i] == bytes[1][i];
	return alike > BYTES / 2 ? "the same bytes again" : NULL;
}

const char *test_random(struct virtio_device *device, const struct boot_info *info)
{
	struct virtio_rng rng;

	(void)info;
	if (virtio_rng_attach(&rng, device) < 0)
		return "attach";
	const char *error = draw(&rng);
	if (virtio_rng_detach(&rng) < 0 && !error)
		error = "detach";
	boot_printf("random bytes: %u different values\n", different_values(bytes[0]));
	return error;
}
