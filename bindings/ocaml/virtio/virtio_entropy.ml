(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error
module Handle = Virtio_handle

type t = unit Handle.t

external entropy_attach : int -> int = "virtio_ocaml_entropy_attach"
external entropy_detach : int -> int = "virtio_ocaml_entropy_detach"
external entropy_read : int -> bytes -> int -> int -> int = "virtio_ocaml_entropy_read" [@@noalloc]
external wait_until : int -> unit = "virtio_ocaml_wait" [@@noalloc]

let name = "Virtio.Entropy"
let live entropy = (Handle.live name entropy).pointer
let stop { Handle.pointer; _ } = entropy_detach pointer
let detach entropy = Handle.detach name stop entropy
let attach ?(device = 0) () = Handle.attach name ~device entropy_attach stop ()

let read entropy bytes off len =
  if off < 0 || len < 0 || off > Bytes.length bytes - len then invalid_arg "Virtio.Entropy.read";
  Error.result "Virtio.Entropy.read" (entropy_read (live entropy) bytes off len)

let blocking_fill ?(until = max_int) entropy bytes =
  let fail error =
    Bytes.fill bytes 0 (Bytes.length bytes) '\000';
    Error error
  in
  let rec go off =
    if off = Bytes.length bytes then Ok ()
    else
      match read entropy bytes off (Bytes.length bytes - off) with
      | Error error -> fail error
      | Ok 0 when Virtio_time.now () >= until -> fail Error.Timeout
      | Ok 0 ->
          wait_until until;
          go off
      | Ok count -> go (off + count)
  in
  go 0
