/* SPDX-License-Identifier: ISC */
/* What the command line may say: device=NUMBER, mib=NUMBER, write=yes. Other words are for others. */
#ifndef DISK_OPTIONS_H
#define DISK_OPTIONS_H

#include <stdbool.h>

/* What was asked for. */
struct options {
	unsigned device;     /* which block device, from 0 on */
	unsigned mebibytes;  /* how much of the disk to use, from its start */
	bool write;          /* whether what is there may be overwritten */
	const char *culprit; /* the word that makes no sense, and what follows it; NULL */
};

/* Read the command line TEXT, which must stay. */
struct options options_read(const char *text);

#endif
