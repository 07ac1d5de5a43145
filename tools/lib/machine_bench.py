# SPDX-License-Identifier: ISC
"""Whole machines: our guest and a Linux guest, by turns, with the same disks and the same network of QEMU's."""

import contextlib
import dataclasses
import pathlib
import re
import subprocess
import tempfile
import time

import builds
import native_blocks
from machine import Machine, Setup
from machine_linux import LinuxGuest
from outcome import TestFailure, TestSkipped
from tap import MAC, Tap
from time_and_power import MICROVM
from undisturbed import favour, undisturbed

OURS = "libvirtio"
ROUNDS = 5
START_ROUNDS = 5
MILLISECONDS = 500  # of a measurement
LIMIT = 120  # seconds, to end what hangs
LONG_LIMIT = 1200  # the same for a Linux guest, which lives for all of a board's measurements
DISK_BYTES = 256 << 20
NULL_DISK = "driver=null-co,size=1073741824,read-zeroes=off"
DEPTHS = (1, 32)
MICROVM_CLOCK = f"{MICROVM},pit=on,pic=on"  # Linux finds no timer on it otherwise
BOARDS = {"pc": "pc", "q35": "q35", "microvm": MICROVM_CLOCK}
WAYS = {"polling": "poll", "interrupts": ""}  # how a guest waits, and how it is told
SIZES = (60, 1514)  # of frames; the longest on one board alone
WINDOW = 64
ECHO_TABLES = {"Round trip, median": "us", "Round trip, 99 of 100": "us",
               f"Echo, {WINDOW} under way": "frames/s"}


def file_disk(path):
    """A disk in the file at PATH: through io_uring where Linux lets QEMU use it, else through QEMU's threads."""
    disk = f"driver=file,filename={path}"
    try:
        native_blocks.without_ring(f"{disk},aio=io_uring", 1, 1 << 20)
    except TestFailure:
        return disk
    return f"{disk},aio=io_uring"


def program(name):
    return builds.GCC.folder / "test" / "bench" / "machine" / name


class SocketNetwork:
    """Where there may be no tap: datagrams between two sockets."""

    prefix = ()

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="virtio-machine-")  # pylint: disable=consider-using-with

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def _path(self, name):
        return pathlib.Path(self._folder.name, name)

    def netdev(self, name):
        return (f"dgram,id={name},local.type=unix,local.path={self._path('qemu')},"
                f"remote.type=unix,remote.path={self._path('own')}")

    @property
    def words(self):
        return [f"qemu={self._path('qemu')}", f"own={self._path('own')}"]


class TapNetwork(Tap):
    words = ["tap=tap0"]


@contextlib.contextmanager
def network():
    """A tap device in a namespace of its own, where that is allowed, else a pair of sockets."""
    with contextlib.ExitStack() as stack:
        try:
            link = stack.enter_context(TapNetwork())
            link.run("sysctl", "-qw", "net.ipv6.conf.tap0.disable_ipv6=1")
        except TestSkipped:
            link = stack.enter_context(SocketNetwork())
        yield link


def peer(link, *words):
    argv = [*link.prefix, str(program("machine_peer")), *words, *link.words]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def peer_result(process):
    """The words that it says, each with its number."""
    try:
        said = process.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise TestFailure(f"no answer from the guest: {process.communicate()[0]}") from None
    found = dict(re.findall(r"(\w+) (\d+)", said))
    if process.returncode or not found:
        raise TestFailure(f"the peer says {said!r}")
    return {name: int(number) for name, number in found.items()}


@dataclasses.dataclass
class Board:
    """A machine type with its devices: the same for both guests."""

    name: str
    accelerator: str
    disk: str  # the second disk, in a file: options for -blockdev

    @property
    def transport(self):
        return "mmio" if self.name == "microvm" else "pci"

    def machine(self, link, image, command_line, modules=(), limit=LIMIT):
        devices = [
            "-blockdev", f"{NULL_DISK},node-name=null",
            "-blockdev", f"{self.disk},locking=off,node-name=file",
            "-netdev", link.netdev("net"),
        ]
        drives = [f"drive={node},num-queues=2" for node in ("null", "file")]
        if self.transport == "pci":
            kind, modern = "pci", ",disable-legacy=on"
        else:
            kind, modern = "device", ""
            devices += ["-global", "virtio-mmio.force-legacy=off"]
            drives.reverse()  # the first of them gets the last window
        for device in [f"virtio-blk-{kind},{drive}" for drive in drives] + [f"virtio-net-{kind},netdev=net,mac={MAC}"]:
            devices += ["-device", f"{device}{modern}"]
        setup = Setup(image=image, machine=BOARDS[self.name], memory="256M", command_line=command_line,
                      modules=modules, devices=devices, prefix=link.prefix)
        machine = Machine(setup, self.accelerator, limit=limit)
        favour(machine.pid)
        return machine


class OurGuest:
    """Boots for each order."""

    name = OURS

    def __init__(self, board, link):
        self._board = board
        self._image = program("machine_guest.pvh.elf" if board.name == "microvm" else "machine_guest.elf")
        self.link = link

    def machine(self, words="echo"):
        return self._board.machine(self.link, self._image, words)

    def blocks(self, words):
        with self.machine(f"blk {words}") as machine:
            return block_rate(machine)

    @contextlib.contextmanager
    def echoing(self, _, words):
        """Sends back frames and datagrams alike."""
        with self.machine(f"echo {words}") as machine:
            machine.expect("ready")
            yield


class OtherGuest:
    """Linux: boots once in a `with`, then gets its orders over the console."""

    def __init__(self, board, link, linux):
        self._board = board
        self._linux = linux
        self._modules = (linux.initramfs(board.transport),)
        self._machine = None
        self.link = link
        self.name = linux.name

    def machine(self):
        return self._board.machine(self.link, self._linux.image, self._linux.command_line, self._modules,
                                   LONG_LIMIT)

    def __enter__(self):
        self._machine = self.machine().__enter__()
        self._machine.expect("ready")
        self._order("stop", "stopped")
        return self

    def __exit__(self, *_):
        self._machine.__exit__()

    def _order(self, words, answer):
        self._machine.type(f"{words}\n".encode())
        self._machine.expect(answer)

    def blocks(self, words):
        self._machine.type(f"blk {words}\n".encode())
        return block_rate(self._machine)

    @contextlib.contextmanager
    def echoing(self, kind, words):
        self._order(f"{kind} {words}", "ready")
        yield
        self._order("stop", "stopped")


def block_rate(machine):
    """Requests a second, of the line that the guest says."""
    machine.expect("requests ")
    requests = int(machine.expect(" nanoseconds "))
    return requests * 1e9 / int(re.match(r"\d+", machine.expect("\n")).group())


def by_turns(guests, measure, rounds=ROUNDS):
    """What MEASURE(guest, words) gives for each guest in each way: {way: values}."""
    found = {}
    for _ in range(rounds):
        for way, words in WAYS.items():
            for guest in guests:
                found.setdefault(f"{guest.name}, {way}", []).append(measure(guest, words))
    return found


def disk_rows(results, board, guests):
    disks = {"null-co": "", "file": "second"} if board == "q35" else {"null-co": ""}
    for disk, second in disks.items():
        for depth in DEPTHS:
            words = f"depth={depth} milliseconds={MILLISECONDS} {second}"
            found = by_turns(guests, lambda guest, way, words=words: guest.blocks(f"{words} {way}"))
            for way, values in found.items():
                results.add("Reads of 4 KiB", f"{board}, {disk}, depth {depth}", way, values, "requests/s")


def bound_rows(results, disk):
    """What QEMU's disks give without a guest, a device or a ring: nobody's driver is faster."""
    for name, node in {"null-co": NULL_DISK, "file": disk}.items():
        for depth in DEPTHS:
            values = [native_blocks.without_ring(node, depth, 4096) for _ in range(ROUNDS)]
            results.add("Reads of 4 KiB without a guest", f"{name}, depth {depth}", "qemu-img bench", values,
                        "requests/s")


def exchange(guest, kind, size, words, milliseconds=MILLISECONDS):
    """Round trips, and frames a second with many under way."""
    rates = f"size={size}", f"milliseconds={milliseconds}"
    with guest.echoing(kind, words):
        one = peer_result(peer(guest.link, kind, *rates, "window=1"))
        many = peer_result(peer(guest.link, kind, *rates, f"window={WINDOW}"))
    return one["median"] / 1e3, one["p99"] / 1e3, many["frames"] * 1e9 / many["nanoseconds"]


def echo_rows(results, board, guests):
    for kind, what in {"frames": "frames", "udp": "UDP"}.items():
        for size in SIZES if board == "q35" else SIZES[:1]:
            found = by_turns(guests, lambda guest, words, kind=kind, size=size: exchange(guest, kind, size, words))
            for number, (title, unit) in enumerate(ECHO_TABLES.items()):
                for way, values in found.items():
                    results.add(title, f"{board}, {what} of {size} bytes", way, [value[number] for value in values],
                                unit)


def start(guest):
    """Milliseconds from the start of QEMU to the first line of the guest's program, and to the first answer."""
    asking = peer(guest.link, "first")
    begin = time.monotonic_ns()
    with guest.machine() as machine:
        machine.expect("started")
        line = time.monotonic_ns()
        answer = peer_result(asking)["first"]
    return [(moment - begin) / 1e6 for moment in (line, answer)]


def start_rows(results, board, guests):
    found = {guest.name: [] for guest in guests}
    for _ in range(START_ROUNDS):
        for guest in guests:
            found[guest.name].append(start(guest))
    for number, what in enumerate(("first line", "first answered packet")):
        for name, values in found.items():
            results.add("From the start of QEMU", f"{board}, {what}", name, [value[number] for value in values], "ms")


def check(name, chosen):
    """Our guest does all that is asked of it here, on the board of this NAME; how fast does not matter."""
    with tempfile.TemporaryDirectory(prefix="virtio-machine-") as folder, SocketNetwork() as link:
        disk = pathlib.Path(folder, "disk")
        disk.write_bytes(bytes(1 << 20))
        guest = OurGuest(Board(name, chosen, f"driver=file,filename={disk}"), link)
        start(guest)
        for words in ("depth=1 poll", "depth=32 second"):
            guest.blocks(f"{words} milliseconds=20")
        for kind in ("frames", "udp"):
            exchange(guest, kind, SIZES[-1], "", milliseconds=20)


def smoke(report, chosen):
    for name in ("pc", "microvm"):
        report.run("qemu", f"gcc the guest of tools/bench machine on {name}", check, name, chosen)


def run(results, chosen):
    try:
        linux = LinuxGuest(program("machine_init"), chosen)
    except TestSkipped as reason:
        print(f"whole machines: {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="virtio-machine-", dir="/dev/shm") as folder, undisturbed():
        path = pathlib.Path(folder, "disk")
        path.write_bytes(bytes(DISK_BYTES))
        disk = file_disk(path)
        bound_rows(results, disk)
        for name in BOARDS:
            board = Board(name, chosen, disk)
            with network() as first, network() as second:
                other = OtherGuest(board, second, linux)
                guests = (OurGuest(board, first), other)
                start_rows(results, name, guests)
                with other:
                    disk_rows(results, name, guests)
                    echo_rows(results, name, guests)
