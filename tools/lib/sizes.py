# SPDX-License-Identifier: ISC
"""Bytes of the library and of the images: what a linker takes of it for a driver, and all of it."""

import dataclasses
import re
import tempfile
from pathlib import Path

import archives
import builds
from instructions import functions
from outcome import TestFailure, command

# A driver's public headers.
DRIVERS = {"net": ["net", "net_control"], "blk": ["blk"], "console": ["console"], "rng": ["rng"], "9p": ["9p"],
           "balloon": ["balloon"], "vsock": ["vsock"]}
# How a unikernel gets at its devices when it names one transport and one ring.
MODERN_PCI = ["virtio_pci_access_ports", "virtio_pci_first", "virtio_pci_next", "virtio_pci_open",
              "virtio_pci_modern_ops"]
SPLIT = ["virtqueue_split_ops"]
ALL_RINGS_AND_TRANSPORTS = ["virtio_support_all", "virtio_mmio_open", *MODERN_PCI]
# Of a driver's header, but members of their own, for whom wants them.
APART = {"virtio_net_checksum", "virtio_net_checksum_complete"}
# What a driver leaves out until somebody names it.
NAMED = {"net": ["virtio_net_offload", "virtio_net_control"]}
IMAGES = ["console", "disk", "net_echo"]
OCAML_IMAGES = ["ocaml_hello", "ocaml_echo"]


@dataclasses.dataclass(frozen=True)
class Size:
    """Bytes of something linked."""
    name: str
    code: int
    constants: int
    data: int  # which in the library are tables of addresses, constant once the image is where it runs

    @property
    def text(self):
        return self.code + self.constants


def size_of(name, path):
    sizes = archives.section_sizes(path)

    def kind(*starts):
        return sum(size for section, size in sizes.items() if section.startswith(starts))

    return Size(name, kind(".text"), kind(".rodata"), kind(".data", ".got", ".bss"))


def link(archive, roots, out):
    """Link into OUT what a linker takes from the archive for ROOTS, which it has all."""
    if missing := set(roots) - functions(archive) - constants(archive):
        raise TestFailure(f"{archive} has no {' '.join(sorted(missing))}")
    command(["ld", "-static", "--gc-sections", f"--entry={roots[0]}",
             *(f"--defsym={name}=0" for name in sorted(archives.ALLOWED_UNDEFINED)),
             *(f"--undefined={name}" for name in roots), archive, "-o", out])


def linked(name, archive, roots):
    """The size of that."""
    with tempfile.TemporaryDirectory(prefix="virtio-sizes-") as folder:
        out = Path(folder, "linked")
        link(archive, roots, out)
        return size_of(name, out)


def whole(archive):
    """The same for all of the archive."""
    with tempfile.TemporaryDirectory(prefix="virtio-sizes-") as folder:
        return size_of("the whole library", archives.linked_whole(archive, folder))


def constants(archive):
    return set(re.findall(r"^[0-9a-f]+ [DdRr] (\S+)$", command(["nm", archive]), re.MULTILINE))


def declared(driver, archive):
    """The functions of a driver's public headers."""
    text = "".join((builds.TOP / "include" / "virtio" / f"{header}.h").read_text(encoding="utf-8")
                   for header in DRIVERS.get(driver, [driver]))
    return sorted((set(re.findall(r"\b(virtio_\w+)\(", text)) & functions(archive)) - APART)


def called(example, driver):
    """The functions of a driver that an example calls, blocking conveniences and all."""
    objects = sorted(example.with_name(f"{example.name}.p").glob("*.o"))
    names = re.findall(rf"^\s+U (virtio_{driver}_\w+)$", command(["nm", *objects]), re.MULTILINE)
    return sorted(set(names))


def net_roots(build):
    """What a unikernel names that does with the network what net_echo does, on modern PCI with the split ring."""
    return called(build.example("net_echo"), "net") + MODERN_PCI + SPLIT


def libraries(build):
    """A list of Size, one for each thing to link."""
    archive = build.libvirtio
    silent = builds.SILENT[build]
    silent.make_library()
    pci = [*MODERN_PCI, *SPLIT]
    rows = [linked("net as net_echo uses it", archive, net_roots(build)),
            linked("net without messages", silent.libvirtio, net_roots(build)),
            linked("blk as disk uses it", archive, called(build.example("disk"), "blk") + pci)]
    rows += [linked(f"{driver}, all functions", archive, declared(driver, archive) + pci) for driver in DRIVERS]
    rows.append(linked("uart16550", archive, declared("uart16550", archive)))
    rows.append(linked("net, all transports and rings", archive,
                       declared("net", archive) + ALL_RINGS_AND_TRANSPORTS))
    everything = sorted(set().union(*(declared(driver, archive) for driver in [*DRIVERS, "uart16550"])))
    rows.append(linked("all drivers, transports and rings", archive, everything + ALL_RINGS_AND_TRANSPORTS))
    rows.append(whole(archive))
    return rows


def images(build):
    """The same for examples, of a build with those in OCaml."""
    return [size_of(path.name, path) for path in [*map(build.example, IMAGES), *map(build.ocaml_image, OCAML_IMAGES)]]
