# SPDX-License-Identifier: ISC
"""What of libvirtio/ the unit tests by themselves run: lines, and both ways of every branch.

test/coverage.md has a row with a reason for each function of which a part is left over: tools/coverage writes its
numbers and keeps its reasons. Functions are told by name, so that an edit elsewhere in their file changes nothing.
"""

import bisect
import dataclasses
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test" / "qemu"))

# pylint: disable=wrong-import-position
import builds
from outcome import TestFailure, command

LINES = 95  # per cent, of all
BRANCHES = 90
LINES_OF_FILE = 85  # of a file, unless a row says why nothing of it runs
GCC = "12"  # the rows are of this one; another may count the branches of a function differently
REASONS = builds.TOP / "test" / "coverage.md"
ROW = re.compile(r"^\| `(\S+)` \| `(\S+)` \| (\d+) \| (\d+) \| (.*) \|$")
NO_REASON = "?"
INLINED = "inlined"  # what gcc names no function of: in a header, and inlined wherever it is called
HEAD = f"""# What the unit tests leave over

Made by `tools/coverage`, which writes the numbers and keeps the reasons. `tools/test unit` fails when the unit tests
by themselves, without fuzzing, take less than {LINES} % of the lines of libvirtio/ or {BRANCHES} % of the branches,
when a file has less than {LINES_OF_FILE} % of its lines and no row that says why, and, with gcc {GCC}, when a function
has more left over than it has here. *Lines* and *branches* are those that no test takes, as gcc counts them without
optimizing: each `&&`, `||` and `?:` is a branch with two ways.

| File | Function | Lines | Branches | Why |
|---|---|---|---|---|
"""


@dataclasses.dataclass
class Count:
    """Of a function, a file or everything."""

    lines: int = 0
    lines_left: int = 0
    branches: int = 0
    branches_left: int = 0

    def add(self, line):
        self.lines += 1
        self.lines_left += line["count"] == 0
        self.branches += len(line["branches"])
        self.branches_left += sum(branch["count"] == 0 for branch in line["branches"])

    @property
    def line_rate(self):
        return 100 * (1 - self.lines_left / self.lines) if self.lines else 100

    @property
    def branch_rate(self):
        return 100 * (1 - self.branches_left / self.branches) if self.branches else 100


def forget(build):
    """What was counted before: a run adds to it."""
    for counts in build.folder.rglob("*.gcda"):
        counts.unlink()


def measure(build):
    """Counts of everything, of each file, and of each function: those of (file, function)."""
    text = command(["gcovr", "--root", builds.TOP, "--object-directory", build.folder, "--filter", "libvirtio/",
                    "--json", "-", build.folder / "test" / "libvirtio_unit.a.p"], cwd=builds.TOP)
    everything, files, functions = Count(), {}, {}
    for file in json.loads(text)["files"]:
        starts = sorted((function["lineno"], function["name"]) for function in file["functions"])
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            place = bisect.bisect_right(starts, (line["line_number"], "~")) - 1
            key = (file["file"], starts[max(place, 0)][1] if starts else INLINED)
            for count in (everything, files.setdefault(file["file"], Count()), functions.setdefault(key, Count())):
                count.add(line)
    if everything.lines_left == everything.lines:
        raise TestFailure(f"no counts in {build.folder}")
    return everything, files, functions


def reasons():
    """(lines left, branches left, why) for each (file, function) of test/coverage.md."""
    rows = [ROW.match(line) for line in REASONS.read_text().splitlines()] if REASONS.exists() else []
    return {row.group(1, 2): (int(row.group(3)), int(row.group(4)), row.group(5)) for row in rows if row}


def problems(everything, files, functions):
    known = reasons()
    told = {file for file, _ in known}
    found = []
    if everything.line_rate < LINES or everything.branch_rate < BRANCHES:
        found.append(f"{summary(everything)}: at least {LINES} % and {BRANCHES} % are wanted")
    found += [f"{file}: {count.line_rate:.0f} % of its lines" for file, count in files.items()
              if count.line_rate < LINES_OF_FILE and file not in told]
    if command(["gcc", "-dumpversion"]).strip().split(".")[0] != GCC:
        return found
    for key, count in functions.items():
        lines, branches, why = known.get(key, (0, 0, ""))
        if count.lines_left > lines or count.branches_left > branches:
            found.append(f"{key[0]}: {key[1]}: {count.lines_left} lines and {count.branches_left} branches left over, "
                         f"{REASONS.name} knows of {lines} and {branches}: test them, or give it a reason there")
        elif why == NO_REASON:
            found.append(f"{REASONS.name}: {key[1]}: no reason")
    found += [f"{REASONS.name}: {file}: {function}: there is no such function"
              for file, function in known if (file, function) not in functions]
    return found


def summary(everything):
    return f"{everything.line_rate:.1f} % of the lines, {everything.branch_rate:.1f} % of the branches of libvirtio/"


def check(build):
    measured = measure(build)
    if found := problems(*measured):
        raise TestFailure("\n".join([*found, "tools/coverage shows the lines, and writes the numbers"]))
    return summary(measured[0])


def write(functions):
    known = reasons()
    rows = [f"| `{file}` | `{function}` | {count.lines_left} | {count.branches_left} | "
            f"{known.get((file, function), (0, 0, NO_REASON))[2]} |\n"
            for (file, function), count in sorted(functions.items()) if count.lines_left or count.branches_left]
    REASONS.write_text(HEAD + "".join(rows))


def main():
    build = builds.GCC_COVERAGE
    build.make()
    forget(build)
    subprocess.run(["meson", "test", "-C", build.folder, "--no-rebuild", "--suite", "unit", "--quiet",
                    "--timeout-multiplier", "10"], check=True)
    everything, files, functions = measure(build)
    write(functions)
    page = build.folder / "coverage" / "index.html"
    page.parent.mkdir(exist_ok=True)
    command(["gcovr", "--root", builds.TOP, "--object-directory", build.folder, "--filter", "libvirtio/",
             "--html-details", page, build.folder / "test" / "libvirtio_unit.a.p"], cwd=builds.TOP)
    found = problems(everything, files, functions)
    print("".join(f"{problem}\n" for problem in found), end="")
    print(f"{summary(everything)}; line by line in {page.relative_to(builds.TOP)}")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TestFailure, subprocess.CalledProcessError) as failure:
        sys.exit(str(failure))
