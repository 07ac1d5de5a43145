/* SPDX-License-Identifier: ISC */
/*
 * Conveniences on top of the other headers, each an archive member of its own. Everything here can be built from public
 * calls; runtimes that want something else write it themselves. These calls may wait, each with a deadline in
 * nanoseconds of the platform's now(); none is for interrupt handlers.
 */
#ifndef VIRTIO_HELPER_H
#define VIRTIO_HELPER_H

#include <virtio/blk.h>
#include <virtio/console.h>
#include <virtio/device.h>
#include <virtio/net.h>
#include <virtio/rng.h>

VIRTIO_BEGIN_DECLS

/*
 * For whoever writes a runtime: try its hooks out, before the first device. Asks alloc and dma_alloc for three pieces
 * each, writes to them and frees them; looks how fast now moves; waits some milliseconds. What is missing or cannot be
 * right becomes a log line that names the hook and says what it should do; a line of VIRTIO_LOG_DEBUG before each call
 * tells in which of them a kernel died. What a few calls cannot show stays unseen: whether the device finds memory
 * where dma_alloc says, whether registers are mapped uncached, whether now counts cycles of the processor.
 *
 * 0; VIRTIO_ERR_INVALID: a hook is missing or wrong; VIRTIO_ERR_NO_MEMORY: alloc or dma_alloc answered NULL. That there
 * is no map_device or no now is a warning.
 */
VIRTIO_MUST_CHECK int virtio_platform_check(const struct virtio_platform *platform);

/*
 * For machines with PCI alone: find the NTH (from 0) virtio device of TYPE (VIRTIO_ID_) among the functions that
 * ACCESS reaches, in the order of their addresses, and open it. 0; VIRTIO_ERR_NO_DEVICE, after a log line, when there
 * are fewer; or the error of virtio_pci_open.
 */
VIRTIO_MUST_CHECK int virtio_find_pci(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_pci_access *access, uint32_t type, unsigned nth, const struct virtio_support *support);

/*
 * Where to look for devices. Plain data, the caller's; what is NULL, 0 or false is not looked at. Devices come in this
 * order: those on PCI; those in the windows, or where there are no windows, those that the command line names (mmio.h),
 * or where it names none either and nothing at all is on PCI, those of QEMU's microvm.
 */
struct virtio_find_sources {
	const struct virtio_pci_access *pci; /* PCI configuration space */
	const struct virtio_mmio_window
		*windows;         /* MMIO windows that the runtime knows of; empty ones are passed over */
	unsigned window_count;    /* how many of them */
	const char *command_line; /* what the hypervisor says: virtio_mmio.device= */
	bool microvm;             /* look where QEMU's microvm has its windows */
};

/*
 * A search for devices, of whatever type, wherever they are:
 *
 *     struct virtio_search search = virtio_search_start(platform, &sources);
 *     while (virtio_search_next(&search))
 *             if (search.type == VIRTIO_ID_BLOCK)
 *                     ... virtio_search_open(&search, &device, &virtio_support_all) ...
 *
 * Caller-owned; fields are for reading. Scanning PCI and looking into windows is for one processor at a time.
 */
struct virtio_search {
	const struct virtio_platform *platform;    /* hooks */
	const struct virtio_find_sources *sources; /* where to look */
	uint32_t type;                             /* VIRTIO_ID_ of the device found */
	bool on_pci;                               /* it is at `function`, else at `window` */
	struct virtio_pci_function function;       /* where it is, on PCI */
	struct virtio_mmio_window window;          /* where it is, elsewhere */
	bool pci_empty;                            /* private: nothing at all was found on PCI */
	unsigned arguments;                        /* private: how many of the command line were looked at */
	unsigned windows;                          /* private: how many of the sources' windows were */
	unsigned slots;                            /* private: how many of microvm's were */
};

/* Start a search: the result is before the first device. PLATFORM and SOURCES must live until its end. */
struct virtio_search virtio_search_start(
	const struct virtio_platform *platform, const struct virtio_find_sources *sources);

/* Go on to the next device. False: there are no more. An argument of the command line that makes no sense is logged. */
VIRTIO_MUST_CHECK bool virtio_search_next(struct virtio_search *search);

/* Open the device that was found; errors as virtio_pci_open and virtio_mmio_open. */
VIRTIO_MUST_CHECK int virtio_search_open(
	const struct virtio_search *search, struct virtio_device *dev, const struct virtio_support *support);

/*
 * Find the NTH (from 0) virtio device of TYPE (VIRTIO_ID_) and open it. 0; VIRTIO_ERR_NO_DEVICE, after a log line, when
 * there are fewer; or the error of virtio_search_open.
 */
VIRTIO_MUST_CHECK int virtio_find(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_find_sources *sources, uint32_t type, unsigned nth, const struct virtio_support *support);

/* Memory that the device finds at the processor's own address: for kernels whose memory is identity-mapped. */
static inline struct virtio_segment virtio_segment_identity(void *data, uint32_t length)
{
	struct virtio_segment segment = {data, (uint64_t)(uintptr_t)data, length};
	return segment;
}

/* The deadline of a wait of at most NANOSECONDS from now on; UINT64_MAX when that is beyond the clock. 0 without a now
 * hook, which has every waiting call answer VIRTIO_ERR_UNSUPPORTED anyway. */
uint64_t virtio_deadline(const struct virtio_platform *platform, uint64_t nanoseconds);

/*
 * Submit one request through the first queue, wait until it is done, return its result. For users without other
 * requests in flight there. VIRTIO_ERR_TIMEOUT; VIRTIO_ERR_PROTOCOL, a broken ring or a device that asks for a reset;
 * VIRTIO_ERR_NO_DEVICE, one that has gone: while virtio_blk_in_flight(request) it is still the device's, and
 * virtio_blk_restart or detach brings it back. VIRTIO_ERR_AGAIN: no room, because earlier ones timed out.
 * VIRTIO_ERR_UNSUPPORTED: no now hook. Other errors as virtio_blk_submit. Interrupts stay as they are: when they are
 * on, and end the wait hook, it wakes earlier.
 */
VIRTIO_MUST_CHECK int virtio_blk_execute(struct virtio_blk *blk, struct virtio_blk_request *request, uint64_t deadline);

/*
 * Wait until at least one request of QUEUE is back, take up to COUNT (at least 1). How many; VIRTIO_ERR_TIMEOUT;
 * VIRTIO_ERR_NO_DEVICE, VIRTIO_ERR_PROTOCOL: the device has gone, or is broken; VIRTIO_ERR_UNSUPPORTED: no now hook.
 * Interrupts of the queue are on while it sleeps, and off afterwards; without any it looks every millisecond.
 */
VIRTIO_MUST_CHECK int virtio_blk_completed_wait(
	struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count, uint64_t deadline);

/*
 * The way back from a device that broke or hangs: virtio_blk_detach, which hands every request to RECLAIM, then
 * virtio_blk_attach with the same options. Errors of either: BLK is not attached then. VIRTIO_ERR_INVALID: it was not
 * before. What was written and not flushed may be lost.
 */
VIRTIO_MUST_CHECK int virtio_blk_restart(
	struct virtio_blk *blk, void (*reclaim)(void *context, struct virtio_blk_request *request), void *context);

/*
 * The serial number as a string: up to 20 printable bytes and a NUL into SERIAL (21 bytes); other bytes become '?';
 * empty after an error. Allocates and frees a little memory. Errors as virtio_blk_execute, and VIRTIO_ERR_NO_MEMORY;
 * after VIRTIO_ERR_TIMEOUT that memory stays with the device, and detach hands the request to its RECLAIM.
 */
VIRTIO_MUST_CHECK int virtio_blk_serial(struct virtio_blk *blk, char serial[21], uint64_t deadline);

/* A pool of equal frames with their memory. Caller-owned, private. */
struct virtio_net_pool {
	const struct virtio_platform *platform; /* whose memory it is */
	struct virtio_net_frame *frames;        /* all of them */
	struct virtio_net_frame *free;          /* those in the pool, linked by next */
	uint8_t *buffers;                       /* their memory */
	uint64_t buffers_address;               /* the same, for the device */
	uint32_t count;                         /* how many there are */
	uint32_t frame_size;                    /* bytes of each buffer, headroom included */
};

/* Make a pool of COUNT frames for up to LENGTH bytes of data each (a VLAN tag and the Ethernet header count). 0;
 * VIRTIO_ERR_INVALID: COUNT is not 1 to 65536 or LENGTH not 1 to 65792; VIRTIO_ERR_NO_MEMORY. Allocates. */
VIRTIO_MUST_CHECK int virtio_net_pool_init(
	struct virtio_net_pool *pool, const struct virtio_platform *platform, uint32_t count, uint32_t length);

/* Free it. All frames must be back. Does nothing to a pool whose init failed. */
void virtio_net_pool_free(struct virtio_net_pool *pool);

/* Take a frame, ready to be written and transmitted: one segment, length 0. NULL: the pool is empty. Does not wait. */
struct virtio_net_frame *virtio_net_pool_get(struct virtio_net_pool *pool);

/* Give a frame back. Does not wait. */
void virtio_net_pool_put(struct virtio_net_pool *pool, struct virtio_net_frame *frame);

/*
 * Copy LENGTH bytes of DATA into a frame of POOL and transmit it: the simple way, for whom a copy does not matter.
 * Takes sent frames back into POOL first, so all frames under way must be POOL's. 0; VIRTIO_ERR_AGAIN: no frame or no
 * room now; VIRTIO_ERR_TOO_LARGE: longer than POOL's frames or the MTU; VIRTIO_ERR_INVALID: LENGTH is 0;
 * VIRTIO_ERR_PROTOCOL. Does not wait.
 */
VIRTIO_MUST_CHECK int virtio_net_send_copy(
	struct virtio_net *net, struct virtio_net_pool *pool, const void *data, uint32_t length);

/* Wait until at least one frame is there, take up to COUNT. How many; VIRTIO_ERR_TIMEOUT; VIRTIO_ERR_UNSUPPORTED: no
 * now hook; or the error of virtio_net_receive. */
VIRTIO_MUST_CHECK int virtio_net_receive_wait(
	struct virtio_net *net, struct virtio_net_frame **frames, unsigned count, uint64_t deadline);

/* What virtio_net_watch knows from its last call. Caller-owned, zeroed before the first. */
struct virtio_net_watch {
	uint64_t sent;   /* frames that had been sent */
	uint64_t last;   /* when that was: nanoseconds */
	uint64_t waited; /* nanoseconds without anything sent since */
	bool waiting;    /* whether frames were under way */
};

/*
 * Whether PAIR still sends: for the transmitting user, now and then, say each second, after virtio_net_pair_transmitted
 * has taken back all that was sent. 0: it does, or has nothing to send. VIRTIO_ERR_TIMEOUT: frames are under way, and
 * none has come back for PATIENCE nanoseconds; VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_NO_DEVICE as virtio_device_check: in all
 * three cases virtio_net_restart is the way out. VIRTIO_ERR_UNSUPPORTED: no now hook. What passes between two calls
 * counts as half of PATIENCE at most, so that no machine that stood still blames the device. WATCH belongs to this pair
 * alone, and is zeroed after a restart. Reads a register; does not wait.
 */
VIRTIO_MUST_CHECK int virtio_net_watch(struct virtio_net_pair *pair, struct virtio_net_watch *watch, uint64_t patience);

/*
 * The way back from a device that broke or sends nothing any more: virtio_net_detach, which hands the frames that the
 * device held to RECLAIM, then virtio_net_attach with the same options. An address that was made up stays; what was
 * commanded (addresses, filters, VLANs, pairs) has to be commanded again. Errors of either: NET is not attached then.
 * VIRTIO_ERR_INVALID: it was not before.
 */
VIRTIO_MUST_CHECK int virtio_net_restart(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context);

/*
 * Fill BYTES with LENGTH random bytes. 0; VIRTIO_ERR_TIMEOUT: the device gave too few before DEADLINE;
 * VIRTIO_ERR_UNSUPPORTED: no now hook; or the error of virtio_rng_read. After an error BYTES is all zeros, so that
 * nothing half done passes for random. Every 100 microseconds it looks without an interrupt, too.
 */
VIRTIO_MUST_CHECK int virtio_rng_fill(struct virtio_rng *rng, void *bytes, size_t length, uint64_t deadline);

/*
 * Write all LENGTH bytes of DATA to PORT, waiting for room. 0; VIRTIO_ERR_TIMEOUT: the device did not take them before
 * DEADLINE, and the rest is dropped; VIRTIO_ERR_UNSUPPORTED: no now hook; or the error of virtio_console_write. *TAKEN
 * (may be NULL) tells in any case how many bytes it took. Interrupts of the transmitq are on while it sleeps, off
 * afterwards.
 */
VIRTIO_MUST_CHECK int virtio_console_write_all(
	struct virtio_console_port *port, const void *data, size_t length, size_t *taken, uint64_t deadline);

/* Wait until the device has taken all that was written to PORT. 0, or VIRTIO_ERR_TIMEOUT, VIRTIO_ERR_PROTOCOL,
 * VIRTIO_ERR_UNSUPPORTED (no now hook). */
VIRTIO_MUST_CHECK int virtio_console_flush(struct virtio_console_port *port, uint64_t deadline);

/* Wait until at least one byte is there, copy up to LENGTH to DATA. How many; VIRTIO_ERR_TIMEOUT;
 * VIRTIO_ERR_UNSUPPORTED: no now hook; or the error of virtio_console_read. */
VIRTIO_MUST_CHECK int virtio_console_read_wait(
	struct virtio_console_port *port, void *data, uint32_t length, uint64_t deadline);

VIRTIO_END_DECLS

#endif
