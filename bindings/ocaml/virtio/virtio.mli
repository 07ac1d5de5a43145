(* SPDX-License-Identifier: ISC *)
(** Virtio devices, time and power for OCaml programs on a bare machine.

    Nothing here blocks but {!wait}, {!sleep_until} and what has [blocking] in its name: a program looks at its devices,
    does what there is to do, and calls {!wait}. What devices answer is a [result]; exceptions are for mistakes in the
    program. There is one thread, and no call may be made from a signal handler, because there are no signals. *)

module Error = Virtio_error
module Slice = Virtio_slice
module Net = Virtio_net
module Block = Virtio_block
module Console = Virtio_console
module Entropy = Virtio_entropy
module Time = Virtio_time
module Power = Virtio_power

val wait : ?until:Time.t -> unit -> unit
(** Sleep until a device has something to tell, or until the moment [until], whichever comes first. It may return
    earlier, so look at the devices and call it again. Without any device and without [until] it sleeps for ever. *)

val sleep_until : Time.t -> unit
(** Sleep until that moment, whatever devices have to tell meanwhile. *)
