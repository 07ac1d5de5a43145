(* SPDX-License-Identifier: ISC *)
(* What the OCaml library promises of devices: whose a frame is, what mistakes lead to, and that the collector may run at
   any time. Wants two network devices on one wire, a disk, a console and an entropy device. *)

open Virtio
open Lwt.Infix

let check = Check.that

let mistake name text action =
  match action () with
  | exception Invalid_argument got when got = text -> ()
  | exception error -> check (name ^ ": " ^ Printexc.to_string error) false
  | _ -> check (name ^ ": nothing was raised") false

let get = Error.get
let released call = call ^ ": the frame was released"
let out_of_bounds = "index out of bounds"

(* A packet of LENGTH bytes for anyone, with a number in it. *)
let fill slice number =
  let length = Slice.length slice in
  for i = 0 to 11 do
    Slice.set_uint8 slice i (if i < 6 then 0xff else 0x02)
  done;
  Slice.set_uint16_be slice 12 0x88b5;
  Slice.set_uint32_be slice 14 number;
  for i = 18 to length - 1 do
    Slice.set_uint8 slice i ((number + i) land 0xff)
  done

let is_number slice number =
  Slice.get_uint32_be slice 14 = number
  && Slice.get_uint8 slice (Slice.length slice - 1) = (number + Slice.length slice - 1) land 0xff

let rec receive net = match get (Net.receive net) with [||] -> wait (); receive net | frames -> frames

let rec send net slices first =
  if first < Array.length slices then
    match get (Net.transmit ~first net slices) with
    | 0 -> wait (); send net slices first
    | count -> send net slices (first + count)

let send_frame net number length =
  let slice = Slice.sub (get (Net.frame net)) 0 length in
  fill slice number;
  send net [| slice |] 0;
  slice

(* Whose a frame is *)

let frames_end one other =
  let sent = send_frame one 1 60 in
  mistake "a sent frame is empty" out_of_bounds (fun () -> Slice.get_uint8 sent 0);
  mistake "a sent frame is not released" (released "Virtio.Net.release") (fun () -> Net.release one sent);
  mistake "a frame is not sent twice" (released "Virtio.Net.transmit") (fun () -> get (Net.transmit one [| sent |]));
  let frames = receive other in
  let frame = frames.(0) in
  check "it arrived" (Array.length frames = 1 && Slice.length frame >= 60 && is_number (Slice.sub frame 0 60) 1);
  let part = Bigarray.Array1.sub frame.Slice.buffer frame.Slice.off 10 in
  Net.release other frame;
  mistake "a released frame is empty" out_of_bounds (fun () -> Slice.get_uint8 frame 0);
  mistake "nor is it released twice" (released "Virtio.Net.release") (fun () -> Net.release other frame);
  mistake "nor is a part of it sent" (released "Virtio.Net.transmit") (fun () ->
      get (Net.transmit other [| Slice.of_bigarray part |]));
  check "a part that was cut from it can still be looked at" (Bigarray.Array1.dim part = 10 && part.{0} >= '\000');
  let twice = Slice.sub (get (Net.frame one)) 0 60 in
  fill twice 2;
  check "the first of two is sent" (get (Net.transmit one [| twice; twice |]) = 1);
  mistake "the second is not" (released "Virtio.Net.transmit") (fun () ->
      get (Net.transmit ~first:1 one [| twice; twice |]));
  let short = Slice.sub (get (Net.frame one)) 0 60 in
  mistake "a slice beyond its buffer" "Virtio.Net.transmit: the slice is not within its buffer" (fun () ->
      get (Net.transmit one [| { short with Slice.len = 100_000 } |]));
  check "too long" (Net.transmit one [| Slice.create 2000 |] = Error Error.Too_large);
  check "empty" (Net.transmit one [| Slice.create 0 |] = Error Error.Invalid);
  Array.iter (Net.release other) (receive other);
  Net.release one short

(* Frames that are forgotten come back, also those of which a part lives longer. *)
let forgotten one =
  for number = 1 to 3000 do
    let slice = get (Net.frame one) in
    Slice.set_uint8 slice 0 number
  done;
  let parts = List.init 20 (fun _ -> Bigarray.Array1.sub (get (Net.frame one)).Slice.buffer 0 10) in
  Gc.full_major ();
  List.iter (fun part -> part.{0} <- 'x') parts;
  let kept = List.init 30 (fun _ -> get (Net.frame one)) in
  check "what is used is not lent again" (List.for_all (fun part -> part.{0} = 'x') parts);
  check "no frame is lent twice"
    (List.iteri (fun i slice -> Slice.set_uint8 slice 0 i) kept;
     List.for_all Fun.id (List.mapi (fun i slice -> Slice.get_uint8 slice 0 = i) kept));
  List.iter (Net.release one) kept

(* The program's own memory, copied in part or not at all; forgotten at once, and the collector at work meanwhile. *)
let own_memory one other =
  let lengths = [| 60; 96; 97; 110; 500; 1514 |] in
  let expect number length =
    let frame = (receive other).(0) in
    check (Printf.sprintf "packet %d of %d bytes" number length) (is_number (Slice.sub frame 0 length) number);
    Net.release other frame
  in
  for number = 0 to 599 do
    let length = lengths.(number mod Array.length lengths) in
    let slice = Slice.sub (Slice.create (length + 32)) 7 length in
    fill slice number;
    send one [| slice |] 0;
    if number mod 100 = 0 then Gc.compact ();
    expect number length
  done

(* Memory that nobody but a device knows: it is collected only once the library has heard that the device is done. *)
let[@inline never] watched collected length =
  let slice = Slice.create length in
  Gc.finalise (fun _ -> collected := true) slice.Slice.buffer;
  fill slice 1;
  slice

let[@inline never] send_and_forget one collected = send one [| watched collected 500 |] 0
let[@inline never] write_and_forget disk collected = ignore (get (Block.write disk ~sector:0 [ watched collected 4096 ]))

let kept_alive one other =
  let collected = ref false in
  send_and_forget one collected;
  Gc.full_major ();
  check "memory of a packet under way stays" (not !collected);
  while get (Net.under_way one) > 0 do wait () done;
  Gc.full_major ();
  check "and goes once it is sent" !collected;
  Array.iter (Net.release other) (receive other);
  let disk = get (Block.attach ()) in
  collected := false;
  write_and_forget disk collected;
  Gc.full_major ();
  check "memory of a request in flight stays" (not !collected);
  while Block.poll disk = Ok [] do wait () done;
  Gc.full_major ();
  check "and goes once it has finished" !collected;
  get (Block.detach disk)

(* From one to the other, by frames, in bursts, both waiting for each other. *)
let stream one other =
  let count = 10_000 in
  let sent = ref 0 and received = ref 0 in
  while !received < count do
    while !sent < count && !sent - !received < 64 do
      ignore (send_frame one !sent 60);
      incr sent
    done;
    Array.iter
      (fun frame ->
        if not (is_number (Slice.sub frame 0 60) !received) then check "in order" false;
        incr received;
        (* Half are forgotten. *)
        if !received land 1 = 0 then Net.release other frame)
      (receive other)
  done;
  check "all were sent" (get (Net.under_way one) = 0)

let detached () =
  let net = get (Net.attach ()) in
  check "busy" (match Net.attach () with Error Error.Busy -> true | _ -> false);
  let frame = get (Net.frame net) in
  Slice.set_uint8 frame 0 7;
  get (Net.detach net);
  get (Net.detach net);
  check "a frame outlives its device" (Slice.get_uint8 frame 0 = 7);
  mistake "a detached device" "Virtio.Net: the device was detached" (fun () -> get (Net.receive net));
  for _ = 1 to 3 do
    ignore (get (Net.attach ()));
    Gc.full_major ()
  done;
  Gc.full_major ();
  check "no such device" (match Net.attach ~device:9 () with Error Error.No_device -> true | _ -> false)

(* The disk *)

let block net =
  let disk = get (Block.attach ()) in
  let finish request = Block.blocking_wait ~until:(Time.after 60.0) disk request in
  let whole = Slice.create 4096 in
  check "past the end" (Block.read disk ~sector:(Block.sectors disk) [ whole ] |> Result.is_error);
  check "no whole sectors" (match Block.read disk ~sector:0 [ Slice.create 100 ] with Error Invalid -> true | _ -> false);
  check "nothing" (match Block.write disk ~sector:0 [] with Error Invalid -> true | _ -> false);
  (* Many in flight, forgotten at once: the memory stays until they have finished. *)
  for round = 0 to 9 do
    for i = 0 to 15 do
      let slice = Slice.create 4096 in
      for at = 0 to 4095 do
        Slice.set_uint8 slice at (round + i)
      done;
      match Block.write disk ~sector:(i * 8) [ Slice.sub slice 0 512; Slice.shift slice 512 ] with
      | Ok _ -> ()
      | Error Again -> check "no room" true
      | Error error -> check (Error.to_string error) false
    done;
    Gc.compact ();
    let last = get (Block.read disk ~sector:0 [ whole ]) in
    get (finish last);
    while Block.poll disk <> Ok [] do () done
  done;
  wait ~until:(Time.after 0.05) ();
  ignore (Block.poll disk);
  get (finish (get (Block.read disk ~sector:40 [ whole ])));
  check "what was written is read" (Slice.get_uint8 whole 0 = 14 && Slice.get_uint8 whole 4095 = 14);
  (* Into a frame of the network device, which cannot be given back meanwhile. *)
  let frame = get (Net.frame net) in
  let request = get (Block.read disk ~sector:8 [ Slice.sub frame 0 1024 ]) in
  mistake "a frame in use is not released" "Virtio.Net.release: the frame is still in use by a device" (fun () ->
      Net.release net frame);
  mistake "nor sent" "Virtio.Net.transmit: the frame is still in use by a device" (fun () ->
      get (Net.transmit net [| Slice.sub frame 0 60 |]));
  get (finish request);
  check "read in place" (Slice.get_uint8 frame 1023 = 10);
  Net.release net frame;
  mistake "nor read into" (released "Virtio.Block.read") (fun () -> get (Block.read disk ~sector:0 [ frame ]));
  if Block.can_flush disk then get (finish (get (Block.flush disk)));
  let pending = get (Block.read disk ~sector:0 [ whole ]) in
  get (Block.detach disk);
  check "a request in flight ends with the device" (Block.result pending <> None);
  mistake "a detached disk" "Virtio.Block: the device was detached" (fun () -> get (Block.poll disk))

let small_devices () =
  let console = get (Console.attach ()) in
  check "console" (Console.write console "from OCaml\n" 0 11 = Ok 11);
  mistake "beyond the text" "Virtio.Console.write" (fun () -> get (Console.write console "x" 0 2));
  let entropy = get (Entropy.attach ()) in
  let bytes = Bytes.make 64 '\000' in
  get (Entropy.blocking_fill ~until:(Time.after 60.0) entropy bytes);
  check "entropy" (bytes <> Bytes.make 64 '\000');
  wait ~until:(Time.after 0.05) ();
  get (Entropy.detach entropy);
  get (Console.detach console)

(* Lwt *)

let lwt one other =
  let order = ref [] in
  let note name () = order := name :: !order; Lwt.return_unit in
  let sleepers =
    Lwt.join [ Virtio_lwt.sleep 0.03 >>= note "c"; Virtio_lwt.sleep 0.01 >>= note "a"; Virtio_lwt.sleep 0.02 >>= note "b" ]
  in
  Virtio_lwt.run sleepers;
  check "sleepers wake in order" (!order = [ "c"; "b"; "a" ]);
  check "the first of two"
    (Virtio_lwt.run (Lwt.pick [ (Virtio_lwt.Net.receive other >|= fun _ -> 1); (Virtio_lwt.sleep 0.01 >|= fun () -> 2) ])
    = 2);
  (* The callback raises while it has a burst: the frames go back, and the exception comes out. *)
  let kept = ref [||] in
  let handler frames = kept := frames; failwith "in the callback" in
  ignore (send_frame one 5 60);
  (match Virtio_lwt.run (Virtio_lwt.Net.listen other handler) with
  | exception Failure text -> check text (text = "in the callback")
  | _ -> check "listen ended" false);
  mistake "frames of a callback that raised are released" out_of_bounds (fun () -> Slice.get_uint8 !kept.(0) 0);
  (match Virtio_lwt.run (Virtio_lwt.poll (fun () -> if Time.now () > 0 then failwith "looking" else None)) with
  | exception Failure text -> check text (text = "looking")
  | () -> check "poll ended" false);
  let release frames = Array.iter (Net.release other) frames; Lwt.return_unit in
  let listening = Virtio_lwt.Net.listen other release in
  let slices = Array.init 300 (fun _ -> Slice.sub (Slice.create 200) 0 150) in
  check "more than there is room for" (Virtio_lwt.run (Virtio_lwt.Net.transmit one slices) = Ok ());
  check "all sent" (Virtio_lwt.run (Virtio_lwt.Net.flush one) = Ok ());
  Lwt.cancel listening

(* Ways to end *)

(* An exception in a callback that nobody catches. *)
let callback () =
  let one = get (Net.attach ~device:0 ()) and other = get (Net.attach ~device:1 ()) in
  ignore (send_frame one 1 60);
  ignore (Virtio_lwt.run (Virtio_lwt.Net.listen other (fun _ -> failwith "in the callback")))

(* A frame that is looked at after it was released. *)
let kept () =
  let net = get (Net.attach ()) in
  let frame = get (Net.frame net) in
  Net.release net frame;
  Slice.set_uint8 frame 0 1

(* A disk that takes a request or two, and then none: a request past its deadline is still the disk's, with its memory,
   until the disk is detached. *)
let stuck () =
  let disk = get (Block.attach ()) in
  let rec until_it_hangs count =
    let collected = ref false in
    let request = get (Block.write disk ~sector:0 [ watched collected 4096 ]) in
    match Block.blocking_wait ~until:(Time.after 2.0) disk request with
    | Ok () when count < 3 -> until_it_hangs (count + 1)
    | Error Error.Timeout -> (request, collected)
    | _ -> failwith "the disk does not hang"
  in
  let request, collected = until_it_hangs 0 in
  let forgotten = ref false in
  write_and_forget disk forgotten;
  Gc.full_major ();
  check "it is still in flight" (Block.result request = None && Block.poll disk = Ok []);
  check "and so is its memory" (not (!collected || !forgotten));
  get (Block.detach disk);
  check "a detached disk has no requests" (Block.result request = Some (Error Error.No_device));
  Gc.full_major ();
  check "nor their memory" !forgotten;
  let again = get (Block.attach ()) in
  check "it can be attached again" (Block.sectors again > 0);
  Check.finish "a hanging disk is well"

(* What the one outside types into the console, up to the end of a line. *)
let console () =
  let console = get (Console.attach ()) in
  let byte = Bytes.create 1 in
  let rec line text =
    match get (Console.read console byte 0 1) with
    | 0 -> wait (); line text
    | _ when Bytes.get byte 0 = '\n' -> text
    | _ -> line (text ^ Bytes.to_string byte)
  in
  mistake "beyond the bytes" "Virtio.Console.read" (fun () -> get (Console.read console byte 0 2));
  print_endline "type a line";
  let heard = Printf.sprintf "heard: %s\n" (line "") in
  check "there is room for an answer" (Console.write console heard 0 (String.length heard) = Ok (String.length heard));
  get (Console.detach console);
  Check.finish "the console is well"

let async () =
  Lwt.async (fun () -> Virtio_lwt.sleep 0.01 >>= fun () -> failwith "nobody waits for this");
  Virtio_lwt.run (Virtio_lwt.sleep 10.0)

let everything () =
  detached ();
  let one = get (Net.attach ~device:0 ~frames:512 ()) and other = get (Net.attach ~device:1 ()) in
  Printf.printf "driven by %s\n%!" (Net.description one);
  let part name run =
    Printf.printf "%s\n%!" name;
    run ()
  in
  part "whose a frame is" (fun () -> frames_end one other);
  part "forgotten frames" (fun () -> forgotten one);
  part "the program's own memory" (fun () -> own_memory one other);
  part "memory in use" (fun () -> kept_alive one other);
  part "a stream" (fun () -> stream one other);
  part "the disk" (fun () -> block one);
  part "small devices" small_devices;
  part "Lwt" (fun () -> lwt one other);
  Check.finish "all is well"

let () =
  match if Array.length Sys.argv > 1 then Sys.argv.(1) else "" with
  | "" -> everything ()
  | "async" -> async ()
  | "console" -> console ()
  | "callback" -> callback ()
  | "kept" -> kept ()
  | "stuck" -> stuck ()
  | word -> failwith ("no such word: " ^ word)
