(* SPDX-License-Identifier: ISC *)
(* The unikernel of net_echo, in OCaml over Lwt: answers ARP, pings, and every UDP datagram to port 7, until a neighbour
   sends "quit". If there is a disk, it also reads the first line on it, and writes and reads back its last 4 KiB.

       qemu-system-x86_64 -nographic -kernel ocaml_echo.elf -append "ip=10.0.2.15/24" -drive file=disk,format=raw,if=virtio \
           -netdev user,id=n0,hostfwd=udp:127.0.0.1:7777-10.0.2.15:7 -device virtio-net-pci,netdev=n0
       echo hello | nc -u -w1 127.0.0.1 7777 *)

open Virtio
open Lwt.Infix

let get what = function Ok value -> value | Error error -> failwith (what ^ ": " ^ Error.to_string error)

(* The disk *)

let piece = 4096

let first_line disk =
  let slice = Slice.create piece in
  Virtio_lwt.Block.read disk ~sector:0 [ slice ] >|= fun result ->
  get "reading" result;
  match String.split_on_char '\n' (Slice.to_string slice) with line :: _ -> line | [] -> ""

(* In two pieces, which are written and read as one. *)
let write_and_read_back disk =
  let sector = Block.sectors disk - (piece / Block.sector_size) in
  let text = String.init piece (fun i -> Char.chr (i * 7 land 0xff)) in
  let written = Slice.of_string text and read = Slice.create piece in
  let halves slice = [ Slice.sub slice 0 1024; Slice.shift slice 1024 ] in
  Virtio_lwt.Block.write disk ~sector (halves written) >>= fun result ->
  get "writing" result;
  (if Block.can_flush disk then Virtio_lwt.Block.flush disk else Lwt.return (Ok ())) >>= fun result ->
  get "flushing" result;
  Virtio_lwt.Block.read disk ~sector (halves read) >|= fun result ->
  get "reading" result;
  if Slice.to_string read <> text then failwith "the disk does not hold what was written"

let use_disk () =
  match Block.attach () with
  | Error No_device -> Lwt.return_unit
  | Error error -> failwith ("disk: " ^ Error.to_string error)
  | Ok disk ->
      first_line disk >>= fun line ->
      Printf.printf "disk: %d sectors, %s, first line [%s]\n%!" (Block.sectors disk) (Block.description disk) line;
      if Block.read_only disk then Lwt.return_unit
      else
        write_and_read_back disk >|= fun () ->
        Printf.printf "disk: written and read back\n%!"

(* The network *)

type count = { mutable answered : int; mutable ignored : int }

(* Answer a burst: those packets that deserve it go back together, in one notification. *)
let serve net station count finished frames =
  let answers = ref [] in
  Array.iter
    (fun frame ->
      match Packet.answer station frame with
      | Packet.Nothing ->
          count.ignored <- count.ignored + 1;
          Net.release net frame
      | (Packet.Answer answer | Packet.Quit answer) as outcome ->
          count.answered <- count.answered + 1;
          answers := answer :: !answers;
          (match outcome with Packet.Quit _ -> Lwt.wakeup_later finished () | Packet.Answer _ | Packet.Nothing -> ()))
    frames;
  Net.transmit_or_release net (Array.of_list (List.rev !answers));
  Lwt.return_unit

let argument name default =
  let is_it word = String.length word > String.length name && String.sub word 0 (String.length name) = name in
  match List.find_opt is_it (Array.to_list Sys.argv) with
  | Some word -> String.sub word (String.length name) (String.length word - String.length name)
  | None -> default

let use_network () =
  let text = argument "ip=" "10.0.2.15/24" in
  let address, prefix =
    match Packet.parse_address text with
    | Some address -> address
    | None -> failwith (Printf.sprintf "ip=%s makes no sense: expected ip=ADDRESS/PREFIX" text)
  in
  let net = get "network" (Net.attach ()) in
  let station = { Packet.mac = Net.mac net; address; prefix; mtu = Net.mtu net } in
  let count = { answered = 0; ignored = 0 } in
  let finished, finish = Lwt.wait () in
  Printf.printf "ready: IP %s/%d, MTU %d, %s\n%!" (Packet.print_address address) prefix station.mtu (Net.description net);
  let listening = Virtio_lwt.Net.listen net (serve net station count finish) >|= get "network" in
  Lwt.choose [ finished; listening ] >>= fun () ->
  Virtio_lwt.Net.flush net >|= fun result ->
  get "network" result;
  get "network" (Net.detach net);
  Printf.printf "answered: %d, ignored: %d\n" count.answered count.ignored

let () = Virtio_lwt.run (Lwt.join [ use_disk (); use_network () ])
