(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error

type 'a t = { mutable pointer : int; more : 'a }

let live name handle =
  if handle.pointer = 0 then invalid_arg (name ^ ": the device was detached");
  handle

let detach name stop handle =
  if handle.pointer = 0 then Ok ()
  else begin
    let code = stop handle in
    handle.pointer <- 0;
    Error.unit (name ^ ".detach") code
  end

let attach name ~device start stop more =
  if device < 0 then invalid_arg (name ^ ".attach");
  let made pointer =
    let handle = { pointer; more } in
    Gc.finalise (fun handle -> ignore (detach name stop handle)) handle;
    handle
  in
  Result.map made (Error.result (name ^ ".attach") (start device))
