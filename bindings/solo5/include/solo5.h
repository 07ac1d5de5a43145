/* SPDX-License-Identifier: ISC */
/*
 * The interface between a Solo5 program and what it runs on, as programs of Solo5 0.9 and later are compiled against
 * it. This is a description of our own; types, names and numbers are those that the programs know.
 *
 *     int solo5_app_main(const struct solo5_start_info *info)
 *     {
 *         solo5_console_write("hello\n", 6);
 *         return SOLO5_EXIT_SUCCESS;
 *     }
 *
 * Which devices there are, a note in the program says: solo5_manifest.h. There is one thread, and no call may be made
 * from anywhere else. Nothing here is for interrupt handlers.
 */
#ifndef SOLO5_H_INCLUDED
#define SOLO5_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a call went. */
typedef enum {
	SOLO5_R_OK = 0,      /* it is done */
	SOLO5_R_AGAIN = 1,   /* not now: the same call may succeed later */
	SOLO5_R_EINVAL = 2,  /* an argument is wrong; nothing was done */
	SOLO5_R_EUNSPEC = 3, /* the device did not do it */
} solo5_result_t;

/* What the program is given. Lives for ever, and is for reading. */
struct solo5_start_info {
	const char *cmdline;  /* the command line, without the words that were for us; never NULL */
	uintptr_t heap_start; /* memory for heap and stacks, zeroed or not, not executable, in one piece, */
	size_t heap_size;     /* and how many bytes of it; the stack at the start grows down from its end */
};

/* The program. Write this one; what it returns goes to solo5_exit. */
int solo5_app_main(const struct solo5_start_info *info);

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT 255

/*
 * Make disks durable and end the machine, with a status where it has a way to tell one (boot/power.h): 41 for success,
 * which is Solo5's. When a disk fails at it, success becomes SOLO5_EXIT_FAILURE.
 */
void solo5_exit(int status) __attribute__((noreturn));

/* The same after a failure that nobody can handle. */
void solo5_abort(void) __attribute__((noreturn));

/*
 * Thread-local storage of the local-exec model. For each thread: allocate solo5_tls_size() bytes at a multiple of 16,
 * hand their address to solo5_tls_init, and switch to the thread with
 * solo5_set_tls_base(solo5_tls_tp_offset(address)).
 */
size_t solo5_tls_size(void);

/* Where the thread pointer of the storage at TLS points. */
uintptr_t solo5_tls_tp_offset(uintptr_t tls);

/* Fill the storage at TLS in as a thread starts with it. SOLO5_R_EINVAL: it is NULL, or no multiple of 8. */
solo5_result_t solo5_tls_init(uintptr_t tls);

/* Let the thread pointer be BASE, 0 at the start. SOLO5_R_EINVAL: no such address can exist. */
solo5_result_t solo5_set_tls_base(uintptr_t base);

/* Nanoseconds. */
typedef uint64_t solo5_time_t;

/* Time since the start; never goes back. */
solo5_time_t solo5_clock_monotonic(void);

/* Time since 1970 began, UTC; since the start where the machine has no such clock. */
solo5_time_t solo5_clock_wall(void);

/* A device in use: the number of its entry in the manifest. */
typedef uint64_t solo5_handle_t;

/* A set of them: bit N is handle N. */
typedef uint64_t solo5_handle_set_t;

/*
 * Sleep until a network device in use has a frame to read, or solo5_clock_monotonic() reaches DEADLINE; looks at least
 * once. *READY_SET becomes the devices to read from; READY_SET may be NULL.
 */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set);

/* Write SIZE bytes of BUF to the first serial line; a newline also returns the carriage. May lose them. */
void solo5_console_write(const char *buf, size_t size);

#define SOLO5_NET_ALEN 6  /* bytes of an Ethernet address */
#define SOLO5_NET_HLEN 14 /* bytes of an Ethernet header */

/* A network device. */
struct solo5_net_info {
	uint8_t mac_address[SOLO5_NET_ALEN]; /* our address */
	size_t mtu;                          /* bytes of payload of a frame at most, the Ethernet header not counted */
};

/*
 * Take the network device that the manifest calls NAME into use, once. SOLO5_R_EINVAL: there is none, it is in use
 * already, or an argument is NULL.
 */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info);

/*
 * Send a frame of SIZE bytes at BUF, its Ethernet header included: at least that, and up to mtu + SOLO5_NET_HLEN. Does
 * not wait: where there is no room it is dropped. SOLO5_R_EINVAL: another size, no network device in use, or BUF is
 * NULL; SOLO5_R_EUNSPEC: the device is broken.
 */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/*
 * Copy a received frame to BUF, which has SIZE bytes, at least mtu + SOLO5_NET_HLEN, and its length to *READ_SIZE. Does
 * not wait. SOLO5_R_AGAIN: there is none; else as solo5_net_write.
 */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

/* Bytes on a disk. */
typedef uint64_t solo5_off_t;

/* A disk. */
struct solo5_block_info {
	solo5_off_t capacity;   /* bytes */
	solo5_off_t block_size; /* bytes: offsets and sizes are multiples of it */
};

/* Take the disk that the manifest calls NAME into use, as solo5_net_acquire does for network devices. */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info);

/*
 * Write SIZE bytes at BUF to the disk from OFFSET on, and wait for it. One block, or as many as there are: Solo5 itself
 * takes exactly one. SOLO5_R_EINVAL: OFFSET or SIZE is no multiple of the block size, SIZE is 0 or 4 GiB or more, it
 * would pass the end, no disk in use, or BUF is NULL; SOLO5_R_EUNSPEC: the disk is read-only, or failed to do it, or
 * did not do it within a minute. What is written is durable after solo5_exit, or at once where the hypervisor's cache
 * writes through.
 */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size);

/* Read SIZE bytes of the disk from OFFSET on to BUF, as solo5_block_write. */
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
