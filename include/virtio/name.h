/* SPDX-License-Identifier: ISC */
/*
 * Devices by name. Where a device is found first, second and so on depends on the hypervisor and its options; what it
 * is for, the command line should say. A name is one of
 *
 *   pci:00:04.0              bus, device and function; with another domain than 0: pci:0001:00:04.0
 *   mmio:0xfeb00e00          where its registers are
 *   mac:52:54:00:12:34:56    a network device's address
 *   serial:DATA              a disk's serial number; %20 is a blank, and so on for all that is not easily typed
 *   order:1                  the second of its type, in the order of a search (helper.h); or just 1
 *
 * and one call maps a runtime's devices, here from "net0=mac:52:54:00:12:34:56 disk0=serial:DATA":
 *
 *     #include <virtio/name.h>
 *
 *     int open_devices(struct virtio_device *net0, struct virtio_device *disk0, const char *command_line,
 *             const struct virtio_platform *platform, const struct virtio_find_sources *sources)
 *     {
 *             struct virtio_wanted wanted[] = {
 *                     {.role = "net0", .kind = &virtio_kind_net, .device = net0},
 *                     {.role = "disk0", .kind = &virtio_kind_blk, .device = disk0},
 *             };
 *
 *             return virtio_find_named(wanted, 2, command_line, platform, sources, &virtio_support_all);
 *     }
 *
 * Devices that no name means were only looked at: they can be used as if nobody had been there.
 */
#ifndef VIRTIO_NAME_H
#define VIRTIO_NAME_H

#include <virtio/helper.h>

VIRTIO_BEGIN_DECLS

/* How long a disk may take to tell its serial number: nanoseconds. */
#define VIRTIO_NAME_TIMEOUT UINT64_C(5000000000)

/* Room for any name as text, with its NUL. */
#define VIRTIO_NAME_TEXT 72

/* What a name goes by. */
enum virtio_name_by {
	VIRTIO_NAME_NONE = 0, /* there is no name */
	VIRTIO_NAME_ORDER,    /* number: how many of its type come before it */
	VIRTIO_NAME_PCI,      /* number: domain << 16 | bus << 8 | device << 3 | function */
	VIRTIO_NAME_MMIO,     /* number: the address of its registers */
	VIRTIO_NAME_MAC,      /* bytes: the six of its address */
	VIRTIO_NAME_SERIAL,   /* bytes: the serial number, ended by a NUL if it is shorter */
};

/* A name. Plain data; what does not count is 0, so that equal names are equal in every field. */
struct virtio_name {
	enum virtio_name_by by;              /* what it goes by */
	uint64_t number;                     /* see there */
	uint8_t bytes[VIRTIO_BLK_ID_LENGTH]; /* likewise */
};

/* Read the LENGTH letters at TEXT as a name. 0; VIRTIO_ERR_INVALID: they are none, and *NAME is untouched. Logs
 * nothing. Callable anywhere. */
VIRTIO_MUST_CHECK int virtio_name_parse(struct virtio_name *name, const char *text, size_t length);

/* Write NAME into TEXT as virtio_name_parse reads it: printable, without blanks, whatever the device says. Returns the
 * length; an empty text for VIRTIO_NAME_NONE. Callable anywhere. */
size_t virtio_name_text(const struct virtio_name *name, char text[VIRTIO_NAME_TEXT]);

/* Whether two names are the same. A device has several names, so others may mean the same device. Callable anywhere. */
bool virtio_name_equal(const struct virtio_name *a, const struct virtio_name *b);

/*
 * A type of device, and how to ask one of them for its own name. A type without such names needs no code:
 *
 *     static const struct virtio_device_kind console = {.type = VIRTIO_ID_CONSOLE};
 */
struct virtio_device_kind {
	uint32_t type; /* VIRTIO_ID_ */
	/*
	 * Ask DEVICE, just opened, and leave it reset. 0, and the answer in *OWN; or why there is none: any error,
	 * VIRTIO_ERR_UNSUPPORTED when it has no name of its own. May wait, up to a deadline. NULL: there is no way to.
	 */
	int (*ask)(struct virtio_device *device, struct virtio_name *own);
};

/* Network devices, which tell their MAC address, before anybody attaches to them. */
extern const struct virtio_device_kind virtio_kind_net;

/* Disks, which tell their serial number, through the block driver: who does not name this does not link it. */
extern const struct virtio_device_kind virtio_kind_blk;

/* A device that a runtime wants. Caller-owned. */
struct virtio_wanted {
	const char *role;                      /* what the runtime calls it, in front of the =; never NULL */
	const struct virtio_device_kind *kind; /* what it must be */
	struct virtio_name name;               /* what it is called; zeroes: the command line must say */
	struct virtio_device *device;          /* out: the device, opened */
};

/*
 * Find the COUNT devices that are WANTED, and open each. Names come from words ROLE=NAME of COMMAND_LINE (NULL: there
 * is none), which replace those in WANTED. Either all are found, or nothing is opened; each culprit is logged, and then
 * which devices there are, by all their names.
 *
 * Where a MAC or serial is named, or a name is missing, all devices of that type are started, asked and reset, so none
 * of them may be in use. One that does not answer has no such name. A disk that cannot be reset (Firecracker's) is lost
 * when it is asked: there name disks by order or place. Allocates and frees a little memory; waits, for a disk that
 * does not answer VIRTIO_NAME_TIMEOUT and a reset. PLATFORM and SUPPORT must live as long as the devices are used.
 *
 * 0; VIRTIO_ERR_INVALID: a word makes no sense or stands twice, a role has no name, or a name means several devices;
 * VIRTIO_ERR_NO_DEVICE: there is no such device, or it is of another type; VIRTIO_ERR_BUSY: two names mean the same
 * device; VIRTIO_ERR_NO_MEMORY; or the error of virtio_search_open, when some are open already.
 */
VIRTIO_MUST_CHECK int virtio_find_named(struct virtio_wanted *wanted, unsigned count, const char *command_line,
	const struct virtio_platform *platform, const struct virtio_find_sources *sources,
	const struct virtio_support *support);

VIRTIO_END_DECLS

#endif
