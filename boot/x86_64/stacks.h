/* SPDX-License-Identifier: ISC */
/*
 * The stacks of stacks.S. Each grows down towards a guard page that is never mapped, so an overflow is a page fault at
 * an address that tells which stack it was.
 */
#ifndef BOOT_X86_64_STACKS_H
#define BOOT_X86_64_STACKS_H

#define BOOT_STACK_SIZE 0x40000          /* unikernel_main runs on this one */
#define BOOT_INTERRUPT_STACK_SIZE 0x4000 /* interrupt handlers */
#define BOOT_EXCEPTION_STACK_SIZE 0x2000 /* printing an exception */
#define BOOT_FATAL_STACK_SIZE 0x2000     /* a second fault meanwhile */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Each stack with its guard page, which is the page at `_guard`; `_top` is the byte after the last. */
extern uint8_t boot_stack_guard[], boot_stack_top[];
extern uint8_t boot_interrupt_stack_guard[], boot_interrupt_stack_top[];
extern uint8_t boot_exception_stack_guard[], boot_exception_stack_top[];
extern uint8_t boot_fatal_stack_guard[], boot_fatal_stack_top[];
#endif

#endif
