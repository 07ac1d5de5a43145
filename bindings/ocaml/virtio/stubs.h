/* SPDX-License-Identifier: ISC */
/*
 * What the stubs between OCaml and libvirtio share. All of them run on the one processor that OCaml has, none from an
 * interrupt handler. No stub may allocate in OCaml's heap between a call of a driver and the point where what that
 * call gave is in safe hands: an allocation may raise Out_of_memory, and finalisers run in it.
 */
#ifndef VIRTIO_OCAML_STUBS_H
#define VIRTIO_OCAML_STUBS_H

#include <boot/device_interrupts.h>
#include <caml/mlvalues.h>
#include <virtio/helper.h>

/*
 * A device that OCaml has opened, the first field of each driver's struct. `arm` asks for interrupts and answers
 * whether there is work already, `disarm` asks for none again: Virtio.wait calls them around its sleep.
 */
struct stub_device {
	struct virtio_device device;
	struct boot_device_interrupts *interrupts; /* never freed: the shim keeps it; another device may get it later */
	bool (*arm)(struct stub_device *device);
	void (*disarm)(struct stub_device *device);
	struct stub_device *next; /* of all that are open */
};

/*
 * Find the NTH device of TYPE (VIRTIO_ID_), open it, and route its interrupts. 0 or an error. Follow with the driver's
 * attach and then stub_device_started, or when that fails stub_device_close.
 */
int stub_device_open(struct stub_device *device, uint32_t type, unsigned nth);

/* Virtio.wait looks at the device from now on. */
void stub_device_started(struct stub_device *device);

/* It no longer does; the driver is detached. Safe for devices that were not started. */
void stub_device_close(struct stub_device *device);

/* What the OCaml side gets for a number of the library's: 0 or more, or an error below. */
#define Val_result(number) Val_long(number)

/*
 * A pointer in an OCaml value. It is aligned to 16 bytes and outside of the heap, and looks like an integer there. The
 * OCaml side sets its copy to 0 when the struct is gone, and no stub is called with that.
 */
#define Val_pointer(pointer) ((value)(pointer) | 1)
#define Pointer_val(value) ((void *)((value) & ~(intnat)1))

/* A slice, { buffer; off; len } with a Bigarray of bytes. */
#define Slice_buffer(slice) Field(slice, 0)
#define Slice_offset(slice) Long_val(Field(slice, 1))
#define Slice_length(slice) Long_val(Field(slice, 2))

/* Where the data of SLICE lie, or NULL when they are not within its buffer (which may have been released). */
uint8_t *stub_slice_data(value slice);

#endif
