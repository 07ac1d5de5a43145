/* SPDX-License-Identifier: ISC */
/* Names of devices on a command line: words ROLE=NAME. Words that are no role of ours are somebody else's. */
#include "helper/name.h"

#include "base/log.h"
#include "base/text_word.h"

/* What follows ROLE= in WORD; NULL: it is another word. */
static const char *value_of(const char *word, const char *role)
{
	while (*role)
		if (*word++ != *role++)
			return NULL;
	return *word == '=' ? word + 1 : NULL;
}

static int complain(const struct virtio_platform *platform, const char *role, const char *value, size_t length)
{
	char shown[32];

	virtio_text_harmless(shown, sizeof shown, value, length);
	virtio_log(platform, VIRTIO_LOG_ERROR,
		"%s=%s makes no sense: say pci:00:04.0, mmio:0xfeb00e00, mac:52:54:00:12:34:56, serial:DATA or order:0",
		role, shown);
	return VIRTIO_ERR_INVALID;
}

/* The name of one role, where there is one. */
static int read_role(const struct virtio_platform *platform, const char *command_line, struct virtio_wanted *wanted)
{
	unsigned found = 0;

	for (const char *word = command_line; *word; word = virtio_text_next(word)) {
		const char *value = value_of(word, wanted->role);
		size_t length = 0;

		if (!value)
			continue;
		while (!virtio_text_ends(value[length]))
			length++;
		if (virtio_name_parse(&wanted->name, value, length) < 0)
			return complain(platform, wanted->role, value, length);
		found++;
	}
	if (found <= 1)
		return 0;
	virtio_log(platform, VIRTIO_LOG_ERROR, "%s= stands on the command line %u times", wanted->role, found);
	return VIRTIO_ERR_INVALID;
}

int virtio_name_arguments(
	const struct virtio_platform *platform, const char *command_line, struct virtio_wanted *wanted, unsigned count)
{
	int result = 0;

	for (unsigned i = 0; i < count; i++) {
		int error = read_role(platform, command_line, &wanted[i]);
		result = result ? result : error;
	}
	return result;
}
