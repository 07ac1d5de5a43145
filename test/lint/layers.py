# SPDX-License-Identifier: ISC
"""A folder is a layer, and includes go down only (docs/architecture.md).

Each row of LAYERS names a folder and the headers that its files may include. Sideways is forbidden too: a
variant (VARIANTS) never sees its sibling, and a driver never sees another driver. Shared code does not branch
on the variant either: the words "legacy", "modern" and "packed" appear in the variants alone.
"""
import os
import re
import tree

BASE = ('virtio/base.h', 'virtio/error.h', 'virtio/platform.h', 'virtio/region.h', 'virtio/log.h', 'base/')
STANDARD = ('stdint.h', 'stddef.h', 'stdbool.h', 'stdarg.h', 'limits.h')

# folder, then what its files may include. The first row that fits a path decides.
LAYERS = [
    ('include/virtio/spec/', ('virtio/spec/', 'virtio/base.h')),
    ('include/virtio/', ('virtio/',)),
    ('include/boot/platform.h', ('boot/', 'virtio/platform.h', 'virtio/pci.h', 'virtio/helper.h')),
    ('include/boot/device_interrupts.h', ('boot/', 'virtio/device.h')),
    ('include/boot/', ('boot/',)),
    ('libvirtio/base/', BASE + ('virtio/spec/le.h',)),
    ('libvirtio/virtqueue/', BASE + ('virtio/virtqueue.h', 'virtio/spec/le.h', 'virtio/spec/split.h',
                                     'virtio/spec/packed.h', 'virtio/spec/features.h', 'virtqueue/')),
    ('libvirtio/pci/', BASE + ('virtio/pci.h', 'virtio/spec/le.h', 'virtio/spec/pci.h', 'virtio/spec/ids.h',
                               'pci/')),
    ('libvirtio/device/', BASE + ('virtio/device.h', 'virtio/transport.h', 'virtio/virtqueue.h', 'virtio/spec/',
                                  'device/')),
    ('libvirtio/transport/', BASE + ('virtio/device.h', 'virtio/transport.h', 'virtio/virtqueue.h',
                                     'virtio/pci.h', 'virtio/mmio.h', 'virtio/spec/', 'device/log.h',
                                     'device/vectors.h', 'pci/',
                                     'transport/')),
    ('libvirtio/driver/uart16550', BASE + ('virtio/uart16550.h',)),
    ('libvirtio/driver/', BASE + ('virtio/device.h', 'virtio/virtqueue.h', 'virtio/net.h',
                                  'virtio/net_control.h', 'virtio/blk.h', 'virtio/console.h', 'virtio/rng.h',
                                  'virtio/vsock.h', 'virtio/balloon.h', 'virtio/9p.h', 'virtio/buffers.h',
                                  'virtio/spec/', 'device/log.h', 'driver/')),
    ('libvirtio/helper/', ('virtio/', 'base/', 'helper/')),
    ('boot/platform.c', ('boot/', 'virtio/', '')),
    ('boot/device_interrupts.c', ('boot/', 'virtio/', '')),
    ('boot/', ('boot/', '')),
    ('bindings/', ('virtio/', 'boot/', 'caml/', '')),
    ('examples/', ('virtio/', 'boot/', '')),
    ('test/qemu/', ('virtio/', 'boot/', '')),
    ('test/bench/', ('virtio/', 'test/bench/', '')),
]

# Siblings that never see each other. The longest name that begins a file's name says which it is.
VARIANTS = {
    'libvirtio/virtqueue': ('split', 'packed'),
    'libvirtio/transport': ('pci_modern', 'pci_legacy', 'mmio_modern', 'mmio_legacy'),
    'libvirtio/driver': ('net', 'blk', 'console', 'rng', 'vsock', 'balloon', '9p', 'uart16550'),
    'boot': ('multiboot1', 'multiboot2', 'pvh'),
}

# The two files of the shim that know libvirtio: what joins the two, and is linked only by those who have both.
KNOW_LIBVIRTIO = ('boot/platform.c', 'boot/device_interrupts.c')

# Where shared code may name a variant nevertheless, and why.
ALLOWED_WORDS = {
    'VIRTIO_NET_HDR_SIZE_LEGACY': 'the one size in a device-specific structure that depends on VERSION_1',
    'VIRTIO_F_RING_PACKED': 'a feature bit to pass on; which ring follows is found by comparing tables',
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+[<"]([^>"]+)[>"]', re.M)


def allowed_in(path):
    """The prefixes that a file may include, or None where there is no rule."""
    for folder, prefixes in LAYERS:
        if path.startswith(folder):
            return prefixes
    return None


def file_meant(files, path, name):
    """The path of an included file in this tree; the name itself when it is none of ours."""
    for folder in (os.path.dirname(path), 'libvirtio', 'boot', 'include'):
        candidate = os.path.normpath(os.path.join(folder, name))
        if candidate in files.paths:
            return candidate
    return name


def as_included(path):
    """A path as the rows of LAYERS name it: below include/, or below libvirtio/."""
    return path.removeprefix('include/').removeprefix('libvirtio/')


def variant_of(path):
    """Which variant, if any, a file belongs to: the folder and its name there."""
    stem = os.path.splitext(os.path.basename(path))[0]
    for folder, names in VARIANTS.items():
        public = folder == 'libvirtio/driver' and re.fullmatch(r'(include/)?virtio/\w+\.h', path)
        if public or path.startswith(folder + '/'):
            fitting = [n for n in names if stem == n or stem.startswith(n + '_')]
            if fitting:
                return folder, max(fitting, key=len)
    return None


def check_includes(files, path):
    prefixes = allowed_in(path)
    text = tree.code_only(files.text(path), keep_strings=True)
    for match in INCLUDE.finditer(text):
        where = f'{path}:{tree.line_of(text, match.start())}'
        meant = file_meant(files, path, match.group(1))
        name = as_included(meant)
        public_below_boot = path.startswith('boot/') and name.startswith('virtio/') and path not in KNOW_LIBVIRTIO
        if name not in STANDARD and (public_below_boot or not name.startswith(prefixes)):
            yield f'{where}: {name} is not below this layer'
        ours, theirs = variant_of(path), variant_of(meant)
        if ours and theirs and ours[0] == theirs[0] and ours != theirs:
            yield f'{where}: {ours[1]} may not see {theirs[1]}, it is a sibling'
        if theirs and not ours and path.startswith(('libvirtio/virtqueue/', 'libvirtio/transport/')):
            yield f'{where}: code that all variants share may not see {theirs[1]}'


def check_words(files, path):
    code = tree.code_only(files.text(path))
    for match in re.finditer(r'\w*(legacy|modern|packed)\w*', code, re.I):
        exported_table = re.fullmatch(r'virtio_\w+_ops|virtqueue_\w+_ops', match.group())
        if match.group() not in ALLOWED_WORDS and not exported_table and match.group() != '__packed__':
            yield f'{path}:{tree.line_of(code, match.start())}: "{match.group()}" in code that variants share'


def check(files):
    problems = []
    sources = [p for p in files.paths if p.endswith(('.c', '.h', '.S')) and allowed_in(p) is not None]
    for path in sources:
        problems += check_includes(files, path)
        if path.startswith('libvirtio/') and path.endswith(('.c', '.h')) and not path.startswith('libvirtio/pci/'):
            variant = variant_of(path)
            if not variant or variant[0] == 'libvirtio/driver':
                problems += check_words(files, path)
    known = tuple(folder for folder, _ in LAYERS)
    for path in files.under('libvirtio/', ends=('.c', '.h')):
        if not path.startswith(known):
            problems.append(f'{path}: a folder that is no layer')
    return problems, f'{len(sources)} files include only what lies below them'
