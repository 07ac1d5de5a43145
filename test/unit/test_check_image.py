#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/check-image, on a good image that is then broken in one place at a time.

usage: test_check_image.py TOOL IMAGE
"""
import importlib.machinery
import importlib.util
import struct
import sys
import unittest

TOOL, PATH = sys.argv[1:3]
PHDRS, PHDR_SIZE = 64, 56
TEXT, RODATA, DATA, NOTE = range(4)
FLAGS, OFFSET, VADDR, PADDR, FILESZ, MEMSZ, ALIGN = 4, 8, 16, 24, 32, 40, 48
HEADER = 4096  # where boot.ld puts the multiboot header


def load_tool():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader('check_image', TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('check_image', loader))
    loader.exec_module(module)
    return module


check_image = load_tool()
with open(PATH, 'rb') as file:
    GOOD = file.read()


class CheckImage(unittest.TestCase):
    def setUp(self):
        self.data = bytearray(GOOD)

    def field(self, segment, field, value=None, change=0):
        size = '<I' if field == FLAGS else '<Q'
        at = PHDRS + segment * PHDR_SIZE + field
        if value is None:
            value = struct.unpack_from(size, self.data, at)[0] + change
        struct.pack_into(size, self.data, at, value)

    def header(self, offset, change):
        """Change a word of the multiboot header, and its checksum to match if it is the flags."""
        value = (struct.unpack_from('<I', self.data, HEADER + offset)[0] + change) % (1 << 32)
        struct.pack_into('<I', self.data, HEADER + offset, value)
        if offset == 4:
            self.header(8, -change)

    def broken(self, text):
        problems = check_image.Image(bytes(self.data)).check()
        self.assertTrue(any(text in problem for problem in problems), problems)

    def test_the_image_is_fine(self):
        self.assertEqual(check_image.Image(GOOD).check(), [])

    def test_other_files(self):
        for data in (b'', b'\x7fELF', b'!<arch>\n' * 100, GOOD[:70]):
            self.assertTrue(check_image.Image(data).check())

    def test_position_independent(self):
        self.data[16] = 3
        self.broken('fixed addresses')

    def test_program_headers_far_away(self):
        struct.pack_into('<Q', self.data, 32, 8192)
        self.broken('behind the first 8 KiB')

    def test_offsets_that_differ(self):
        self.field(DATA, OFFSET, change=4096)
        self.broken('address minus file offset')

    def test_large_alignment(self):
        self.field(TEXT, ALIGN, 1 << 21)
        self.broken('not aligned to 4 KiB')

    def test_empty_data(self):
        self.field(DATA, FILESZ, 0)
        self.broken('.data is empty')

    def test_writable_text(self):
        self.field(TEXT, FLAGS, 7)
        self.broken('writable and executable')

    def test_shared_page(self):
        for field in (FILESZ, MEMSZ):
            self.field(TEXT, field, change=4096)
        self.broken('shares a page')

    def test_passes_the_file(self):
        self.field(DATA, FILESZ, len(GOOD))
        self.broken('passes the end of the file')

    def test_loaded_elsewhere(self):
        self.field(RODATA, PADDR, change=4096)
        self.broken('is to be loaded elsewhere')

    def test_entry_in_data(self):
        struct.pack_into('<Q', self.data, 24, 0x100000000)
        self.broken('entry 0x100000000')

    def test_no_header(self):
        self.header(0, 1)
        self.broken('nothing can boot it')

    def test_header_too_late(self):
        self.data[:] = GOOD[:HEADER] + b'\0' * 32 + GOOD[HEADER + 32:]
        self.data += GOOD[HEADER:HEADER + 32]
        self.broken('nothing can boot it')

    def test_header_without_addresses(self):
        self.header(4, -0x10000)
        self.broken('without addresses')

    def test_unknown_flags(self):
        self.header(4, 8)
        self.broken('refuse bits 3 to 15')

    def test_wrong_header_addresses(self):
        for offset, text in ((12, 'claims address'), (16, 'load address'), (20, 'load end'), (24, '.bss end'),
                             (28, 'multiboot entry')):
            self.data = bytearray(GOOD)
            self.header(offset, -0x100000)
            self.broken(text)

    def test_load_end_behind_the_data(self):
        self.header(20, 4)
        self.broken('load end')

    def test_note_alignment(self):
        self.field(NOTE, ALIGN, 4096)
        self.broken('aligned to 4096')

    def test_note_that_passes_the_end(self):
        at = struct.unpack_from('<Q', self.data, PHDRS + NOTE * PHDR_SIZE + OFFSET)[0]
        struct.pack_into('<I', self.data, at + 4, 0x7fffffff)
        self.broken('passes the end')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
