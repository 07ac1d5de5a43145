/* SPDX-License-Identifier: ISC */
/* The words NAME or NAME=NUMBER on the command line of a program of this folder. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost_user/transport.h"

/* Whether NAME stands among the words from argv[3] on. */
bool options_has(char **argv, const char *name);

/* The number behind NAME= there, or OTHERWISE. Ends the program when it is none. */
uint64_t options_number(char **argv, const char *name, uint64_t otherwise);

/* How to drive the device: ring=NUMBER, split, no-indirect, no-events, no-order. */
struct vhost_user_options options_device(char **argv);

/* Tell on stdout what was agreed on with the device. */
void options_tell(const struct virtio_device *device);

#endif
