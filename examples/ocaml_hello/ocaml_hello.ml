(* SPDX-License-Identifier: ISC *)
(* A unikernel in OCaml: says hello four times, once a second, each time with something of OCaml's that works as
   anywhere. *)

let collector () =
  let squares = Hashtbl.create 1 in
  for n = 1 to 10_000 do
    Hashtbl.add squares (string_of_int n) (n * n)
  done;
  Gc.compact ();
  Printf.sprintf "the square of 9999 is %d" (Hashtbl.find squares "9999")

let floats () = Printf.sprintf "pi is %.15g, its root %.15g" (4.0 *. atan 1.0) (sqrt (4.0 *. atan 1.0))

let exceptions () =
  let rec deep n = 1 + deep (n + 1) in
  match deep 0 with exception Stack_overflow -> "Stack_overflow was caught" | _ -> assert false

let bigarrays () =
  let matrix = Bigarray.(Array2.init float64 c_layout 500 500 (fun i j -> float (i + j))) in
  Printf.sprintf "the last of 250000 numbers is %g" matrix.{499, 499}

let second = Virtio.Time.seconds 1.0

let () =
  let start = Virtio.Time.now () in
  let hello count work =
    Virtio.sleep_until (start + (count * second));
    Printf.printf "hello %d, %.1f s: %!" (count + 1) (Virtio.Time.to_seconds (Virtio.Time.now () - start));
    Printf.printf "%s\n%!" (work ())
  in
  List.iteri hello [ collector; floats; exceptions; bigarrays ]
