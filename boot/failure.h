/* SPDX-License-Identifier: ISC */
/* The end of a machine that cannot go on. */
#ifndef BOOT_FAILURE_H
#define BOOT_FAILURE_H

#include <boot/base.h>

/* Print "boot: " and a line of formatted text, then end the machine with boot_fatal_exit(). */
_Noreturn void boot_panic(const char *format, ...) BOOT_PRINTF(1, 2);

#endif
