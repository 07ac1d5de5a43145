(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error
module Handle = Virtio_handle
module Slice = Virtio_slice

type request = { slices : Slice.t array; mutable result : (unit, Error.t) result option }

(* What is in flight, by number; and the free numbers. *)
type table = { mutable requests : request array; mutable free : int list }
type handle = table Handle.t

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
let rec reserve table request =
  match table.free with
  | number :: rest ->
      table.free <- rest;
      table.requests.(number) <- request;
      number
  | [] ->
      let count = Array.length table.requests in
      table.requests <- Array.append table.requests (Array.make (count + 16) none);
      table.free <- List.init (count + 16) (fun number -> count + number);
      reserve table request

let give_up table number =
  table.requests.(number) <- none;
  table.free <- number :: table.free

let name = "Virtio.Block"
let live disk = Handle.live name disk.handle

(* The next request that has finished, 0 for none, or an error. *)
let next_finished { Handle.pointer; more = table } =
  match block_poll pointer with
  | node when node > 0 ->
      let number = block_number node in
      let request = table.requests.(number) in
      give_up table number;
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

let stop handle =
  let code = block_detach handle.Handle.pointer in
  ignore (all_finished handle []);
  if code = 0 then block_free handle.Handle.pointer;
  code

let detach disk = Handle.detach name stop disk.handle

let attach ?(device = 0) () =
  let describe handle = { handle; facts = block_describe handle.Handle.pointer } in
  Result.map describe (Handle.attach name ~device block_attach stop { requests = [||]; free = [] })

let sectors disk = disk.facts.sectors
let block_size disk = disk.facts.block_size
let read_only disk = disk.facts.read_only
let can_flush disk = disk.facts.can_flush
let write_cache disk = disk.facts.write_cache
let description disk = Printf.sprintf "%s, %s ring" disk.facts.transport disk.facts.ring

let poll_config disk =
  let { Handle.pointer; _ } = live disk in
  let changed = Error.result "Virtio.Block.poll_config" (block_poll_config pointer) in
  disk.facts <- block_describe pointer;
  Result.map (fun changes -> changes > 0) changed

(* The request is in the table before the device has it: from then on its memory stays, whatever is raised. *)
let submit call disk kind ?(sector = 0) ?(sectors = 0) ?(unmap = false) slices =
  let { Handle.pointer; more = table } = live disk in
  let request = { slices = Array.of_list slices; result = None } in
  let number = reserve table request in
  match block_submit pointer kind (sector, sectors, unmap, number) request.slices with
  | code when code < 0 ->
      give_up table number;
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
