(* SPDX-License-Identifier: ISC *)
(** For the drivers' modules: a device that was attached, and is detached once, by hand or by the garbage collector. *)

type 'a t = { mutable pointer : int; more : 'a }
(** The stubs' struct of the device, 0 when there is none any more; and what the driver keeps beside it. Stubs read
    it. *)

val attach : string -> device:int -> (int -> int) -> ('a t -> int) -> 'a -> ('a t, Virtio_error.t) result
(** [attach name ~device start stop more] starts the driver that users know as [name]. [start] and [stop] answer as
    stubs do, [stop] for a device that is still there. *)

val detach : string -> ('a t -> int) -> 'a t -> (unit, Virtio_error.t) result
(** [stop] it, unless that was done before. *)

val live : string -> 'a t -> 'a t
(** The same handle; raises [Invalid_argument] when it was detached. *)
