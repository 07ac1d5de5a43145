/* SPDX-License-Identifier: ISC */
/* Stands in for libvirtio/base/barrier.h: a word that the device may write has any value, another one at each load. */
#ifndef VIRTIO_BASE_BARRIER_H
#define VIRTIO_BASE_BARRIER_H

#include <virtio/spec/le.h>

extern volatile uint16_t any16;
extern volatile uint32_t any32;

static inline void virtio_store_release16(struct le16 *word, uint16_t value)
{
	word->value = value;
}

static inline void virtio_store_relaxed16(struct le16 *word, uint16_t value)
{
	word->value = value;
}

/* The word is read all the same, so that it must be there. */
static inline uint16_t virtio_load_acquire16(const struct le16 *word)
{
	uint16_t there = word->value;

	(void)there;
	return any16;
}

static inline uint16_t virtio_load_relaxed16(const struct le16 *word)
{
	return virtio_load_acquire16(word);
}

static inline uint32_t virtio_load_relaxed32(const struct le32 *word)
{
	uint32_t there = word->value;

	(void)there;
	return any32;
}

static inline void virtio_fence_full(void)
{
}

#endif
