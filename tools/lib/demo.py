# SPDX-License-Identifier: ISC
"""Boots an example in QEMU and shows what it does: packets to net_echo and back, a console, devices by name."""

import argparse
import os
import pathlib
import select
import signal
import sys
import tempfile
import termios
import threading
import time
import tty

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test" / "qemu"))

# pylint: disable=wrong-import-position
import accelerator
import builds
import frames
from echo_client import EchoClient, pattern
from link import Link
from machine import Exit, Machine, Setup
from outcome import TestFailure

ADDRESS = "10.0.2.15"
LIMIT = 300
CTRL_D = b"\x04"


def say(text=""):
    """One write a line: the unikernel's words come from a thread of their own, between ours."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Prefixed:
    """Shows the unikernel's output with a bar in front of each line, so that it is told from ours."""

    def __init__(self):
        self._line = ""
        self._lock = threading.Lock()

    def __call__(self, text):
        with self._lock:
            *lines, self._line = (self._line + text).replace("\r", "").split("\n")
            for line in lines:
                say(f"  unikernel | {line}")


def timed(action, *arguments):
    start = time.monotonic()
    action(*arguments)
    return f"{(time.monotonic() - start) * 1000:.1f} ms"


def net_echo(image, chosen):
    """Every kind of packet that net_echo answers, checked byte for byte."""
    with Link() as link:
        card = "virtio-net-pci,netdev=net0,mac=52:54:00:00:01:00,romfile="
        devices = ["-netdev", link.netdev("net0"), "-device", card]
        setup = Setup(image=image, command_line=f"ip={ADDRESS}/24", devices=devices)
        say(f"booting {image.name} ({image.stat().st_size // 1024} KiB with its symbols), a virtio-net device in it\n")
        with Machine(setup, chosen, LIMIT, echo=Prefixed()) as machine:
            try:
                talk(EchoClient(link, machine.deadline, ADDRESS))
                wait_for_end(machine)
            except TestFailure as failure:
                machine.stop()
                raise TestFailure(f"{failure}\n{machine.story()}") from None


def talk(client):
    mac = client.arp()
    say(f"ARP    who has {ADDRESS}?  {frames.mac_text(mac)}")
    for sequence in range(1, 4):
        say(f"ping   56 bytes, the same 56 bytes back          {timed(client.ping, pattern(56), sequence)}")
    for text in (b"hello, unikernel", b"virtio says hi"):
        say(f"UDP 7  {text.decode()!r:<22} {text.decode()!r} back  {timed(client.echo, text)}")
    for length in (1, 512, 1472):
        say(f"UDP 7  {length:>4} bytes, the same {length:>4} bytes back      {timed(client.echo, pattern(length))}")
    count = 1000
    took = timed(lambda: [client.echo(pattern(64, seed)) for seed in range(count)])
    say(f"UDP 7  {count} datagrams of 64 bytes, one by one   {took}")
    say("UDP 7  'quit'")
    client.quit()


def wait_for_end(machine, status=0):
    end = machine.finish()
    say(f"\nthe machine ended: {end}")
    if end != Exit("status", status):
        raise TestFailure(f"it should have ended with exit status {status}")


def console(image, chosen):
    """Keys go to the unikernel, its output to the screen. Without a terminal a few are typed for you."""
    say(f"booting {image.name}: after its greeting it echoes what you type; Ctrl-D ends it\n")
    interactive = sys.stdin.isatty()
    show = (lambda text: (sys.stdout.write(text), sys.stdout.flush())) if interactive else Prefixed()
    with Machine(Setup(image=image, command_line="from tools/demo"), chosen, LIMIT if not interactive else 86400,
                 echo=show) as machine:
        if interactive:
            type_from_terminal(machine)
        else:
            for _ in range(4):
                machine.expect("world")
            machine.type(b"typed by tools/demo\r" + CTRL_D)
        wait_for_end(machine)


def type_from_terminal(machine):
    """Until the machine ends. Ctrl-C is typed too, but a second one in a row ends the demo."""
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    last = b""
    try:
        while machine.running:
            if select.select([sys.stdin], [], [], 0.1)[0]:
                keys = os.read(sys.stdin.fileno(), 1024)
                if keys == last == b"\x03":
                    raise KeyboardInterrupt
                last = keys
                machine.type(keys)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


TWINS = {"inside": "52:54:00:00:00:01", "outside": "52:54:00:00:00:02", "system": "SYSTEM", "data": "DATA"}


def plug(folder, role):
    """QEMU's arguments for one card or disk of two_by_two."""
    if ":" in TWINS[role]:
        return ["-netdev", f"user,id={role},restrict=on",
                "-device", f"virtio-net-pci,romfile=,netdev={role},mac={TWINS[role]}"]
    path = pathlib.Path(folder) / role
    path.write_bytes(f"the first line of {role}\n".encode().ljust(4096, b"\0"))
    return ["-drive", f"file={path},format=raw,if=none,id={role}",
            "-device", f"virtio-blk-pci,drive={role},serial={TWINS[role]}"]


def two_by_two(image, chosen):
    """The same names find the same devices, whichever way they are plugged in; without names it tells what there is."""
    names = " ".join(f"{role}={'mac' if ':' in own else 'serial'}:{own}" for role, own in TWINS.items())
    rounds = [("in order", list(TWINS), names, 0), ("the other way round", list(TWINS)[::-1], names, 0),
              ("and without names", list(TWINS), "", 2)]
    with tempfile.TemporaryDirectory(prefix="virtio-demo-") as folder:
        for how, order, line, status in rounds:
            say(f"\nplugged in {how}: {' '.join(order)}\ncommand line: {line}")
            devices = [word for role in order for word in plug(folder, role)]
            setup = Setup(image=image, command_line=line, devices=devices)
            with Machine(setup, chosen, LIMIT, echo=Prefixed()) as machine:
                wait_for_end(machine, status)


def main():
    demos = {"net_echo": net_echo, "console": console, "two_by_two": two_by_two}
    parser = argparse.ArgumentParser(prog="tools/demo", description="Show a unikernel at work, in QEMU.")
    parser.add_argument("example", nargs="?", default="net_echo", choices=demos)
    name = parser.parse_args().example
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        say("building with meson and gcc")
        builds.DEMO.make()
        chosen, why = accelerator.choose()
        say(f"QEMU runs with {chosen}: {why}")
        demos[name](builds.DEMO.example(name), chosen)
    except TestFailure as failure:
        print(f"tools/demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
