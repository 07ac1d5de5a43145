(* SPDX-License-Identifier: ISC *)
(* What the OCaml programs of the tests check, and how they end. *)

let failures = ref 0

let that name holds =
  if not holds then begin
    incr failures;
    Printf.printf "wrong: %s\n%!" name
  end

(* With the number of failures as the status, or what is said when all is well. *)
let finish said =
  if !failures = 0 then print_endline said;
  exit (min !failures 100)
