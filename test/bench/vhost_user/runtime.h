/* SPDX-License-Identifier: ISC */
/*
 * The library's hooks (virtio/platform.h) in a Linux process. What a device sees is a file in memory that its process
 * maps, too; interrupts are event descriptors, and waiting is poll().
 */
#ifndef BENCH_VHOST_USER_RUNTIME_H
#define BENCH_VHOST_USER_RUNTIME_H

#include <virtio/platform.h>

#define RUNTIME_INTERRUPTS 16

/* Where devices find the memory: not where we have it, so that mixing up the two shows. */
#define RUNTIME_DEVICE_ADDRESS UINT64_C(0x100000000)

struct runtime {
	struct virtio_platform platform;    /* the hooks */
	uint8_t *memory;                    /* that devices see */
	size_t size;                        /* bytes of it */
	int file;                           /* that it is */
	size_t taken;                       /* bytes from the beginning on that are allocated, or were */
	unsigned allocations;               /* of it now */
	unsigned private_allocations;       /* of other memory now */
	int interrupts[RUNTIME_INTERRUPTS]; /* event descriptors */
	unsigned interrupt_count;
	uint64_t woken; /* how many interrupts ended a wait */
};

/* Make SIZE bytes of memory and fill in the hooks. RUNTIME stays where it is. 0, or -1 with errno set. */
int runtime_open(struct runtime *runtime, size_t size);

/* Give it all back. */
void runtime_close(struct runtime *runtime);

/* Wake up at this event descriptor from now on. 0, or -1: there is no room. */
int runtime_watch(struct runtime *runtime, int interrupt);

/* No more. */
void runtime_unwatch(struct runtime *runtime, int interrupt);

/* Take the interrupts that are there; how many. */
unsigned runtime_take_interrupts(struct runtime *runtime);

/* Memory that the device sees, zeroed, for as long as RUNTIME lives; *DEVICE_ADDRESS is where it finds it. Ends the
 * program when there is none. */
void *runtime_memory(struct runtime *runtime, size_t size, uint64_t *device_address);

/* Nanoseconds on a clock that never goes back. */
uint64_t runtime_now(void);

/* The processor's time stamp counter, where it has one; else 0. */
static inline uint64_t runtime_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

#endif
