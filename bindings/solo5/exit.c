/* SPDX-License-Identifier: ISC */
/* The ends: exit, abort, an exception, and an overwritten stack. */
#include <boot/clock.h>
#include <boot/exception.h>
#include <boot/power.h>

#include "binding.h"

/* Of the compiler: functions of the program put it on the stack, and see whether it is still there when they end. */
extern uintptr_t __stack_chk_guard;
void __stack_chk_fail(void) __attribute__((noreturn));

uintptr_t __stack_chk_guard;

/* The shim then reports it, and ends the machine. */
static bool exit_announce_exception(struct boot_registers *registers, uint64_t address)
{
	(void)registers;
	(void)address;
	binding_say("solo5: ABORT: an exception of the processor\n");
	return false;
}

/* Not a secret, only unlikely to be written by chance. The lowest byte, 0, stops strings. */
void binding_guard_start(void)
{
	uint64_t mixed = (__builtin_ia32_rdtsc() ^ boot_clock_wall()) * UINT64_C(0x9e3779b97f4a7c15);

	__stack_chk_guard = (mixed ^ mixed >> 29) & ~UINT64_C(0xff);
	boot_exception_set_handler(exit_announce_exception);
}

_Noreturn void __stack_chk_fail(void)
{
	binding_fail("ABORT: ", "stack corruption", ", a function wrote past the end of an array");
}

_Noreturn void solo5_exit(int status)
{
	binding_block_flush();
	boot_exit(status);
}

_Noreturn void solo5_abort(void)
{
	binding_block_flush();
	binding_fail("ABORT: ", "solo5_abort() called", "");
}
