/* SPDX-License-Identifier: ISC */
/*
 * A fake of FreeBSD's bhyve: a PC with PCI and legacy virtio devices, seen through I/O ports, as strict as the real
 * one, which kills the virtual machine, crashes or goes silent on mistakes that others forgive (docs/hypervisors.md has
 * the facts). Breaking such a rule "kills" the fake: it remembers the rule that was broken first, and from then on
 * answers nothing. There is one machine, and its memory is the fake platform's (fake/platform.h).
 *
 * bhyve.c has the ports and PCI, bhyve_registers.c the devices' registers, bhyve_ring.c the virtqueues,
 * bhyve_devices.c what block, net and entropy devices do with what they find there.
 */
#ifndef TEST_UNIT_FAKE_BHYVE_H
#define TEST_UNIT_FAKE_BHYVE_H

#include <virtio/region.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/split.h>

#define BHYVE_FRAME 2048    /* bytes of the longest frame that the fake network keeps */
#define BHYVE_SECTORS 64    /* of the fake disk */
#define BHYVE_MAX_CHAIN 512 /* descriptors: a longer chain kills the machine */
#define BHYVE_MAX_HELD 128  /* requests that the fake disk can keep back */
#define BHYVE_MAX_DEVICES 4 /* of a machine */

/* Which bhyve: they differ in what they offer and in what they are strict about. */
enum bhyve_version {
	BHYVE_OLD, /* FreeBSD 11 and 12 */
	BHYVE_NEW, /* FreeBSD 13 and later */
};

/* A virtqueue as the device sees it. */
struct bhyve_queue {
	uint16_t size;                 /* entries, fixed by the device */
	uint16_t vector;               /* MSI-X, as written: not checked */
	uint16_t last_avail;           /* how far it has read */
	uint32_t page;                 /* where the driver put it, 0: nowhere yet */
	const struct virtq_desc *desc; /* the three parts, once it has */
	const struct virtq_avail *avail;
	struct virtq_used *used;
};

/* A piece of a chain. */
struct bhyve_piece {
	uint8_t *data;   /* in the platform's memory */
	uint32_t length; /* bytes */
	bool writable;   /* by the device */
};

/* A chain that was taken from a virtqueue. */
struct bhyve_chain {
	uint16_t head;  /* its first descriptor */
	unsigned count; /* pieces */
	struct bhyve_piece pieces[BHYVE_MAX_CHAIN];
};

/* A virtio device. */
struct bhyve_device {
	uint32_t type;              /* VIRTIO_ID_ */
	enum bhyve_version version; /* whose model it is */
	uint8_t pci[256];           /* its configuration space */
	uint16_t bar_size;          /* ports */
	uint32_t offered;           /* features */
	uint32_t features;          /* as the driver wrote them */
	unsigned features_written;  /* how often, since the last reset */
	uint8_t status;             /* as written */
	uint8_t isr;                /* reading clears */
	uint16_t select;            /* queue */
	uint16_t config_vector;     /* MSI-X, as written */
	unsigned queue_count;       /* queues */
	struct bhyve_queue queues[2];
	uint8_t config[60];   /* device-specific configuration */
	unsigned config_size; /* bytes of it that exist */
	unsigned resets;      /* since the start */
	unsigned notified;    /* notifications since the start */
	unsigned interrupts;  /* raised since the start */

	uint8_t disk[BHYVE_SECTORS][512];        /* block: the medium */
	bool hold;                               /* block: keep requests until bhyve_release */
	struct bhyve_chain held[BHYVE_MAX_HELD]; /* block: those kept */
	unsigned held_count;                     /* how many */
	unsigned served[16];                     /* block: requests done, by type */
	bool read_only;                          /* block: the image is: writes fail, and no feature says so */
	bool receiving;                          /* net: a notification has started reception */
	unsigned sent_count;                     /* net: frames sent */
	uint32_t sent_length;                    /* net: of the last one */
	uint8_t sent[BHYVE_FRAME];               /* net: its bytes */
	unsigned dropped;                        /* net: frames that found no buffer */
};

/* Switch the machine on: bridges and no devices. */
void bhyve_start(void);

/* Add a device, before anybody looks. It stays valid until the next bhyve_start. */
struct bhyve_device *bhyve_add(uint32_t type, enum bhyve_version version);

/* The rule that was broken first, NULL while the machine lives. */
const char *bhyve_killed(void);

/* Kill the machine because of RULE, unless it is dead. For the fake's own files. */
void bhyve_kill(const char *rule);

/* Fail the test when the machine was killed, naming the rule. */
void bhyve_assert_alive(void);

/* LENGTH ports of the machine from PORT on: what virtio_region_ports is on a real one. */
struct virtio_region bhyve_ports(uint16_t port, uint16_t length);

/* First port of a device's registers. */
uint16_t bhyve_bar(const struct bhyve_device *device);

/* Whether MSI-X is enabled on it, which moves its configuration. */
bool bhyve_msix(const struct bhyve_device *device);

/* Block: finish the requests that were kept, last one first. */
void bhyve_release(struct bhyve_device *device);

/* Block, newer versions: the image can have holes, so that discards are offered. Before the driver attaches. */
void bhyve_offer_discard(struct bhyve_device *device);

/* Net: a frame arrives. True when it found a buffer, or in newer versions that merge, buffers. */
bool bhyve_deliver(struct bhyve_device *device, const void *frame, uint32_t length);

/* bhyve_registers.c: access WIDTH bytes at OFFSET of the device's ports. */
uint32_t bhyve_register_read(struct bhyve_device *device, unsigned offset, unsigned width);
void bhyve_register_write(struct bhyve_device *device, unsigned offset, unsigned width, uint32_t value);

/* bhyve_ring.c: whether there is a chain to take; kills on an index that cannot be. */
bool bhyve_chain_waits(const struct bhyve_queue *queue);

/* bhyve_ring.c: take it. False: it broke a rule. */
bool bhyve_chain_take(struct bhyve_device *device, struct bhyve_queue *queue, struct bhyve_chain *chain);

/* bhyve_ring.c: give it back, LENGTH bytes written. */
void bhyve_chain_return(struct bhyve_queue *queue, uint16_t head, uint32_t length);

/* bhyve_ring.c: raise an interrupt, unless the driver asked for none. */
void bhyve_interrupt(struct bhyve_device *device, const struct bhyve_queue *queue);

/* bhyve_devices.c: features, configuration and queues of a new device. */
void bhyve_device_init(struct bhyve_device *device);

/* bhyve_devices.c: queue INDEX was notified. */
void bhyve_device_notify(struct bhyve_device *device, unsigned index);

/* bhyve_devices.c: the driver resets the device. */
void bhyve_device_reset(struct bhyve_device *device);

#endif
