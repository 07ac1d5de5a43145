# SPDX-License-Identifier: ISC
"""Interrupts of every kind, over every transport: that they arrive, and that an idle kernel sleeps until they do."""

import re
import time

import scenarios
from echo_client import EchoClient, pattern
from outcome import TestFailure
from run import Case, Disk

TRANSPORTS = {
    "legacy": "disable-modern=on,disable-legacy=off",
    "transitional": "disable-modern=off,disable-legacy=off",
    "modern": "disable-modern=off,disable-legacy=on",
}
WAYS = {"poll": "polling", "intx": "8259", "msix": "MSI-X"}
GUEST_BLK_WAYS = {"msix": 1, "intx": 2, "best": 3}
ROOT_PORT = ("-device", "pcie-root-port,id=above,chassis=1")
MICROVM = "microvm,isa-serial=on"

IDLE_SECONDS = 1
# An alarm may ring this often in a second of the kernel's own time: the PIT's longest sleep is 50 ms, a poll's is 1 ms.
IDLE_SLEEPS = 60

# What an idle kernel may use of a processor: that of QEMU as a whole, so the emulation of its timers counts, too.
LONG_IDLE_SECONDS = 10
IDLE_USE = 0.02
IDLE_TRIES = 3


def sleeps_when_idle(way):
    """Some packets, silence, and the first packet after it. How often the kernel woke up, it tells itself."""

    def scenario(machine, link):
        client = EchoClient(link, machine.deadline)
        client.arp()
        client.ping(pattern(56))
        time.sleep(IDLE_SECONDS)
        client.echo(b"the first after the sleep")
        client.quit()
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, f" ring, {way},")
        sleeps, milliseconds, count = map(int, re.search(
            r"slept: (\d+) times, (\d+) ms; interrupts: (\d+)", machine.output).groups())
        if milliseconds < IDLE_SECONDS * 1000 / 2:
            raise TestFailure(f"it slept for {milliseconds} ms of {IDLE_SECONDS} s")
        if way == "polling":
            return
        if not count:
            raise TestFailure("no interrupt arrived")
        if sleeps > IDLE_SLEEPS * milliseconds / 1000:
            raise TestFailure(f"it woke up {sleeps} times in {milliseconds} ms")

    return scenario


def idles(machine, link):
    """Ten seconds of silence cost under 2 % of a processor, at best: others may disturb; then the first packet."""
    client = EchoClient(link, machine.deadline)
    client.arp()
    client.ping(pattern(56))
    used = []
    while not used or min(used) >= IDLE_USE * LONG_IDLE_SECONDS:
        if len(used) == IDLE_TRIES:
            raise TestFailure(f"idle for {LONG_IDLE_SECONDS} s it used {min(used):.2f} s of a processor, at best")
        before = machine.processor_time
        time.sleep(LONG_IDLE_SECONDS)
        used.append(machine.processor_time - before)
    client.echo(b"the first after the sleep")
    client.quit()
    scenarios.expect_status(machine, 0)


def net_case(build, name, board, options, words, way, **more):
    door = ".pvh" if board.startswith("microvm") else ""
    return Case(f"interrupts, net_echo {name}", build.example(f"net_echo{door}"), sleeps_when_idle(way), machine=board,
                nets=[options], command_line=f"interrupts={words}", **more)


def blk_case(build, name, board, options, words, way, count=1, **more):
    """guest_blk waits for interrupts after each burst, and counts them."""
    disks = [Disk(seed=scenarios.FOUND_SEED + number, options=options) for number in range(count)]
    through = scenarios.blk(disks)

    def scenario(machine, folder):
        through(machine, folder)
        if len(re.findall(f" interrupts by {way},", machine.output)) != 2 * count:
            raise TestFailure(f"not all interrupts came by {way}")

    door = ".pvh" if board.startswith("microvm") else ""
    command_line = f"disks={count} found={scenarios.FOUND_SEED} seed={scenarios.WRITTEN_SEED}"
    return Case(f"interrupts, guest_blk {name}", build.guest(f"guest_blk{door}"), scenario, machine=board, disks=disks,
                command_line=f"{command_line} interrupts={GUEST_BLK_WAYS[words]}", **more)


def ways_cases(build):
    """A network card in each way; for disks matrix.py has them all."""
    for board in ("pc", "q35"):
        for transport, options in TRANSPORTS.items():
            for words, way in WAYS.items():
                yield net_case(build, f"{board} {transport} {words}", board, options, words, way)
    yield net_case(build, "pc packed", "pc", "packed=on", "best", "MSI-X")
    yield Case("interrupts, net_echo idle for ten seconds", build.example("net_echo"), idles, nets=[""])
    yield net_case(build, "without PIT", "pc,pit=off", "", "best", "MSI-X")
    # There are four lines, so eight disks share them.
    for board in ("pc", "q35"):
        yield blk_case(build, f"{board} lines that are shared", board, "vectors=0", "best", "8259", count=8)


def fallback_cases(build):
    """PCI-23, PCI-26: what there are too few vectors for."""
    for transport, options in TRANSPORTS.items():
        for vectors in (0, 1, 2, 3):
            way = "MSI-X" if vectors else "8259"
            name = f"{transport} vectors={vectors}"
            yield net_case(build, name, "pc", f"{options},vectors={vectors}", "best", way)
            yield blk_case(build, name, "pc", f"{options},vectors={vectors}", "best", way)
    yield net_case(build, "msix that does not exist", "pc", "vectors=0", "msix", "polling")
    yield blk_case(build, "q35 without an 8259", "q35,pic=off", "", "intx", "IO-APIC", count=2)
    yield net_case(build, "q35 without an 8259", "q35,pic=off", "", "intx", "IO-APIC")
    for words, way in (("msix", "MSI-X"), ("intx", "8259")):
        yield blk_case(build, f"behind a root port {words}", "q35", "bus=above,addr=0", words, way, devices=ROOT_PORT)


def mmio_cases(build):
    for board in (MICROVM, f"{MICROVM},pic=off,pit=off", f"{MICROVM},acpi=off", f"{MICROVM},ioapic2=off"):
        for version, legacy in ((2, "false"), (1, "true")):
            more = {"devices": ("-global", f"virtio-mmio.force-legacy={legacy}")}
            yield blk_case(build, f"{board} version {version}", board, "", "best", "IO-APIC", **more)
            yield net_case(build, f"{board} version {version}", board, "", "best", "IO-APIC", **more)


def cases(build):
    yield from ways_cases(build)
    yield from fallback_cases(build)
    yield from mmio_cases(build)
