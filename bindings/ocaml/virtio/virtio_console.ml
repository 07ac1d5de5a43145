(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error
module Handle = Virtio_handle

type t = unit Handle.t

external console_attach : int -> int = "virtio_ocaml_console_attach"
external console_detach : int -> int = "virtio_ocaml_console_detach"
external console_write : int -> string -> int -> int -> int = "virtio_ocaml_console_write" [@@noalloc]
external console_read : int -> bytes -> int -> int -> int = "virtio_ocaml_console_read" [@@noalloc]

let name = "Virtio.Console"
let live console = (Handle.live name console).pointer
let stop { Handle.pointer; _ } = console_detach pointer
let detach console = Handle.detach name stop console
let attach ?(device = 0) () = Handle.attach name ~device console_attach stop ()

let write console text off len =
  if off < 0 || len < 0 || off > String.length text - len then invalid_arg "Virtio.Console.write";
  Error.result "Virtio.Console.write" (console_write (live console) text off len)

let read console bytes off len =
  if off < 0 || len < 0 || off > Bytes.length bytes - len then invalid_arg "Virtio.Console.read";
  Error.result "Virtio.Console.read" (console_read (live console) bytes off len)
