# SPDX-License-Identifier: ISC
"""ocaml_echo against net_echo, in one run and by turns: size, start, round trip, frames a second."""

import pathlib
import statistics
import tempfile
import time

import builds
from echo_client import EchoClient, pattern
from machine import Machine, Setup
from outcome import command
from run import Case, run_case

STARTS = 9
ROUNDS = 5  # by turns
ECHOES = 300  # one after the other, in a round
BURSTS, WINDOW = 60, 16
LENGTHS = {"64 B": 22, "1514 B": 1472}  # of frames, and of the data in them
# The example, and what it says first.
STARTED = {"net_echo": "ready:", "ocaml_echo": "ready:", "ocaml_hello": "hello 1"}


def image(name):
    return builds.GCC.ocaml_image(name) if name.startswith("ocaml") else builds.GCC.example(name)


def sizes():
    print("size: bytes of the stripped image; code and constants, data, zeroed memory")
    with tempfile.TemporaryDirectory() as folder:
        for name in STARTED:
            stripped = pathlib.Path(folder, name)
            command(["strip", "-o", stripped, image(name)])
            text, data, bss = command(["size", stripped]).splitlines()[1].split()[:3]
            print(f"  {name:<14}{stripped.stat().st_size:>9}{text:>9}{data:>9}{bss:>9}")


def start_seconds(name, board, doors, chosen):
    """From the start of QEMU to the first line of the program."""
    network = "virtio-net-device" if board == "microvm" else "virtio-net-pci"
    devices = ["-netdev", "hubport,id=net,hubid=0", "-device", f"{network},netdev=net"] if "echo" in name else []
    setup = Setup(image=image(f"{name}{doors}"), machine=board, devices=devices)
    start = time.monotonic()
    with Machine(setup, chosen) as machine:
        machine.expect(STARTED[name])
        return time.monotonic() - start


def starts(chosen):
    print(f"start of QEMU to the first line, {STARTS} times by turns: best and median, in ms")
    for board, doors in (("pc", ""), ("microvm", ".pvh")):
        taken = {name: [] for name in STARTED}
        for _ in range(STARTS):
            for name, all_of_it in taken.items():
                all_of_it.append(1000 * start_seconds(name, board, doors, chosen))
        for name, all_of_it in taken.items():
            print(f"  {board:<9}{name:<14}{min(all_of_it):>7.0f}{statistics.median(all_of_it):>7.0f}", flush=True)


def echo_round(name, length, chosen):
    """Round trips in microseconds, and frames a second with a window."""
    trips, rate = [], 0.0

    def scenario(machine, link):
        nonlocal rate
        client = EchoClient(link, machine.deadline)
        client.arp()
        payload = pattern(length)
        trips.extend(1e6 * client.echo(payload) for _ in range(ECHOES))
        start = time.monotonic()
        for _ in range(BURSTS):
            for _ in range(WINDOW):
                client.send(payload)
            for _ in range(WINDOW):
                client.receive(payload)
        rate = BURSTS * WINDOW / (time.monotonic() - start)
        client.quit()
        machine.finish()

    run_case(Case(f"{name} {length}", image(name), scenario, nets=[""]), chosen)
    return trips, rate


def echoes(chosen):
    print(f"UDP echo on pc with our own peer in Python, {ROUNDS} rounds by turns: round trip median and 99 %, in us; "
          f"frames a second with {WINDOW} under way, best and median")
    for what, length in LENGTHS.items():
        results = {"net_echo": [], "ocaml_echo": []}
        for _ in range(ROUNDS):
            for name, rounds in results.items():
                rounds.append(echo_round(name, length, chosen))
        for name, rounds in results.items():
            trips = sorted(trip for round_trips, _ in rounds for trip in round_trips)
            rates = sorted(rate for _, rate in rounds)
            print(f"  {what:<9}{name:<14}{statistics.median(trips):>7.0f}{trips[len(trips) * 99 // 100]:>7.0f}"
                  f"{rates[-1]:>9.0f}{statistics.median(rates):>9.0f}", flush=True)


def run(_, chosen):
    sizes()
    starts(chosen)
    echoes(chosen)
