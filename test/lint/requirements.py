# SPDX-License-Identifier: ISC
"""Tests name the requirements that they hold: each ID in a test stands in test/requirements.md."""
import re
import tree

LIST = 'test/requirements.md'
LISTED = re.compile(r'^- ([A-Z]+\d?-L?\d+)', re.M)


def check(files):
    if LIST not in files.paths:
        raise tree.Skip(f'there is no {LIST}')
    listed = LISTED.findall(files.text(LIST))
    problems = [f'{LIST}: {name} stands there twice' for name in sorted(set(listed)) if listed.count(name) > 1]
    families = '|'.join(sorted({name.split('-')[0] for name in listed}))
    named = set()
    for path in files.under('test/', ends=('.c', '.h', '.py')):
        if path.startswith('test/lint/'):
            continue
        text = files.text(path)
        for match in re.finditer(rf'\b(?:{families})-L?\d+\b', text):
            named.add(match.group())
            if match.group() not in listed:
                problems.append(f'{path}:{tree.line_of(text, match.start())}: {LIST} has no {match.group()}')
    return problems, f'tests name {len(named)} of the {len(listed)} requirements'
