/* SPDX-License-Identifier: ISC */
/* A serial line that keeps what is printed, so that tests can ask for a message. */
#ifndef FAKE_SERIAL_LINE_H
#define FAKE_SERIAL_LINE_H

#include <stdbool.h>

/* Forget what was printed so far. */
void fake_serial_clear(void);

/* Whether TEXT was printed since. */
bool fake_serial_has(const char *text);

#endif
