# SPDX-License-Identifier: ISC
"""tools/run-bhyve on a machine without bhyve: what it would do, and what it does when each part answers."""

import os
import pathlib
import tempfile

import builds
from outcome import TestFailure, command

RUN_BHYVE = builds.TOP / "tools" / "run-bhyve"
OPTIONS = ["--disk", "disk.img", "--tap", "tap7", "--bridge", "bridge0", "--memory", "256M", "--gdb", "5555",
           "--console", "nmdm", "--module", "settings.txt", "--append", "ip=10.0.0.2/24", "kernel.elf"]
WANTED = [
    # The kernel from FreeBSD's own files, then what the unikernel is told.
    "multiboot (host)/", "kernel.elf ip=10.0.0.2/24", "module (host)/", "(hd0) disk.img", "grub-bhyve -r host",
    # ACPI tables, and no spinning at HLT and PAUSE; without the LPC bridge there is no serial line.
    "bhyve -A -H -P", "-m 256M", "-s 0,hostbridge", "-s 31,lpc", "-l com1,/dev/nmdm-kernelA",
    "virtio-net,tap7", "virtio-blk,disk.img", "-G w5555", "addm tap7", "bhyvectl --destroy --vm=kernel",
]

# Stand-ins for FreeBSD's programs: each notes how it was called. bhyve answers with the next of $STATUSES.
STAND_IN = '''#!/bin/sh
echo "${0##*/} $*" >>"$FOLDER/calls"
case ${0##*/} in
uname) echo FreeBSD ;;
id) echo 0 ;;
grub-bhyve) cat >"$FOLDER/grub" ;;
bhyve)
	read -r status <"$FOLDER/statuses"
	sed -i 1d "$FOLDER/statuses"
	exit "$status" ;;
esac
'''


def check_print():
    output = command([RUN_BHYVE, "--print", *OPTIONS])
    for wanted in WANTED:
        if wanted not in output:
            raise TestFailure(f"{wanted!r} is missing in what it would do:\n{output}")


def run_with_statuses(statuses):
    """The programs that run-bhyve called, when bhyve ends with these STATUSES one after the other; its own failure."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "statuses").write_text("".join(f"{status}\n" for status in statuses))
        for program in ("uname", "id", "kldstat", "kldload", "ifconfig", "grub-bhyve", "bhyve", "bhyvectl"):
            (folder / program).write_text(STAND_IN)
            (folder / program).chmod(0o755)
        (folder / "kernel.elf").touch()
        failure = None
        try:
            command([RUN_BHYVE, folder / "kernel.elf"], limit=60,
                    env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "FOLDER": name})
        except TestFailure as failed:
            failure = str(failed)
        return [call.split()[0] for call in (folder / "calls").read_text().splitlines()], failure


def check_rounds():
    """Reset twice, then off: loaded and started three times. A fatal end is a failure, and ends it at once."""
    calls, failure = run_with_statuses([0, 0, 1])
    if failure or calls.count("grub-bhyve") != 3 or calls.count("bhyve") != 3:
        raise TestFailure(f"two resets and a power off: {' '.join(calls)}\n{failure}")
    for status, why in ((2, "halted"), (3, "triple fault"), (4, "status 4")):
        calls, failure = run_with_statuses([status])
        if not failure or why not in failure or calls.count("bhyve") != 1:
            raise TestFailure(f"bhyve's status {status}: {' '.join(calls)}\n{failure}")
