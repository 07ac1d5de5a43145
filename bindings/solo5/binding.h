/* SPDX-License-Identifier: ISC */
/* What the files of the binding share. None of it is seen by the program that it is linked to. */
#ifndef SOLO5_BINDING_H
#define SOLO5_BINDING_H

#include <boot/device_interrupts.h>
#include <boot/info.h>
#include <virtio/helper.h>

#include "include/solo5.h"
#include "include/solo5_manifest.h"

#define BINDING_BURST 32
#define BINDING_NANOSECONDS_PER_SECOND UINT64_C(1000000000)

/* A network device: received frames that the program has not read yet are kept here. */
struct binding_net {
	struct virtio_net net;                          /* the driver */
	struct virtio_net_pool pool;                    /* frames to send */
	struct virtio_net_frame *frames[BINDING_BURST]; /* received ones, */
	unsigned count;                                 /* so many, */
	unsigned next;                                  /* of which these were read */
	bool broken;                                    /* its ring is: solo5_net_read tells */
};

/* A disk. */
struct binding_block {
	struct virtio_blk blk;             /* the driver */
	struct virtio_blk_request request; /* the one request: the device may keep it after a timeout */
	struct virtio_segment segment;     /* and where its data is */
	bool written;                      /* since the last flush */
};

/* A device of the manifest. */
struct binding_device {
	struct virtio_device device;              /* the device layer's view */
	struct boot_device_interrupts interrupts; /* what wakes us */
	uint32_t type;                            /* SOLO5_MANIFEST_ */
	bool acquired;                            /* the program uses it */
	union {
		struct binding_net net;
		struct binding_block block;
	} u; /* by type */
};

/* The program's manifest. */
extern struct binding_manifest {
	struct solo5_manifest head;            /* with the count of entries */
	struct solo5_manifest_entry entries[]; /* the first is reserved */
} __solo5_mft1_note;

/* Open and attach what the manifest names; ends the machine when something is not there. */
void binding_devices_start(const struct boot_info *info);

/* Device NUMBER of the manifest when it is of TYPE, else NULL; acquired or not. */
struct binding_device *binding_device(uint64_t number, uint32_t type);

/* Take the device of TYPE that is called NAME, and store its number in *HANDLE; NULL when that is not possible. */
struct binding_device *binding_acquire(const char *name, uint32_t type, solo5_handle_t *handle);

/* Device HANDLE, of TYPE and in use, or NULL. */
struct binding_device *binding_in_use(solo5_handle_t handle, uint32_t type);

/* Attach the driver, and fill in the entry of the manifest. 0, or an error of libvirtio's. */
int binding_net_attach(struct binding_device *device, struct solo5_manifest_net *told);
int binding_block_attach(struct binding_device *device, struct solo5_manifest_block *told);

/* Look for frames. Whether solo5_net_read has something to say. */
bool binding_net_poll(struct binding_net *net);

/* Make every disk durable. 0, or an error, which was told. */
int binding_block_flush(void);

/* How long a request to a disk may take, in nanoseconds; a minute if nothing else is said. */
void binding_block_set_patience(uint64_t nanoseconds);

/* Copy LINE without the words that are for us, and do what those say. The copy lives for ever. */
const char *binding_command_line(const char *line);

/* Whether one of them was --solo5:quiet. */
bool binding_quiet(void);

/* Texts: the length up to LIMIT, whether two are equal, and whether one starts with another. */
size_t binding_length(const char *text, size_t limit);
bool binding_equal(const char *a, const char *b);
bool binding_starts_with(const char *text, const char *prefix);

/* The canary of __stack_chk_guard, and what exceptions say. */
void binding_guard_start(void);

/* Print a text, or a number. */
void binding_say(const char *text);

void binding_say_number(uint64_t number);

/* Say what is wrong, about NAME, and end the machine with a failure. */
_Noreturn void binding_fail(const char *before, const char *name, const char *after);

#endif
