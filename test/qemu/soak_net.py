# SPDX-License-Identifier: ISC
"""Soaking a network card: net_echo answers over a bad cable, while its link, its clock and its machine come and go.

The far end of the cable loses, doubles and delays what it sends and what it receives, and asks again for what it does
not get. Between the cable and the machine stands the ledger: it knows what the machine was really given, and each of
these frames must be answered once, byte for byte. Only what was given while the link or the machine went down may stay
unanswered. At the end the guest's own counters must say the same.
"""

import collections
import fcntl
import re
import socket
import struct
import termios
import time

import frames
import scenarios
from echo_client import ECHO_PORT, EchoClient, pattern
from link import Link
from outcome import TestFailure

WINDOW = 48  # frames under way at most: fewer than a ring holds, and than the cable's buffer
LOST, DOUBLED, DELAYED = 0.05, 0.05, 0.1  # of the frames, each way
OPERATIONS = ("flap", "flaps_under_load", "pause", "reset")


class Cable(Link):
    """A link that tells when QEMU has read all that was sent. It is there before QEMU starts."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self._socket, self._qemu = socket.socketpair()
        self._buffer = b""
        self.files = (self._qemu.fileno(),)

    def __exit__(self, *_):
        self._socket.close()
        self._qemu.close()

    def netdev(self, name):
        return f"socket,id={name},fd={self._qemu.fileno()}"

    def started(self):
        """QEMU has its end: when it closes it, we must notice."""
        self._qemu.close()

    def all_read(self, deadline):
        """Wait until QEMU has read everything."""
        while struct.unpack("i", fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4)))[0]:
            if time.monotonic() > deadline:
                raise TestFailure("QEMU does not read what it is sent")
            time.sleep(0.001)


Request = collections.namedtuple("Request", "number kind frame answer")


class Ledger:
    """What one life of the machine was given, and what it answered."""

    def __init__(self):
        self.must = collections.Counter()  # answers that are due
        self.may = collections.Counter()  # answers that may come
        self.given = collections.Counter()  # frames of each kind
        self.doubtful = collections.Counter()  # the same, given when the machine perhaps did not get them
        self.answers = 0
        self.missing = 0

    def give(self, request, doubtful):
        (self.doubtful if doubtful else self.given)[request.kind] += 1
        if request.answer:
            (self.may if doubtful else self.must)[request.answer] += 1

    def take(self, answer):
        """An answer that came must be due."""
        owed = self.must if self.must[answer] else self.may
        if not owed[answer]:
            raise TestFailure(f"an answer that was not due, or came twice, or differs: {answer!r:.200}")
        owed[answer] -= 1
        self.answers += 1

    def settle(self):
        """Frames keep their order: what has not come by now, does not come."""
        self.missing += sum(self.must.values())
        self.must.clear()
        self.may.clear()


class NetSoak(EchoClient):
    """One machine and what happens to it. `counts` is what the summary tells."""

    def __init__(self, machine, monitor, link, ring, rng, counts):
        super().__init__(link, machine.deadline)
        self.ring = ring
        self.machine = machine
        self.monitor = monitor
        self.rng = rng
        self.counts = counts
        self.ledger = Ledger()
        self.doubtful = False  # what is given now may get lost
        self.number = 0
        self.waiting = {}  # requests without an answer, by their number
        self.out = []  # what others overtake on the cable, on its way out
        self.back = []  # and on its way back

    def run(self):
        self.begin_life()
        operations = list(OPERATIONS)
        self.rng.shuffle(operations)
        if self.ring == "packed":
            # QEMU drops what is transmitted while the link goes down, and loses count of a packed ring thereby: it
            # takes nothing more from there until it is reset (docs/hypervisors.md).
            operations.remove("flaps_under_load")
        for operation in operations:
            self.ask(200)
            getattr(self, operation)()
        self.ask(200)
        self.finish()

    # What is asked

    def make(self):
        """A ping or a datagram of any length, or now and then a frame that deserves no answer."""
        self.number += 1
        number = self.number.to_bytes(8, "big")
        what = self.rng.random()
        payload = number + pattern(self.rng.choice((0, 1, 10, 100, 500, self.rng.randrange(1464), 1464)), self.number)
        if what < 0.06:
            return Request(self.number, "nonsense", self.nonsense(payload), None)
        if what < 0.12:
            return self.arp_request()
        if what < 0.4:
            sequence = self.number & 0xFFFF
            asked = frames.Echo(frames.ECHO_REQUEST, 0x7061, sequence, payload)
            answer = (frames.ICMP, frames.ECHO_REPLY, sequence, payload)
            return Request(self.number, "ping", self.packet(frames.ICMP, asked.pack()), answer)
        return self.datagram(self.number, payload)

    def datagram(self, number, payload):
        port = 40000 + number % 1000
        asked = frames.Datagram(port, ECHO_PORT, payload).pack(self.our_address, self.address)
        return Request(number, "UDP", self.packet(frames.UDP, asked), (frames.UDP, ECHO_PORT, port, payload))

    def arp_request(self):
        asked = frames.Arp(frames.ARP_REQUEST, self.our_mac, self.our_address, bytes(6), self.address).pack()
        frame = frames.Frame(frames.BROADCAST, self.our_mac, frames.ARP, asked).pack()
        return Request(self.number, "ARP", frame, (frames.ARP,))

    def nonsense(self, payload):
        right = frames.Datagram(40007, ECHO_PORT, payload).pack(self.our_address, self.address)
        return self.rng.choice((
            self.packet(frames.UDP, right[:6] + bytes([right[6] ^ 0x55]) + right[7:]),
            self.packet(frames.UDP, right[:7]),
            self.packet(frames.UDP, right, target=frames.ip("10.0.2.99")),
            self.packet(frames.UDP, right)[:20].ljust(60, b"\0"),
            self.packet(77, right),
        ))

    # The cable

    def give(self, request):
        self.send_raw(request.frame)
        self.ledger.give(request, self.doubtful)
        self.counts["given"] += 1

    def weather(self, late, act, *arguments):
        """ACT once, or not at all, or twice, or later: LATE is where it waits."""
        what = self.rng.random()
        if what < LOST:
            self.counts["lost"] += 1
        elif what < LOST + DOUBLED:
            self.counts["doubled"] += 1
            act(*arguments)
            act(*arguments)
        elif what < LOST + DOUBLED + DELAYED:
            self.counts["delayed"] += 1
            late.append((act, arguments))
        else:
            act(*arguments)
        if late and self.rng.random() < DELAYED:
            act, arguments = late.pop(self.rng.randrange(len(late)))
            act(*arguments)

    def arrive(self):
        """What was late is there now."""
        for late in (self.out, self.back):
            while late:
                act, arguments = late.pop()
                act(*arguments)

    def launch(self, count):
        """Send some, and look at no answers."""
        for _ in range(count):
            request = self.make()
            if request.answer:
                self.waiting[request.answer] = request
            self.weather(self.out, self.give, request)

    def collect(self, seconds):
        """One answer: it must be due. None when none comes."""
        frame = self._receive(time.monotonic() + seconds)
        if frame is None:
            return None
        answer = self.read(frame)
        self.ledger.take(answer)
        self.counts["answered"] += 1
        self.weather(self.back, self.waiting.pop, answer, None)
        return answer

    def read(self, frame):
        """What a frame answers."""
        if frame.target != self.our_mac or frame.source != self.mac:
            raise TestFailure(f"a frame with wrong addresses: {frame!r:.200}")
        if frame.kind == frames.ARP:
            reply = frames.Arp.parse(frame.payload)
            if reply != frames.Arp(frames.ARP_REPLY, self.mac, self.address, self.our_mac, self.our_address):
                raise TestFailure(f"a wrong ARP answer: {reply}")
            return (frames.ARP,)
        packet = frames.Packet.parse(frame.payload)
        if (packet.source, packet.target) != (self.address, self.our_address):
            raise TestFailure(f"a packet with wrong addresses: {packet!r:.200}")
        if packet.protocol == frames.ICMP:
            echo = frames.Echo.parse(packet.payload)
            return frames.ICMP, echo.kind, echo.sequence, echo.payload
        datagram = frames.Datagram.parse(packet.payload, self.address, self.our_address)
        return frames.UDP, datagram.source_port, datagram.target_port, datagram.payload

    def ask(self, count):
        """So many questions over the bad cable, asked again until each has its answer."""
        while count or self.waiting:
            while count and len(self.waiting) < WINDOW // 2:
                self.launch(1)
                count -= 1
            if self.collect(0.05) is None:
                self.ask_again()

    def ask_again(self):
        """No answer for a while: what is late is there now, and the rest is asked for once more."""
        if time.monotonic() > self.machine.deadline:
            raise TestFailure("time limit reached: answers are missing")
        self.arrive()
        self.all_answered()
        for request in list(self.waiting.values()):
            self.counts["again"] += 1
            self.weather(self.out, self.give, request)

    def all_answered(self):
        """A question over a good cable: once it has its answer, so has all that was given before."""
        self.number += 1
        fence = self.datagram(self.number, b"fence" + self.number.to_bytes(8, "big"))
        self.give(fence)
        self.collect_up_to(fence.answer)
        self.ledger.settle()

    def collect_up_to(self, last):
        while (answer := self.collect(self.machine.deadline - time.monotonic())) != last:
            if answer is None:
                raise TestFailure("time limit reached: the last answer is missing")

    # What happens to it

    def begin_life(self):
        self.machine.expect("ready: MAC ")
        self.mac = frames.mac(self.machine.expect(","))
        self.all_answered()

    def settled(self):
        """Nothing is under way, on the cable or behind it."""
        self.ask(0)
        self.arrive()
        self.all_answered()

    def flap(self):
        """While the link is down nothing comes in or out; as soon as it is up, everything does."""
        for _ in range(2):
            self.settled()
            self.monitor.order("set_link net0 off")
            self.machine.expect("link down")
            for _ in range(20):
                self.send_raw(self.make().frame)
                self.counts["lost"] += 1
            self.link.all_read(self.machine.deadline)
            if frame := self._receive(time.monotonic() + 0.1):
                raise TestFailure(f"an answer while the link is down: {frame!r:.200}")
            self.monitor.order("set_link net0 on")
            self.machine.expect("link up")
            self.counts["flaps"] += 1
            self.ask(20)

    def flaps_under_load(self):
        self.settled()
        self.doubtful = True
        for _ in range(5):
            self.launch(WINDOW // 8)
            self.monitor.order("set_link net0 off")
            self.launch(WINDOW // 8)
            self.monitor.order("set_link net0 on")
            self.counts["flaps"] += 1
        self.doubtful = False
        self.all_answered()

    def pause(self):
        """The machine stands still, with frames under way on all sides: it loses none."""
        for _ in range(3):
            self.launch(WINDOW // 4)
            self.monitor.order("stop")
            self.launch(WINDOW // 4)
            time.sleep(self.rng.random() / 3)
            self.monitor.order("cont")
            self.counts["pauses"] += 1
            self.ask(20)

    def reset(self):
        """Under load. Nothing that it owed before is due afterwards."""
        self.settled()
        settled = self.ledger.doubtful.copy()
        self.doubtful = True
        self.launch(WINDOW // 2)
        self.monitor.order("system_reset")
        self.launch(WINDOW // 4)
        self.counts["resets"] += 1
        self.machine.expect("ready: MAC ")
        self.machine.expect("\n")
        self.doubtful = False
        before, self.ledger = self.ledger, Ledger()
        if before.missing:
            raise TestFailure(f"{before.missing} frames were not answered")
        self.ledger.may, self.ledger.doubtful = before.may, before.doubtful - settled
        self.all_answered()

    # The end

    def finish(self):
        self.settled()
        request = self.datagram(0, b"quit")
        self.give(request)
        self.collect_up_to(request.answer)
        scenarios.expect_status(self.machine, 0)
        self.compare_counters()

    def compare_counters(self):
        """The guest has counted the same."""
        told = self.machine.output.rsplit("ready: MAC ", 1)[1]
        patterns = (r"answered: (\d+) ARP, (\d+) ping, (\d+) UDP",
                    r"not answered: (\d+) ignored, (\d+) fragments, (\d+) malformed, (\d+) without room",
                    r"frames: (\d+) received, (\d+) dropped by the driver, (\d+) transmitted",
                    r"memory: (\d+) pages free when ready, (\d+) at the end")
        found = [re.search(pattern, told) for pattern in patterns]
        if not all(found):
            raise TestFailure("the guest does not tell its counters")
        answered, refused, moved, memory = ([int(number) for number in match.groups()] for match in found)
        self.compare("pages free at the end", memory[1], memory[0])
        self.compare("frames that were dropped, by reason,", sum(refused[3:]) + moved[1], self.ledger.missing)
        for kind, count in zip(("ARP", "ping", "UDP"), answered):
            self.compare(f"{kind} frames", count, self.ledger.given[kind], self.ledger.doubtful[kind])
        self.compare("nonsense", sum(refused[:3]), self.ledger.given["nonsense"], self.ledger.doubtful["nonsense"])
        self.compare("frames received", moved[0], self.ledger.given.total(), self.ledger.doubtful.total())
        self.compare("frames transmitted", moved[2], sum(answered) - refused[3])

    def compare(self, what, told, wanted, doubtful=0):
        if not wanted <= told <= wanted + doubtful:
            more = f" to {wanted + doubtful}" if doubtful else ""
            raise TestFailure(f"{what}: the guest counts {told}, and {wanted}{more} is right")
