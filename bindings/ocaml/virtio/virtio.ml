(* SPDX-License-Identifier: ISC *)
module Time = Virtio_time
module Power = Virtio_power

external wait_until : int -> unit = "virtio_ocaml_wait" [@@noalloc]

let wait ?(until = -1) () = wait_until until

let rec sleep_until moment =
  if Time.now () < moment then begin
    wait ~until:moment ();
    sleep_until moment
  end
