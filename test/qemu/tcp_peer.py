#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The far end of guest_net's stream: tcp_peer.py ADDRESS SIZE. Sends SIZE bytes, wants them back."""

import socket
import sys
import threading

PORT = 7


def pattern(size):
    block = b"".join((number * 2654435761 & 0xFFFFFFFF).to_bytes(4, "big") for number in range(1 << 14))
    return (block * (size // len(block) + 1))[:size]


def main(address, size):
    data = pattern(size)
    received = bytearray()
    with socket.create_connection((address, PORT), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")  # not what this machine prefers
        sender = threading.Thread(target=lambda: (connection.sendall(data), connection.shutdown(socket.SHUT_WR)))
        sender.start()
        while piece := connection.recv(1 << 20):
            received += piece
        sender.join()
    if bytes(received) != data:
        at = next((i for i in range(min(len(data), len(received))) if data[i] != received[i]), len(received))
        sys.exit(f"{len(received)} of {size} bytes came back, and byte {at} is wrong")
    print(f"{size} bytes there and back")


main(sys.argv[1], int(sys.argv[2]))
