# SPDX-License-Identifier: ISC
"""The far side of a socket device (VIRTIO 5.10.6), in place of a host's kernel: echoes who calls, and calls once."""

import struct

from outcome import TestFailure

PACKET = struct.Struct("<QQIIIHHIII")
STREAM = 1
REQUEST, RESPONSE, RST, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST = range(1, 8)
HOST_CID = 2
WINDOW = 4096  # small, so that the other side has to wait for room
CALLING_PORT = 1025
LARGEST = 1500
RECEIVE, TRANSMIT = 0, 1


class Connection:
    def __init__(self):
        self.taken = self.sent = 0  # bytes from the machine, and to it
        self.room = self.peer_taken = 0  # what the machine says
        self.waiting = b""


class Peer:
    """Give serve() to VhostUser. ECHO_PORT is called by the machine at CID; its own GUEST_PORT by us, when told."""

    def __init__(self, cid, echo_port, guest_port):
        self._cid = cid
        self._echo_port = echo_port
        self._guest_port = guest_port
        self._connections = {}  # by (our port, the machine's)
        self._out = []  # packets for the machine
        self.call = False  # call the machine now
        self.answers = []  # to our calls
        self.echoed = 0  # bytes

    def serve(self, rings):
        if self.call:
            self.call = False
            self._connections[CALLING_PORT, self._guest_port] = Connection()
            self._say(CALLING_PORT, self._guest_port, REQUEST)
        while (buffer := rings[TRANSMIT].take()) is not None:
            head, data, _ = buffer
            rings[TRANSMIT].give_back(head, 0)
            self._handle(data)
        self._send_data()
        while self._out and (buffer := rings[RECEIVE].take()) is not None:
            head, _, pieces = buffer
            packet = self._out.pop(0)
            if len(pieces) != 1 or len(pieces[0]) < len(packet):
                raise TestFailure("a receive buffer is too small")
            pieces[0][: len(packet)] = packet
            rings[RECEIVE].give_back(head, len(packet))

    def _say(self, ours, theirs, op, data=b"", flags=0):
        taken = self._connections[ours, theirs].taken if (ours, theirs) in self._connections else 0
        self._out.append(PACKET.pack(HOST_CID, self._cid, ours, theirs, len(data), STREAM, op, flags, WINDOW, taken)
                         + data)

    def _send_data(self):
        for (ours, theirs), one in self._connections.items():
            while one.waiting and (room := (one.room - (one.sent - one.peer_taken)) & 0xFFFFFFFF):
                piece = one.waiting[: min(room, LARGEST)]
                one.waiting = one.waiting[len(piece) :]
                one.sent = (one.sent + len(piece)) & 0xFFFFFFFF
                self._say(ours, theirs, RW, piece)

    def _handle(self, packet):
        source, target, theirs, ours, length, kind, op, _, room, taken = PACKET.unpack_from(packet)
        if (source, target, kind, len(packet)) != (self._cid, HOST_CID, STREAM, PACKET.size + length):
            raise TestFailure(f"a packet that cannot be: {packet[:PACKET.size].hex()}")
        one = self._connections.get((ours, theirs))
        if op == REQUEST and ours == self._echo_port and not one:
            one = self._connections[ours, theirs] = Connection()
            self._say(ours, theirs, RESPONSE)
        if not one:
            if op != RST:
                self._say(ours, theirs, RST)
            return
        one.room, one.peer_taken = room, taken
        self._go_on(one, ours, theirs, op, packet[PACKET.size :])

    def _go_on(self, one, ours, theirs, op, data):
        if op == RESPONSE:
            one.waiting = b"hello"
        elif op == RW:
            one.taken = (one.taken + len(data)) & 0xFFFFFFFF
            if ours == self._echo_port:
                one.waiting += data
                self.echoed += len(data)
                self._say(ours, theirs, CREDIT_UPDATE)
            else:
                self.answers.append(data)
                self._say(ours, theirs, SHUTDOWN, flags=3)
        elif op == CREDIT_REQUEST:
            self._say(ours, theirs, CREDIT_UPDATE)
        elif op == SHUTDOWN:
            self._say(ours, theirs, RST)
            del self._connections[ours, theirs]
        elif op == RST:
            del self._connections[ours, theirs]
