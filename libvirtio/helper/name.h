/* SPDX-License-Identifier: ISC */
/* What the files of devices by name share. */
#ifndef LIBVIRTIO_HELPER_NAME_H
#define LIBVIRTIO_HELPER_NAME_H

#include <virtio/name.h>

/* name_arguments.c: read the names in words ROLE=NAME of COMMAND_LINE. 0; VIRTIO_ERR_INVALID, logged. */
VIRTIO_MUST_CHECK int virtio_name_arguments(
	const struct virtio_platform *platform, const char *command_line, struct virtio_wanted *wanted, unsigned count);

#endif
