# SPDX-License-Identifier: ISC
"""Tables of what may be reached and not passed: a first line that names the columns, then a line for each figure."""


def read(path):
    """{name: {column: ceiling}} of a file; lines that begin with # are remarks."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    columns = [word.strip() for word in lines[0].split("|")[1:]]
    table = {}
    for line in lines[1:]:
        name, *cells = (word.strip() for word in line.split("|"))
        table[name] = dict(zip(columns, map(float, cells)))
    return table
