# SPDX-License-Identifier: ISC
"""Small files and small functions: what fits on a screen can be read.

A function is counted from the first line of its signature to its closing brace; the tree's format puts both
braces of a function, and nothing else, at the start of a line.
"""
import re
import statistics
import tree

FILE_LINES = 500
FUNCTION_LINES = 60
COLUMNS = 120
TAB = 8
MEDIAN = 12
PERCENTILE_90 = 40


def functions(text):
    """(name, first line, number of lines) of each function in a C file."""
    lines = tree.code_only(text).split('\n')
    for opening, line in enumerate(lines):
        if line.rstrip() != '{':
            continue
        first = opening
        while first > 0 and re.match(r'[\w\t ].*[^;{}\s]\s*$', lines[first - 1]):
            first -= 1
        closing = next((n for n in range(opening, len(lines)) if lines[n].startswith('}')), len(lines) - 1)
        name = re.search(r'(\w+)\s*\(', ' '.join(lines[first:opening]).replace('__attribute__', ''))
        yield name.group(1) if name else '?', first + 1, closing - first + 1


def comment_share(files, paths):
    """Percent of non-blank lines that are, or carry, a comment; licence lines left out."""
    commented = total = 0
    for path in paths:
        comments = tree.comments_only(files.text(path)).split('\n')[1:]
        total += sum(1 for line in files.text(path).split('\n')[1:] if line.strip())
        commented += sum(1 for line in comments if line.strip())
    return 100 * commented // max(total, 1)


def check(files):
    problems, lengths = [], []
    for path in files.sources():
        lines = files.text(path).split('\n')
        if len(lines) - 1 > FILE_LINES:
            problems.append(f'{path}: {len(lines) - 1} lines, more than {FILE_LINES}')
        problems += [f'{path}:{n}: wider than {COLUMNS} columns' for n, line in enumerate(lines, 1)
                     if len(line.expandtabs(TAB)) > COLUMNS]
    for path in files.under('', ends=('.c', '.h')):
        for name, first, length in functions(files.text(path)):
            if length > FUNCTION_LINES:
                problems.append(f'{path}:{first}: {name} has {length} lines, more than {FUNCTION_LINES}')
            if path.startswith(('libvirtio/', 'boot/')):
                lengths.append(length)
    lengths.sort()
    median = statistics.median(lengths) if lengths else 0
    ninetieth = lengths[len(lengths) * 9 // 10] if lengths else 0
    if median > MEDIAN or ninetieth > PERCENTILE_90:
        problems.append(f'functions: median {median} and 90th percentile {ninetieth} lines, '
                        f'more than {MEDIAN} and {PERCENTILE_90}')
    share = comment_share(files, files.under('libvirtio/', 'boot/', ends=('.c', '.h', '.S')))
    return problems, (f'{len(lengths)} functions, median {median:g}, 90th percentile {ninetieth}, '
                      f'longest {max(lengths, default=0)} lines; {share}% comment lines')
