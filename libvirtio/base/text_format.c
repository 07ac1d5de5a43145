/* SPDX-License-Identifier: ISC */
/* The little of printf that messages need: bounded, no floating point, no locale, no libc. */
#include "base/text_format.h"

/* Where the text goes, and how much room it has left. */
struct output {
	char *text;
	size_t used;
	size_t room; /* without the NUL */
};

/* One conversion, such as %08lx. */
struct conversion {
	unsigned width;
	char pad;    /* ' ' or '0' */
	char size;   /* 0, 'l', 'L' for ll, 'z' */
	char letter; /* what follows: s, u, ... */
};

static void put(struct output *out, char letter)
{
	if (out->used < out->room)
		out->text[out->used++] = letter;
}

static void put_string(struct output *out, const char *string)
{
	for (const char *letter = string ? string : "(null)"; *letter; letter++)
		put(out, *letter);
}

static void put_number(struct output *out, const struct conversion *what, uint64_t number, unsigned base)
{
	char digits[20]; /* 2^64 has 20 decimal digits */
	unsigned count = 0;
	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	for (unsigned i = count; i < what->width; i++)
		put(out, what->pad);
	while (count)
		put(out, digits[--count]);
}

static const char *parse(const char *format, struct conversion *what)
{
	*what = (struct conversion){.pad = ' '};
	if (*format == '0')
		what->pad = '0';
	for (; *format >= '0' && *format <= '9'; format++)
		what->width = what->width * 10 + (unsigned)(*format - '0');
	if (*format == 'l' || *format == 'z')
		what->size = *format++;
	if (what->size == 'l' && *format == 'l') {
		what->size = 'L';
		format++;
	}
	what->letter = *format;
	return format;
}

/* The next integer argument, made as wide as any; a negative one prints its sign here. */
static uint64_t next_integer(struct output *out, const struct conversion *what, va_list *arguments)
{
	int64_t number;

	if (what->letter != 'd') {
		switch (what->size) {
		case 'l':
			return va_arg(*arguments, unsigned long);
		case 'L':
			return va_arg(*arguments, unsigned long long);
		case 'z':
			return va_arg(*arguments, size_t);
		default:
			return va_arg(*arguments, unsigned);
		}
	}
	if (what->size == 'L')
		/* NOLINTNEXTLINE(bugprone-branch-clone): two types, often of one size */
		number = va_arg(*arguments, long long);
	else if (what->size)
		number = va_arg(*arguments, long);
	else
		number = va_arg(*arguments, int);
	if (number >= 0)
		return (uint64_t)number;
	put(out, '-');
	return -(uint64_t)number;
}

/* False for a conversion that we do not know: nor do we know what its argument looks like. */
static bool convert(struct output *out, const struct conversion *what, va_list *arguments)
{
	switch (what->letter) {
	case '%':
		put(out, '%');
		return true;
	case 'c':
		put(out, (char)va_arg(*arguments, int));
		return true;
	case 's':
		put_string(out, va_arg(*arguments, const char *));
		return true;
	case 'd':
	case 'u':
		put_number(out, what, next_integer(out, what, arguments), 10);
		return true;
	case 'x':
		put_number(out, what, next_integer(out, what, arguments), 16);
		return true;
	default:
		put_string(out, "%?");
		return false;
	}
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
