(* SPDX-License-Identifier: ISC *)
open Virtio
open Lwt.Infix

(* Whoever waits has a number. *)
let last_number = ref 0

let number () =
  incr last_number;
  !last_number

(* Each looks whether it can go on, and answers whether it did. *)
module Waiters = Map.Make (Int)

let waiters : (unit -> bool) Waiters.t ref = ref Waiters.empty

(* Sleepers by the moment and, for those of the same moment, their number. *)
module Moments = Map.Make (struct
  type t = int * int

  let compare = compare
end)

let sleepers = ref Moments.empty

let poll look =
  match look () with
  | exception error -> Lwt.fail error
  | Some value -> Lwt.return value
  | None ->
      let promise, resolver = Lwt.task () in
      let try_again () =
        match look () with
        | exception error ->
            Lwt.wakeup_later_exn resolver error;
            true
        | Some value ->
            Lwt.wakeup_later resolver value;
            true
        | None -> false
      in
      let key = number () in
      waiters := Waiters.add key try_again !waiters;
      Lwt.on_cancel promise (fun () -> waiters := Waiters.remove key !waiters);
      promise

let sleep_until moment =
  let promise, resolver = Lwt.task () in
  let key = (moment, number ()) in
  sleepers := Moments.add key resolver !sleepers;
  Lwt.on_cancel promise (fun () -> sleepers := Moments.remove key !sleepers);
  promise

let sleep length = sleep_until (Time.after length)

(* Let everything go on that can; whether anything did. *)
let advance () =
  let any = ref false in
  Waiters.iter
    (fun key try_again ->
      if Waiters.mem key !waiters && try_again () then begin
        waiters := Waiters.remove key !waiters;
        any := true
      end)
    !waiters;
  let rec wake () =
    match Moments.min_binding_opt !sleepers with
    | Some (((moment, _) as key), resolver) when moment <= Time.now () ->
        sleepers := Moments.remove key !sleepers;
        any := true;
        Lwt.wakeup_later resolver ();
        wake ()
    | Some _ | None -> ()
  in
  wake ();
  !any

let rec run promise =
  Lwt.wakeup_paused ();
  match Lwt.state promise with
  | Lwt.Return value -> value
  | Lwt.Fail error -> raise error
  | Lwt.Sleep ->
      if (not (advance ())) && Lwt.paused_count () = 0 then
        Virtio.wait ?until:(Option.map (fun ((moment, _), _) -> moment) (Moments.min_binding_opt !sleepers)) ();
      run promise

module Net = struct
  let receive ?limit net =
    poll (fun () ->
        match Net.receive ?limit net with Ok [||] -> None | Ok frames -> Some (Ok frames) | Error _ as error -> Some error)

  let release_rest net frames first =
    for i = first to Array.length frames - 1 do
      try Net.release net frames.(i) with Invalid_argument _ -> ()
    done

  let transmit net slices =
    let first = ref 0 in
    let look () =
      if !first = Array.length slices then Some (Ok ())
      else
        match Net.transmit ~first:!first net slices with
        | Ok count ->
            first := !first + count;
            if !first = Array.length slices then Some (Ok ()) else None
        | Error error ->
            release_rest net slices !first;
            Some (Error error)
    in
    poll look

  let flush net =
    poll (fun () ->
        match Net.under_way net with Ok 0 -> Some (Ok ()) | Ok _ -> None | Error error -> Some (Error error))

  let rec listen net handle =
    receive net >>= function
    | Error error -> Lwt.return (Error error)
    | Ok frames ->
        Lwt.catch
          (fun () -> handle frames)
          (fun error ->
            release_rest net frames 0;
            Lwt.fail error)
        (* Others have their turn, however many frames there are. *)
        >>= Lwt.pause
        >>= fun () -> listen net handle
end

module Block = struct
  let finish disk submit =
    let request = ref None in
    let look () =
      match !request with
      | Some submitted -> (
          match Block.poll disk with Ok _ -> Block.result submitted | Error error -> Some (Error error))
      | None -> (
          match submit () with
          | Ok submitted ->
              request := Some submitted;
              None
          | Error Error.Again ->
              ignore (Block.poll disk);
              None
          | Error error -> Some (Error error))
    in
    poll look

  let read disk ~sector slices = finish disk (fun () -> Block.read disk ~sector slices)
  let write disk ~sector slices = finish disk (fun () -> Block.write disk ~sector slices)
  let flush disk = finish disk (fun () -> Block.flush disk)
end
