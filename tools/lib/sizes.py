# SPDX-License-Identifier: ISC
"""Bytes of text and data of the library: linked whole, and for each driver with what a unikernel gets along with it."""

import re
import tempfile
from pathlib import Path

import builds
from instructions import functions
from outcome import command

DRIVERS = ["net", "blk", "console", "rng", "9p", "balloon", "vsock"]
# How a unikernel gets at its devices when it names one transport and one ring.
MODERN_PCI = ["virtio_pci_access_ports", "virtio_pci_first", "virtio_pci_next", "virtio_pci_open",
              "virtio_pci_modern_ops"]
SPLIT = ["virtqueue_split_ops"]
ALL_RINGS_AND_TRANSPORTS = ["virtio_support_all", "virtio_mmio_open", *MODERN_PCI]
# Of a driver's header, but members of their own, for whom wants them.
APART = {"virtio_net_checksum", "virtio_net_checksum_complete"}


def declared(header, defined):
    """The functions of a public header that the archive has."""
    text = (builds.TOP / "include" / "virtio" / f"{header}.h").read_text(encoding="utf-8")
    return sorted((set(re.findall(r"\b(virtio_\w+)\(", text)) & defined) - APART)


def linked(archive, roots):
    """(text, data) of what a linker takes from the archive for ROOTS."""
    with tempfile.TemporaryDirectory(prefix="virtio-sizes-") as folder:
        out = Path(folder, "linked")
        command(["ld", "-static", "--gc-sections", f"--entry={roots[0]}",
                 *(f"--defsym={name}=0" for name in ("memcpy", "memmove", "memset", "memcmp")),
                 *(f"--undefined={name}" for name in roots), archive, "-o", out])
        text, data = command(["size", out]).splitlines()[1].split()[:2]
        return int(text), int(data)


def whole(archive):
    """The same for all of the archive."""
    with tempfile.TemporaryDirectory(prefix="virtio-sizes-") as folder:
        out = Path(folder, "whole.o")
        command(["ld", "-r", "--whole-archive", archive, "-o", out])
        text, data = command(["size", out]).splitlines()[1].split()[:2]
        return int(text), int(data)


def measure(archive):
    """A list of (what, text, data)."""
    defined = functions(archive)
    rows = [(f"{name}, modern PCI, split ring", *linked(archive, declared(name, defined) + MODERN_PCI + SPLIT))
            for name in DRIVERS]
    rows.append(("uart16550", *linked(archive, declared("uart16550", defined))))
    rows.append(("net, all transports and rings", *linked(archive, declared("net", defined) +
                                                          ALL_RINGS_AND_TRANSPORTS)))
    everything = sorted(set().union(*(declared(name, defined) for name in [*DRIVERS, "uart16550"])))
    rows.append(("all drivers, transports and rings", *linked(archive, everything + ALL_RINGS_AND_TRANSPORTS)))
    rows.append(("the whole library", *whole(archive)))
    return rows
