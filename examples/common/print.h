/* SPDX-License-Identifier: ISC */
/* Text on the first serial line, for the examples. */
#ifndef EXAMPLES_PRINT_H
#define EXAMPLES_PRINT_H

#include <stdbool.h>

/* Find the serial line. False: there is none, and print does nothing. */
bool print_start(void);

/*
 * Print FORMAT, a little of printf: %s, %c, %u, %x, %lu, %lx and %%, with a width of zeros as in %02x. "\n" also
 * returns the carriage. A line that takes nothing for a second is dead: print does nothing from then on.
 */
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);

#endif
