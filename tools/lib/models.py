# SPDX-License-Identifier: ISC
"""The models of the notification protocol (test/model): each search is a test of ours."""

import re
import subprocess

from builds import TOP


def run_models(report):
    run = subprocess.run([TOP / "test" / "model" / "run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    results = re.findall(r"^(ok|FAIL) +(.*\n(?: +.*\n)*)", run.stdout, re.MULTILINE)
    for result, text in results:
        name, _, told = text.strip().partition(": ")
        report.add(result, "model", name, *([told] if result == "ok" else []), detail=text)
    if not results or (run.returncode and all(result != "FAIL" for result, _ in results)):
        report.add("FAIL", "model", "all", detail=run.stdout)
