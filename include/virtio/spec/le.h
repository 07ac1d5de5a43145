/* SPDX-License-Identifier: ISC */
/*
 * Little-endian values as they lie in memory shared with a device. They are structs, so that forgetting
 * to convert one does not compile; they cost nothing.
 */
#ifndef VIRTIO_SPEC_LE_H
#define VIRTIO_SPEC_LE_H

#include <virtio/base.h>

VIRTIO_BEGIN_DECLS

/* 16 bits. */
struct le16 {
	uint16_t value; /* raw: use le16_to and le16_from */
};

/* 32 bits. */
struct le32 {
	uint32_t value; /* raw: use le32_to and le32_from */
};

/* 64 bits. */
struct le64 {
	uint64_t value; /* raw: use le64_to and le64_from */
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VIRTIO_SPEC_SWAP(bits, value) (value)
#else
#define VIRTIO_SPEC_SWAP(bits, value) __builtin_bswap##bits(value)
#endif

/* The processor's value of RAW. */
static inline uint16_t le16_to(struct le16 raw)
{
	return VIRTIO_SPEC_SWAP(16, raw.value);
}

/* The processor's value of RAW. */
static inline uint32_t le32_to(struct le32 raw)
{
	return VIRTIO_SPEC_SWAP(32, raw.value);
}

/* The processor's value of RAW. */
static inline uint64_t le64_to(struct le64 raw)
{
	return VIRTIO_SPEC_SWAP(64, raw.value);
}

/* VALUE as it lies in memory. */
static inline struct le16 le16_from(uint16_t value)
{
	struct le16 raw = {VIRTIO_SPEC_SWAP(16, value)};
	return raw;
}

/* VALUE as it lies in memory. */
static inline struct le32 le32_from(uint32_t value)
{
	struct le32 raw = {VIRTIO_SPEC_SWAP(32, value)};
	return raw;
}

/* VALUE as it lies in memory. */
static inline struct le64 le64_from(uint64_t value)
{
	struct le64 raw = {VIRTIO_SPEC_SWAP(64, value)};
	return raw;
}

VIRTIO_END_DECLS

#endif
