# SPDX-License-Identifier: ISC
"""To come."""


def run(*_):
    """Nothing yet."""
