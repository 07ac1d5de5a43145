(* SPDX-License-Identifier: ISC *)
(** What can go wrong with a device. Mistakes of the program (a slice beyond its buffer, a frame that was released, a
    device that was detached) are [Invalid_argument] exceptions instead. *)

type t =
  | Io  (** the device did the request and reported a failure *)
  | No_device  (** there is no such device, or it has gone *)
  | Again  (** no room now: try again after progress *)
  | No_memory
  | Busy  (** the device is in use already *)
  | Invalid  (** the request makes no sense: no whole sectors, no data *)
  | No_space  (** a request reaches past the end of the disk *)
  | Read_only
  | Protocol  (** the device broke the rules, or asks for a reset: detach it, and attach it again *)
  | Too_large  (** longer than the device takes *)
  | Unsupported  (** the device cannot do this *)
  | Timeout

val to_string : t -> string
(** A few words for a message. *)

val pp : Format.formatter -> t -> unit
(** The same, for [Format]'s [%a]. *)

val get : ('a, t) result -> 'a
(** The value, for programs that cannot go on without: raises [Failure] with {!to_string} on an error. *)

(**/**)

(* For the other modules: the stubs' numbers. *)
val of_code : int -> t
val result : string -> int -> (int, t) result
val unit : string -> int -> (unit, t) result
