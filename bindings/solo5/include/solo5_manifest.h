/* SPDX-License-Identifier: ISC */
/*
 * The manifest of a Solo5 program: an ELF note that names its devices. Solo5's elftool writes it from JSON; by hand it
 * is, in one source file of the program:
 *
 *     #include <solo5_manifest.h>
 *
 *     SOLO5_MANIFEST(2, {.name = "service", .type = SOLO5_MANIFEST_NET},
 *             {.name = "storage", .type = SOLO5_MANIFEST_BLOCK});
 *
 * The note is constant for the compiler. The binding fills in what it finds out about each device nevertheless, and the
 * link script puts it where it can be written: look at it through a volatile pointer.
 */
#ifndef SOLO5_MANIFEST_H
#define SOLO5_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#define SOLO5_MANIFEST_NOTE 0x3154464d /* the note's type: "MFT1" */
#define SOLO5_MANIFEST_VERSION 1
#define SOLO5_MANIFEST_MAX 64           /* entries, the reserved one included */
#define SOLO5_MANIFEST_NAME 68          /* bytes of a name with its NUL */
#define SOLO5_MANIFEST_BLOCK 1u         /* a disk */
#define SOLO5_MANIFEST_NET 2u           /* a network device */
#define SOLO5_MANIFEST_FIRST (1u << 30) /* entry 0 */

/* What is known of a disk. */
struct solo5_manifest_block {
	uint64_t capacity;   /* bytes */
	uint16_t block_size; /* bytes */
};

/* What is known of a network device. */
struct solo5_manifest_net {
	uint8_t mac[6]; /* its address */
	uint16_t mtu;   /* bytes of payload at most */
};

/* A device. */
struct solo5_manifest_entry {
	char name[SOLO5_MANIFEST_NAME]; /* what the program calls it */
	uint32_t type;                  /* SOLO5_MANIFEST_BLOCK, _NET */
	union {
		struct solo5_manifest_block block; /* of a disk, filled in at the start */
		struct solo5_manifest_net net;     /* of a network device, likewise */
	} u;                                       /* by type */
	union {
		int descriptor; /* of other targets than ours */
		void *data;     /* likewise */
	} b;                    /* 0 */
	bool attached;          /* set at the start */
};

/* The note up to its entries, which follow at once. The first of them is reserved. */
struct solo5_manifest {
	uint32_t name_size;                           /* 6 */
	uint32_t size;                                /* bytes of all behind `owner`, the padding included */
	uint32_t type;                                /* SOLO5_MANIFEST_NOTE */
	char owner[8];                                /* "Solo5" */
	uint32_t version __attribute__((aligned(8))); /* SOLO5_MANIFEST_VERSION */
	uint32_t count;                               /* entries, the reserved one included */
};

/* The note of a program with COUNT devices, of which the initialisers follow. */
#define SOLO5_MANIFEST(COUNT, ...)                                                                \
	extern const struct solo5_manifest_##COUNT {                                              \
		struct solo5_manifest head;                                                       \
		struct solo5_manifest_entry entries[1 + (COUNT)];                                 \
	} __solo5_mft1_note;                                                                      \
	const struct solo5_manifest_##COUNT __solo5_mft1_note                                     \
		__attribute__((section(".note.solo5.manifest"), aligned(8), used)) = {            \
			.head = {.name_size = sizeof "Solo5",                                     \
				.size = 12 + (1 + (COUNT)) * sizeof(struct solo5_manifest_entry), \
				.type = SOLO5_MANIFEST_NOTE,                                      \
				.owner = "Solo5",                                                 \
				.version = SOLO5_MANIFEST_VERSION,                                \
				.count = 1 + (COUNT)},                                            \
			.entries = {{.type = SOLO5_MANIFEST_FIRST}, __VA_ARGS__},                 \
	}

#endif
