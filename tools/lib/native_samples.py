# SPDX-License-Identifier: ISC
"""
Cycles of a driver's own code for a frame that it sends, without the program around it: samples of where its processor
is, each of them for the same time. Linux's perf takes them, by a timer, so it needs no counters of the processor's.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import tempfile
import time

import builds
import instructions
import native_steps
from native_frames import BURST, DPDK, DRIVER, MODES, OURS, ROUNDS, SIZES, Samples, moved, number
from outcome import TestFailure, command

PERIOD = 100000  # nanoseconds for a sample
SECONDS = 0.25
PAUSE = 4  # microseconds after a look in vain, so that those hardly count
RETRIES = 1000  # as often as need be
PROGRAM = {"net_rate_turns", "send_again"}  # what of ours is not the library, and in the cycles that it counts
# To see that samples are right: a ring, and the bytes of a frame.
PLAIN, SIZE = "plain", 64
CHECK = "cycles of driver and program for a frame, counted in two ways"
PERF = ["perf", "record", "--quiet", "--no-bpf-event", "--event", "cpu-clock:u", "--count", str(PERIOD)]


@contextlib.contextmanager
def sampling(thread, out):
    """What THREAD does inside."""
    (control, ask), (answer, answered) = os.pipe(), os.pipe()
    with os.fdopen(ask, "w", encoding="ascii", buffering=1) as asking, os.fdopen(answer, encoding="ascii") as answering:
        with subprocess.Popen([*PERF, "--output", out, "--tid", thread, "--delay", "-1",
                               "--control", f"fd:{control},{answered}"], pass_fds=(control, answered)) as perf:
            os.close(control)
            os.close(answered)
            try:
                asking.write("enable\n")
                answering.readline()
                yield
                asking.write("disable\n")
                answering.readline()
            finally:
                perf.terminate()


def spent(out, mine=lambda file, function: True):
    """Nanoseconds in what is MINE."""
    found = command(["perf", "report", "--input", out, "--stdio", "--quiet", "--show-nr-samples", "--sort", "dso,sym"])
    samples = re.findall(r"^ *[\d.]+% +(\d+) +(\S+) +\[.\] (\S+)", found, re.MULTILINE)
    return PERIOD * sum(int(count) for count, file, function in samples if mine(file, function))


def gigahertz(said):
    """Of the time stamp counter, as testpmd tells."""
    return number(r"at (\d+) MHz", said) / 1000


def ours(way, size, out):
    """It sends: nanoseconds of the library, and of the program that calls it, too; the program's words."""
    said = command(["taskset", "-c", DRIVER, *PERF, "--output", out, "--",
                    *way.arguments("transmit", size, int(1000 * SECONDS)), f"pause={1000 * PAUSE}"])
    library = instructions.functions(builds.GCC.libvirtio)
    return (spent(out, lambda _, function: function in library),
            spent(out, lambda _, function: function in library or function in PROGRAM), said)


def turn(way, mode, size, out):
    """DPDK's driver does it: nanoseconds of the driver, and of the program, too; the program's words."""
    with sampling(way.process.worker(), out):
        way.start(mode, size, patient=mode == "transmit")
        time.sleep(SECONDS)
        said = way.process.ask("stop")
    return spent(out, lambda file, _: native_steps.FILE in file), spent(out), said


def send(name, way, size, out):
    """Cycles for each frame that is sent: of the driver; of driver and program; the latter by the program's own count,
    where it is of turns with frames. Nothing when there was no frame."""
    way.device.start(MODES["transmit"][1], size)
    if name == OURS:
        driver, both, said = ours(way, size, out)
        frames, counted = number(r"frames (\d+)", said), number(r"cycles (\d+)", said)
    else:
        driver, both, said = turn(way, "transmit", size, out)
        frames, counted = moved("transmit", said), 0
    devices = way.device.ask("stop")
    if not frames or "MHz" not in devices:
        return None
    return driver * gigahertz(devices) / frames, both * gigahertz(devices) / frames, counted / frames


def looks_in_vain(said, frames):
    """How often it did."""
    return number(r"RX-bursts *: *(\d+)", said) - frames / BURST


def check(results, ring, way, out):
    """Where DPDK's program counts cycles itself: in turns with frames, so what all others take is taken out."""
    way.process.ask("set record-burst-stats on")
    _, both, said = turn(way, "receive", SIZE, out)
    in_vain = both / looks_in_vain(said, 0)
    for mode in ("receive", "forward"):
        pairs = []
        for _ in range(ROUNDS):
            way.device.start(MODES[mode][1], SIZE)
            _, both, said = turn(way, mode, SIZE, out)
            way.device.ask("stop")
            if "CPU cycles/packet" in said:
                frames = moved(mode, said)
                pairs.append(((both - in_vain * looks_in_vain(said, frames)) * gigahertz(said) / frames,
                              number(r"CPU cycles/packet=([\d.]+)", said)))
        tell_both(results, f"{DPDK}, {ring.family}: {mode} {SIZE}", pairs)
    way.process.ask("set record-burst-stats off")


def tell_both(results, row, pairs):
    for way, values in zip(("samples", "time stamps"), zip(*pairs)):
        results.add(CHECK, row, way, values, "cycles")


def measure_size(results, ring, ways, size, out):  # pylint: disable=too-many-arguments
    samples = Samples(ring, "transmit", size)
    pairs = []
    for _ in range(ROUNDS):
        for name, way in ways.items():
            if found := send(name, way, size, out):
                driver, *both = found
                samples.add("cycles in the driver's own code for a frame", name, driver, "cycles")
                pairs += [both] * (name == OURS)
    samples.tell(results)
    if size == SIZE and ring.name == PLAIN:
        tell_both(results, f"{OURS}, {ring.family}: transmit {size}", pairs)


def measure(results, ring, ways):
    with tempfile.TemporaryDirectory(prefix="virtio-bench-") as folder:
        out = pathlib.Path(folder) / "samples"
        try:
            command([*PERF, "--output", out, "--", "true"])
        except (OSError, TestFailure) as why:
            print(f"  no samples here: {why}")
            return
        for name, way in ways.items():
            if name != OURS:
                way.process.ask(f"set burst tx delay {PAUSE} retry {RETRIES}")
        for size in SIZES:
            measure_size(results, ring, ways, size, out)
        if ring.name == PLAIN:
            check(results, ring, ways[DPDK], out)
