(* SPDX-License-Identifier: ISC *)
open Bigarray

type buffer = (char, int8_unsigned_elt, c_layout) Array1.t
type t = { buffer : buffer; off : int; len : int }

external get16 : buffer -> int -> int = "%caml_bigstring_get16"
external set16 : buffer -> int -> int -> unit = "%caml_bigstring_set16"
external get32 : buffer -> int -> int32 = "%caml_bigstring_get32"
external set32 : buffer -> int -> int32 -> unit = "%caml_bigstring_set32"
external swap16 : int -> int = "%bswap16"
external swap32 : int32 -> int32 = "%bswap_int32"

let create len = { buffer = Array1.create char c_layout len; off = 0; len }

let of_bigarray ?(off = 0) ?len buffer =
  let size = Array1.dim buffer in
  let len = match len with Some len -> len | None -> size - off in
  if off < 0 || len < 0 || off > size - len then invalid_arg "Virtio.Slice.of_bigarray";
  { buffer; off; len }

let length slice = slice.len

(* The place of LEN bytes at I, checked against the slice; the accesses check the buffer. *)
let[@inline] place slice i len =
  if i < 0 || i > slice.len - len then invalid_arg "index out of bounds";
  slice.off + i

let sub slice off len =
  if off < 0 || len < 0 || off > slice.len - len then invalid_arg "Virtio.Slice.sub";
  { slice with off = slice.off + off; len }

let shift slice count = sub slice count (slice.len - count)
let get_uint8 slice i = Char.code slice.buffer.{place slice i 1}
let set_uint8 slice i value = slice.buffer.{place slice i 1} <- Char.unsafe_chr (value land 0xff)
let get_uint16_be slice i = swap16 (get16 slice.buffer (place slice i 2))
let set_uint16_be slice i value = set16 slice.buffer (place slice i 2) (swap16 (value land 0xffff))
let get_uint32_be slice i = Int32.to_int (swap32 (get32 slice.buffer (place slice i 4))) land 0xffffffff
let set_uint32_be slice i value = set32 slice.buffer (place slice i 4) (swap32 (Int32.of_int value))

let part slice off len =
  if len < 0 then invalid_arg "index out of bounds";
  Array1.sub slice.buffer (place slice off len) len

(* Short pieces are copied byte by byte: a part of a Bigarray costs more. *)
let blit from from_off into into_off len =
  if len > 64 || from.buffer == into.buffer then Array1.blit (part from from_off len) (part into into_off len)
  else
    for i = 0 to len - 1 do
      set_uint8 into (into_off + i) (get_uint8 from (from_off + i))
    done

let blit_from_string from from_off into into_off len =
  for i = 0 to len - 1 do
    set_uint8 into (into_off + i) (Char.code from.[from_off + i])
  done

let of_string text =
  let slice = create (String.length text) in
  blit_from_string text 0 slice 0 slice.len;
  slice

let to_string slice = String.init slice.len (fun i -> Char.unsafe_chr (get_uint8 slice i))
