/* SPDX-License-Identifier: ISC */
/* What the parts of the fake machine share. */
#ifndef FAKE_MACHINE_INSIDE_H
#define FAKE_MACHINE_INSIDE_H

#include "machine.h"

/* One access goes by: time passes. */
void fake_machine_pass(void);

/* What is done now ends the machine on bhyve: RULE says what. */
void fake_machine_broken(const char *rule);

/* The machine stops. Does not return. */
void fake_machine_stop(enum fake_end how);

/* Let what is due by now interrupt the processor, if that is allowed. */
void fake_machine_interrupt(void);

/* A write to a port of one of the two 8259, or a read: CHIP 0 or 1, its DATA port or the command port. */
void fake_machine_pic_write(int chip, bool data, uint8_t value);
uint8_t fake_machine_pic_read(int chip, bool data);

#endif
