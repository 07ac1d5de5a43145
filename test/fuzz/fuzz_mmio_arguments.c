/* SPDX-License-Identifier: ISC */
/* The command line's virtio_mmio.device= arguments (libvirtio/transport/mmio_argument.c): any text at all. */
#include <stdio.h>
#include <string.h>
#include <virtio/mmio.h>

#include "fuzz.h"

#define KEY "virtio_mmio.device="

/* A log line is text that a terminal can show, and short. */
static void check_line(void *context, int level, const char *message)
{
	(void)context, (void)level;
	fuzz_check(strlen(message) < 160);
	for (const char *letter = message; *letter; letter++)
		fuzz_check(*letter >= ' ' && *letter <= '~');
}

static const struct virtio_platform platform = {.size = sizeof platform, .log = check_line};

/* What was read means the same when it is written down again. */
static void check_window(const struct virtio_mmio_window *window)
{
	char text[160];
	struct virtio_mmio_window again;

	snprintf(text, sizeof text, "quiet " KEY "0x%llx@%llu:%u", (unsigned long long)window->length,
		(unsigned long long)window->address, window->interrupt);
	fuzz_check(virtio_mmio_argument(&platform, text, 0, &again) == 0);
	fuzz_check(again.length == window->length && again.address == window->address &&
		   again.interrupt == window->interrupt);
	fuzz_check(virtio_mmio_argument(&platform, text, 1, &again) == VIRTIO_ERR_NO_DEVICE);
}

static unsigned count_keys(const char *text)
{
	unsigned count = 0;

	while ((text = strstr(text, KEY)) != NULL) {
		text += strlen(KEY);
		count++;
	}
	return count;
}

static void check_all(const char *text)
{
	static const struct virtio_mmio_window before = {1, 2, 3};
	unsigned most = count_keys(text);

	for (unsigned n = 0;; n++) {
		struct virtio_mmio_window window = before;
		int result = virtio_mmio_argument(&platform, text, n, &window);

		if (result == 0)
			check_window(&window);
		else
			fuzz_check(window.address == 1 && window.length == 2 && window.interrupt == 3);
		if (result == VIRTIO_ERR_NO_DEVICE)
			return;
		fuzz_check(result == 0 || result == VIRTIO_ERR_INVALID);
		fuzz_check(n < most);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* of its own size, so that the sanitizers see an access behind it */

	if (text != NULL) {
		if (size > 0) /* else there may be no data at all */
			memcpy(text, data, size);
		text[size] = '\0';
		check_all(text);
	}
	free(text);
	return 0;
}
