(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error
module Handle = Virtio_handle
module Slice = Virtio_slice

(* Shared with stubs_net.h: with the memory of the program's that is under way, by number, 0 for none. *)
type handle = Obj.t array Handle.t
type t = { handle : handle; mac : string; mtu : int; description : string }

let slots = 128 (* NET_SLOTS *)

external net_attach : int -> int -> int = "virtio_ocaml_net_attach"
external net_detach : handle -> int = "virtio_ocaml_net_detach"
external net_describe : handle -> string * int * string * string * string = "virtio_ocaml_net_describe"
external net_poll_config : handle -> int = "virtio_ocaml_net_poll_config"
external net_link_up : handle -> bool = "virtio_ocaml_net_link_up" [@@noalloc]
external net_receive : handle -> int -> Obj.t = "virtio_ocaml_net_receive"
external net_starved : handle -> to_receive:bool -> bool = "virtio_ocaml_net_starved" [@@noalloc]
external net_frame : handle -> Obj.t = "virtio_ocaml_net_frame"
external net_release : handle -> Slice.t -> int = "virtio_ocaml_net_release" [@@noalloc]
external net_transmit : handle -> Slice.t array -> int -> int = "virtio_ocaml_net_transmit" [@@noalloc]

external net_under_way : handle -> int = "virtio_ocaml_net_under_way" [@@noalloc]

external net_checksum : (int[@untagged]) -> Slice.t -> (int[@untagged])
  = "virtio_ocaml_net_checksum_boxed" "virtio_ocaml_net_checksum"
  [@@noalloc]

(* Memory that a stuck device may still read: never freed. *)
let stuck : Obj.t array list ref = ref []

let name = "Virtio.Net"
let live net = Handle.live name net.handle

let stop handle =
  let code = net_detach handle in
  if code < 0 then stuck := handle.Handle.more :: !stuck;
  code

let detach net = Handle.detach name stop net.handle

let attach ?(device = 0) ?(frames = 512) () =
  if frames < 64 || frames > 8192 then invalid_arg "Virtio.Net.attach";
  let start device = net_attach device frames in
  let describe handle =
    let mac, mtu, transport, ring, interrupts = net_describe handle in
    { handle; mac; mtu; description = Printf.sprintf "%s, %s ring, %s" transport ring interrupts }
  in
  Result.map describe (Handle.attach name ~device start stop (Array.make slots (Obj.repr 0)))

let mac net = net.mac
let mtu net = net.mtu
let description net = net.description
let link_up net = net_link_up (live net)

let poll_config net =
  Result.map (fun changes -> changes > 0) (Error.result "Virtio.Net.poll_config" (net_poll_config (live net)))

(* A stub answers with a block, or an error as an integer. When frames are scarce, those that the program has forgotten
   may help. *)
let rec receive_from handle limit =
  let answer = net_receive handle limit in
  if Obj.is_int answer then Error (Error.of_code (Obj.obj answer))
  else
    let frames : Slice.t array = Obj.obj answer in
    if Array.length frames = 0 && net_starved handle ~to_receive:true then begin
      Gc.full_major ();
      receive_from handle limit
    end
    else Ok frames

let receive ?(limit = 32) net =
  if limit < 1 then invalid_arg "Virtio.Net.receive";
  receive_from (live net) limit

let rec frame_from handle =
  let answer = net_frame handle in
  if not (Obj.is_int answer) then Ok (Slice.of_bigarray (Obj.obj answer))
  else
    match Error.of_code (Obj.obj answer) with
    | Again when net_starved handle ~to_receive:false ->
        Gc.full_major ();
        frame_from handle
    | error -> Error error

let frame net = frame_from (live net)

let release net slice =
  match Error.unit "Virtio.Net.release" (net_release (live net) slice) with Ok () -> () | Error _ -> ()

let transmit ?(first = 0) net slices =
  if first < 0 then invalid_arg "Virtio.Net.transmit";
  Error.result "Virtio.Net.transmit" (net_transmit (live net) slices first)

let transmit_or_release net slices =
  let rec go first =
    if first < Array.length slices then
      match transmit ~first net slices with
      | Ok count when count > 0 -> go (first + count)
      | Ok _ | Error _ ->
          release net slices.(first);
          go (first + 1)
  in
  go 0

let under_way net = Error.result "Virtio.Net.under_way" (net_under_way (live net))

let checksum ?(sum = 0) slice =
  match net_checksum sum slice with
  | code when code < 0 -> Error.get (Error.result "Virtio.Net.checksum" code)
  | sum -> sum
