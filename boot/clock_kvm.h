/* SPDX-License-Identifier: ISC */
/* What kvmclock tells but the frequency (clock_source.h). */
#ifndef BOOT_CLOCK_KVM_H
#define BOOT_CLOCK_KVM_H

#include <stdbool.h>
#include <stdint.h>

/* Store the nanoseconds since 1970 began, by KVM's own clock; false where there is none. */
bool boot_clock_kvm_wall(uint64_t *nanoseconds);

#endif
