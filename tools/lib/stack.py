# SPDX-License-Identifier: ISC
"""
Bytes of stack that the library's calls take at the most: frames as .debug_frame tells them, added up along the deepest
chain of calls. A call through a table goes to whatever the sources put into such a member of any table that is linked.
What the runtime's hooks and callbacks take on top is the runtime's.
"""

import bisect
import functools
import linecache
import re
import tempfile
from pathlib import Path

import builds
import sizes
from outcome import TestFailure, command

# The calls of the data path; of the drivers that stand not here all but attach and detach are in its place.
DATA_PATH = {"net": ["virtio_net_pair_receive", "virtio_net_pair_release", "virtio_net_pair_transmit",
                     "virtio_net_pair_transmitted"],
             "blk": ["virtio_blk_queue_submit", "virtio_blk_queue_completed"]}
# Calls into the runtime: its hooks, and callbacks that a caller gives.
CALLBACKS = {"reclaim"}

RETURN_ADDRESS = 8
FUNCTION = re.compile(r"^([0-9a-f]+) <(\S+)>:$")
INSTRUCTION = re.compile(r"^ +([0-9a-f]+):")
SOURCE = re.compile(r"^(?:CU: )?(\S+):$")
LINE = re.compile(r"^(\S+) +([1-9]\d*) +0x([0-9a-f]+)")
DIRECT = re.compile(r"\s(call|j\w+) +([0-9a-f]+) <[^>+]+>")
INDIRECT = re.compile(r"\s(call|jmp) +\*")
MEMBER_CALLED = re.compile(r"(?:->|\.)(\w+)\(")
PARAMETER_CALLED = re.compile(
    r"\b(?!if\b|while\b|for\b|switch\b|return\b|sizeof\b|virtio_|virtqueue_)(\w+)(?:\[\w+\])?\(")
FRAME = re.compile(r" pc=([0-9a-f]+)\.\.")
DEPTH = re.compile(r"^[0-9a-f]{16} r[sb]p\+(\d+)", re.MULTILINE)


@functools.cache
def hooks():
    text = (builds.TOP / "include" / "virtio" / "platform.h").read_text(encoding="utf-8")
    return set(re.findall(r"\(\*(\w+)\)\(", text)) | CALLBACKS


@functools.cache
def sources():
    return "".join(path.read_text(encoding="utf-8") for path in sorted((builds.TOP / "libvirtio").rglob("*.c")))


@functools.cache
def members():
    """{member: what the sources put into it}"""
    found = {}
    for member, value in re.findall(r"[.>](\w+) = (?:[^;,]*\? \w[\w>.-]* : )?&?(\w+)[,;}]", sources()):
        found.setdefault(member, set()).add(value)
    return found


@functools.cache
def handed_over():
    """What stands as an argument of a call or in a list, functions among it."""
    return set(re.findall(r"[(,?:{]\s*(\w+)\s*(?=[,):}])", sources()))


def frames(program):
    """{address of a function: bytes of its frame, its return address with it}"""
    found = {}
    for entry in command(["readelf", "--debug-dump=frames-interp", program]).split("\n\n"):
        if start := FRAME.search(entry):
            found[int(start[1], 16)] = max(map(int, DEPTH.findall(entry)), default=RETURN_ADDRESS)
    return found


def lines(program, folder):
    """[(address, path, line)] of the code, in rising order; paths are told as the compiler saw them from FOLDER."""
    found, paths = [], {}
    for line in command(["readelf", "--wide", "--debug-dump=decodedline", program]).splitlines():
        if source := SOURCE.match(line):
            paths[Path(source[1]).name] = str(folder / source[1])
        elif place := LINE.match(line):
            found.append((int(place[3], 16), paths.get(Path(place[1]).name, ""), int(place[2])))
    return sorted(found, key=lambda row: row[0])


class Program:
    """What is linked, as a graph of calls. Functions are told apart by their addresses: some have one name."""

    def __init__(self, program, folder):
        depths, places = frames(program), lines(program, folder)
        self.name = {}        # of each function
        self.frame = {}       # its bytes
        self.calls = {}       # whom it calls, and whether it ends there, its own frame gone
        self.unknown = set()  # where it is open who is called
        indirect = []
        function = None
        for line in command(["objdump", "-d", "--no-show-raw-insn", program]).splitlines():
            if start := FUNCTION.match(line):
                function = int(start[1], 16)
                self.name[function] = start[2]
                self.frame[function] = depths.get(function, RETURN_ADDRESS)
                self.calls[function] = set()
            elif call := DIRECT.search(line):
                self.calls[function].add((int(call[2], 16), call[1] != "call"))
            elif call := INDIRECT.search(line):
                address = int(INSTRUCTION.match(line)[1], 16)
                place = places[bisect.bisect_right(places, address, key=lambda row: row[0]) - 1]
                indirect.append((function, place[1:], call[1] != "call"))
        for call in indirect:
            self.add_indirect(*call)

    def named(self, names):
        return {function for function, name in self.name.items() if name in names}

    def add_indirect(self, function, place, ends):
        """A call, or where it ENDS the function a jump, which may be that of a switch, too."""
        text = "".join(linecache.getline(*place).split('"')[::2])
        if not MEMBER_CALLED.search(text) and not PARAMETER_CALLED.search(text):
            # Two calls that the compiler made one are told at the condition in front.
            text = "".join(linecache.getline(place[0], place[1] + 1).split('"')[::2])
        called = MEMBER_CALLED.findall(text)
        targets = {target for member in called if member not in hooks() for target in members().get(member, ())}
        if not called:
            called = [word for word in PARAMETER_CALLED.findall(text) if not self.named({word})]
            targets = handed_over() if called and not hooks().intersection(called) else set()
        self.calls[function] |= {(target, ends) for target in self.named(targets)}
        if not called and not ends:
            self.unknown.add(f"{self.name[function]} at {Path(place[0]).name}:{place[1]}")

    def depth(self, function, above=()):
        """Bytes of the deepest chain from FUNCTION on, and its names."""
        deepest, chain = self.frame.get(function, 0), ()
        for callee, ends in self.calls.get(function, ()):
            if callee in above or callee == function:
                continue  # nothing here calls itself; it looks so where members of two tables have one name
            below, path = self.depth(callee, (*above, function))
            if not ends:
                below += self.frame[function]
            if below > deepest:
                deepest, chain = below, path
        return deepest, (self.name.get(function, "?"), *chain)

    def deepest(self, names):
        return max(map(self.depth, self.named(names)))


def of(build, driver):
    """The graph of DRIVER with all transports and rings."""
    roots = sizes.declared(driver, build.libvirtio)
    if driver in sizes.DRIVERS:
        roots += [*sizes.ALL_RINGS_AND_TRANSPORTS, *sizes.NAMED.get(driver, [])]
    with tempfile.TemporaryDirectory(prefix="virtio-stack-") as folder:
        out = Path(folder, "linked")
        sizes.link(build.libvirtio, roots, out)
        return Program(out, build.folder)


def measure(build):
    """{name: (bytes, the chain of calls)}"""
    rows = {}
    for driver in [*sizes.DRIVERS, "uart16550"]:
        program = of(build, driver)
        if program.unknown:
            raise TestFailure(f"who is called through a pointer here: {', '.join(sorted(program.unknown))}")
        calls = sizes.declared(driver, build.libvirtio)
        start = [call for call in calls if re.search(r"_(attach|detach|init)$", call)]
        path = DATA_PATH.get(driver, [call for call in calls if call not in start])
        rows[f"{driver}: attach, detach"] = program.deepest(start)
        rows[f"{driver}: data path"] = program.deepest(path)
    return rows
