/* SPDX-License-Identifier: ISC */
/* The command line without the kernel's file name, whether or not the loader passed it. */
#ifndef BOOT_COMMAND_LINE_H
#define BOOT_COMMAND_LINE_H

/*
 * Where the arguments start in LINE, which LOADER passed. QEMU, GRUB 0.9x and iPXE put the file name in front: their
 * first word is skipped. GRUB 2 and grub-bhyve do not: nothing is. Of any other loader's line the first word goes if it
 * looks like a path, that is, has a slash and no equals sign before it. A file name with spaces cannot be told from its
 * arguments, so there only its first word goes.
 */
const char *boot_command_line_arguments(const char *line, const char *loader);

#endif
