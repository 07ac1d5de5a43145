(* SPDX-License-Identifier: ISC *)
(* Libraries of the distribution, as they are packaged: each does something whose result is known. *)

let check name holds =
  Check.that name holds;
  if holds then Printf.printf "%s works\n%!" name

let hex text = String.concat "" (List.map (fun c -> Printf.sprintf "%02x" (Char.code c)) (List.of_seq (String.to_seq text)))

let lwt () =
  let open Lwt.Syntax in
  let condition = Lwt_condition.create () in
  let waiting = let* n = Lwt_condition.wait condition in Lwt.return (n + 1) in
  let main =
    let* () = Virtio_lwt.sleep 0.01 in
    Lwt_condition.signal condition 41;
    let* sum = waiting in
    let stream = Lwt_stream.of_list [ 1; 2; 3 ] in
    let+ total = Lwt_stream.fold ( + ) stream 0 in
    sum = 42 && total = 6
  in
  check "lwt" (Virtio_lwt.run main)

let cstruct () =
  let slice = Virtio.Slice.of_string "0123456789" in
  let view = Cstruct.of_bigarray ~off:2 ~len:6 slice.Virtio.Slice.buffer in
  Cstruct.BE.set_uint32 view 1 0x41424344l;
  Cstruct.blit_from_string "xy" 0 view 0 1;
  check "cstruct"
    (Cstruct.to_string view = "xABCD7" && Virtio.Slice.to_string slice = "01xABCD789"
    && Cstruct.LE.get_uint16 view 1 = 0x4241)

(* FIPS 180-2's "abc"; FIPS 197's example. *)
let crypto () =
  let open Mirage_crypto in
  let digest = Hash.SHA256.digest (Cstruct.of_string "abc") in
  let sha = hex (Cstruct.to_string digest) = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in
  let key = Cipher_block.AES.ECB.of_secret (Cstruct.of_string (String.init 16 Char.chr)) in
  let block = Cstruct.of_string (String.init 16 (fun i -> Char.chr (i * 17))) in
  let sealed = Cipher_block.AES.ECB.encrypt ~key block in
  let aes = hex (Cstruct.to_string sealed) = "69c4e0d86a7b0430d8cdb78070b4c55a" in
  check "mirage-crypto" (sha && aes && Cstruct.equal (Cipher_block.AES.ECB.decrypt ~key sealed) block)

let zarith () =
  let rec factorial n = if n = 0 then Z.one else Z.mul (Z.of_int n) (factorial (n - 1)) in
  let f30 = Z.to_string (factorial 30) = "265252859812191058636308480000000" in
  let large = factorial 1000 in
  let divided = Z.equal (Z.mul (Z.div large (factorial 998)) (factorial 998)) large in
  let power = Z.equal (Z.powm (Z.of_int 3) (Z.of_int 100) (Z.of_int 101)) Z.one in
  let ratio = Q.to_string (Q.add (Q.of_ints 1 3) (Q.of_ints 1 6)) = "1/2" in
  let zero = match Z.div Z.one Z.zero with exception Division_by_zero -> true | _ -> false in
  check "zarith" (f30 && divided && power && ratio && zero && Z.equal (Z.of_string "0x1000000000000000000") (Z.shift_left Z.one 72))

let ipaddr () =
  let prefix = Ipaddr.V4.Prefix.of_string_exn "10.0.2.0/24" in
  check "ipaddr"
    (Ipaddr.V4.Prefix.mem (Ipaddr.V4.of_string_exn "10.0.2.15") prefix
    && Ipaddr.V6.to_string (Ipaddr.V6.of_string_exn "fe80:0:0:0:0:0:0:1") = "fe80::1"
    && Result.is_error (Ipaddr.of_string "10.0.2.256")
    && Macaddr.to_string (Macaddr.of_string_exn "52:54:00:12:34:56") = "52:54:00:12:34:56")

let logs () =
  let said = Buffer.create 100 in
  let formatter = Format.formatter_of_buffer said in
  Logs.set_level (Some Logs.Info);
  Logs.set_reporter (Logs.format_reporter ~app:formatter ~dst:formatter ());
  Logs.info (fun message -> message "%d devices" 3);
  Logs.debug (fun message -> message "not this");
  Format.pp_print_flush formatter ();
  check "logs" (Buffer.contents said = "unikernel: [INFO] 3 devices\n")

let () =
  List.iter (fun library -> library ()) [ lwt; cstruct; crypto; zarith; ipaddr; logs ];
  Check.finish "all is well"
