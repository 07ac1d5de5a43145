#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make the seeds of a fuzz target: of what tools/fuzz has learned, the few inputs that reach most together.

    tools/fuzz 60 net
    test/fuzz/pick_seeds.py net 24

The seeds in test/fuzz/corpus/<target> that are there already take part, and are replaced.
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build-tools" / "fuzz"
LONGEST = 400  # bytes of a seed: short ones are changed to better effect


def features(program, folders):
    """What each input of FOLDERS reaches, by libFuzzer's own numbers."""
    with tempfile.TemporaryDirectory() as scratch:
        control = pathlib.Path(scratch) / "control"
        out = pathlib.Path(scratch) / "out"
        out.mkdir()
        subprocess.run([program, "-merge=1", "-set_cover_merge=1", f"-merge_control_file={control}", out, *folders],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        lines = control.read_text().splitlines()
    files = [pathlib.Path(line) for line in lines[2:2 + int(lines[0])]]
    reached = {}
    for line in lines:
        if found := re.match(r"FT (\d+) (.*)", line):
            reached[files[int(found.group(1))]] = set(map(int, found.group(2).split()))
    return reached


def pick(reached, count):
    """Greedily: the input that adds most to what the others reach, COUNT times."""
    chosen, so_far = [], set()
    short = {file: marks for file, marks in reached.items() if file.stat().st_size <= LONGEST}
    while short and len(chosen) < count:
        best = max(sorted(short), key=lambda file: len(short[file] - so_far))
        if not short[best] - so_far:
            break
        chosen.append(best)
        so_far |= short.pop(best)
    return chosen, len(so_far)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    target, count = sys.argv[1], int(sys.argv[2])
    corpus = TOP / "test" / "fuzz" / "corpus" / target
    learned = BUILD / "corpus" / target
    reached = features(BUILD / "test" / "fuzz" / f"libfuzzer_{target}", [learned, corpus])
    chosen, marks = pick(reached, count)
    contents = [file.read_bytes() for file in chosen]
    for old in corpus.iterdir():
        old.unlink()
    for content in contents:
        (corpus / hashlib.sha1(content).hexdigest()[:12]).write_bytes(content)
    print(f"{target}: {len(chosen)} seeds of {sum(map(len, contents))} bytes reach {marks} of "
          f"{len(set().union(*reached.values()))} features")


if __name__ == "__main__":
    main()
