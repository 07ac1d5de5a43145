(* SPDX-License-Identifier: ISC *)
(** A piece of memory that devices can read and write: part of a Bigarray, without a copy.

    The memory of every [Bigarray] of bytes will do, wherever it comes from. The type has the layout of [Cstruct.t]:
    [Cstruct.of_bigarray ~off ~len buffer] makes one, and its [buffer], [off] and [len] make a slice.

    Accesses are checked: against the slice, and against the Bigarray, which is empty once a frame of a network device
    was released ([Invalid_argument], "index out of bounds"). *)

type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

type t = { buffer : buffer; off : int; len : int }

val create : int -> t
(** So many bytes of new memory, with anything in it. *)

val of_bigarray : ?off:int -> ?len:int -> buffer -> t
(** Part of a Bigarray; all of it by default. Raises [Invalid_argument] when that is not within it. *)

val of_string : string -> t
(** New memory with these bytes. *)

val to_string : t -> string
(** A copy of its bytes. *)

val length : t -> int

val sub : t -> int -> int -> t
(** [sub slice off len] is a part of it, which shares its memory. Raises [Invalid_argument]. *)

val shift : t -> int -> t
(** All but the first so many bytes. *)

(** {1 Bytes and numbers in network order} *)

val get_uint8 : t -> int -> int
val set_uint8 : t -> int -> int -> unit
val get_uint16_be : t -> int -> int
val set_uint16_be : t -> int -> int -> unit
val get_uint32_be : t -> int -> int
val set_uint32_be : t -> int -> int -> unit

val blit : t -> int -> t -> int -> int -> unit
(** [blit from from_off into into_off len] copies; they may overlap. *)

val blit_from_string : string -> int -> t -> int -> int -> unit
(** The same from a string. *)
