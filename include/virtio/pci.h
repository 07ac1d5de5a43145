/* SPDX-License-Identifier: ISC */
/*
 * PCI: reaching configuration space, finding functions, opening a virtio device (VIRTIO 4.1).
 *
 *     #include <virtio/device.h>
 *     #include <virtio/spec/ids.h>
 *
 *     int open_net(struct virtio_device *device, const struct virtio_platform *platform)
 *     {
 *             struct virtio_pci_access access = virtio_pci_access_ports(); // or virtio_pci_access_ecam
 *             struct virtio_pci_function function = virtio_pci_first(&access);
 *
 *             while (virtio_pci_next(&function))
 *                     if (virtio_pci_type(&function) == VIRTIO_ID_NET)
 *                             return virtio_pci_open(device, platform, &function, &virtio_support_all);
 *             return VIRTIO_ERR_NO_DEVICE;
 *     }
 *
 * Configuration space is shared by all devices: scanning, opening, attaching, resetting and detaching are for one
 * processor at a time. Nothing here blocks; nothing here is for interrupt handlers.
 */
#ifndef VIRTIO_PCI_H
#define VIRTIO_PCI_H

#include <virtio/base.h>
#include <virtio/error.h>
#include <virtio/platform.h>
#include <virtio/region.h>

VIRTIO_BEGIN_DECLS

struct virtio_device;
struct virtio_support;
struct virtio_pci_access;

/*
 * How to reach configuration space. ADDRESS is bus << 8 | device << 3 | function; OFFSET, in bytes, is a multiple of
 * WIDTH, which is 1, 2 or 4 bytes. Reads give all ones where there is nothing.
 */
struct virtio_pci_access_ops {
	/* Read a register. */
	uint32_t (*read)(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width);
	/* Write VALUE to a register. */
	void (*write)(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width,
		uint32_t value);
};

/* A way to configuration space. Plain data, copied into each function found through it. */
struct virtio_pci_access {
	const struct virtio_pci_access_ops *ops;                /* which way */
	struct virtio_region region;                            /* the ports, or the ECAM window */
	uint8_t first_bus;                                      /* the bus where a search starts: a root bus */
	uint8_t last_bus;                                       /* the last bus that it reaches */
	const struct virtio_pci_windows *windows;               /* private to virtio_pci_assign_from */
	void (*assign)(const struct virtio_pci_access *access); /* private to virtio_pci_assign_from */
};

/*
 * Configuration mechanism 1, ports 0xCF8 and 0xCFC: every x86 machine that has PCI. x86 only. A machine with several
 * root buses needs a search for each: set first_bus in the result.
 */
struct virtio_pci_access virtio_pci_access_ports(void);

/*
 * Memory-mapped configuration space (ECAM) of the buses FIRST_BUS to LAST_BUS, 1 MiB a bus, of which the first is
 * mapped at WINDOW, uncached.
 */
struct virtio_pci_access virtio_pci_access_ecam(void *window, uint8_t first_bus, uint8_t last_bus);

/* Addresses that no device and no memory has: where BARs may be put. */
struct virtio_pci_windows {
	uint32_t memory;        /* the first address, below 4 GiB since many BARs reach no further */
	uint32_t memory_length; /* bytes; 0: none */
	uint16_t ports;         /* the first port */
	uint16_t ports_length;  /* how many; 0: none */
};

/*
 * Firmware gives addresses to BARs, but some, such as qboot, leaves that to the system. Functions found through ACCESS
 * after this call get theirs from WINDOWS, which must live as long as they are used: the first time that one is opened
 * and has a BAR without an address, all virtio functions of the first bus are given addresses for all BARs that have
 * none. For a moment then no device on the bus answers: open devices before using any. Where firmware did its work
 * this costs nothing. Functions behind bridges, and BARs for which the windows have no room, stay without; to open them
 * is VIRTIO_ERR_UNSUPPORTED.
 */
void virtio_pci_assign_from(struct virtio_pci_access *access, const struct virtio_pci_windows *windows);

/* A function of a PCI device. Plain data; owns nothing. */
struct virtio_pci_function {
	struct virtio_pci_access access; /* how to reach it */
	uint16_t address;                /* bus << 8 | device << 3 | function */
	uint16_t vendor;                 /* vendor id */
	uint16_t device;                 /* device id */
	uint16_t subsystem;              /* subsystem id; 0 for bridges */
	uint8_t config_access;           /* private: capability that its registers are reached through, or 0 */
	uint32_t next;                   /* private to virtio_pci_next: where the search goes on */
	uint32_t buses[8];               /* private: the buses to search, one bit each */
	bool multifunction;              /* private: as its header says; counts for function 0 */
};

/* Start a search through ACCESS: the result is before the first function. */
struct virtio_pci_function virtio_pci_first(const struct virtio_pci_access *access);

/*
 * Go on to the next function that exists: those of the first bus and, as bridges tell, of all buses behind it,
 * functions 0 to 7. False: there are no more, or nothing answers at all.
 */
VIRTIO_MUST_CHECK bool virtio_pci_next(struct virtio_pci_function *function);

/* The virtio device type of a function (VIRTIO_ID_, 4.1.2), 0 when it is not a virtio device. */
uint32_t virtio_pci_type(const struct virtio_pci_function *function);

/*
 * Open a function as a virtio device: look which of the transports of SUPPORT fits, find the registers, and turn on
 * their decoding. The device is not touched otherwise; a driver's attach comes next. PLATFORM and SUPPORT must
 * live as long as the device is used; FUNCTION is copied. virtio_pci_use_msix may follow.
 *
 * Registers that map_device cannot map (a BAR without an address, out of reach, or no such hook) are reached through
 * configuration space where SUPPORT and the device can do that (4.1.4.9): slowly, which a log line says, and in
 * several steps, so that nothing may come between. Then no call on the device is for interrupt handlers, unless MSI-X
 * is enabled, and nobody else may use configuration space meanwhile.
 *
 * 0; VIRTIO_ERR_NO_DEVICE: it is not a virtio device; VIRTIO_ERR_PROTOCOL: its capabilities or BARs make no sense;
 * VIRTIO_ERR_UNSUPPORTED: no transport of SUPPORT fits, or the registers cannot be reached. Every error is logged with
 * the function's address.
 */
VIRTIO_MUST_CHECK int virtio_pci_open(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_pci_function *function, const struct virtio_support *support);

/*
 * For virtio_support.config_window: make LENGTH bytes at OFFSET of BAR, which a virtio capability of FUNCTION names,
 * accessible through its configuration access capability, and store the window in *REGION. It refers to FUNCTION, which
 * must stay where it is. Each access is several of configuration space, so nothing may come between: one user at a
 * time, and none in an interrupt handler. 0; VIRTIO_ERR_UNSUPPORTED when FUNCTION has no such capability, or the window
 * passes the end of what it reaches.
 */
VIRTIO_MUST_CHECK int virtio_pci_config_window(struct virtio_pci_function *function, unsigned bar, uint32_t offset,
	uint32_t length, struct virtio_region *region);

/* A message-signalled interrupt: what a device writes, and where to. On x86 the address names a local APIC. */
struct virtio_msix_message {
	uint64_t address; /* of 32 bits, aligned to 4 bytes, as the device sees it */
	uint32_t data;    /* what is written there */
};

/* How many MSI-X vectors FUNCTION has, 1 to 2048; 0: it has no MSI-X. A device can use one, and one more a queue. */
unsigned virtio_pci_msix_vectors(const struct virtio_pci_function *function);

/*
 * Let an opened device interrupt by MSI-X: vector I sends MESSAGES[I], of which there are COUNT (more than the device
 * has vectors are left out). Between open and a driver's attach; stays so for later attaches. From attach to detach
 * vectors are not masked. Drivers know nothing of it; what tells of what is settled as queues are set up:
 *
 *     vector 0          a change of the configuration
 *     vector 1 + I      used buffers in virtqueue I, or where there is no such vector:
 *     the last vector   used buffers in all further virtqueues; with one vector it tells of everything
 *
 * (VIRTIO 4.1.5.1.2.) A vector that the device refuses is replaced by vector 0, and when it refuses that one, too,
 * MSI-X is switched off, which the log tells: so look at dev->msix after attach, and at queue->vector, or be prepared
 * for INTx as well. Interrupts that fall together with attach or detach may be lost, never those between.
 *
 * Returns how many vectors are in use, 1 or more. On errors interrupts are INTx: VIRTIO_ERR_UNSUPPORTED: the device has
 * no MSI-X, or its table cannot be mapped; VIRTIO_ERR_PROTOCOL: what it says of its table makes no sense;
 * VIRTIO_ERR_INVALID: COUNT is 0; VIRTIO_ERR_BUSY: a driver is attached, and nothing changes. MESSAGES are read during
 * the call only.
 */
VIRTIO_MUST_CHECK int virtio_pci_use_msix(
	struct virtio_device *dev, const struct virtio_msix_message *messages, unsigned count);

/* Let an opened device interrupt by INTx, as it does at first unless firmware enabled MSI-X. Not while attached. */
void virtio_pci_use_intx(struct virtio_device *dev);

/*
 * The input of the 8259 interrupt controllers (1 to 15) that INTx of FUNCTION is connected to, as the firmware noted
 * it; level-triggered, and other devices may share it. VIRTIO_ERR_UNSUPPORTED: it has no INTx, or firmware did not
 * tell.
 */
int virtio_pci_interrupt_line(const struct virtio_pci_function *function);

/* Which of its bus's four lines FUNCTION uses: 1 to 4 for INTA to INTD; 0: it has no INTx, or is not on PCI. */
unsigned virtio_pci_interrupt_pin(const struct virtio_pci_function *function);

VIRTIO_END_DECLS

#endif
