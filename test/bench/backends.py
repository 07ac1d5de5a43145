# SPDX-License-Identifier: ISC
"""Processes with virtio devices in them, which others wrote: each serves the vhost-user protocol at a socket."""

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time

from outcome import TestFailure, TestSkipped

STORAGE_DAEMON = "qemu-storage-daemon"
TESTPMD = "dpdk-testpmd"
PATIENCE = 60  # seconds until a process that does not get ready counts as stuck
ENDING = 10  # seconds that it may take to end


def text_in(file):
    """All of it. Where the file stands is the process's that writes it: let it stand there."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


class Backend:
    """In a `with`: runs ARGV until the end. What it says goes to a file, its errors go to another."""

    def __init__(self, argv, needs=None):
        if not shutil.which(needs or argv[0]):
            raise TestSkipped(f"there is no {needs or argv[0]} here; tools/bench native installs it")
        self._argv = [str(word) for word in argv]
        self._output = tempfile.TemporaryFile()  # pylint: disable=consider-using-with
        self._errors = tempfile.TemporaryFile()  # pylint: disable=consider-using-with
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            self._argv, stdin=subprocess.PIPE, stdout=self._output, stderr=self._errors)
        return self

    def end(self):
        """Ask it to end, and see that it does."""
        self.process.terminate()
        try:
            self.process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_):
        self.end()
        self.process.stdin.close()
        self._output.close()
        self._errors.close()

    def output(self):
        return text_in(self._output)

    def story(self):
        """All that it said, to tell what went wrong."""
        return self.output() + text_in(self._errors)

    def await_until(self, ready):
        """Wait until READY() is true."""
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise TestFailure(f"it does not get ready\n$ {shlex.join(self._argv)}\n{self.story()}")
            time.sleep(0.005)


@contextlib.contextmanager
def storage(node, socket, queues=1):
    """A disk of qemu-storage-daemon's at SOCKET; NODE is what follows --blockdev."""
    export = f"vhost-user-blk,id=export,node-name=disk,writable=on,num-queues={queues}"
    argv = [STORAGE_DAEMON, "--blockdev", f"{node},node-name=disk", "--export",
            f"{export},addr.type=unix,addr.path={socket}"]
    with Backend(argv) as backend:
        backend.await_until(socket.exists)
        yield backend


class Testpmd(Backend):
    """DPDK's testpmd with the port DEVICE, without huge pages; it works on PROCESSOR (None: on any) as it is told."""

    PROMPT = "testpmd> "

    def __init__(self, device, processor=None, before=(), more=()):
        everywhere = f"(0-{(os.cpu_count() or 1) - 1})"
        place = everywhere if processor is None else processor
        # What it says must come at once, also to a file.
        super().__init__(["stdbuf", "-oL", *before, TESTPMD, "--lcores", f"0@{everywhere},1@{place}", "--no-huge",
                          "-m", "128", "--no-pci", "--no-telemetry", "--no-shconf", *more, "--vdev", device, "--",
                          "-i", "--total-num-mbufs=4096", "--port-topology=loop"], needs=TESTPMD)

    def __enter__(self):
        super().__enter__()
        self.await_until(lambda: self.PROMPT in self.output())
        return self

    def ask(self, line):
        """Its answer to a line."""
        before = len(self.output())
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        self.await_until(lambda: self.PROMPT in self.output()[before:])
        return self.output()[before:]

    def start(self, mode, size=64, how=""):
        """Forward frames, MODE says how, each made with SIZE bytes."""
        self.ask(f"set fwd {mode}")
        self.ask(f"set txpkts {size}")
        self.ask(f"start {how}")


def network(socket, processor=None):
    """A network card of DPDK's at SOCKET; nothing works in it yet."""
    return Testpmd(f"net_vhost0,iface={socket},queues=1", processor)


def virtio_user(socket, options, processor=None, before=()):
    """DPDK's driver for the network card at SOCKET, with whatever instructions it knows to use; BEFORE: a program to
    run it in."""
    return Testpmd(f"net_virtio_user0,path={socket},queues=1,queue_size=256,{options}", processor, before,
                   ["--force-max-simd-bitwidth=512"])
