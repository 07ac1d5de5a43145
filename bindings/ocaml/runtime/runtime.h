/* SPDX-License-Identifier: ISC */
/* What the files of this runtime, and the stubs of the OCaml library, know of each other. */
#ifndef OCAML_RUNTIME_H
#define OCAML_RUNTIME_H

#include <boot/info.h>
#include <stdarg.h>

/* What the boot loader told; never NULL once OCaml code runs. */
const struct boot_info *runtime_boot_info(void);

/* machine.c: write LENGTH bytes of TEXT to the console; a newline also returns the carriage. */
void runtime_console_write(const char *text, size_t length);

/* Let FS, the processor's register for the thread, point to BASE. */
void runtime_thread_point(uint64_t base);

/* say.c: write formatted text of up to 1 KiB. */
void runtime_console_print(const char *format, va_list arguments);

/* Say "ocaml: " and why, and end the machine with a failure. */
_Noreturn void runtime_fail(const char *format, ...) BOOT_PRINTF(1, 2);

/* environment.c: split the command line into words and variables. */
void runtime_environment_init(const char *command_line);

/* The words of the command line that are no variables, behind a name for the program; ends with NULL. */
char **runtime_arguments(void);

/* stack.c: run FUNCTION, which must not return, on a new stack with a guard page at its end. */
_Noreturn void runtime_stack_run(void (*function)(void));

/* Bytes of that stack. */
size_t runtime_stack_size(void);

/* thread.c: the one thread's local storage, which compilers and musl look for at FS. */
void runtime_thread_init(void);

/* How many bytes of MEMORY are for its stack; whole pages. */
size_t runtime_thread_stack(size_t memory);

/* OCaml's two heaps as they are at first, and a little to begin with. */
#define RUNTIME_LEAST_MEMORY ((size_t)5 << 20)

#endif
