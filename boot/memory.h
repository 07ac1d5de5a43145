/* SPDX-License-Identifier: ISC */
/* Sets up what include/boot/memory.h offers. */
#ifndef BOOT_MEMORY_SETUP_H
#define BOOT_MEMORY_SETUP_H

#include <boot/info.h>

/* Find the free memory in INFO, start the page allocator and the page tables. Panics when there is too little. */
void boot_memory_init(const struct boot_info *info);

#endif
