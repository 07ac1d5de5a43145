(* SPDX-License-Identifier: ISC *)
val that : string -> bool -> unit
(** Say that this is wrong, unless it holds. *)

val finish : string -> 'a
(** End the machine: with this said, or with the number of failures as its status. *)
