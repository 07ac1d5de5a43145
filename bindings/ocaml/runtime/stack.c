/* SPDX-License-Identifier: ISC */
/*
 * The stack that OCaml runs on. Where OCaml code runs into the page at its end, Stack_overflow is raised, as OCaml's
 * own handler of the signal would do it. In C code that cannot be done safely: the shim reports the page fault.
 */
#define CAML_INTERNALS
#include <boot/exception.h>
#include <boot/memory.h>
#include <caml/codefrag.h>
#include <caml/domain.h>

#include "../../common/machine.h"
#include "runtime.h"

/* Of OCaml's runtime: raises Stack_overflow, with the domain's state in %rdi. */
extern void caml_stack_overflow(void);

static uint8_t *stack_guard;
static size_t stack_size;

static bool stack_handle_fault(struct boot_registers *registers, uint64_t address)
{
	uint64_t guard = (uintptr_t)stack_guard;

	if (registers->vector != BOOT_EXCEPTION_PAGE_FAULT || address < guard || address >= guard + BOOT_PAGE_SIZE)
		return false;
	if (caml_find_code_fragment_by_pc((char *)registers->rip) == NULL)
		return false;
	registers->rdi = (uintptr_t)Caml_state;
	registers->rip = (uintptr_t)&caml_stack_overflow;
	return true;
}

size_t runtime_stack_size(void)
{
	return stack_size;
}

_Noreturn void runtime_stack_run(void (*function)(void))
{
	stack_size = runtime_thread_stack(boot_pages_total() * BOOT_PAGE_SIZE);
	stack_guard = boot_pages_alloc(stack_size / BOOT_PAGE_SIZE + 1, BOOT_PAGE_SIZE);
	if (stack_guard == NULL || boot_guard_page(stack_guard) < 0)
		runtime_fail("no memory for a stack of %zu KiB", stack_size / 1024);
	boot_exception_set_handler(stack_handle_fault);
	machine_run_on_stack((uintptr_t)stack_guard + BOOT_PAGE_SIZE + stack_size, function);
}
