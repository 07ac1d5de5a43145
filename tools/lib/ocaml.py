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
CHECK = "check NAME=value a=b --flag"
BACKTRACE = ["Fatal error: exception Not_found\n", 'Raised at Guest_ocaml.deep in file "guest_ocaml.ml"',
             'Called from Guest_ocaml in file "guest_ocaml.ml"']
UNCAUGHT_STATUS = 2
FATAL_STATUS = 127
HELLO = [f"hello {count}, {count - 1}." for count in range(1, 5)]


def hello_cases(build):
    for board, doors in MACHINES.items() if build is builds.GCC else [("pc", "")]:
        yield Case(f"ocaml_hello {board}", build.example(f"ocaml_hello{doors}"), scenarios.ends_with(0, *HELLO),
                   machine=board)


# What guest_ocaml does by a word on its command line: how it ends, and what it says.
ENDS = {
    "uncaught": scenarios.ends_with(UNCAUGHT_STATUS, *BACKTRACE),
    "exit": scenarios.ends_with(7, "not flushed by hand"),
    "exit-raises": scenarios.ends_with(UNCAUGHT_STATUS, 'Fatal error: exception Failure("in at_exit")'),
    "exhaust": scenarios.ends_with(3, "memory is exhausted"),
    "exhaust-small": scenarios.ends_with(FATAL_STATUS, "Fatal error: out of memory"),
    "off": scenarios.powers_off(),
}


def guest_cases(build):
    """The runtime, checked from within, and each way to end."""
    for board, doors in MACHINES.items():
        yield Case(f"runtime {board}", build.guest(f"guest_ocaml{doors}"),
                   scenarios.ends_with(0, "all is well", "at_exit ran"), machine=board, command_line=CHECK)
    image = build.guest("guest_ocaml")
    for word, scenario in ENDS.items():
        yield Case(f"runtime, {word}", image, scenario, command_line=word, memory="32M")
    yield Case("runtime, too little memory", image,
               scenarios.ends_with(FATAL_STATUS, "too little for OCaml", "give the machine more"), memory="6M")


def check_no_threads():
    """What needs files, processes or threads does not link, and the linker says what is missing."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        folder = pathlib.Path(name)
        shutil.copy(builds.TOP / "examples" / "ocaml_hello" / "Makefile", folder)
        installed = Installed(builds.GCC, name)
        pathlib.Path(folder, "threads.ml").write_text("let () = Thread.join (Thread.create print_endline \"\")\n")
        try:
            make(installed, folder, "threads.elf", "PACKAGES=virtio,threads.posix -thread")
        except TestFailure as failure:
            if "cannot find -lpthread" not in str(failure):
                raise
        else:
            raise TestFailure("a program with threads links")


def make(installed, folder, *words):
    environment = {**installed.environment, "OCAMLPATH": str(next(installed.root.rglob("META")).parents[1])}
    prefix = f"PKG_CONFIG=pkg-config --define-variable=prefix={installed.prefix}"
    command(["make", "-C", folder, prefix, *words], env=environment)


def check_makefile(accelerator):
    """The rule that users copy, out of reach of the tree."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        installed = Installed(builds.GCC, name)
        folder = pathlib.Path(name, "hello")
        shutil.copytree(builds.TOP / "examples" / "ocaml_hello", folder)
        make(installed, folder, "ocaml_hello.elf")
        boot(folder / "ocaml_hello.elf", scenarios.ends_with(0, *HELLO), accelerator)


def run(report, made, accelerator, workers=2):
    report.run("ocaml", "the Makefile of ocaml_hello", check_makefile, accelerator)
    report.run("ocaml", "a program with threads does not link", check_no_threads)
    cases = [(build, case) for build in BUILDS if build in made for case in hello_cases(build)]
    cases += [(builds.GCC, case) for case in guest_cases(builds.GCC) if builds.GCC in made]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for job in [pool.submit(report.run, "ocaml", f"{build.name} {case.name}", run_case, case, accelerator)
                        for build, case in cases]:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise
