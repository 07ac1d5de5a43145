/* SPDX-License-Identifier: ISC */
/* The machine's serial line for standard output and error, and its FS. ../solo5/host.c has them over Solo5. */
#include "../../common/machine.h"
#include "libc.h"
#include "runtime.h"

void runtime_console_write(const char *text, size_t length)
{
	machine_serial_write(text, length);
}

void runtime_thread_point(uint64_t base)
{
	machine_set_fs(base);
}

_Noreturn void __stack_chk_fail(void)
{
	runtime_fail("a C function wrote past the end of an array on the stack");
}
