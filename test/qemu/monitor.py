# SPDX-License-Identifier: ISC
"""QEMU's monitor: a machine has one with the arguments MONITOR, in the folder of its case."""

import pathlib
import re
import socket
import time

from outcome import TestFailure

MONITOR = ("-monitor", "unix:{folder}/monitor,server=on,wait=off")
PROMPT = "(qemu) "


class Monitor:
    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(folder / "monitor"))
        self._answer()

    @classmethod
    def of(cls, machine):
        """The monitor of a machine whose folder is not known here."""
        path = next(word.split(":", 1)[1].split(",")[0] for word in machine.argv if word.startswith("unix:"))
        return cls(pathlib.Path(path).parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _answer(self):
        text = ""
        while not text.endswith(PROMPT):
            try:
                data = self.socket.recv(4096)
            except (TimeoutError, ConnectionError) as error:
                raise TestFailure(f"QEMU's monitor does not answer: {error}") from None
            if not data:
                raise TestFailure("the machine ended while its monitor was asked")
            text += data.decode(errors="replace")
        return text

    def ask(self, command):
        """Have QEMU do this; what it says."""
        try:
            self.socket.sendall(command.encode() + b"\n")
        except ConnectionError:
            raise TestFailure(f"the machine ended before it could be told {command!r}") from None
        return self._answer()

    def order(self, command):
        """The same for a command that says nothing when all is well."""
        said = self.ask(command)
        # The line as it was typed comes first, again and again, with the cursor going back and forth.
        rest = re.sub(r"^[^\n]*\n", "", said).removesuffix(PROMPT).strip()
        if rest:
            raise TestFailure(f"QEMU's monitor, told {command!r}, says: {rest}")

    def expect_balloon(self, machine, megabytes):
        """The size that the machine is said to have becomes this."""
        while f"actual={megabytes}" not in (said := self.ask("info balloon")):
            if not machine.running or time.monotonic() > machine.deadline:
                raise TestFailure(f"the balloon does not come to {megabytes} MiB: {said}")
            time.sleep(0.1)
