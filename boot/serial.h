/* SPDX-License-Identifier: ISC */
/*
 * Early messages and exceptions: the first serial line (COM1), write-only and polled. It shares the
 * line with whatever drives it properly later. Without a UART there, nothing is printed and nothing hangs.
 */
#ifndef BOOT_SERIAL_H
#define BOOT_SERIAL_H

#include <stdarg.h>

#include <boot/base.h>

/* Set the line up: 115200 baud, 8 bits, FIFO on. Before this call nothing is printed. */
void boot_serial_init(void);

/* Print LENGTH bytes of TEXT; a newline also returns the carriage. Callable anywhere; waits a bounded time for room. */
void boot_serial_write(const char *text, size_t length);

/* Print formatted text: the conversions of boot_format(). Callable anywhere, interrupt handlers included. */
void boot_printf(const char *format, ...) BOOT_PRINTF(1, 2);

#endif
