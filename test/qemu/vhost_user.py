# SPDX-License-Identifier: ISC
"""A device of QEMU's whose queues a test serves itself: the vhost-user protocol, and split rings without extras.

Only what a device of few queues needs: features, memory, rings and configuration. See docs/interop/vhost-user.rst in
QEMU's sources.
"""

import mmap
import os
import select
import socket
import struct
import threading
import time

from outcome import TestFailure

HEADER = struct.Struct("<III")  # request, flags, bytes that follow
(GET_FEATURES, SET_FEATURES, SET_MEM_TABLE, SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE,
 SET_VRING_KICK, SET_VRING_CALL, GET_PROTOCOL_FEATURES, GET_CONFIG) = 1, 2, 5, 8, 9, 10, 11, 12, 13, 15, 24
VERSION, REPLY = 1, 4
OFFERED = 1 << 32 | 1 << 30  # VERSION_1, and the protocol has features
PROTOCOL = 1 << 9  # configuration
NO_FD = 1 << 8
NEXT, WRITABLE = 1, 2
PULSE = 0.05  # seconds between two looks without a notification


class Memory:
    """The machine's memory, as QEMU shares it."""

    def __init__(self, payload, fds):
        count = struct.unpack_from("<I", payload)[0]
        self._regions = []
        for number, fd in zip(range(count), fds):
            guest, size, user, offset = struct.unpack_from("<QQQQ", payload, 8 + 32 * number)
            mapped = mmap.mmap(fd, offset + size)
            os.close(fd)
            self._regions.append((guest, user, size, memoryview(mapped)[offset:]))

    def at(self, address, length, user=False):
        """LENGTH bytes at an ADDRESS of the machine's, or one of QEMU's own."""
        for guest, virtual, size, view in self._regions:
            start = address - (virtual if user else guest)
            if 0 <= start and start + length <= size:
                return view[start : start + length]
        raise TestFailure(f"{length} bytes at {address:#x} are no memory")


class Ring:
    """The device's end of a split ring."""

    def __init__(self):
        self.size = self.last = 0
        self.descriptors = self.used = self.available = 0
        self.kick = self.call = None
        self.memory = None

    def _word(self, address):
        return struct.unpack("<H", self.memory.at(address, 2, True))[0]

    def take(self):
        """The next buffer: (its id, what is to be read, views of what is to be written); None when there is none."""
        if self.kick is None or self._word(self.available + 2) == self.last:
            return None
        head = at = self._word(self.available + 4 + 2 * (self.last % self.size))
        self.last = (self.last + 1) & 0xFFFF
        readable, writable, flags = b"", [], NEXT
        while flags & NEXT:
            address, length, flags, following = struct.unpack(
                "<QIHH", self.memory.at(self.descriptors + 16 * at, 16, True))
            piece = self.memory.at(address, length)
            if flags & WRITABLE:
                writable.append(piece)
            else:
                readable += bytes(piece)
            at = following
        return head, readable, writable

    def give_back(self, head, length):
        index = self._word(self.used + 2)
        self.memory.at(self.used + 4 + 8 * (index % self.size), 8, True)[:] = struct.pack("<II", head, length)
        self.memory.at(self.used + 2, 2, True)[:] = struct.pack("<H", (index + 1) & 0xFFFF)
        if self.call is not None and not self._word(self.available) & 1:
            os.eventfd_write(self.call, 1)


class VhostUser:
    """In a `with`: connects to QEMU's socket at PATH, and calls SERVE with the rings whenever there may be work."""

    def __init__(self, path, queues, config, serve):
        self._path = path
        self._config = config
        self._serve = serve
        self.rings = [Ring() for _ in range(queues)]
        self._socket = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ending = False
        self.failure = None

    def __enter__(self):
        for _ in range(600):
            try:
                self._socket.connect(str(self._path))
                self._thread.start()
                return self
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.1)
        raise TestFailure(f"QEMU does not listen at {self._path}")

    def __exit__(self, *_):
        self._ending = True
        self._thread.join()
        self._socket.close()

    def _run(self):
        try:
            while not self._ending and self._turn():
                pass
        except (TestFailure, OSError, struct.error) as failure:
            self.failure = failure

    def _turn(self):
        kicks = [ring.kick for ring in self.rings if ring.kick is not None]
        ready, _, _ = select.select([self._socket, *kicks], [], [], PULSE)
        for kick in kicks:
            if kick in ready:
                os.eventfd_read(kick)
        if self._socket in ready and not self._message():
            return False
        if all(ring.kick is not None for ring in self.rings):
            self._serve(self.rings)
        return True

    def _message(self):
        header, fds, _, _ = socket.recv_fds(self._socket, HEADER.size, 8)
        if len(header) < HEADER.size:
            return False
        request, _, size = HEADER.unpack(header)
        payload = self._socket.recv(size, socket.MSG_WAITALL) if size else b""
        if (answer := self._obey(request, payload, fds)) is not None:
            self._socket.sendall(HEADER.pack(request, VERSION | REPLY, len(answer)) + answer)
        return True

    def _obey(self, request, payload, fds):
        """Do it; the answer where there is one."""
        if request == GET_FEATURES:
            return struct.pack("<Q", OFFERED)
        if request == GET_PROTOCOL_FEATURES:
            return struct.pack("<Q", PROTOCOL)
        if request == GET_CONFIG:
            offset, size, flags = struct.unpack_from("<III", payload)
            return struct.pack("<III", offset, size, flags) + self._config[offset : offset + size].ljust(size, b"\0")
        if request == SET_MEM_TABLE:
            memory = Memory(payload, fds)
            for ring in self.rings:
                ring.memory = memory
        if request in (SET_VRING_NUM, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_ADDR):
            return self._set_ring(request, *struct.unpack_from("<II", payload), payload)
        if request in (SET_VRING_KICK, SET_VRING_CALL):
            number = struct.unpack("<Q", payload)[0]
            name = "kick" if request == SET_VRING_KICK else "call"
            self._change_fd(self.rings[number & 0xFF], name, None if number & NO_FD else fds[0])
        return None

    def _set_ring(self, request, number, value, payload):
        ring = self.rings[number]
        if request == SET_VRING_NUM:
            ring.size = value
        elif request == SET_VRING_BASE:
            ring.last = value
        elif request == SET_VRING_ADDR:
            ring.descriptors, ring.used, ring.available = struct.unpack_from("<QQQ", payload, 8)
        else:  # it stops
            self._change_fd(ring, "kick", None)
            return struct.pack("<II", number, ring.last)
        return None

    @staticmethod
    def _change_fd(ring, name, fd):
        if getattr(ring, name) is not None:
            os.close(getattr(ring, name))
        setattr(ring, name, fd)
