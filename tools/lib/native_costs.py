# SPDX-License-Identifier: ISC
"""Instructions of the library and of DPDK's driver for a frame, counted by valgrind at DPDK's testpmd."""

import pathlib
import tempfile
import time

import backends
import builds
import instructions
import native_frames
import native_steps
from native_frames import BURST, DPDK, MODES, OURS, RINGS, VECTOR, moved, number
from outcome import command

SIZE = 64  # bytes of a frame
SECONDS = 0.4  # under valgrind, which takes some 50 times as long as the processor
TRIES = 3
ENOUGH = 4  # frames for each turn in vain: there is no need for another try
LIMIT = 60
DPDK_DRIVER, DPDK_PROGRAM = "librte_net_virtio", "dpdk-testpmd"  # the files in which they are


def callgrind(out):
    return ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no",
            "--compress-pos=no"]


class Ours(native_frames.Ours):
    def count(self, mode, out):
        """Instructions of the library; frames; turns without any."""
        said = command([*callgrind(out), "--toggle-collect=net_rate_turns",
                        *self.arguments(mode, SIZE, int(1000 * SECONDS))], LIMIT)
        mine = instructions.functions(builds.GCC.libvirtio)
        return (instructions.counted(out.read_text(encoding="utf-8"), mine), number(r"frames (\d+)", said),
                number(r"idle (\d+)", said))


class Dpdk(native_frames.Dpdk):
    """Its process runs in valgrind."""

    dumps = 0

    def _dump(self, out):
        """What it did since the dump before."""
        command(["callgrind_control", "--dump", str(self.process.process.pid)], LIMIT)
        self.dumps += 1
        return out.with_name(f"{out.name}.{self.dumps}").read_text(encoding="utf-8")

    def count(self, mode, out):
        """Instructions of the driver, frames, turns without any: when it forwards, it sends in each of the others."""
        self._dump(out)
        self.start(mode, SIZE)
        time.sleep(SECONDS)
        said = self.process.ask("stop")
        dump = self._dump(out)
        cost = sum(cost for found, _, cost in instructions.costs(dump) if DPDK_DRIVER in (found or ""))
        called = sorted(instructions.calls(dump, DPDK_PROGRAM, DPDK_DRIVER).values())[-2:]
        frames = moved(mode, said)
        used = called[0] if mode == "forward" else frames / BURST
        return cost, frames, called[-1] - used


def costs_in_vain(way, out):
    """Looking in vain costs, too, and how often it happens is chance. A device that does nothing shows how much."""
    found = {}
    for mode in ("transmit", "receive"):
        cost, _, turns = way.count(mode, out)
        found[mode] = cost / turns
    # To forward is to receive, and to look also for what was sent: DPDK's driver does so only when it sends.
    found["forward"] = found["receive"] + (found["transmit"] if isinstance(way, Ours) else 0)
    return found


def count_well(way, mode, out):
    """The count in which least was in vain: enough of it would hide the rest."""
    best = None
    for _ in range(TRIES):
        way.device.start(MODES[mode][1], SIZE)
        cost, frames, turns = way.count(mode, out)
        way.device.ask("stop")
        if best is None or frames * best[2] > best[1] * turns:
            best = cost, frames, turns
        if frames > ENOUGH * turns:
            break
    return best


def measure_way(results, ring, name, way, out):
    in_vain = costs_in_vain(way, out)
    for mode in MODES:
        cost, frames, turns = count_well(way, mode, out)
        results.add(f"instructions of the driver for a frame, {ring.family}", f"{ring.name}: {mode}", name,
                    [(cost - turns * in_vain[mode]) / frames], "instructions")


def measure(results):
    for ring in RINGS:
        with tempfile.TemporaryDirectory(prefix="virtio-bench-") as name:
            folder = pathlib.Path(name)
            with backends.network(folder / "socket") as device:
                socket, out = folder / "socket", folder / "ours"
                measure_way(results, ring, OURS, Ours(device, socket, ring), out)
                ways = native_frames.dpdk_ways(ring)
                for way, options in ways.items():
                    # valgrind's processor has no AVX-512, which the packed ring's vectors are for: native_steps.py.
                    if way == DPDK or (way == VECTOR and not ring.packed):
                        out = folder / way.replace(" ", "-")
                        with backends.virtio_user(socket, options, before=callgrind(out)) as process:
                            measure_way(results, ring, way, Dpdk(device, process), out)
                if VECTOR in ways:
                    native_steps.measure(results, ring, device, socket, ways[VECTOR])
