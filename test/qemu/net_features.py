# SPDX-License-Identifier: ISC
"""virtio-net with all that QEMU's device has: offloads with a TCP stream through a tap, commands over a cable.

guest_net is the kernel; its remote.c knows the commands.
"""

import re
import socket
import struct
import time

from monitor import MONITOR, Monitor
from outcome import TestFailure
from run import Case
from scenarios import expect_status, expect_text
from tap import ADDRESS, GUEST, GUEST6
from udp_peer import DISCARD_PORT

REMOTE = b"\x88\xb5"
MAC = bytes.fromhex("525400000100")
OUR_MAC = bytes.fromhex("525400000002")
OTHER_MAC = bytes.fromhex("525400abcdef")
GROUP = bytes.fromhex("01005e000005")
OTHER_GROUP = bytes.fromhex("01005e000006")
BROADCAST = b"\xff" * 6
PROMISCUOUS, ALL_MULTICAST, NO_BROADCAST = 0, 1, 5
STREAM = 3 << 20
TCPV4, TCPV6 = 1, 4  # VIRTIO_NET_GSO_


class Remote:
    """Commands to guest_net."""

    def __init__(self, machine, link):
        self.machine = machine
        self.link = link
        self.number = 0

    def send(self, letter, arguments=b"", target=MAC, vlan=None):
        self.number += 1
        tag = b"" if vlan is None else b"\x81\x00" + struct.pack(">H", vlan)
        body = b"\xee" + letter + arguments
        frame = target + OUR_MAC + tag + REMOTE + body.ljust(120, b"\0") + struct.pack(">I", self.number)
        self.link.send(frame, self.machine.deadline)
        return self.number

    def answer(self, until):
        """(number of the command, error, what follows the letter, the sender's address); None when none comes."""
        while (frame := self.link.receive(until)) is not None:
            if frame[12:14] == REMOTE:
                return struct.unpack(">I", frame[134:138])[0], frame[14], frame[16:], frame[6:12]
        return None

    def ask(self, letter, arguments=b"", error=0, **how):
        """The answer, which must come, with ERROR."""
        number = self.send(letter, arguments, **how)
        got = self.answer(self.machine.deadline)
        if got is None or got[0] != number:
            raise TestFailure(f"command {letter} {arguments.hex()}: the answer is {got!r:.200}")
        if got[1] != error:
            raise TestFailure(f"command {letter} {arguments.hex()}: error {got[1]} instead of {error}")
        return got[2]

    def hears(self, wanted, target, vlan=None):
        """Whether the kernel gets frames to TARGET must be WANTED. One to its own address follows, in order."""
        number = self.send(b"E", target=target, vlan=vlan)
        last = self.send(b"E", target=self.mac())
        heard = False
        while (got := self.answer(self.machine.deadline)) is not None and got[0] != last:
            heard = heard or got[0] == number
        if got is None or heard != wanted:
            raise TestFailure(f"a frame to {target.hex(':')}, VLAN {vlan}: {'heard' if heard else 'not heard'}")

    def mac(self):
        return self._mac if hasattr(self, "_mac") else MAC

    def moved_to(self, address):
        self._mac = address

    def state(self):
        names = ("link", "announce", "mtu", "active", "speed", "features", "duplex", "changed")
        return dict(zip(names, struct.unpack("<8Q", self.ask(b"S")[:64])))

    def wait_for(self, first=None, **wanted):
        """Ask for the state until these fields are so; each time after the command FIRST, if there is one."""
        while True:
            if first:
                self.ask(first)
            state = self.state()
            if all(state[name] == value for name, value in wanted.items()):
                return state
            if time.monotonic() > self.machine.deadline - 5:
                raise TestFailure(f"waited for {wanted}, the state is {state}")
            time.sleep(0.05)

    def quit(self):
        self.ask(b"Q", target=self.mac())
        expect_status(self.machine, 0)
        expect_text(self.machine, "PASS")


def start(machine, link):
    machine.expect("ready")
    return Remote(machine, link)


def monitor(machine, *commands):
    """Give commands to QEMU's monitor, whose socket is in the machine's arguments."""
    with Monitor.of(machine) as connection:
        for command in commands:
            connection.order(command)


# What is commanded


def filters(machine, link):
    """Addresses, groups, VLANs, receive modes."""
    remote = start(machine, link)
    remote.ask(b"R", bytes([PROMISCUOUS, 0]))
    remote.ask(b"R", bytes([ALL_MULTICAST, 0]))
    remote.hears(True, MAC)
    remote.hears(True, BROADCAST)
    remote.hears(False, OTHER_MAC)
    remote.hears(False, GROUP)
    remote.ask(b"F", OTHER_MAC + GROUP)
    remote.hears(True, OTHER_MAC)
    remote.hears(True, GROUP)
    remote.hears(False, OTHER_GROUP)
    remote.ask(b"R", bytes([ALL_MULTICAST, 1]))
    remote.hears(True, OTHER_GROUP)
    remote.ask(b"R", bytes([NO_BROADCAST, 1]))
    remote.hears(False, BROADCAST)
    remote.ask(b"R", bytes([PROMISCUOUS, 1]))
    remote.hears(True, bytes.fromhex("525400777777"))
    remote.ask(b"R", bytes([PROMISCUOUS, 0]))
    remote.hears(False, MAC, vlan=17)
    remote.ask(b"V", b"\x00\x11\x01")
    remote.hears(True, MAC, vlan=17)
    remote.hears(False, MAC, vlan=18)
    remote.ask(b"V", b"\x00\x11\x00")
    remote.hears(False, MAC, vlan=17)
    moved = bytes.fromhex("5254000000aa")
    remote.ask(b"M", moved)
    remote.moved_to(moved)
    remote.hears(True, moved)
    remote.hears(False, MAC)
    remote.quit()


def link_and_announcing(machine, link):
    """The monitor pulls the cable, and asks for an announcement."""
    remote = start(machine, link)
    state = remote.wait_for(link=1, announce=0)
    if (state["mtu"], state["speed"], state["duplex"]) != (1400, 10000, 1):
        raise TestFailure(f"MTU, speed or duplex is wrong: {state}")
    monitor(machine, "announce_self")
    remote.wait_for(announce=1)
    # QEMU asks five times, and on a busy machine the next wish may be there before we look.
    remote.wait_for(first=b"A", announce=0)
    monitor(machine, "set_link net0 off")
    machine.expect("link down")
    monitor(machine, "set_link net0 on")
    machine.expect("link up")
    remote.wait_for(link=1)
    remote.quit()


def refused_commands(machine, link):
    """A device without a control queue: commands are refused before it sees them."""
    remote = start(machine, link)
    for letter, arguments in ((b"M", OTHER_MAC), (b"R", b"\0\1"), (b"V", b"\0\1\1"), (b"A", b""), (b"P", b"\1")):
        remote.ask(letter, arguments, error=95)
    remote.ask(b"E")
    remote.quit()


# Streams through a tap


def numbers(machine):
    """What guest_net counted."""
    return {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", machine.output.split("longest_received")[1]
                                                           .join(["longest_received", ""]))}


def stream(large_in, large_out, merged=None, partial=None, pairs=1, kind=TCPV4, ecn=None):
    """STREAM bytes there and back; whether frames were large, of which KIND, merged, and with partial checksums is as
    wanted. ECN: both sides agree on it, and whether large frames carry its CWR is as wanted."""

    def scenario(machine, tap):
        machine.expect("ready")
        if kind == TCPV6:
            tap.have_ipv6()
        if ecn is not None:
            tap.have_ecn()
        if pairs > 1:
            expect_text(machine, f"pairs {pairs} active {pairs}")
        tap.stream(STREAM, max(1, machine.deadline - time.monotonic()), GUEST6 if kind == TCPV6 else GUEST)
        expect_status(machine, 0)
        expect_text(machine, "PASS")
        seen = numbers(machine)
        facts = {"large frames in": (seen["longest_received"] > 1514, large_in),
                 "large frames out": (seen["longest_sent"] > 1514, large_out),
                 "kinds of large frames in": (seen["received_kinds"], large_in << kind),
                 "kinds of large frames out": (seen["sent_kinds"], large_out << kind),
                 "merged frames": (seen["merged"] > 0, merged),
                 "partial checksums": (seen["partial"] > 0, partial),
                 "large frames with CWR in": (seen["received_ecn"] > 0, bool(ecn)),
                 "large frames with CWR out": (seen["sent_ecn"] > 0, bool(ecn)),
                 "congestion answered": (seen["calmed"] > 0, ecn is not None)}
        for fact, (got, wanted) in facts.items():
            if wanted is not None and got != wanted:
                raise TestFailure(f"{fact}: {got}, not {wanted}")

    return scenario


# Flows, their hashes, and the pairs that they come through

FIRST_PORT = 40000
FLOWS = 64
KEY = bytes((at * 73 + 41) & 0xFF for at in range(40))  # as in guest_net/hash.c
TABLE = [at // 2 % 2 for at in range(64)]
REPORT_UDPV4 = 3  # VIRTIO 5.1.6.4.4.1


def toeplitz(data):
    """The hash of 5.1.6.4.3.4: the key slides along the data, and is added up where there is a one."""
    key, bits, total = int.from_bytes(KEY, "big"), 8 * len(KEY), 0
    for at in range(8 * len(data)):
        if data[at // 8] >> (7 - at % 8) & 1:
            total ^= key >> (bits - 32 - at) & 0xFFFFFFFF
    return total


def packets(machine, tap):
    """What guest_net tells of each packet of FLOWS flows: {source port: (pair, report, hash)}."""
    machine.expect("ready")
    tap.datagrams(FIRST_PORT, FLOWS, "flow")
    for _ in range(FLOWS):
        machine.expect("udp ")
    tap.datagrams(FIRST_PORT - 1, 1, "quit")
    expect_status(machine, 0)
    expect_text(machine, "PASS")
    lines = re.findall(r"udp (\d+) pair (\d+) report (\d+) hash ([0-9a-f]+)", machine.output)
    seen = {int(port): (int(pair), int(report), int(value, 16)) for port, pair, report, value in lines}
    if sorted(seen) != list(range(FIRST_PORT - 1, FIRST_PORT + FLOWS)):
        raise TestFailure(f"packets arrived from {sorted(seen)} alone")
    return seen


def expect_both_pairs(seen):
    used = {pair for pair, _, _ in seen.values()}
    if used != {0, 1}:
        raise TestFailure(f"frames arrived on {used} alone")


def hashed(spread):
    """Each packet comes with the hash that we compute, and, where frames are SPREAD, through the pair that it names."""

    def scenario(machine, tap):
        seen = packets(machine, tap)
        ends = socket.inet_aton(ADDRESS) + socket.inet_aton(GUEST)
        for port, got in seen.items():
            value = toeplitz(ends + struct.pack(">HH", port, DISCARD_PORT))
            wanted = (TABLE[value % len(TABLE)] if spread else got[0], REPORT_UDPV4, value)
            if got != wanted:
                raise TestFailure(f"port {port}: pair, report and hash are {got}, not {wanted}")
        if spread:
            expect_both_pairs(seen)

    return scenario


def both_pairs(machine, tap):
    """The host spreads flows by itself: frames arrive on both pairs, without a hash."""
    seen = packets(machine, tap)
    expect_text(machine, "pairs 2 active 2")
    expect_both_pairs(seen)
    if any(report for _, report, _ in seen.values()):
        raise TestFailure("a frame came with a hash that nobody asked for")


def cases(build):
    image = build.guest("guest_net")
    transports = {"modern": "disable-legacy=on", "legacy": "disable-modern=on", "packed": "packed=on"}
    for name, options in transports.items():
        yield Case(f"guest_net {name} filters", image, filters, nets=[options])
        yield Case(f"guest_net {name} stream, all", image, stream(True, True, True, True), nets=[options], tap=1)
    yield Case("guest_net filters, merge off", image, filters, nets=["mrg_rxbuf=off"])
    yield Case("guest_net small buffers", image, filters, nets=[""], command_line="buffer=200")
    yield Case("guest_net link, MTU, announce", image, link_and_announcing,
               nets=["host_mtu=1400,speed=10000,duplex=full"],
               devices=MONITOR)
    yield Case("guest_net ctrl_vq=off", image, refused_commands, nets=["ctrl_vq=off"])
    yield Case("guest_net stream, merge off", image, stream(True, True, False, True), nets=["mrg_rxbuf=off"], tap=1)
    yield Case("guest_net stream, least buffers", image, stream(True, True, True, True), nets=[""], tap=1,
               command_line="buffer=200")
    yield Case("guest_net stream, TSO off", image, stream(False, False, False, True), tap=1,
               nets=["guest_tso4=off,guest_tso6=off,host_tso4=off,host_tso6=off"])
    yield Case("guest_net stream, csum off", image, stream(False, False, False, False), tap=1,
               nets=["csum=off,guest_csum=off,guest_tso4=off,guest_tso6=off,host_tso4=off,host_tso6=off"])
    yield Case("guest_net stream, plain", image, stream(False, False, False, False), tap=1, nets=[""],
               command_line="plain")
    yield Case("guest_net stream, receive offloads switched off", image, stream(False, True, partial=False), tap=1,
               nets=[""], command_line="switched")
    yield Case("guest_net stream over IPv6", image, stream(True, True, True, True, kind=TCPV6), tap=1, nets=[""])
    yield Case("guest_net stream over IPv6 with ECN", image, stream(True, True, kind=TCPV6, ecn=True), tap=1, nets=[""])
    yield Case("guest_net stream, ECN off", image, stream(True, True, ecn=False), tap=1,
               nets=["guest_ecn=off,host_ecn=off"])
    yield Case("guest_net stream, 2 pairs", image, stream(True, True, pairs=2), tap=2, nets=["mq=on,vectors=6"],
               command_line="pairs=2")
    yield Case("guest_net stream, 1 of 2 pairs", image, stream(True, True), tap=2, nets=["mq=on,vectors=6"])
    for name, options in {"split": "", "packed": ",packed=on"}.items():
        yield Case(f"guest_net flows over 2 pairs {name}", image, both_pairs, tap=2, command_line="pairs=2",
                   nets=[f"mq=on,vectors=6{options}"])
        yield Case(f"guest_net RSS over 2 pairs {name}", image, hashed(True), tap=2, command_line="pairs=2 rss",
                   nets=[f"mq=on,rss=on,hash=on,vectors=6{options}"])
    yield Case("guest_net hash report", image, hashed(False), tap=1, command_line="hash", nets=["hash=on"])
