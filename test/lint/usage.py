# SPDX-License-Identifier: ISC
"""What a reader copies out of a header compiles: the example that opens it, as a file of its own, for a bare machine.

An example is what is indented in the opening comment. A driver's header must have one.
"""
import os
import re
import shutil
import subprocess
import tempfile
import tree

WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Wundef', '-Wstrict-prototypes', '-Werror']
COMPILE = ['-std=c11', '-ffreestanding', '-O2', '-c', '-Iinclude'] + WARNINGS
COMPILERS = ['gcc', 'clang']
CODE = re.compile(r'^ \* {5}(.*)$')

# Their openings show in which order calls are made, or what is the reader's own.
NOT_WHOLE = ('buffers.h', 'device.h', 'platform.h', 'virtqueue.h')


def example(text):
    """The code in the opening comment, each line where it stands in the header; '' when there is none."""
    lines = [CODE.match(line) for line in text.split('#ifndef')[0].split('\n')]
    return '\n'.join(line.group(1) if line else '' for line in lines) if any(lines) else ''


def fault_of(files, path, code, compilers, folder):
    """What the first compiler that does not like it says; None: all do."""
    unit, result = os.path.join(folder, 'unit.c'), os.path.join(folder, 'unit.o')
    with open(unit, 'w', encoding='utf-8') as file:
        file.write(f'#line 1 "{path}"\n{code}\n')
    for compiler in compilers:
        run = subprocess.run([compiler, *COMPILE, '-o', result, unit], cwd=files.root, text=True, capture_output=True)
        if run.returncode:
            first = next((line for line in run.stderr.split('\n') if 'error' in line), run.stderr[:200])
            return f'{first} (the example, by {compiler})'
    return None


def check(files):
    present = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    if not present:
        raise tree.Skip('there is no compiler')
    drivers = {os.path.basename(path)[:-2] + '.h' for path in files.under('libvirtio/driver/', ends=('.c',))}
    problems, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for path in files.under('include/virtio/', ends=('.h',)):
            name = path[len('include/virtio/'):]
            code = '' if name in NOT_WHOLE else example(files.text(path))
            count += code != ''
            if name in drivers and name not in NOT_WHOLE and not code:
                problems.append(f'{path}:1: opens without an example of its use')
            fault = fault_of(files, path, code, present, folder) if code else None
            problems += [fault] if fault else []
    return problems, f'{count} headers open with an example that {" and ".join(present)} can compile'
