/* SPDX-License-Identifier: ISC */
/*
 * The command line. Words for us do not reach the program: --solo5:quiet, --solo5:debug,
 * --solo5:disk-timeout=SECONDS, which device is which (--NAME=mac:..., NAME being in the manifest), and the
 * "placeholder" that Solo5's script for bhyve puts first.
 */
#include <boot/memory.h>
#include <boot/platform.h>

#include "binding.h"

#define DISK_TIMEOUT "--solo5:disk-timeout="
#define LONGEST_TIMEOUT 86400 /* seconds */

static bool line_quiet;

bool binding_quiet(void)
{
	return line_quiet;
}

bool binding_starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0' && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

size_t binding_length(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length] != '\0')
		length++;
	return length;
}

bool binding_equal(const char *a, const char *b)
{
	return binding_starts_with(a, b) && binding_starts_with(b, a);
}

static size_t word_length(const char *word)
{
	size_t length = 0;

	while (word[length] != '\0' && word[length] != ' ')
		length++;
	return length;
}

static bool word_is(const char *word, const char *wanted)
{
	return binding_starts_with(word, wanted) && word_length(word) == word_length(wanted);
}

/* --NAME=, and NAME is in the manifest. */
static bool word_names_device(const char *word)
{
	if (!binding_starts_with(word, "--"))
		return false;
	for (uint32_t i = 1; i < __solo5_mft1_note.head.count && i < SOLO5_MANIFEST_MAX; i++) {
		const char *name = __solo5_mft1_note.entries[i].name;
		size_t length = binding_length(name, SOLO5_MANIFEST_NAME - 1);

		if (length > 0 && binding_starts_with(word + 2, name) && word[2 + length] == '=')
			return true;
	}
	return false;
}

static void word_set_timeout(const char *digits)
{
	uint64_t seconds = 0;
	const char *end = digits;

	for (; *end >= '0' && *end <= '9' && seconds <= LONGEST_TIMEOUT; end++)
		seconds = seconds * 10 + (uint64_t)(*end - '0');
	if ((*end != '\0' && *end != ' ') || seconds == 0 || seconds > LONGEST_TIMEOUT)
		binding_fail(DISK_TIMEOUT, digits, " makes no sense: expected seconds, 1 to 86400");
	binding_block_set_patience(seconds * BINDING_NANOSECONDS_PER_SECOND);
}

static bool word_is_for_us(const char *word, bool first)
{
	if (word_is(word, "--solo5:quiet")) {
		line_quiet = true;
		boot_platform_set_log_level(VIRTIO_LOG_ERROR);
		return true;
	}
	if (word_is(word, "--solo5:debug")) {
		boot_platform_set_log_level(VIRTIO_LOG_DEBUG);
		return true;
	}
	if (binding_starts_with(word, DISK_TIMEOUT)) {
		word_set_timeout(word + sizeof DISK_TIMEOUT - 1);
		return true;
	}
	return (first && word_is(word, "placeholder")) || word_names_device(word);
}

const char *binding_command_line(const char *line)
{
	size_t size = binding_length(line, SIZE_MAX) + 1;
	char *copy = boot_alloc(size, 1), *end = copy;
	bool first = true;

	if (copy == NULL)
		binding_fail("no memory for the ", "command line", "");
	while (*line != '\0') {
		size_t length = word_length(line);
		size_t with_blank = length + (line[length] == ' ');
		bool blank = length == 0;

		if (blank ? end > copy : !word_is_for_us(line, first)) {
			__builtin_memcpy(end, line, with_blank);
			end += with_blank;
		}
		first = first && blank;
		line += with_blank;
	}
	while (end > copy && end[-1] == ' ')
		end--;
	*end = '\0';
	return copy;
}
