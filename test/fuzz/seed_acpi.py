#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make a seed for fuzz_acpi: the ACPI tables that QEMU gives to one machine, packed closely.

    test/fuzz/seed_acpi.py test/fuzz/corpus/acpi/q35 -machine q35

QEMU's firmware puts the tables in memory. They are moved to where fuzz_acpi's memory begins, with their addresses and
checksums made right again.
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import time

START = 0xE0000  # as in fuzz_acpi.c
MEMORY = 32 << 20
REPAIR = 1  # the first byte of a seed: make checksums right again after mutation
FADT_DSDT, FADT_DSDT_64 = 40, 140


def memory_of(arguments):
    """What is in memory once the firmware has run."""
    with tempfile.NamedTemporaryFile() as file:
        argv = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg", "-m", f"{MEMORY >> 20}M",
                "-monitor", "stdio", *arguments]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as qemu:
            time.sleep(6)
            qemu.communicate(f'pmemsave 0 {MEMORY:#x} "{file.name}"\nquit\n'.encode(), timeout=60)
        return pathlib.Path(file.name).read_bytes()


def summed(data, at):
    """DATA with the byte AT such that the sum of all is 0."""
    data = bytearray(data)
    data[at] = 0
    data[at] = -sum(data) & 0xFF
    return bytes(data)


class Seed:
    def __init__(self, memory):
        self.memory = memory
        self.data = bytes(64)  # room for the root pointer
        root = next(at for at in range(0xE0000, 0x100000, 16) if memory[at : at + 8] == b"RSD PTR ")
        full = memory[root + 15] >= 2
        code, at, start = ("Q", 24, 36) if full else ("I", 16, 36)
        (table,) = struct.unpack_from("<" + code, memory, root + at)
        body = self.table(table)
        entries = struct.unpack_from(f"<{(len(body) - start) // struct.calcsize(code)}{code}", body, start)
        moved = struct.pack(f"<{len(entries)}{code}", *[self.put(self.moved(self.table(entry))) for entry in entries])
        address = self.put(summed(body[:start] + moved, 9))
        pointer = bytearray(memory[root : root + (36 if full else 20)])
        struct.pack_into("<" + code, pointer, at, address)
        pointer[:20] = summed(pointer[:20], 8)
        self.data = bytes(summed(pointer, 32) if full else pointer).ljust(64, b"\0") + self.data[64:]

    def table(self, address):
        (length,) = struct.unpack_from("<I", self.memory, address + 4)
        return self.memory[address : address + length]

    def put(self, table):
        address = START + len(self.data)
        self.data += table + bytes(-len(table) % 8)
        return address

    def moved(self, table):
        """An FADT leads to another table, which moves as well."""
        if table[:4] != b"FACP":
            return table
        (address,) = struct.unpack_from("<I", table, FADT_DSDT)
        fadt = bytearray(table)
        if address == 0:
            (address,) = struct.unpack_from("<Q", table, FADT_DSDT_64)
        address = self.put(self.table(address))
        struct.pack_into("<I", fadt, FADT_DSDT, address)
        if len(fadt) >= FADT_DSDT_64 + 8:
            struct.pack_into("<Q", fadt, FADT_DSDT_64, address)
        return summed(fadt, 9)


def main(path, *arguments):
    pathlib.Path(path).write_bytes(bytes([REPAIR]) + Seed(memory_of(arguments)).data)


main(*sys.argv[1:])
