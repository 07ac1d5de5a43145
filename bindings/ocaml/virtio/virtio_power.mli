(* SPDX-License-Identifier: ISC *)
(** Ending the machine, and its power button.

    [Stdlib.exit] ends it with an exit status, which hypervisors with a way for it tell; the end of the program is
    [exit 0], and an exception that nobody caught [exit 2]. *)

val off : unit -> 'a
(** Run what [at_exit] registered, then switch the machine off. Disks are not flushed: see {!Virtio_block.flush}. *)

val reset : unit -> 'a
(** Run what [at_exit] registered, then start the machine again from its firmware. *)

val enable_button : unit -> bool
(** From now on a press of the power button is an event for us; before, it does nothing. [false]: there is no button. *)

val button_pressed : unit -> bool
(** Whether it was pressed since the last call. Looking now and then is enough. *)
