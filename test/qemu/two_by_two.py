# SPDX-License-Identifier: ISC
"""Devices by name: two_by_two must find the same devices however QEMU puts them, and say what is wrong with a name."""

import scenarios
from outcome import TestFailure
from run import Case, Disk

MACS = {"inside": "52:54:00:00:00:01", "outside": "52:54:00:00:00:02"}
SERIALS = {"system": "SYSTEM", "data": "12345678901234567890"}  # without room for a NUL
OWN = " ".join([f"{role}=mac:{mac}" for role, mac in MACS.items()]
               + [f"{role}=serial:{serial}" for role, serial in SERIALS.items()])
FIRST_CARD, FIRST_DISK = 4, 12  # device numbers on PCI
WRONG = 2  # the exit status for a name that is wrong
EXPERIMENTAL = b"\x88\xb5"


def cards(board, order, options=""):
    """The cards in this order, each on a network of its own, whose frames are written down."""
    argv = []
    for number, role in enumerate(order):
        on_mmio = board.startswith("microvm")
        kind = "virtio-net-device" if on_mmio else f"virtio-net-pci,romfile=,addr={FIRST_CARD + number:#x}"
        argv += ["-netdev", f"user,id={role},restrict=on",
                 "-object", f"filter-dump,id=dump-{role},netdev={role},file={{folder}}/{role}.pcap",
                 "-device", f"{kind},netdev={role},mac={MACS[role]}{',' if options else ''}{options}"]
    return tuple(argv)


def drives(order, options=""):
    return [Disk(content=f"this is {role}\n".encode().ljust(4096, b"\0"),
                 options=f"serial={SERIALS[role]}{',' if options else ''}{options}") for role in order]


def each_in_its_place(machine, folder):
    """Each disk is what it is for, and each network hears its own purpose, once, and from its card."""
    scenarios.expect_status(machine, 0)
    scenarios.expect_text(machine, "all is well")
    for role, mac in MACS.items():
        scenarios.expect_text(machine, f"MAC {mac}\n")
        address = bytes.fromhex(mac.replace(":", ""))
        frames = (folder / f"{role}.pcap").read_bytes()
        if frames.count(b"\xff" * 6 + address + EXPERIMENTAL + role.encode()) != 1:
            raise TestFailure(f"the network {role} did not hear so from {mac}")
    for role, serial in SERIALS.items():
        scenarios.expect_text(machine, f'serial "{serial}": this is {role}\n')


def case(build, name, scenario, words, board="pc", swapped=False, options="", door="", devices=()):
    turn = -1 if swapped else 1
    return Case(f"two_by_two {name}", build.example(f"two_by_two{door}"), scenario, machine=board, command_line=words,
                devices=(*devices, *cards(board, list(MACS)[::turn], options)),
                disks=drives(list(SERIALS)[::turn], options))


def found_cases(build):
    for swapped in (False, True):
        order = "the other way round" if swapped else "in order"
        yield case(build, f"pc {order}", each_in_its_place, OWN, swapped=swapped)
        yield case(build, f"q35 legacy {order}", each_in_its_place, OWN, "q35", swapped,
                   "disable-modern=on,disable-legacy=off")
        for version, legacy in ((1, "on"), (2, "off")):
            # By arguments the first is the first, by probing it is the last.
            board = "microvm,acpi=off,isa-serial=on" if version == 1 else "microvm,isa-serial=on"
            yield case(build, f"MMIO {version} {order}", each_in_its_place, OWN, board, swapped, door=".pvh",
                       devices=("-global", f"virtio-mmio.force-legacy={legacy}"))
    yield case(build, "by places and order on PCI", each_in_its_place,
               f"inside=pci:00:{FIRST_CARD + 1:02x}.0 outside=0 data=order:0 system=pci:0000:00:{FIRST_DISK + 1:x}.0",
               swapped=True)
    yield case(build, "by places and order on MMIO", each_in_its_place,
               "inside=mmio:0xfeb00c00 outside=0 data=order:0 system=mmio:0xfeb00800", "microvm,acpi=off,isa-serial=on",
               True, door=".pvh")


# What is wrong: (name, what the command line says instead, what the log says of it).
BAD = [
    ("a card that is not there", {"inside": "mac:52:54:00:00:00:07"},
     ["inside=mac:52:54:00:00:00:07: there is no such net device",
      "there is a net device: order:0 pci:00:04.0 mac:52:54:00:00:00:01\n",
      "there is a net device: order:1 pci:00:05.0 mac:52:54:00:00:00:02\n"]),
    ("a disk in a card's place", {"inside": "pci:00:0c.0"}, ["inside=pci:00:0c.0: what is there is no net device"]),
    ("two names of one disk", {"data": "pci:00:0c.0"},
     ["system=serial:SYSTEM and data=pci:00:0c.0 are the same device",
      "there is a block device: order:1 pci:00:0d.0 serial:12345678901234567890\n"]),
    ("a name that is none", {"outside": "eth1"}, ["outside=eth1 makes no sense: say pci:00:04.0"]),
    ("a role that is missing", {"data": None}, ["data=: no name was given for this block device"]),
]


def bad_cases(build):
    for name, changes, texts in BAD:
        words = dict(word.split("=", 1) for word in OWN.split()) | changes
        line = " ".join(f"{role}={value}" for role, value in words.items() if value)
        yield case(build, f"with {name}", scenarios.ends_with(WRONG, *texts, "say which device is what"), line)
    twins = case(build, "with twins", scenarios.ends_with(
        WRONG, "system=serial:SYSTEM: that is more than one block device"), OWN)
    twins.disks = drives(["system", "system"])
    yield twins


def cases(build):
    yield from found_cases(build)
    yield from bad_cases(build)
