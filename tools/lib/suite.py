# SPDX-License-Identifier: ISC
"""All the tests, in order: the quick ones first. tools/test runs it."""

import argparse
import concurrent.futures
import pathlib
import signal
import sys

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "test" / name) for name in ("qemu", "mutation", "bench")]

# pylint: disable=wrong-import-position
import accelerator
import archives
import builds
import cases
import consumer
import costs
import coverage
import fuzz
import machine
import machine_bench
import models
import mutate
import native
import ocaml
import smoke
import soak
import solo5
import units
from report import Report

GROUPS = ["lint", "model", "tools", "unit", "valgrind", "costs", "fuzz", "archive", "consumer", "native", "ocaml",
          "solo5", "qemu", "soak"]
MACHINES = ["consumer", "ocaml", "solo5", "qemu", "soak"]  # those that boot some


def make(report, wanted):
    """Build what is wanted; the builds that succeeded."""
    made = []
    for build in wanted:
        before = report.failed
        report.run("build", build.name, build.make)
        if report.failed == before:
            made.append(build)
    return made


def wanted_builds(groups):
    wanted = []
    if "unit" in groups or "archive" in groups:
        wanted += builds.UNIT
    if "qemu" in groups or "archive" in groups or "consumer" in groups:
        wanted += builds.IMAGES
    if {"tools", "soak", "valgrind", "native"} & set(groups):
        wanted += [builds.GCC]
    if "costs" in groups:
        wanted += costs.BUILDS
    if "ocaml" in groups:
        wanted += ocaml.BUILDS
    if "solo5" in groups:
        wanted += solo5.BUILDS
    return [build for build in builds.ALL if build in wanted]


def run(report, groups, options):
    if "lint" in groups:
        units.run_lint(report)
    if "model" in groups:
        models.run_models(report)
    made = make(report, wanted_builds(groups))
    if "unit" in groups:
        for build in [build for build in made if build.unit_tests]:
            if build.coverage and not report.list_only:
                coverage.forget(build)
            units.run_units(report, build)
            if build.coverage:
                report.run("unit", "coverage", coverage.check, build)
        if builds.GCC in made:
            report.run("unit", "mutants", mutate.sample)
    if "valgrind" in groups and builds.GCC in made and not report.list_only:
        units.run_valgrind(report, builds.GCC)
    if "costs" in groups:
        costs.run(report, made)
    if "fuzz" in groups:
        fuzz.run(report)
    if "archive" in groups:
        for build in made:
            report.run("archive", f"{build.name} libvirtio.a", archives.check_libvirtio, build)
            report.run("archive", f"{build.name} libvirtio_boot.a", archives.check_boot, build)
    run_lanes(report, groups, options, made)
    if "archive" in groups and not report.list_only:
        for build in [build for build in (builds.GCC, builds.CLANG) if build in made]:
            report.note(archives.sizes(build))


def run_lanes(report, groups, options, made):
    """What waits more than it computes: three lanes side by side, each in its order."""
    chosen = None
    if set(MACHINES) & set(groups):
        chosen, why = accelerator.choose()
        report.note(f"QEMU runs with {chosen} ({why})")

    def users():
        if "tools" in groups:
            smoke.run(report)
        if "native" in groups and builds.GCC in made:
            native.run(report, builds.GCC)
        if "consumer" in groups and {builds.GCC, builds.CLANG} <= set(made):
            consumer.run(report, chosen)
        if "ocaml" in groups:
            ocaml.run(report, made, chosen)
        if "solo5" in groups:
            solo5.run(report, made, chosen)

    def machines():
        if "qemu" in groups:
            cases.run(report, made, chosen, options.prove)
            if builds.GCC in made:
                machine_bench.smoke(report, chosen)

    def lasting():
        if "soak" in groups and builds.GCC in made:
            soak.run(report, builds.GCC, chosen, options.minutes, options.seed)

    with concurrent.futures.ThreadPoolExecutor(1 if report.list_only else 3) as pool:
        try:
            for lane in [pool.submit(lane) for lane in (users, machines, lasting)]:
                lane.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise


def main():
    parser = argparse.ArgumentParser(prog="tools/test", description="Run the tests: all, or these parts.")
    parser.add_argument("groups", nargs="*", metavar="PART", help=" ".join(GROUPS))
    parser.add_argument("--only", action="append", default=[], metavar="WORD",
                        help="tests with this word in their names")
    parser.add_argument("--list", action="store_true", help="only the names")
    parser.add_argument("--prove", action="store_true", help="write docs/proven.md from this run")
    parser.add_argument("--minutes", type=float, default=2, help="how long the soak may last (2)")
    parser.add_argument("--seed", type=int, default=soak.SEED, help=f"what happens in the soak ({soak.SEED})")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no such part: {' '.join(sorted(unknown))}; there are {' '.join(GROUPS)}")
    # Ended from outside: unwind, so that no machine stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report(options.only, options.list)
    try:
        run(report, options.groups or GROUPS, options)
    except KeyboardInterrupt:
        report.note("interrupted")
        report.close()
        return 130
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
