# SPDX-License-Identifier: ISC
"""The fuzz targets with clang's libFuzzer: for tools/fuzz, and for a bounded time as a part of tools/test."""

import argparse
import concurrent.futures
import dataclasses
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test" / "qemu"))

# pylint: disable=wrong-import-position
import builds
from outcome import TestFailure, TestSkipped, command
from report import Report

SOURCES = builds.TOP / "test" / "fuzz"
FOLDER = builds.FOLDER / "fuzz"
FOUND = FOLDER / "found"
AT_ONCE = 2
GATE_SECONDS = 180  # of work, in tools/test
# Parsers of little input: half a share is plenty.
SMALL = {"acpi", "mmio_arguments", "multiboot", "names", "pvh", "uart16550"}
# Most executions in tools/test: what two idle processors reach in that time. A faster machine tries the same inputs
# and no more, since a test must not find on one machine what it does not on another; tools/fuzz is for looking further.
GATE_EXECUTIONS = {
    "9p": 45000, "acpi": 3300, "balloon": 25000, "blk": 8000, "console": 36000, "mmio_arguments": 330000,
    "multiboot": 1900000, "names": 530000, "net": 22000, "pci": 150000, "pvh": 1800000, "rng": 31000,
    "uart16550": 400000, "virtqueue": 67000, "vsock": 26000,
}
OTHER_EXECUTIONS = 20000  # of a target that is new
LONGEST_INPUT = 600
HANGS = 600  # seconds that one input may take, far more than any takes on a slow machine


@dataclasses.dataclass(frozen=True)
class Outcome:
    executions: int
    edges: int
    features: int
    found: str = ""  # what libFuzzer said when it found something

    def __str__(self):
        return f"{self.executions} executions, {self.edges} edges, {self.features} features"


def targets():
    return sorted(path.stem.removeprefix("fuzz_") for path in SOURCES.glob("fuzz_*.c"))


def make():
    """Build all of them."""
    if not (FOLDER / "build.ninja").exists():
        again = ["--wipe"] if FOLDER.exists() else []
        command(["meson", "setup", *again, "-Dtests=enabled", "-Dexamples=false", FOLDER, builds.TOP],
                env={**os.environ, "CC": "clang", "CC_LD": "lld"})
    if "libfuzzer:" not in command(["ninja", "-C", FOLDER, "-t", "targets", "all"]):
        raise TestSkipped("this clang has no libFuzzer")
    command(["ninja", "-C", FOLDER, "--quiet", f"-j{os.cpu_count() or 1}", "libfuzzer"])


def program(target):
    return FOLDER / "test" / "fuzz" / f"libfuzzer_{target}"


def shares(wanted, seconds):
    """How many seconds each target gets."""
    weights = {target: 1 if target in SMALL else 2 for target in wanted}
    return {target: max(1, round(seconds * weight / sum(weights.values()))) for target, weight in weights.items()}


def last_number(name, output):
    """The last number that libFuzzer's lines of progress give for NAME."""
    numbers = re.findall(rf"\b{name}: (\d+)", output)
    return int(numbers[-1]) if numbers else 0


@functools.cache
def fixed_addresses():
    """How to start a program at the same addresses every time, where that is allowed."""
    fixed = ["setarch", "--addr-no-randomize"]
    tried = subprocess.run([*fixed, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return [] if tried.returncode else fixed


def run_target(target, seconds, corpus, seed, executions=-1):
    """Fuzz one target, beginning with its seeds and CORPUS, which grows. No more than EXECUTIONS, if it is not -1.
    With a SEED the same inputs come in every run: nothing in the search hangs on time or addresses."""
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    same = ["-entropic=0", "-reload=0"] if seed else []
    run = subprocess.run(
        [*(fixed_addresses() if seed else []), program(target), *same, f"-max_total_time={seconds}",
         f"-runs={executions}", f"-seed={seed}", f"-timeout={HANGS}",
         "-rss_limit_mb=2048", f"-max_len={65536 if target == 'acpi' else LONGEST_INPUT}", "-len_control=0",
         "-print_final_stats=1", f"-artifact_prefix={found}/", corpus, SOURCES / "corpus" / target],
        env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False)
    done = re.search(r"stat::number_of_executed_units:\s+(\d+)", run.stdout)
    return Outcome(int(done.group(1)) if done else 0, last_number("cov", run.stdout),
                   last_number("ft", run.stdout), trouble(target, run) if run.returncode else "")


def trouble(target, run):
    """What went wrong, without the lines of progress, and how to see it again."""
    lines = [line for line in run.stdout.splitlines() if not re.match(r"#\d+\s", line)]
    text = "\n".join(lines[-60:])
    file = re.search(r"Test unit written to (\S+)", run.stdout)
    if file:
        text += f"\nagain: {program(target)} {file.group(1)}"
    return text


def run(report):
    """A part of tools/test: three minutes of work, the same inputs first in every run."""
    names = targets()
    if report.list_only:
        for target in names:
            report.run("fuzz", target, None)
        return
    wanted = [target for target in names if report.wants("fuzz", target)]
    if not wanted or not report.run("build", "fuzz", make) or not program(wanted[0]).exists():
        return
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for target, seconds in shares(wanted, GATE_SECONDS * len(wanted) / len(names)).items():
            corpus = pathlib.Path(scratch) / target
            corpus.mkdir()
            pool.submit(report.run, "fuzz", target, test, target, seconds, corpus)


def test(target, seconds, corpus):
    outcome = run_target(target, seconds, corpus, 1, GATE_EXECUTIONS.get(target, OTHER_EXECUTIONS))
    if outcome.found:
        raise TestFailure(outcome.found)
    return str(outcome)


def row(target, executions, edges, features, found):
    return f"{target:<16} {executions:>12} {edges:>8} {features:>10}  {found}"


def fuzz(wanted, seconds):
    """Fuzz them and print a table; how many found something."""
    print(row("target", "executions", "edges", "features", "found"), flush=True)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {}
        for target, share in shares(wanted, seconds).items():
            corpus = FOLDER / "corpus" / target
            corpus.mkdir(parents=True, exist_ok=True)
            futures[pool.submit(run_target, target, share, corpus, 0)] = target
        for future in concurrent.futures.as_completed(futures):
            target, outcome = futures[future], future.result()
            print(row(target, outcome.executions, outcome.edges, outcome.features,
                      "something: see below" if outcome.found else "nothing"), flush=True)
            if outcome.found:
                failed.append((target, outcome.found))
    for target, text in failed:
        print(f"\n{target}:\n{text}")
    return len(failed)


def main():
    parser = argparse.ArgumentParser(prog="tools/fuzz", description="Fuzz the targets of test/fuzz for some time.")
    parser.add_argument("minutes", type=float, metavar="MINUTES", help="of work, shared out; two work at a time")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=" ".join(targets()))
    options = parser.parse_args()
    if unknown := set(options.targets) - set(targets()):
        parser.error(f"no such target: {' '.join(sorted(unknown))}; there are {' '.join(targets())}")
    if options.minutes <= 0:
        parser.error(f"{options.minutes:g} minutes are too few")
    try:
        make()
    except (TestFailure, TestSkipped) as reason:
        print(f"tools/fuzz: {reason}", file=sys.stderr)
        return 1
    return 1 if fuzz(options.targets or targets(), 60 * options.minutes) else 0


if __name__ == "__main__":
    sys.exit(main())
