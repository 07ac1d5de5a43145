# SPDX-License-Identifier: ISC
"""KVM or TCG: the one that works, found by trying.

That /dev/kvm exists says little: some machines have a KVM in software, on which code that runs in kernel mode and
touches the FPU or SSE stops with an internal error. So the smallest kernel that does both is booted under KVM, and
when it does not end as it should, the tests run under TCG. VIRTIO_TEST_ACCEL=kvm or =tcg overrides.
"""

import os
import pathlib
import struct
import tempfile

from machine import Exit, Machine, Setup
from outcome import TestFailure

LOAD_ADDRESS = 0x100000
PROBE_STATUS = 42
PROBE_SECONDS = 10

# What the probe does, in 32-bit code: prepares the FPU and SSE as a kernel does, uses both, ends the machine.
PROBE_CODE = bytes.fromhex(
    "0f20e0 0d00060000 0f22e0"  # cr4 |= OSFXSR | OSXMMEXCPT
    "0f20c0 83e0fb 83c802 0f22c0"  # cr0: not EM, but MP
    "dbe3"  # fninit
    "0f57c0 0f110500081000"  # xorps xmm0, xmm0; movups [0x100800], xmm0
    "66ba0105 b02a ee"  # out 0x501, 42
    "f4 ebfd"  # hlt, for ever
)


def probe_image():
    """A multiboot 1 kernel of 32 bytes of header and PROBE_CODE."""
    magic, flags = 0x1BADB002, 0x10000
    end = LOAD_ADDRESS + 0x1000
    header = struct.pack("<III", magic, flags, -(magic + flags) & 0xFFFFFFFF)
    header += struct.pack("<IIIII", LOAD_ADDRESS, LOAD_ADDRESS, 0, end, LOAD_ADDRESS + 32)
    return header + PROBE_CODE


def works(accelerator, seconds=PROBE_SECONDS):
    """Whether the probe runs to its end under ACCELERATOR."""
    with tempfile.TemporaryDirectory() as folder:
        image = pathlib.Path(folder, "probe.bin")
        image.write_bytes(probe_image())
        try:
            with Machine(Setup(image=image), accelerator, limit=seconds) as machine:
                if machine.wait_for_error("internal error", seconds):
                    return False
                return machine.finish() == Exit("status", PROBE_STATUS)
        except TestFailure:
            return False


def choose():
    """The accelerator to use, and why, in words."""
    if chosen := os.environ.get("VIRTIO_TEST_ACCEL"):
        return chosen, "as VIRTIO_TEST_ACCEL says"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg", "no /dev/kvm that we may use"
    if works("kvm"):
        return "kvm", "a trial boot under KVM succeeded"
    return "tcg", "a trial boot under KVM failed"


if __name__ == "__main__":
    print("%s: %s" % choose())
