/* SPDX-License-Identifier: ISC */
/* Where the image lies, by the link script (boot.ld). Each section starts and ends on a page of its own. */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include <stdint.h>

extern uint8_t boot_image_start[], boot_image_end[]; /* all of it */
extern uint8_t boot_image_text_start[], boot_image_text_end[];
extern uint8_t boot_image_rodata_start[], boot_image_rodata_end[];
extern uint8_t boot_image_data_start[]; /* .data and .bss, up to boot_image_end */

#endif
