# SPDX-License-Identifier: ISC
"""The neighbour of a net_echo unikernel: asks by ARP, pings, sends datagrams, compares every byte of the answers."""

import time

import frames
from frames import Arp, Datagram, Echo, Frame, Packet
from outcome import TestFailure

ECHO_PORT = 7
OUR_PORT = 40007


class EchoClient:
    def __init__(self, link, deadline, address="10.0.2.15", our_address="10.0.2.2", our_mac="52:54:00:00:00:02"):
        self.link = link
        self.deadline = deadline
        self.address = frames.ip(address)
        self.our_address = frames.ip(our_address)
        self.our_mac = frames.mac(our_mac)
        self.mac = frames.BROADCAST  # until arp() has learnt it
        self._sent = 0

    # Asking

    def arp(self, again_after=0.2):
        """Learn the unikernel's MAC address. Asked again until it has booted; the first answer counts."""
        request = Arp(frames.ARP_REQUEST, self.our_mac, self.our_address, bytes(6), self.address)
        frame = Frame(frames.BROADCAST, self.our_mac, frames.ARP, request.pack()).pack()
        answer = None
        while answer is None:
            if time.monotonic() > self.deadline:
                raise TestFailure("no answer to ARP requests")
            self.link.send(frame, self.deadline)
            answer = self._arp_answer(min(self.deadline, time.monotonic() + again_after))
        self.mac = answer.sender_mac
        return self.mac

    def ping(self, payload, sequence=1):
        """One ICMP echo; the answer must be the same bytes."""
        asked = Echo(frames.ECHO_REQUEST, 0x7061, sequence, payload)
        self._send(frames.ICMP, asked.pack())
        answer = Echo.parse(self._answer(frames.ICMP))
        wanted = Echo(frames.ECHO_REPLY, asked.identifier, asked.sequence, payload)
        if answer != wanted:
            raise TestFailure(f"ping of {len(payload)} bytes: {difference(answer.payload, payload)} ({answer!r:.200})")

    def send(self, payload, port=ECHO_PORT, from_port=OUR_PORT):
        datagram = Datagram(from_port, port, payload)
        self._send(frames.UDP, datagram.pack(self.our_address, self.address))

    def receive(self, payload, from_port=OUR_PORT):
        """The next datagram must be PAYLOAD, echoed."""
        answer = Datagram.parse(self._answer(frames.UDP), self.address, self.our_address)
        if (answer.source_port, answer.target_port) != (ECHO_PORT, from_port):
            raise TestFailure(f"a datagram from port {answer.source_port} to {answer.target_port}")
        if answer.payload != payload:
            raise TestFailure(f"echo of {len(payload)} bytes: {difference(answer.payload, payload)}")

    def echo(self, payload):
        """There and back; how many seconds that took."""
        start = time.monotonic()
        self.send(payload)
        self.receive(payload)
        return time.monotonic() - start

    def silence(self, seconds=0.3):
        """Nothing must come for a while."""
        data = self._receive(time.monotonic() + seconds)
        if data:
            raise TestFailure(f"an answer where none was due: {data!r:.200}")

    def quit(self):
        """The unikernel's last answer."""
        self.echo(b"quit")

    # On the wire

    def send_raw(self, frame):
        self.link.send(frame, self.deadline)

    def packet(self, protocol, payload, **changes):
        """A frame for the unikernel, as bytes; CHANGES are to the fields of its IPv4 header."""
        self._sent += 1
        fields = {"protocol": protocol, "source": self.our_address, "target": self.address, "payload": payload}
        packet = Packet(**{**fields, **changes})
        return Frame(self.mac, self.our_mac, frames.IPV4, packet.pack(self._sent & 0xFFFF)).pack()

    def _send(self, protocol, payload):
        self.send_raw(self.packet(protocol, payload))

    def _arp_answer(self, until):
        while (frame := self._receive(until)) is not None:
            if frame.kind != frames.ARP:
                continue
            answer = Arp.parse(frame.payload)
            if answer.operation != frames.ARP_REPLY or answer.sender_ip != self.address:
                raise TestFailure(f"a wrong ARP answer: {answer}")
            if (answer.target_mac, answer.target_ip) != (self.our_mac, self.our_address):
                raise TestFailure(f"an ARP answer for another: {answer}")
            if frame.source != answer.sender_mac or frame.target != self.our_mac:
                raise TestFailure(f"an ARP answer in a frame with other addresses: {frame}")
            return answer
        return None

    def _answer(self, protocol):
        """The payload of the next IPv4 packet, which must be of PROTOCOL and to us."""
        while (frame := self._receive(self.deadline)) is not None:
            if frame.kind == frames.ARP and Arp.parse(frame.payload).operation == frames.ARP_REPLY:
                continue  # a late one: we had asked more than once
            if (frame.target, frame.source, frame.kind) != (self.our_mac, self.mac, frames.IPV4):
                raise TestFailure(f"a frame with wrong addresses or of a wrong kind: {frame!r:.200}")
            packet = Packet.parse(frame.payload)
            if (packet.source, packet.target, packet.protocol) != (self.address, self.our_address, protocol):
                raise TestFailure(f"a packet with wrong addresses or of a wrong protocol: {packet!r:.200}")
            return packet.payload
        raise TestFailure("time limit reached: no answer")

    def _receive(self, until):
        """The next frame that is not a question about our own address, which is answered here; None after UNTIL."""
        while (data := self.link.receive(until)) is not None:
            frame = Frame.parse(data)
            if frame.kind != frames.ARP or not self._answer_arp(Arp.parse(frame.payload)):
                return frame
        return None

    def _answer_arp(self, asked):
        if asked.operation != frames.ARP_REQUEST or asked.target_ip != self.our_address:
            return False
        reply = Arp(frames.ARP_REPLY, self.our_mac, self.our_address, asked.sender_mac, asked.sender_ip)
        self.send_raw(Frame(asked.sender_mac, self.our_mac, frames.ARP, reply.pack()).pack())
        return True


def pattern(length, seed=0):
    """LENGTH bytes in which no byte's place can be mistaken for another's nearby."""
    return bytes((i * 7 + (i >> 8) * 13 + seed * 31 + length) & 0xFF for i in range(length))


def difference(got, wanted):
    """In words, how two byte strings differ."""
    if got == wanted:
        return "the same bytes"
    if len(got) != len(wanted):
        return f"{len(got)} bytes instead of {len(wanted)}"
    at = next(i for i in range(len(got)) if got[i] != wanted[i])
    return f"byte {at} is {got[at]:#04x} instead of {wanted[at]:#04x}"
