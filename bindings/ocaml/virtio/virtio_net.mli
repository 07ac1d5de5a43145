(* SPDX-License-Identifier: ISC *)
(** Network devices: Ethernet frames in bursts, in place. Nothing here blocks.

    {[
      let net = Virtio.Error.get (Virtio.Net.attach ()) in
      while true do
        match Virtio.Net.receive net with
        | Error error -> failwith (Virtio.Error.to_string error)
        | Ok [||] -> Virtio.wait ()
        | Ok frames ->
            Array.iter rewrite_in_place frames;
            Virtio.Net.transmit_or_release net frames
      done
    ]}

    {b Whose a frame is.} {!receive} and {!frame} lend frames of the driver's to the program. A frame goes back by
    {!release} or {!transmit}, or by the garbage collector when the program has forgotten it and all parts of it;
    giving it back twice raises [Invalid_argument]. Its Bigarray is empty afterwards, and every checked access to it
    raises [Invalid_argument]. Parts of it that [Bigarray.Array1.sub] made, and code that does not check, still see the
    memory, with whatever the device puts there; they can do no harm to other memory. *)

type t

val attach : ?device:int -> ?frames:int -> unit -> (t, Virtio_error.t) result
(** Start the driver of network device number [device], from 0: those on PCI first, by their addresses, then the others.
    [frames] (512, 64 to 8192) is how many frames it has to receive into, to lend, and to send. Waits for the device's
    reset, a second at most. [Error Busy]: it is in use already. *)

val detach : t -> (unit, Virtio_error.t) result
(** Stop it; again does nothing. Frames that were lent stay readable. A device that was forgotten is detached by the
    garbage collector. [Error Timeout]: the device is stuck, and the memory that it may still write is never used
    again. *)

val mac : t -> string
(** Its address, 6 bytes. *)

val mtu : t -> int
(** The longest payload of a frame that may be sent, without the Ethernet header of 14 bytes. *)

val description : t -> string
(** How it is driven: transport, ring, interrupts. *)

val link_up : t -> bool
(** As of the last {!poll_config}. *)

val poll_config : t -> (bool, Virtio_error.t) result
(** Look whether the link, or another thing that the device tells, has changed; and whether the device is well. Now and
    then, not for every frame. *)

val receive : ?limit:int -> t -> (Virtio_slice.t array, Virtio_error.t) result
(** Received frames, with their Ethernet headers: at most [limit] or 32, none when there are none. [Error Protocol]: the
    device broke its ring; detach it and attach it again. *)

val frame : t -> (Virtio_slice.t, Virtio_error.t) result
(** A free frame to write and transmit, as long as can be: make it shorter with {!Virtio_slice.sub}. [Error Again]: all
    are in use. *)

val release : t -> Virtio_slice.t -> unit
(** Give a frame back unsent. The slice may be any part of it. Does nothing with memory that is the program's own. *)

val transmit : ?first:int -> t -> Virtio_slice.t array -> (int, Virtio_error.t) result
(** Send the packets from element [first] (0) on, in order, with one notification of the device; each starts with its
    Ethernet header. How many were taken: fewer when there is no room now, and {!val:Virtio.wait} wakes up when there is;
    an error is about the first that was not taken.

    A frame goes as it is and belongs to the device; its slice is empty afterwards. A Bigarray of the program's own goes
    from where it is, too, but for the first bytes, which are copied; the program keeps it, must not write to it until
    the packet is on its way, and the library keeps it alive so long. *)

val transmit_or_release : t -> Virtio_slice.t array -> unit
(** {!transmit}, and {!release} of what there is no room for: frames are dropped, as networks do. *)

val under_way : t -> (int, Virtio_error.t) result
(** How many packets the device has not sent yet. {!val:Virtio.wait} wakes up when most of them are. *)

val checksum : ?sum:int -> Virtio_slice.t -> int
(** The sum of the internet checksum (RFC 1071) of these bytes, added to [sum] (0): a number of 16 bits, not inverted.
    All pieces of what is summed but the last have an even length. *)
