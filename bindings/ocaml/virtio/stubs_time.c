/* SPDX-License-Identifier: ISC */
/* Time and Power: the shim's clocks and the ways to end the machine. */
#include <boot/clock.h>
#include <boot/power.h>
#include <caml/mlvalues.h>

intnat virtio_ocaml_now(value unit);
value virtio_ocaml_now_boxed(value unit);
intnat virtio_ocaml_wall(value unit);
value virtio_ocaml_wall_boxed(value unit);
value virtio_ocaml_power_off(value unit);
value virtio_ocaml_reset(value unit);
value virtio_ocaml_button_enable(value unit);
value virtio_ocaml_button_pressed(value unit);

intnat virtio_ocaml_now(value unit)
{
	(void)unit;
	return (intnat)boot_clock_now();
}

value virtio_ocaml_now_boxed(value unit)
{
	return Val_long(virtio_ocaml_now(unit));
}

intnat virtio_ocaml_wall(value unit)
{
	(void)unit;
	return (intnat)boot_clock_wall();
}

value virtio_ocaml_wall_boxed(value unit)
{
	return Val_long(virtio_ocaml_wall(unit));
}

value virtio_ocaml_power_off(value unit)
{
	(void)unit;
	boot_power_off();
}

value virtio_ocaml_reset(value unit)
{
	(void)unit;
	boot_reset();
}

value virtio_ocaml_button_enable(value unit)
{
	(void)unit;
	return Val_bool(boot_power_button_enable());
}

value virtio_ocaml_button_pressed(value unit)
{
	(void)unit;
	return Val_bool(boot_power_button_pressed());
}
