/* SPDX-License-Identifier: ISC */
/*
 * Interrupts of a virtio device, the easy way: routed to this processor by the best means that device and machine have.
 * boot_wait() then wakes up when the device has something to tell.
 *
 *     static struct boot_device_interrupts interrupts;
 *     result = virtio_pci_open(&device, ...);
 *     boot_device_interrupts(&interrupts, &device, BOOT_DEVICE_BEST);      between open and attach
 *     result = virtio_net_attach(&net, &device, NULL);
 *     if (boot_device_interrupts_arrive(&interrupts))
 *             boot_wait_set_longest(UINT64_MAX);                          this device needs no polling
 *
 * This is built on boot/interrupt.h and on libvirtio: when linking by hand, name libvirtio_boot.a before libvirtio.a,
 * or both in a group.
 */
#ifndef BOOT_DEVICE_INTERRUPTS_H
#define BOOT_DEVICE_INTERRUPTS_H

#include <boot/base.h>
#include <boot/interrupt.h>
#include <virtio/device.h>

BOOT_BEGIN_DECLS

/* MSI-X vectors that are asked for: for the configuration, and the first three virtqueues. */
#define BOOT_DEVICE_VECTORS 4

/* How a device may interrupt. */
enum boot_device_way {
	BOOT_DEVICE_BEST, /* MSI-X, with its line in reserve; else its line */
	BOOT_DEVICE_MSIX, /* MSI-X alone */
	BOOT_DEVICE_LINE, /* INTx on PCI, the one interrupt of an MMIO device */
};

/*
 * The interrupts of a device. Caller-owned, zeroed at first, and stays where it is for ever. `handler` may be set
 * before the call, the rest is for reading.
 */
struct boot_device_interrupts {
	struct virtio_device *device;   /* whose interrupts they are */
	void (*handler)(void *context); /* called after each interrupt of the device, or NULL; see boot/interrupt.h */
	void *context;                  /* for handler */
	uint32_t count;                 /* atomic: interrupts of this device so far; starts again at 0 after 2^32 */
	bool config_changed;            /* atomic: one told of the configuration; the runtime clears it */
	unsigned vectors;               /* MSI-X vectors that it may use, 0: none */
	const char *line;               /* where its line is routed: "8259", "IO-APIC"; NULL: nowhere */
	struct boot_interrupt_handler on_line;                    /* private */
	struct virtio_msix_message messages[BOOT_DEVICE_VECTORS]; /* private: what raises its vectors */
	unsigned messages_made;                                   /* private: how many of them exist */
};

/*
 * Route the interrupts of DEVICE, which is open and not attached, as WAY says. INTx goes to the 8259 by the number that
 * firmware noted, or where there is none, to the IO-APIC of QEMU's q35; MMIO devices use the IO-APIC, as the ACPI
 * tables or the device's window tell, or else the 8259. Once for each opened device; the same struct may be used again
 * after another open. Returns 0, or -1 when there is no such way: then nothing wakes boot_wait(), so poll. May map
 * memory; not for interrupt handlers.
 */
int boot_device_interrupts(
	struct boot_device_interrupts *interrupts, struct virtio_device *device, enum boot_device_way way);

/* After attach: whether interrupts arrive; a driver must ask for them (virtio_net_enable_receive_interrupts). */
bool boot_device_interrupts_arrive(const struct boot_device_interrupts *interrupts);

/* After attach: how they arrive: "MSI-X", "8259", "IO-APIC", or "polling" when they do not. */
const char *boot_device_interrupts_describe(const struct boot_device_interrupts *interrupts);

BOOT_END_DECLS

#endif
