/* SPDX-License-Identifier: ISC */
/* What the files of this guest share: one test each, which answers NULL or what went wrong. */
#ifndef GUEST_DEVICES_GUEST_H
#define GUEST_DEVICES_GUEST_H

#include <boot/info.h>
#include <virtio/device.h>

#define PATIENCE UINT64_C(60000000000) /* nanoseconds until a test gives up */

/* random.c: random bytes, twice. */
const char *test_random(struct virtio_device *device, const struct boot_info *info);

/* console.c: answer what is said on each port, until one says "quit". With the word "multiport" on the command line
 * all ports of the device, else one. */
const char *test_console(struct virtio_device *device, const struct boot_info *info);

/* balloon.c: follow the device's wish, up and down again; report free memory where it wants to know. */
const char *test_balloon(struct virtio_device *device, const struct boot_info *info);

/* nine.c: read the file module0, and compare it with the boot module of that name. */
const char *test_9p(struct virtio_device *device, const struct boot_info *info);

/* sockets.c: call the host at the port that the command line names, then be called. */
const char *test_sockets(struct virtio_device *device, const struct boot_info *info);

/* main.c: the deadline of a wait that begins now. */
uint64_t patience(void);

/* main.c: whether WORD is on the command line. */
bool has_word(const struct boot_info *info, const char *word);

/* main.c: whether two strings are the same. */
bool same(const char *left, const char *right);

#endif
