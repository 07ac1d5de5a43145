/* SPDX-License-Identifier: ISC */
/*
 * The multiboot 1 information structure (Multiboot Specification 0.6.96, 3.3) and its parser.
 *
 * What is missing or malformed: a wrong magic number, a structure out of reach, or one without any memory map is an
 * error. A map that is cut short counts as far as it goes; without one, the two numbers for lower and upper memory take
 * its place. Texts and modules out of reach are left out. Each of these gives a message.
 */
#ifndef BOOT_MULTIBOOT1_H
#define BOOT_MULTIBOOT1_H

#include "door.h"

boot_door_parser boot_multiboot1_parse;

#endif
