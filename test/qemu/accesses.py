# SPDX-License-Identifier: ISC
"""
Register accesses and interrupts of QEMU's own devices, for each request and frame: guest_costs takes the paths of the
drivers in bursts, and QEMU's trace tells what its device models saw of that. The figures are the same on every machine:
a burst begins when the device has nothing left to do, and is over when all of it has come back; under emulation, which
these machines always run with, the processor hears of an interrupt only when the device has done what it is doing.
tools/bench exact prints them; as cases of tools/test qemu they are held under the ceilings of test/bench/accesses.txt.
"""

import collections
import dataclasses
import fractions
import pathlib
import re

import builds
import ceilings
import matrix
import scenarios
from outcome import TestFailure
from run import Case, device, run_case

CEILINGS = builds.TOP / "test" / "bench" / "accesses.txt"
KINDS = ("read", "write", "interrupt")  # of a register, of a register, of the device

EVENTS = ("memory_region_ops_read", "memory_region_ops_write", "virtio_notify", "virtio_notify_irqfd")
TRACE = (*(word for event in EVENTS for word in ("-trace", event)), "-D", "{folder}/trace")
ACCESS = re.compile(r"memory_region_ops_(read|write) .* addr (0x[0-9a-f]+) value (0x[0-9a-f]+) size \d+ name '(.*)'")
REGISTERS = re.compile(r"virtio|msix|pci-conf|pcie-mmcfg")  # names of regions that belong to a device of ours
MARK = 0x3FF  # where guest_costs writes the number of the path that goes on, 0: none
PATH = re.compile(r"path (\d+): (.*), (.*) ring: (\S+) (\S+) (\d+), (\d+) times after (\d+)")
EMULATION = "tcg"
LOAD = "load"  # the path whose frames come one by one
RING = 256  # entries, as of the network card's queues

# The network card is in slot 4 of QEMU's pc. The disk's slot leads to another line, or to the same.
OWN_LINE, SAME_LINE = 13, 12

ETHERTYPE = b"\x88\xb5"
CARD, PEER = bytes.fromhex("525400000100"), bytes.fromhex("525400000299")


@dataclasses.dataclass(frozen=True)
class Row:
    """What one path cost in so many bursts of so many requests or frames."""

    transport: str  # as in matrix.TRANSPORTS
    ring: str
    way: str
    path: str
    burst: int
    bursts: int
    counts: collections.Counter
    asked: int = 0  # how often interrupts were switched on, under load

    @property
    def learning(self):
        """How it learns of events: lines of PCI and of MMIO differ."""
        return self.way if self.way != "line" else "MMIO line" if self.transport.startswith("MMIO") else "INTx"

    @property
    def name(self):
        """Of its ceilings, which are the same for every transport."""
        return f"{self.ring} {self.learning}, {self.path} {self.burst}"

    def each(self, kind):
        """For one request or frame."""
        return fractions.Fraction(self.counts[kind], self.burst * self.bursts)


def count(lines):
    """{number of a path: a Counter of "read", "write" and "interrupt"} of a trace."""
    paths = collections.defaultdict(collections.Counter)
    path = 0
    for line in lines:
        if access := ACCESS.match(line):
            kind, address, value, region = access.groups()
            if int(address, 16) == MARK and kind == "write":
                path = int(value, 16)
            elif REGISTERS.match(region):
                paths[path][kind] += 1
        elif line.startswith("virtio_notify"):
            paths[path]["interrupt"] += 1
    return paths


class Peer:
    """The far end of the cable: sends frames when it is asked to, and takes what comes."""

    def __init__(self, machine, link):
        self.machine = machine
        self.link = link
        self.wanted = []  # frames that must come back
        self.asked = []  # what the guest said of each round in which frames came one by one

    def send(self, burst, together):
        frames = [PEER + CARD + ETHERTYPE + bytes([number]) * 46 for number in range(burst)]
        for some in [frames] if together else [[frame] for frame in frames]:
            self.link.send_all(some, self.machine.deadline)
        self.wanted = [frame[6:12] + frame[:6] + frame[12:] for frame in frames]

    def take(self, burst):
        got = [self.link.receive(self.machine.deadline) for _ in range(burst)]
        if None in got:
            raise TestFailure(f"not all of {burst} frames came")
        if self.wanted and got != self.wanted:
            raise TestFailure(f"{burst} frames were sent, and did not come back as they should")
        self.wanted = []

    def obey(self):
        """Until the guest ends."""
        word = ""
        while word not in ("PASS", "FAIL"):
            word, _, number = self.machine.expect("\n").strip().partition(" ")
            if word in ("send", "stream"):
                self.send(int(number), word == "send")
            elif word == "sent":
                self.take(int(number))
            elif word == "asked":
                self.asked.append(int(number))
        scenarios.expect_status(self.machine, 0)


def watch(machine, link):
    """Play the peer until the guest ends, and match its words with the trace: the rows, but for what was asked for."""
    peer = Peer(machine, link)
    peer.obey()
    trace = pathlib.Path(machine.argv[machine.argv.index("-D") + 1])
    counted = count(trace.read_text(encoding="utf-8", errors="replace").splitlines())
    for number, said, ring, way, path, burst, bursts, warm_up in PATH.findall(machine.output):
        row = Row(said, ring, way, path, int(burst), int(bursts), counted[int(number)])
        if path == LOAD:
            rounds, peer.asked = peer.asked[: int(warm_up) + row.bursts], peer.asked[int(warm_up) + row.bursts :]
            row = dataclasses.replace(row, asked=sum(rounds[int(warm_up) :]))
        yield row


def rows(board, transport, ring, watched):
    """Those of a machine, under the name of what was wanted; that it used that, it has said itself."""
    layout = matrix.TRANSPORTS[transport][3]
    found = []
    for row in watched:
        if (row.transport, row.ring) != (layout, ring):
            raise TestFailure(f"it used {row.transport} with the {row.ring} ring")
        found.append(dataclasses.replace(row, transport=transport))
    wanted = {combination[3] for combination in matrix.combinations() if combination[:3] == (board, transport, ring)}
    if (ways := {row.way for row in found}) != wanted:
        raise TestFailure(f"it used the ways {sorted(ways)}, not {sorted(wanted)}")
    return found


def under_load(row):
    """What is wrong with the row of frames that came one by one: how many interrupts that took depends on the machine.

    Each time that interrupts are switched on there is one at most, and one for each time that QEMU's packed ring ends;
    each is asked about once at most, and so is one that was left from before.
    """
    laps = row.burst * row.bursts / RING + 1 if row.ring == "packed" and row.way != "poll" else 0
    if row.counts["interrupt"] > row.asked + laps:
        yield f"{row.name}: {row.counts['interrupt']} interrupts, and they were switched on {row.asked} times"
    if row.counts["read"] > (row.counts["interrupt"] + 1 if row.way == "line" else 0):
        yield f"{row.name}: {row.counts['read']} reads, with {row.counts['interrupt']} interrupts"


def goals(row):
    """(what, figure, limit) for one request or frame, of what must be, whatever the ceilings say.

    MMIO devices must be asked why they interrupted, and told that it was heard (VIRTIO 4.2.3.4.1): two accesses more.
    """
    confirmed = fractions.Fraction(row.learning == "MMIO line", row.burst)
    if row.way != "line":
        yield "reads", row.each("read"), 0
    yield "interrupts", row.each("interrupt"), 0 if row.way == "poll" else 1
    if row.path == "read":
        yield "writes", row.each("write") - confirmed, 1 if row.burst == 1 else fractions.Fraction(1, 16)
    if (row.path, row.burst) == ("echo", 16):
        yield "accesses", row.each("read") + row.each("write") - 2 * confirmed, fractions.Fraction(1, 8)


def beyond(row, limits):
    """What ROW costs more than the ceilings for one burst, and more than the goals."""
    for kind, ceiling in limits.items():
        if row.counts[kind] > ceiling * row.bursts:
            yield (f"{row.name}: {kind}s in {row.bursts} bursts: {row.counts[kind]}, and the ceiling for one is "
                   f"{ceiling:g}")
    for what, figure, limit in goals(row):
        if figure > limit:
            yield f"{row.name}: {what} for each: {figure}, and the goal is {limit}"


def check(found):
    """All rows are as they must be."""
    limits = ceilings.read(CEILINGS)
    wrong = [text for row in found for text in (under_load(row) if row.path == LOAD else beyond(row, limits[row.name]))]
    if wrong:
        raise TestFailure("\n".join(wrong))


def combinations():
    """(machine, transport, ring) of all that can be, each on the first machine that has it."""
    for transport, (machines, _, rings, _) in matrix.TRANSPORTS.items():
        for ring in rings:
            yield machines[0], transport, ring


def case_of(build, board, transport, ring, then, slot=OWN_LINE, without=""):
    """THEN is called with the rows; SLOT is the disk's on PCI; the devices are WITHOUT this feature."""
    options = [matrix.TRANSPORTS[transport][1], *([matrix.RINGS[ring]] if ring == "packed" else [])]
    options += [f"{without}=off"] if without else []
    mmio = transport.startswith("MMIO")
    # Each notification is an access then, not a flag between two threads.
    more = ["-global", f"{'virtio-mmio' if mmio else 'virtio-pci'}.ioeventfd=off"]
    if mmio:
        more += ["-global", f"virtio-mmio.force-legacy={'on' if transport == 'MMIO 1' else 'off'}"]

    def scenario(machine, link):
        then(rows(board, transport, ring, watch(machine, link)))

    case = Case(f"accesses {transport} {ring}", build.guest(f"guest_costs{'.pvh' if mmio else ''}"), scenario)
    case.machine = f"{board},isa-serial=on" if mmio else board
    case.accelerator = EMULATION
    case.nets = [",".join(filter(None, options))]
    case.devices = (*TRACE, *more, "-drive", "driver=null-co,read-zeroes=on,if=none,id=disk,size=1M",
                    "-device", device(case, "blk", "drive=disk", slot, *options))
    return case


def check_shared_line(found):
    """Where the network card follows the disk on a line, an interrupt takes a read of each, and no frame takes one."""
    for row in [row for row in found if row.way == "line" and row.path != LOAD]:
        reads = row.bursts * (1 if row.path == "read" else 2)
        if row.counts["read"] != reads:
            raise TestFailure(f"{row.name}: {row.counts['read']} reads in {row.bursts} bursts, not {reads}")


def check_by_flags(found):
    """Without EVENT_IDX devices interrupt until they see that they must not; accesses, and polling, are as ever."""
    exact = [row for row in found if row.path != LOAD]
    for row in exact:
        if row.way != "poll":
            row.counts["interrupt"] = 0
    check(exact)


def cases(build):
    for board, transport, ring in combinations():
        yield case_of(build, board, transport, ring, check)
        by_flags = case_of(build, board, transport, ring, check_by_flags, without="event_idx")
        by_flags.name += ", event_idx=off"
        if transport != "transitional":  # its rings are those of a modern one
            yield by_flags
    for transport, ring in (("legacy", "split"), ("modern", "packed")):
        shared = case_of(build, "pc", transport, ring, check_shared_line, SAME_LINE)
        shared.name += ", a shared line"
        yield shared


def print_rows(found):
    """A line for each way, with a cell for each path."""
    exact = [row for row in found if row.path != LOAD]
    for way in dict.fromkeys(row.learning for row in exact):
        cells = [" ".join(str(row.each(kind)) for kind in KINDS) for row in exact if row.learning == way]
        print(f"  {found[0].transport:<13}{found[0].ring:<8}{way:<11}" + "".join(f"{cell:>17}" for cell in cells),
              flush=True)


def bench():
    """Print them all."""
    builds.GCC.make("test/qemu/guest_costs/guest_costs.elf", "test/qemu/guest_costs/guest_costs.pvh.elf")
    print("registers read, registers written and interrupts, for each request or frame, of QEMU's devices")
    paths = ("read 1", "read 32", "echo 1", "echo 16", "transmit 32")
    print(f"  {'':<32}" + "".join(f"{path:>17}" for path in paths))
    for board, transport, ring in combinations():
        run_case(case_of(builds.GCC, board, transport, ring, print_rows), EMULATION)
