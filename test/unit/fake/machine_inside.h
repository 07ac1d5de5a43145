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

#endif
