/* SPDX-License-Identifier: ISC */
/* There is one process, this machine, and it gets no signals: what cannot be done answers with an error. */
#include <boot/power.h>

#include "libc.h"
#include "runtime.h"

#define PAGE_SIZE_NAME 30 /* _SC_PAGESIZE */

#pragma GCC diagnostic ignored "-Wunused-parameter"

static int process_errno;

int *__errno_location(void)
{
	return &process_errno;
}

/* What musl's own objects call it. */
int *___errno_location(void)
{
	return &process_errno;
}

int runtime_error(int number)
{
	process_errno = number;
	return -1;
}

_Noreturn void exit(int status)
{
	boot_exit(status);
}

_Noreturn void abort(void)
{
	runtime_fail("abort() was called");
}

_Noreturn void __assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
	runtime_fail("%s:%u: %s: assertion \"%s\" failed", file, line, function, what);
}

/* C libraries raise signals where they give up: GMP on a division by zero. */
int raise(int number)
{
	runtime_fail("C code raised signal %d", number);
}

int getpid(void)
{
	return 1;
}

int getppid(void)
{
	return 0;
}

long sysconf(int name)
{
	return name == PAGE_SIZE_NAME ? (long)BOOT_PAGE_SIZE : runtime_error(ERROR_INVALID);
}

/* Stack overflows are noticed without it (stack.c). */
int sigaction(int number, const void *action, void *old)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int sigaltstack(const void *stack, void *old)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int sigprocmask(int how, const void *set, void *old)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int sigemptyset(void *set)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int sigaddset(void *set, int number)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int sigdelset(void *set, int number)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int sigismember(const void *set, int number)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int kill(int process, int number)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int fork(void)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int waitpid(int process, int *status, int options)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int system(const char *command)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

void *dlopen(const char *name, int flags)
{
	runtime_error(ERROR_NO_FUNCTION);
	return NULL;
}

void *dlsym(void *library, const char *name)
{
	runtime_error(ERROR_NO_FUNCTION);
	return NULL;
}

int dlclose(void *library)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

char *dlerror(void)
{
	static char text[] = "nothing can be loaded into a bare machine";

	return text;
}
