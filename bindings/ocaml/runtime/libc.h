/* SPDX-License-Identifier: ISC */
/*
 * The functions of a C library that this runtime answers itself, by the names and types that OCaml's native runtime and
 * libraries know them by. Pure ones (memory, strings, numbers, mathematics) come from musl's libc.a. Sizes and numbers
 * are those of Linux on x86-64, because that is what the callers were compiled for.
 */
#ifndef OCAML_RUNTIME_LIBC_H
#define OCAML_RUNTIME_LIBC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Error numbers that this runtime answers with. */
enum {
	ERROR_BAD_FILE = 9,
	ERROR_NO_MEMORY = 12,
	ERROR_INVALID = 22,
	ERROR_NO_TERMINAL = 25,
	ERROR_NO_FUNCTION = 38,
};

/* Set errno; the result, -1, is what most of these functions then return. */
int runtime_error(int number);

/* machine.c, or whatever we are linked to */
_Noreturn void __stack_chk_fail(void);

/* memory.c */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);
int posix_memalign(void **result, size_t alignment, size_t size);

/* text.c: the output functions know the two streams below, and both are the console. */
struct runtime_stream {
	int number;
};
extern struct runtime_stream *stdout, *stderr;
int vsnprintf(char *text, size_t size, const char *format, va_list arguments); /* musl's */
int __snprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, ...);
int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list arguments);
int __fprintf_chk(struct runtime_stream *stream, int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...);
int __vfprintf_chk(struct runtime_stream *stream, int flag, const char *format, va_list arguments);
int fprintf(struct runtime_stream *stream, const char *format, ...);
int fputs(const char *text, struct runtime_stream *stream);
int fputc(int letter, struct runtime_stream *stream);
int puts(const char *text);
size_t __wrap_fwrite(const void *data, size_t size, size_t count, struct runtime_stream *stream);
int fflush(struct runtime_stream *stream);
long write(int file, const void *data, size_t length);
int __lockfile(void *stream);
void __unlockfile(void *stream);
int wctomb(char *text, int letter);
void *newlocale(int mask, const char *name, void *base);
void *uselocale(void *locale);
void freelocale(void *locale);
const char *strerror(int number);

/* process.c */
int *__errno_location(void);
int *___errno_location(void);
char *getenv(const char *name);
char *secure_getenv(const char *name);
_Noreturn void exit(int status);
_Noreturn void abort(void);
_Noreturn void __assert_fail(const char *what, const char *file, unsigned line, const char *function);
int raise(int number);
int getpid(void);
int getppid(void);
long sysconf(int name);
int sigaction(int number, const void *action, void *old);
int sigaltstack(const void *stack, void *old);
int sigprocmask(int how, const void *set, void *old);
int sigemptyset(void *set);
int sigaddset(void *set, int number);
int sigdelset(void *set, int number);
int sigismember(const void *set, int number);
int kill(int process, int number);
int fork(void);
int waitpid(int process, int *status, int options);
int system(const char *command);
void *dlopen(const char *name, int flags);
void *dlsym(void *library, const char *name);
int dlclose(void *library);
char *dlerror(void);

/* time.c */
struct runtime_timeval {
	long seconds, microseconds;
};
struct runtime_timespec {
	long seconds, nanoseconds;
};
struct runtime_usage {
	struct runtime_timeval user, system;
	long rest[14];
};
int gettimeofday(struct runtime_timeval *now, void *zone);
int clock_gettime(int clock, struct runtime_timespec *now);
long time(long *result);
int getrusage(int who, struct runtime_usage *usage);

/* files.c */
int open64(const char *path, int flags, ...);
int close(int file);
long read(int file, void *data, size_t length);
int64_t lseek64(int file, int64_t offset, int from);
int stat64(const char *path, void *result);
int isatty(int file);
int ioctl(int file, unsigned long request, ...);
int unlink(const char *path);
int rename(const char *from, const char *to);
int mkdir(const char *path, unsigned mode);
int rmdir(const char *path);
int chdir(const char *path);
char *getcwd(char *path, size_t size);
long readlink(const char *path, char *target, size_t size);
void *opendir(const char *path);
void *readdir64(void *folder);
int closedir(void *folder);
void *mmap64(void *address, size_t length, int protection, int flags, int file, int64_t offset);
int munmap(void *address, size_t length);
void *shmat(int memory, const void *address, int flags);

#endif
