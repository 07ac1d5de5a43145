# SPDX-License-Identifier: ISC
"""One virtual machine: a QEMU process with a serial line on its pipes, a time limit and an exit status.

    with Machine(Setup(image="console.elf"), accelerator="tcg") as machine:
        machine.expect("hello")
        machine.type(b"abc\\x04")
        assert machine.finish() == Exit("status", 0)

The limits are there to end a test that hangs; no test passes or fails by how fast the machine is.
"""

import dataclasses
import os
import shlex
import subprocess
import threading
import time

from outcome import TestFailure

QEMU = "qemu-system-x86_64"
OUTPUT_LIMIT = 1 << 20  # bytes of serial output; a machine that says more has gone mad, and is stopped
EXIT_PORT = 0x501  # isa-debug-exit: writing n there ends QEMU with the status 2n + 1


@dataclasses.dataclass
class Setup:
    """What a machine is made of."""

    image: object = None  # the kernel, for QEMU's own loaders
    iso: object = None  # or a CD-ROM with a boot loader
    firmware: str = ""  # another one than the machine's own
    machine: str = "pc"
    memory: str = "128M"
    command_line: str = ""
    modules: tuple = ()  # files, each may be "path arguments"
    devices: tuple = ()  # QEMU arguments that add devices
    exit_device: bool = True  # whether there is an isa-debug-exit
    prefix: tuple = ()  # what to run QEMU with, such as a network namespace
    files: tuple = ()  # descriptors that QEMU inherits

    def arguments(self, accelerator):
        argv = [*self.prefix, QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        argv += ["-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0"]
        argv += ["-machine", self.machine, "-accel", accelerator, "-m", self.memory]
        if accelerator == "tcg":
            argv += ["-smp", "2"]  # up to 8.0, TCG leaves out a lone processor's fences: notifications get lost
        if self.firmware:
            argv += ["-bios", self.firmware]
        if self.exit_device:
            argv += ["-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=2"]
        if self.image:
            argv += ["-kernel", str(self.image)]
            if self.command_line:
                argv += ["-append", self.command_line]
            if self.modules:
                argv += ["-initrd", ",".join(str(module) for module in self.modules)]
        if self.iso:
            argv += ["-cdrom", str(self.iso), "-boot", "d"]
        return argv + list(self.devices)


@dataclasses.dataclass(frozen=True)
class Exit:
    """How a machine ended: ("status", n) as the kernel said, ("off", 0) powered off, or ("error", QEMU's status)."""

    how: str
    value: int

    @classmethod
    def of(cls, returncode):
        if returncode == 0:
            return cls("off", 0)
        if returncode > 0 and returncode % 2 == 1:
            return cls("status", returncode // 2)
        return cls("error", returncode)

    def __str__(self):
        texts = {"status": f"exit status {self.value}", "off": "powered off", "error": f"QEMU ended with {self.value}"}
        return texts[self.how]


_running = set()
_closed = False  # no new machines: the tests are being interrupted


def stop_all():
    """End all machines, and start no more. For Ctrl-C, when tests run in threads."""
    global _closed
    _closed = True
    for machine in list(_running):
        machine.kill()


class Machine:
    """A running machine. Always used in a `with`, so that no QEMU outlives its test."""

    def __init__(self, setup, accelerator, limit=120, echo=None):
        """LIMIT is in seconds; ECHO is called with each piece of serial output as it comes."""
        self.argv = setup.arguments(accelerator)
        self.deadline = time.monotonic() + limit
        self._echo = echo
        self._output = bytearray()
        self._errors = bytearray()
        self._seen = 0  # up to where expect() has looked
        self._changed = threading.Condition()
        self._open = 2
        if _closed:
            raise TestFailure("interrupted")
        self._process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            pass_fds=setup.files
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self._output, echo), daemon=True),
            threading.Thread(target=self._read, args=(self._process.stderr, self._errors, None), daemon=True),
        ]
        _running.add(self)
        for reader in self._readers:
            reader.start()

    @property
    def pid(self):
        return self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _read(self, pipe, into, echo):
        while data := pipe.read1(65536):
            with self._changed:
                into += data
                self._changed.notify_all()
            if len(into) > OUTPUT_LIMIT:
                self._process.kill()
                break
            if echo:
                echo(data.decode(errors="replace"))
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    @property
    def output(self):
        """All that came over the serial line, as plain text: other control characters become question marks."""
        text = self._output.decode("ascii", errors="replace").replace("\r\n", "\n")
        return "".join(char if char.isprintable() or char in "\n\t" else "?" for char in text)

    @property
    def errors(self):
        """What QEMU itself had to say."""
        return self._errors.decode(errors="replace")

    @property
    def running(self):
        return self._process.poll() is None

    @property
    def processor_time(self):
        """Seconds that QEMU has used of processors, all its threads together."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii", errors="replace") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def expect(self, text):
        """Wait until TEXT comes over the serial line, after what earlier calls waited for; what came before it."""
        wanted = text.encode()
        with self._changed:
            while (at := self._output.find(wanted, self._seen)) < 0:
                self._wait(f"waiting for the text {text!r}")
            before = self._output[self._seen : at].decode("ascii", errors="replace")
            self._seen = at + len(wanted)
            return before

    def story(self, lines=40):
        """What to show of a machine whose test failed: how it was started, and its last words."""
        parts = [f"$ {shlex.join(self.argv)}"]
        parts += [line[:200] for line in self.output.splitlines()[-lines:]]
        parts += [line[:200] for line in self.errors.splitlines()[-lines:]]
        return "\n".join(parts)

    def wait_for_error(self, text, seconds):
        """Whether QEMU complains of TEXT within so many seconds, or ends before."""
        end = time.monotonic() + seconds
        with self._changed:
            while text.encode() not in self._errors and self._open and time.monotonic() < end:
                self._changed.wait(max(0.0, end - time.monotonic()))
            return text.encode() in self._errors

    def _wait(self, doing):
        """Wait for more output. Called with the lock held."""
        if not self._open:
            raise TestFailure(f"the machine ended ({Exit.of(self._process.wait())}) while {doing}")
        if time.monotonic() >= self.deadline:
            raise TestFailure(f"time limit reached while {doing}")
        self._changed.wait(max(0.0, self.deadline - time.monotonic()))

    def type(self, data):
        """Send bytes to the machine's serial line."""
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise TestFailure("the machine ended before it could be typed to") from None

    def finish(self):
        """Wait for the machine to end by itself; how it did."""
        try:
            returncode = self._process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TestFailure("time limit reached: the machine does not end") from None
        for reader in self._readers:
            reader.join()
        return Exit.of(returncode)

    def kill(self):
        if self.running:
            self._process.kill()

    def stop(self):
        """End it now, whatever it does."""
        self.kill()
        self._process.wait()
        _running.discard(self)
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
