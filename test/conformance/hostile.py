# SPDX-License-Identifier: ISC
"""The second half of test/conformance.md: what a device can do to us, and which tests do it."""


def make(_files, _held):
    """Problems, and the text."""
    return [], ''
