# SPDX-License-Identifier: ISC
"""Try each mutant of table.py in a copy of the tree: its tests must turn red. tools/mutate runs this.

The copy takes the compiled build along, so that a mutant costs one object and the tests concerned.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tools" / "lib"), str(TOP / "test" / "qemu"), str(TOP / "test" / "mutation")]

# pylint: disable=wrong-import-position
import builds
import table
from outcome import TestFailure

BUILD = builds.GCC
LEAST_LIMIT = 20  # seconds that a test may take at least: one that hangs has noticed, too


def copy_tree(scratch):
    """The sources and what was made of them, with their times, so that nothing is compiled again."""
    def sources(folder, names):
        return [name for name in names if name.startswith(("build", ".git")) and folder == str(TOP)]

    shutil.copytree(TOP, scratch, symlinks=True, ignore=sources, dirs_exist_ok=True)
    folder = scratch / BUILD.folder.relative_to(TOP)
    shutil.copytree(BUILD.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("*.elf", "examples", "qemu"))
    return folder


def targets_of(tests):
    return [f"test/unit/test_{test}" for test in tests]


def compile_tests(folder, tests):
    """Whether the tests compile, and what was said."""
    run = subprocess.run(["ninja", "-C", folder, *targets_of(tests)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    if "Generating" in run.stdout or "Regenerating" in run.stdout:
        raise TestFailure(f"the copy in {folder} is configured anew: its times were not kept\n{run.stdout}")
    return run.returncode == 0, run.stdout


def passes(folder, test, limit):
    """Whether a test passes within LIMIT seconds."""
    try:
        run = subprocess.run([folder / "test" / "unit" / f"test_{test}"], stdin=subprocess.DEVNULL, timeout=limit,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, errors="replace",
                             env={"TSAN_OPTIONS": "halt_on_error=1"})
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def try_mutant(scratch, folder, mutant, limits):
    """What is wrong with the mutant or its tests; None: every test turned red."""
    path = scratch / mutant.path
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        return f"its text stands {text.count(mutant.old)} times in {mutant.path}"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        compiled, output = compile_tests(folder, mutant.tests)
        if not compiled:
            return f"does not compile\n{output}"
        survived = [test for test in mutant.tests if passes(folder, test, limits[test])]
        return f"survives {', '.join(survived)}" if survived else None
    finally:
        path.write_text(text, encoding="utf-8")


def check_green(folder, mutants):
    """Without any mutant all the tests pass: else a red one says nothing. How long each may take, by that."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    compiled, output = compile_tests(folder, tests)
    if not compiled:
        raise TestFailure(f"the tests do not compile\n{output}")
    limits, red = {}, []
    for test in tests:
        start = time.monotonic()
        if not passes(folder, test, 600):
            red.append(test)
        limits[test] = LEAST_LIMIT + 10 * (time.monotonic() - start)
    if red:
        raise TestFailure(f"these fail before anything was changed: {', '.join(red)}")
    return limits


def run(mutants, say):
    """Try MUTANTS; how many survived, or were no mutants."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="libvirtio-mutate-") as name:
        scratch = pathlib.Path(name)
        folder = copy_tree(scratch)
        limits = check_green(folder, mutants)
        for mutant in mutants:
            start = time.monotonic()
            problem = try_mutant(scratch, folder, mutant, limits)
            wrong += problem is not None
            result = "killed" if problem is None else "WRONG "
            say(f"{result} {mutant.name} ({' '.join(mutant.holds)}): {problem or 'by ' + ', '.join(mutant.tests)}"
                f"  {time.monotonic() - start:.1f} s")
    return wrong


def sample():
    """A few of them, for tools/test."""
    chosen = [mutant for mutant in table.load() if mutant.sample]
    lines = []
    if run(chosen, lines.append):
        raise TestFailure("\n".join(lines))
    return f"{len(chosen)} of {len(table.load())} turn their tests red"


def main():
    parser = argparse.ArgumentParser(prog="tools/mutate", description="Break the library on purpose, see tests fail.")
    parser.add_argument("--only", action="append", default=[], metavar="WORD",
                        help="mutants with this word in their name, file, requirements or tests")
    parser.add_argument("--list", action="store_true", help="only the names")
    options = parser.parse_args()
    chosen = [m for m in table.load()
              if all(word in f"{m.name} {m.path} {' '.join(m.holds)} {' '.join(m.tests)}" for word in options.only)]
    if not chosen:
        parser.error(f"no mutant has {' and '.join(options.only)}")
    if options.list:
        for mutant in chosen:
            print(f"{mutant.name}: {mutant.path}: {' '.join(mutant.holds)}: {', '.join(mutant.tests)}")
        return 0
    try:
        BUILD.make(*sorted({target for mutant in chosen for target in targets_of(mutant.tests)}))
        wrong = run(chosen, lambda line: print(line, flush=True))
    except TestFailure as failure:
        print(failure)
        return 1
    held = {name for mutant in chosen for name in mutant.holds}
    print(f"{len(chosen)} mutants of {len(held)} requirements: {len(chosen) - wrong} killed, {wrong} not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
