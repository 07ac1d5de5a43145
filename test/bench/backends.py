# SPDX-License-Identifier: ISC
"""Processes with virtio devices in them, which others wrote: each serves the vhost-user protocol at a socket."""

import contextlib
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

from outcome import TestFailure, TestSkipped

STORAGE_DAEMON = "qemu-storage-daemon"
TESTPMD = "dpdk-testpmd"
USER_MODE_LINUX = "linux.uml"
DISK_MODULE = "*/kernel/drivers/block/virtio_blk.ko"
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

    def ask(self, line, end):
        """What it says to LINE, up to END."""
        before = len(self.output())
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        self.await_until(lambda: end in self.output()[before:])
        return self.output()[before:]

    def await_until(self, ready):
        """Wait until READY() is true."""
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise TestFailure(f"it does not get ready\n$ {shlex.join(self._argv)}\n{self.story()}")
            time.sleep(0.005)


@contextlib.contextmanager
def storage(node, *sockets, queues=1, writable=True):
    """A disk of qemu-storage-daemon's, at each of SOCKETS; NODE is what follows --blockdev."""
    argv = [STORAGE_DAEMON, "--blockdev", f"{node},node-name=disk"]
    for number, socket in enumerate(sockets):
        argv += ["--export", f"vhost-user-blk,id=export{number},node-name=disk,writable={'on' if writable else 'off'},"
                             f"num-queues={queues},addr.type=unix,addr.path={socket}"]
    with Backend(argv) as backend:
        backend.await_until(lambda: all(socket.exists() for socket in sockets))
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
        return super().ask(line, self.PROMPT)

    def worker(self):
        """The thread that moves frames."""
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if "worker" in (task / "comm").read_text(encoding="utf-8"):
                return task.name
        raise TestFailure(f"no thread of {TESTPMD} is a worker")

    def start(self, mode, size=64, how=""):
        """Forward frames, MODE says how, each made with SIZE bytes."""
        self.ask(f"set fwd {mode}")
        self.ask(f"set txpkts {size}")
        self.ask(f"start {how}")


def network(socket, processor=None):
    """A network card of DPDK's at SOCKET; nothing works in it yet."""
    return Testpmd(f"net_vhost0,iface={socket},queues=1", processor)


def virtio_user(socket, options, processor=None, before=()):
    """DPDK's driver for the network card at SOCKET, with whatever instructions it knows to use, which it tells;
    BEFORE: a program to run it in."""
    return Testpmd(f"net_virtio_user0,path={socket},queues=1,queue_size=256,{options}", processor, before,
                   ["--force-max-simd-bitwidth=512", "--log-level=pmd.net.virtio.init:info"])


class UserModeLinux(Backend):
    """
    A Linux kernel in an ordinary process, with the program INIT in it and the disk at SOCKET, which its own driver
    drives: the same rings in the same kind of shared memory.
    """

    def __init__(self, folder, init, socket):
        self._tree = folder / "linux"
        image = folder / "linux.cpio"
        for name in ("dev", "sys", "modules"):
            (self._tree / name).mkdir(parents=True)
        shutil.copy(init, self._tree / "init")
        for module in pathlib.Path("/usr/lib/uml/modules").glob(DISK_MODULE):
            shutil.copy(module, self._tree / "modules")
        names = "".join(f"{path.relative_to(self._tree)}\n" for path in self._tree.rglob("*"))
        with open(image, "wb") as file:
            subprocess.run(["cpio", "--create", "--format=newc", "--quiet"], cwd=self._tree, input=names.encode(),
                           stdout=file, check=True)
        super().__init__([USER_MODE_LINUX, "mem=128M", f"initrd={image}", f"virtio_uml.device={socket}:2", "con=null",
                          "con0=fd:0,fd:1", "quiet"])

    def __enter__(self):
        super().__enter__()
        self.await_until(lambda: "started" in self.output())
        return self
