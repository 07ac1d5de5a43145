/* SPDX-License-Identifier: ISC */
/* Exceptions of the processor: reported on the serial line, then the machine ends with a failure. */
#ifndef BOOT_X86_64_EXCEPTIONS_H
#define BOOT_X86_64_EXCEPTIONS_H

#include <boot/exception.h>

/* Open the gates of all 32 exceptions. Needs boot_descriptors_init. */
void boot_exceptions_init(void);

#endif
