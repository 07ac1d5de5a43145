/* SPDX-License-Identifier: ISC */
/*
 * PCI: reaching configuration space, finding functions, opening a virtio device (VIRTIO 4.1).
 *
 *     struct virtio_pci_access access = virtio_pci_access_ports();      or virtio_pci_access_ecam(...)
 *     struct virtio_pci_function function = virtio_pci_first(&access);
 *     while (virtio_pci_next(&function))
 *             if (virtio_pci_type(&function) == VIRTIO_ID_NET)
 *                     ... virtio_pci_open(&device, platform, &function, &virtio_support_all) ...
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
	const struct virtio_pci_access_ops *ops; /* which way */
	struct virtio_region region;             /* the ports, or the ECAM window */
	uint8_t first_bus;                       /* the bus where a search starts: a root bus */
	uint8_t last_bus;                        /* the last bus that it reaches */
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

/* A function of a PCI device. Plain data; owns nothing. */
struct virtio_pci_function {
	struct virtio_pci_access access; /* how to reach it */
	uint16_t address;                /* bus << 8 | device << 3 | function */
	uint16_t vendor;                 /* vendor id */
	uint16_t device;                 /* device id */
	uint16_t subsystem;              /* subsystem id; 0 for bridges */
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
 * live as long as the device is used; FUNCTION is copied. To enable MSI-X do so before, so that this call sees it.
 *
 * 0; VIRTIO_ERR_NO_DEVICE: it is not a virtio device; VIRTIO_ERR_PROTOCOL: its capabilities or BARs make no sense;
 * VIRTIO_ERR_UNSUPPORTED: no transport of SUPPORT fits, or the registers cannot be reached. Every error is logged with
 * the function's address.
 */
VIRTIO_MUST_CHECK int virtio_pci_open(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_pci_function *function, const struct virtio_support *support);

VIRTIO_END_DECLS

#endif
