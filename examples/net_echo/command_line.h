/* SPDX-License-Identifier: ISC */
/* What the command line may say: "ip=10.0.2.15/24", "device=0" and "interrupts=best". Other words are for others. */
#ifndef NET_ECHO_COMMAND_LINE_H
#define NET_ECHO_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How to learn of frames. */
enum learning {
	LEARN_BEST, /* by the best interrupts that there are, else by polling */
	LEARN_POLL, /* by looking every millisecond */
	LEARN_INTX, /* by INTx, or an MMIO device's interrupt */
	LEARN_MSIX, /* by MSI-X */
};

/* What was asked for; the defaults are those that fit QEMU's user network. */
struct settings {
	uint32_t address; /* our IPv4 address, as a number */
	unsigned prefix;  /* leading bits of it that name the subnet */
	unsigned device;  /* which network device, from 0 on */
	enum learning learning;
	char culprit[48]; /* the word that makes no sense, cut off if need be; "" */
};

/* Read TEXT. False: settings->culprit tells which word is wrong. */
bool command_line_read(const char *text, struct settings *settings);

/* The mask of a prefix of 1 to 32 bits. */
static inline uint32_t prefix_mask(unsigned prefix)
{
	return 0xffffffffu << (32 - prefix);
}

#endif
