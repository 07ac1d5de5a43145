# SPDX-License-Identifier: ISC
"""The unit tests of a build, and the lint."""

import json
import re
import subprocess

from builds import TOP
from outcome import TestFailure, command


# Run under valgrind, too, as a part of tools/test: every driver with a device that lies, on every transport, and the
# rings. `meson test --setup valgrind` runs all the others so.
UNDER_VALGRIND = [
    "fuzz_9p", "fuzz_balloon", "fuzz_blk", "fuzz_console", "fuzz_net", "fuzz_pci", "fuzz_rng", "fuzz_virtqueue",
    "fuzz_vsock", "in_order", "mapping", "net_queues_hostile", "packed_hostile", "split_hostile", "virtqueue_hostile",
]


def unit_results(build, *options):
    """Run unit tests of BUILD, all of them where OPTIONS name none; a record of meson's test log for each."""
    setup = "-valgrind" if "valgrind" in options else ""
    log = build.folder / "meson-logs" / f"testlog{setup}.json"
    log.unlink(missing_ok=True)
    run = subprocess.run(
        # Time limits are only there to end a test that hangs.
        ["meson", "test", "-C", build.folder, "--no-rebuild", "--suite", "unit", "--timeout-multiplier", "10",
         *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    records = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    if not records:
        raise TestFailure(f"no unit test ran\n{run.stdout}")
    return records


def run_units(report, build):
    """Each test program of BUILD is a test of ours."""
    try:
        records = unit_results(build)
    except TestFailure as failure:
        report.add("FAIL", "unit", build.name, detail=str(failure))
        return
    for record in records:
        report_unit(report, build, record)


def run_valgrind(report, build):
    """Some of the tests of BUILD under valgrind's memcheck."""
    try:
        records = unit_results(build, "--setup", "valgrind", *UNDER_VALGRIND)
    except TestFailure as failure:
        report.add("FAIL", "valgrind", build.name, detail=str(failure))
        return
    for record in records:
        report_unit(report, build, record, "valgrind")


def report_unit(report, build, record, group="unit"):
    name = f"{build.name} {record['name'].split(' / ')[-1].split(':')[-1]}"
    output = record.get("stdout", "") + record.get("stderr", "")
    tests = re.search(r"PASSED  \] (\d+) test", output)
    remark = f"{tests.group(1)} tests" if tests else ""
    if record["result"] == "SKIP":
        report.add("skip", group, name, output.strip().splitlines()[-1] if output.strip() else "it does not say why")
    elif record["result"] == "OK":
        report.add("ok", group, name, remark, record["duration"])
    else:
        detail = f"{record['result']}\n$ {' '.join(record['command'])}\n{output}"
        report.add("FAIL", group, name, seconds=record["duration"], detail=detail)


def run_lint(report):
    """Each check of test/lint is a test of ours."""
    run = subprocess.run([TOP / "test" / "lint" / "run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    results = re.findall(r"^(ok|FAIL|skip) +(\w+): (.*\n(?: +.*\n)*)", run.stdout, re.MULTILINE)
    for result, name, text in results:
        if result == "FAIL":
            report.add("FAIL", "lint", name, detail=text)
        else:
            report.add(result, "lint", name, text.strip())
    if not results or (run.returncode and all(result != "FAIL" for result, *_ in results)):
        report.add("FAIL", "lint", "all", detail=run.stdout)


def check_shell():
    """Our own scripts: syntax by dash, habits by shellcheck where it is."""
    scripts = [path for path in sorted((TOP / "tools").rglob("*")) if is_shell(path)] + [TOP / ".ci" / "run"]
    for script in scripts:
        command(["dash", "-n", script])
        command(["shellcheck", "-x", "-P", TOP / "tools", "-e", "SC1091", "-s", "sh", script])
    return f"{len(scripts)} scripts"


def is_shell(path):
    return path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/sh"))
