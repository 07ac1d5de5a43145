# SPDX-License-Identifier: ISC
"""The table of machines that the tests boot: each way to build, to boot, and to configure a device, at least once."""

import concurrent.futures

import accesses
import builds
import devices
import disk
import features
import interrupts
import machine
import matrix
import net_features
import scenarios
import time_and_power
import two_by_two
import unplug
from monitor import MONITOR
from run import QBOOT, UEFI, Case, Disk, run_case

TRANSPORTS = {
    "legacy": "disable-modern=on,disable-legacy=off",
    "modern": "disable-modern=off,disable-legacy=on",
    "transitional": "disable-modern=off,disable-legacy=off",
}
RINGS = {
    f"event_idx={event_idx} indirect={indirect}": f"event_idx={event_idx},indirect_desc={indirect}"
    for event_idx in ("on", "off")
    for indirect in ("on", "off")
}
PACKED = {
    "packed": "packed=on",
    "packed event_idx=off": "packed=on,event_idx=off",
    "packed indirect=off": "packed=on,indirect_desc=off",
    "packed event_idx=off indirect=off": "packed=on,event_idx=off,indirect_desc=off",
}
MAPPED = {
    "iommu_platform": "iommu_platform=on",
    "iommu_platform packed": "iommu_platform=on,packed=on",
}
MACHINES = ["pc", "q35"]
DEVICES = [
    (f"{board} {transport} {ring}", board, f"{TRANSPORTS[transport]},{RINGS[ring]}")
    for board in MACHINES
    for transport in TRANSPORTS
    for ring in RINGS
] + [
    (f"{board} {transport} {ring}", board, f"{TRANSPORTS[transport]},{PACKED[ring]}")
    for board, transport in (("pc", "transitional"), ("q35", "modern"))
    for ring in PACKED
] + [
    (f"{board} modern {mapping}", board, f"{TRANSPORTS['modern']},{MAPPED[mapping]}")
    for board in MACHINES
    for mapping in MAPPED
]
LONG = " ".join(f"word{number}={'x' * 40}" for number in range(40))
NO_TIMERS = "microvm,pit=off,pic=off,rtc=off,isa-serial=on"

# What a kernel does that is not allowed, and how the shim's report begins.
FAULTS = {
    "null": "exception 14: page fault",
    "text": "exception 14: page fault",
    "rodata": "exception 14: page fault",
    "execute": "exception 14: page fault",
    "stack": "exception 14: page fault",
    "divide": "exception 0: divide error",
    "undefined": "exception 6: invalid opcode",
    "interrupt": "was raised and has no handler",
}
FATAL_STATUS = 127
UNKNOWN_WORD_STATUS = 5  # of guest_boot


def boot_cases(build):
    """The shim by itself: guest_boot checks memory, mapping, hooks and SSE, and provokes exceptions."""
    image = build.guest("guest_boot")
    well = scenarios.ends_with(0, "all is well")
    for board in ("pc", "q35", "pc,pit=off", "q35,pit=off,pic=off,hpet=off", NO_TIMERS):
        yield Case(f"boot {board}", image, well, machine=board)
    yield Case("boot with 64 MiB", image, well, memory="64M")
    yield Case("boot without isa-debug-exit", image, scenarios.powers_off("all is well"), exit_device=False)
    yield Case("boot, modules and a long command line", image,
               scenarios.ends_with(UNKNOWN_WORD_STATUS, "argument0] 4500 bytes [module 0 ", "argument1]", "word39"),
               command_line=LONG, modules=2)
    for fault, report in FAULTS.items():
        yield Case(f"boot, {fault}", image, scenarios.ends_with(FATAL_STATUS, report, "rip ", "backtrace:"),
                   command_line=fault)


GRUBS = [(command, firmware) for command in ("multiboot", "multiboot2") for firmware in ("", UEFI)]
PROTOCOLS = {"multiboot": "protocol [multiboot 1]", "multiboot2": "protocol [multiboot 2]"}


def door_cases(build):
    """Each way into the image: every boot protocol and firmware, with all doors or one."""
    image = build.guest("guest_boot")
    pvh = build.guest("guest_boot.pvh")
    told = ["argument0] 4500 bytes [module 0 ", "argument1]", "word39"]
    for command, firmware in GRUBS:
        yield Case(f"boot by GRUB, {command}{' UEFI' if firmware else ''}, modules and a long command line", image,
                   scenarios.ends_with(UNKNOWN_WORD_STATUS, PROTOCOLS[command], "loader [GRUB 2", *told, "all is well"),
                   command_line=LONG, modules=2, grub=command, firmware=firmware)
        yield Case(f"boot by GRUB, {command}{' UEFI' if firmware else ''}, power off", image,
                   scenarios.powers_off(PROTOCOLS[command], "all is well"), machine="q35", grub=command,
                   firmware=firmware, exit_device=False)
    for command, door in (("multiboot", "multiboot1"), ("multiboot2", "multiboot2")):
        yield Case(f"boot by GRUB, {command} alone", build.guest(f"guest_boot.{door}"),
                   scenarios.ends_with(0, PROTOCOLS[command], "all is well"), grub=command)
    well = scenarios.ends_with(0, "protocol [PVH]", "all is well")
    for board in ("pc", "q35", "microvm", NO_TIMERS):
        yield Case(f"boot PVH {board}", pvh, well, machine=board)
    # Without ACPI microvm would take qboot (see below), but SeaBIOS does as well.
    yield Case("boot PVH microvm,acpi=off", pvh, well, machine="microvm,acpi=off", firmware="bios-microvm.bin")
    yield Case("boot PVH, module and a long command line", pvh,
               scenarios.ends_with(UNKNOWN_WORD_STATUS, "] 4500 bytes [module 0 ", "word39"),
               command_line=LONG, modules=1)
    for board in MACHINES:
        yield Case(f"boot qboot {board}", image, scenarios.ends_with(0, "all is well"), machine=board, firmware=QBOOT)


def door_device_cases(build):
    """Devices where other firmware than SeaBIOS put them: UEFI far above 4 GiB, qboot nowhere.

    qboot gets no PVH images: QEMU 7.2 shows it their first bytes out of memory that it uses for something else by then.
    """
    yield Case("console PVH", build.example("console.pvh"), scenarios.console(), memory="6G")
    for command in ("multiboot", "multiboot2"):
        yield Case(f"console UEFI {command}", build.example("console"), scenarios.console("command line: some words\n"),
                   command_line="some words", modules=1, grub=command, firmware=UEFI)
    for board in MACHINES:
        yield Case(f"net_echo UEFI {board}", build.example("net_echo"), scenarios.echo_briefly, machine=board,
                   grub="multiboot2", firmware=UEFI, nets=[TRANSPORTS["modern"]])
        case = blk_case(f"guest_blk UEFI {board}", build, [Disk(options=TRANSPORTS["modern"])], machine=board,
                        grub="multiboot2", firmware=UEFI)
        case.scenario = scenarios.far_away(case.scenario)
        yield case
        for transport, options in TRANSPORTS.items():
            yield Case(f"net_echo qboot {board} {transport}", build.example("net_echo"),
                       scenarios.driven(options, scenarios.echo_briefly), machine=board, firmware=QBOOT,
                       nets=[options] * 2)
        yield blk_case(f"guest_blk qboot {board}, a disk of each transport", build,
                       [Disk(sectors=1024, options=options) for options in TRANSPORTS.values()], machine=board,
                       firmware=QBOOT)
    # Behind a bridge nothing gets an address: a modern device does without, slowly, and a legacy one is told of.
    for name, board, bridge, place in PCI_PLACES[0], PCI_PLACES[2]:
        yield Case(f"net_echo qboot {board} {name}", build.example("net_echo"),
                   scenarios.says(scenarios.echo_briefly, "has no address; going through configuration space"),
                   machine=board, firmware=QBOOT, devices=bridge, nets=[place])
    _, board, bridge, place = PCI_PLACES[0]
    yield Case("net_echo qboot behind a bridge, legacy", build.example("net_echo"),
               scenarios.ends_with(1, "BAR 0 has no address among the ports", "VIRTIO_ERR_UNSUPPORTED"),
               machine=board, firmware=QBOOT, devices=bridge, nets=[f"{place},{TRANSPORTS['legacy']}"])
    yield Case("net_echo PVH", build.example("net_echo.pvh"), scenarios.echo_briefly, nets=[""])


def console_cases(build):
    image = build.example("console")
    for board in MACHINES:
        yield Case(f"console {board}", image, scenarios.console(), machine=board)
    yield Case("console left alone", image, scenarios.console_left_alone)
    yield Case("console 6 GiB", image, scenarios.console(), memory="6G")
    yield Case("console by GRUB, module, command line", image, scenarios.console("command line: some words\n"),
               command_line="some words", modules=1, grub="multiboot")


def net_cases(build):
    image = build.example("net_echo")
    for name, board, options in DEVICES:
        yield Case(f"net_echo {name}", image, scenarios.driven(options, scenarios.echo), machine=board, nets=[options])
    for count in (2, 4):
        for board in MACHINES:
            for number in (0, count - 1):
                yield Case(f"net_echo {board}, {count} devices, the one at {number}", image, scenarios.echo_briefly,
                           machine=board, nets=[""] * count, cable=number, command_line=f"device={number}")
    for board in MACHINES:
        yield Case(f"net_echo {board} mrg_rxbuf=off", image, scenarios.echo, machine=board, nets=["mrg_rxbuf=off"])
        yield Case(f"net_echo {board} 6 GiB", image, scenarios.echo_briefly, machine=board, memory="6G", nets=[""])
    for transport, option in (("legacy", "any_layout=off"), ("modern", "queue_reset=off"), ("modern", "page-per-vq=on"),
                              ("modern", "modern-pio-notify=on"), ("modern", "rx_queue_size=1024")):
        yield Case(f"net_echo {transport} {option}", image, scenarios.echo_briefly,
                   nets=[f"{TRANSPORTS[transport]},{option}"])
    yield Case("net_echo ip=, modules, long command line", image, scenarios.echo_from("192.168.7.9", "192.168.7.1"),
               command_line=f"{LONG} ip=192.168.7.9/24", modules=2, nets=[""])
    yield Case("net_echo GRUB, ip=, module", image, scenarios.echo_from("192.168.7.9", "192.168.7.1"),
               command_line="ip=192.168.7.9/24", modules=1, nets=[""], grub="multiboot")
    wrong = scenarios.ends_with(1, "VIRTIO_ERR_NO_DEVICE")
    yield Case("net_echo without a device", image, wrong)
    yield Case("net_echo with a disk only", image, wrong, disks=[Disk()])
    yield Case("net_echo with one device too few", image, wrong, nets=[""], command_line="device=1")
    yield Case("net_echo told nonsense", image, scenarios.ends_with(2, "ip=10.0.2.256/24"), nets=[""],
               command_line="ip=10.0.2.256/24")


def blk_case(name, build, disks, words="", **more):
    """guest_blk on these disks, each with a pattern of its own."""
    for number, made in enumerate(disks):
        made.seed = scenarios.FOUND_SEED + number
    command_line = f"disks={len(disks)} found={scenarios.FOUND_SEED} seed={scenarios.WRITTEN_SEED} {words}".strip()
    return Case(name, build.guest("guest_blk"), scenarios.blk(disks), disks=disks, command_line=command_line, **more)


def blk_cases(build):
    for name, board, options in DEVICES:
        case = blk_case(f"guest_blk {name}", build, [Disk(options=options)], machine=board)
        case.scenario = scenarios.driven(options, case.scenario)
        yield case
    for count in (2, 4):
        for board in MACHINES:
            yield blk_case(f"guest_blk {board}, {count} devices", build, [Disk(sectors=1024) for _ in range(count)],
                           machine=board)
    for transport, options in TRANSPORTS.items():
        yield blk_case(f"guest_blk {transport} read-only", build, [Disk(options=options, drive="readonly=on")])
        yield blk_case(f"guest_blk {transport} blocks of 4096", build,
                       [Disk(options=f"{options},logical_block_size=4096,physical_block_size=4096")])
        yield blk_case(f"guest_blk {transport} queue-size=8", build, [Disk(options=f"{options},queue-size=8")])
    yield from blk_feature_cases(build)
    yield blk_case("guest_blk ring=16 segments=1", build, [Disk()], "ring=16 segments=1")
    yield blk_case("guest_blk 6 GiB", build, [Disk()], memory="6G")
    yield blk_case("guest_blk modules, long command line", build, [Disk()], LONG, modules=2)
    yield blk_case("guest_blk by GRUB, module", build, [Disk()], modules=1, grub="multiboot")
    yield Case("guest_blk without a disk", build.guest("guest_blk"), scenarios.ends_with(1, "FAIL number of disks"))
    yield Case("guest_blk sees a wrong pattern", build.guest("guest_blk"), scenarios.ends_with(1, "FAIL"),
               command_line="found=2", disks=[Disk(seed=1)])


# microvm has ACPI tables of its devices. Without ACPI it tells a PVH kernel in arguments, or no kernel: then they are
# found in its row of windows.
MMIO_WAYS = {
    "by arguments": ("microvm,acpi=off", ".pvh"),
    "by probing, 8 windows": ("microvm,acpi=off,auto-kernel-cmdline=off", ".pvh"),
    "by ACPI": ("microvm", ".pvh"),
    "by ACPI, multiboot": ("microvm", ""),
}
MMIO_VERSIONS = {
    "MMIO 1": ("legacy MMIO", "on", [""]),
    "MMIO 2": ("modern MMIO", "off", ["", "packed=on"]),
}


def mmio_cases(build):
    for version, (transport, legacy, rings) in MMIO_VERSIONS.items():
        common = {"devices": ("-global", f"virtio-mmio.force-legacy={legacy}")}
        for way, (board, doors) in MMIO_WAYS.items():
            name, common["machine"] = f"{version} {way}", f"{board},isa-serial=on"
            for ring in rings:
                more = f" {ring}" if ring else ""
                yield Case(f"net_echo {name}{more}", build.example(f"net_echo{doors}"),
                           scenarios.driven(ring, scenarios.echo, transport), nets=[ring], **common)
                case = blk_case(f"guest_blk {name}{more}", build, [Disk(options=ring)], **common)
                case.image = build.guest(f"guest_blk{doors}")
                case.scenario = scenarios.driven(ring, case.scenario, transport)
                yield case
        for way, words in (("by ACPI alone", "find=1"), ("by probing, 24 windows", "find=2")):
            yield blk_case(f"guest_blk {version} {way}", build, [Disk()], words, **common)
        yield Case(f"guest_blk {version}, told of an empty window", build.guest("guest_blk.pvh"),
                   scenarios.ends_with(1, "virtio_mmio.device=what makes no sense", "0 disks"), disks=[Disk()],
                   command_line="virtio_mmio.device=512@0xfeb00000:24 virtio_mmio.device=what",
                   **{**common, "machine": "microvm,acpi=off,auto-kernel-cmdline=off,isa-serial=on"})
        yield Case(f"net_echo {version}, a card and a disk", build.example("net_echo.pvh"), scenarios.echo_briefly,
                   nets=[""], disks=[Disk()], **common)
        yield Case(f"peek {version} without a disk", build.example("peek.pvh"),
                   scenarios.ends_with(1, "no virtio device 0 of type 2 (block): found 0 such, 1 others"), nets=[""],
                   **common)


# Where a device can be on PCI: (name, machine, what is in front of it, its place)
PCI_PLACES = [
    ("behind a bridge", "pc", ("-device", "pci-bridge,id=bridge,chassis_nr=1,addr=3"), "bus=bridge,addr=2"),
    ("behind two bridges", "pc", ("-device", "pci-bridge,id=first,chassis_nr=1,addr=3",
                                  "-device", "pci-bridge,id=second,chassis_nr=2,bus=first,addr=4"),
     "bus=second,addr=5"),
    ("behind a root port", "q35", ("-device", "pcie-root-port,id=root,chassis=1,slot=1,addr=5"), "bus=root,addr=0"),
    ("behind a root port and a bridge", "q35", ("-device", "pcie-root-port,id=root,chassis=1,slot=1,addr=5",
                                                "-device", "pcie-pci-bridge,id=bridge,bus=root"),
     "bus=bridge,addr=3"),
    ("as function 7", "pc", ("-device", "virtio-rng-pci,addr=6.0,multifunction=on"), "addr=6.7"),
    ("as function 0 of many", "q35", ("-device", "virtio-rng-pci,addr=6.3"), "addr=6.0,multifunction=on"),
    ("above 4 GiB", "pc", ("-device", "pci-testdev,membar=4G,addr=7"), ""),
    ("above 4 GiB", "q35", ("-device", "pci-testdev,membar=4G,addr=7"), ""),
]


def pci_cases(build):
    """Devices in less usual places of PCI, and one whose registers cannot be mapped."""
    for name, board, devices, place in PCI_PLACES:
        yield Case(f"net_echo {board} {name}", build.example("net_echo"), scenarios.echo_briefly, machine=board,
                   devices=devices, nets=[place])
        yield blk_case(f"guest_blk {board} {name}", build, [Disk(options=place, sectors=1024)], machine=board,
                       devices=devices)
    for ring in ("", "packed=on"):
        case = blk_case(f"guest_blk through configuration space {ring}".strip(), build,
                        [Disk(options=f"{TRANSPORTS['modern']},{ring}".strip(","), sectors=1024)], "unmapped=1")
        case.scenario = scenarios.says(case.scenario, "cannot be mapped; going through configuration space")
        yield case


def blk_feature_cases(build):
    """What QEMU's block device has besides reads and writes."""
    modern = TRANSPORTS["modern"]
    for transport, options in TRANSPORTS.items():
        made = Disk(options=f"{options},write-cache=on", drive="discard=unmap")
        case = blk_case(f"guest_blk {transport} commands", build, [made], "commands=1")
        case.scenario = scenarios.blk_commands(made)
        yield case
    made = Disk(options=f"{modern},max-discard-sectors=24,max-write-zeroes-sectors=40,discard_granularity=4096",
                drive="discard=unmap")
    case = blk_case("guest_blk commands in small ranges", build, [made], "commands=1")
    case.scenario = scenarios.also(scenarios.blk_commands(made), "discard 24 write_zeroes 40")
    yield case
    case = blk_case("guest_blk iothread, serial number", build,
                    [Disk(options=f"{modern},iothread=worker,serial=a-serial-number")],
                    devices=("-object", "iothread,id=worker"))
    case.scenario = scenarios.also(case.scenario, "serial [a-serial-number]")
    yield case
    for count in (1, 4):
        yield blk_case(f"guest_blk num-queues={count}", build, [Disk(options=f"{modern},num-queues={count}")],
                       f"queues={count}")
    for ring in ("packed=off", "packed=on"):
        for ways in ("", " interrupts=1"):
            case = blk_case(f"guest_blk one queue is reset, {ring}{ways}", build,
                            [Disk(options=f"{modern},num-queues=2,{ring}")], f"queues=2 reset=1{ways}")
            case.scenario = scenarios.also(case.scenario, "one queue was reset\n")
            yield case
    for cache in ("on", "off"):
        case = blk_case(f"guest_blk write-cache={cache}", build, [Disk(options=f"{modern},write-cache={cache}")])
        case.scenario = scenarios.also(case.scenario, f"write_cache {int(cache == 'on')} ")
        yield case
    case = blk_case("guest_blk physical blocks of 4096", build, [Disk(options=f"{modern},physical_block_size=4096")])
    case.scenario = scenarios.also(case.scenario, "physical_block 8 ")
    yield case
    yield Case("guest_blk resized", build.guest("guest_blk"), scenarios.blk_resized(8192), disks=[Disk()],
               command_line="resize=1", devices=MONITOR)
    for transport, options, answer in (("legacy", TRANSPORTS["legacy"], "NO_DEVICE"), ("modern", modern, "PROTOCOL")):
        yield Case(f"guest_blk {transport} pulled out", build.guest("guest_blk"),
                   scenarios.ends_with(0, f"pulled out: VIRTIO_ERR_{answer}", "PASS"), disks=[Disk(options=options)],
                   command_line="eject=12")


def disk_cases(build):
    """The example that measures."""
    image = build.example("disk")
    yield Case("disk", image, scenarios.ends_with(0, "write   4 KiB, 1 at a time: ", "verify  1024 KiB, 32 at a time: ",
                                                  "read    64 KiB, 8 at a time: ", "all is well"),
               disks=[Disk(sectors=32768)], command_line="mib=8 write=yes")
    yield Case("disk, not written to", image, scenarios.blk_untouched, disks=[Disk()])
    yield Case("disk told nonsense", image, scenarios.ends_with(2, "write=Yes"), command_line="write=Yes")


def iommu_cases(build):
    """Behind an emulated IOMMU, as firmware leaves it: addresses stay what they are."""
    options, iommu = "disable-legacy=on,iommu_platform=on", ("-device", "intel-iommu")
    yield Case("net_echo q35 emulated IOMMU", build.example("net_echo"),
               scenarios.driven(options, scenarios.echo_briefly), machine="q35", nets=[options], devices=iommu)
    yield blk_case("guest_blk q35 emulated IOMMU", build, [Disk(options=options)], machine="q35", devices=iommu)


def peek_cases(build):
    """The unikernel that the README shows, reading a file as the README does."""
    readme = (builds.TOP / "README.md").read_bytes()
    padded = readme + b"\0" * (-len(readme) % disk.SECTOR)
    first_line = readme.split(b"\n")[0].decode()
    yield Case("peek", build.example("peek"), scenarios.ends_with(0, f"virtio info: {first_line}\n"),
               disks=[Disk(content=padded, drive="readonly=on")])
    yield Case("peek without a disk", build.example("peek"), scenarios.ends_with(1, "virtio error: "))


def other_build_cases(build):
    """Kernels of the other compilers and linkers: one of each kind."""
    image = build.guest("guest_boot")
    yield Case("boot", image, scenarios.ends_with(0, "all is well"))
    yield Case("boot PVH", build.guest("guest_boot.pvh"), scenarios.ends_with(0, "protocol [PVH]", "all is well"))
    yield Case("boot by GRUB, multiboot2", image, scenarios.ends_with(0, "protocol [multiboot 2]", "all is well"),
               grub="multiboot2")
    for fault in ("null", "stack"):
        yield Case(f"boot, {fault}", image, scenarios.ends_with(FATAL_STATUS, FAULTS[fault]), command_line=fault)
    yield Case("console", build.example("console"), scenarios.console())
    for transport, options in TRANSPORTS.items():
        yield Case(f"net_echo {transport}", build.example("net_echo"), scenarios.echo, nets=[options])
        yield blk_case(f"guest_blk {transport}", build, [Disk(options=options)])


def all_cases(made):
    """(name, case) for each of the builds that succeeded."""
    for build in [build for build in builds.IMAGES if build in made]:
        if build is builds.GCC:
            kinds = [boot_cases, door_cases, door_device_cases, time_and_power.cases, console_cases, net_cases,
                     net_features.cases, blk_cases, mmio_cases, pci_cases, disk_cases, peek_cases,
                     interrupts.cases, devices.cases, matrix.cases, iommu_cases, two_by_two.cases,
                     unplug.cases, accesses.cases]
        else:
            kinds = [other_build_cases]
        for kind in kinds:
            for case in kind(build):
                yield f"{build.name} {case.name}", case


def check_matrix(report, results, prove):
    """Once all combinations ran: write the table of those that passed, or compare it."""
    wanted = {name: f"{builds.GCC.name} {name}" for name in matrix.all_names()}
    if not all(name in results for name in wanted.values()):
        return  # only some of them were asked for
    passed = {name for name, case in wanted.items() if results[case]}
    if prove:
        matrix.prove(passed)
    report.run("qemu", "docs/proven.md is what this run proves", matrix.compare, passed)


def run(report, made, accelerator, prove=False, workers=2):
    """Run them, two at a time."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            jobs = {name: pool.submit(report.run, "qemu", name, run_case, case, accelerator)
                    for name, case in all_cases(made) if report.wants("qemu", name)}
            results = {name: job.result() for name, job in jobs.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise
    report.run("qemu", "all options of QEMU's devices are known", features.check_options)
    if not report.list_only:
        check_matrix(report, results, prove)
