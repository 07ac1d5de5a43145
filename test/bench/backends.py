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


class Backend:
    """In a `with`: runs ARGV until the end. What it says goes to a file."""

    def __init__(self, argv):
        if not shutil.which(argv[0]):
            raise TestSkipped(f"there is no {argv[0]} here; tools/bench native installs it")
        self._argv = [str(word) for word in argv]
        self._output = tempfile.TemporaryFile()  # pylint: disable=consider-using-with
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            self._argv, stdin=subprocess.PIPE, stdout=self._output, stderr=subprocess.STDOUT)
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

    def output(self):
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def await_until(self, ready):
        """Wait until READY() is true."""
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise TestFailure(f"it does not get ready\n$ {shlex.join(self._argv)}\n{self.output()}")
            time.sleep(0.05)


@contextlib.contextmanager
def storage(node, socket, queues=1):
    """A disk of qemu-storage-daemon's at SOCKET; NODE is what follows --blockdev."""
    export = f"vhost-user-blk,id=export,node-name=disk,writable=on,num-queues={queues}"
    argv = [STORAGE_DAEMON, "--blockdev", f"{node},node-name=disk", "--export",
            f"{export},addr.type=unix,addr.path={socket}"]
    with Backend(argv) as backend:
        backend.await_until(socket.exists)
        yield backend


def testpmd_arguments(device, mode, more, processor):
    """Two threads, the one that works on PROCESSOR (None: on any), without huge pages."""
    everywhere = f"(0-{(os.cpu_count() or 1) - 1})"
    place = everywhere if processor is None else processor
    return [TESTPMD, "--lcores", f"0@{everywhere},1@{place}", "--no-huge", "-m", "128", "--no-pci",
            "--no-telemetry", "--no-shconf", "--vdev", device, "--", "--total-num-mbufs=4096", "--port-topology=loop",
            f"--forward-mode={mode}", *more]


@contextlib.contextmanager
def testpmd(socket, mode, *more, processor=None):
    """A network card of DPDK's at SOCKET; MODE says what it does with frames."""
    with Backend(testpmd_arguments(f"net_vhost0,iface={socket},queues=1", mode, more, processor)) as backend:
        backend.await_until(socket.exists)
        yield backend


def virtio_user(socket, packed, mode, *more, processor=None):
    """DPDK's driver for the network card at SOCKET."""
    device = f"net_virtio_user0,path={socket},queues=1,queue_size=256,packed_vq={int(packed)},mrg_rxbuf=0,in_order=0"
    return Backend(testpmd_arguments(device, mode, more, processor))
