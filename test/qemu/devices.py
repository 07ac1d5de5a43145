# SPDX-License-Identifier: ISC
"""The small devices, each driven by guest_devices: entropy, console, balloon and 9P over every transport and ring."""

import os
import re
import socket
import struct

import scenarios
import vsock_peer
from monitor import MONITOR, Monitor
from outcome import TestFailure, TestSkipped
from run import Case
from vhost_user import VhostUser

TRANSPORTS = {
    "legacy": "disable-modern=on,disable-legacy=off",
    "modern": "disable-modern=off,disable-legacy=on",
    "packed": "disable-modern=off,disable-legacy=on,packed=on",
}
PATTERN = bytes((at * 7 + at // 256) % 256 for at in range(70000))


def expect_transport(machine, transport):
    wanted = "transport [legacy PCI] ring [split]" if transport == "legacy" else \
        f"transport [modern PCI] ring [{'packed' if transport == 'packed' else 'split'}]"
    scenarios.expect_text(machine, wanted)


def ends_well(transport, *texts):
    def scenario(machine, _):
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, "PASS", *texts)
        expect_transport(machine, transport)

    return scenario


# The console


class Talk:
    """The far end of a port."""

    def __init__(self, machine, path):
        self.machine = machine
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.data = b""

    def say(self, data):
        self.socket.sendall(data)

    def hear(self, wanted):
        """The next bytes must be these."""
        while len(self.data) < len(wanted):
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                raise TestFailure(f"waiting for {wanted[:40]!r}, got {self.data[:40]!r}") from None
            if not more:
                raise TestFailure(f"the port was closed while waiting for {wanted[:40]!r}")
            self.data += more
        if not self.data.startswith(wanted):
            raise TestFailure(f"{wanted[:40]!r} was expected, not {self.data[:40]!r}")
        self.data = self.data[len(wanted) :]

    def converse(self, number):
        """Short and long, both ways."""
        self.say(b"hello\n")
        self.hear(f"port {number}: hello\n".encode())
        self.say(f"take {len(PATTERN)}\n".encode() + PATTERN)
        self.hear(f"took {len(PATTERN)}\n".encode())
        # QEMU drops what a text console says while the socket is full: no more at once than it surely takes.
        given = PATTERN if number else PATTERN[:10000]
        self.say(f"give {len(given)}\nand more\n".encode())
        self.hear(given + f"port {number}: and more\n".encode())


def console(transport):
    def scenario(machine, folder):
        for _ in range(2):
            machine.expect("ready, 1 ports")
            talk = Talk(machine, folder / "port0")
            talk.converse(0)
            talk.say(b"emergency\n")
            talk.hear(b"EMERGENCY\n")
            talk.say(b"quit\n")
            talk.hear(b"bye\n")
            talk.socket.close()
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, "PASS")
        expect_transport(machine, transport)

    return scenario


def multiport(transport):
    """Two named ports and a console, each with a conversation of its own."""

    def scenario(machine, folder):
        for _ in range(2):
            machine.expect("ready, 4 ports")
            talks = []
            for number in range(3):
                machine.expect(f"port {number} is there")
                talks.append(Talk(machine, folder / f"port{number}"))
            for number, talk in enumerate(talks):
                talk.converse(number)
            talks[2].say(b"quit\n")
            talks[2].hear(b"bye\n")
            for talk in talks:
                talk.socket.close()
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, "PASS", "port 0 was [], console 1", "port 1 was [org.test.one], console 0",
                              "port 2 was [org.test.two], console 0")
        expect_transport(machine, transport)

    return scenario


def port_devices(count):
    argv = []
    for number in range(count):
        name = ("", ",name=org.test.one", ",name=org.test.two")[number]
        kind = "virtserialport" if number else "virtconsole"
        argv += ["-chardev", f"socket,id=port{number},path={{folder}}/port{number},server=on,wait=off"]
        argv += ["-device", f"{kind},chardev=port{number},nr={number}{name}"]
    return tuple(argv)


# The balloon


def balloon(transport):
    def scenario(machine, folder):
        monitor = None
        for _ in range(2):
            machine.expect("ready")
            monitor = monitor or Monitor(folder)
            for megabytes in (112, 96, 120):
                monitor.ask(f"balloon {megabytes}")
                machine.expect(f"balloon has {(128 - megabytes) * 256} pages")
                monitor.expect_balloon(machine, megabytes)
            monitor.ask("balloon 128")
            machine.expect("empty again: 0 pages")
        monitor.socket.close()
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, "PASS")
        expect_transport(machine, transport)

    return scenario


def reporting(transport):
    """Free memory is reported, and was dropped: it is zero when it comes back."""
    inner = balloon(transport)

    def scenario(machine, folder):
        inner(machine, folder)
        if not re.search(r"reported memory has 0\n", machine.output):
            raise TestFailure("QEMU has not dropped the memory that was reported")

    return scenario


# Sockets

GUEST_PORT = 80  # as in guest_devices/sockets.c
FIRST_CID = 1000  # other machines on this host may have small ones


def needs_vhost_vsock():
    """QEMU has no socket device of its own, only one that the host's kernel drives."""
    try:
        os.close(os.open("/dev/vhost-vsock", os.O_RDWR))
        socket.socket(socket.AF_VSOCK).close()
    except OSError as error:
        raise TestSkipped(f"the host has no sockets for machines (vhost_vsock), so fakes alone: {error}") from None


def sockets(cid):
    """The kernel calls us, at the port of that number, and gets back what it sends; then we call it."""

    def scenario(machine, _):
        with socket.socket(socket.AF_VSOCK) as listener:
            listener.bind((socket.VMADDR_CID_ANY, cid))
            listener.listen()
            listener.settimeout(60)
            for _ in range(2):
                caller, _ = listener.accept()
                with caller:
                    caller.settimeout(60)
                    while data := caller.recv(65536):
                        caller.sendall(data)
                machine.expect("listening")
                with socket.socket(socket.AF_VSOCK) as call:
                    call.settimeout(60)
                    call.connect((cid, GUEST_PORT))
                    call.sendall(b"hello")
                    if (answer := call.recv(100)) != b"HELLO":
                        raise TestFailure(f"the answer is {answer!r}")
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, "PASS", "our address is " + str(cid))

    return scenario


def sockets_by_vhost_user(cid):
    """The same, where the test itself is the other side of the rings."""

    def scenario(machine, folder):
        peer = vsock_peer.Peer(cid, cid, GUEST_PORT)
        with VhostUser(folder / "vsock", 2, struct.pack("<Q", cid), peer.serve) as device:
            for _ in range(2):
                machine.expect("listening")
                peer.call = True
            scenarios.expect_status(machine, 0)
        if device.failure:
            raise TestFailure(f"the socket device: {device.failure}")
        scenarios.expect_text(machine, "PASS", "our address is " + str(cid))
        if peer.answers != [b"HELLO"] * 2 or peer.echoed != 2 * 100000:
            raise TestFailure(f"answers {peer.answers}, {peer.echoed} bytes echoed")

    return scenario


def cases(build):
    image = build.guest("guest_devices")
    for transport, options in TRANSPORTS.items():
        yield Case(f"guest_devices entropy {transport}", image, ends_well(transport, "different values"),
                   devices=("-device", f"virtio-rng-pci,{options}"))
        yield Case(f"guest_devices console {transport}", image, console(transport),
                   devices=("-device", f"virtio-serial-pci,max_ports=1,{options}", *port_devices(1)))
        yield Case(f"guest_devices console, several ports {transport}", image, multiport(transport),
                   command_line="multiport",
                   devices=("-device", f"virtio-serial-pci,max_ports=4,{options}", *port_devices(3)))
        yield Case(f"guest_devices balloon {transport}", image, balloon(transport),
                   devices=("-device", f"virtio-balloon-pci,{options}", *MONITOR))
        yield Case(f"guest_devices balloon, free page reporting {transport}", image, reporting(transport),
                   command_line="reporting",
                   devices=("-device", f"virtio-balloon-pci,free-page-reporting=on,{options}", *MONITOR))
        yield Case(f"guest_devices 9P {transport}", image, ends_well(transport, "read 4500 bytes from [the share]"),
                   modules=1,
                   devices=("-fsdev", "local,id=share,path={folder},security_model=none,readonly=on",
                            "-device", f"virtio-9p-pci,fsdev=share,mount_tag=the share,{options}"))
    yield Case("guest_devices balloon deflate-on-oom", image,
               scenarios.says(balloon("modern"), "ready, deflates freely"),
               devices=("-device", f"virtio-balloon-pci,deflate-on-oom=on,{TRANSPORTS['modern']}", *MONITOR))
    yield Case("guest_devices balloon with all its queues", image, reporting("modern"), command_line="reporting",
               devices=("-object", "iothread,id=hints", "-device", "virtio-balloon-pci,free-page-reporting=on,"
                        f"free-page-hint=on,iothread=hints,{TRANSPORTS['modern']}", *MONITOR))
    yield Case("guest_devices entropy, little at a time", image, ends_well("modern", "different values"),
               devices=("-object", "rng-builtin,id=slow",
                        "-device", f"virtio-rng-pci,rng=slow,max-bytes=512,period=20,{TRANSPORTS['modern']}"))
    yield Case("guest_devices without a device", image, scenarios.ends_with(1, "FAIL no device"))
    cid = FIRST_CID + os.getpid() % 50000
    yield Case("guest_devices vsock", image, sockets(cid), command_line=f"port={cid}",
               needs=needs_vhost_vsock, devices=("-device", f"vhost-vsock-pci,disable-legacy=on,guest-cid={cid}"))
    yield Case("guest_devices vsock by vhost-user", image, sockets_by_vhost_user(cid), command_line=f"port={cid}",
               machine="pc,memory-backend=shared",
               devices=("-object", "memory-backend-memfd,id=shared,size=128M,share=on",
                        "-chardev", "socket,id=vsock,path={folder}/vsock,server=on",
                        "-device", "vhost-user-vsock-pci-non-transitional,chardev=vsock"))
