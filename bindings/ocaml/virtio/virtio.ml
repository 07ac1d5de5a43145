(* SPDX-License-Identifier: ISC *)
module Error = Virtio_error
module Slice = Virtio_slice
module Net = Virtio_net
module Block = Virtio_block
module Console = Virtio_console
module Entropy = Virtio_entropy
module Time = Virtio_time
module Power = Virtio_power

external wait_until : int -> unit = "virtio_ocaml_wait" [@@noalloc]

let wait ?(until = -1) () = wait_until until

let rec sleep_until moment =
  if Time.now () < moment then begin
    wait ~until:moment ();
    sleep_until moment
  end
