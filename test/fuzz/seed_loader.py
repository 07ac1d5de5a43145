#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make the seeds of fuzz_multiboot and fuzz_pvh: what loaders leave in memory, packed closely.

    test/fuzz/seed_loader.py test/fuzz/corpus
"""

import pathlib
import struct
import sys

START = 0x9000  # as in loader.h
MAP = [(0, 0x9FC00, 1), (0x9FC00, 0x400, 2), (0x100000, 0x7EE0000, 1), (0xFFFC0000, 0x40000, 2)]
RSDP = b"RSD PTR \x5aBOCHS \x02\x24\x1a\xfe\x07\x24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[:36]


class Memory:
    """Structures one behind the other, from the space for the first on."""

    def __init__(self, space):
        self.data = bytearray(space)

    def put(self, data):
        """Append; the address."""
        self.data += bytes(-len(self.data) % 8)
        self.data += data
        return START + len(self.data) - len(data)

    def text(self, text):
        return self.put(text.encode() + b"\0")


def multiboot1():
    memory = Memory(120)
    entries = b"".join(struct.pack("<IQQI", 20, *entry) for entry in MAP)
    modules = struct.pack("<IIII", 0x200000, 0x200010, memory.text("disk.img ro"), 0)
    modules += struct.pack("<IIII", 0x201000, 0x201000, 0, 0)
    struct.pack_into("<IIII", memory.data, 0, 0x24F, 639, 129920, 0)
    struct.pack_into("<III", memory.data, 16, memory.text("/kernel ip=10.0.2.15/24"), 2, memory.put(modules))
    struct.pack_into("<II", memory.data, 44, len(entries), memory.put(entries))
    struct.pack_into("<I", memory.data, 64, memory.text("qemu"))
    return b"\1" + memory.data


def tag(kind, data):
    return (struct.pack("<II", kind, 8 + len(data)) + data).ljust(-(-(8 + len(data)) // 8) * 8, b"\0")


def multiboot2(*tags):
    tags = b"".join(tags) + tag(0, b"")
    return b"\2" + struct.pack("<II", 8 + len(tags), 0) + tags


def grub_tags():
    return [tag(1, b"one two\0"), tag(2, b"GRUB 2.06\0"), tag(3, struct.pack("<II", 0, 11) + b"module\0"),
            tag(4, struct.pack("<II", 639, 129920))]


def bios():
    entries = b"".join(struct.pack("<QQII", *entry, 0) for entry in MAP)
    return multiboot2(*grub_tags(), tag(6, struct.pack("<II", 24, 0) + entries), tag(14, RSDP[:20]))


def uefi():
    kinds = [3, 7, 4, 9, 10, 0]
    entries = b"".join(struct.pack("<IIQQQQQ", kind, 0, 0x100000 * number, 0, 256, 15, 0)
                       for number, kind in enumerate(kinds))
    return multiboot2(*grub_tags(), tag(17, struct.pack("<II", 48, 1) + entries), tag(15, RSDP))


def pvh(version):
    memory = Memory(56)
    modules = struct.pack("<QQQQ", 0x7F00000, 0x1000, memory.text("initrd"), 0) + struct.pack("<QQQQ", 1 << 32, 1, 0, 0)
    entries = b"".join(struct.pack("<QQII", *entry, 0) for entry in MAP)
    struct.pack_into("<IIIIQQQ", memory.data, 0, 0x336EC578, version, 0, 2, memory.put(modules),
                     memory.text("ip=10.0.2.15/24 quiet"), 0xE0000)
    if version:
        struct.pack_into("<QI", memory.data, 40, memory.put(entries), len(MAP))
    return bytes(memory.data)


def main(folder):
    seeds = {"multiboot/version1": multiboot1(), "multiboot/version2-bios": bios(), "multiboot/version2-uefi": uefi(),
             "pvh/version0": pvh(0), "pvh/version1": pvh(1)}
    for name, data in seeds.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
