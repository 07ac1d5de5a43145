# SPDX-License-Identifier: ISC
"""A network cable: its one end is in a machine, the other is held by a test. It loses nothing and keeps the order."""

import socket
import struct
import time

from outcome import TestFailure


class Link:
    """QEMU connects to it, over TCP on this machine; each frame travels with its length, 4 bytes, in front."""

    files = ()  # descriptors that QEMU must inherit

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._socket = None
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        if self._socket:
            self._socket.close()

    def netdev(self, name):
        """What to give to QEMU's -netdev, for a network of this NAME."""
        return f"socket,id={name},connect=127.0.0.1:{self._listener.getsockname()[1]}"

    def _connect(self, deadline):
        self._listener.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            self._socket, _ = self._listener.accept()
        except TimeoutError:
            raise TestFailure("QEMU does not connect to its network") from None

    def send(self, frame, deadline):
        self.send_all([frame], deadline)

    def send_all(self, frames, deadline):
        """Several at once, so that QEMU's end finds all of them when it looks."""
        if not self._socket:
            self._connect(deadline)
        try:
            self._socket.settimeout(max(0.1, deadline - time.monotonic()))
            self._socket.sendall(b"".join(struct.pack(">I", len(frame)) + frame for frame in frames))
        except (TimeoutError, ConnectionError) as error:
            what = f"a frame of {len(frames[0])} bytes" if len(frames) == 1 else f"{len(frames)} frames"
            raise TestFailure(f"sending {what}: {error or 'time limit reached'}") from None

    def receive(self, deadline):
        """The next frame; None when the deadline passes first."""
        if not self._socket:
            self._connect(deadline)
        while (length := self._complete()) is None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            self._socket.settimeout(remaining)
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                return None
            except ConnectionError:
                data = b""
            if not data:
                raise TestFailure("the machine ended while an answer was awaited")
            self._buffer += data
        frame, self._buffer = self._buffer[4:length], self._buffer[length:]
        return frame

    def _complete(self):
        """Bytes of the first frame in the buffer, its length included; None while some are missing."""
        if len(self._buffer) < 4:
            return None
        length = 4 + struct.unpack(">I", self._buffer[:4])[0]
        return length if len(self._buffer) >= length else None
