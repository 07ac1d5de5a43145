#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write test/conformance.md: what holds each line of test/requirements.md.

A test, a check in a fake, or a place in the library that only reading can judge holds a line by naming its ID in a
comment. An ID inside a function belongs to it; one above a function belongs to that; one in the comment on top of a
file belongs to the whole file. A line that does not apply ends in " | not here: REASON".

    test/conformance/matrix.py            write it; the lint fails while it differs
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, '..', '..')
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(TOP, 'test', 'lint'), os.path.join(TOP, 'test', 'mutation')]
# pylint: disable=wrong-import-position
import hostile  # noqa: E402
import limits  # noqa: E402
import table  # noqa: E402
import tree  # noqa: E402

LIST = 'test/requirements.md'
MATRIX = 'test/conformance.md'
MUTANTS = 'test/mutation/'
LINE = re.compile(r'^- ([A-Z]+\d?-L?\d+) \| (.*)$')
NAME = re.compile(r'\b[A-Z]+\d?-L?\d+\b')
NOT_HERE = re.compile(r' \| not here: (.+)$')

HEAD = """# What holds each requirement

Made by `test/conformance/matrix.py` from the names in the tests and the sources; do not edit, run that.
One row for each line of [requirements.md](requirements.md). *Trap*: a fake that tests run against, and that fails them
wherever the rule is broken. *Source*: only reading can show it, there. *Mutants*: how many breaks of the rule on
purpose `tools/mutate` knows, each of which turns a test red.
"""


class Requirement:
    """One line of the list: its section, and why it does not apply, if so."""

    def __init__(self, name, section, text):
        found = NOT_HERE.search(text)
        self.name = name
        self.section = section
        self.not_here = found.group(1) if found else None


def requirements(text):
    """All lines of the list, in order."""
    found, section = [], ''
    for line in text.split('\n'):
        if line.startswith('#'):
            section = line.lstrip('#').strip()
        if match := LINE.match(line):
            found.append(Requirement(match.group(1), section, match.group(2)))
    return found


def owner_in_c(text):
    """A function that tells to what the comment at a line belongs: (name, whether it is a test), None: the file."""
    functions = sorted((first, first + length, name) for name, first, length in limits.functions(text))
    code = tree.code_only(text).split('\n')

    def owner(line):
        for first, after, name in functions:
            if first <= line < after:
                return name
        following = next((n for n in range(line, len(code)) if code[n].strip()), None)
        if following is None or code[following].startswith('#'):
            return None
        for first, _, name in functions:
            if first == following + 1:
                return name
        named = re.search(r'(\w+)(?:\[[^]]*\])* (?:=|{)', code[following])
        return named.group(1) if named else None
    return owner


def owner_in_python(text):
    starts = [(tree.line_of(text, m.start()), m.group(1)) for m in re.finditer(r'^(?:def|class) (\w+)', text, re.M)]
    return lambda line: next((name for first, name in reversed(starts) if first <= line), None)


def kind_of(path):
    if path.startswith(('libvirtio/', 'include/', 'boot/')):
        return 'source'
    return 'trap' if path.startswith('test/unit/fake/') else 'test'


def holders(files, known):
    """{ID: [(kind, path, function or None), ...]}, in the order of paths and lines."""
    held = {}
    paths = files.under('test/', 'libvirtio/', 'include/', 'boot/', ends=('.c', '.h', '.py', '.S'))
    for path in paths:
        if path.startswith(('test/lint/', 'test/conformance/', MUTANTS)):
            continue
        text = files.text(path)
        owner = (owner_in_python if path.endswith('.py') else owner_in_c)(text)
        comments = text if path.endswith('.py') else tree.comments_only(text)
        for match in NAME.finditer(comments):
            if match.group() in known:
                place = (kind_of(path), path, owner(tree.line_of(text, match.start())))
                places = held.setdefault(match.group(), [])
                if place not in places:
                    places.append(place)
    return held


def mutants(files):
    """{ID: how many mutants}."""
    count = {}
    for path in files.under(MUTANTS, ends=('.txt',)):
        for mutant in table.parse(files.text(path)):
            for name in mutant.holds:
                count[name] = count.get(name, 0) + 1
    return count


def shown(place):
    kind, path, function = place
    short = path.removeprefix('test/unit/').removeprefix('test/').removeprefix('fake/')
    text = f'`{short}` {function}' if function else f'`{short}`'
    return text if kind == 'test' else f'{kind}: {text}'


def row(requirement, places, count):
    if requirement.not_here:
        return f'| {requirement.name} | does not apply: {requirement.not_here} | |'
    order = {'test': 0, 'trap': 1, 'source': 2}
    text = '; '.join(shown(p) for p in sorted(places, key=lambda p: order[p[0]]))
    return f'| {requirement.name} | {text} | {count or ""} |'


def make(files):
    """The problems, the text of test/conformance.md, and a summary."""
    listed = requirements(files.text(LIST))
    held = holders(files, {r.name for r in listed})
    count = mutants(files)
    problems, lines, section = [], [HEAD], None
    kinds = {'test': 0, 'source': 0, 'not here': 0}
    for requirement in listed:
        places = held.get(requirement.name, [])
        if requirement.not_here and places:
            problems.append(f'{LIST}: {requirement.name} does not apply, and {places[0][1]} names it')
        if not requirement.not_here and not places:
            problems.append(f'{LIST}: {requirement.name} has no test, and no place in the source')
        if requirement.section != section:
            section = requirement.section
            lines.append(f'\n## {section}\n\n| line | held by | mutants |\n|---|---|---|\n')
        lines.append(row(requirement, places, count.get(requirement.name)) + '\n')
        tested = any(kind != 'source' for kind, *_ in places)
        kinds['not here' if requirement.not_here else 'test' if tested else 'source'] += 1
    acts, table = hostile.make(files, held)
    problems += acts
    summary = (f'{len(listed)} requirements: {kinds["test"]} held by tests, {kinds["source"]} by reading, '
               f'{kinds["not here"]} do not apply; {len(count)} with mutants')
    return problems, ''.join(lines) + table, summary


def main():
    problems, text, summary = make(tree.Tree(TOP))
    with open(os.path.join(TOP, MATRIX), 'w', encoding='utf-8') as file:
        file.write(text)
    for problem in problems:
        print(problem)
    print(summary)
    sys.exit(bool(problems))


if __name__ == '__main__':
    main()
