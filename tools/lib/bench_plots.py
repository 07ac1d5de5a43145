# SPDX-License-Identifier: ISC
"""A table of tools/bench as a plot: lines where its rows are numbers, else bars, with the spread, drawn by gnuplot."""

import re
import tempfile

from outcome import command

WIDE = 30  # times between the smallest and the largest, from where on a plot is logarithmic
COLOURS = ("#1b6ca8", "#d1495b", "#66a182", "#edae49", "#8d6a9f", "#5c5c5c")


def quoted(text):
    return '"' + re.sub(r'["\\]', "", text) + '"'


def tick(row):
    """A row's name at its axis, where % begins a format."""
    return quoted(row.replace("%", "%%"))


def number(row):
    """The number that a row is named after: "depth 32"; nothing where there is none."""
    found = re.fullmatch(r"(?:[a-z ]+ )?(\d+)", row)
    return int(found[1]) if found else None


def blocks(table, lines):
    """gnuplot's data: a block for each way; what a way lacks is left out."""
    text = []
    for index, way in enumerate(table.ways):
        text.append(f"$way{index} << END")
        for at, (row, samples) in enumerate(table.rows.items()):
            if way in samples:
                sample = samples[way]
                x = number(row) if lines else at + (index - (len(table.ways) - 1) / 2) * 0.8 / len(table.ways)
                text.append(f"{x} {sample.median} {min(sample.values)} {max(sample.values)}")
        text.append("END")
    return text


def style(table, lines):
    rows = list(table.rows)
    if lines:
        ticks = ", ".join(f"{number(row)}" for row in rows)
        numbers = [number(row) for row in rows]
        log = ["set logscale x 2"] if min(numbers) > 0 and max(numbers) >= 8 * min(numbers) else []
        room = 1.15 if log else 1.03
        return [*log, f"set xrange [{min(numbers) / room}:{max(numbers) * room}]", f"set xtics ({ticks})",
                f"set xlabel {quoted(re.sub(r' *[0-9]+$', '', rows[0]) or 'number')}"]
    ticks = ", ".join(f"{tick(row)} {at}" for at, row in enumerate(rows))
    turned = " rotate by -30 left" if sum(map(len, rows)) > 60 else ""
    return [f"set xtics ({ticks}){turned}", f"set xrange [-0.6:{len(rows) - 0.4}]",
            "set style fill solid 0.9", "set errorbars lc rgb \"#303030\""]


def script(table, path):
    lines = all(number(row) is not None for row in table.rows) and len(table.rows) > 2
    values = [value for row in table.rows.values() for sample in row.values() for value in sample.values]
    log = min(values) > 0 and max(values) > WIDE * min(values)
    shape = "1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.5"
    if not lines:
        shape = f"1:2:3:4:({0.8 / len(table.ways):.3f}) with boxerrorbars"
    plots = [f"$way{index} using {shape} lc rgb {quoted(COLOURS[index % len(COLOURS)])} title {quoted(way)}"
             for index, way in enumerate(table.ways)]
    # Bars begin at the bottom of the plot, which a logarithm cannot have at zero.
    height = f"set yrange [{min(values) / 2}:*]" if log else f"set yrange [0:{1.08 * max(values)}]"
    return "\n".join([
        f"set terminal svg size {max(720, 120 + 34 * len(table.rows) * len(table.ways))},420 background rgb \"white\" "
        "font \"sans-serif,12\"", f"set output {quoted(str(path))}", f"set title {quoted(table.title)} noenhanced",
        f"set ylabel {quoted(table.unit)} noenhanced", "set key outside right top noenhanced", "set grid ytics",
        "set xtics noenhanced", *(["set logscale y"] if log else []),
        height, *style(table, lines),
        *blocks(table, lines), "plot " + ", \\\n     ".join(plots), ""])


def draw(table, path):
    """Write PATH, an SVG."""
    with tempfile.NamedTemporaryFile("w", suffix=".gnuplot", encoding="utf-8") as file:
        file.write(script(table, path))
        file.flush()
        command(["gnuplot", file.name])
