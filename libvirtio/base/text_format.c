/* SPDX-License-Identifier: ISC */
/* The little of printf that messages need: bounded, no floating point, no locale, no libc. */
#include "base/text_format.h"

/* Where the text goes, and how much room it has left. */
struct output {
	char *text;
	size_t used;
	size_t room; /* without the NUL */
};

/* One conversion, such as %08llx. */
struct conversion {
	unsigned width;
	char pad;    /* ' ' or '0' */
	bool wide;   /* ll */
	char letter; /* what follows: s, u or x */
};

static void put(struct output *out, char letter)
{
	if (out->used < out->room)
		out->text[out->used++] = letter;
}

static void put_string(struct output *out, const char *string)
{
	while (*string)
		put(out, *string++);
}

static void put_number(struct output *out, const struct conversion *what, uint64_t number)
{
	unsigned base = what->letter == 'x' ? 16 : 10;
	char digits[20 + 1]; /* 2^64 has 20 decimal digits */
	char *end = &digits[sizeof digits - 1];
	char *first = end;

	*end = '\0';
	do {
		*--first = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	for (unsigned count = (unsigned)(end - first); count < what->width; count++)
		put(out, what->pad);
	put_string(out, first);
}

static const char *parse(const char *format, struct conversion *what)
{
	*what = (struct conversion){.pad = *format == '0' ? '0' : ' '};
	for (; *format >= '0' && *format <= '9'; format++)
		what->width = what->width * 10 + (unsigned)(*format - '0');
	if (format[0] == 'l' && format[1] == 'l') {
		what->wide = true;
		format += 2;
	}
	what->letter = *format;
	return format;
}

/* False for a conversion that we do not know: nor do we know what its argument looks like. */
static bool convert(struct output *out, const struct conversion *what, va_list *arguments)
{
	if (what->letter == 'u' || what->letter == 'x') {
		put_number(
			out, what, what->wide ? va_arg(*arguments, unsigned long long) : va_arg(*arguments, unsigned));
		return true;
	}
	bool known = what->letter == 's';
	const char *string = known ? va_arg(*arguments, const char *) : "%?";
	put_string(out, string ? string : "(null)");
	return known;
}

size_t virtio_format_list(char *text, size_t size, const char *format, va_list arguments)
{
	struct output out = {.text = text, .room = size - 1};
	struct conversion what;
	va_list list;

	va_copy(list, arguments);
	for (; *format; format++) {
		if (*format != '%') {
			put(&out, *format);
			continue;
		}
		format = parse(format + 1, &what);
		if (!convert(&out, &what, &list))
			break;
	}
	va_end(list);
	text[out.used] = '\0';
	return out.used;
}

size_t virtio_format(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	size_t length = virtio_format_list(text, size, format, arguments);
	va_end(arguments);
	return length;
}
