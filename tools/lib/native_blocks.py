# SPDX-License-Identifier: ISC
"""
Reads from a disk of qemu-storage-daemon's, over vhost-user: by the library, and by Linux's driver. That one runs in
user mode Linux, which is a kernel in an ordinary process, with the same rings in the same shared memory.
"""

import contextlib
import pathlib
import re
import tempfile

import backends
import builds
from outcome import command

ROUNDS = 5  # in which the drivers take turns
MILLISECONDS = 250
KIB, MIB = 1024, 1024 * 1024
SMALL = 4 * KIB
SHAPES = [*((depth, SMALL) for depth in (1, 4, 32, 128)), (16, 64 * KIB), (4, MIB)]
DISK_BYTES = 256 * MIB
SHARED_MEMORY = pathlib.Path("/dev/shm")  # a file there is in memory
NOTHING = "null-co"  # a disk that reads nothing, and leaves the memory as it was
POLLING, INTERRUPTS, PEER = "libvirtio, polling", "libvirtio, interrupts", "Linux"
LIMIT = 60

BOUND = "what bounds a read: answers without a ring"


def program(name):
    return builds.GCC.folder / "test" / "bench" / name


def rate(said):
    """Requests a second."""
    requests, nanoseconds = map(int, re.search(r"requests (\d+) nanoseconds (\d+)", said).groups())
    return requests * 1e9 / nanoseconds


def by_us(socket, depth, size, *words):
    return rate(command([program("native_blk"), "rate", socket, f"depth={depth}", f"size={size}",
                         f"milliseconds={MILLISECONDS}", *words], LIMIT))


def by_linux(kernel, depth, size):
    return rate(kernel.ask(f"blk depth={depth} size={size} milliseconds={MILLISECONDS}", "nanoseconds "))


def without_ring(disk, depth, size):
    """By qemu-img bench, whose requests are function calls in the process that has the disk."""
    count = 50000 * 4 * KIB // size
    said = command(["qemu-img", "bench", "-c", count, "-d", depth, "-s", size, "--image-opts", disk], LIMIT)
    return count / float(re.search(r"completed in ([\d.]+) seconds", said)[1])


@contextlib.contextmanager
def disks():
    """What follows --blockdev, by name. The one in a file has something in every block."""
    with tempfile.NamedTemporaryFile(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as file:
        for number in range(DISK_BYTES // MIB):
            file.write(bytes([1 + number % 255]) * MIB)
        file.flush()
        yield {NOTHING: f"driver=null-co,size={DISK_BYTES},read-zeroes=off",
               "file in memory": f"driver=file,filename={file.name}"}


def size_name(size):
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def measure_shape(results, name, depth, size, ways):
    """WAYS, a dictionary of functions, in turns."""
    made = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, read in ways.items():
            made[way].append(read(depth, size))
    for way, rates in made.items():
        if size == SMALL:
            results.add(f"reads of 4 KiB, {name}", f"depth {depth}", way, [rate / 1e3 for rate in rates],
                        "thousand/s")
        if name != NOTHING:
            results.add(f"bytes read, {name}", f"depth {depth}, {size_name(size)}", way,
                        [rate * size / 2**30 for rate in rates], "GiB/s")


@contextlib.contextmanager
def drivers(disk, folder):
    """The ways to read from a DISK, by name. Linux keeps its export, so each has its own, of the same disk."""
    sockets = [folder / "ours", folder / "linux's"]
    init = builds.GCC.folder / "test" / "bench" / "machine" / "machine_init"
    ways = {POLLING: lambda depth, size: by_us(sockets[0], depth, size),
            INTERRUPTS: lambda depth, size: by_us(sockets[0], depth, size, "sleep")}
    with backends.storage(disk, *sockets, writable=False), contextlib.ExitStack() as stack:
        if init.exists():  # it takes libraries to link against, which not every machine has
            kernel = stack.enter_context(backends.UserModeLinux(folder, init, sockets[1]))
            ways[PEER] = lambda depth, size: by_linux(kernel, depth, size)
        yield ways


def measure_disk(results, name, disk):
    shapes = [(depth, size) for depth, size in SHAPES if size == SMALL or name != NOTHING]
    with tempfile.TemporaryDirectory(prefix="virtio-bench-") as folder, drivers(disk, pathlib.Path(folder)) as ways:
        for depth, size in shapes:
            measure_shape(results, name, depth, size, ways)
    for depth, size in shapes:
        limits = [without_ring(disk, depth, size) / 1e3 for _ in range(ROUNDS)]
        results.add(BOUND, f"{name}, depth {depth}, {size_name(size)}", "the disk, without a ring", limits,
                    "thousand/s")


def measure_wakeups(results):
    """A device that sleeps cannot answer more often than it can be woken."""
    for name, words in (("the one who waits polls", []), ("both sleep", ["sleep"])):
        rates = [rate(command([program("native_ping"), f"milliseconds={MILLISECONDS}", *words], LIMIT)) / 1e3
                 for _ in range(ROUNDS)]
        results.add(BOUND, f"a process woken, and its answer: {name}", "event descriptors alone", rates,
                    "thousand/s")


def measure(results):
    with disks() as found:
        for name, disk in found.items():
            measure_disk(results, name, disk)
    measure_wakeups(results)
