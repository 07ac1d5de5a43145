/* SPDX-License-Identifier: ISC */
/* There are no files: every function says so, and OCaml raises Sys_error. */
#include "libc.h"

#define MAP_FAILED ((void *)-1)

#pragma GCC diagnostic ignored "-Wunused-parameter"

static void *files_null(void)
{
	runtime_error(ERROR_NO_FUNCTION);
	return NULL;
}

int open64(const char *path, int flags, ...)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

/* Standard output and error stay what they are. */
int close(int file)
{
	return file == 1 || file == 2 ? 0 : runtime_error(ERROR_BAD_FILE);
}

long read(int file, void *data, size_t length)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

/* OCaml asks this of each channel that it makes, and takes the error for a stream. */
int64_t lseek64(int file, int64_t offset, int from)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int stat64(const char *path, void *result)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int isatty(int file)
{
	runtime_error(ERROR_NO_TERMINAL);
	return 0;
}

int ioctl(int file, unsigned long request, ...)
{
	return runtime_error(ERROR_NO_TERMINAL);
}

int unlink(const char *path)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int rename(const char *from, const char *to)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int mkdir(const char *path, unsigned mode)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int rmdir(const char *path)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

int chdir(const char *path)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

char *getcwd(char *path, size_t size)
{
	return files_null();
}

long readlink(const char *path, char *target, size_t size)
{
	return runtime_error(ERROR_NO_FUNCTION);
}

void *opendir(const char *path)
{
	return files_null();
}

void *readdir64(void *folder)
{
	return files_null();
}

int closedir(void *folder)
{
	return runtime_error(ERROR_BAD_FILE);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, int64_t offset)
{
	runtime_error(ERROR_NO_FUNCTION);
	return MAP_FAILED;
}

int munmap(void *address, size_t length)
{
	return runtime_error(ERROR_INVALID);
}

void *shmat(int memory, const void *address, int flags)
{
	runtime_error(ERROR_NO_FUNCTION);
	return MAP_FAILED;
}
