(* SPDX-License-Identifier: ISC *)
(** Time, in nanoseconds since the machine's start. OCaml's integers hold 146 years of them.

    Nothing here blocks; {!Virtio.wait} and {!Virtio.sleep_until} do. *)

type t = int
(** A moment, or a length of time: nanoseconds. *)

val now : unit -> t
(** Nanoseconds since the start. Never goes back. *)

val wall : unit -> t option
(** Nanoseconds since 1970 began, UTC; [None] where the machine does not tell. *)

val seconds : float -> t
(** So many seconds, as a length of time. *)

val to_seconds : t -> float
(** A length of time in seconds. *)

val after : float -> t
(** The moment that is so many seconds from now. *)
