(* SPDX-License-Identifier: ISC *)
(** Virtio consoles, their first port: bytes both ways. Nothing blocks. (Standard output is the first serial line.) *)

type t

val attach : ?device:int -> unit -> (t, Virtio_error.t) result
(** Start the driver of console number [device], from 0. Waits for the device's reset, a second at most. *)

val detach : t -> (unit, Virtio_error.t) result
(** Stop it; again does nothing. The garbage collector does it, too, to one that was forgotten. *)

val write : t -> string -> int -> int -> (int, Virtio_error.t) result
(** [write console text off len] copies bytes for the device; how many, fewer (or 0) when no more fit now. *)

val read : t -> bytes -> int -> int -> (int, Virtio_error.t) result
(** [read console bytes off len] copies what has come; how many bytes, 0 when there are none now. *)
