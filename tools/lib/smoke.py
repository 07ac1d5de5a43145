# SPDX-License-Identifier: ISC
"""The tools themselves: their syntax, and that each does what it says."""

import os
import re

import bhyve
import builds
from outcome import TestFailure, command

TOOLS = builds.TOP / "tools"


def check_shell():
    """Syntax by dash, habits by shellcheck."""
    found = [*sorted(TOOLS.rglob("*")), *sorted((builds.TOP / "bindings").rglob("*"))]
    scripts = [path for path in found if is_shell(path)] + [builds.TOP / ".ci" / "run"]
    for script in scripts:
        command(["dash", "-n", script])
        command(["shellcheck", "--exclude=SC1091", "--shell=sh", script])
    return f"{len(scripts)} scripts"


def is_shell(path):
    return path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/sh"))


def check_debug():
    """gdb stops at unikernel_main with its argument, and sees who called it."""
    output = command([TOOLS / "debug", "console", "--batch"], limit=300)
    for wanted in (r"breakpoint 1, unikernel_main \(info=", r"#0 +unikernel_main .*main\.c:\d+", r"#1 .* in boot_"):
        if not re.search(wanted, output):
            raise TestFailure(f"gdb does not show {wanted}\n{output}")


def check_demo(name, *wanted):
    output = command([TOOLS / "demo", name], limit=600)
    for text in wanted:
        if text not in output:
            raise TestFailure(f"it does not print {text!r}\n{output}")


def check_refuses(tool, *arguments):
    """A word that means nothing is an error, not ignored."""
    try:
        command([TOOLS / tool, *arguments])
    except TestFailure:
        return
    raise TestFailure(f"{tool} {' '.join(arguments)} succeeds")


def check_broken_image():
    """What is wrong with an image is found before it is booted."""
    image = builds.GCC.guest("guest_boot.multiboot1")  # one door, so that it matters
    checker = TOOLS / "check-image"
    command([checker, image])
    magic = (0x1BADB002).to_bytes(4, "little")
    data = image.read_bytes()
    at = data.find(magic)
    if at < 0:
        raise TestFailure(f"{image} has no multiboot header")
    breaks = {
        "checksum": lambda d: d[: at + 8] + bytes([d[at + 8] ^ 1]) + d[at + 9 :],
        "magic": lambda d: d.replace(magic, b"\0\0\0\0"),
        "entry": lambda d: d[: at + 28] + (0).to_bytes(4, "little") + d[at + 32 :],
        "load-end": lambda d: d[: at + 20] + (0xFFFFF000).to_bytes(4, "little") + d[at + 24 :],
        "cut-short": lambda d: d[:4096],
    }
    for name, change in breaks.items():
        broken = image.with_name(f"broken-{name}.bin")
        broken.write_bytes(change(data))
        try:
            command([checker, broken])
        except TestFailure as refused:
            if "Traceback" in str(refused):
                raise TestFailure(f"check-image falls over {broken.name}:\n{refused}") from None
            continue
        finally:
            os.unlink(broken)
        raise TestFailure(f"check-image takes an image with a wrong {name}")
    return ", ".join(breaks)


def run(report):
    report.run("tools", "shell scripts", check_shell)
    report.run("tools", "run-bhyve --print", bhyve.check_print)
    report.run("tools", "run-bhyve loads again after a reset", bhyve.check_rounds)
    report.run("tools", "check-image refuses broken images", check_broken_image)
    report.run("tools", "test refuses an unknown part", check_refuses, "test", "nonsense")
    report.run("tools", "demo refuses an unknown example", check_refuses, "demo", "nonsense")
    report.run("tools", "debug stops at unikernel_main", check_debug)
    report.run("tools", "demo net_echo", check_demo, "net_echo", "1472 bytes back", "exit status 0")
    report.run("tools", "demo two_by_two", check_demo, "two_by_two", "the other way round", "all is well",
               "there is a block device: order:1 pci:00:05.0 serial:DATA")
    report.run("tools", "demo console", check_demo, "console", "hello", "typed by tools/demo", "exit status 0")
