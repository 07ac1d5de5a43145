# SPDX-License-Identifier: ISC
"""One line for each test, details for those that fail, and the closing line."""

import sys
import threading
import time
import traceback

from outcome import TestFailure, TestSkipped


def indented(text):
    return "".join(f"     | {line}\n" for line in text.rstrip().splitlines())


class Report:
    def __init__(self, only=(), list_only=False):
        """Tests whose "GROUP NAME" lacks one of the words ONLY are left out."""
        self.only = only
        self.list_only = list_only
        self.passed = self.failed = self.skipped = 0
        self._failures = []
        self._lock = threading.Lock()

    def wants(self, group, name):
        return group == "build" or all(word in f"{group} {name}" for word in self.only)

    def run(self, group, name, test, *arguments):
        """Run TEST; whether it did not fail. It may return a remark for its line."""
        if not self.wants(group, name):
            return True
        if self.list_only:
            print(f"{group:<8} {name}")
            return True
        start = time.monotonic()
        try:
            remark = test(*arguments) or ""
        except TestSkipped as reason:
            self.add("skip", group, name, str(reason))
        except TestFailure as failure:
            self.add("FAIL", group, name, seconds=time.monotonic() - start, detail=str(failure))
            return False
        except Exception:  # pylint: disable=broad-exception-caught
            # A mistake in the test itself is one failed test, not the end of them all.
            self.add("FAIL", group, name, seconds=time.monotonic() - start, detail=traceback.format_exc())
            return False
        else:
            self.add("ok", group, name, remark, time.monotonic() - start)
        return True

    def add(self, result, group, name, remark="", seconds=None, detail=""):
        """Count one result and show it."""
        line = f"{result:<4} {group:<8} {name}"
        if remark:
            line += f": {remark}"
        if seconds is not None:
            line += f"  {seconds:.1f} s"
        with self._lock:
            self.passed += result == "ok"
            self.failed += result == "FAIL"
            self.skipped += result == "skip"
            print(line)
            if result == "FAIL":
                print(indented(detail), end="")
                self._failures.append(f"{group} {name}")
            sys.stdout.flush()

    def note(self, text):
        with self._lock:
            print(text, flush=True)

    def close(self):
        """Print what failed and the last line; the exit status."""
        if self.list_only:
            return 0
        if self._failures:
            print("\nfailed:")
            for failure in self._failures:
                print(f"     {failure}")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed or not self.passed else 0
