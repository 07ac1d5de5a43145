(* SPDX-License-Identifier: ISC *)
(** A main loop for Lwt on top of {!module:Virtio}: promises that devices and time fulfil.

    {[
      let () = Virtio_lwt.run (main ())
    ]}

    The machine sleeps while no promise can go on. *)

val run : 'a Lwt.t -> 'a
(** Run until this promise is fulfilled, and return its value; raises the exception that it is rejected with. Exceptions
    in [Lwt.async] end the machine with their message, as [Lwt.async_exception_hook] does. *)

val poll : (unit -> 'a option) -> 'a Lwt.t
(** A promise of what this function answers, once it answers anything: it is called before each sleep of {!run}, so it
    must not block, and what it waits for must wake {!val:Virtio.wait}. An exception of it rejects the promise. Can be
    cancelled. *)

val sleep_until : Virtio.Time.t -> unit Lwt.t
(** A promise that is fulfilled at that moment. Can be cancelled, as by [Lwt.pick]. *)

val sleep : float -> unit Lwt.t
(** The same, so many seconds from now. *)

(** {!module:Virtio.Net} with promises. *)
module Net : sig
  val receive : ?limit:int -> Virtio.Net.t -> (Virtio.Slice.t array, Virtio.Error.t) result Lwt.t
  (** At least one frame, or an error. *)

  val transmit : Virtio.Net.t -> Virtio.Slice.t array -> (unit, Virtio.Error.t) result Lwt.t
  (** Fulfilled once the device has taken all packets, which may be before they are sent. After an error the frames that
      it did not take are released. *)

  val flush : Virtio.Net.t -> (unit, Virtio.Error.t) result Lwt.t
  (** Fulfilled once the device has sent all packets. *)

  val listen : Virtio.Net.t -> (Virtio.Slice.t array -> unit Lwt.t) -> (unit, Virtio.Error.t) result Lwt.t
  (** Hand received frames to this function, burst by burst, for ever: it transmits or releases them, or keeps them for
      as long as it likes. Fulfilled with an error of the device's. When the function raises, or its promise is
      rejected, those frames of the burst that were not given back are released, and this promise is rejected with that
      exception. *)
end

(** {!module:Virtio.Block} with promises of the end of a request. *)
module Block : sig
  val read : Virtio.Block.t -> sector:int -> Virtio.Slice.t list -> (unit, Virtio.Error.t) result Lwt.t
  val write : Virtio.Block.t -> sector:int -> Virtio.Slice.t list -> (unit, Virtio.Error.t) result Lwt.t
  val flush : Virtio.Block.t -> (unit, Virtio.Error.t) result Lwt.t

  val finish : Virtio.Block.t -> (unit -> (Virtio.Block.request, Virtio.Error.t) result) -> (unit, Virtio.Error.t) result Lwt.t
  (** Submit any request so, again while there is no room for it; the promise of its end. *)
end
