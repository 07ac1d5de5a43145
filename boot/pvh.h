/* SPDX-License-Identifier: ISC */
/*
 * The start information of PVH (Xen's public/arch-x86/hvm/start_info.h, version 1) and its parser. QEMU, Firecracker
 * and Cloud Hypervisor start kernels so.
 *
 * What is missing or malformed: a structure out of reach, one with another magic number, or a map without any memory is
 * an error. Version 0 has no memory map: then the memory from 1 MiB up to 64 MiB is taken for granted, which is little
 * enough for every machine that would start us. Lists of modules and maps out of reach are left out, as are texts. Each
 * of these gives a message.
 */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include "door.h"

/* The magic number is in the structure, so MAGIC is not looked at. */
boot_door_parser boot_pvh_parse;

#endif
