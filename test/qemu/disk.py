# SPDX-License-Identifier: ISC
"""Disk images with a pattern in them, written and read by the host side of a block test."""

import pathlib

SECTOR = 512


def sector(number, seed):
    """What sector NUMBER holds: no two sectors are alike, nor are two disks with different seeds."""
    head = number.to_bytes(8, "little") + seed.to_bytes(8, "little")
    return head + bytes((number * 37 + seed * 101 + i * 11) & 0xFF for i in range(SECTOR - len(head)))


def make(path, sectors, seed):
    pathlib.Path(path).write_bytes(b"".join(sector(number, seed) for number in range(sectors)))
    return path
