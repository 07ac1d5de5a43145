/* SPDX-License-Identifier: ISC */
/*
 * Where hypervisors say on the command line that MMIO devices are: virtio_mmio.device=SIZE@BASE:IRQ[:ID]. It is text
 * from outside: what is not exactly that is refused and shown.
 */
#include <virtio/mmio.h>

#include "base/log.h"
#include "base/text_word.h"

#define KEY "virtio_mmio.device="

/* What follows the key in WORD; NULL: it is another word. */
static const char *value_of(const char *word)
{
	for (const char *key = KEY; *key; key++, word++)
		if (*word != *key)
			return NULL;
	return word;
}

/* The value of the Nth argument of ours, NULL: there are fewer. */
static const char *find_value(const char *command_line, unsigned n)
{
	for (const char *word = command_line; *word; word = virtio_text_next(word)) {
		const char *value = value_of(word);
		if (value && n-- == 0)
			return value;
	}
	return NULL;
}

/* A number; one that begins with 0 and is not 0 would be octal for some, so it is refused. */
static bool read_number(const char **text, uint64_t *number)
{
	if (**text != '0')
		return virtio_text_digits(text, 10, number);
	(*text)++;
	if (**text == 'x' || **text == 'X') {
		(*text)++;
		return virtio_text_digits(text, 16, number);
	}
	*number = 0; /* no digit may follow, because none may follow a number */
	return true;
}

/* A number that may end in K, M or G. */
static bool read_size(const char **text, uint64_t *number)
{
	unsigned shift = 0;

	if (!read_number(text, number))
		return false;
	switch (**text) {
	case 'K':
	case 'k':
		shift = 10;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'G':
	case 'g':
		shift = 30;
		break;
	default:
		return true;
	}
	(*text)++;
	if (*number > UINT64_MAX >> shift)
		return false;
	*number <<= shift;
	return true;
}

static bool read_letter(const char **text, char letter)
{
	if (**text != letter)
		return false;
	(*text)++;
	return true;
}

static bool read_value(const char *text, struct virtio_mmio_window *window)
{
	uint64_t interrupt, id;

	if (!read_size(&text, &window->length) || !read_letter(&text, '@') || !read_size(&text, &window->address) ||
		!read_letter(&text, ':') || !read_number(&text, &interrupt) || interrupt > UINT32_MAX)
		return false;
	if (read_letter(&text, ':') && !read_number(&text, &id))
		return false;
	window->interrupt = (uint32_t)interrupt;
	return virtio_text_ends(*text);
}

/* The log shows the word, within bounds. */
static void complain(const struct virtio_platform *platform, const char *value)
{
	char word[64];
	size_t length = 0;

	while (!virtio_text_ends(value[length]))
		length++;
	virtio_text_harmless(word, sizeof word, value, length);
	virtio_log(platform, VIRTIO_LOG_ERROR,
		"command line: " KEY "%s makes no sense, expected SIZE@BASE:IRQ as in 512@0xfeb00e00:12", word);
}

int virtio_mmio_argument(
	const struct virtio_platform *platform, const char *command_line, unsigned n, struct virtio_mmio_window *window)
{
	const char *value = find_value(command_line, n);
	struct virtio_mmio_window read;

	if (!value)
		return VIRTIO_ERR_NO_DEVICE;
	if (!read_value(value, &read)) {
		complain(platform, value);
		return VIRTIO_ERR_INVALID;
	}
	*window = read;
	return 0;
}
