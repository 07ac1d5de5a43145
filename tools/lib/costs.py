# SPDX-License-Identifier: ISC
"""
What the library costs, in numbers that do not depend on the machine: instructions, register writes and interrupts of
its paths, bytes of its text and of the stack. tools/bench exact prints them; tools/test costs holds them under the
ceilings of test/bench/ceilings.txt, which are those of one version of each compiler. A change that makes a path longer
raises its ceiling there, and says why.
"""

import re

import builds
import ceilings
import instructions
import sizes
import stack
from outcome import TestFailure, TestSkipped, command

BUILDS = [builds.GCC, builds.CLANG]
# Bytes that no ceiling may go above: what the library wants to be.
GOALS = {"net without messages": 16 << 10, "all drivers, transports and rings": 64 << 10}
CEILINGS = builds.TOP / "test" / "bench" / "ceilings.txt"


def compiler(build):
    """Its name and first number: "gcc 12"."""
    return f"{build.compiler} {command([build.compiler, '-dumpversion']).split('.')[0].strip()}"


def paths(build, *arguments):
    """instructions.measure for the program of BUILD."""
    bench = build.folder / "test" / "bench" / "exact"
    return instructions.measure(bench / "exact", [build.libvirtio, bench / "libexact_paths.a"],
                                [bench / "libexact_device.a"], *arguments)


def burst_of(name):
    return int(re.search(r" (\d+)\b", name)[1])


def compare(build, measured):
    """MEASURED, {name: number}, is nowhere above its ceiling."""
    table, column = ceilings.read(CEILINGS), compiler(build)
    if not any(column in row for row in table.values()):
        raise TestSkipped(f"there are no ceilings for {column}")
    above = [f"{name}: {number:g}, and the ceiling is {table[name][column]:g}"
             for name, number in measured.items() if number > table[name][column]]
    above += [f"{name}: the ceiling is {table[name][column]:g}, and may not be more than {goal}"
              for name, goal in GOALS.items() if table[name][column] > goal]
    if above:
        raise TestFailure("\n".join(above))
    return f"{len(measured)} figures under their ceilings for {column}"


def check_instructions(build):
    return compare(build, {name: count / items for name, items, count, _, _ in paths(build)})


def check_sizes(build):
    return compare(build, {row.name: row.text for row in [*sizes.libraries(build), *sizes.images(build)]})


def check_stack(build):
    return compare(build, {f"stack of {name}": deepest for name, (deepest, _) in stack.measure(build).items()})


def check_accesses(build):
    """One register write for a burst at most; one interrupt at most where they are asked for, else none."""
    rows = paths(build)
    for name, items, _, writes, interrupts in rows:
        bursts = items // burst_of(name)
        if writes > bursts or interrupts > (bursts if "interrupts" in name else 0):
            raise TestFailure(f"{name}: {writes} register writes and {interrupts} interrupts in {bursts} bursts")
    return f"{len(rows)} paths"


def run(report, made):
    for build in [build for build in BUILDS if build in made]:
        report.run("costs", f"{build.name}: instructions", check_instructions, build)
        report.run("costs", f"{build.name}: text", check_sizes, build)
        report.run("costs", f"{build.name}: stack", check_stack, build)
    if builds.GCC in made:
        report.run("costs", "register writes and interrupts", check_accesses, builds.GCC)


def print_row(name, cells, width=15):
    print(f"  {name:<36}" + "".join(f"{cell:>{width}}" for cell in cells), flush=True)


# What grows, by the name of its row: the plot, how its rows are called, and its line there.
GROWTH = [
    (r"(\w+) (pair|echo|read) (\d+)", "Instructions for each buffer, frame or request, by burst", "burst", "{0} {1}"),
    (r"(\w+) pair \d+, (ring): (\d+)", "Instructions for a buffer, by ring", "ring", "{0}"),
    (r"(\w+) buffer \d+, (segments|in a table): (\d+)", "Instructions for a buffer, by segments", "segments",
     "{0}, {1}"),
    (r"(\w+) read \d+, (queues): (\d+)", "Instructions for a request, by queues", "queues", "{0}"),
]


def plot_growth(results, name, instructions):
    for pattern, title, what, way in GROWTH:
        if found := re.fullmatch(pattern, name):
            *words, number = found.groups()
            results.add(title, f"{what} {number}", f"libvirtio, {way.format(*words)}", [instructions], "instructions",
                        tell=False)


def bench(results):
    """Print it all; how it grows is kept, too."""
    names = [compiler(build) for build in BUILDS]
    for build in BUILDS:
        build.make()
    counted = [paths(build) for build in BUILDS]
    print("for each buffer, frame or request, in bursts of the number that is named; the device asks to be notified")
    print_row("", [*(f"{name} instr." for name in names), "writes", "interrupts"])
    for rows in zip(*counted):
        name, items, _, writes, interrupts = rows[0]
        print_row(name, [*(f"{row[2] / row[1]:.1f}" for row in rows), f"{writes / items:.4f}",
                         f"{interrupts / items:.4f}"])
    print("how instructions grow with bursts, rings, segments and queues")
    print_row("", [f"{name} instr." for name in names])
    for rows in zip(*(paths(build, "growth") for build in BUILDS)):
        print_row(rows[0][0], [f"{row[2] / row[1]:.1f}" for row in rows])
        plot_growth(results, rows[0][0], rows[0][2] / rows[0][1])
    print("bytes: code, constants, both, and data, which in the library are tables of addresses")
    print_row("", [cell for name in names for cell in ("", "", "", name)], 10)
    print_row("", ["code", "constants", "both", "data"] * len(names), 10)
    for rows in zip(*([*sizes.libraries(build), *sizes.images(build)] for build in BUILDS)):
        print_row(rows[0].name, [number for row in rows for number in (row.code, row.constants, row.text, row.data)],
                  10)
    print("bytes of stack that the deepest chain of calls takes, over all transports and rings, but for the runtime's")
    print_row("", names)
    deepest = [stack.measure(build) for build in BUILDS]
    for name in deepest[0]:
        print_row(name, [measured[name][0] for measured in deepest])
