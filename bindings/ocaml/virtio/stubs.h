/* SPDX-License-Identifier: ISC */
/*
 * What the stubs between OCaml and libvirtio share. All of them run on the one processor that OCaml has, none from an
 * interrupt handler. No stub may allocate in OCaml's heap between a call of a driver and the point where what that
 * call gave is in safe hands: an allocation may raise Out_of_memory, and finalisers run in it.
 */
#ifndef VIRTIO_OCAML_STUBS_H
#define VIRTIO_OCAML_STUBS_H

#include <boot/device_interrupts.h>
#include <caml/bigarray.h>
#include <virtio/helper.h>

struct stub_device;

/* What is different from driver to driver. */
struct stub_driver {
	uint32_t type; /* VIRTIO_ID_ */
	size_t size;   /* of its struct, of which struct stub_device is the first field */

	/* Attach the driver to the device; OPTION is what the OCaml side gave to stub_attach. 0 or an error. */
	int (*attach)(struct stub_device *device, intnat option);

	/* Free the struct, also after a failed attach. NULL: it is nothing but its own memory. */
	void (*free)(struct stub_device *device);

	/* Ask for interrupts: whether there is work already. Virtio.wait does it before its sleep. */
	bool (*arm)(struct stub_device *device);

	/* Ask for none again. */
	void (*disarm)(struct stub_device *device);
};

/* A device that OCaml has opened. */
struct stub_device {
	struct virtio_device device;
	const struct stub_driver *driver;
	struct boot_device_interrupts *interrupts; /* never freed: the shim keeps it; another device may get it later */
	unsigned nth;                              /* of its type: each can be open once */
	struct stub_device *next;                  /* of all that are open */
};

/*
 * A buffer of a driver that OCaml has for a while, as a Bigarray. The Bigarray and all parts that were made of it by
 * Bigarray.Array1.sub share this, and count in proxy.refcount.
 */
struct stub_loan {
	struct caml_ba_proxy proxy; /* first: Bigarrays know it as theirs */
	void *owner;                /* whose it is */
	void *frame;                /* the buffer */
	unsigned pins;              /* requests in flight that use it: it cannot be given back meanwhile */
	bool over;                  /* it was given back, and the device may write there */
};

/* Besides the library's errors: mistakes of the program, from which the OCaml side makes exceptions. */
enum {
	STUB_RELEASED = -1000, /* the buffer was given back */
	STUB_IN_USE = -1001,   /* a device uses the buffer */
	STUB_RANGE = -1002,    /* the slice is not within its buffer */
};

/*
 * Find the NTH device of DRIVER's type, open it, route its interrupts, and attach the driver: its struct as an OCaml
 * value, or an error, VIRTIO_ERR_BUSY when it is open. Virtio.wait looks at the device from now on.
 */
value stub_attach(const struct stub_driver *driver, value nth, value option);

/* Virtio.wait no longer looks at it; the driver is detached. Its struct stays. */
void stub_close(struct stub_device *device);

/* stub_close, free the struct, and RESULT as an OCaml value. */
value stub_detached(struct stub_device *device, int result);

/* Memory, zeroed, for structs of the stubs; NULL: there is none. Freed with its size. */
void *stub_alloc(size_t size);
void stub_free(void *memory, size_t size);

/* What a call of libvirtio's gave: a number, below 0 an error. */
#define Val_result(number) Val_long(number)

/*
 * A pointer in an OCaml value. It is aligned to 16 bytes and outside of the heap, and looks like an integer above 0
 * there. The OCaml side sets its copy to 0 when the struct is gone, and no stub is called with that.
 */
#define Val_pointer(pointer) ((value)(pointer) | 1)
#define Pointer_val(value) ((void *)((value) & ~(intnat)1))

/* A slice, { buffer; off; len } with a Bigarray of bytes. */
#define Slice_array(slice) Caml_ba_array_val(Field(slice, 0))
#define Slice_offset(slice) Long_val(Field(slice, 1))
#define Slice_length(slice) Long_val(Field(slice, 2))

/* Where the data of SLICE lie, in *DATA. 0, STUB_RANGE, or STUB_RELEASED. */
int stub_slice_data(value slice, uint8_t **data);

/* The loan that SLICE lies in; NULL when its memory is OCaml's own. */
struct stub_loan *stub_slice_loan(value slice);

/* The custom operations of Bigarrays that are loans (stubs_net.c). */
extern struct custom_operations stub_loan_operations;

#endif
