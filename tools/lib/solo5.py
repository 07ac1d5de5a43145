# SPDX-License-Identifier: ISC
"""Programs of Solo5's on our binding: every call, every misuse, and every way to end."""

import concurrent.futures
import dataclasses
import pathlib
import re
import shutil
import struct
import tempfile
import time

import builds
import machine
import scenarios
from consumer import Installed, boot
from monitor import MONITOR, Monitor
from outcome import TestFailure, command
from run import Case, Disk, run_case

BUILDS = [builds.GCC, builds.CLANG]
SUCCESS = 41  # QEMU itself then ends with 83, which Solo5's tools take for success,
ABORT = 127  # or 255
SOURCES = builds.TOP / "test" / "qemu" / "guest_solo5"
MIRAGE = builds.TOP / "test" / "qemu" / "guest_mirage"
MANUAL = builds.TOP / "docs" / "mirage.md"
TRANSPORTS = {
    "modern": "disable-modern=off,disable-legacy=on",
    "legacy": "disable-modern=on,disable-legacy=off",
    "packed": "disable-modern=off,disable-legacy=on,packed=on",
}
MIB = 1 << 20
ABI_NOTE, MANIFEST_NOTE, VIRTIO_TARGET = 0x31494241, 0x3154464D, 3
ENTRY = 104  # bytes of an entry of the manifest
PT_NOTE, PF_W = 4, 2  # of ELF's program headers
MANY = 256 << 10  # what guest_solo5/block.c writes at the end of its disk

# What solo5.h promises, and nothing besides.
INTERFACE = """_start __stack_chk_fail __stack_chk_guard solo5_abort solo5_block_acquire solo5_block_read
    solo5_block_write solo5_clock_monotonic solo5_clock_wall solo5_console_write solo5_exit solo5_net_acquire
    solo5_net_read solo5_net_write solo5_set_tls_base solo5_tls_init solo5_tls_size solo5_tls_tp_offset solo5_yield"""
PROGRAM = r"__solo5_mft1_note|solo5_app_main|boot_image_\w+|boot_init_array_\w+|_stdata|_ltdata|_ltbss"


def succeeds(*texts):
    return scenarios.ends_with(SUCCESS, *texts)


def nets(board="pc", options=""):
    """Two network devices on one wire, with addresses that end in 0a and 0b."""
    pci = board != "microvm"
    argv = []
    for number, address in enumerate(("0a", "0b")):
        words = f"virtio-net-{'pci,romfile=' if pci else 'device'},netdev=net{number},mac=52:54:00:00:05:{address}"
        argv += ["-netdev", f"hubport,id=net{number},hubid=0", "-device", ",".join(filter(None, [words, options]))]
    return argv


def disks(options="", sizes=(2, 1), more=("", "")):
    """Two disks, with the serial numbers FIRST and SECOND."""
    return [Disk(content=bytes(size * MIB), options=",".join(filter(None, [f"serial={serial}", options, special])))
            for size, serial, special in zip(sizes, ("FIRST", "SECOND"), more)]


def case(name, build, scenario, board="pc", words="", options="", **more):
    """One with the devices of its manifest, unless MORE says otherwise."""
    image = build.guest(f"guest_solo5{'.pvh' if board == 'microvm' else ''}")
    made = {"devices": nets(board, options), "disks": disks(options), **more}
    return Case(name, image, scenario, machine=board, command_line=words, **made)


def written(machine_, folder):
    """What the program wrote at the end of its disk is there."""
    succeeds("cmdline []", "all is well")(machine_, folder)
    offset = 2 * MIB - MANY
    wanted = bytes((i * 11 + i // 256 + offset // 512) & 0xFF for i in range(MANY))
    if pathlib.Path(folder, "disk0.img").read_bytes()[offset:] != wanted:
        raise TestFailure("the end of the disk is not as it was written")


def large_heap(machine_, folder):
    """All that the machine has, but for what the image and the devices took of it."""
    written(machine_, folder)
    if not 1900 < int(re.search(r"the heap has (\d+) MiB", machine_.output)[1]) < 2048:
        raise TestFailure("the heap is not all there is")


def whole_cases(build):
    """All that the program checks from within, wherever the devices are."""
    for board in ("pc", "q35"):
        for name, options in TRANSPORTS.items():
            yield case(f"{board} {name}", build, written, board, options=options)
    yield case("microvm", build, written, "microvm")
    yield case("more than 1 GiB", build, large_heap, memory="2G")
    yield case("blocks of 4096 bytes, MTU 9000", build, succeeds("all is well", "MTU 9000"),
               devices=nets(options="host_mtu=9000"),
               disks=disks(more=("logical_block_size=4096,physical_block_size=4096", "")))


# What the program does by a word on its command line: the status of the machine, and what is told.
FAULTS = {
    "zero": "a null pointer", "zero-read": "a null pointer", "text": "mapped, but not for that",
    "constant": "mapped, but not for that", "high": "read at 0x400000000, which is not mapped",
    "top": "read at 0xfffffffffffff000", "run-data": "execution at", "run-heap": "execution at",
    "under-heap": "which is not mapped", "invalid": "invalid opcode",
}


def end_cases(build):
    for word, told in FAULTS.items():
        yield case(f"fault {word}", build, scenarios.ends_with(ABORT, "solo5: ABORT", told), words=word)
    yield case("stack corruption", build, scenarios.ends_with(ABORT, "ABORT: stack corruption"), words="smash")
    yield case("abort", build, scenarios.ends_with(ABORT, "ABORT: solo5_abort() called"), words="abort")
    yield case("exit status", build, scenarios.ends_with(7, "solo5: exit status 7\n"), words="exit")
    yield case("status returned", build, scenarios.ends_with(9), words="return")
    yield case("exit status that is Solo5's for success", build, scenarios.ends_with(ABORT, "solo5: exit status 41\n"),
               words="exit-41")
    yield case("exit status, quiet", build, quiet, words="exit --solo5:quiet")
    yield case("power off", build, scenarios.powers_off(), words="exit", exit_device=False)
    yield case("exit status without ACPI", build, scenarios.ends_with(7), "pc,acpi=off", words="exit")
    yield case("no way out", build, halts, "pc,acpi=off", words="exit", exit_device=False,
               devices=[*nets(), *MONITOR])
    yield case("too little memory", build, scenarios.ends_with(ABORT, "solo5: too little memory", "give the machine"),
               memory="4M")
    yield case("a disk that is read-only", build, succeeds("read-only is well"), words="read-only",
               disks=[dataclasses.replace(made, drive="readonly=on") for made in disks()])


def quiet(machine_, folder):
    scenarios.ends_with(7)(machine_, folder)
    if "solo5:" in machine_.output or "virtio" in machine_.output:
        raise TestFailure("it is not quiet")


def halts(machine_, folder):
    """Where nothing ends the machine the status is told all the same, and the processor sleeps for good."""
    machine_.expect("solo5: exit status 7")
    with Monitor(folder) as monitor:
        while "HLT=1" not in monitor.ask("info registers"):
            if time.monotonic() > machine_.deadline:
                raise TestFailure("the processor does not halt")
            time.sleep(0.1)


# A drive that takes one request, and the next after hours; and one whose flushes fail.
THROTTLED = "throttling.bps-total=1"
NO_FLUSH = "cache.no-flush=off,file.inject-error.0.event=none,file.inject-error.0.iotype=flush"


def hangs(machine_, folder):
    """A request fails in time, and so does each that follows, until the disk is let."""
    machine_.expect("the disk hangs")
    with Monitor(folder) as monitor:
        monitor.order("block_set_io_throttle disk0 0 0 0 0 0 0")
    succeeds("the disk works again")(machine_, folder)


def disk_cases(build):
    slow = [dataclasses.replace(disks()[0], drive=THROTTLED), disks()[1]]
    yield case("a disk that hangs", build, hangs, words="stuck --solo5:disk-timeout=1", disks=slow,
               devices=[*nets(), *MONITOR])
    for wrong in ("0", "soon", "86401", "5s", ""):
        yield case(f"a timeout of '{wrong}'", build, scenarios.ends_with(
            ABORT, f"solo5: --solo5:disk-timeout={wrong} makes no sense"), words=f"--solo5:disk-timeout={wrong}")
    unsafe = [dataclasses.replace(disks()[0], drive=NO_FLUSH, through="blkdebug::"), disks()[1]]
    yield case("a flush at the end that fails", build,
               scenarios.ends_with(1, "solo5: a disk failed to flush", "solo5: exit status 1"), words="write",
               disks=unsafe)
    yield case("a flush after solo5_abort that fails", build,
               scenarios.ends_with(ABORT, "solo5: a disk failed to flush", "solo5_abort() called"),
               words="write-abort", disks=unsafe)


def name_cases(build):
    """Which device is which, and names that are wrong."""
    by_order = "service ends in a, MTU 1500; storage has 2097152 bytes"
    other_way = "service ends in b, MTU 1500; storage has 1048576 bytes"
    for name, words, told in (
        ("order", "", by_order),
        ("by MAC and serial", "--service=mac:52:54:00:00:05:0b --inside=mac:52:54:00:00:05:0a "
         "--storage=serial:SECOND --second=serial:FIRST", other_way),
        ("by number", "--service=1 --inside=order:0 --storage=order:1 --second=0", other_way),
        ("by PCI address", "--storage=pci:00:0d.0 --second=pci:00:0c.0 --service=1 --inside=0", other_way),
    ):
        yield case(f"devices {name}", build, succeeds("cmdline [devices]", told),
                   words=f"placeholder {words} devices --solo5:quiet")
    for name, words, told in (
        ("no such MAC", "--service=mac:52:54:00:00:05:0c", "--service=mac:52:54:00:00:05:0c: there is no such"),
        ("nonsense", "--storage=serial", "--storage=serial"),
        ("one device twice", "--storage=1", "--storage=order:1 and --second=order:1 are the same device"),
    ):
        yield case(f"devices, {name}", build, scenarios.ends_with(ABORT, told, "solo5: not every device"),
                   words=f"{words} devices")
    yield case("devices, one is missing", build,
               scenarios.ends_with(ABORT, "--second=order:1: there is no such block device", "order:0",
                                   "solo5: not every device of the manifest is there"), disks=disks()[:1])
    yield case("devices, none is there", build,
               scenarios.ends_with(ABORT, "--service", "--inside", "--storage", "--second", "solo5: not every device"),
               disks=[], devices=())


# Where the manifest of an image is wrong: offset from the start of its note, new bytes, what is told.
HEADER = 32
MANIFESTS = {
    "version": (24, b"\x02", "is not of version 1"),
    "no entries": (28, b"\x00", "has no first entry"),
    "too many entries": (28, b"\x41", "or too many"),
    "first entry": (HEADER + 68, b"\x01", "has no first entry"),
    "type": (HEADER + ENTRY + 68, b"\x09", "service is of an unknown type"),
    "no name": (HEADER + 2 * ENTRY, b"\x00", "without a name"),
    "endless name": (HEADER + 2 * ENTRY, b"x" * 68, "without a name"),
    "one name twice": (HEADER + 4 * ENTRY, b"storage\x00", "two devices storage"),
}


def check_manifest(build, accelerator, patch):
    at, wrong, told = patch
    with tempfile.TemporaryDirectory(prefix="virtio-solo5-") as folder:
        image = pathlib.Path(folder, "wrong.elf")
        data = bytearray(build.guest("guest_solo5").read_bytes())
        note = data.index(b"MFT1Solo5\0") - 8
        data[note + at : note + at + len(wrong)] = wrong
        image.write_bytes(data)
        run_case(dataclasses.replace(case("", build, scenarios.ends_with(ABORT, "solo5: the manifest", told)),
                                     image=image), accelerator)


def check_symbols(build):
    """Everything but the interface is local, and nothing is asked for but what a program and the link script have."""
    for name in ("libvirtio", "libvirtio_pvh"):
        lines = command(["nm", "--extern-only", build.folder / "bindings" / "solo5" / f"solo5_{name}.o"]).splitlines()
        defined = {line.split()[-1] for line in lines if line.split()[-2] != "U"}
        wanted = {line.split()[-1] for line in lines if line.split()[-2] == "U"}
        if defined != set(INTERFACE.split()):
            raise TestFailure(f"solo5_{name}.o defines {sorted(defined)}")
        if strange := [symbol for symbol in wanted if not re.fullmatch(PROGRAM, symbol)]:
            raise TestFailure(f"solo5_{name}.o asks for {strange}")


def notes(image):
    """{type: (flags of its segment, description)} of Solo5's notes, each at the start of a segment of its own."""
    data = image.read_bytes()
    first, entry, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    found = {}
    for at in range(first, first + count * entry, entry):
        kind, flags, offset, *_, size = struct.unpack_from("<IIQQQQ", data, at)
        name_size, description_size, note = struct.unpack_from("<III", data, offset)
        if kind != PT_NOTE or data[offset + 12 : offset + 12 + name_size] != b"Solo5\0":
            continue
        if size != 20 + description_size:
            raise TestFailure(f"note {note:#x} has {description_size} bytes in a segment of {size}")
        found[note] = flags, data[offset + 20 : offset + size]
    return found


def check_notes(build):
    """What Solo5's tools look for in a program: which target it is for, and its manifest."""
    found = notes(build.guest("guest_solo5"))
    if set(found) != {ABI_NOTE, MANIFEST_NOTE}:
        raise TestFailure(f"the notes are {sorted(found)}")
    if found[ABI_NOTE][1] != struct.pack("<IIII", VIRTIO_TARGET, 1, 0, 0):
        raise TestFailure(f"the target is {found[ABI_NOTE][1]}")
    flags, manifest = found[MANIFEST_NOTE]
    if not flags & PF_W:
        raise TestFailure("the manifest cannot be filled in")
    version, entries = struct.unpack_from("<II", manifest, 4)  # aligned to 8 bytes behind the header of 20
    names = [manifest[at : at + 68].rstrip(b"\0") for at in range(12 + ENTRY, len(manifest), ENTRY)]
    if (version, entries, names) != (1, 5, [b"service", b"storage", b"inside", b"second"]):
        raise TestFailure(f"the manifest is of version {version}, has {entries} entries, {names}")


def check_installed(build, compiler, linker, accelerator):
    """A program out of reach of the tree: by pkg-config, and by the file names that Solo5's toolchain goes by."""
    with tempfile.TemporaryDirectory(prefix="virtio-solo5-") as folder:
        installed = Installed(build, folder)
        sources = sorted(SOURCES.glob("*.c"))
        image = pathlib.Path(folder, "pkg_config.elf")
        installed.build(compiler, linker, image, [*sources, "-fstack-protector-all", "-fno-builtin"],
                        ["libvirtio_solo5"])
        whole = {"devices": nets(), "disks": disks()}
        boot(image, written, accelerator, **whole)
        flags = installed.flags("--cflags", "libvirtio_solo5")
        program = pathlib.Path(folder, "program.o")
        command([compiler, "-O2", *flags, "-fno-builtin", "-r", "-nostdlib", *sources, "-o", program])
        script = next(installed.root.rglob("solo5_libvirtio.lds"))
        image = pathlib.Path(folder, "toolchain.elf")
        command([f"ld.{linker}", "-nostdlib", "-static", "-z", "max-page-size=0x1000", "-T", script, program,
                 script.with_suffix(".o"), "-o", image])
        boot(image, written, accelerator, **whole)


MIRAGE_WORKS = succeeds("floats 3.142; all is well")
UNCAUGHT_STATUS = 2


def mirage_case(name, image, scenario, words="", memory="128M"):
    return Case(name, image, scenario, command_line=words, memory=memory, devices=nets(), disks=disks()[:1])


def mirage_cases(build):
    """An OCaml program in the shape of MirageOS's."""
    image = build.ocaml_image("guest_mirage")
    yield mirage_case("mirage", image, MIRAGE_WORKS)
    yield mirage_case("mirage, exit status", image, scenarios.ends_with(7, "not flushed by hand"), "exit")
    yield mirage_case("mirage, an exception that nobody catches", image,
                      scenarios.ends_with(UNCAUGHT_STATUS, "Fatal error: exception Not_found",
                                          'Raised at Guest_mirage.deep in file "guest_mirage.ml"'), "uncaught")
    yield mirage_case("mirage, too little memory", image,
                      scenarios.ends_with(ABORT, "is too little for OCaml", "give the machine more"), memory="8M")


def check_mirage_symbols(build):
    """What the manual says that MirageOS's packages ask for is in a program that is linked as theirs."""
    table = MANUAL.read_text().split("| who asks | for |")[1].split("\n\n")[0]
    wanted = set(re.findall(r"`(\w+)`", table))
    defined = {line.split()[-1] for line in command(["nm", "--defined-only",
                                                     build.ocaml_image("guest_mirage")]).splitlines()}
    if missing := wanted - defined:
        raise TestFailure(f"nobody defines {sorted(missing)}")
    return f"{len(wanted)} of them"


def check_mirage_installed(build, accelerator):
    """The commands of the manual, out of reach of the tree."""
    commands = MANUAL.read_text().split("<!-- run by tools/lib/solo5.py -->\n```sh\n")[1].split("```")[0]
    with tempfile.TemporaryDirectory(prefix="virtio-mirage-") as name:
        folder = pathlib.Path(name)
        installed = Installed(build, folder)
        shutil.copy(MIRAGE / "guest_mirage.ml", folder / "program.ml")
        shutil.copy(MIRAGE / "stubs.c", folder)
        commands = commands.replace("pkg-config", f"pkg-config --define-variable=prefix={installed.prefix}")
        command(["sh", "-euxc", commands], cwd=folder, env=installed.environment)
        run_case(mirage_case("", folder / "program.elf", MIRAGE_WORKS), accelerator)


def cases_of(build):
    if build is builds.GCC:
        for kind in (whole_cases, end_cases, disk_cases, name_cases, mirage_cases):
            yield from kind(build)
    else:
        yield case("pc", build, written)
        yield case("microvm", build, written, "microvm")
        yield mirage_case("mirage", build.ocaml_image("guest_mirage"), MIRAGE_WORKS)


def jobs(report, made, accelerator):
    for build in [build for build in BUILDS if build in made]:
        yield report.run, "solo5", f"{build.name} symbols", check_symbols, build
        yield report.run, "solo5", f"{build.name} notes", check_notes, build
        yield report.run, "solo5", f"{build.name} installed", check_installed, build, build.compiler, build.linker, \
            accelerator
        for made_case in cases_of(build):
            yield report.run, "solo5", f"{build.name} {made_case.name}", run_case, made_case, accelerator
    if builds.GCC in made:
        yield report.run, "solo5", "gcc mirage's symbols", check_mirage_symbols, builds.GCC
        yield report.run, "solo5", "gcc mirage, installed", check_mirage_installed, builds.GCC, accelerator
        for name, patch in MANIFESTS.items():
            yield report.run, "solo5", f"gcc manifest, {name}", check_manifest, builds.GCC, accelerator, patch


def run(report, made, accelerator, workers=2):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for job in [pool.submit(*job) for job in jobs(report, made, accelerator)]:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise
