# SPDX-License-Identifier: ISC
"""A tap device in a network namespace of the test's own, with this machine's TCP behind it: nothing outside changes.

QEMU runs in the namespace, and so does what talks to its kernel. Needs the right to make namespaces and taps.
"""

import os
import pathlib
import shutil
import subprocess

from outcome import TestFailure, TestSkipped, command

ADDRESS = "10.0.2.2"
GUEST = "10.0.2.15"
ADDRESS6 = "fd00::2"
GUEST6 = "fd00::15"
MAC = "52:54:00:00:01:00"


class Tap:
    """In a `with`: the namespace and the tap exist until its end."""

    def __init__(self, queues=1):
        self._queues = queues
        self._holder = None
        self.prefix = ()
        self.files = ()

    def __enter__(self):
        for tool in ("unshare", "nsenter", "ip"):
            if not shutil.which(tool):
                raise TestSkipped(f"{tool} is not installed")
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            raise TestSkipped("/dev/net/tun is not ours to use")
        # The holder keeps the namespace; it says so once it is in it, and ends when its standard input does.
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self._holder.stdout.readline() != b"\n":
            why = self._holder.stderr.read().decode(errors="replace").strip()
            self.__exit__()
            raise TestSkipped(f"no network namespace: {why}")
        self.prefix = ("nsenter", "-t", str(self._holder.pid), "--net")
        try:
            self._make()
        except TestFailure as failure:
            self.__exit__()
            raise TestSkipped(f"no tap device: {failure}") from None
        return self

    def _make(self):
        kind = ["mode", "tap", "vnet_hdr"] + (["multi_queue"] if self._queues > 1 else [])
        self.run("ip", "tuntap", "add", "dev", "tap0", *kind)
        self.run("ip", "address", "add", f"{ADDRESS}/24", "dev", "tap0")
        self.run("ip", "link", "set", "tap0", "up")
        self.run("ip", "neighbour", "replace", GUEST, "lladdr", MAC, "dev", "tap0", "nud", "permanent")

    def __exit__(self, *_):
        if self._holder:
            self._holder.stdin.close()
            self._holder.wait()
            self._holder.stdout.close()
            self._holder.stderr.close()

    def run(self, *argv, limit=60):
        """Run a command in the namespace; what it printed."""
        return command([*self.prefix, *argv], limit=limit)

    def _have(self, what, *argv):
        try:
            self.run(*argv)
        except TestFailure as failure:
            raise TestSkipped(f"no {what} here: {failure}") from None

    def have_ipv6(self):
        self._have("IPv6", "ip", "address", "add", f"{ADDRESS6}/64", "dev", "tap0", "nodad")
        self._have("IPv6", "ip", "neighbour", "replace", GUEST6, "lladdr", MAC, "dev", "tap0", "nud", "permanent")

    def have_ecn(self):
        """Ask for ECN in new connections."""
        self._have("ECN", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/tcp_ecn")

    def stream(self, size, limit, address=GUEST):
        """Send SIZE bytes over TCP and get them back, checked; a summary."""
        peer = pathlib.Path(__file__).with_name("tcp_peer.py")
        return self.run("python3", peer, address, str(size), limit=limit)

    def datagrams(self, first, count, word, limit=60):
        """Send COUNT datagrams that say WORD, each of a flow of its own: from port FIRST on."""
        peer = pathlib.Path(__file__).with_name("udp_peer.py")
        self.run("python3", peer, GUEST, str(first), str(count), word, limit=limit)

    def netdev(self, name):
        """What to give to QEMU's -netdev."""
        queues = f",queues={self._queues}" if self._queues > 1 else ""
        return f"tap,id={name},ifname=tap0,script=no,downscript=no{queues}"
