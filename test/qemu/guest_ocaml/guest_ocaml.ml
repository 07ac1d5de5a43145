(* SPDX-License-Identifier: ISC *)
(* What OCaml's runtime must be able to do on a bare machine, checked from within; or, by the word on the command line,
   a way to end. *)

let check = Check.that

let raises name predicate action =
  check name (match action () with exception error -> predicate error | _ -> false)

(* The garbage collector *)

module Numbers = Map.Make (Int)

let map_of count = List.fold_left (fun map n -> Numbers.add n (string_of_int n) map) Numbers.empty (List.init count Fun.id)

let collector () =
  let map = map_of 200_000 in
  Gc.compact ();
  check "a large map survives compaction" (Numbers.for_all (fun n text -> int_of_string text = n) map);
  let weak = Weak.create 1 in
  Weak.set weak 0 (Some (Bytes.make 1000 'x'));
  Gc.full_major ();
  check "a weak pointer is cleared" (Weak.get weak 0 = None);
  let finalised = ref 0 in
  for _ = 1 to 100 do
    Gc.finalise (fun _ -> incr finalised) (Bytes.create 10)
  done;
  Gc.full_major ();
  check "finalisers run" (!finalised = 100);
  let before = (Gc.stat ()).Gc.heap_words in
  for _ = 1 to 20 do
    ignore (Sys.opaque_identity (Array.make 1_000_000 0.0))
  done;
  Gc.compact ();
  check "memory comes back" ((Gc.stat ()).Gc.heap_words < 2 * before);
  check "marshalling" (Marshal.from_bytes (Marshal.to_bytes map [ Marshal.Closures ]) 0 = map)

(* Numbers and text *)

let floats () =
  let text = Printf.sprintf "%.17g %g %e %h %10.3f|%-8d|%x" (4.0 *. atan 1.0) 1e-320 6.02214e23 0.1 2.5 42 255 in
  check text (text = "3.1415926535897931 9.99989e-321 6.022140e+23 0x1.999999999999ap-4      2.500|42      |ff");
  check "float_of_string" (float_of_string "0x1.8p3" = 12.0 && float_of_string "1e-7" = 1e-7);
  check "string_of_float" (float_of_string (Printf.sprintf "%.17g" (sqrt 2.0)) = sqrt 2.0);
  check "infinities" (1.0 /. 0.0 = infinity && Float.is_nan (0.0 /. 0.0) && float_of_string "-inf" = neg_infinity);
  check "functions" (Float.abs (exp (log 10.0) -. 10.0) < 1e-12 && Float.pow 2.0 0.5 = sqrt 2.0);
  check "rounding" (Float.round 2.5 = 3.0 && truncate (-2.9) = -2 && Float.rem 7.5 2.0 = 1.5 && ceil 1.1 = 2.0);
  check "scanning" (Scanf.sscanf "12 abc 3.5" "%d %s %f" (fun n s f -> (n, s, f)) = (12, "abc", 3.5));
  check "division by zero" (match 1 / Sys.opaque_identity 0 with exception Division_by_zero -> true | _ -> false)

let bigarrays () =
  let open Bigarray in
  let bytes = Array1.create char c_layout 100_000 in
  Array1.fill bytes 'x';
  let part = Array1.sub bytes 10 20 in
  part.{0} <- 'y';
  check "a part is no copy" (bytes.{10} = 'y' && bytes.{11} = 'x');
  raises "bounds are checked" (( = ) (Invalid_argument "index out of bounds")) (fun () -> part.{20});
  let matrix = Array2.init float64 fortran_layout 50 50 (fun i j -> float (i * j)) in
  check "matrices" (matrix.{50, 50} = 2500.0);
  for _ = 1 to 300 do
    ignore (Sys.opaque_identity (Array1.create float64 c_layout 100_000))
  done;
  check "240 MB of them pass through less memory" true

(* Exceptions *)

let rec sum n = if n = 0 then 0 else n + sum (n - 1)
let rec forever n = 1 + forever (n + 1)

let exceptions () =
  check "100000 frames" (sum 100_000 = 5_000_050_000);
  for _ = 1 to 3 do
    raises "Stack_overflow" (( = ) Stack_overflow) (fun () -> forever 0);
    Gc.minor ()
  done;
  raises "Out_of_memory, bytes" (( = ) Out_of_memory) (fun () -> Bytes.length (Bytes.create 1_000_000_000));
  raises "Out_of_memory, array" (( = ) Out_of_memory) (fun () -> Array.length (Array.make 100_000_000 0));
  raises "Out_of_memory, Bigarray" (( = ) Out_of_memory) (fun () ->
      Bigarray.(Array1.dim (Array1.create char c_layout 1_000_000_000)));
  check "and life goes on" (Numbers.cardinal (map_of 10_000) = 10_000);
  check "backtraces"
    (match failwith "here" with
    | exception Failure _ -> String.length (Printexc.get_backtrace ()) > 20
    | _ -> false)

(* What a bare machine does not have *)

let is_sys_error = function Sys_error _ -> true | _ -> false

let absent () =
  List.iter
    (fun (name, action) -> raises name is_sys_error action)
    [
      ("open_in", fun () -> ignore (open_in "/etc/passwd"));
      ("open_out", fun () -> ignore (open_out "x"));
      ("read stdin", fun () -> ignore (input_line stdin));
      ("remove", fun () -> Sys.remove "x");
      ("rename", fun () -> Sys.rename "x" "y");
      ("mkdir", fun () -> Sys.mkdir "x" 0o777);
      ("rmdir", fun () -> Sys.rmdir "x");
      ("readdir", fun () -> ignore (Sys.readdir "/"));
      ("chdir", fun () -> Sys.chdir "/");
      ("getcwd", fun () -> ignore (Sys.getcwd ()));
      ("is_directory", fun () -> ignore (Sys.is_directory "/"));
      ("command", fun () -> ignore (Sys.command "true"));
      ("signal", fun () -> Sys.set_signal Sys.sigint Sys.Signal_ignore);
    ];
  check "file_exists" (not (Sys.file_exists "/"));
  check "an error that says why"
    (match open_in "x" with exception Sys_error text -> text = "x: Not available on a bare machine" | _ -> false)

let environment () =
  check "variables" (Sys.getenv_opt "NAME" = Some "value" && Sys.getenv_opt "NAM" = None);
  check "arguments" (Sys.argv = [| "unikernel"; "check"; "a=b"; "--flag" |])

let time () =
  let open Virtio in
  let start = Time.now () in
  sleep_until (Time.after 0.02);
  check "Time.now" (Time.now () - start >= 20_000_000);
  check "Time.wall" (match Time.wall () with Some time -> time > 1_600_000_000_000_000_000 | None -> false);
  check "Sys.time" (Sys.time () > 0.0);
  Random.self_init ();
  check "Random" (Random.bits () <> Random.bits ())

(* Ways to end *)

let rec deep n = if n = 0 then raise Not_found else 1 + deep (n - 1)

let exhaust () =
  let rec grow list = grow (Bytes.create 100_000 :: list) in
  match grow [] with exception Out_of_memory -> print_endline "memory is exhausted" | _ -> ()

(* All memory in small pieces, which the minor collector has to move: nobody can raise an exception there. *)
let exhaust_small () =
  let rec grow list n = if n < 0 then list else grow (string_of_int n :: list) (n + 1) in
  ignore (Sys.opaque_identity (grow [] 0))

let button () =
  if not (Virtio.Power.enable_button ()) then failwith "there is no button";
  check "not pressed yet" (not (Virtio.Power.button_pressed ()));
  print_endline "press the button";
  while not (Virtio.Power.button_pressed ()) do
    Virtio.sleep_until (Virtio.Time.after 0.02)
  done;
  Check.finish "it was pressed"

let () =
  match if Array.length Sys.argv > 1 then Sys.argv.(1) else "" with
  | "check" ->
      List.iter (fun part -> part ()) [ collector; floats; bigarrays; exceptions; absent; environment; time ];
      at_exit (fun () -> print_endline "at_exit ran");
      Check.finish "all is well"
  | "uncaught" -> ignore (deep 3)
  | "exit" ->
      print_string "not flushed by hand";
      exit 7
  | "exit-raises" -> at_exit (fun () -> failwith "in at_exit")
  | "exhaust" ->
      exhaust ();
      exit 3
  | "exhaust-small" -> exhaust_small ()
  | "off" -> Virtio.Power.off ()
  | "reset" ->
      at_exit (fun () -> print_endline "at_exit before the reset");
      Virtio.Power.reset ()
  | "button" -> button ()
  | word -> failwith ("no such word: " ^ word)
