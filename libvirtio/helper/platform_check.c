/* SPDX-License-Identifier: ISC */
/* Trying a runtime's hooks out: what virtio/platform.h asks of each of them, as far as a few calls can show it. */
#include <virtio/helper.h>

#include "base/hook.h"
#include "base/log.h"

#define PIECES 3                  /* of memory, held at the same time */
#define NOT_STORED UINT64_MAX     /* no address of a piece */
#define LOOKS (1u << 23)          /* at a clock that does not move: some tick every 10 ms only */
#define NAP UINT64_C(1000000)     /* nanoseconds to wait: 1 ms */
#define NAPS 3                    /* how often: a whole machine may stand still during one */
#define LATE UINT64_C(1000000000) /* nanoseconds after the deadline that no scheduler explains */

/* What is asked for: little, a lot, and an odd size with the largest alignment there is. */
static const struct {
	uint16_t size;
	uint16_t alignment;
} wanted[PIECES] = {{24, 8}, {16384, 64}, {100, 4096}};

/* What came. */
struct piece {
	uint8_t *memory;
	uint64_t address; /* for the device */
};

static int wrong(const struct virtio_platform *platform, const char *what)
{
	virtio_log(platform, VIRTIO_LOG_ERROR, "platform: %s", what);
	return VIRTIO_ERR_INVALID;
}

/* Before each call, so that the last line of a kernel that dies or hangs in a hook tells in which. */
static void trying(const struct virtio_platform *platform, const char *hook)
{
	virtio_log(platform, VIRTIO_LOG_DEBUG, "platform: trying %s", hook);
}

/* The first version had all of today's hooks, so a smaller size is a mistake, and log is there to tell of it. */
static int check_size(const struct virtio_platform *platform)
{
	struct virtio_platform all = {.size = sizeof all, .context = platform->context, .log = platform->log};

	if (platform->size >= offsetof(struct virtio_platform, log) + sizeof(platform->log))
		return 0;
	virtio_log(&all, VIRTIO_LOG_ERROR, "platform: size is %llu; set it to sizeof(struct virtio_platform), %llu",
		(unsigned long long)platform->size, (unsigned long long)sizeof all);
	return VIRTIO_ERR_INVALID;
}

static int check_presence(const struct virtio_platform *platform)
{
	int error = 0;

	if (!platform->alloc)
		error = wrong(platform, "the hook alloc is missing");
	if (!platform->free)
		error = wrong(platform, "the hook free is missing");
	if (!platform->dma_alloc)
		error = wrong(platform, "the hook dma_alloc is missing");
	if (!platform->dma_free)
		error = wrong(platform, "the hook dma_free is missing");
	if (!platform->dma_map != !platform->dma_unmap)
		error = wrong(platform, "dma_map and dma_unmap go together, and one of them is missing");
	if (!platform->map_device)
		virtio_log(platform, VIRTIO_LOG_WARNING,
			"platform: no map_device: MMIO devices cannot be opened, modern PCI ones are slow");
	if (!platform->now)
		virtio_log(platform, VIRTIO_LOG_WARNING, "platform: no now: devices cannot be attached or reset");
	return error;
}

static const char *name_of(bool dma)
{
	return dma ? "dma_alloc" : "alloc";
}

static bool aligned(uint64_t address, uint16_t alignment)
{
	return (address & (alignment - 1u)) == 0;
}

/* Where the device finds a piece. */
static int check_address(const struct virtio_platform *platform, uint64_t address, uint16_t alignment)
{
	if (address == NOT_STORED)
		return wrong(platform, "dma_alloc stored nothing in *device_address");
	if (address == 0)
		return wrong(
			platform, "dma_alloc stored 0 in *device_address, which devices take for no memory at all");
	if (aligned(address, alignment))
		return 0;
	virtio_log(platform, VIRTIO_LOG_ERROR,
		"platform: dma_alloc gave the device address 0x%llx, to be aligned to %u", (unsigned long long)address,
		(unsigned)alignment);
	return VIRTIO_ERR_INVALID;
}

static int check_piece(const struct virtio_platform *platform, const struct piece *piece, unsigned index, bool dma)
{
	unsigned size = wanted[index].size;
	unsigned alignment = wanted[index].alignment;

	if (!piece->memory) {
		virtio_log(platform, VIRTIO_LOG_ERROR, "platform: %s has no memory for %u bytes aligned to %u",
			name_of(dma), size, alignment);
		return VIRTIO_ERR_NO_MEMORY;
	}
	if (!aligned((uintptr_t)piece->memory, wanted[index].alignment)) {
		virtio_log(platform, VIRTIO_LOG_ERROR, "platform: %s gave memory at 0x%llx, to be aligned to %u",
			name_of(dma), (unsigned long long)(uintptr_t)piece->memory, alignment);
		return VIRTIO_ERR_INVALID;
	}
	__builtin_memset(piece->memory, (int)index + 1, size);
	return dma ? check_address(platform, piece->address, wanted[index].alignment) : 0;
}

/* Whether PIECE still has what was written to it before the others came. */
static bool untouched(const struct piece *piece, unsigned index)
{
	for (unsigned i = 0; i < wanted[index].size; i++)
		if (piece->memory[i] != index + 1)
			return false;
	return true;
}

static void take(const struct virtio_platform *platform, struct piece *piece, unsigned index, bool dma)
{
	void *context = platform->context;

	piece->address = NOT_STORED;
	trying(platform, name_of(dma));
	piece->memory = dma ? platform->dma_alloc(context, wanted[index].size, wanted[index].alignment, &piece->address)
			    : platform->alloc(context, wanted[index].size, wanted[index].alignment);
}

static void give_back(const struct virtio_platform *platform, const struct piece *piece, unsigned index, bool dma)
{
	if (!piece->memory)
		return;
	trying(platform, dma ? "dma_free" : "free");
	if (dma)
		platform->dma_free(platform->context, piece->memory, wanted[index].size, piece->address);
	else
		platform->free(platform->context, piece->memory, wanted[index].size);
}

static int check_memory(const struct virtio_platform *platform, bool dma)
{
	struct piece pieces[PIECES];
	unsigned count = 0;
	int error = 0;

	while (count < PIECES && !error) {
		take(platform, &pieces[count], count, dma);
		error = check_piece(platform, &pieces[count], count, dma);
		count++;
	}
	for (unsigned i = 0; i < count && !error; i++)
		if (!untouched(&pieces[i], i))
			error = wrong(platform,
				dma ? "dma_alloc gave the same memory twice" : "alloc gave the same memory twice");
	for (unsigned i = 0; i < count; i++)
		give_back(platform, &pieces[i], i, dma);
	return error;
}

/* Look at the clock until it shows something else than *TIME, its answer from before. How many looks that took; 0: it
 * stands still. */
static unsigned tick(const struct virtio_platform *platform, uint64_t *time)
{
	uint64_t before = *time;

	for (unsigned looks = 1; looks <= LOOKS; looks++) {
		*time = platform->now(platform->context);
		if (*time != before)
			return looks;
	}
	return 0;
}

/* Each look takes a nanosecond at least, so a clock that counts them moves by one for each. */
static int check_now(const struct virtio_platform *platform)
{
	trying(platform, "now");
	uint64_t start = platform->now(platform->context);
	uint64_t first = start;
	unsigned looks = tick(platform, &first);
	uint64_t second = first;

	if (looks)
		looks = tick(platform, &second);
	if (!looks)
		return wrong(platform, "now stands still, and should count nanoseconds");
	if (first < start || second < first)
		return wrong(platform, "now went back");
	if (second - first >= looks)
		return 0;
	virtio_log(platform, VIRTIO_LOG_ERROR, "platform: now moved by %llu during %u calls: those are no nanoseconds",
		(unsigned long long)(second - first), looks);
	return VIRTIO_ERR_INVALID;
}

/* It may return early, but not much too late. What has passed already is no reason to sleep at all. */
static int check_wait(const struct virtio_platform *platform)
{
	uint64_t late = 0;

	trying(platform, "wait with a deadline that has passed");
	platform->wait(platform->context, 0);
	for (unsigned naps = 0; naps < NAPS; naps++) {
		trying(platform, "wait");
		uint64_t deadline = platform->now(platform->context) + NAP;
		platform->wait(platform->context, deadline);
		uint64_t end = platform->now(platform->context);
		late = end > deadline ? end - deadline : 0;
		if (late < LATE)
			return 0;
	}
	virtio_log(platform, VIRTIO_LOG_ERROR,
		"platform: wait returned %llu ns after its deadline, which is a time of now, not a duration",
		(unsigned long long)late);
	return VIRTIO_ERR_INVALID;
}

int virtio_platform_check(const struct virtio_platform *platform)
{
	int error = check_size(platform);

	if (!error)
		error = check_presence(platform);
	if (!error)
		error = check_memory(platform, false);
	if (!error)
		error = check_memory(platform, true);
	if (!error && platform->now)
		error = check_now(platform);
	if (!error && platform->now && platform->wait)
		error = check_wait(platform);
	return error;
}
