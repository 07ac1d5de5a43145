/* SPDX-License-Identifier: ISC */
/*
 * What is on a disk: no two sectors are alike, nor two disks with different seeds. Sector N of 512 bytes with seed S is
 *
 *     bytes 0 to 7:   N, little-endian
 *     bytes 8 to 15:  S, little-endian
 *     byte 16 + i:    (N * 37 + S * 101 + i * 11) modulo 256
 *
 * test/qemu/disk.py has the same formula for the other side.
 */
#include "guest.h"

static uint8_t pattern_byte(uint64_t sector, uint64_t seed, unsigned at)
{
	if (at < 8)
		return (uint8_t)(sector >> 8 * at);
	if (at < 16)
		return (uint8_t)(seed >> 8 * (at - 8));
	return (uint8_t)(sector * 37 + seed * 101 + (at - 16) * 11);
}

void pattern_fill(uint8_t *memory, uint64_t sector, uint64_t count, uint64_t seed)
{
	for (uint64_t i = 0; i < count; i++)
		for (unsigned at = 0; at < VIRTIO_BLK_SECTOR; at++)
			*memory++ = pattern_byte(sector + i, seed, at);
}

bool pattern_check(const uint8_t *memory, uint64_t sector, uint64_t count, uint64_t seed, uint64_t *wrong)
{
	for (uint64_t i = 0; i < count; i++)
		for (unsigned at = 0; at < VIRTIO_BLK_SECTOR; at++)
			if (*memory++ != pattern_byte(sector + i, seed, at)) {
				*wrong = sector + i;
				return false;
			}
	return true;
}
