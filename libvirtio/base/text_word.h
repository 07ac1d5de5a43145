/* SPDX-License-Identifier: ISC */
/* Words and numbers in text that comes from outside. */
#ifndef VIRTIO_BASE_TEXT_WORD_H
#define VIRTIO_BASE_TEXT_WORD_H

#include <virtio/base.h>

/* The value of a digit: 0 to 15, or 16 for what is none. */
unsigned virtio_text_digit(char letter);

/* Read digits of BASE (10 or 16) up to what is none, into *NUMBER; *TEXT moves behind them. False: there is none, or
 * the number does not fit; then *NUMBER is untouched. */
VIRTIO_MUST_CHECK bool virtio_text_digits(const char **text, unsigned base, uint64_t *number);

/* Whether a word ends at LETTER: at a blank, or where the text does. */
static inline bool virtio_text_ends(char letter)
{
	return letter == '\0' || letter == ' ' || (letter >= '\t' && letter <= '\r');
}

/* The word after WORD; an empty one when there is none. Blanks in front of the first word of a text are a word, too. */
const char *virtio_text_next(const char *word);

/* Copy the word of LENGTH letters at WORD for a message: up to SIZE - 1 of them and a NUL, with '?' for letters that a
 * terminal would take for commands. */
void virtio_text_harmless(char *text, size_t size, const char *word, size_t length);

#endif
