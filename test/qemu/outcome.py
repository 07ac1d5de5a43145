# SPDX-License-Identifier: ISC
"""How a test ends other than well, and how it runs commands."""

import shlex
import subprocess


class TestFailure(Exception):
    """The test failed; the message says how."""


class TestSkipped(Exception):
    """The test cannot run here; the message says why."""


def command(argv, limit=900, **options):
    """Run a command; what it printed. Anything but success is a TestFailure that shows both."""
    argv = [str(word) for word in argv]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
            errors="replace", check=False, **options)
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace")
        raise TestFailure(f"time limit of {limit} s reached\n$ {shlex.join(argv)}\n{output}") from None
    except FileNotFoundError:
        raise TestFailure(f"not found: {argv[0]}") from None
    if done.returncode:
        raise TestFailure(f"status {done.returncode}\n$ {shlex.join(argv)}\n{done.stdout}")
    return done.stdout
