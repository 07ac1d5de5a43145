/* SPDX-License-Identifier: ISC */
/* The words on the command line of a program of this folder, and what they mean for a device. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <virtio/spec/features.h>

bool options_has(char **argv, const char *name)
{
	for (char **word = argv + 3; *word; word++)
		if (strcmp(*word, name) == 0)
			return true;
	return false;
}

uint64_t options_number(char **argv, const char *name, uint64_t otherwise)
{
	size_t length = strlen(name);
	char *end;

	for (char **word = argv + 3; *word; word++) {
		if (strncmp(*word, name, length) != 0 || (*word)[length] != '=')
			continue;
		uint64_t number = strtoull(*word + length + 1, &end, 10);
		if (*end == '\0' && end != *word + length + 1)
			return number;
		fprintf(stderr, "%s is no number\n", *word);
		exit(2);
	}
	return otherwise;
}

struct vhost_user_options options_device(char **argv)
{
	struct vhost_user_options options = {.ring_size = (uint16_t)options_number(argv, "ring", 256)};

	if (options_has(argv, "split"))
		options.without |= VIRTIO_F_RING_PACKED;
	if (options_has(argv, "no-indirect"))
		options.without |= VIRTIO_F_INDIRECT_DESC;
	if (options_has(argv, "no-events"))
		options.without |= VIRTIO_F_EVENT_IDX;
	if (options_has(argv, "no-order"))
		options.without |= VIRTIO_F_IN_ORDER;
	return options;
}

void options_tell(const struct virtio_device *device)
{
	printf("ring %s, features 0x%llx of 0x%llx\n", device->ring->name, (unsigned long long)device->features,
		(unsigned long long)device->offered);
	fflush(stdout);
}
