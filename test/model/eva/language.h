/* SPDX-License-Identifier: ISC */
/* What Frama-C 25 does not know of the language: included before all else. */
#define _Static_assert(condition, text) extern int virtio_static_assert
#define __builtin_memset(bytes, value, count) memset((bytes), (value), (count))
#include <string.h>
