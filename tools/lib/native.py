# SPDX-License-Identifier: ISC
"""The library in ordinary processes, driving devices of processes that others wrote: no machine, real rings."""

import contextlib
import pathlib
import subprocess
import tempfile

import backends
import disk
from outcome import TestFailure, command

LIMIT = 120  # seconds, to end what hangs
SECTORS = 8192 + 3  # no multiple of anything
BLOCK_CASES = {
    "polled": [],
    "with interrupts": ["sleep"],
    "two queues with interrupts": ["sleep", "queues=2"],
    "two queues, no event indices": ["queues=2", "no-events"],
    "a short ring without indirect descriptors": ["ring=64", "no-indirect"],
}
NET_FRAMES = 3000
NET_CASES = {
    "packed ring with interrupts": ["ring packed", "sleep"],
    "packed ring, merged buffers, 9000 bytes": ["ring packed", "merge", "longest=9000", "window=24"],
    "split ring with interrupts": ["ring split", "split", "sleep"],
    "split ring, merged buffers, 9000 bytes": ["ring split", "split", "merge", "longest=9000", "window=24"],
    "packed ring, in order": ["ring packed in-order", "in-order", "sleep", "window=200"],
    "packed ring, in order, merged buffers, 9000 bytes":
        ["ring packed in-order", "in-order", "merge", "longest=9000", "window=24"],
    "split ring, in order": ["ring split in-order", "split", "in-order", "sleep", "window=200"],
    "split ring, in order, merged buffers, 9000 bytes":
        ["ring split in-order", "split", "in-order", "merge", "longest=9000", "window=24"],
    "split ring, no event indices": ["ring split", "split", "sleep", "no-events", "no-indirect"],
}


def program(build, name):
    return build.folder / "test" / "bench" / name


@contextlib.contextmanager
def disk_file():
    """The path of an empty disk, and that of a socket to be."""
    with tempfile.TemporaryDirectory(prefix="virtio-native-") as name:
        folder = pathlib.Path(name)
        with open(folder / "disk", "wb") as file:
            file.truncate(SECTORS * disk.SECTOR)
        yield folder / "disk", folder / "socket"


def check_block(build, seed, words):
    """Every sector is written and read back, and lies in the file as it should."""
    with disk_file() as (path, socket):
        with backends.storage(f"driver=file,filename={path}", socket, queues=2):
            said = command([program(build, "native_blk"), "check", socket, f"sectors={SECTORS}", f"seed={seed}",
                            *words], LIMIT)
        disk.check(path, SECTORS, seed)
    return " ".join(line for line in said.splitlines() if line.startswith("ring ")).split(",")[0]


def check_block_device_ends(build):
    """A device whose process is killed counts as gone, also while requests are in flight."""
    with disk_file() as (path, socket):
        with backends.storage(f"driver=file,filename={path}", socket) as backend:
            argv = [program(build, "native_blk"), "rate", socket, "depth=4", f"milliseconds={1000 * LIMIT}", "sleep"]
            with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as driver:
                try:
                    said = driver.stdout.readline()
                    backend.process.kill()
                    said += driver.communicate(timeout=LIMIT)[0]
                finally:
                    driver.kill()
    if driver.returncode != 1 or "VIRTIO_ERR_NO_DEVICE" not in said:
        raise TestFailure(f"status {driver.returncode}\n{said}")


def check_net(build, ring, *words):
    """DPDK's device sends back every frame as it was, in order, before a reset and after it."""
    with tempfile.TemporaryDirectory(prefix="virtio-native-") as name:
        socket = pathlib.Path(name, "socket")
        with backends.network(socket) as backend:
            backend.start("io")
            try:
                said = command([program(build, "native_net"), "check", socket, f"frames={NET_FRAMES}", *words], LIMIT)
            except TestFailure as failure:
                raise TestFailure(f"{failure}\nthe device says\n{backend.story()}") from None
    if ring not in said:
        raise TestFailure(f"not {ring}:\n{said}")
    return said.splitlines()[-1]


def run(report, build):
    for seed, (name, words) in enumerate(BLOCK_CASES.items(), 1):
        report.run("native", f"block: {name}", check_block, build, seed, words)
    report.run("native", "block: its process is killed", check_block_device_ends, build)
    for name, words in NET_CASES.items():
        report.run("native", f"net: {name}", check_net, build, *words)
