/* SPDX-License-Identifier: ISC */
/*
 * The multiboot 2 information structure (Multiboot2 Specification 2.0, 3.6) and its parser.
 *
 * What is missing or malformed: a wrong magic number, a structure out of reach, or one without any memory map is an
 * error. The tags are read up to the first whose size makes no sense. Of the two memory maps the firmware-neutral one
 * counts; without it UEFI's, and without that the two numbers for lower and upper memory. Texts are cut where their tag
 * ends. Each fault gives a message.
 */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "door.h"

boot_door_parser boot_multiboot2_parse;

#endif
