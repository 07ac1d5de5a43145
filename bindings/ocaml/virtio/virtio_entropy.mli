(* SPDX-License-Identifier: ISC *)
(** Entropy devices: random bytes from whoever runs the machine, who therefore knows them. Mix them into a generator
    together with other sources. *)

type t

val attach : ?device:int -> unit -> (t, Virtio_error.t) result
(** Start the driver of entropy device number [device], from 0. Waits for the device's reset, a second at most. *)

val detach : t -> (unit, Virtio_error.t) result
(** Stop it; again does nothing. The garbage collector does it, too, to one that was forgotten. *)

val read : t -> bytes -> int -> int -> (int, Virtio_error.t) result
(** [read entropy bytes off len] copies random bytes that are there, and asks for more when there are none: how many,
    often fewer than [len], and 0 when they are still to come. Does not block. *)

val blocking_fill : ?until:Virtio_time.t -> t -> bytes -> (unit, Virtio_error.t) result
(** Sleep until all of [bytes] is random. [Error Timeout]: the device gave too few by then, and [bytes] is all zeroes. *)
