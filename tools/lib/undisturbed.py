# SPDX-License-Identifier: ISC
"""While we measure, other programs get only what is left, where that may be asked for."""

import contextlib
import pathlib
import re

FAVOURED = "-15"  # nearly all of a processor, beside others at 0


def _share(pid):
    """Linux shares the processors out between sessions, and this file has the weight of that of process PID."""
    return pathlib.Path(f"/proc/{pid}/autogroup")


def favour(pid):
    """For as long as the session of process PID lives."""
    with contextlib.suppress(OSError):
        _share(pid).write_text(FAVOURED, encoding="ascii")


@contextlib.contextmanager
def undisturbed():
    """We ourselves, and those whom we start without a session of their own."""
    own = _share("self")
    before = re.search(r"nice (-?\d+)", own.read_text(encoding="ascii")) if own.exists() else None
    favour("self")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if before:
                own.write_text(before.group(1), encoding="ascii")
