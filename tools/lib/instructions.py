# SPDX-License-Identifier: ISC
"""Instructions of the library's paths, counted by valgrind: the same on every machine, for one compiler."""

import re
import tempfile
from pathlib import Path

from outcome import TestFailure, command


def functions(path):
    """Names of the functions in an archive, a program or an object, local ones too."""
    return set(re.findall(r"^[0-9a-f]+ [tT] (\S+)$", command(["nm", path]), re.MULTILINE))


def costs(text):
    """(object, function, instructions) from one dump of callgrind's, those of the function itself."""
    found = function = None
    called = False
    for line in text.splitlines():
        if line.startswith("ob="):
            found = line[3:]
        elif line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            called = True  # the next line has what the callee took, which is told at the callee, too
        elif called:
            called = False
        elif function and line[:1].isdigit():
            yield found, function, int(line.split()[1])


def calls(text, callers, callees):
    """{function: how often it was called}, from objects with CALLERS in their names into those with CALLEES."""
    found = into = function = ""
    total = {}
    for line in text.splitlines():
        if line.startswith("ob="):
            found = line[3:]
        elif line.startswith("cob="):
            into = line[4:]
        elif line.startswith("cfn="):
            function = line[4:]
        elif line.startswith("calls="):
            if callers in found and callees in into:
                total[function] = total.get(function, 0) + int(line[6:].split()[0])
            into = ""  # told only where it is another one
    return total


def counted(text, names):
    """Instructions in one dump of callgrind's: those of the functions NAMES."""
    return sum(cost for _, function, cost in costs(text) if function in names)


def measure(program, mine, others, *arguments):
    """
    A list of (path, items, instructions, register writes, interrupts), all but the name for all items together.
    Counted are the functions of the archives MINE, and not those of the archives OTHERS.
    """
    names = set.union(*map(functions, mine))
    if names & (both := set.union(*map(functions, others))):
        raise TestFailure(f"these names mean two functions: {' '.join(sorted(names & both))}")
    with tempfile.TemporaryDirectory(prefix="virtio-exact-") as folder:
        stripped, out = Path(folder, "exact"), Path(folder, "counts")
        # Names are all that it takes, and valgrind does not understand each compiler's debug information.
        command(["objcopy", "--strip-debug", program, stripped])
        told = command(["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}",
                        "--compress-strings=no", "--compress-pos=no", "--zero-before=measured",
                        "--dump-after=measured", stripped, *arguments])
        rows = []
        for number, line in enumerate(told.splitlines(), 1):
            name, items, writes, interrupts = line.split("\t")
            dump = Path(f"{out}.{number}").read_text(encoding="utf-8")
            rows.append((name, int(items), counted(dump, names), int(writes), int(interrupts)))
        return rows
