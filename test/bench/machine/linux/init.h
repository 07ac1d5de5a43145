/* SPDX-License-Identifier: ISC */
/* The parts of the Linux guest's only program. Whatever fails is told on the console, and ends the machine. */
#ifndef MACHINE_LINUX_INIT_H
#define MACHINE_LINUX_INIT_H

#include <stdbool.h>
#include <stdint.h>

/* Switch the machine off, after a line that says what went wrong, by errno. */
_Noreturn void give_up(const char *what);

/* Whether NAME stands among the WORDS, which end with NULL. */
bool has_word(char **words, const char *name);

/* The number behind NAME= among the WORDS, or OTHERWISE. */
uint64_t number_of(char **words, const char *name, uint64_t otherwise);

/* Write TEXT to the file at PATH. False: that does not work, by errno. */
bool write_text(const char *path, const char *text);

/* Nanoseconds of the monotonic clock. */
uint64_t now(void);

/* Reads from a disk through io_uring, and a line that tells how many in which time. Returns when done. */
void read_disk(char **words);

/* Bring the network up, where there is one. */
void start_interface(void);

/* Send back every datagram to port 7, or every frame of the benchmark's type, for ever. */
void echo_datagrams(char **words);
void echo_frames(char **words);

#endif
