(* SPDX-License-Identifier: ISC *)
external power_off : unit -> 'a = "virtio_ocaml_power_off"
external power_reset : unit -> 'a = "virtio_ocaml_reset"
external enable_button : unit -> bool = "virtio_ocaml_button_enable"
external button_pressed : unit -> bool = "virtio_ocaml_button_pressed"

let off () =
  Stdlib.do_at_exit ();
  power_off ()

let reset () =
  Stdlib.do_at_exit ();
  power_reset ()
