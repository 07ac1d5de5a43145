# SPDX-License-Identifier: ISC
"""How fast the library drives devices of other processes, beside drivers that others wrote, in turns."""

import contextlib
import os
import pathlib
import re
import statistics
import tempfile
import time

import backends
import builds
from outcome import TestFailure, command

REPEATS = 5
NET_REPEATS = 3  # each takes longer
# Processors. One for each side; with one alone there is no rate to speak of.
DEVICE, DRIVER = ("1", "0") if (os.cpu_count() or 1) > 1 else ("0", "0")
DEPTHS = (1, 4, 32, 128)
NULL_DISK = "driver=null-co,size=1073741824,read-zeroes=off"
BLOCK_SIZE = 4096
BLOCK_MILLISECONDS = 500
PEER_REQUESTS = 50000
NET_MILLISECONDS = 2000
# what the driver does, what the device does meanwhile, how DPDK's driver is told
NET_MODES = {"transmit": ("rxonly", "txonly"), "receive": ("txonly", "rxonly"), "forward": ("io", "io")}
WINDOW = 32  # frames that go round: what testpmd starts with
LIMIT = 60


def program(name):
    return builds.GCC.folder / "test" / "bench" / name


@contextlib.contextmanager
def socket_path():
    with tempfile.TemporaryDirectory(prefix="virtio-bench-") as name:
        yield pathlib.Path(name, "socket")


def told(values, scale):
    low, middle, high = (value / scale for value in (min(values), statistics.median(values), max(values)))
    return f"{middle:9.2f} ({low:.2f} to {high:.2f})"


def our_blocks(depth, *words):
    """Requests a second."""
    with socket_path() as socket, backends.storage(NULL_DISK, socket):
        said = command([program("native_blk"), "rate", socket, f"depth={depth}", f"size={BLOCK_SIZE}",
                        f"milliseconds={BLOCK_MILLISECONDS}", *words], LIMIT)
    requests, nanoseconds = map(int, re.search(r"requests (\d+) nanoseconds (\d+)", said).groups())
    return requests * 1e9 / nanoseconds


def export_limit(depth):
    """What the same disk gives without a ring: requests a second."""
    said = command(["qemu-img", "bench", "-c", PEER_REQUESTS, "-d", depth, "-s", BLOCK_SIZE, "--image-opts", NULL_DISK],
                   LIMIT)
    return PEER_REQUESTS / float(re.search(r"completed in ([\d.]+) seconds", said).group(1))


def block():
    print(f"reads of {BLOCK_SIZE} bytes from qemu-storage-daemon's null-co, split ring, thousands a second: median of "
          f"{REPEATS} (lowest to highest)")
    ways = {"libvirtio, polling": our_blocks, "libvirtio, interrupts": lambda depth: our_blocks(depth, "sleep"),
            "qemu-img bench, no ring": export_limit}
    for depth in DEPTHS:
        rates = {way: [] for way in ways}
        for _ in range(REPEATS):
            for way, measure in ways.items():
                rates[way].append(measure(depth))
        for way, values in rates.items():
            print(f"  depth {depth:<4} {way:<24} {told(values, 1e3)}", flush=True)


def device(socket, mode, size):
    return backends.testpmd(socket, NET_MODES[mode][0], f"--txpkts={size}", processor=DEVICE)


def our_frames(ring, mode, size):
    """Frames a second."""
    with socket_path() as socket, device(socket, mode, size):
        said = command(["taskset", "-c", DRIVER, program("native_net"), mode, socket, f"size={size}",
                        f"window={WINDOW}", f"milliseconds={NET_MILLISECONDS}",
                        *(["split"] if ring == "split" else [])], LIMIT)
    return int(re.search(r"frames (\d+)", said).group(1)) * 1000 / NET_MILLISECONDS


def dpdk_frames(ring, mode, size):
    """The same by DPDK's driver, virtio-user: the best full second."""
    more = [f"--txpkts={size}", "--stats-period=1", *(["--tx-first"] if mode == "forward" else [])]
    with socket_path() as socket, device(socket, mode, size):
        with backends.virtio_user(socket, ring == "packed", NET_MODES[mode][1], *more, processor=DRIVER) as peer:
            time.sleep(NET_MILLISECONDS / 1000 + 3)
            peer.end()
            said = peer.output()
    direction = "Tx" if mode == "transmit" else "Rx"
    counted = [int(rate) for rate in re.findall(direction + r"-pps:\s+(\d+)", said)]
    if not counted:
        raise TestFailure(f"testpmd tells no rates\n{said}")
    return max(counted)


def net():
    print(f"frames to and from DPDK's testpmd, millions a second: median of {NET_REPEATS} (lowest to highest)")
    for ring in ("split", "packed"):
        for mode in NET_MODES:
            for size in (64, 1500):
                rates = {"libvirtio": [], "DPDK virtio-user": []}
                for _ in range(NET_REPEATS):
                    rates["libvirtio"].append(our_frames(ring, mode, size))
                    rates["DPDK virtio-user"].append(dpdk_frames(ring, mode, size))
                for way, values in rates.items():
                    print(f"  {ring:<7} {mode:<9} {size:<5} {way:<18} {told(values, 1e6)}", flush=True)


def measure(_, __):
    block()
    net()
