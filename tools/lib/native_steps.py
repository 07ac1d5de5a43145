# SPDX-License-Identifier: ISC
"""
Instructions of DPDK's driver for a frame where it uses some that valgrind does not know: counted step by step.
Where valgrind can count, too, both ways are told side by side.
"""

import re
import subprocess

import backends
import builds
from native_frames import BURST, DRIVER, MODES, VECTOR, Dpdk, moved, number
from outcome import TestFailure

FILE = "librte_net_virtio"  # the driver's
SIZE = 64  # bytes of a frame
BEFORE, TURNS = 8, 32  # a ring of bursts that are not counted, and four that are
TRIES = 5
LIMIT = 120  # seconds
CHECK = "instructions of the driver for a frame, counted in two ways"


def count(process):
    """The instructions in TURNS turns of DPDK's driver in PROCESS, which is moving frames."""
    argv = ["taskset", "-c", DRIVER, "timeout", str(LIMIT), builds.GCC.folder / "test" / "bench" / "native_step",
            process.worker(), FILE, str(BEFORE), str(TURNS)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as stepper:
        if not stepper.stdout.readline():
            raise TestFailure(stepper.stderr.read())
        process.ask("clear fwd stats all")
        stepper.stdin.write("\n")
        stepper.stdin.flush()
        inside = number(r"inside (\d+)", stepper.stdout.readline())
        return inside, process.ask("show fwd stats all")  # the end of its input lets it go on


def for_a_frame(way, mode):
    """In MODE. Only turns with full bursts count: no look in vain, and no other way into the driver."""
    for _ in range(TRIES):
        way.device.start(MODES[mode][1], SIZE)
        way.start(mode, SIZE)
        try:
            inside, said = count(way.process)
        finally:
            way.stop()
            way.device.ask("stop")
        if moved(mode, said) == (BEFORE + TURNS) * BURST:
            return inside / (TURNS * BURST)
    raise TestFailure(f"of {TRIES} tries to {mode}, none had full bursts only")


def measure_way(results, ring, way):
    """DPDK's vectorised driver, as a column of RING's table, or beside what is there already."""
    table = f"instructions of the driver for a frame, {ring.family}"
    for mode in MODES:
        row = f"{ring.name}: {mode}"
        try:
            found = [for_a_frame(way, mode)]
        except TestFailure as why:
            print(f"  {row}: {why}")
            continue
        if counted := results.tables[table].rows[row].get(VECTOR):
            both = f"{VECTOR}, {ring.family}: {mode}"
            results.add(CHECK, both, "valgrind", counted.values, "instructions")
            results.add(CHECK, both, "step by step", found, "instructions")
        else:
            results.add(table, row, VECTOR, found, "instructions")


def measure(results, ring, device, socket, options):  # pylint: disable=too-many-arguments
    with backends.virtio_user(socket, options, DRIVER) as process:
        if re.search(r"using (packed ring )?vectorized Rx", process.story()):
            measure_way(results, ring, Dpdk(device, process))
        else:
            print(f"  {ring.family}, {ring.name}: DPDK has no vectorised path for this processor")
