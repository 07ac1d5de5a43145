/* SPDX-License-Identifier: ISC */
/*
 * Reads from a disk as fast as Linux has it: io_uring with its file and buffers registered, O_DIRECT, one system call
 * for each burst, nothing between it and the device's queue but the block layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "init.h"

#define PAGE 4096u
#define MOST 256u
#define MEMORY (4u << 20)

struct ring {
	int file;
	uint32_t size; /* bytes of each read */
	uint32_t mask, *submission_tail, *submission_array;
	uint32_t *completion_head, *completion_tail, completion_mask;
	struct io_uring_sqe *submissions;
	struct io_uring_cqe *completions;
};

static uint8_t memory[MEMORY] __attribute__((aligned(PAGE)));

static void *map(int ring, size_t size, off_t what)
{
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);

	if (mapped == MAP_FAILED)
		give_up("mapping the ring");
	return mapped;
}

static void open_ring(struct ring *ring, bool poll)
{
	struct io_uring_params parameters = {
		.flags = IORING_SETUP_SINGLE_ISSUER | (poll ? IORING_SETUP_IOPOLL : IORING_SETUP_DEFER_TASKRUN)};

	ring->file = (int)syscall(SYS_io_uring_setup, MOST, &parameters);
	if (ring->file < 0)
		give_up("io_uring");
	uint8_t *base = map(ring->file,
		parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe) +
			parameters.sq_entries * sizeof(uint32_t),
		IORING_OFF_SQ_RING);
	ring->submissions = map(ring->file, parameters.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	ring->submission_tail = (uint32_t *)(void *)(base + parameters.sq_off.tail);
	ring->submission_array = (uint32_t *)(void *)(base + parameters.sq_off.array);
	ring->mask = parameters.sq_entries - 1;
	ring->completion_head = (uint32_t *)(void *)(base + parameters.cq_off.head);
	ring->completion_tail = (uint32_t *)(void *)(base + parameters.cq_off.tail);
	ring->completion_mask = parameters.cq_entries - 1;
	ring->completions = (struct io_uring_cqe *)(void *)(base + parameters.cq_off.cqes);
}

static void register_all(const struct ring *ring, int disk)
{
	const struct iovec buffer = {memory, sizeof memory};

	if (syscall(SYS_io_uring_register, ring->file, IORING_REGISTER_BUFFERS, &buffer, 1) < 0)
		give_up("registering the buffers");
	if (syscall(SYS_io_uring_register, ring->file, IORING_REGISTER_FILES, &disk, 1) < 0)
		give_up("registering the disk");
}

/* A read of the NUMBERth piece of the disk into buffer BUFFER, which waits in the ring then. */
static void prepare(struct ring *ring, uint64_t number, uint64_t buffer)
{
	uint32_t tail = *ring->submission_tail;
	struct io_uring_sqe *read = &ring->submissions[tail & ring->mask];

	memset(read, 0, sizeof *read);
	read->opcode = IORING_OP_READ_FIXED;
	read->flags = IOSQE_FIXED_FILE;
	read->off = number * ring->size;
	read->addr = (uint64_t)(uintptr_t)(memory + buffer * ring->size);
	read->len = ring->size;
	read->user_data = buffer;
	ring->submission_array[tail & ring->mask] = tail & ring->mask;
	__atomic_store_n(ring->submission_tail, tail + 1, __ATOMIC_RELEASE);
}

/* Submit what waits in the ring, and wait until something is done. */
static void enter(const struct ring *ring, uint32_t submit)
{
	while (syscall(SYS_io_uring_enter, ring->file, submit, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		if (errno != EINTR)
			give_up("io_uring_enter");
}

/* How many are done; their buffers go to DONE. */
static uint32_t reap(struct ring *ring, uint64_t *done)
{
	uint32_t head = *ring->completion_head, count = 0;

	while (head != __atomic_load_n(ring->completion_tail, __ATOMIC_ACQUIRE)) {
		const struct io_uring_cqe *completion = &ring->completions[head++ & ring->completion_mask];
		if (completion->res != (int32_t)ring->size) {
			errno = -completion->res;
			give_up("a read");
		}
		done[count++] = completion->user_data;
	}
	__atomic_store_n(ring->completion_head, head, __ATOMIC_RELEASE);
	return count;
}

/* As nobody would change a setting of the block layer for the worse. */
static void tune(void)
{
	static const char *const settings[][2] = {
		{"scheduler", "none"}, {"iostats", "0"}, {"nomerges", "2"}, {"add_random", "0"}, {"wbt_lat_usec", "0"}};
	char path[64];

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		for (char disk = 'a'; disk <= 'b'; disk++) {
			snprintf(path, sizeof path, "/sys/block/vd%c/queue/%s", disk, settings[i][0]);
			write_text(path, settings[i][1]);
		}
}

void read_disk(char **words)
{
	uint64_t depth = number_of(words, "depth", 1), milliseconds = number_of(words, "milliseconds", 1000);
	uint64_t places, sent = 0, done = 0, ready[MOST], size = 0;
	struct ring ring = {.size = (uint32_t)number_of(words, "size", PAGE)};
	int disk = open(has_word(words, "second") ? "/dev/vdb" : "/dev/vda", O_RDONLY | O_DIRECT);

	if (disk < 0 || ioctl(disk, BLKGETSIZE64, &size) < 0)
		give_up("the disk");
	places = size / ring.size;
	if (depth > MOST)
		depth = MOST;
	if (depth * ring.size > MEMORY)
		depth = MEMORY / ring.size;
	tune();
	open_ring(&ring, has_word(words, "poll"));
	register_all(&ring, disk);
	for (uint64_t i = 0; i < depth; i++)
		ready[i] = i;
	uint32_t count = (uint32_t)depth;
	uint64_t start = now(), end = start + milliseconds * 1000000, time = start;
	while (time < end || done < sent) {
		uint32_t submitted = time < end ? count : 0;
		for (uint32_t i = 0; i < submitted; i++)
			prepare(&ring, sent++ * UINT64_C(0x9e3779b97f4a7c15) % places, ready[i]);
		enter(&ring, submitted);
		count = reap(&ring, ready);
		done += count;
		time = now();
	}
	close(ring.file);
	close(disk);
	printf("requests %" PRIu64 " nanoseconds %" PRIu64 "\n", done, time - start);
}
