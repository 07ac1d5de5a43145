# SPDX-License-Identifier: ISC
"""ocaml_echo against net_echo, in one run and by turns: size, start, round trip, frames a second."""

import pathlib
import tempfile
import time

import builds
from echo_client import EchoClient, pattern
from machine import Machine, Setup
from outcome import command
from run import Case, run_case

STARTS = 9
ROUNDS = 9  # by turns
ECHOES = 300  # one after the other, in a round
BURSTS, WINDOW = 60, 16
LENGTHS = {"64 B": 22, "1514 B": 1472}  # of frames, and of the data in them
BOARDS = {"pc": "", "microvm": ".pvh"}  # and the doors of the image that they take
# Each way's example, and what it says first.
ECHO = {"libvirtio, C": "net_echo", "libvirtio, OCaml": "ocaml_echo"}
ALL = {**ECHO, "libvirtio, OCaml hello": "ocaml_hello"}
STARTED = {"net_echo": "ready:", "ocaml_echo": "ready:", "ocaml_hello": "hello 1"}


def image(name):
    return builds.GCC.ocaml_image(name) if name.startswith("ocaml") else builds.GCC.example(name)


def sizes(results):
    with tempfile.TemporaryDirectory() as folder:
        for way, name in ALL.items():
            stripped = pathlib.Path(folder, name)
            command(["strip", "-o", stripped, image(name)])
            parts = command(["size", stripped]).splitlines()[1].split()[:3]
            for row, size in zip(("the file, stripped", "code and constants", "data", "zeroed memory"),
                                 (stripped.stat().st_size, *map(int, parts))):
                results.add("Size of an image", row, way, [size], "bytes")


def start_seconds(name, board, chosen):
    """From the start of QEMU to the first line of the program."""
    network = "virtio-net-device" if board == "microvm" else "virtio-net-pci"
    devices = ["-netdev", "hubport,id=net,hubid=0", "-device", f"{network},netdev=net"] if "echo" in name else []
    setup = Setup(image=image(f"{name}{BOARDS[board]}"), machine=board, devices=devices)
    start = time.monotonic()
    with Machine(setup, chosen) as machine:
        machine.expect(STARTED[name])
        return time.monotonic() - start


def by_turns(rounds, ways, measure, *arguments):
    """{way: [what MEASURE tells of it]}, each way once a round."""
    measured = {way: [] for way in ways}
    for _ in range(rounds):
        for way, name in ways.items():
            measured[way].append(measure(name, *arguments))
    return measured


def starts(results, chosen):
    for board in BOARDS:
        for way, seconds in by_turns(STARTS, ALL, start_seconds, board, chosen).items():
            results.add("From the start of QEMU to the first line", board, way, [1000 * one for one in seconds], "ms")


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


def echoes(results, chosen):
    """Between the program on pc and our own peer in Python."""
    for frame, length in LENGTHS.items():
        rounds = by_turns(ROUNDS, ECHO, echo_round, length, chosen)
        for name, part in (("median", 0.5), ("99th percentile", 0.99)):
            for way, measured in rounds.items():
                results.add("Round trip of a UDP echo", f"{frame}, {name}", way,
                            [sorted(trips)[int(len(trips) * part)] for trips, _ in measured], "us")
        for way, measured in rounds.items():
            results.add(f"UDP echo with {WINDOW} frames under way", frame, way, [rate for _, rate in measured],
                        "frames/s")


def run(results, chosen):
    sizes(results)
    starts(results, chosen)
    echoes(results, chosen)
