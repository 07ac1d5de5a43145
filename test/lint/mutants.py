# SPDX-License-Identifier: ISC
"""Each mutant of test/mutation still fits: its text stands once in its file, its tests and rules are there."""
import os
import re
import sys
import tree

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'mutation'))
import table  # noqa: E402  pylint: disable=wrong-import-position

FOLDER = 'test/mutation/'
LIST = 'test/requirements.md'


def faults(files, mutant, listed):
    """What is wrong with one mutant."""
    found = files.text(mutant.path).count(mutant.old) if mutant.path in files.paths and mutant.old else 0
    if found != 1:
        yield f'its text stands {found} times in {mutant.path}'
    if mutant.new == mutant.old:
        yield 'it changes nothing'
    for test in mutant.tests:
        if f'test/unit/test_{test.removesuffix("_tsan")}.c' not in files.paths:
            yield f'there is no test/unit/test_{test}.c'
    for name in mutant.holds:
        if name not in listed:
            yield f'{LIST} has no {name}'
    if not mutant.tests or not mutant.holds:
        yield 'it names no test, or no rule'


def check(files):
    paths = files.under(FOLDER, ends=('.txt',))
    if not paths:
        raise tree.Skip(f'there are no mutants in {FOLDER}')
    listed = set(re.findall(r'^- ([A-Z]+\d?-L?\d+)', files.text(LIST), re.M))
    mutants = [(path, mutant) for path in paths for mutant in table.parse(files.text(path))]
    names = [mutant.name for _, mutant in mutants]
    problems = [f'{path}: "{mutant.name}": {fault}' for path, mutant in mutants
                for fault in faults(files, mutant, listed)]
    problems += [f'{FOLDER}: "{name}" stands there twice' for name in sorted(set(names)) if names.count(name) > 1]
    held = {name for _, mutant in mutants for name in mutant.holds}
    return problems, f'{len(names)} mutants of {len(held)} requirements fit their files'
