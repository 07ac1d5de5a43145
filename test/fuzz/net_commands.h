/* SPDX-License-Identifier: ISC */
/* Commands to a network device (VIRTIO 5.1.6.5), as the input of a fuzz target says. */
#ifndef FUZZ_NET_COMMANDS_H
#define FUZZ_NET_COMMANDS_H

#include <virtio/net_control.h>

#include "device.h"

/* Start a command, or see to the one that is under way. */
void net_command(struct virtio_net *net, struct fuzz_device *device);

#endif
