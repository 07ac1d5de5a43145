(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error
module Slice = Virtio_slice

type request = { slices : Slice.t array; mutable result : (unit, Error.t) result option }

(* The C struct, 0 when there is none any more; what is in flight, by number; and the free numbers. *)
type handle = { mutable pointer : int; mutable requests : request array; mutable free : int list }

type facts = {
  sectors : int;
  block_size : int;
  read_only : bool;
  can_flush : bool;
  write_cache : bool;
  transport : string;
  ring : string;
}

type t = { handle : handle; mutable facts : facts }

external block_attach : int -> int = "virtio_ocaml_block_attach"
external block_detach : int -> int = "virtio_ocaml_block_detach"
external block_free : int -> unit = "virtio_ocaml_block_free"
external block_describe : int -> facts = "virtio_ocaml_block_describe"
external block_poll_config : int -> int = "virtio_ocaml_block_poll_config"

external block_submit : int -> int -> int * int * bool * int -> Slice.t array -> int = "virtio_ocaml_block_submit"
  [@@noalloc]

external block_number : int -> int = "virtio_ocaml_block_number" [@@noalloc]
external block_poll : int -> int = "virtio_ocaml_block_poll" [@@noalloc]
external block_finish : int -> int = "virtio_ocaml_block_finish" [@@noalloc]

let sector_size = 512

(* VIRTIO_BLK_T_. *)
let read_type = 0
let write_type = 1
let flush_type = 4
let discard_type = 11
let write_zeroes_type = 13

(* Memory that a stuck device may still use: never freed. *)
let stuck : request list ref = ref []

let none = { slices = [||]; result = None }

(* A number for REQUEST, with room for it. *)
let rec reserve handle request =
  match handle.free with
  | number :: rest ->
      handle.free <- rest;
      handle.requests.(number) <- request;
      number
  | [] ->
      let count = Array.length handle.requests in
      handle.requests <- Array.append handle.requests (Array.make (count + 16) none);
      handle.free <- List.init (count + 16) (fun number -> count + number);
      reserve handle request

let give_up handle number =
  handle.requests.(number) <- none;
  handle.free <- number :: handle.free

let live disk =
  if disk.handle.pointer = 0 then invalid_arg "Virtio.Block: the disk was detached";
  disk.handle

(* The next request that has finished, 0 for none, or an error. *)
let next_finished handle =
  match block_poll handle.pointer with
  | node when node > 0 ->
      let number = block_number node in
      let request = handle.requests.(number) in
      give_up handle number;
      request.result <- Some (Error.unit "Virtio.Block.poll" (block_finish node));
      if request.result = Some (Error Timeout) then stuck := request :: !stuck;
      Ok (Some request)
  | 0 -> Ok None
  | code -> Error (Error.of_code code)

let rec all_finished handle requests =
  match next_finished handle with
  | Ok (Some request) -> all_finished handle (request :: requests)
  | Ok None -> Ok (List.rev requests)
  | Error _ when requests <> [] -> Ok (List.rev requests)
  | Error error -> Error error

let detach_handle handle =
  if handle.pointer = 0 then Ok ()
  else begin
    let code = block_detach handle.pointer in
    ignore (all_finished handle []);
    if code = 0 then block_free handle.pointer;
    handle.pointer <- 0;
    Error.unit "Virtio.Block.detach" code
  end

let detach disk = detach_handle disk.handle

let attach ?(device = 0) () =
  if device < 0 then invalid_arg "Virtio.Block.attach";
  match Error.result "Virtio.Block.attach" (block_attach device) with
  | Error _ as error -> error
  | Ok pointer ->
      let handle = { pointer; requests = [||]; free = [] } in
      Gc.finalise (fun handle -> ignore (detach_handle handle)) handle;
      Ok { handle; facts = block_describe pointer }

let sectors disk = disk.facts.sectors
let block_size disk = disk.facts.block_size
let read_only disk = disk.facts.read_only
let can_flush disk = disk.facts.can_flush
let write_cache disk = disk.facts.write_cache
let description disk = Printf.sprintf "%s, %s ring" disk.facts.transport disk.facts.ring

let poll_config disk =
  let pointer = (live disk).pointer in
  let changed = Error.result "Virtio.Block.poll_config" (block_poll_config pointer) in
  disk.facts <- block_describe pointer;
  Result.map (fun changes -> changes > 0) changed

(* The request is in the table before the device has it: from then on its memory stays, whatever is raised. *)
let submit call disk kind ?(sector = 0) ?(sectors = 0) ?(unmap = false) slices =
  let handle = live disk in
  let request = { slices = Array.of_list slices; result = None } in
  let number = reserve handle request in
  match block_submit handle.pointer kind (sector, sectors, unmap, number) request.slices with
  | code when code < 0 ->
      give_up handle number;
      Result.map (fun _ -> request) (Error.result call code)
  | _ -> Ok request

let read disk ~sector slices = submit "Virtio.Block.read" disk read_type ~sector slices
let write disk ~sector slices = submit "Virtio.Block.write" disk write_type ~sector slices
let flush disk = submit "Virtio.Block.flush" disk flush_type []
let discard disk ~sector ~sectors = submit "Virtio.Block.discard" disk discard_type ~sector ~sectors []

let write_zeroes ?(unmap = false) disk ~sector ~sectors =
  submit "Virtio.Block.write_zeroes" disk write_zeroes_type ~sector ~sectors ~unmap []

let poll disk = all_finished (live disk) []
let result request = request.result

external wait_until : int -> unit = "virtio_ocaml_wait" [@@noalloc]

let rec blocking_wait ?(until = max_int) disk request =
  match request.result with
  | Some result -> result
  | None -> (
      match poll disk with
      | Error error -> Error error
      | Ok [] when Virtio_time.now () >= until -> Error Error.Timeout
      | Ok [] ->
          wait_until until;
          blocking_wait ~until disk request
      | Ok _ -> blocking_wait ~until disk request)
