/* SPDX-License-Identifier: ISC */
/* Words and numbers in text that comes from outside: what does not fit is refused or cut, never wrapped. */
#include "base/text_word.h"

unsigned virtio_text_digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return (unsigned)(letter - '0');
	if (letter >= 'a' && letter <= 'f')
		return (unsigned)(letter - 'a') + 10;
	if (letter >= 'A' && letter <= 'F')
		return (unsigned)(letter - 'A') + 10;
	return 16;
}

bool virtio_text_digits(const char **text, unsigned base, uint64_t *number)
{
	const char *start = *text;
	uint64_t result = 0;

	for (unsigned digit; (digit = virtio_text_digit(**text)) < base; (*text)++) {
		if (result > (UINT64_MAX - digit) / base)
			return false;
		result = result * base + digit;
	}
	if (*text == start)
		return false;
	*number = result;
	return true;
}

const char *virtio_text_next(const char *word)
{
	while (!virtio_text_ends(*word))
		word++;
	while (*word && virtio_text_ends(*word))
		word++;
	return word;
}

void virtio_text_harmless(char *text, size_t size, const char *word, size_t length)
{
	size_t used = 0;

	for (; used < length && used + 1 < size; used++)
		text[used] = word[used] >= ' ' && word[used] <= '~' ? word[used] : '?';
	text[used] = '\0';
}
