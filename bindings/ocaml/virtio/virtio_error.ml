(* SPDX-License-Identifier: ISC *)
type t =
  | Io
  | No_device
  | Again
  | No_memory
  | Busy
  | Invalid
  | No_space
  | Read_only
  | Protocol
  | Too_large
  | Unsupported
  | Timeout

let to_string = function
  | Io -> "the device reports a failure"
  | No_device -> "there is no such device"
  | Again -> "no room now"
  | No_memory -> "no memory"
  | Busy -> "the device is in use"
  | Invalid -> "the request makes no sense"
  | No_space -> "past the end of the disk"
  | Read_only -> "the disk can only be read"
  | Protocol -> "the device broke the rules"
  | Too_large -> "too large"
  | Unsupported -> "the device cannot do this"
  | Timeout -> "the device does not answer"

let pp formatter error = Format.pp_print_string formatter (to_string error)
let get = function Ok value -> value | Error error -> failwith ("virtio: " ^ to_string error)

(* enum virtio_error. *)
let of_code = function
  | -5 -> Io
  | -6 -> No_device
  | -11 -> Again
  | -12 -> No_memory
  | -16 -> Busy
  | -22 -> Invalid
  | -28 -> No_space
  | -30 -> Read_only
  | -71 -> Protocol
  | -90 -> Too_large
  | -95 -> Unsupported
  | -110 -> Timeout
  | code -> failwith (Printf.sprintf "virtio: unknown error %d" code)

(* stubs.h has the numbers of mistakes. *)
let result call = function
  | -1000 -> invalid_arg (call ^ ": the frame was released")
  | -1001 -> invalid_arg (call ^ ": the frame is still in use by a device")
  | -1002 -> invalid_arg (call ^ ": the slice is not within its buffer")
  | code when code < 0 -> Error (of_code code)
  | number -> Ok number

let unit call code = Result.map ignore (result call code)
