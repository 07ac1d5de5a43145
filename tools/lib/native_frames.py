# SPDX-License-Identifier: ISC
"""Frames to and from DPDK's testpmd: how many a second, driven by the library and by DPDK's own driver, in turns."""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile
import time

import backends
import builds
from outcome import TestFailure

# Processors. One for each side; with one alone there is no rate to speak of.
DEVICE, DRIVER = ("1", "0") if (os.cpu_count() or 1) > 1 else ("0", "0")
ROUNDS = 3  # in which the drivers take turns
WINDOWS = 3  # in a round, each gives a sample
SETTLE, WINDOW = 0.1, 0.06  # seconds
BURST = 32  # frames
BURSTS = 4  # that go round
SIZES = (64, 1500)
# what DPDK's driver does, what the device does meanwhile, what the device counts
MODES = {"transmit": ("txonly", "rxonly", "Rx"), "receive": ("rxonly", "txonly", "Tx"), "forward": ("io", "io", "Rx")}
OURS, DPDK, VECTOR = "libvirtio", "DPDK virtio-user", "DPDK vectorised"
LIMIT = 60  # seconds, to end what hangs


@dataclasses.dataclass(frozen=True)
class Ring:
    """What driver and device agree on. VECTOR: DPDK has a path for it that works on several buffers at once."""
    family: str  # of its table
    packed: bool
    in_order: bool = False
    merge: bool = False
    vector: bool = False

    @property
    def name(self):
        parts = ["in order"] * self.in_order + ["merge"] * self.merge
        return ", ".join(parts) or "plain"

    @property
    def words(self):
        """For our program."""
        return ["split"] * (not self.packed) + ["in-order"] * self.in_order + ["merge"] * self.merge

    @property
    def options(self):
        """For DPDK's driver."""
        return f"packed_vq={self.packed:d},mrg_rxbuf={self.merge:d},in_order={self.in_order:d}"


RINGS = [Ring(family, packed, in_order, merge, not merge and packed == in_order)
         for family, packed in (("split ring", False), ("packed ring", True))
         for in_order in (False, True) for merge in (False, True)]


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise TestFailure(f"no {pattern} in\n{text}")
    return float(found.group(1))


class Ours:
    """The library in a process of its own, for each measurement anew, at the device DEVICE with the socket SOCKET."""

    def __init__(self, device, socket, ring):
        self.device, self._socket, self._ring = device, socket, ring
        self._process = None

    def arguments(self, mode, size, milliseconds=1000 * LIMIT):
        return [builds.GCC.folder / "test" / "bench" / "native_net", mode, self._socket, f"size={size}",
                f"window={BURST * BURSTS}", f"milliseconds={milliseconds}", *self._ring.words]

    def start(self, mode, size):
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["taskset", "-c", DRIVER, *self.arguments(mode, size)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        self._process.stdout.readline()  # it is attached

    def stop(self):
        """Its cycles for a frame, when there was something to do."""
        self._process.terminate()
        said = self._process.communicate(timeout=LIMIT)[0]
        return number(r"cycles (\d+)", said) / max(1, number(r"frames (\d+)", said))


class Dpdk:
    """DPDK's driver, PROCESS, which runs all the time."""

    def __init__(self, device, process):
        self.device, self.process = device, process
        self._mode = None
        process.ask("set record-core-cycles on")

    def start(self, mode, size, patient=False):
        """PATIENT: with a pause before it looks for room again."""
        self.process.start(MODES[mode][0] + " retry" * patient, size, f"tx_first {BURSTS}" if mode == "forward" else "")
        self._mode = mode

    def stop(self):
        """As above. None: no frames; or it sends, and so makes frames also when there is no room, and counts that."""
        said = self.process.ask("stop")
        if self._mode == "transmit" or "CPU cycles/packet" not in said:
            return None
        return number(r"CPU cycles/packet=([\d.]+)", said)


def moved(mode, said):
    """Frames, as DPDK's driver tells."""
    return number(rf"{'TX' if mode == 'transmit' else 'RX'}-packets: (\d+)", said)


class Samples:
    """Of one row in several tables."""

    def __init__(self, ring, mode, size):
        self._family, self._row = ring.family, f"{ring.name}: {mode} {size}"
        self._samples = {}

    def add(self, table, way, value, unit):
        self._samples.setdefault((table, way, unit), []).append(value)

    def tell(self, results):
        for (table, way, unit), values in self._samples.items():
            results.add(f"{table}, {self._family}", self._row, way, values, unit)


def busy(mode, said, seconds):
    """Which part of its time the device has work; when it sends: for which part of its frames there is a buffer."""
    if mode == "receive":
        sent, dropped = number(r"TX-packets: (\d+)", said), number(r"TX-dropped: (\d+)", said)
        return 100 * sent / max(1, sent + dropped)
    return 100 * number(r"total cycles=(\d+)", said) / (number(r"at (\d+) MHz", said) * 1e6 * seconds)


def take_turn(samples, mode, size, name, way):
    """One driver's. All rates are what the device counts in the same windows of time."""
    _, devices_mode, column = MODES[mode]
    device = way.device
    device.start(devices_mode, size)
    way.start(mode, size)
    time.sleep(SETTLE)
    device.ask("show port stats 0")
    device.ask("clear fwd stats all")
    began = time.monotonic()
    for _ in range(WINDOWS):
        time.sleep(WINDOW)
        rate = number(rf"{column}-pps:\s+(\d+)", device.ask("show port stats 0"))
        samples.add("frames a second", name, rate / 1e6, "Mpps")
    said = device.ask("show fwd stats all")
    seconds = time.monotonic() - began
    cycles = way.stop()
    device.ask("stop")
    if cycles is not None:
        samples.add("cycles of the driver for a frame", name, cycles, "cycles")
    if "CPU cycles/packet" in said:  # there were frames
        samples.add("cycles of the device for a frame", f"driven by {name}",
                    number(r"CPU cycles/packet=([\d.]+)", said), "cycles")
        samples.add("how busy the device is", f"driven by {name}", busy(mode, said, seconds), "% of its time")


def dpdk_ways(ring):
    """{name: options}"""
    return {DPDK: ring.options, **({VECTOR: f"{ring.options},vectorized=1"} if ring.vector else {})}


@contextlib.contextmanager
def drivers(ring):
    """The ways to drive a device by name, each with a device of its own, since DPDK's stays with its."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="virtio-bench-")))

        def device(name):
            made = stack.enter_context(backends.network(folder / name, DEVICE))
            made.ask("set record-core-cycles on")
            return made

        ways = {OURS: Ours(device("ours"), folder / "ours", ring)}
        for count, (name, options) in enumerate(dpdk_ways(ring).items()):
            own, socket = device(f"dpdk{count}"), folder / f"dpdk{count}"
            ways[name] = Dpdk(own, stack.enter_context(backends.virtio_user(socket, options, DRIVER)))
        yield ways


def measure(results, ring, ways):
    for mode in MODES:
        for size in SIZES:
            samples = Samples(ring, mode, size)
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    take_turn(samples, mode, size, name, way)
            samples.tell(results)
