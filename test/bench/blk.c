/* SPDX-License-Identifier: ISC */
/*
 * A disk that another process serves, driven by the library from an ordinary one:
 *
 *     native_blk check SOCKET sectors=NUMBER seed=NUMBER [sleep] [queues=NUMBER]   write and read back
 *     native_blk rate SOCKET depth=NUMBER size=BYTES milliseconds=NUMBER [sleep]   how many reads a second
 *
 * and the words of options.h.
 */
#include "blk.h"

#include <stdio.h>
#include <string.h>

#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "options.h"

#define MEMORY (BLK_MEMORY + (8u << 20))

static int flush(struct blk_bench *bench)
{
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	const struct virtio_platform *platform = &bench->runtime->platform;

	return virtio_blk_execute(&bench->blk, &request, virtio_deadline(platform, UINT64_C(30000000000)));
}

/* Write, read back; and once more after a reset. */
static int check(struct blk_bench *bench, char **argv)
{
	uint64_t sectors = options_number(argv, "sectors", 0), seed = options_number(argv, "seed", 0);

	if (sectors == 0 || sectors > bench->blk.capacity)
		return fprintf(stderr, "the disk has %llu sectors\n", (unsigned long long)bench->blk.capacity), -1;
	if (blk_write_all(bench, sectors, seed) < 0 || blk_read_all(bench, sectors, seed) < 0)
		return -1;
	int result = flush(bench);
	if (result == 0)
		result = virtio_blk_restart(&bench->blk, NULL, NULL);
	if (result < 0)
		return fprintf(stderr, "flush, restart: %s\n", virtio_error_name(result)), -1;
	if (blk_read_all(bench, sectors, seed) < 0)
		return -1;
	printf("%llu sectors the same, %u queues, %llu interrupts\n", (unsigned long long)sectors,
		bench->blk.queue_count, (unsigned long long)bench->runtime->woken);
	return 0;
}

static int rate(struct blk_bench *bench, char **argv)
{
	uint64_t depth = options_number(argv, "depth", 1), size = options_number(argv, "size", 4096);

	if (depth == 0 || depth > BLK_SLOTS || size == 0 || depth * size > BLK_MEMORY || size % VIRTIO_BLK_SECTOR)
		return fprintf(stderr, "depth up to %d, whole sectors, at most %d bytes in all\n", BLK_SLOTS,
			       BLK_MEMORY),
		       -1;
	return blk_rate(bench, (unsigned)depth, (uint32_t)size, options_number(argv, "milliseconds", 1000));
}

static int use(struct vhost_user *user, int (*work)(struct blk_bench *bench, char **argv), char **argv)
{
	struct blk_bench bench = {.runtime = user->runtime, .sleep = options_has(argv, "sleep")};
	const struct virtio_blk_options options = {.queues = (uint16_t)options_number(argv, "queues", 1)};
	int result = virtio_blk_attach(&bench.blk, &user->device, &options);

	if (result < 0)
		return result;
	options_tell(&user->device);
	bench.memory = runtime_memory(user->runtime, BLK_MEMORY, &bench.device_address);
	result = work(&bench, argv);
	int detached = virtio_blk_detach(&bench.blk, NULL, NULL);
	return result < 0 ? result : detached;
}

int main(int argc, char **argv)
{
	static struct runtime runtime;
	static struct vhost_user user;
	bool checks = argc > 2 && strcmp(argv[1], "check") == 0;

	if (!checks && !(argc > 2 && strcmp(argv[1], "rate") == 0)) {
		fprintf(stderr, "native_blk check|rate SOCKET WORDS...\n");
		return 2;
	}
	const struct vhost_user_options options = options_device(argv);
	if (runtime_open(&runtime, MEMORY) < 0)
		return perror("shared memory"), 1;
	if (vhost_user_open(&user, &runtime, argv[2], VIRTIO_ID_BLOCK, &options) < 0)
		return 1;
	int result = use(&user, checks ? check : rate, argv);
	vhost_user_close(&user);
	if (runtime.private_allocations) {
		fprintf(stderr, "%u allocations were not given back\n", runtime.private_allocations);
		result = -1;
	}
	runtime_close(&runtime);
	return result < 0;
}
