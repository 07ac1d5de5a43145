#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Datagrams for guest_net: udp_peer.py ADDRESS PORT COUNT WORD sends COUNT of them, from PORT and those that follow."""

import socket
import sys

DISCARD_PORT = 9


def main(address, first, count, word):
    for port in range(first, first + count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("", port))
            sender.sendto(word.encode(), (address, DISCARD_PORT))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
