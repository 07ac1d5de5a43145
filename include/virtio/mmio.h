/* SPDX-License-Identifier: ISC */
/*
 * Virtio over MMIO (VIRTIO 4.2): devices whose registers lie in a window of memory. Nothing enumerates them: the
 * command line tells where they are, or the runtime knows (a device tree, ACPI tables), or one looks.
 *
 *     #include <virtio/device.h>
 *     #include <virtio/spec/ids.h>
 *
 *     int open_net(struct virtio_device *device, const struct virtio_platform *platform, const char *command_line)
 *     {
 *             struct virtio_mmio_window window;
 *             int result = virtio_mmio_argument(platform, command_line, 0, &window);
 *
 *             if (result == 0 && virtio_mmio_type(platform, &window) != VIRTIO_ID_NET)
 *                     result = VIRTIO_ERR_NO_DEVICE;
 *             return result < 0 ? result : virtio_mmio_open(device, platform, &window, &virtio_support_all);
 *     }
 *
 * virtio_find (helper.h) does all that, and PCI too. Nothing here blocks; nothing here is for interrupt handlers.
 */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include <virtio/base.h>
#include <virtio/error.h>
#include <virtio/platform.h>

VIRTIO_BEGIN_DECLS

struct virtio_device;
struct virtio_support;

/* Where the registers of a device are. Plain data. */
struct virtio_mmio_window {
	uint64_t address;   /* physical, a multiple of 4 */
	uint64_t length;    /* bytes, at least 0x100; the device's configuration is what lies beyond these */
	uint32_t interrupt; /* number of its interrupt, for the runtime: the library does not use it */
};

/*
 * The type (VIRTIO_ID_) of the device at WINDOW. 0: there is none, nothing that is virtio of version 1 or 2, or
 * nothing that can be mapped. Reads registers that may always be read, and logs nothing.
 */
uint32_t virtio_mmio_type(const struct virtio_platform *platform, const struct virtio_mmio_window *window);

/*
 * Open the device at WINDOW: map it, and look which of the transports of SUPPORT fits. The device is not touched
 * otherwise; a driver's attach comes next. PLATFORM and SUPPORT must live as long as the device is used; WINDOW is
 * copied.
 *
 * 0; VIRTIO_ERR_NO_DEVICE: there is none, which is not logged where a window is merely empty (4.2.2.2);
 * VIRTIO_ERR_INVALID: WINDOW cannot be; VIRTIO_ERR_UNSUPPORTED: no transport of SUPPORT fits, or it cannot be mapped.
 */
VIRTIO_MUST_CHECK int virtio_mmio_open(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_mmio_window *window, const struct virtio_support *support);

/*
 * Read the Nth (from 0) argument "virtio_mmio.device=SIZE@BASE:IRQ[:ID]" of COMMAND_LINE, as hypervisors write it for
 * Linux, into *WINDOW. Words are separated by blanks; numbers are decimal, or hexadecimal after 0x; SIZE and BASE may
 * end in K, M or G; ID is skipped. 0; VIRTIO_ERR_NO_DEVICE: there are not that many; VIRTIO_ERR_INVALID: this one
 * makes no sense, and a log line shows it. *WINDOW is untouched after an error.
 */
VIRTIO_MUST_CHECK int virtio_mmio_argument(const struct virtio_platform *platform, const char *command_line, unsigned n,
	struct virtio_mmio_window *window);

/*
 * For QEMU's microvm started without such arguments: describe the window SLOT (from 0) of its row at 0xfeb00000. False:
 * there is none. Reads the registers there, so ask only on a machine without PCI, where nothing else can be in that
 * place. Interrupts are those of the machine with its usual options.
 */
VIRTIO_MUST_CHECK bool virtio_mmio_microvm(
	const struct virtio_platform *platform, unsigned slot, struct virtio_mmio_window *window);

VIRTIO_END_DECLS

#endif
