/* SPDX-License-Identifier: ISC */
/* Virtio.Console and Virtio.Entropy: both copy, and neither waits. */
#include <caml/mlvalues.h>
#include <virtio/spec/ids.h>

#include "stubs.h"

struct stub_console {
	struct stub_device base;
	struct virtio_console console;
	struct virtio_console_port port;
};

struct stub_entropy {
	struct stub_device base;
	struct virtio_rng rng;
};

value virtio_ocaml_console_attach(value nth);
value virtio_ocaml_console_detach(value device);
value virtio_ocaml_console_write(value device, value text, value offset, value length);
value virtio_ocaml_console_read(value device, value bytes, value offset, value length);
value virtio_ocaml_entropy_attach(value nth);
value virtio_ocaml_entropy_detach(value device);
value virtio_ocaml_entropy_read(value device, value bytes, value offset, value length);

static bool console_arm(struct stub_device *device)
{
	return virtio_console_enable_interrupts(&((struct stub_console *)device)->port);
}

static void console_disarm(struct stub_device *device)
{
	virtio_console_disable_interrupts(&((struct stub_console *)device)->port);
}

static int console_attach(struct stub_device *device, intnat option)
{
	struct stub_console *console = (struct stub_console *)device;

	(void)option;
	return virtio_console_attach(&console->console, &device->device, &console->port, 1, NULL);
}

value virtio_ocaml_console_attach(value nth)
{
	static const struct stub_driver driver = {
		.type = VIRTIO_ID_CONSOLE,
		.size = sizeof(struct stub_console),
		.attach = console_attach,
		.arm = console_arm,
		.disarm = console_disarm,
	};

	return stub_attach(&driver, nth, Val_unit);
}

value virtio_ocaml_console_detach(value device)
{
	struct stub_console *console = Pointer_val(device);

	return stub_detached(&console->base, virtio_console_detach(&console->console));
}

value virtio_ocaml_console_write(value device, value text, value offset, value length)
{
	return Val_result(virtio_console_write(&((struct stub_console *)Pointer_val(device))->port,
		String_val(text) + Long_val(offset), (uint32_t)Long_val(length)));
}

value virtio_ocaml_console_read(value device, value bytes, value offset, value length)
{
	return Val_result(virtio_console_read(&((struct stub_console *)Pointer_val(device))->port,
		Bytes_val(bytes) + Long_val(offset), (uint32_t)Long_val(length)));
}

static bool entropy_arm(struct stub_device *device)
{
	struct stub_entropy *entropy = (struct stub_entropy *)device;

	return entropy->rng.asked && virtio_rng_enable_interrupts(&entropy->rng);
}

static void entropy_disarm(struct stub_device *device)
{
	virtio_rng_disable_interrupts(&((struct stub_entropy *)device)->rng);
}

static int entropy_attach(struct stub_device *device, intnat option)
{
	struct stub_entropy *entropy = (struct stub_entropy *)device;

	(void)option;
	return virtio_rng_attach(&entropy->rng, &device->device);
}

value virtio_ocaml_entropy_attach(value nth)
{
	static const struct stub_driver driver = {
		.type = VIRTIO_ID_ENTROPY,
		.size = sizeof(struct stub_entropy),
		.attach = entropy_attach,
		.arm = entropy_arm,
		.disarm = entropy_disarm,
	};

	return stub_attach(&driver, nth, Val_unit);
}

value virtio_ocaml_entropy_detach(value device)
{
	struct stub_entropy *entropy = Pointer_val(device);

	return stub_detached(&entropy->base, virtio_rng_detach(&entropy->rng));
}

value virtio_ocaml_entropy_read(value device, value bytes, value offset, value length)
{
	return Val_result(virtio_rng_read(&((struct stub_entropy *)Pointer_val(device))->rng,
		Bytes_val(bytes) + Long_val(offset), (uint32_t)Long_val(length)));
}
