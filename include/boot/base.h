/* SPDX-License-Identifier: ISC */
/* What the shim's public headers need of the compiler. They know nothing of libvirtio. */
#ifndef BOOT_BASE_H
#define BOOT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define BOOT_BEGIN_DECLS extern "C" {
#define BOOT_END_DECLS }
#else
#define BOOT_BEGIN_DECLS
#define BOOT_END_DECLS
#endif

/* A printf-like function: TEXT and FIRST count the parameters from 1. */
#define BOOT_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* The unit of memory, of page tables and of alignment here: 4 KiB. */
#define BOOT_PAGE_SIZE ((size_t)4096)

#endif
