/* SPDX-License-Identifier: ISC */
/* Sets up what include/boot/memory.h offers. */
#ifndef BOOT_MEMORY_SETUP_H
#define BOOT_MEMORY_SETUP_H

#include "info_store.h"

/*
 * Find the free memory of STORE's map, start the page allocator and the page tables. Until then LOADER reaches what the
 * loader left: modules in page 0, which is not mapped afterwards, are moved. Panics when there is too little memory.
 */
void boot_memory_init(struct boot_info_store *store, const struct boot_loader_memory *loader);

#endif
