# SPDX-License-Identifier: ISC
"""guest_time on every kind of machine: its clock against ours, and each way in which it can end."""

import calendar
import re
import time

from machine import Exit
from monitor import MONITOR, Monitor
from outcome import TestFailure
from run import Case

# How far off a clock may be over the time measured. The best of several tries counts: a busy machine delays answers.
TOLERANCE = 0.01
SECONDS = 2.0
TRIES = 5

DATE = "2024-02-29T23:59:30"  # half a minute before a leap day ends
BOOT_PATIENCE = 60  # seconds between the start of QEMU and ours that are forgiven

MICROVM = "microvm,isa-serial=on"
# Machines, and where the wall-clock time is.
BOARDS = {
    "pc": True,
    "pc,pit=off": True,
    "pc,acpi=off": True,
    "q35": True,
    "q35,pit=off,pic=off,hpet=off": True,
    f"{MICROVM},rtc=on": True,
    f"{MICROVM},pit=off,rtc=on": True,
    f"{MICROVM},pit=off,pic=off,rtc=off": False,
    f"{MICROVM},acpi=off,pit=off,pic=off,rtc=off": False,
}
# With acpi=off q35 has no tables, but the registers; pc has neither.
POWER_BOARDS = ("pc", "q35", "q35,acpi=off", MICROVM)

NEVER_RESET = ("-action", "reboot=reset")  # not the end of QEMU, so that a reset is not taken for power off
TELL_PANIC = ("-device", "pvpanic", "-action", "panic=exit-failure")
PANIC_STATUS = Exit.of(1)


def expect_exit(machine, wanted):
    got = machine.finish()
    if got != wanted:
        raise TestFailure(f"{got}, but {wanted} was expected")


# Time


def ask(machine):
    """(our time in the middle of question and answer, its time, its wall-clock time), in seconds."""
    before = time.monotonic()
    machine.type(b"t")
    machine.expect("now ")
    machine.expect("\n")
    after = time.monotonic()
    now, wall = re.findall(r"now (\d+) wall (\d+)\n", machine.output)[-1]
    return (before + after) / 2, int(now) / 1e9, int(wall) / 1e9


def measure(machine):
    """How far off its clock is, as a fraction."""
    start, start_told, _ = ask(machine)
    time.sleep(SECONDS)
    end, end_told, _ = ask(machine)
    return abs((end_told - start_told) / (end - start) - 1)


def check_wall(machine, started):
    """What QEMU was told is the time; kvmclock tells the real one."""
    base = calendar.timegm(time.strptime(DATE, "%Y-%m-%dT%H:%M:%S"))
    _, _, wall = ask(machine)
    passed = time.monotonic() - started
    if not base - 1 <= wall <= base + passed + BOOT_PATIENCE and abs(wall - time.time()) > 2:
        raise TestFailure(f"it says {time.asctime(time.gmtime(wall))}, {passed:.0f} s after {DATE}")


def keeps_time(has_wall):
    def scenario(machine, _):
        started = time.monotonic()
        machine.expect("ready")
        if has_wall:
            check_wall(machine, started)
        errors = []
        while not errors or min(errors) >= TOLERANCE:
            if len(errors) == TRIES:
                raise TestFailure(f"its clock is off by {', '.join(f'{100 * error:.2f} %' for error in errors)}")
            errors.append(measure(machine))
        machine.type(b"x")
        expect_exit(machine, Exit("status", 3))

    return scenario


# Power


def told(letter, wanted):
    """It ends as it should when told to."""

    def scenario(machine, _):
        machine.expect("ready")
        machine.type(letter)
        expect_exit(machine, wanted)

    return scenario


def resets(machine, _):
    machine.expect("ready")
    machine.type(b"r")
    machine.expect("ready")
    machine.type(b"x")
    expect_exit(machine, Exit("status", 3))


def has_button(machine, _):
    """The button's interrupt comes each time that it is pressed."""
    machine.expect("ready")
    with Monitor.of(machine) as monitor:
        for _ in range(3):
            machine.type(b"p")
            machine.expect("waiting for the power button")
            monitor.order("system_powerdown")
            machine.expect("pressed")
        machine.type(b"o")
        expect_exit(machine, Exit("off", 0))
    if "twice" in machine.output:
        raise TestFailure("a press was told twice")


def ended_by_button(ready, *texts):
    """A kernel that sleeps from READY on ends well when the button is pressed."""

    def scenario(machine, _):
        machine.expect(ready)
        with Monitor.of(machine) as monitor:
            monitor.order("system_powerdown")
            expect_exit(machine, Exit("status", 0))
        for text in texts:
            if text not in machine.output:
                raise TestFailure(f"it did not print {text!r}")

    return scenario


def cases(build):
    image = build.guest("guest_time")
    for board, has_wall in BOARDS.items():
        yield Case(f"time {board}", image, keeps_time(has_wall), machine=board, devices=("-rtc", f"base={DATE}"))
    yield Case("time, PVH", build.guest("guest_time.pvh"), keeps_time(True), machine=f"{MICROVM},rtc=on",
               devices=("-rtc", f"base={DATE}"))
    for board in POWER_BOARDS:
        yield Case(f"power off {board}", image, told(b"o", Exit("off", 0)), machine=board, devices=NEVER_RESET)
        yield Case(f"reset {board}", image, resets, machine=board, devices=NEVER_RESET)
    yield Case(f"power off {MICROVM},acpi=off", image, told(b"o", Exit("off", 0)), machine=f"{MICROVM},acpi=off")
    yield Case(f"reset {MICROVM},acpi=off", image, resets, machine=f"{MICROVM},acpi=off", devices=NEVER_RESET)
    yield Case("fatal error told to pvpanic", image, told(b"f", PANIC_STATUS), devices=TELL_PANIC, exit_device=False)
    for board in POWER_BOARDS:
        yield Case(f"power button {board}", image, has_button, machine=board, devices=(*NEVER_RESET, *MONITOR))
    for board in ("pc", "q35", MICROVM):
        yield Case(f"net_echo {board} ended by the power button", build.example("net_echo"),
                   ended_by_button("ready", "the power button was pressed"), machine=board, nets=[""], devices=MONITOR)
    yield Case("console ended by the power button", build.example("console"), ended_by_button("ends\r\n", "good bye"),
               devices=MONITOR)
