/* SPDX-License-Identifier: ISC */
/* The parts of our guest. Results are 0 or an error of the library's. */
#ifndef MACHINE_GUEST_H
#define MACHINE_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <boot/device_interrupts.h>
#include <boot/info.h>

/* The device that the benchmark is about, and how it interrupts. */
extern struct virtio_device machine_device;
extern struct boot_device_interrupts machine_interrupts;

/* Whether NAME is one of WORDS, which blanks part. */
bool has_word(const char *words, const char *name);

/* The number behind NAME= in WORDS, or OTHERWISE. */
uint64_t number_of(const char *words, const char *name, uint64_t otherwise);

/* Find the NTH device of TYPE (VIRTIO_ID_), open it, and route its interrupts unless it is to be polled. */
int open_device(const struct boot_info *info, uint32_t type, unsigned nth, bool poll);

/* Reads from a disk, and a line that tells how many in which time. */
int read_disk(const struct boot_info *info);

/* Send back frames and datagrams for ever. */
int echo(const struct boot_info *info);

#endif
