/* SPDX-License-Identifier: ISC */
/*
 * The 16550 UART, both ways: the serial line that every virtual machine has. Not a virtio device, but what a
 * unikernel talks through before, and often instead of, one. Needs a window of 8 registers and no platform.
 *
 *     #include <virtio/uart16550.h>
 *
 *     int greet(void)
 *     {
 *             struct virtio_region com1 = virtio_region_ports(0x3f8, VIRTIO_UART16550_REGISTERS);
 *             struct virtio_uart16550 uart;
 *             int result = virtio_uart16550_init(&uart, &com1);
 *
 *             return result < 0 ? result : virtio_uart16550_write(&uart, "hello\r\n", 7);
 *     }
 *
 * No call waits: each does what the UART takes now and says how much that was, so that a line which nobody
 * reads, or a device that lies, stops nobody. Calls are allowed in interrupt handlers; one caller at a time.
 */
#ifndef VIRTIO_UART16550_H
#define VIRTIO_UART16550_H

#include <virtio/base.h>
#include <virtio/error.h>
#include <virtio/region.h>

VIRTIO_BEGIN_DECLS

/* The registers are one byte each, next to each other. */
#define VIRTIO_UART16550_REGISTERS 8

/* What an interrupt may be about; combine with |. */
#define VIRTIO_UART16550_RECEIVE 1  /* there is something to read */
#define VIRTIO_UART16550_TRANSMIT 2 /* there is room to write */

/* A UART. The caller owns it and looks only at `errors`; nothing needs to be undone when it is no longer used. */
struct virtio_uart16550 {
	struct virtio_region registers; /* private: a copy of the caller's */
	uint32_t transmit_size;         /* private: bytes that fit when the transmitter is empty */
	uint32_t errors; /* received bytes that were damaged or lost, as far as the line tells; may be read */
};

/*
 * Look whether REGISTERS, at least VIRTIO_UART16550_REGISTERS long, are a UART, and set it up: 115200 baud
 * (with the usual clock of 1.8432 MHz), 8 data bits, no parity, 1 stop bit, FIFOs on, interrupts off. What is
 * on its way in either direction stays on its way if the FIFOs were on already. Returns 0; VIRTIO_ERR_INVALID
 * when there is no window or it is too short; VIRTIO_ERR_NO_DEVICE when there is no UART.
 */
VIRTIO_MUST_CHECK int virtio_uart16550_init(struct virtio_uart16550 *uart, const struct virtio_region *registers);

/*
 * Send up to LENGTH bytes of DATA, which is read before the call returns. Returns how many were taken: 0 when
 * there is no room now. VIRTIO_ERR_NO_DEVICE when the UART has gone. Never adds a carriage return.
 */
int virtio_uart16550_write(struct virtio_uart16550 *uart, const void *data, size_t length);

/*
 * Store up to LENGTH received bytes in DATA. Returns how many: 0 when nothing is there now. Damaged bytes and
 * breaks are dropped and counted in `errors`. VIRTIO_ERR_NO_DEVICE when the UART has gone.
 */
int virtio_uart16550_read(struct virtio_uart16550 *uart, void *data, size_t length);

/*
 * Turn interrupts on: WHICH is a combination of VIRTIO_UART16550_RECEIVE and _TRANSMIT; 0 turns them off.
 * Returns those of WHICH for which the reason is there already: do that work now, since their interrupt may
 * have come and gone.
 */
uint32_t virtio_uart16550_enable_interrupts(struct virtio_uart16550 *uart, uint32_t which);

/*
 * For the interrupt handler: what the UART wants, and acknowledge it. Returns a combination of
 * VIRTIO_UART16550_RECEIVE and _TRANSMIT, or 0 when the interrupt was not, or is no longer, its. Do what it
 * says, then call again until it answers 0: the line of an edge-triggered interrupt falls only then. For
 * RECEIVE that means to read.
 */
uint32_t virtio_uart16550_interrupt(struct virtio_uart16550 *uart);

VIRTIO_END_DECLS

#endif
