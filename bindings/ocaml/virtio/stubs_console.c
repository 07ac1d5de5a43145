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

value virtio_ocaml_console_attach(value nth)
{
	struct stub_console *console = stub_alloc(sizeof *console);
	int result;

	if (console == NULL)
		return Val_result(VIRTIO_ERR_NO_MEMORY);
	console->base.arm = console_arm;
	console->base.disarm = console_disarm;
	result = stub_device_open(&console->base, VIRTIO_ID_CONSOLE, (unsigned)Long_val(nth));
	if (result == 0)
		result = virtio_console_attach(&console->console, &console->base.device, &console->port, 1, NULL);
	if (result < 0) {
		stub_device_close(&console->base);
		stub_free(console, sizeof *console);
		return Val_result(result);
	}
	stub_device_started(&console->base);
	return Val_pointer(console);
}

value virtio_ocaml_console_detach(value device)
{
	struct stub_console *console = Pointer_val(device);
	int result = virtio_console_detach(&console->console);

	stub_device_close(&console->base);
	stub_free(console, sizeof *console);
	return Val_result(result);
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

value virtio_ocaml_entropy_attach(value nth)
{
	struct stub_entropy *entropy = stub_alloc(sizeof *entropy);
	int result;

	if (entropy == NULL)
		return Val_result(VIRTIO_ERR_NO_MEMORY);
	entropy->base.arm = entropy_arm;
	entropy->base.disarm = entropy_disarm;
	result = stub_device_open(&entropy->base, VIRTIO_ID_ENTROPY, (unsigned)Long_val(nth));
	if (result == 0)
		result = virtio_rng_attach(&entropy->rng, &entropy->base.device);
	if (result < 0) {
		stub_device_close(&entropy->base);
		stub_free(entropy, sizeof *entropy);
		return Val_result(result);
	}
	stub_device_started(&entropy->base);
	return Val_pointer(entropy);
}

value virtio_ocaml_entropy_detach(value device)
{
	struct stub_entropy *entropy = Pointer_val(device);
	int result = virtio_rng_detach(&entropy->rng);

	stub_device_close(&entropy->base);
	stub_free(entropy, sizeof *entropy);
	return Val_result(result);
}

value virtio_ocaml_entropy_read(value device, value bytes, value offset, value length)
{
	return Val_result(virtio_rng_read(&((struct stub_entropy *)Pointer_val(device))->rng,
		Bytes_val(bytes) + Long_val(offset), (uint32_t)Long_val(length)));
}
