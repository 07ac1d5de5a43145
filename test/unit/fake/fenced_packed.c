/* SPDX-License-Identifier: ISC */
/* The packed ring, which calls fake_fence() for a full fence. */
#include "base/barrier.h"
#include "fake/fence.h"

#define virtio_fence_full fake_fence
#include "virtqueue/packed.c"
