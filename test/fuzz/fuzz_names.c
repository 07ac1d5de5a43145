/* SPDX-License-Identifier: ISC */
/* Names of devices on a command line (libvirtio/helper/name.c, name_arguments.c): any text at all. */
#include <string.h>

#include "helper/name.h"

#include "fuzz.h"

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
static void check_name(const struct virtio_name *name)
{
	char text[VIRTIO_NAME_TEXT];
	struct virtio_name again;
	size_t length = virtio_name_text(name, text);

	fuzz_check(length == strlen(text) && length < VIRTIO_NAME_TEXT);
	fuzz_check(virtio_name_parse(&again, text, length) == 0);
	fuzz_check(virtio_name_equal(name, &again));
}

/* TEXT as a whole as a name, and as a command line with names in it. */
static void check_all(const char *text, size_t size)
{
	struct virtio_wanted wanted[] = {
		{.role = "net0"}, {.role = "net1"}, {.role = "disk0"}, {.role = "disk1"}, {.role = "order"}};
	const unsigned count = sizeof wanted / sizeof wanted[0];
	struct virtio_name name;

	if (virtio_name_parse(&name, text, size) == 0)
		check_name(&name);
	int result = virtio_name_arguments(&platform, text, wanted, count);
	fuzz_check(result == 0 || result == VIRTIO_ERR_INVALID);
	for (unsigned i = 0; i < count; i++)
		if (wanted[i].name.by != VIRTIO_NAME_NONE)
			check_name(&wanted[i].name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* of its own size, so that the sanitizers see an access behind it */

	if (text != NULL) {
		if (size > 0) /* else there may be no data at all */
			memcpy(text, data, size);
		text[size] = '\0';
		check_all(text, size);
	}
	free(text);
	return 0;
}
