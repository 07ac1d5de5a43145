(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error

type t = { mutable pointer : int }

external entropy_attach : int -> int = "virtio_ocaml_entropy_attach"
external entropy_detach : int -> int = "virtio_ocaml_entropy_detach"
external entropy_read : int -> bytes -> int -> int -> int = "virtio_ocaml_entropy_read" [@@noalloc]
external wait_until : int -> unit = "virtio_ocaml_wait" [@@noalloc]

let live entropy =
  if entropy.pointer = 0 then invalid_arg "Virtio.Entropy: the device was detached";
  entropy.pointer

let detach entropy =
  if entropy.pointer = 0 then Ok ()
  else begin
    let code = entropy_detach entropy.pointer in
    entropy.pointer <- 0;
    Error.unit "Virtio.Entropy.detach" code
  end

let attach ?(device = 0) () =
  if device < 0 then invalid_arg "Virtio.Entropy.attach";
  let made pointer =
    let entropy = { pointer } in
    Gc.finalise (fun entropy -> ignore (detach entropy)) entropy;
    entropy
  in
  Result.map made (Error.result "Virtio.Entropy.attach" (entropy_attach device))

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
