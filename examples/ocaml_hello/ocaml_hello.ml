(* SPDX-License-Identifier: ISC *)
(* A unikernel in OCaml: says hello four times, once a second. *)

let second = Virtio.Time.seconds 1.0

let () =
  let start = Virtio.Time.now () in
  for count = 1 to 4 do
    Virtio.sleep_until (start + ((count - 1) * second));
    Printf.printf "hello %d, %.1f s\n%!" count (Virtio.Time.to_seconds (Virtio.Time.now () - start))
  done
