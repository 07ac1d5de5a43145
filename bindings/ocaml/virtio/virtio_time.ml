(* SPDX-License-Identifier: ISC *)
type t = int

external now : unit -> (int[@untagged]) = "virtio_ocaml_now_boxed" "virtio_ocaml_now" [@@noalloc]
external wall_now : unit -> (int[@untagged]) = "virtio_ocaml_wall_boxed" "virtio_ocaml_wall" [@@noalloc]

let wall () = match wall_now () with 0 -> None | time -> Some time
let seconds length = int_of_float (length *. 1e9)
let to_seconds length = float_of_int length /. 1e9
let after length = now () + seconds length
