/* SPDX-License-Identifier: ISC */
/* Reading the command line: words of the form name=value, apart by blanks. */
#include "command_line.h"

/* Read a decimal number up to MOST at *TEXT, and go past it. False: there is none, or it is larger. */
static bool read_number(const char **text, unsigned most, unsigned *number)
{
	const char *start = *text;

	for (*number = 0; **text >= '0' && **text <= '9'; ++*text) {
		*number = *number * 10 + (unsigned)(**text - '0');
		if (*number > most)
			return false;
	}
	return *text > start;
}

static bool read_letter(const char **text, char letter)
{
	if (**text != letter)
		return false;
	++*text;
	return true;
}

static bool at_end(const char *text)
{
	return *text == '\0' || *text == ' ' || *text == '\t';
}

/* An address that one machine can have: not 0, loopback or a group, nor the first or last of its subnet. */
static bool usable(const struct settings *settings)
{
	uint32_t rest = settings->address & ~prefix_mask(settings->prefix);
	uint32_t first = settings->address >> 24;
	bool edge = settings->prefix < 31 && (rest == 0 || rest == ~prefix_mask(settings->prefix));

	return first != 0 && first != 127 && first < 224 && !edge;
}

/* a.b.c.d/n */
static bool read_address(const char *text, struct settings *settings)
{
	uint32_t address = 0;
	unsigned number;

	for (unsigned i = 0; i < 4; i++) {
		if ((i > 0 && !read_letter(&text, '.')) || !read_number(&text, 255, &number))
			return false;
		address = address << 8 | number;
	}
	if (!read_letter(&text, '/') || !read_number(&text, 32, &number) || number == 0 || !at_end(text))
		return false;
	settings->address = address;
	settings->prefix = number;
	return usable(settings);
}

static bool read_device(const char *text, struct settings *settings)
{
	return read_number(&text, 255, &settings->device) && at_end(text);
}

/* What follows NAME at the start of WORD, NULL when it starts otherwise. */
static const char *value_of(const char *word, const char *name)
{
	while (*name != '\0')
		if (*word++ != *name++)
			return NULL;
	return word;
}

static bool read_learning(const char *text, struct settings *settings)
{
	static const char *const words[] = {
		[LEARN_BEST] = "best", [LEARN_POLL] = "poll", [LEARN_INTX] = "intx", [LEARN_MSIX] = "msix"};

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		const char *rest = value_of(text, words[i]);
		if (rest != NULL && at_end(rest)) {
			settings->learning = (enum learning)i;
			return true;
		}
	}
	return false;
}

static bool read_word(const char *word, struct settings *settings)
{
	const char *value;

	if ((value = value_of(word, "ip=")) != NULL)
		return read_address(value, settings);
	if ((value = value_of(word, "device=")) != NULL)
		return read_device(value, settings);
	if ((value = value_of(word, "interrupts=")) != NULL)
		return read_learning(value, settings);
	return true;
}

static void blame(const char *word, struct settings *settings)
{
	unsigned length = 0;

	while (!at_end(word + length) && length < sizeof settings->culprit - 1) {
		settings->culprit[length] = word[length];
		length++;
	}
	settings->culprit[length] = '\0';
}

bool command_line_read(const char *text, struct settings *settings)
{
	*settings = (struct settings){.address = 0x0a00020f, .prefix = 24};
	while (*text != '\0') {
		if (!at_end(text) && !read_word(text, settings)) {
			blame(text, settings);
			return false;
		}
		while (!at_end(text))
			text++;
		while (*text != '\0' && at_end(text))
			text++;
	}
	return true;
}
