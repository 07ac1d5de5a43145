/* SPDX-License-Identifier: ISC */
/* What the files of the console driver share. */
#ifndef LIBVIRTIO_DRIVER_CONSOLE_H
#define LIBVIRTIO_DRIVER_CONSOLE_H

#include <virtio/console.h>
#include <virtio/spec/console.h>

#define CONSOLE_MOST_CELLS 4096u /* columns or rows that anybody could show; more is a mistake, or a trap */

/* console_port.c: give the device all receive buffers, what is in them forgotten. 0, or VIRTIO_ERR_PROTOCOL. */
VIRTIO_MUST_CHECK int virtio_console_port_start(struct virtio_console_port *port);

/* console_control.c: send a message. 0; VIRTIO_ERR_AGAIN: no room; VIRTIO_ERR_PROTOCOL. */
VIRTIO_MUST_CHECK int virtio_console_tell(struct virtio_console *console, uint32_t id, uint16_t event, uint16_t value);

/* Set the size of a port; senseless ones count as unknown. */
static inline void console_port_resize(struct virtio_console_port *port, uint16_t columns, uint16_t rows)
{
	bool sensible = columns > 0 && columns <= CONSOLE_MOST_CELLS && rows > 0 && rows <= CONSOLE_MOST_CELLS;

	port->columns = sensible ? columns : 0;
	port->rows = sensible ? rows : 0;
}

#endif
