/* SPDX-License-Identifier: ISC */
/* What the files of this Solo5 program share. */
#ifndef GUEST_SOLO5_H
#define GUEST_SOLO5_H

#include <solo5.h>

/* Print TEXT, or a number. */
void say(const char *text);
void say_number(uint64_t number, unsigned base);

/* End the machine with a failure, and tell where, unless CONDITION holds. */
#define CHECK(CONDITION) ((CONDITION) ? (void)0 : fail(__FILE__ ": " #CONDITION "\n"))
_Noreturn void fail(const char *text);

/* Each checks one part of the interface from within. */
void check_time(void);
void check_threads(void);
void check_net(void);
void check_block(void);
void check_read_only(void);
void check_stuck(void);

/* Write one block and leave it to the end of the program to make it durable. */
void write_a_block(void);

/* Do what must end the machine, by the word on the command line; comes back when it is none of them. */
void do_damage(const struct solo5_start_info *info);

bool equal(const char *a, const char *b);

#endif
