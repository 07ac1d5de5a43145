# SPDX-License-Identifier: ISC
"""Every machine, transport, ring and way to learn of events that go together, for a network card and a disk.

Each combination is a case; docs/proven.md is the table of those that passed, written by the run (`tools/test qemu
--prove`) and compared with it by each later one.
"""

import builds
import scenarios
from outcome import TestFailure
from run import Case, Disk

TABLE = builds.TOP / "docs" / "proven.md"

# How each transport is asked of QEMU: the machines that have it, the device's options, what it can do, its name here.
PCI = ["pc", "q35"]
TRANSPORTS = {
    "legacy": (PCI, "disable-modern=on,disable-legacy=off", ["split"], "legacy PCI"),
    "transitional": (PCI, "disable-modern=off,disable-legacy=off", ["split", "packed"], "modern PCI"),
    "modern": (PCI, "disable-modern=off,disable-legacy=on", ["split", "packed"], "modern PCI"),
    "MMIO 1": (["microvm"], "", ["split"], "legacy MMIO"),
    "MMIO 2": (["microvm"], "", ["split", "packed"], "modern MMIO"),
}
RINGS = {"split": "packed=off", "packed": "packed=on"}
# The words for net_echo and guest_blk, and what the kernels then say.
WAYS = {
    "poll": ("interrupts=poll", "interrupts=0", ["polling"]),
    "line": ("interrupts=intx", "interrupts=2", ["8259", "IO-APIC"]),
    "MSI-X": ("interrupts=msix", "interrupts=1", ["MSI-X"]),
}


def combinations():
    """(machine, transport, ring, way) of all that can be."""
    for transport, (machines, _, rings, _) in TRANSPORTS.items():
        for machine in machines:
            for ring in rings:
                for way in WAYS:
                    if way != "MSI-X" or machine in PCI:
                        yield machine, transport, ring, way


def all_names():
    """The names of all cases."""
    for combination in combinations():
        for driver in ("net", "blk"):
            yield f"matrix {driver} {' '.join(combination)}"


def learns(scenario, words):
    """SCENARIO, and the kernel tells that it learnt of events in one of these ways; nothing is said when it polls."""

    def checked(machine, other):
        scenario(machine, other)
        if words and not any(word in machine.output for word in words):
            raise TestFailure(f"it did not say {' or '.join(words)}")

    return checked


def case_of(build, driver, machine, transport, ring, way):
    """The case of one combination for DRIVER, "net" or "blk"."""
    _, options, _, layout = TRANSPORTS[transport]
    options = f"{options},{RINGS[ring]}".strip(",") if transport not in ("legacy", "MMIO 1") else options
    net_word, blk_word, said = WAYS[way]
    doors = "" if machine in PCI else ".pvh"
    common = {"machine": machine if machine in PCI else f"{machine},isa-serial=on"}
    if transport.startswith("MMIO"):
        legacy = "on" if transport == "MMIO 1" else "off"
        common["devices"] = ("-global", f"virtio-mmio.force-legacy={legacy}")
    name = f"matrix {driver} {machine} {transport} {ring} {way}"  # as in all_names
    if driver == "net":
        scenario = learns(scenarios.driven(options, scenarios.echo_briefly, layout), said)
        return Case(name, build.example(f"net_echo{doors}"), scenario, nets=[options], command_line=net_word, **common)
    disks = [Disk(sectors=1024, seed=scenarios.FOUND_SEED, options=options)]
    scenario = scenarios.driven(options, scenarios.blk(disks), layout)
    words = f"disks=1 found={scenarios.FOUND_SEED} seed={scenarios.WRITTEN_SEED} {blk_word}"
    return Case(name, build.guest(f"guest_blk{doors}"), learns(scenario, said if way != "poll" else []), disks=disks,
                command_line=words, **common)


def cases(build):
    for combination in combinations():
        for driver in ("net", "blk"):
            yield case_of(build, driver, *combination)


def table(passed):
    """docs/proven.md for the names of cases that PASSED."""
    lines = [
        "# What is proven",
        "",
        "Written by `tools/test qemu --prove` from its results, not by hand: each cell is a machine that was booted in",
        "QEMU, with a network card that echoed frames (net) and a disk whose image was compared byte for byte (blk). A",
        "line is INTx on PCI and the one interrupt of an MMIO device; a dash is a combination that does not exist.",
        "",
        "| machine | transport | ring | " + " | ".join(WAYS) + " |",
        "|---|---|---|" + "---|" * len(WAYS),
    ]
    known = set(combinations())
    rows = dict.fromkeys((machine, transport, ring) for machine, transport, ring, _ in combinations())
    for row in sorted(rows, key=lambda row: row[0]):
        cells = []
        for way in WAYS:
            names = {driver: f"matrix {driver} {' '.join(row)} {way}" for driver in ("net", "blk")}
            done = [driver for driver, name in names.items() if name in passed]
            cells.append(", ".join(done) or ("none" if (*row, way) in known else "-"))
        lines.append("| " + " | ".join([*row, *cells]) + " |")
    return "\n".join(lines) + "\n"


def compare(passed):
    """A test: the table in the tree is what this run proves."""
    if not TABLE.exists() or TABLE.read_text() != table(passed):
        raise TestFailure("docs/proven.md differs from what this run proves: run tools/test qemu --prove")


def prove(passed):
    TABLE.write_text(table(passed))
