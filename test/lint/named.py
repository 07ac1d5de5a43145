# SPDX-License-Identifier: ISC
"""Tests that pages of docs/ name exist: the code spans in the last column of their tables.

A name is that of a unit test, of a test of the tools, or of a machine that test/qemu/cases.py boots.
"""
import os
import re
import subprocess
import sys
import tree

PAGES = {'docs/hypervisors.md': 'shown by', 'docs/features.md': 'against a fake'}
UNIT = re.compile(r'^(?:static void|    def) (test_\w+)\(', re.M)
LIST_CASES = """
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ['test/qemu', 'tools/lib']
import builds, cases
for _, case in cases.all_cases({builds.GCC}):
    print(case.name)
"""


def known_names(files):
    names = set()
    for path in files.under('test/unit/', ends=('.c', '.py')):
        names.update(UNIT.findall(files.text(path)))
    if 'test/qemu/cases.py' in files.paths:
        names.update(subprocess.check_output([sys.executable, '-c', LIST_CASES], cwd=files.root, text=True,
                                             env={**os.environ, 'PYTHONPATH': ''}).splitlines())
    return names


def rows(text, heading):
    """(line, cells) of the tables with this heading in the last column."""
    inside = False
    for number, line in enumerate(text.split('\n'), 1):
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if not line.startswith('|'):
            inside = False
        elif cells[-1] == heading:
            inside = True
        elif inside and not set(line) <= set('|-'):
            yield number, cells


FEATURES = 'test/qemu/features.py'
ASK_FEATURES = """
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ['test/qemu']
import features
print(*features.missing_features())
print(features.table(), end='')
"""


def check_features(files):
    """The page of features is what its table says, and the table has them all."""
    if FEATURES not in files.paths:
        return
    missing, table = subprocess.check_output([sys.executable, '-c', ASK_FEATURES], cwd=files.root,
                                             text=True).split('\n', 1)
    if missing:
        yield f'{FEATURES}: leaves out {missing}'
    if 'docs/features.md' not in files.paths or files.text('docs/features.md') != table:
        yield f'docs/features.md: is out of date: run {FEATURES}, and commit what it writes'


def check(files):
    pages = [page for page in PAGES if page in files.paths]
    if not pages:
        raise tree.Skip('there is no such page')
    names, problems, count = known_names(files), list(check_features(files)), 0
    for page in pages:
        for number, cells in rows(files.text(page), PAGES[page]):
            spans = [name for cell in cells[-2:] for name in re.findall(r'`([^`]+)`', cell)]
            count += len(spans)
            problems += [f'{page}:{number}: there is no test {name}' for name in spans if name not in names]
            if not spans:
                problems.append(f'{page}:{number}: names no test')
    return problems, f'{count} names in {", ".join(pages)}, of {len(names)} tests'
