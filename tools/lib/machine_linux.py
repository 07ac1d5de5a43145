# SPDX-License-Identifier: ISC
"""The Linux guest of tools/bench machine: Debian's kernel for clouds, unpacked and not installed, and an initramfs with
one program, test/bench/machine/linux."""

import pathlib
import re
import shutil
import struct
import subprocess

import builds
from outcome import TestFailure, TestSkipped, command

FOLDER = builds.FOLDER / "linux"
META_PACKAGE = "linux-image-cloud-amd64"
# What of the kernel a guest loads, in this order, on PCI and elsewhere.
FIRST = ("virtio_ring", "virtio")
TRANSPORT = {"pci": ("virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci"), "mmio": ("virtio_mmio",)}
DRIVERS = ("virtio_blk", "failover", "net_failover", "virtio_net")
FAST = ("quiet mitigations=off panic=-1 reboot=t no_timer_check tsc=reliable ipv6.disable=1 cryptomgr.notests "
        "random.trust_cpu=on nokaslr")


def package():
    """The package with the kernel: the other one only names it."""
    if not shutil.which("apt-cache"):
        raise TestSkipped("no apt-cache here, and so no Linux guest")
    try:
        found = re.search(r"Depends: (linux-image-\S+-cloud-amd64)", command(["apt-cache", "depends", META_PACKAGE]))
    except TestFailure:
        found = None
    if not found:
        raise TestSkipped(f"no {META_PACKAGE} among this machine's packages, and so no Linux guest")
    return found.group(1)


def unpack():
    """The folder with the package's files; fetched the first time."""
    name = package()
    folder = FOLDER / name
    if not folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command(["apt-get", "download", name], cwd=FOLDER)
        archive, = FOLDER.glob(f"{name}_*.deb")
        command(["dpkg-deb", "-x", archive, f"{folder}.part"])
        archive.unlink()
        pathlib.Path(f"{folder}.part").rename(folder)
    return folder


def only(folder, pattern):
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise TestFailure(f"{len(found)} files {pattern} in {folder}")
    return found[0]


def kernel(folder):
    """The kernel as an ELF file, which starts by PVH and has nothing to decompress: the payload of its bzImage."""
    image = folder / "vmlinux"
    if not image.exists():
        packed = only(folder, "boot/vmlinuz-*").read_bytes()
        start, length = struct.unpack_from("<II", packed, 0x248)
        start += (packed[0x1F1] + 1) * 512
        done = subprocess.run(["lz4", "-dc"], input=packed[start : start + length - 4], stdout=subprocess.PIPE,
                              check=False)
        if done.returncode or not done.stdout.startswith(b"\x7fELF"):
            raise TestFailure("the kernel's payload does not unpack with lz4")
        image.write_bytes(done.stdout)
    return image


def initramfs(folder, transport, program):
    """PROGRAM as its init, and the modules, numbered in the order in which it loads them."""
    tree = folder / f"initramfs-{transport}"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("dev", "sys", "modules"):
        (tree / name).mkdir(parents=True)
    command(["strip", "-o", tree / "init", program])
    for number, name in enumerate(FIRST + TRANSPORT[transport] + DRIVERS, 10):
        shutil.copyfile(only(folder, f"**/{name}.ko"), tree / "modules" / f"{number}-{name}.ko")
    packed = folder / f"initramfs-{transport}.cpio"
    with open(packed, "wb") as file:
        names = "\n".join(str(path.relative_to(tree)) for path in [tree, *sorted(tree.rglob("*"))])
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=names.encode(), stdout=file, check=True)
    return packed


def clock_words(accelerator):
    """Without KVM's clock Linux measures its own, which takes long, or fails: on microvm it hangs. So it is told."""
    megahertz = re.search(r"cpu MHz\s*: ([\d.]+)", pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii"))
    if accelerator != "tcg" or not megahertz:
        return ""
    return f" tsc_early_khz={round(1000 * float(megahertz.group(1)))}"


class LinuxGuest:
    """What boots, and what it is called."""

    def __init__(self, program, accelerator):
        self._program = program
        self._folder = unpack()
        self._accelerator = accelerator
        self.image = kernel(self._folder)
        version = re.search(r"linux-image-(\d+\.\d+)", self._folder.name).group(1)
        self.name = f"Linux {version}"

    def initramfs(self, transport):
        return initramfs(self._folder, transport, self._program)

    @property
    def command_line(self):
        return f"console=ttyS0 {FAST}{clock_words(self._accelerator)}"
