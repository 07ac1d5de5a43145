/* SPDX-License-Identifier: ISC */
/* Reading the command line: words of the form name=value, apart by blanks. */
#include <stddef.h>

#include "options.h"

#define MOST 65536 /* of any number here */

/* What follows NAME at the start of WORD, NULL when it starts otherwise. */
static const char *value_of(const char *word, const char *name)
{
	while (*name)
		if (*word++ != *name++)
			return NULL;
	return word;
}

static bool at_end(char letter)
{
	return letter == '\0' || letter == ' ';
}

/* A decimal number and nothing else. */
static bool read_number(const char *text, unsigned *number)
{
	if (at_end(*text))
		return false;
	for (*number = 0; *text >= '0' && *text <= '9' && *number <= MOST; text++)
		*number = *number * 10 + (unsigned)(*text - '0');
	return at_end(*text) && *number <= MOST;
}

/* Exactly "yes": nobody should lose a disk to a typing error. */
static bool read_yes(const char *text, bool *yes)
{
	const char *rest = value_of(text, "yes");

	*yes = rest && at_end(*rest);
	return *yes;
}

/* Read one word. False: it is ours and makes no sense. */
static bool read_word(const char *word, struct options *options)
{
	const char *value;

	if ((value = value_of(word, "device=")))
		return read_number(value, &options->device);
	if ((value = value_of(word, "mib=")))
		return read_number(value, &options->mebibytes) && options->mebibytes > 0;
	if ((value = value_of(word, "write=")))
		return read_yes(value, &options->write);
	return true;
}

struct options options_read(const char *text)
{
	struct options options = {.mebibytes = 64};

	while (*text && !options.culprit) {
		if (!read_word(text, &options))
			options.culprit = text;
		while (!at_end(*text))
			text++;
		while (*text == ' ')
			text++;
	}
	return options;
}
