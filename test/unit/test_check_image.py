#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/check-image, on a good image that is then broken in one place at a time, and on those with one door each.

usage: test_check_image.py TOOL IMAGE IMAGE-WITH-ONE-DOOR...
"""
import importlib.machinery
import importlib.util
import struct
import sys
import unittest

TOOL, PATH, *ONE_DOOR = sys.argv[1:]
PHDRS, PHDR_SIZE = 64, 56
TEXT, RODATA, DATA, NOTE = range(4)
FLAGS, OFFSET, VADDR, PADDR, FILESZ, MEMSZ, ALIGN = 4, 8, 16, 24, 32, 40, 48

def load_tool():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader('check_image', TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('check_image', loader))
    loader.exec_module(module)
    return module


check_image = load_tool()
with open(PATH, 'rb') as file:
    GOOD = file.read()
HEADER = GOOD.index(struct.pack('<I', check_image.MULTIBOOT1_MAGIC))
HEADER2 = GOOD.index(struct.pack('<I', check_image.MULTIBOOT2_MAGIC))
HEADER2_LENGTH = struct.unpack_from('<I', GOOD, HEADER2 + 8)[0]


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

    def change(self, at, size, value):
        struct.pack_into(size, self.data, at, value)

    def tag(self, kind):
        """Where the multiboot 2 header has this tag."""
        at = HEADER2 + 16
        while struct.unpack_from('<H', self.data, at)[0] != kind:
            at += -(-struct.unpack_from('<I', self.data, at + 4)[0] // 8) * 8
        return at

    def header2_length(self, length):
        old = struct.unpack_from('<I', self.data, HEADER2 + 8)[0]
        checksum = struct.unpack_from('<I', self.data, HEADER2 + 12)[0]
        struct.pack_into('<II', self.data, HEADER2 + 8, length, (checksum + old - length) % (1 << 32))

    def broken(self, text):
        problems = check_image.Image(bytes(self.data)).check()
        self.assertTrue(any(text in problem for problem in problems), problems)

    def test_the_image_is_fine(self):
        self.assertEqual(check_image.Image(GOOD).check(), [])

    def test_all_doors_and_each_alone(self):
        doors = []
        for path in [PATH, *ONE_DOOR]:
            with open(path, 'rb') as one:
                image = check_image.Image(one.read())
            self.assertEqual(image.check(), [])
            doors.append(image.doors)
        self.assertEqual(doors, [['multiboot 1', 'multiboot 2', 'PVH'], ['multiboot 1'], ['multiboot 2'], ['PVH']])

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

    def without_pvh_and(self, header):
        """Without its PVH note, and without the header at HEADER."""
        at = struct.unpack_from('<Q', self.data, PHDRS + NOTE * PHDR_SIZE + OFFSET)[0]
        self.change(at + 8, '<I', 99)
        self.change(header, '<I', 0)

    def test_no_header(self):
        self.without_pvh_and(HEADER)
        self.change(HEADER2, '<I', 0)
        self.broken('nothing can boot it')

    def test_header_with_a_wrong_checksum(self):
        self.without_pvh_and(HEADER2)
        self.header(8, 1)
        self.broken('nothing can boot it')

    def test_header_too_late(self):
        self.without_pvh_and(HEADER2)
        self.change(HEADER, '<I', 0)
        self.data[8192:8192 + 32] = GOOD[HEADER:HEADER + 32]
        self.broken('nothing can boot it')

    def test_header_2_too_late_or_unaligned(self):
        for at in (32768, 16384 + 4):
            self.data = bytearray(GOOD)
            self.without_pvh_and(HEADER)
            self.change(HEADER2, '<I', 0)
            self.data[at:at + HEADER2_LENGTH] = GOOD[HEADER2:HEADER2 + HEADER2_LENGTH]
            self.broken('nothing can boot it')

    def test_header_2_that_passes_its_limit(self):
        self.header2_length(32768)
        self.broken('multiboot 2 header passes the first 32 KiB')

    def test_header_2_for_another_processor(self):
        self.change(HEADER2 + 4, '<I', 4)
        self.change(HEADER2 + 12, '<I', -(check_image.MULTIBOOT2_MAGIC + 4 + HEADER2_LENGTH) % (1 << 32))
        self.broken('architecture 4')

    def test_header_2_without_a_tag_that_it_needs(self):
        for kind, text in ((2, 'header without addresses'), (3, 'without an entry address')):
            self.data = bytearray(GOOD)
            self.change(self.tag(kind), '<I', 0x10000 | 99)
            self.broken(text)

    def test_header_2_without_an_end(self):
        self.header2_length(HEADER2_LENGTH - 8)
        self.broken('without an end tag')

    def test_header_2_tags_of_wrong_size(self):
        for kind, size, text in ((2, 4096, 'tag 2 of 4096 bytes at'), (3, 0, 'tag 3 of 0 bytes at'),
                                 (3, 16, 'tag 3 of 16 bytes'), (6, 12, 'tag 6 of 12 bytes')):
            self.data = bytearray(GOOD)
            self.change(self.tag(kind) + 4, '<I', size)
            self.broken(text)

    def test_header_2_with_a_tag_that_loaders_refuse(self):
        self.change(self.tag(6), '<I', 7)
        self.broken('tag 7, which not every loader knows')

    def test_wrong_header_2_addresses(self):
        for offset, text in ((8, '2 header at file offset'), (12, '2 load address'), (16, '2 load end'),
                             (20, '2 .bss end')):
            self.data = bytearray(GOOD)
            self.change(self.tag(2) + offset, '<I', 0x1000)
            self.broken(text)
        self.data = bytearray(GOOD)
        self.change(self.tag(3) + 8, '<I', 0x1000)
        self.broken('multiboot 2 entry 0x1000')

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

    def test_note_in_no_segment(self):
        self.field(NOTE, OFFSET, 64)
        self.broken('PT_NOTE is not loaded')

    def test_empty_note(self):
        self.field(NOTE, FILESZ, 0)
        self.broken('PT_NOTE is empty')

    def test_pvh_entry(self):
        at = struct.unpack_from('<Q', self.data, PHDRS + NOTE * PHDR_SIZE + OFFSET)[0]
        self.change(at + 16, '<Q', 0x1000)
        self.broken('PVH entry 0x1000')
        self.change(at + 4, '<I', 4)
        self.broken('PVH entry of 4 bytes')

    def test_note_that_passes_the_end(self):
        at = struct.unpack_from('<Q', self.data, PHDRS + NOTE * PHDR_SIZE + OFFSET)[0]
        struct.pack_into('<I', self.data, at + 4, 0x7fffffff)
        self.broken('passes the end')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
