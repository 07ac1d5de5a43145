/* SPDX-License-Identifier: ISC */
/* Conversions of a format string, one at a time, straight to where they are printed. */
#include "format.h"

/* One conversion, between its % and its letter. */
struct format_spec {
	size_t width;
	unsigned int longs; /* 0 for int, 1 for long, size_t, intmax_t and long long: all have 64 bits here */
	bool zeros;
	bool left;
};

struct format_output {
	void (*put)(void *context, const char *text, size_t length);
	void *context;
};

static size_t format_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

static void format_fill(const struct format_output *out, char fill, size_t count)
{
	while (count-- > 0)
		out->put(out->context, &fill, 1);
}

/* PREFIX is the sign, which goes in front of zeros but behind spaces. */
static void format_field(const struct format_output *out, const struct format_spec *spec, const char *prefix,
	const char *text, size_t length)
{
	size_t used = format_length(prefix) + length;
	size_t pad = spec->width > used ? spec->width - used : 0;

	if (!spec->left && !spec->zeros)
		format_fill(out, ' ', pad);
	out->put(out->context, prefix, format_length(prefix));
	if (!spec->left && spec->zeros)
		format_fill(out, '0', pad);
	out->put(out->context, text, length);
	if (spec->left)
		format_fill(out, ' ', pad);
}

static void format_number(const struct format_output *out, const struct format_spec *spec, const char *prefix,
	uint64_t value, unsigned int base)
{
	char digits[20];
	size_t first = sizeof digits;

	do {
		digits[--first] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	format_field(out, spec, prefix, digits + first, sizeof digits - first);
}

static void format_signed(const struct format_output *out, const struct format_spec *spec, int64_t value)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	format_number(out, spec, value < 0 ? "-" : "", magnitude, 10);
}

static void format_text(const struct format_output *out, const struct format_spec *spec, const char *text)
{
	if (text == NULL)
		text = "(null)";
	format_field(out, spec, "", text, format_length(text));
}

/* Read flags, width and length modifiers; returns where the conversion's letter stands. */
static const char *format_spec_parse(const char *at, struct format_spec *spec)
{
	*spec = (struct format_spec){0};
	for (; *at == '0' || *at == '-'; at++) {
		spec->zeros = spec->zeros || *at == '0';
		spec->left = spec->left || *at == '-';
	}
	for (; *at >= '0' && *at <= '9'; at++)
		spec->width = spec->width * 10 + (size_t)(*at - '0');
	for (; *at == 'l' || *at == 'z' || *at == 'j' || *at == 'h'; at++)
		spec->longs = *at != 'h';
	return at;
}

void boot_format(void (*put)(void *context, const char *text, size_t length), void *context, const char *format,
	va_list arguments)
{
	struct format_output out = {put, context};
	struct format_spec spec;

	for (const char *at = format; *at != '\0'; at++) {
		const char *start = at;
		char letter;

		if (*at != '%') {
			put(context, at, 1);
			continue;
		}
		at = format_spec_parse(at + 1, &spec);
		switch (*at) {
		case 'd':
		case 'i':
			format_signed(&out, &spec, spec.longs ? va_arg(arguments, long) : va_arg(arguments, int));
			break;
		case 'u':
		case 'x':
			format_number(&out, &spec, "",
				spec.longs ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned int),
				*at == 'x' ? 16 : 10);
			break;
		case 'p':
			format_number(&out, &spec, "0x", (uintptr_t)va_arg(arguments, void *), 16);
			break;
		case 'c':
			letter = (char)va_arg(arguments, int);
			format_field(&out, &spec, "", &letter, 1);
			break;
		case 's':
			format_text(&out, &spec, va_arg(arguments, const char *));
			break;
		case '%':
			put(context, "%", 1);
			break;
		default:
			put(context, start, (size_t)(at - start) + (*at != '\0'));
			if (*at == '\0')
				return;
		}
	}
}
