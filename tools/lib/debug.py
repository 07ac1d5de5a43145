# SPDX-License-Identifier: ISC
"""gdb on a unikernel: QEMU waits before the first instruction, gdb connects and goes on to unikernel_main."""

import argparse
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test" / "qemu"))

# pylint: disable=wrong-import-position
import builds
from machine import Setup
from outcome import TestFailure

BUILD = builds.DEMO
BATCH_SECONDS = 120


def find_image(name):
    """An example by its name, which is built first, or any image by its path."""
    path = pathlib.Path(name)
    if path.suffix == ".elf":
        if not path.exists():
            raise TestFailure(f"there is no {path}")
        return path
    BUILD.make()
    image = BUILD.example(name)
    if not image.exists():
        names = ", ".join(sorted(path.stem for path in BUILD.folder.glob("examples/*/*.elf")))
        raise TestFailure(f"there is no example {name}; there are {names}")
    return image


def gdb_arguments(image, server, batch):
    """A hardware breakpoint: the loader has not yet put the code there when it is set."""
    argv = ["gdb", "--quiet", "--nx", str(image), "-ex", "set confirm off", "-ex", "set pagination off"]
    argv += ["-ex", f"target remote {server}", "-ex", "thbreak unikernel_main", "-ex", "continue"]
    if batch:
        argv += ["-batch", "-ex", "backtrace", "-ex", "info args", "-ex", "disconnect"]
    return argv


def start_qemu(setup, server):
    argv = setup.arguments("tcg")  # breakpoints before the boot are sure there
    argv += ["-chardev", f"socket,path={server},server=on,wait=off,id=gdb0", "-gdb", "chardev:gdb0", "-S"]
    print(f"$ {shlex.join(argv)}", flush=True)
    # A session of its own: Ctrl-C is for gdb alone.
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)


def wait_for_server(qemu, server):
    while not os.path.exists(server):
        if qemu.poll() is not None:
            raise TestFailure("QEMU did not start")
        time.sleep(0.02)


def debug(setup, batch):
    """Run both; gdb's status."""
    with tempfile.TemporaryDirectory(prefix="virtio-debug-") as folder:
        server = f"{folder}/gdb"
        qemu = start_qemu(setup, server)
        try:
            wait_for_server(qemu, server)
            argv = gdb_arguments(setup.image, server, batch)
            print(f"$ {shlex.join(argv)}", flush=True)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            gdb = subprocess.run(argv, check=False, timeout=BATCH_SECONDS if batch else None,
                                 stdin=subprocess.DEVNULL if batch else None)
            return gdb.returncode
        except subprocess.TimeoutExpired:
            raise TestFailure(f"gdb did not end within {BATCH_SECONDS} s") from None
        finally:
            qemu.kill()
            qemu.wait()


def main():
    parser = argparse.ArgumentParser(prog="tools/debug", description="Debug an example with gdb.")
    parser.add_argument("image", help="the name of an example, or the path of an image")
    parser.add_argument("--batch", action="store_true", help="show the backtrace at unikernel_main and end")
    parser.add_argument("--append", default="", metavar="TEXT", help="the unikernel's command line")
    options, devices = parser.parse_known_args()
    try:
        image = find_image(options.image)
        devices = devices or ["-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile="]
        return debug(Setup(image=image, command_line=options.append, devices=devices), options.batch)
    except TestFailure as failure:
        print(f"tools/debug: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
