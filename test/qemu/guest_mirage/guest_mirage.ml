(* SPDX-License-Identifier: ISC *)
(* A program in the shape of MirageOS's, over Solo5's interface: an Lwt main loop around yield, frames between two network
   devices, a disk, and how much memory is in use. A word on the command line is a way to end. *)

open Lwt.Infix

type result = Ok | Again | Invalid | Unspecified
type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

external now : unit -> int64 = "guest_now"
external wall : unit -> int64 = "guest_wall"
external yield : int64 -> int64 = "guest_yield"
external command_line : unit -> string = "guest_command_line"
external memory : unit -> int * int * int * int * bool = "guest_memory"
external net_acquire : string -> result * int64 * int = "guest_net_acquire"
external net_read : int64 -> buffer -> int -> int -> result * int = "guest_net_read"
external net_write : int64 -> buffer -> int -> int -> result = "guest_net_write"
external block_acquire : string -> result * int64 * int = "guest_block_acquire"
external block_read : int64 -> int64 -> buffer -> int -> int -> result = "guest_block_read"
external block_write : int64 -> int64 -> buffer -> int -> int -> result = "guest_block_write"

let check name holds = if not holds then failwith ("wrong: " ^ name)
let create length : buffer = Bigarray.(Array1.create char c_layout length)

(* The main loop: those who wait for a device, and sleepers. *)

let waiting : (int64, unit Lwt_condition.t) Hashtbl.t = Hashtbl.create 2
let sleepers = ref []

let work_on handle =
  if not (Hashtbl.mem waiting handle) then Hashtbl.add waiting handle (Lwt_condition.create ());
  Lwt_condition.wait (Hashtbl.find waiting handle)

let sleep nanoseconds =
  let promise, resolver = Lwt.task () in
  sleepers := (Int64.add (now ()) nanoseconds, resolver) :: !sleepers;
  promise

let wake_sleepers () =
  let over, rest = List.partition (fun (moment, _) -> moment <= now ()) !sleepers in
  sleepers := rest;
  List.iter (fun (_, resolver) -> Lwt.wakeup resolver ()) (List.sort (fun (a, _) (b, _) -> compare a b) over)

let rec run promise =
  Lwt.wakeup_paused ();
  wake_sleepers ();
  match Lwt.poll promise with
  | Some value -> value
  | None ->
      let day = Int64.add (now ()) 86_400_000_000_000L in
      let ready = yield (List.fold_left (fun first (moment, _) -> min first moment) day !sleepers) in
      let wake handle condition =
        if Int64.(logand ready (shift_left 1L (to_int handle))) <> 0L then Lwt_condition.broadcast condition ()
      in
      Hashtbl.iter wake waiting;
      run promise

(* Frames, which differ by a number, from one device to the other *)

let fill buffer length number =
  for i = 0 to length - 1 do
    buffer.{i} <- Char.unsafe_chr (if i < 6 then 255 else if i = 12 then 0x88 else (i + number) land 255)
  done

let rec read handle size =
  let buffer = create size in
  match net_read handle buffer 0 size with
  | Ok, length -> Lwt.return (Bigarray.Array1.sub buffer 0 length)
  | Again, _ -> work_on handle >>= fun () -> read handle size
  | (Invalid | Unspecified), _ -> Lwt.fail_with "net_read"

let acquire name =
  match net_acquire name with Ok, handle, mtu -> (handle, mtu + 14) | _ -> failwith ("acquire " ^ name)

let network () =
  let service, size = acquire "service" and inside, _ = acquire "inside" in
  check "acquire twice" (match net_acquire "inside" with Invalid, _, _ -> true | _ -> false);
  let rec stream number =
    if number = 400 then Lwt.return_unit
    else begin
      let length = if number land 1 = 0 then size else 60 + number in
      let frame = create (length + 9) in
      let part = Bigarray.Array1.sub frame 9 length in
      fill part length number;
      check "net_write" (net_write service frame 9 length = Ok);
      read inside size >>= fun got ->
      check "the frame came as it was" (Bigarray.Array1.dim got = length && got = part);
      if number mod 100 = 0 then Gc.compact ();
      stream (number + 1)
    end
  in
  check "too short a buffer" (fst (net_read inside (create 100) 0 100) = Invalid);
  stream 0

let disk () =
  let handle, bytes = match block_acquire "storage" with Ok, handle, bytes -> (handle, bytes) | _ -> failwith "storage" in
  let out = create 8192 and back = create 8192 in
  let last = Int64.of_int (bytes - 4096) in
  fill out 8192 3;
  check "block_write" (block_write handle last out 100 4096 = Ok);
  check "block_read" (block_read handle last back 200 4096 = Ok);
  check "as it was written" Bigarray.Array1.(sub out 100 4096 = sub back 200 4096);
  check "not aligned" (block_write handle 1L out 0 512 = Invalid);
  check "past the end" (block_read handle (Int64.of_int bytes) back 0 512 = Invalid)

(* Memory: what mallinfo and its like tell goes up and down with what is used. *)

let in_use () =
  let heap, known, usage, footprint, trimmed = memory () in
  check "in use" (known > 0 && known <= heap && usage = known && footprint >= usage && not trimmed);
  usage

let memory_use () =
  let before = in_use () in
  let large = ref (create 10_000_000) in
  check "10 MB more" (in_use () >= before + 10_000_000);
  large := create 1;
  Gc.full_major ();
  check "and back" (in_use () < before + 5_000_000);
  check "Out_of_memory" (match create 1_000_000_000 with exception Out_of_memory -> true | _ -> false)

let rec deep n = if n = 0 then raise Not_found else 1 + deep (n - 1)

let main () =
  check "the clock of the wall" (wall () > 1_600_000_000_000_000_000L);
  let start = now () in
  let order = ref [] in
  let sleeper name nanoseconds = sleep nanoseconds >|= fun () -> order := name :: !order in
  Lwt.join [ sleeper "b" 20_000_000L; sleeper "a" 10_000_000L; network () ] >|= fun () ->
  check "sleepers" (Int64.sub (now ()) start >= 20_000_000L && !order = [ "b"; "a" ]);
  disk ();
  memory_use ();
  Printf.printf "floats %.3f; all is well\n%!" (atan 1.0 *. 4.0)

let () =
  match command_line () with
  | "uncaught" -> ignore (deep 3)
  | "exit" -> print_string "not flushed by hand"; exit 7
  | _ -> run (main ()); exit 0
