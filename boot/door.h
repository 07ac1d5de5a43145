/* SPDX-License-Identifier: ISC */
/*
 * A door is a boot protocol: one assembly file with its header and entry, one parser. The entry hands its parser to
 * boot_long_mode (x86_64/long_mode.S), so nothing else knows which doors there are, and an image has those that it
 * links.
 */
#ifndef BOOT_DOOR_H
#define BOOT_DOOR_H

#include <boot/base.h>

#include "info_store.h"
#include "loader_memory.h"

/*
 * A door's parser: read what the loader left at physical ADDRESS into STORE, copying all but the modules themselves.
 * MAGIC is the number with which the loader announced itself. Nothing that the loader wrote is trusted. Returns 0, or
 * -1 when there is nothing to start with; a message tells what was wrong, in either case.
 */
typedef int boot_door_parser(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, uint32_t magic);

#endif
