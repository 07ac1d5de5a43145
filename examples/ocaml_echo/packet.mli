(* SPDX-License-Identifier: ISC *)
(** Answers to ARP requests, pings, and UDP datagrams to port 7: the packet is turned round where it lies. *)

type station = { mac : string; address : int; prefix : int; mtu : int }

type outcome =
  | Answer of Virtio.Slice.t  (** send this part of the frame *)
  | Quit of Virtio.Slice.t  (** the same, and a neighbour wants us to end *)
  | Nothing  (** not for us, or malformed *)

val answer : station -> Virtio.Slice.t -> outcome

val parse_address : string -> (int * int) option
(** Address and prefix length of a text such as "10.0.2.15/24". *)

val print_address : int -> string
