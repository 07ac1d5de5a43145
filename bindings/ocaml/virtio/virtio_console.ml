(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error

type t = { mutable pointer : int }

external console_attach : int -> int = "virtio_ocaml_console_attach"
external console_detach : int -> int = "virtio_ocaml_console_detach"
external console_write : int -> string -> int -> int -> int = "virtio_ocaml_console_write" [@@noalloc]
external console_read : int -> bytes -> int -> int -> int = "virtio_ocaml_console_read" [@@noalloc]

let live console =
  if console.pointer = 0 then invalid_arg "Virtio.Console: the device was detached";
  console.pointer

let detach console =
  if console.pointer = 0 then Ok ()
  else begin
    let code = console_detach console.pointer in
    console.pointer <- 0;
    Error.unit "Virtio.Console.detach" code
  end

let attach ?(device = 0) () =
  if device < 0 then invalid_arg "Virtio.Console.attach";
  let made pointer =
    let console = { pointer } in
    Gc.finalise (fun console -> ignore (detach console)) console;
    console
  in
  Result.map made (Error.result "Virtio.Console.attach" (console_attach device))

let write console text off len =
  if off < 0 || len < 0 || off > String.length text - len then invalid_arg "Virtio.Console.write";
  Error.result "Virtio.Console.write" (console_write (live console) text off len)

let read console bytes off len =
  if off < 0 || len < 0 || off > Bytes.length bytes - len then invalid_arg "Virtio.Console.read";
  Error.result "Virtio.Console.read" (console_read (live console) bytes off len)
