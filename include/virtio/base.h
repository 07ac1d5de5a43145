/* SPDX-License-Identifier: ISC */
/*
 * What every public header needs of the compiler: C linkage in C++, a mark for results that must
 * not be dropped, and a compile-time check that C and C++ both understand.
 */
#ifndef VIRTIO_BASE_H
#define VIRTIO_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define VIRTIO_BEGIN_DECLS extern "C" {
#define VIRTIO_END_DECLS }
#define VIRTIO_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define VIRTIO_BEGIN_DECLS
#define VIRTIO_END_DECLS
#define VIRTIO_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* The caller must look at the result: dropping an error is a bug. */
#define VIRTIO_MUST_CHECK __attribute__((warn_unused_result))

/* A printf-like function: TEXT and FIRST tell which parameters are the format and what it formats, from 1. */
#define VIRTIO_PRINTF(text, first) __attribute__((format(printf, text, first)))

#endif
