(* SPDX-License-Identifier: ISC *)
open Virtio
open Slice

type station = { mac : string; address : int; prefix : int; mtu : int }
type outcome = Answer of Slice.t | Quit of Slice.t | Nothing

let ethernet = 14
let mask station = 0xffffffff lsl (32 - station.prefix) land 0xffffffff

let swap slice one other len =
  for i = 0 to len - 1 do
    let byte = get_uint8 slice (one + i) in
    set_uint8 slice (one + i) (get_uint8 slice (other + i));
    set_uint8 slice (other + i) byte
  done

(* ARP (RFC 826) *)

let arp_length = 28

let arp station frame =
  let arp = shift frame ethernet in
  if length arp < arp_length then Nothing
  else if get_uint16_be arp 0 <> 1 || get_uint16_be arp 2 <> 0x0800 || get_uint16_be arp 4 <> 0x0604 then Nothing
  else if get_uint16_be arp 6 <> 1 || get_uint32_be arp 24 <> station.address then Nothing
  else begin
    set_uint16_be arp 6 2;
    swap arp 8 18 10;
    blit_from_string station.mac 0 arp 8 6;
    Answer (sub frame 0 (ethernet + arp_length))
  end

(* ICMP (RFC 792): [payload] is the whole message *)

let icmp payload =
  if length payload < 8 || Net.checksum payload <> 0xffff then Nothing
  else if get_uint8 payload 0 <> 8 || get_uint8 payload 1 <> 0 then Nothing
  else begin
    set_uint8 payload 0 0;
    set_uint16_be payload 2 0;
    set_uint16_be payload 2 (lnot (Net.checksum payload));
    Answer payload
  end

(* UDP (RFC 768) and its echo service (RFC 862) *)

let udp_checksum_right station peer udp =
  let sum = (peer lsr 16) + (peer land 0xffff) + (station.address lsr 16) + (station.address land 0xffff) in
  let sum = sum + 17 + length udp in
  let folded = (sum lsr 16) + (sum land 0xffff) in
  get_uint16_be udp 6 = 0 || Net.checksum ~sum:folded udp = 0xffff

(* "quit", with or without the end of a line, from a neighbour. *)
let means_quit station peer data =
  (peer lxor station.address) land mask station = 0
  && (length data = 4 || (length data = 5 && get_uint8 data 4 = 10))
  && get_uint32_be data 0 = 0x71756974

let udp station peer payload =
  let size = if length payload < 8 then 0 else get_uint16_be payload 4 in
  if size < 8 || size > length payload then Nothing
  else
    let udp = sub payload 0 size in
    let port = get_uint16_be udp 0 in
    if (not (udp_checksum_right station peer udp)) || get_uint16_be udp 2 <> 7 || port = 7 || port = 0 then Nothing
    else begin
      swap udp 0 2 2;
      if means_quit station peer (shift udp 8) then Quit udp else Answer udp
    end

(* IPv4 (RFC 791): whole packets without options *)

let answerable station peer =
  let first = peer lsr 24 and mask = mask station in
  let broadcast = peer land mask = station.address land mask && peer lor mask = 0xffffffff && station.prefix < 32 in
  first <> 0 && first <> 127 && first < 224 && peer <> station.address && not broadcast

let ipv4_for_us station ip =
  length ip >= 20
  && get_uint8 ip 0 = 0x45
  && (let total = get_uint16_be ip 2 in
      total >= 20 && total <= length ip && total <= station.mtu)
  && Net.checksum (sub ip 0 20) = 0xffff
  && get_uint32_be ip 16 = station.address
  && answerable station (get_uint32_be ip 12)
  && get_uint16_be ip 6 land 0x3fff = 0

(* The header around an answer of LEN bytes. *)
let ipv4_answer frame ip len =
  swap ip 12 16 4;
  set_uint16_be ip 2 (20 + len);
  set_uint8 ip 8 64;
  set_uint16_be ip 10 0;
  set_uint16_be ip 10 (lnot (Net.checksum (sub ip 0 20)));
  sub frame 0 (ethernet + 20 + len)

let ipv4 station frame =
  let ip = shift frame ethernet in
  if not (ipv4_for_us station ip) then Nothing
  else
    let payload = sub ip 20 (get_uint16_be ip 2 - 20) in
    let outcome =
      match get_uint8 ip 9 with
      | 1 -> icmp payload
      | 17 -> udp station (get_uint32_be ip 12) payload
      | _ -> Nothing
    in
    match outcome with
    | Answer data -> Answer (ipv4_answer frame ip (length data))
    | Quit data -> Quit (ipv4_answer frame ip (length data))
    | Nothing -> Nothing

(* Ethernet *)

let return_to_sender station frame =
  swap frame 0 6 6;
  blit_from_string station.mac 0 frame 6 6

let is_ours station frame =
  let rec same i = i = 6 || (get_uint8 frame i = Char.code station.mac.[i] && same (i + 1)) in
  same 0

let answer station frame =
  if length frame < ethernet then Nothing
  else
    let outcome =
      match get_uint16_be frame 12 with
      | 0x0806 -> arp station frame
      | 0x0800 when is_ours station frame -> ipv4 station frame
      | _ -> Nothing
    in
    (match outcome with Nothing -> () | Answer _ | Quit _ -> return_to_sender station frame);
    outcome

(* Addresses as text *)

let parse_address text =
  match Scanf.sscanf text "%u.%u.%u.%u/%u%!" (fun a b c d prefix -> (a, b, c, d, prefix)) with
  | a, b, c, d, prefix when List.for_all (fun byte -> byte < 256) [ a; b; c; d ] && prefix >= 1 && prefix <= 32 ->
      Some ((a lsl 24) lor (b lsl 16) lor (c lsl 8) lor d, prefix)
  | _ | (exception (Scanf.Scan_failure _ | Failure _ | End_of_file)) -> None

let print_address address =
  Printf.sprintf "%d.%d.%d.%d" (address lsr 24) ((address lsr 16) land 255) ((address lsr 8) land 255) (address land 255)
