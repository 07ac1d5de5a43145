/* SPDX-License-Identifier: ISC */
/*
 * Memory shared with a device. The device runs beside us like another processor, on single-processor
 * machines too (MB-09), so each shared word is accessed once, in one piece (MB-08), with an order. Each use says which
 * order and why. These are C11's; a processor that needs more for devices gets a file of its own.
 *
 * Release and acquire cost nothing on x86. Only where a store must be seen before a later load is a full
 * fence needed: publish, fence, look whether to notify; re-enable, fence, look again.
 */
#ifndef VIRTIO_BASE_BARRIER_H
#define VIRTIO_BASE_BARRIER_H

#include <virtio/spec/le.h>

/* Publish: everything written before is seen by whoever reads this value. */
static inline void virtio_store_release16(struct le16 *word, uint16_t value)
{
	__atomic_store_n(&word->value, le16_from(value).value, __ATOMIC_RELEASE);
}

/* Consume: what the device wrote before this value is seen by the reads that follow. */
static inline uint16_t virtio_load_acquire16(const struct le16 *word)
{
	return le16_to((struct le16){__atomic_load_n(&word->value, __ATOMIC_ACQUIRE)});
}

/* A shared word that orders nothing else: a hint, or one that a fence beside it orders. */
static inline void virtio_store_relaxed16(struct le16 *word, uint16_t value)
{
	__atomic_store_n(&word->value, le16_from(value).value, __ATOMIC_RELAXED);
}

/* As above, for reading. */
static inline uint16_t virtio_load_relaxed16(const struct le16 *word)
{
	return le16_to((struct le16){__atomic_load_n(&word->value, __ATOMIC_RELAXED)});
}

/* A shared word of 32 bits, read once; an acquire on the index before it orders it. */
static inline uint32_t virtio_load_relaxed32(const struct le32 *word)
{
	return le32_to((struct le32){__atomic_load_n(&word->value, __ATOMIC_RELAXED)});
}

/* A shared byte, likewise. */
static inline uint8_t virtio_load_relaxed8(const uint8_t *byte)
{
	return __atomic_load_n(byte, __ATOMIC_RELAXED);
}

/* Full: the stores before are seen before any load after. The only order that x86 does not give by itself. */
static inline void virtio_fence_full(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Memory before registers: stores to rings are seen before the register write that tells of them. */
static inline void virtio_fence_register_write(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/*
 * ORDER_PLATFORM (VIRTIO 6; PLAT-05): whether these fences suit a device that is real hardware, which is more than
 * another processor. On x86 they do: devices snoop the caches, and see stores to memory in program order; a full
 * fence is a locked instruction or mfence, which orders all of this library's memory, none of it being
 * write-combining; and a register is uncached, so that writing it waits for the stores before it. Other processors
 * have fences for devices of their own (dmb osh, fence iorw): until they stand here such a device is told that we
 * cannot.
 */
#ifdef __x86_64__
#define VIRTIO_FENCES_SUIT_DEVICES true
#else
#define VIRTIO_FENCES_SUIT_DEVICES false
#endif

#endif
