/* SPDX-License-Identifier: ISC */
/* What the guests of tools/bench machine and their peer agree on. */
#ifndef MACHINE_FRAMES_H
#define MACHINE_FRAMES_H

#define FRAMES_TYPE 0x88b5 /* Ethernet's type for local experiments: such a frame comes back, its addresses swapped */
#define FRAMES_PORT 7      /* and so does a UDP datagram to this port */
#define FRAMES_GUEST "10.0.2.15"

#endif
