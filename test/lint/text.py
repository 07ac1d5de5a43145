# SPDX-License-Identifier: ISC
"""Papers that stay true elsewhere: links lead somewhere, shown code is compiled code, and nothing names a place
that exists on one machine only.

A code block in a Markdown file that stands under the line `<!-- same as PATH -->` equals that file.
"""
import os
import re
import tree

LINK = re.compile(r'!?\[[^\]]*\]\(([^)\s]+)\)')
BLOCK = re.compile(r'<!-- same as (\S+) -->\n```\w*\n(.*?)```', re.S)
FENCED = re.compile(r'^```.*?^```', re.S | re.M)
PLACES = [
    (re.compile(r'(?<![\w.$}/])/(?:work|root/\w+|home/\w+|tmp/\w[\w.-]*)(?=[/\s"\'`)]|$)'), 'a path of one machine'),
    (re.compile(r'\b(?:registry|mirror|proxy|artifactory|nexus)\.[\w-]+\.\w+', re.I), 'a registry'),
    (re.compile(r'\b(?:issues?|pull request|PR) #?\d+\b|\(#\d+\)'), 'a number from a tracker'),
]


def slug(heading):
    """The anchor that a heading gets on the usual web pages."""
    plain = re.sub(r'[`*]|\[([^\]]*)\]\([^)]*\)', r'\1', heading).strip().lower()
    return re.sub(r'[^\w\- ]', '', plain).replace(' ', '-')


def anchors(text):
    return {slug(h) for h in re.findall(r'^#+ +(.+)$', FENCED.sub('', text), re.M)}


def check_links(files, path):
    text = files.text(path)
    body = FENCED.sub(lambda m: '\n' * m.group().count('\n'), text)
    for match in LINK.finditer(body):
        target, _, anchor = match.group(1).partition('#')
        where = f'{path}:{tree.line_of(body, match.start())}'
        if re.match(r'[a-z]+:', target):
            continue
        aim = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
        if not os.path.exists(files.absolute(aim)):
            yield f'{where}: {match.group(1)} leads nowhere'
        elif anchor and aim.endswith('.md') and anchor not in anchors(files.text(aim)):
            yield f'{where}: {aim} has no heading #{anchor}'


def check_blocks(files, path):
    for match in BLOCK.finditer(files.text(path)):
        where = f'{path}:{tree.line_of(files.text(path), match.start())}'
        if match.group(1) not in files.paths:
            yield f'{where}: there is no {match.group(1)}'
        elif files.text(match.group(1)) != match.group(2):
            yield f'{where}: the code differs from {match.group(1)}'


def check_places(files, path):
    text = files.text(path)
    for pattern, what in PLACES:
        for match in pattern.finditer(text):
            yield f'{path}:{tree.line_of(text, match.start())}: "{match.group()}" names {what}'


def check(files):
    problems, papers = [], files.under('', ends=('.md',))
    for path in papers:
        problems += check_links(files, path)
        problems += check_blocks(files, path)
    if 'README.md' in papers and not BLOCK.search(files.text('README.md')):
        problems.append('README.md: shows no code that is compiled')
    for path in files.paths:
        if not path.startswith('test/lint/'):
            problems += check_places(files, path)
    return problems, f'{len(papers)} papers: links resolve, shown code is compiled code'
