# SPDX-License-Identifier: ISC
"""Soaking a disk: guest_soak reads and writes, and the disk becomes slow, fails, or loses its machine meanwhile.

Each sector tells who wrote it (disk.py's pattern, with the writer's stamp as its seed), and what each step of the guest
does follows from its stamp. So a model here knows what must be on the disk, and the image is compared with it whenever
the machine was reset, and at the end. Where a write failed, or a reset came between, a sector may be old or new; all
others have one value.
"""

import re
import time

import disk
import scenarios
from outcome import TestFailure
from run import Disk

WORKERS, CHUNK, SECTORS = 16, 64, 8192  # as in guest_soak/guest.h
TOGGLE = SECTORS + 8  # zeroing this sector turns the errors on, and off again
BADS = 5
MASK = (1 << 64) - 1
OPERATIONS = ("slow", "pause", "errors", "restart", "restart while slow", "reset", "reset while slow")


def mix(stamp):
    stamp = (stamp + 0x9E3779B97F4A7C15) & MASK
    stamp = ((stamp ^ stamp >> 30) * 0xBF58476D1CE4E5B9) & MASK
    stamp = ((stamp ^ stamp >> 27) * 0x94D049BB133111EB) & MASK
    return stamp ^ stamp >> 31


def written(life, worker, step):
    """The stamp of this step, and the sectors that it writes: none if it reads."""
    stamp = life << 40 | worker << 32 | step
    bits = mix(stamp)
    if not bits & 1:
        return stamp, range(0)
    chunk = (bits >> 8 & 0xFF) % (SECTORS // CHUNK // WORKERS) * WORKERS + worker
    offset = (bits >> 16 & 0xFF) % CHUNK
    first = chunk * CHUNK + offset
    return stamp, range(first, first + 1 + (bits >> 24 & 0xFF) % (CHUNK - offset))


class Model:
    """What is on the disk: each sector's stamp, or several that are possible."""

    def __init__(self):
        self.possible = [{0} for _ in range(SECTORS)]

    def done(self, life, worker, steps, failed):
        """So many STEPS of a worker are done; those that FAILED may have written, or not."""
        for step in range(steps):
            stamp, sectors = written(life, worker, step)
            for sector in sectors:
                self.possible[sector] = self.possible[sector] | {stamp} if step in failed else {stamp}

    def tried(self, life, worker, step):
        """This step was perhaps under way."""
        stamp, sectors = written(life, worker, step)
        for sector in sectors:
            self.possible[sector] = self.possible[sector] | {stamp}

    def compare(self, data):
        """The image must hold what is possible. From now on that is known."""
        for number, possible in enumerate(self.possible):
            found = data[number * disk.SECTOR : (number + 1) * disk.SECTOR]
            stamp = int.from_bytes(found[8:16], "little")
            if stamp not in possible or found != disk.sector(number, stamp):
                wanted = " or ".join(f"{stamp:x}" for stamp in sorted(possible))
                raise TestFailure(f"sector {number} was written by {stamp:x}, and not as it should be by {wanted}")
            self.possible[number] = {stamp}


def rules(bad):
    """blkdebug's rules. State 1: all is well; 2: requests that touch the BADS sectors from BAD on fail."""
    parts = []
    for event in ("read_aio", "write_aio"):
        parts += [f'[inject-error]\nevent = "{event}"\nstate = "2"\nsector = "{bad + i}"\n' for i in range(BADS)]
        parts += [f'[inject-error]\nevent = "{event}"\nstate = "1"\nerrno = "0"\n']
    for state in (1, 2):
        parts += [f'[set-state]\nevent = "pwritev_zero"\nstate = "{state}"\nnew_state = "{3 - state}"\n']
    return "\n".join(parts)


class DiskSoak:
    """One machine and what happens to it. `counts` is what the summary tells."""

    def __init__(self, machine, monitor, folder, rng, counts):
        self.machine = machine
        self.monitor = monitor
        self.image = folder / "disk0.img"
        self.rng = rng
        self.counts = counts
        self.model = Model()
        self.life = 0  # the number that is in all that is written
        self.lives = 0  # how many there were

    def run(self):
        self.machine.expect("\nready\r\n")
        self.begin_life()
        operations = list(OPERATIONS)
        self.rng.shuffle(operations)
        for operation in operations:
            self.let_work(0.3)
            getattr(self, operation.replace(" ", "_"))()
        self.let_work(0.3)
        self.finish()

    # What the guest is told

    def rest_of(self, start):
        """The rest of the next line with START in it."""
        self.machine.expect(start)
        return self.machine.expect("\n")

    def begin_life(self):
        """The guest is ready, and wants to know its number."""
        self.lives += 1
        self.life = self.rng.randrange(1, 1 << 23)
        self.machine.type(f"{self.life}\n".encode())

    def steps(self):
        """How many steps each worker has done, at least."""
        return [int(number) for number in self.rest_of("steps:").split()]

    def failed(self):
        """(worker, step) of each request of this life that failed as it had to."""
        output = self.machine.output.split("\nready\n")[self.lives]
        lines = re.findall(r"failed: step (\d+) of (\d+)\n", output)
        return {(int(worker), int(step)) for step, worker in lines}

    def let_work(self, seconds):
        time.sleep(seconds)
        self.machine.type(b"p")
        self.steps()

    def finish(self):
        self.machine.type(b"q")
        steps = self.steps()
        scenarios.expect_status(self.machine, 0)
        scenarios.expect_text(self.machine, "PASS")
        self.end_life(steps)
        self.model.compare(self.image.read_bytes())

    def end_life(self, steps):
        failed = self.failed()
        self.counts["requests"] += sum(steps)
        self.counts["failed as they had to"] += len(failed)
        for worker in range(WORKERS):
            self.model.done(self.life, worker, steps[worker], {step for who, step in failed if who == worker})

    # What happens to it

    def slow(self):
        """So few requests a second that all deadlines but the longest pass."""
        self.throttle(self.rng.randrange(20, 100))
        self.let_work(1.0)
        self.throttle(0)

    def throttle(self, requests):
        self.monitor.order(f"block_set_io_throttle disk0 0 0 0 {requests} 0 0")

    def pause(self):
        for _ in range(3):
            self.monitor.order("stop")
            time.sleep(self.rng.random() / 3)
            self.monitor.order("cont")
            self.counts["pauses"] += 1
            self.let_work(0.1)

    def errors(self):
        """Requests that touch bad sectors fail, and no others; and then none."""
        self.toggle("e")
        self.let_work(1.0)
        self.toggle("n")

    def toggle(self, letter):
        self.machine.type(b"d")
        self.machine.expect("quiet")
        self.monitor.order(f'qemu-io disk0 "write -q -z {TOGGLE * disk.SECTOR} {disk.SECTOR}"')
        self.machine.type(letter.encode())
        self.machine.expect("going on")

    def restart(self):
        """The driver is detached, with requests in flight, and attached again."""
        self.machine.type(b"r")
        unfinished = re.search(r"in flight, (\d+) of them unfinished", self.rest_of("restarted with"))
        self.machine.expect("memory after the restart")
        self.counts["restarts"] += 1
        self.counts["unfinished then"] += int(unfinished.group(1))

    def restart_while_slow(self):
        """So slow that the driver does not wait until they are done: they are done again."""
        self.throttle(3)
        self.let_work(0.2)
        self.restart()
        self.throttle(0)

    def reset(self):
        """Under load, wherever it happens to be."""
        self.machine.type(b"p")
        steps = self.steps()
        self.monitor.order("system_reset")
        self.machine.expect("\nready\r\n")
        self.counts["resets"] += 1
        self.after_reset(steps)

    def reset_while_slow(self):
        self.throttle(3)
        self.let_work(0.2)
        self.reset()
        self.throttle(0)

    def after_reset(self, steps):
        """At least STEPS were done. Workers go step by step, so what the last one that is seen on the disk did not
        undo, was done before; the one after may have been under way."""
        data = self.image.read_bytes()
        seen = [0] * WORKERS
        for number in range(SECTORS):
            stamp = int.from_bytes(data[number * disk.SECTOR + 8 : number * disk.SECTOR + 16], "little")
            worker = number // CHUNK % WORKERS
            if stamp >> 32 == self.life << 8 | worker:
                seen[worker] = max(seen[worker], stamp & 0xFFFFFFFF)
        done = [max(pair) for pair in zip(steps, seen)]
        self.end_life(done)
        for worker in range(WORKERS):
            self.model.tried(self.life, worker, done[worker])
        self.model.compare(data)
        self.begin_life()


def prepare(case, build, rng, way):
    """Make CASE, a disk of the matrix, one of guest_soak."""
    doors = case.image.name.removeprefix("guest_blk").removesuffix(".elf")
    case.image = build.guest(f"guest_soak{doors}")
    bad = rng.randrange(SECTORS - BADS)
    words = [f"bad={bad} bads={BADS} interrupts={way}", rng.choice(["", "ring=16", "segments=1", "segments=4"])]
    case.command_line = " ".join(words).strip()
    options = ",".join(filter(None, [case.disks[0].options, "request-merging=off"]))  # or neighbours fail together
    content = disk.pattern(SECTORS, 0) + bytes(64 * disk.SECTOR)
    case.disks = [Disk(content=content, options=options, through="blkdebug:{folder}/rules:")]
    return rules(bad)
