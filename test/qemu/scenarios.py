# SPDX-License-Identifier: ISC
"""What happens in a test once its machine runs: one function for each kind of kernel."""

import re

import disk
import frames
from echo_client import ECHO_PORT, EchoClient, pattern
from machine import Exit
from monitor import Monitor
from outcome import TestFailure

MAXIMUM_PAYLOAD = 1472  # UDP data in a frame of 1500 bytes
LENGTHS = [1, 2, 3, 17, 18, 19, 46, 63, 64, 65, 255, 256, 257, 511, 512, 1000, 1024, 1471, MAXIMUM_PAYLOAD]


def expect_exit(machine, wanted):
    got = machine.finish()
    if got != wanted:
        raise TestFailure(f"{got}, but {wanted} was expected")


def expect_status(machine, status):
    expect_exit(machine, Exit("status", status))


def expect_text(machine, *texts):
    for text in texts:
        if text not in machine.output:
            raise TestFailure(f"it did not print {text!r}")


# Kernels that only run


def ends_with(status, *texts):
    """The kernel ends by itself with STATUS, having printed TEXTS."""

    def scenario(machine, _):
        expect_status(machine, status)
        expect_text(machine, *texts)

    return scenario


def powers_off(*texts):
    def scenario(machine, _):
        expect_exit(machine, Exit("off", 0))
        expect_text(machine, *texts)

    return scenario


# How the device is driven

# VIRTIO 6: the bit numbers of features, and the option of QEMU's that turns each on or off.
RING_FEATURES = {28: "indirect_desc", 29: "event_idx", 33: "iommu_platform", 34: "packed"}


def driven(options, scenario, transport=""):
    """SCENARIO, and the kernel tells that it drove a device with these OPTIONS of QEMU's as it should."""
    transport = transport or ("legacy PCI" if "disable-modern=on" in options else "modern PCI")
    wanted = {bit: f"{option}=on" in options for bit, option in RING_FEATURES.items()}
    for bit in (28, 29):  # on unless they are turned off
        wanted[bit] = f"{RING_FEATURES[bit]}=off" not in options

    def checked(machine, other):
        scenario(machine, other)
        expect_text(machine, transport)
        features = re.search(r"features (?:0x)?([0-9a-f]+)", machine.output)
        if not features:
            raise TestFailure("it does not tell the features")
        for bit, on in wanted.items():
            if (int(features.group(1), 16) >> bit & 1) != on:
                raise TestFailure(f"feature bit {bit} should be {'on' if on else 'off'}: {features.group(0)}")

    return checked


def says(scenario, *texts):
    """SCENARIO, and the kernel printed TEXTS."""

    def checked(machine, other):
        scenario(machine, other)
        expect_text(machine, *texts)

    return checked


def far_away(scenario):
    """SCENARIO, and the kernel tells that the device's registers are above 4 GiB."""

    def checked(machine, other):
        scenario(machine, other)
        found = re.findall(r"registers at 0x([0-9a-f]+)", machine.output)
        if not found or any(int(address, 16) < 1 << 32 for address in found):
            raise TestFailure(f"registers at {found}, not above 4 GiB")

    return checked


# The console


def console(*texts):
    """Greetings come, what is typed comes back, Ctrl-D ends it."""

    def scenario(machine, _):
        for _ in range(4):
            machine.expect("hello")
            machine.expect("world")
        for line in ("typed", "The quick brown fox, 0123456789!"):
            machine.type(line.encode() + b"\r")
            machine.expect(line)
        machine.type(b"\x04")
        expect_status(machine, 0)
        expect_text(machine, *texts)

    return scenario


def console_left_alone(machine, _):
    """Nobody types: it ends by itself."""
    expect_status(machine, 0)
    expect_text(machine, "hello", "world")


# The disk

FOUND_SEED, WRITTEN_SEED = 1, 7  # of the first disk; the next ones have the numbers that follow


def blk(disks):
    """guest_blk reads what we wrote, and writes what we then read. A read-only disk must be as it was."""

    def scenario(machine, folder):
        expect_status(machine, 0)
        expect_text(machine, f"{len(disks)} disks", "PASS")
        for number, made in enumerate(disks):
            seed = FOUND_SEED if "readonly=on" in made.drive else WRITTEN_SEED
            disk.check(folder / f"disk{number}.img", made.sectors, seed + number)

    return scenario


def also(scenario, *texts):
    """SCENARIO, and the kernel prints TEXTS."""

    def both(machine, other):
        scenario(machine, other)
        expect_text(machine, *texts)

    return both


def blk_untouched(machine, folder):
    """The disk is only read, and holds what it held."""
    expect_status(machine, 0)
    expect_text(machine, "not written to", "all is well")
    disk.check(folder / "disk0.img", 4096, FOUND_SEED)


def blk_commands(made):
    """guest_blk discards and writes zeroes: our file has 64 sectors of holes, 128 of zeroes, else the pattern."""

    def scenario(machine, folder):
        expect_status(machine, 0)
        expect_text(machine, "commands done", "PASS")
        data = (folder / "disk0.img").read_bytes()
        wanted = disk.pattern(made.sectors, WRITTEN_SEED)
        zeroes = bytes(192 * disk.SECTOR)
        if data[: 64 * disk.SECTOR] + data[256 * disk.SECTOR :] != (
                wanted[: 64 * disk.SECTOR] + wanted[256 * disk.SECTOR :]):
            raise TestFailure("sectors changed that were not to be")
        if data[128 * disk.SECTOR : 256 * disk.SECTOR] != zeroes[: 128 * disk.SECTOR]:
            raise TestFailure("the zeroes are not in the file")
        if data[64 * disk.SECTOR : 128 * disk.SECTOR] != zeroes[: 64 * disk.SECTOR]:
            raise TestFailure("discard=unmap, and the discarded sectors are not a hole")

    return scenario


def blk_resized(sectors):
    """QEMU's monitor gives the disk another size while guest_blk runs."""

    def scenario(machine, folder):
        machine.expect("waiting to be resized")
        with Monitor(folder) as monitor:
            monitor.order(f"block_resize disk0 {sectors * disk.SECTOR}B")
            expect_status(machine, 0)
        expect_text(machine, f"resized to {sectors}\n", "PASS")

    return scenario


# The network


def echo(machine, link, address="10.0.2.15", our_address="10.0.2.2"):
    """All that net_echo answers, byte for byte, and what it must not answer."""
    client = EchoClient(link, machine.deadline, address, our_address)
    client.arp()
    for length in (0, 1, 56, 1000, MAXIMUM_PAYLOAD):
        client.ping(pattern(length), sequence=length)
    for length in LENGTHS:
        client.echo(pattern(length))
    echo_every_length(client)
    echo_nonsense(client)
    client.quit()
    expect_status(machine, 0)


def echo_every_length(client, burst=16):
    """1 to 1472 bytes, several on the way at once; the ring's index passes its end many times."""
    lengths = range(1, MAXIMUM_PAYLOAD + 1)
    for first in range(0, len(lengths), burst):
        some = lengths[first : first + burst]
        for length in some:
            client.send(pattern(length, seed=1))
        for length in some:
            client.receive(pattern(length, seed=1))


def echo_nonsense(client):
    """Packets that deserve no answer get none, and do no harm."""
    right = frames.Datagram(40007, ECHO_PORT, b"data").pack(client.our_address, client.address)
    too_long = right[:4] + (len(right) + 9).to_bytes(2, "big") + right[6:]
    wrong_sum = right[:6] + bytes([right[6] ^ 0x55]) + right[7:]
    client.send_raw(client.packet(frames.UDP, too_long))
    client.send_raw(client.packet(frames.UDP, wrong_sum))
    client.send_raw(client.packet(frames.UDP, right[:7]))
    client.send_raw(client.packet(frames.UDP, right, target=frames.ip("10.0.2.99")))
    client.send_raw(client.packet(6, b"\0" * 20))
    client.send_raw(client.packet(frames.UDP, right)[:20].ljust(60, b"\0"))
    client.send(b"elsewhere", port=9)
    client.silence()
    client.echo(b"still here")


def echo_from(address, our_address):
    return lambda machine, link: echo(machine, link, address, our_address)


def echo_briefly(machine, link):
    """For machines that only need to be seen to work."""
    client = EchoClient(link, machine.deadline)
    client.arp()
    client.ping(pattern(56))
    for length in LENGTHS:
        client.echo(pattern(length))
    client.quit()
    expect_status(machine, 0)
