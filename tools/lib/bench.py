# SPDX-License-Identifier: ISC
"""What depends on the speed of the machine, and so is no test. tools/bench runs it."""

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "test" / name) for name in ("qemu", "bench")]

# pylint: disable=wrong-import-position
import accelerator
import accesses
import bench_ocaml
import builds
import costs
import machine_bench
import native_bench
import time_and_power
from bench_results import Results
from run import Case, run_case

BOARDS = ("pc", "q35", time_and_power.MICROVM)


@contextlib.contextmanager
def burners(count):
    """COUNT processes that do nothing but keep a processor busy."""
    made = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in made:
            process.kill()
            process.wait()


def clock_errors(board, chosen):
    """How far the clock of one machine is off, as fractions, over some runs of two seconds."""
    errors = []

    def scenario(machine, _):
        machine.expect("ready")
        errors.extend(time_and_power.measure(machine) for _ in range(time_and_power.TRIES))

    run_case(Case(f"clock {board}", builds.GCC.guest("guest_time"), scenario, machine=board), chosen)
    return errors


def clock(results, chosen):
    title = f"How far the clock is off over {time_and_power.SECONDS:g} s"
    busy = 2 * (os.cpu_count() or 1)
    for load, way in ((0, "libvirtio, alone"), (busy, f"libvirtio, {busy} busy processes beside it")):
        with burners(load):
            for board in BOARDS:
                errors = clock_errors(board, chosen)
                results.add(title, board.split(",")[0], way, [100 * error for error in errors], "%")


def exact(results, _):
    costs.bench(results)
    accesses.bench()


# What each measures with the accelerator that is chosen, and adds to the results.
PARTS = {"exact": exact, "clock": clock, "ocaml": bench_ocaml.run, "native": native_bench.measure,
         "machine": machine_bench.run}


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measure: everything, or these parts.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {' '.join(sorted(unknown))}; there are {' '.join(PARTS)}")
    parts = options.parts or list(PARTS)
    chosen = None
    if parts != ["exact"]:
        builds.GCC.make()
        chosen, why = accelerator.choose()
        print(f"QEMU runs with {chosen} ({why})")
    measured = []
    for part in parts:
        measured.append(Results(part, chosen))
        PARTS[part](measured[-1], chosen)
        measured[-1].keep()
    for results in measured:
        results.print_table()


if __name__ == "__main__":
    main()
