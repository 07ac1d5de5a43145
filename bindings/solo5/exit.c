/* SPDX-License-Identifier: ISC */
/* The ends: exit, abort, an exception, and an overwritten stack. */
#include <boot/clock.h>
#include <boot/exception.h>
#include <boot/power.h>

#include "../common/machine.h"
#include "binding.h"

#define STATUS_SUCCESS 41

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

void binding_guard_start(void)
{
	__stack_chk_guard = machine_canary(boot_clock_wall());
	boot_exception_set_handler(exit_announce_exception);
}

_Noreturn void __stack_chk_fail(void)
{
	binding_fail("ABORT: ", "stack corruption", ", a function wrote past the end of an array");
}

/*
 * By QEMU's isa-debug-exit, whose status becomes 2 * n + 1. Solo5's tools take 83 for success, since its own binding
 * always ends so; a program's 41, which would be the same, is told as a failure of another number.
 */
static int exit_status(int status)
{
	if (status == SOLO5_EXIT_SUCCESS)
		return STATUS_SUCCESS;
	return status == STATUS_SUCCESS ? BOOT_FATAL_STATUS : status;
}

_Noreturn void solo5_exit(int status)
{
	if (binding_block_flush() < 0 && status == SOLO5_EXIT_SUCCESS)
		status = SOLO5_EXIT_FAILURE;
	if (!binding_quiet()) {
		binding_say(status < 0 ? "solo5: exit status -" : "solo5: exit status ");
		binding_say_number(status < 0 ? 0 - (uint64_t)status : (uint64_t)status);
		binding_say("\n");
	}
	boot_exit(exit_status(status));
}

_Noreturn void solo5_abort(void)
{
	binding_block_flush();
	binding_fail("ABORT: ", "solo5_abort() called", "");
}
