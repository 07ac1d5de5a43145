# SPDX-License-Identifier: ISC
"""Ethernet frames by hand: ARP, and IPv4 with ICMP echo or UDP. Parsing is strict: a wrong checksum is an error."""

import dataclasses
import struct

from outcome import TestFailure

BROADCAST = b"\xff" * 6
ARP, IPV4 = 0x0806, 0x0800
ARP_REQUEST, ARP_REPLY = 1, 2
ICMP, UDP = 1, 17
ECHO_REPLY, ECHO_REQUEST = 0, 8


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip(text):
    return bytes(int(part) for part in text.split("."))


def ip_text(address):
    return ".".join(str(byte) for byte in address)


def mac_text(address):
    return address.hex(":")


def checksum(data):
    """The internet checksum (RFC 1071); 0 over data that includes a right one."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@dataclasses.dataclass(frozen=True)
class Arp:
    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes

    def pack(self):
        head = struct.pack(">HHBBH", 1, IPV4, 6, 4, self.operation)
        return head + self.sender_mac + self.sender_ip + self.target_mac + self.target_ip

    @classmethod
    def parse(cls, data):
        if len(data) < 28:
            raise TestFailure(f"an ARP packet of {len(data)} bytes")
        hardware, protocol, hardware_size, protocol_size, operation = struct.unpack(">HHBBH", data[:8])
        if (hardware, protocol, hardware_size, protocol_size) != (1, IPV4, 6, 4):
            raise TestFailure(f"an ARP packet that is not about IPv4 over Ethernet: {data[:8].hex()}")
        return cls(operation, data[8:14], data[14:18], data[18:24], data[24:28])


@dataclasses.dataclass(frozen=True)
class Echo:
    kind: int
    identifier: int
    sequence: int
    payload: bytes

    def pack(self):
        head = struct.pack(">BBHHH", self.kind, 0, 0, self.identifier, self.sequence)
        total = checksum(head + self.payload)
        return head[:2] + struct.pack(">H", total) + head[4:] + self.payload

    @classmethod
    def parse(cls, data):
        if len(data) < 8 or checksum(data):
            raise TestFailure("an ICMP message with a wrong checksum")
        kind, code, _, identifier, sequence = struct.unpack(">BBHHH", data[:8])
        if code:
            raise TestFailure(f"an ICMP message of type {kind} with code {code}")
        return cls(kind, identifier, sequence, data[8:])


@dataclasses.dataclass(frozen=True)
class Datagram:
    source_port: int
    target_port: int
    payload: bytes

    def pack(self, source_ip, target_ip):
        length = 8 + len(self.payload)
        head = struct.pack(">HHHH", self.source_port, self.target_port, length, 0)
        pseudo = source_ip + target_ip + struct.pack(">HH", UDP, length)
        total = checksum(pseudo + head + self.payload) or 0xFFFF
        return head[:6] + struct.pack(">H", total) + self.payload

    @classmethod
    def parse(cls, data, source_ip, target_ip):
        if len(data) < 8:
            raise TestFailure(f"a UDP datagram of {len(data)} bytes")
        source_port, target_port, length, total = struct.unpack(">HHHH", data[:8])
        if length != len(data):
            raise TestFailure(f"a UDP datagram that says {length} bytes and has {len(data)}")
        if total and checksum(source_ip + target_ip + struct.pack(">HH", UDP, length) + data):
            raise TestFailure("a UDP datagram with a wrong checksum")
        return cls(source_port, target_port, data[8:])


@dataclasses.dataclass(frozen=True)
class Packet:
    """IPv4 without options or fragments."""

    protocol: int
    source: bytes
    target: bytes
    payload: bytes

    def pack(self, identification=0):
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(self.payload), identification, 0, 64, self.protocol, 0)
        head += self.source + self.target
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + self.payload

    @classmethod
    def parse(cls, data):
        if len(data) < 20 or data[0] != 0x45:
            raise TestFailure("not IPv4 without options")
        if checksum(data[:20]):
            raise TestFailure("an IPv4 header with a wrong checksum")
        _, _, length, _, fragment, lifetime, protocol, _ = struct.unpack(">BBHHHBBH", data[:12])
        if length < 20 or length > len(data) or fragment & 0x3FFF or not lifetime:
            what = f"length {length} of {len(data)}, fragment {fragment:#x}, lifetime {lifetime}"
            raise TestFailure(f"an IPv4 header with {what}")
        return cls(protocol, data[12:16], data[16:20], data[20:length])


@dataclasses.dataclass(frozen=True)
class Frame:
    target: bytes
    source: bytes
    kind: int
    payload: bytes

    def pack(self):
        """At least 60 bytes, as on a wire."""
        return (self.target + self.source + struct.pack(">H", self.kind) + self.payload).ljust(60, b"\0")

    @classmethod
    def parse(cls, data):
        if len(data) < 14:
            raise TestFailure(f"an Ethernet frame of {len(data)} bytes")
        return cls(data[:6], data[6:12], struct.unpack(">H", data[12:14])[0], data[14:])
