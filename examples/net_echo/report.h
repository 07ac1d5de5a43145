/* SPDX-License-Identifier: ISC */
/* What net_echo says: who it is, what it answers at first, and the counters at the end. */
#ifndef NET_ECHO_REPORT_H
#define NET_ECHO_REPORT_H

#include <boot/device_interrupts.h>
#include <virtio/net.h>

#include "command_line.h"
#include "packet.h"

#define REPORT_ANSWERS 10 /* how many answers are told one by one */

/* Counters. */
struct report {
	unsigned outcomes[OUTCOMES]; /* packets of each kind */
	unsigned told;               /* answers that were printed */
	unsigned unsent;             /* answers for which there was no room */
	unsigned sleeps;             /* how often the processor was given away ... */
	uint64_t slept;              /* ... and for how long: nanoseconds */
	size_t pages;                /* of memory that were free at the start: no packet may cost any */
};

/* The line that begins with "ready": from now on packets are answered. */
void report_start(struct report *report, const struct station *station, const struct settings *settings,
	const struct virtio_device *device, const struct boot_device_interrupts *interrupts);

/* Give the processor away until an interrupt or DEADLINE, and count that. */
void report_sleep(struct report *report, const struct virtio_platform *platform, uint64_t deadline);

/* Count a packet, and print it if it is one of the first to be answered. */
void report_outcome(struct report *report, enum outcome outcome, const struct packet *packet);

/* The counters. */
void report_end(
	const struct report *report, const struct virtio_net *net, const struct boot_device_interrupts *interrupts);

#endif
