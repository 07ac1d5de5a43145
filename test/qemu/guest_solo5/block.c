/* SPDX-License-Identifier: ISC */
/* Disks: one block, many in one request, the last one; and all that must be refused. */
#include "guest.h"

#define MANY ((size_t)256 << 10) /* bytes in one request */

static uint8_t out[MANY + 1], in[MANY];
static solo5_handle_t storage;
static struct solo5_block_info info;

static void check_acquire(void)
{
	struct solo5_block_info other;
	solo5_handle_t handle = 99;

	CHECK(solo5_block_read(2, 0, in, 512) == SOLO5_R_EINVAL); /* not acquired yet */
	CHECK(solo5_block_acquire("nothing", &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_block_acquire("service", &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_block_acquire(NULL, &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_block_acquire("storage", NULL, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_block_acquire("storage", &handle, NULL) == SOLO5_R_EINVAL && handle == 99);
	CHECK(solo5_block_acquire("storage", &storage, &info) == SOLO5_R_OK && storage == 2);
	CHECK(solo5_block_acquire("storage", &handle, &other) == SOLO5_R_EINVAL);
	CHECK(info.capacity >= 2 * MANY && info.capacity % info.block_size == 0);
}

static void check_refused(solo5_off_t offset, size_t size)
{
	CHECK(solo5_block_write(storage, offset, out, size) == SOLO5_R_EINVAL);
	CHECK(solo5_block_read(storage, offset, in, size) == SOLO5_R_EINVAL);
}

static void check_misuse(void)
{
	size_t block = info.block_size;

	check_refused(0, 0);
	check_refused(0, block - 1);
	check_refused(0, block + 1);
	check_refused(1, block);
	check_refused(block - 1, block);
	check_refused(block / 2, block);
	check_refused(info.capacity, block);
	check_refused(info.capacity - block, 2 * block);
	check_refused(UINT64_MAX - block + 1, block);
	check_refused(UINT64_MAX - block + 1, 2 * block);
	check_refused(0, SIZE_MAX - block + 1);
	CHECK(solo5_block_write(storage, 0, NULL, block) == SOLO5_R_EINVAL);
	CHECK(solo5_block_read(storage, 0, NULL, block) == SOLO5_R_EINVAL);
	CHECK(solo5_block_read(0, 0, in, block) == SOLO5_R_EINVAL); /* the reserved entry */
	CHECK(solo5_block_read(1, 0, in, block) == SOLO5_R_EINVAL); /* a network device */
	CHECK(solo5_block_read(64, 0, in, block) == SOLO5_R_EINVAL);
	CHECK(solo5_block_write(UINT64_MAX, 0, out, block) == SOLO5_R_EINVAL);
}

/* Write and read back SIZE bytes at OFFSET. */
static void check_transfer(solo5_off_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		out[i] = (uint8_t)(i * 11 + i / 256 + offset / 512);
		in[i] = 0;
	}
	CHECK(solo5_block_write(storage, offset, out, size) == SOLO5_R_OK);
	CHECK(solo5_block_read(storage, offset, in, size) == SOLO5_R_OK);
	for (size_t i = 0; i < size; i++)
		CHECK(in[i] == out[i]);
}

void check_block(void)
{
	check_acquire();
	check_misuse();
	check_transfer(0, info.block_size);
	check_transfer(info.capacity - info.block_size, info.block_size);
	check_transfer(info.block_size, 8 * info.block_size);
	check_transfer(info.capacity - MANY, MANY);
}

/* A disk that cannot be written to says so, and can be read. */
void check_read_only(void)
{
	CHECK(solo5_block_acquire("storage", &storage, &info) == SOLO5_R_OK);
	CHECK(solo5_block_write(storage, 0, out, info.block_size) == SOLO5_R_EUNSPEC);
	CHECK(solo5_block_read(storage, 0, in, info.block_size) == SOLO5_R_OK);
	say("read-only is well\n");
}

void write_a_block(void)
{
	CHECK(solo5_block_acquire("storage", &storage, &info) == SOLO5_R_OK);
	CHECK(solo5_block_write(storage, 0, out, info.block_size) == SOLO5_R_OK);
}

/* A disk that takes a request or two, and then none before the one outside lets it. */
void check_stuck(void)
{
	solo5_result_t result;
	unsigned done = 0, failed = 1;

	CHECK(solo5_block_acquire("storage", &storage, &info) == SOLO5_R_OK);
	while ((result = solo5_block_write(storage, 0, out, info.block_size)) == SOLO5_R_OK)
		CHECK(done++ < 3);
	CHECK(result == SOLO5_R_EUNSPEC);
	say("the disk hangs\n");
	while ((result = solo5_block_read(storage, 0, in, info.block_size)) != SOLO5_R_OK)
		CHECK(result == SOLO5_R_EUNSPEC && failed++ < 60);
	check_transfer(info.capacity - MANY, MANY);
	say("the disk works again\n");
}
