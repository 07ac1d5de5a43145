# SPDX-License-Identifier: ISC
"""Disk images with a pattern in them, which test/qemu/guest_blk/pattern.c knows too."""

import pathlib

from outcome import TestFailure

SECTOR = 512
TAILS = [bytes((start + i * 11) & 0xFF for i in range(SECTOR - 16)) for start in range(256)]


def sector(number, seed):
    """What sector NUMBER holds: no two sectors are alike, nor are two disks with different seeds."""
    return number.to_bytes(8, "little") + seed.to_bytes(8, "little") + TAILS[(number * 37 + seed * 101) & 0xFF]


def pattern(sectors, seed):
    return b"".join(sector(number, seed) for number in range(sectors))


def check(path, sectors, seed):
    """The file must be SECTORS long and hold the pattern of SEED, byte for byte."""
    data = pathlib.Path(path).read_bytes()
    if len(data) != sectors * SECTOR:
        raise TestFailure(f"{path} has {len(data)} bytes instead of {sectors * SECTOR}")
    for number in range(sectors):
        if data[number * SECTOR : (number + 1) * SECTOR] != sector(number, seed):
            raise TestFailure(f"{path}: sector {number} is not as it was written")
