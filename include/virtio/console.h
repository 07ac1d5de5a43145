/* SPDX-License-Identifier: ISC */
/*
 * virtio-console (VIRTIO 5.3): bytes to and from the ports of a console device. With one port:
 *
 *     #include <virtio/console.h>
 *
 *     int greet(struct virtio_console *console, struct virtio_console_port *port, struct virtio_device *device)
 *     {
 *             int result = virtio_console_attach(console, device, port, 1, NULL);
 *
 *             if (result == 0)
 *                     result = virtio_console_write(port, "hello\n", 6); // how many bytes it took
 *             return result; // virtio_console_read gets what has come
 *     }
 *
 * With several, each comes when the device tells of it, which virtio_console_poll finds out:
 *
 *     int open_named(struct virtio_console *console, struct virtio_console_port ports[4], struct virtio_device *device)
 *     {
 *             int result = virtio_console_attach(console, device, ports, 4, NULL);
 *
 *             while (result >= 0 && !(ports[1].present && ports[1].name[0]))
 *                     result = virtio_console_poll(console); // now and then, or when it interrupts
 *             return result < 0 ? result : virtio_console_open(&ports[1]);
 *     }
 *
 * Bytes are copied through buffers of the driver's own, so callers need no memory that the device sees, and what was
 * read cannot change any more. Nobody blocks here; calls that wait are in helper.h. A port belongs to one user at a
 * time, who may be in an interrupt handler; poll, open and close, of all ports together, to one, too.
 */
#ifndef VIRTIO_CONSOLE_H
#define VIRTIO_CONSOLE_H

#include <virtio/buffers.h>

VIRTIO_BEGIN_DECLS

/* Room for a port's name with its NUL; longer names are cut. */
#define VIRTIO_CONSOLE_NAME 32

struct virtio_console;

/* A port. Caller-owned, filled in by virtio_console_attach; private but for the fields that say read-only. */
struct virtio_console_port {
	struct virtio_console *console; /* whose it is */
	struct virtio_buffers receive;  /* its receiveq */
	struct virtio_buffers transmit; /* its transmitq */
	uint8_t *input;                 /* the buffer that is being read, NULL: none */
	uint32_t input_length;          /* bytes in it */
	uint32_t input_taken;           /* bytes of them that were read */
	uint16_t number;                /* read-only: its number in the device */
	uint16_t columns;               /* read-only: characters in a line, 0: unknown */
	uint16_t rows;                  /* read-only: lines, 0: unknown */
	bool present;                   /* read-only: the device has it; without MULTIPORT it always does */
	bool is_console;                /* read-only: the device wants it used as a text console */
	bool open;                      /* read-only: someone on the device's side has it open */
	char name[VIRTIO_CONSOLE_NAME]; /* read-only: printable ASCII, other bytes became '?'; "" when it has none */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_console_options {
	uint16_t buffers;     /* of each port and direction, 1 to 64; 0: 16 */
	uint32_t buffer_size; /* bytes of each, up to 65536; 0: 256 */
};

/* A console device. Caller-owned, private but for the fields that say read-only. */
struct virtio_console {
	struct virtio_device *device;           /* whose driver this is; NULL while it is not attached */
	struct virtio_console_port *ports;      /* the caller's */
	uint16_t ports_given;                   /* how many */
	uint16_t port_count;                    /* read-only: how many of them the device may use */
	bool multiport;                         /* read-only: ports come and go, and have names */
	bool complained;                        /* a senseless message was logged; once is enough */
	struct virtio_buffers control_receive;  /* with multiport */
	struct virtio_buffers control_transmit; /* with multiport */
};

/*
 * Start the driver on an opened device, with up to COUNT PORTS: with 1 the device is used as one with a single port,
 * which is there at once; with more each port is there once virtio_console_poll has seen it. OPTIONS may be NULL and is
 * read during the call only. CONSOLE, PORTS and DEVICE must stay where they are until virtio_console_detach. Allocates
 * and may wait for the reset. VIRTIO_ERR_INVALID: no ports, or options out of range, or DEVICE was never opened;
 * VIRTIO_ERR_NO_DEVICE: it is no console, or has gone; VIRTIO_ERR_BUSY: a driver is attached to it;
 * VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin and virtio_device_add_queue;
 * VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_console_attach(struct virtio_console *console, struct virtio_device *device,
	struct virtio_console_port *ports, uint16_t count, const struct virtio_console_options *options);

/*
 * Stop: reset the device and free what attach allocated; bytes that the device had not taken yet are lost
 * (virtio_console_flush waits for them). Waits, so not for interrupt handlers. Returns 0, or VIRTIO_ERR_TIMEOUT: the
 * device is stuck, and memory of ours that it knows stays allocated. Does nothing when CONSOLE is not attached.
 */
int virtio_console_detach(struct virtio_console *console);

/*
 * Copy up to LENGTH bytes of DATA into buffers for the device. Returns how many, fewer than LENGTH (also 0) when no
 * more fit now: the device takes them as it likes, or never, so do not loop without a deadline. VIRTIO_ERR_NO_DEVICE:
 * the port is not there; VIRTIO_ERR_PROTOCOL: the ring is broken. A port that nobody has open on the other side may
 * lose the bytes.
 */
VIRTIO_MUST_CHECK int virtio_console_write(struct virtio_console_port *port, const void *data, uint32_t length);

/* Copy up to LENGTH bytes that came from the device to DATA. Returns how many, 0 when there are none now; errors as
 * virtio_console_write. */
VIRTIO_MUST_CHECK int virtio_console_read(struct virtio_console_port *port, void *data, uint32_t length);

/* How many buffers with bytes the device has not taken yet; VIRTIO_ERR_PROTOCOL: the ring is broken. */
VIRTIO_MUST_CHECK int virtio_console_unsent(struct virtio_console_port *port);

/*
 * Ask for an interrupt when bytes come. True: some are there already, so read instead of sleeping. Interrupts are off
 * after attach.
 */
VIRTIO_MUST_CHECK bool virtio_console_enable_interrupts(struct virtio_console_port *port);

/* Ask for no more of them: a hint, some may still come. */
void virtio_console_disable_interrupts(struct virtio_console_port *port);

/*
 * Ask for an interrupt when there is room to write again. True: there is room now, so write instead of sleeping.
 * Interrupts are off after attach.
 */
VIRTIO_MUST_CHECK bool virtio_console_enable_transmit_interrupts(struct virtio_console_port *port);

/* Ask for no more of them: a hint, some may still come. */
void virtio_console_disable_transmit_interrupts(struct virtio_console_port *port);

/*
 * Handle what the device has to tell of its ports: that they come, go, are opened or closed, have a name or another
 * size; the fields of the ports show it. Handles a bounded number of messages and returns how many, 0 when there are
 * none (always without multiport); call it again while it returns more. VIRTIO_ERR_PROTOCOL: a ring is broken.
 */
VIRTIO_MUST_CHECK int virtio_console_poll(struct virtio_console *console);

/* Ask for an interrupt when the device has something to tell. True: it has already, so poll instead of sleeping. */
VIRTIO_MUST_CHECK bool virtio_console_enable_control_interrupts(struct virtio_console *console);

/* Ask for no more of them: a hint, some may still come. */
void virtio_console_disable_control_interrupts(struct virtio_console *console);

/*
 * Tell the device that PORT is open on our side, without which it may hold bytes back; ports for a text console are
 * opened by virtio_console_poll. 0 (also without multiport, where nobody needs to be told); VIRTIO_ERR_NO_DEVICE: the
 * port is not there; VIRTIO_ERR_AGAIN: no room for the message now; VIRTIO_ERR_PROTOCOL: a ring is broken.
 */
VIRTIO_MUST_CHECK int virtio_console_open(struct virtio_console_port *port);

/* The same: that it is closed. */
VIRTIO_MUST_CHECK int virtio_console_close(struct virtio_console_port *port);

/*
 * Read the configuration again after a configuration interrupt, or now and then when polling: port 0 may have another
 * size. Returns 1 when it has, 0 when not, or the error of virtio_device_check or virtio_device_read_config. Reads
 * registers: not for the data path, not for interrupt handlers.
 */
VIRTIO_MUST_CHECK int virtio_console_poll_config(struct virtio_console *console);

/*
 * Emergency output of one character through a register: works on an opened device at any time, with or without a
 * driver attached, while everything else may be broken. 0; VIRTIO_ERR_UNSUPPORTED: the device does not offer it, or is
 * no console. Slow. Callable anywhere.
 */
int virtio_console_emergency_write(struct virtio_device *device, char character);

VIRTIO_END_DECLS

#endif
