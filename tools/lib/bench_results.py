# SPDX-License-Identifier: ISC
"""What a part of tools/bench measured: told as it comes, then in one table, and kept in docs/bench with its plots."""

import dataclasses
import datetime
import os
import platform
import re
import statistics

import bench_plots
import builds
from outcome import command

FOLDER = builds.TOP / "docs" / "bench"
OURS = "libvirtio"  # what the others are compared with; "libvirtio, polling" is one of ours as well
LESS_IS_BETTER = {"ms", "us", "ns", "bytes", "instructions", "cycles", "accesses", "%"}


@dataclasses.dataclass
class Sample:
    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    def __str__(self):
        low, high = min(self.values), max(self.values)
        return figure(self.median) + (f" ({figure(low)} to {figure(high)})" if low != high else "")


@dataclasses.dataclass
class Table:
    title: str
    unit: str
    rows: dict = dataclasses.field(default_factory=dict)  # {row: {way: Sample}}

    @property
    def ways(self):
        return list(dict.fromkeys(way for row in self.rows.values() for way in row))

    @property
    def slug(self):
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    def ahead(self, row):
        """How many times better the best of ours is than the best of the others; nothing without one of them."""
        medians = {ours: [sample.median for way, sample in self.rows[row].items() if way.startswith(OURS) == ours]
                   for ours in (True, False)}
        if not all(medians.values()) or min(map(min, medians.values())) <= 0:
            return ""
        if self.unit in LESS_IS_BETTER:
            return f"{min(medians[False]) / min(medians[True]):.2f}"
        return f"{max(medians[True]) / max(medians[False]):.2f}"

    def cells(self):
        """Lines of cells, the first of them the heads."""
        comparing = any(self.ahead(row) for row in self.rows)
        lines = [[self.unit, *self.ways, *(["ahead by"] if comparing else [])]]
        for row, samples in self.rows.items():
            lines.append([row, *(str(samples.get(way, "")) for way in self.ways),
                          *([self.ahead(row)] if comparing else [])])
        return lines

    def markdown(self):
        heads, *lines = ["| " + " | ".join(cells) + " |" for cells in self.cells()]
        return [heads, "|" + " --- |" + " ---: |" * (len(self.cells()[0]) - 1), *lines]

    def text(self):
        lines = self.cells()
        first, *widths = [max(map(len, column)) for column in zip(*lines)]
        return [f"  {cells[0]:<{first}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells[1:], widths))
                for cells in lines]


def figure(number):
    """Three digits that count, or all of those before the point."""
    return f"{number:.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3g}"


def machine(accelerator):
    """What it was measured on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = re.search(r"model name\s*: (.*)", file.read())
    versions = [command([program, "--version"]).splitlines()[0]
                for program in ("gcc", "clang", "qemu-system-x86_64")]
    how = f"; QEMU with {accelerator}" if accelerator else ""
    return (f"{os.cpu_count()} processors ({processor[1] if processor else 'unknown'}), Linux {platform.release()}; "
            f"{'; '.join(versions)}{how}")


class Results:
    """Of one part: ADD as they come, then KEEP and PRINT_TABLE."""

    def __init__(self, part, accelerator=None):
        self.part = part
        self.accelerator = accelerator
        self.tables = {}

    def add(self, title, row, way, values, unit, tell=True):  # pylint: disable=too-many-arguments
        """VALUES of one WAY to do what TITLE and ROW name, in UNIT, the same for all of a table; printed if TELL."""
        table = self.tables.setdefault(title, Table(title, unit))
        if table.unit != unit:
            raise ValueError(f"{title}: {unit}, and {table.unit} before")
        if tell and not table.rows:
            print(f"{title}, {unit}: median (lowest to highest)")
        table.rows.setdefault(str(row), {})[way] = Sample(list(values))
        if tell:
            print(f"  {row!s:<34} {way:<28} {table.rows[str(row)][way]}", flush=True)

    def print_table(self):
        for table in self.tables.values():
            print(f"\n{table.title}\n" + "\n".join(table.text()), flush=True)

    def keep(self):
        """Write the part's page and its plots."""
        if not self.tables:
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob(f"{self.part}-*.svg"):
            old.unlink()
        page = [f"# tools/bench {self.part}", "",
                f"Measured on {datetime.date.today()} by `tools/bench {self.part}`, which writes this page: "
                "the median (lowest to highest).", "", f"The machine: {machine(self.accelerator)}.", ""]
        for table in self.tables.values():
            plot = FOLDER / f"{self.part}-{table.slug}.svg"
            bench_plots.draw(table, plot)
            page += [f"## {table.title}", "", *table.markdown(), "", f"![{table.title}]({plot.name})", ""]
        (FOLDER / f"{self.part}.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
