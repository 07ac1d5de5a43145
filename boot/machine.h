/* SPDX-License-Identifier: ISC */
/*
 * The few instructions through which the clock, the power and the idle code touch the machine. They are
 * functions, not inline assembly, so that unit tests can link a fake machine in their place: one whose timer
 * never moves, or one as strict as bhyve, where a read of the wrong width ends the machine.
 */
#ifndef BOOT_MACHINE_H
#define BOOT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* What CPUID answers for one leaf. */
struct boot_cpuid {
	uint32_t eax; /* as the processor names them */
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

/* One access to the I/O port PORT. Where there is no device, reads answer all ones and writes are lost. */
uint8_t boot_in8(uint16_t port);
uint16_t boot_in16(uint16_t port);
uint32_t boot_in32(uint16_t port);
void boot_out8(uint16_t port, uint8_t value);
void boot_out16(uint16_t port, uint16_t value);
void boot_out32(uint16_t port, uint32_t value);

/* CPUID with LEAF in eax and SUBLEAF in ecx. The caller compares with the maximum leaf first. */
struct boot_cpuid boot_cpuid(uint32_t leaf, uint32_t subleaf);

/* The time stamp counter, read after everything before it is done. */
uint64_t boot_tsc(void);

/* Model-specific registers. The caller knows from CPUID that INDEX exists: one that does not, faults. */
uint64_t boot_rdmsr(uint32_t index);
void boot_wrmsr(uint32_t index, uint64_t value);

/* One access to a device register in memory, at a multiple of its width. */
uint32_t boot_read32(const void *address);
void boot_write32(void *address, uint32_t value);
void boot_write8(void *address, uint8_t value);

/* Tell the processor that this is a loop that waits. */
void boot_pause(void);

/* Forbid interrupts and say whether they were allowed. */
bool boot_interrupts_disable(void);

/* Allow interrupts. */
void boot_interrupts_enable(void);

/*
 * Allow interrupts, sleep until one arrives, and forbid them again. Interrupts are allowed only from the
 * instruction after `sti` on, which is `hlt`: one that is already waiting ends the sleep at once and none is
 * lost.
 */
void boot_sleep(void);

/* Restart the processor by a triple fault. Returns only if that did not work. */
void boot_triple_fault(void);

/* Forbid interrupts and halt, for ever. */
__attribute__((noreturn)) void boot_halt(void);

#endif
