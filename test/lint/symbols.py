# SPDX-License-Identifier: ISC
"""What the archives bring into a kernel: names of their own prefix only, and from libvirtio.a no variables.

Linked whole into one object, libvirtio.a leaves the four memory functions undefined and nothing else. The
archives are built with the tree's own build files, in build-lint/.
"""
import os
import re
import shutil
import subprocess
import tempfile
import tree

MEMORY_FUNCTIONS = {'memcpy', 'memmove', 'memset', 'memcmp'}


class Rules:
    """What one archive may have: names of global symbols, whether variables, which undefined symbols."""

    def __init__(self, names, variables, undefined):
        self.names = re.compile(names)
        self.variables = variables
        self.undefined = undefined


LIBRARY = Rules(r'(virtio|virtqueue|uart16550)_\w+', False, MEMORY_FUNCTIONS)
BOOT = Rules(r'(boot|unikernel)_\w+|mem(cpy|move|set|cmp)|_start', True, None)


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, capture_output=True, **options).stdout


def symbol_table(path):
    """(name, nm's letter, section) of each symbol. Constant tables of pointers lie in .data.rel.ro."""
    for line in output('nm', '-f', 'sysv', path).splitlines():
        fields = [field.strip() for field in line.split('|')]
        if len(fields) == 7 and fields[0] != 'Name':
            yield fields[0], fields[2], fields[6]


def examine(archive, rules):
    """The problems of one archive, and how many global symbols it defines."""
    name, problems, exported = os.path.basename(archive), [], 0
    with tempfile.TemporaryDirectory() as folder:
        whole = os.path.join(folder, 'whole.o')
        output('ld', '-r', '--whole-archive', archive, '-o', whole)
        for symbol, kind, section in symbol_table(whole):
            if kind == 'U':
                if rules.undefined is not None and symbol not in rules.undefined:
                    problems.append(f'{name}: needs {symbol}')
                continue
            variable = section == '*COM*' or re.match(r'\.t?(data|bss)(?!\.rel\.ro)', section)
            if variable and not rules.variables:
                problems.append(f'{name}: {symbol} is a variable: everything belongs to the caller')
            if kind.isupper():
                exported += 1
                if not rules.names.fullmatch(symbol):
                    problems.append(f'{name}: {symbol} does not have a prefix of its own')
    return problems, exported


def build(files):
    folder = os.path.join(files.root, 'build-lint')
    if not os.path.exists(os.path.join(folder, 'build.ninja')):
        output('meson', 'setup', folder, '-Dexamples=false', '-Dtests=disabled', cwd=files.root)
    output('ninja', '-C', folder, cwd=files.root)
    return folder


def check(files):
    if not shutil.which('meson') or not shutil.which('ninja'):
        raise tree.Skip('meson or ninja is not installed')
    try:
        folder = build(files)
    except subprocess.CalledProcessError as error:
        return [f'the archives do not build: {(error.stderr + error.stdout).strip()[-800:]}'], ''
    problems, exported = examine(os.path.join(folder, 'libvirtio/libvirtio.a'), LIBRARY)
    summary = f'{exported} names from libvirtio.a, no variables, {len(MEMORY_FUNCTIONS)} functions needed'
    shim = os.path.join(folder, 'boot/libvirtio_boot.a')
    if os.path.exists(shim):  # x86-64 only
        boot_problems, boot_exported = examine(shim, BOOT)
        return problems + boot_problems, summary + f'; {boot_exported} names from libvirtio_boot.a'
    return problems, summary
