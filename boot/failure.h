/* SPDX-License-Identifier: ISC */
/* The end of a machine that cannot go on. */
#ifndef BOOT_FAILURE_H
#define BOOT_FAILURE_H

#include <boot/base.h>

/* Print "boot: " and a line of formatted text, then end the machine with a failure status. */
_Noreturn void boot_panic(const char *format, ...) BOOT_PRINTF(1, 2);

/*
 * End the machine with a failure status without asking anything of the rest of it: by isa-debug-exit at port 0x501
 * (status 255 there), else pvpanic, else the processor halts for ever. For exceptions; boot_exit() is for orderly ends.
 */
_Noreturn void boot_fail(void);

#endif
