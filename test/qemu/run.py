# SPDX-License-Identifier: ISC
"""Runs one case: prepares its files, boots the machine, plays the scenario, and sees to it that nothing is left."""

import contextlib
import dataclasses
import pathlib
import tempfile

import disk
import grub
from link import Link
from machine import Machine, Setup
from outcome import TestFailure
from tap import Tap

# Generous: they only end what hangs. Slow machines under an emulator need seconds for a boot.
LIMIT = 180

QBOOT = "qboot.rom"  # a firmware that only finds the kernel; QEMU knows where it is
UEFI = "/usr/share/ovmf/OVMF.fd"


@dataclasses.dataclass
class Disk:
    """One disk image: SECTORS with the pattern of SEED, or CONTENT."""

    sectors: int = 4096
    seed: int = 1
    content: bytes = b""
    options: str = ""  # of the device
    drive: str = ""  # of the drive, such as "readonly=on"
    plugged: bool = True  # or only the drive is there, for a device that comes later
    through: str = ""  # what QEMU reaches the file through, such as "blkdebug:{folder}/rules:"


@dataclasses.dataclass
class Case:
    name: str
    image: pathlib.Path
    scenario: object  # called with the machine and the far end of its first network, or its folder
    machine: str = "pc"
    memory: str = "128M"
    command_line: str = ""
    modules: int = 0
    nets: list = dataclasses.field(default_factory=list)  # the options of each net device
    cable: int = 0  # which of them is connected to the test
    disks: list = dataclasses.field(default_factory=list)
    grub: str = ""  # the command by which GRUB loads the kernel, from a CD-ROM: multiboot or multiboot2
    firmware: str = ""  # QBOOT or UEFI instead of the machine's own
    exit_device: bool = True
    tap: int = 0  # the network is a tap with so many queues, in a namespace; the scenario gets it
    devices: tuple = ()  # more arguments; {folder} in them becomes the folder of this case
    limit: int = LIMIT
    accelerator: str = ""  # what it needs, if not any will do
    needs: object = None  # called first: raises TestSkipped where this machine lacks what the case needs


def device(case, kind, name, address, *options):
    """A device's argument: on PCI at ADDRESS, unless OPTIONS say elsewhere, or in one of microvm's MMIO windows."""
    words = [option for option in options if option]
    if case.machine.startswith("microvm"):
        return ",".join([f"virtio-{kind}-device,{name}", *words])
    place = [] if any("addr=" in word for word in words) else [f"addr={address:#x}"]
    return ",".join([f"virtio-{kind}-pci,{name}", *(["romfile="] if kind == "net" else []), *place, *words])


def net_devices(case, link):
    """One device has a cable to the test, the others to nowhere."""
    argv = []
    for number, options in enumerate(case.nets):
        netdev = link.netdev(f"net{number}") if number == case.cable else f"hubport,id=net{number},hubid={number}"
        name = f"netdev=net{number},mac=52:54:00:00:01:{number:02x}"
        argv += ["-netdev", netdev, "-device", device(case, "net", name, 4 + number, options)]
    return argv


def disk_devices(case, folder):
    argv = []
    for number, made in enumerate(case.disks):
        path = folder / f"disk{number}.img"
        path.write_bytes(made.content or disk.pattern(made.sectors, made.seed))
        through = made.through.replace("{folder}", str(folder))
        drive = f"file={through}{path},format=raw,if=none,id=disk{number},cache=unsafe"
        drive += f",{made.drive}" if made.drive else ""
        argv += ["-drive", drive]
        if made.plugged:
            argv += ["-device", device(case, "blk", f"drive=disk{number}", 12 + number, made.options)]
    return argv


def make_modules(case, folder):
    """Files whose content tells which they are; with arguments, as boot loaders pass them."""
    made = []
    for number in range(case.modules):
        path = folder / f"module{number}"
        path.write_bytes(f"module {number} ".encode() * 500)
        made.append((path, f"argument{number}"))
    return made


def setup_of(case, folder, link):
    modules = make_modules(case, folder)
    devices = [word.replace("{folder}", str(folder)) for word in case.devices]
    devices += [*net_devices(case, link), *disk_devices(case, folder)]
    common = {"machine": case.machine, "memory": case.memory, "devices": devices, "exit_device": case.exit_device,
              "firmware": case.firmware, "prefix": link.prefix if case.tap else (),
              "files": link.files if link else ()}
    if case.grub:
        iso = grub.make_iso(folder, case.image, case.command_line, modules, case.grub, case.firmware == UEFI)
        return Setup(iso=iso, **common)
    if case.image.name.endswith(".pvh.elf"):
        words = [path for path, _ in modules]  # QEMU's PVH loader passes one, and no arguments
    else:
        words = [f"{path} {arguments}" for path, arguments in modules]
    return Setup(image=case.image, command_line=case.command_line, modules=words, **common)


def run_case(case, accelerator):
    if not case.image.exists():
        raise TestFailure(f"there is no {case.image}")
    if case.needs:
        case.needs()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="virtio-test-")))
        link = stack.enter_context(Tap(case.tap) if case.tap else Link()) if case.nets else None
        setup = setup_of(case, folder, link)
        machine = stack.enter_context(Machine(setup, case.accelerator or accelerator, case.limit))
        try:
            case.scenario(machine, link if case.nets else folder)
        except TestFailure as failure:
            machine.stop()
            raise TestFailure(f"{failure}\n{machine.story()}") from None
