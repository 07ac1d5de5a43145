# SPDX-License-Identifier: ISC
"""The soak: net_echo and guest_soak for as long as they are given, while all that can go wrong around them does.

Rounds follow each other until the time is over: in each a machine is booted whose kind, transport, ring and interrupts
come from the seed, as does all that happens to it. Time decides how many rounds there are, and never whether one
passes. The network and the disk are soaked at the same time.
"""

import collections
import concurrent.futures
import contextlib
import pathlib
import random
import tempfile
import time

import machine
import matrix
import soak_disk
import soak_net
from monitor import MONITOR, Monitor
from outcome import TestFailure
from run import setup_of

SEED = 1
LIMIT = 600  # seconds for one round: only a machine that hangs needs them
WAYS = {"poll": 0, "MSI-X": 1, "line": 2}  # guest_soak's words for matrix.WAYS


def variants(rng):
    """Combinations of the matrix without end: every third with a packed ring and MSI-X, the others in any order."""
    best = [each for each in matrix.combinations() if each[2:] == ("packed", "MSI-X")]
    while True:
        others = [each for each in matrix.combinations() if each not in best]
        rng.shuffle(others)
        for first in range(0, len(others), 2):
            yield from others[first : first + 2]
            yield rng.choice(best)


def net_round(build, accelerator, variant, rng, counts):
    case = matrix.case_of(build, "net", *variant)
    with started(case, accelerator, soak_net.Cable(), "") as (box, monitor, cable, _):
        cable.started()
        soak_net.NetSoak(box, monitor, cable, variant[2], rng, counts).run()


def disk_round(build, accelerator, variant, rng, counts):
    case = matrix.case_of(build, "blk", *variant)
    rules = soak_disk.prepare(case, build, rng, WAYS[variant[3]])
    with started(case, accelerator, None, rules) as (box, monitor, _, folder):
        soak_disk.DiskSoak(box, monitor, folder, rng, counts).run()


@contextlib.contextmanager
def started(case, accelerator, cable, rules):
    """The machine of CASE, running, with its monitor, its CABLE and its folder."""
    case.devices = (*case.devices, *MONITOR, "-action", "reboot=reset")  # a reset is not the end
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="virtio-soak-")))
        (folder / "rules").write_text(rules)
        if cable:
            stack.enter_context(cable)
        box = stack.enter_context(machine.Machine(setup_of(case, folder, cable), accelerator, LIMIT))
        try:
            box.expect("\n")  # it runs, and so its monitor is there
            monitor = stack.enter_context(Monitor(folder))
            yield box, monitor, cable, folder
        except TestFailure as failure:
            box.stop()
            raise TestFailure(f"{case.name}: {failure}\n{box.story()}") from None


def soak(one_round, build, accelerator, seconds, seed):
    """Rounds until SECONDS are over, at least one; what happened in them, in words."""
    rng = random.Random(seed)
    counts = collections.Counter()
    start = time.monotonic()
    longest = 0.0
    for variant in variants(rng):
        began = time.monotonic()
        try:
            one_round(build, accelerator, variant, random.Random(rng.random()), counts)
        except TestFailure as failure:
            raise TestFailure(f"seed {seed}, round {counts['rounds']}: {failure}") from None
        counts["rounds"] += 1
        longest = max(longest, time.monotonic() - began)
        if time.monotonic() - start + longest > seconds:
            break
    return f"seed {seed}: " + ", ".join(f"{count} {name}" for name, count in counts.items())


def run(report, build, accelerator, minutes, seed):
    """Both at the same time."""
    jobs = {"net_echo on a bad cable": net_round, "disk that fails and hangs": disk_round}
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        try:
            for future in [pool.submit(report.run, "soak", name, soak, job, build, accelerator, minutes * 60, seed)
                           for name, job in jobs.items()]:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise
