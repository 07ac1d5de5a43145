/* SPDX-License-Identifier: ISC */
/* Formatted text, by musl's vsnprintf, and what C code prints, which goes to the console at once. */
#include "libc.h"
#include "runtime.h"

static struct runtime_stream text_streams[] = {{1}, {2}};
struct runtime_stream *stdout = &text_streams[0], *stderr = &text_streams[1];

int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list arguments)
{
	(void)flag;
	if (room < size)
		runtime_fail("a text of %zu bytes was to be put into %zu", size, room);
	return vsnprintf(text, size, format, arguments);
}

int __snprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __vsnprintf_chk(text, size, flag, room, format, arguments);
	va_end(arguments);
	return length;
}

int __vfprintf_chk(struct runtime_stream *stream, int flag, const char *format, va_list arguments)
{
	(void)stream;
	(void)flag;
	runtime_console_print(format, arguments);
	return 0;
}

int __fprintf_chk(struct runtime_stream *stream, int flag, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	__vfprintf_chk(stream, flag, format, arguments);
	va_end(arguments);
	return 0;
}

int __printf_chk(int flag, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	__vfprintf_chk(stdout, flag, format, arguments);
	va_end(arguments);
	return 0;
}

int fprintf(struct runtime_stream *stream, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	__vfprintf_chk(stream, 0, format, arguments);
	va_end(arguments);
	return 0;
}

int fputs(const char *text, struct runtime_stream *stream)
{
	(void)stream;
	runtime_console_write(text, __builtin_strlen(text));
	return 0;
}

int puts(const char *text)
{
	fputs(text, stdout);
	return fputc('\n', stdout);
}

int fputc(int letter, struct runtime_stream *stream)
{
	char byte = (char)letter;

	(void)stream;
	runtime_console_write(&byte, 1);
	return letter;
}

/* Linked with --wrap=fwrite: musl's printf brings a fwrite of its own, for streams of its own. */
size_t __wrap_fwrite(const void *data, size_t size, size_t count, struct runtime_stream *stream)
{
	(void)stream;
	runtime_console_write(data, size * count);
	return count;
}

int fflush(struct runtime_stream *stream)
{
	(void)stream;
	return 0;
}

long write(int file, const void *data, size_t length)
{
	if (file != 1 && file != 2)
		return runtime_error(ERROR_BAD_FILE);
	runtime_console_write(data, length);
	return (long)length;
}

/* musl's vsnprintf locks the stream that it writes to, which is its own and nobody else's. */
int __lockfile(void *stream)
{
	(void)stream;
	return 0;
}

void __unlockfile(void *stream)
{
	(void)stream;
}

/* For %lc and %ls: only ASCII is known. */
int wctomb(char *text, int letter)
{
	if (text == NULL)
		return 0;
	if (letter < 0 || letter > 127)
		return runtime_error(ERROR_INVALID);
	*text = (char)letter;
	return 1;
}

/* There is one locale, "C", and any pointer stands for it. */
void *newlocale(int mask, const char *name, void *base)
{
	static char c_locale;

	(void)mask;
	(void)name;
	(void)base;
	return &c_locale;
}

void *uselocale(void *locale)
{
	(void)locale;
	return newlocale(0, "C", NULL);
}

void freelocale(void *locale)
{
	(void)locale;
}

const char *strerror(int number)
{
	switch (number) {
	case ERROR_BAD_FILE:
		return "Bad file descriptor";
	case ERROR_NO_MEMORY:
		return "Cannot allocate memory";
	case ERROR_INVALID:
		return "Invalid argument";
	case ERROR_NO_TERMINAL:
		return "Not a terminal";
	case ERROR_NO_FUNCTION:
		return "Not available on a bare machine";
	default:
		return "Unknown error";
	}
}
