# SPDX-License-Identifier: ISC
"""The layout of C files is clang-format's, by the .clang-format of this tree.

Versions differ in small things, so one version judges and others keep quiet.
"""
import re
import shutil
import subprocess
import tree

VERSION = '14'


def formatter():
    for name in (f'clang-format-{VERSION}', 'clang-format'):
        if shutil.which(name):
            version = re.search(r'version (\d+)', subprocess.check_output([name, '--version'], text=True))
            if version and version.group(1) == VERSION:
                return name
    raise tree.Skip(f'clang-format {VERSION} is not installed, and other versions judge differently')


def check(files):
    paths = files.under('', ends=('.c', '.h'))
    command = [formatter(), '--dry-run', '-Werror', '--style=file', '--ferror-limit=1']
    problems = []
    for path in paths:
        run = subprocess.run(command + [path], cwd=files.root, text=True, capture_output=True)
        if run.returncode:
            where = re.search(r'^(\S+?:\d+)', run.stderr, re.M)
            problems.append(f'{where.group(1) if where else path}: run {command[0]} -i {path}')
    return problems, f'{len(paths)} files laid out by clang-format'
