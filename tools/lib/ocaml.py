# SPDX-License-Identifier: ISC
"""OCaml unikernels: the examples on each machine, and one that is built as a user would."""

import concurrent.futures
import os
import pathlib
import shutil
import tempfile

import builds
import machine
import scenarios
from consumer import Installed, boot
from outcome import TestFailure, command
from run import Case, run_case

BUILDS = [builds.GCC, builds.CLANG]
MACHINES = {"pc": "", "q35": "", "microvm": ".pvh"}  # and the doors of the image that they take
HELLO = [f"hello {count}, {count - 1}." for count in range(1, 5)]


def hello_cases(build):
    for board, doors in MACHINES.items() if build is builds.GCC else [("pc", "")]:
        yield Case(f"ocaml_hello {board}", build.example(f"ocaml_hello{doors}"), scenarios.ends_with(0, *HELLO),
                   machine=board)


def check_makefile(accelerator):
    """The rule that users copy, out of reach of the tree."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        installed = Installed(builds.GCC, name)
        folder = pathlib.Path(name, "hello")
        shutil.copytree(builds.TOP / "examples" / "ocaml_hello", folder)
        environment = {**installed.environment, "OCAMLPATH": str(next(installed.root.rglob("META")).parents[1])}
        command(["make", "-C", folder, "ocaml_hello.elf", f"PKG_CONFIG=pkg-config --define-variable=prefix="
                 f"{installed.prefix}"], env=environment)
        boot(folder / "ocaml_hello.elf", scenarios.ends_with(0, *HELLO), accelerator)


def run(report, made, accelerator, workers=2):
    report.run("ocaml", "the Makefile of ocaml_hello", check_makefile, accelerator)
    cases = [(build, case) for build in BUILDS if build in made for case in hello_cases(build)]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for job in [pool.submit(report.run, "ocaml", f"{build.name} {case.name}", run_case, case, accelerator)
                        for build, case in cases]:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise
