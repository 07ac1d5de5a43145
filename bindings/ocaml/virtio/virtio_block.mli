(* SPDX-License-Identifier: ISC *)
(** Disks: requests submitted and polled, any number in flight. Nothing blocks but {!blocking_wait}.

    A request of any length and scatter is cut as the device wants it. Requests finish in any order; to order two, wait
    for the first. A finished write is durable after a {!flush} that was submitted later. *)

type t

type request
(** A request that was submitted. It keeps its slices alive until it has finished; the device reads or writes their
    memory meanwhile, so leave it alone. *)

val attach : ?device:int -> unit -> (t, Virtio_error.t) result
(** Start the driver of disk number [device], from 0. Waits for the device's reset, a second at most. *)

val detach : t -> (unit, Virtio_error.t) result
(** Stop it; again does nothing. Requests in flight finish with [Error No_device]. A disk that was forgotten is detached
    by the garbage collector; a request alone does not keep it. [Error Timeout]: the device is stuck, and the memory that
    it may still use is never used again. *)

val sector_size : int
(** 512: the unit of positions and lengths, whatever the disk's own block size is. *)

val sectors : t -> int
(** The disk's capacity, as of {!attach} or the last {!poll_config}. *)

val block_size : t -> int
(** The disk's own unit in bytes: it may refuse requests that are no multiple of it. *)

val read_only : t -> bool

val can_flush : t -> bool

val write_cache : t -> bool
(** Whether finished writes are durable only after a {!flush}. *)

val description : t -> string
(** How it is driven: transport and ring. *)

val poll_config : t -> (bool, Virtio_error.t) result
(** Look whether the capacity has changed, and whether the device is well. Now and then. *)

val read : t -> sector:int -> Virtio_slice.t list -> (request, Virtio_error.t) result
(** Read into these slices, one after the other, whole sectors in all. [Error Again]: too many are in flight. *)

val write : t -> sector:int -> Virtio_slice.t list -> (request, Virtio_error.t) result
(** Write from them. *)

val flush : t -> (request, Virtio_error.t) result
(** Make durable what has finished. [Error Unsupported]: the disk has no such command. *)

val discard : t -> sector:int -> sectors:int -> (request, Virtio_error.t) result
(** Their contents are no longer needed. *)

val write_zeroes : ?unmap:bool -> t -> sector:int -> sectors:int -> (request, Virtio_error.t) result
(** They are zero from then on; with [unmap] (false) the disk may give the space back. *)

val poll : t -> (request list, Virtio_error.t) result
(** The requests that have finished since the last call. *)

val result : request -> (unit, Virtio_error.t) result option
(** How it went; [None] while it is in flight. {!poll} finds out. *)

val blocking_wait : ?until:Virtio_time.t -> t -> request -> (unit, Virtio_error.t) result
(** Sleep until this request has finished; how it went. [Error Timeout]: it had not by then, and is still in flight.
    Others that finish meanwhile have their {!result} and are not told of by {!poll}. *)
