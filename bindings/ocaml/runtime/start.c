/* SPDX-License-Identifier: ISC */
/*
 * From the shim's unikernel_main() to the OCaml program, and from its end to the end of the machine: status 0 when the
 * program's modules are done, what it gave to exit, or 2 after an exception that nobody caught.
 */
#define CAML_INTERNALS
#include <boot/memory.h>
#include <caml/callback.h>
#include <caml/printexc.h>
#include <caml/sys.h>

#include "../../common/machine.h"
#include "runtime.h"

static const struct boot_info *start_info;

const struct boot_info *runtime_boot_info(void)
{
	return start_info;
}

/* What was registered with at_exit: flushes standard output, and more. */
static void start_run_at_exit(void)
{
	const value *at_exit = caml_named_value("Pervasives.do_at_exit");
	value result = at_exit != NULL ? caml_callback_exn(*at_exit, Val_unit) : Val_unit;

	if (Is_exception_result(result))
		caml_fatal_uncaught_exception(Extract_exception(result));
}

static void start_ocaml(void)
{
	caml_startup(runtime_arguments());
	start_run_at_exit();
	caml_do_exit(0);
}

int unikernel_main(const struct boot_info *info)
{
	start_info = info;
	runtime_thread_init();
	machine_serial_start();
	runtime_environment_init(info->command_line);
	if (boot_pages_available() * BOOT_PAGE_SIZE < RUNTIME_LEAST_MEMORY)
		runtime_fail(
			"%zu KiB of memory are free, too little for OCaml, which needs %zu KiB: give the machine more",
			boot_pages_available() * BOOT_PAGE_SIZE / 1024, RUNTIME_LEAST_MEMORY / 1024);
	runtime_stack_run(start_ocaml);
}
