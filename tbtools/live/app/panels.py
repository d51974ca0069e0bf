"""What stands in one chart of the grid: curves, a heat map, a picture, a text, or dots of runs."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from tbtools.render.format import format_count, format_rounded, plural, printable
from tbtools.render.terminal.chart import Chart, place_label
from tbtools.render.terminal.cutting import cut_middle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.live.app.rows import RunRow
    from tbtools.live.app.samples import Samples
    from tbtools.render.terminal.chart import Cells, Line, Look


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart below its title.

    Attributes:
        value: What stands at the end of the title.
        style: How.
        rows: What is below it.
    """

    value: str = ""
    style: str = ""
    rows: Sequence[Cells] = field(default_factory=lambda: [[("  ...", "dim")]])


def told(text: str) -> Panel:
    """A panel that only says something."""
    return Panel(rows=[[(f"  {text}", "dim")]])


# -- scalars


def curves_panel(
    chart: Chart, place: float | None, width: int, height: int, *, legend: bool
) -> Panel:
    """Curves of runs, with a legend where there is room for it."""
    lines, look = chart.lines, chart.look
    below = _legend(lines, look, place, width, height // 3) if legend else []
    rows = [*chart.rows(width, max(4, height - len(below)), place), *below]
    color = look.colors.get(lines[-1].series.run, "")
    return Panel(_value(lines[-1], place), color, rows)


def _value(line: Line, place: float | None) -> str:
    """The value at the crosshair, or else the last one, as it is drawn."""
    index = line.last if place is None else line.index_at(place)
    return "-" if index is None else format_rounded(float(line.values[index]), 5)


def _legend(
    lines: Sequence[Line], look: Look, place: float | None, width: int, most: int
) -> list[Cells]:
    smoothed = bool(look.smoothing)
    head = f"{'smoothed' if smoothed else 'value':>11}{'raw' if smoothed else '':>11}"
    room = max(8, min(60, width - 24 - len(head)))
    along = cut_middle(printable(look.x), 16, look.frame.ellipsis)
    rows: list[Cells] = [[(f"    {'run':{room}}{head}  {along}", "dim")]]
    numbered = list(enumerate(lines))[::-1]
    for number, line in numbered[:most]:
        index = line.last if place is None else line.index_at(place)
        name = cut_middle(printable(line.series.run), room, look.frame.ellipsis)
        value = raw = where = "-"
        if index is not None:
            value = format_rounded(float(line.values[index]), 5)
            raw = format_rounded(float(line.series.value[index]), 5)
            where = place_label(float(line.x[index]), look.x)
        values = f"{value:>11}{raw if smoothed else '':>11}  {where}"
        sign = look.sign(number, line.series.run)
        color = look.colors.get(line.series.run, "")
        rows.append([(f" {sign} ", color), (f"{set_cell_size(name, room)}{values}", "")])
    if len(lines) > most:
        rows.append([(f"    and {plural(len(lines) - most, 'run')} more", "dim")])
    return rows


# -- values that are no scalars


def samples_panel(
    view: str, samples: Samples, step: float | None, look: Look, width: int, height: int
) -> Panel:
    """Values of one tag: all histograms as a heat map, of others the one nearest to a step."""
    trouble: Cells = [(f"  {printable(samples.trouble[:200])}", "yellow")]
    behind = [trouble] if samples.trouble else []
    if not samples.contents:
        return Panel(rows=behind)
    at = samples.at(step)
    value = f"step {format_count(samples.steps[at])}"
    if len(samples.contents) < samples.count:
        value = f"{len(samples.contents)} of {format_count(samples.count)}, {value}"
    rows = _DRAWN[view](samples, at, look, width, height - len(behind))
    return Panel(value, "", [*rows, *behind])


def _heat_map(samples: Samples, at: int, look: Look, width: int, height: int) -> list[Cells]:
    from tbtools.render.terminal.heatmap import HeatMap

    order = sorted(range(len(samples.steps)), key=samples.steps.__getitem__)
    heat = HeatMap(
        [samples.steps[place] for place in order],
        [samples.contents[place] for place in order],
        ascii_only=look.ascii_only,
        colors=look.many_colors,
        light=look.light,
    )
    frame = look.frame
    if heat.bounds is None:
        return [[("  nothing was counted", "dim")]]
    labels = heat.labels(max(1, height - 3))
    margin = max(map(len, labels))
    room = max(2, width - margin - 2)
    rows: list[Cells] = [
        [(f"{label:>{margin}} {frame.vertical}", "dim"), *cells]
        for label, cells in zip(labels, heat.rows(room, len(labels)), strict=True)
    ]
    columns = [place for place, which in enumerate(heat.columns(room)) if order[which] == at]
    axis = [frame.horizontal] * room
    axis[columns[len(columns) // 2] if columns else -1] = frame.tick
    first, last = (format_count(samples.steps[order[end]]) for end in (0, -1))
    rows.append([(f"{'':{margin}} {frame.corner}{''.join(axis)}", "dim")])
    rows.append([(f"{'':{margin + 2}}{first}{last:>{max(1, room - len(first))}}", "dim")])
    each = samples.contents[at]
    number = format_count(round(each.num)) if math.isfinite(each.num) else "-"
    quantiles = each.quantiles()
    told_of = f"{number} values, median {format_rounded(float(quantiles[4]), 3)}"
    bounds = f"from {format_rounded(each.min, 3)} to {format_rounded(each.max, 3)}"
    rows.append([(f" {told_of}, {bounds}", "dim")])
    return rows


def _picture(samples: Samples, at: int, look: Look, width: int, height: int) -> list[Cells]:
    from tbtools.render.terminal.picture import picture_rows

    return picture_rows(
        samples.contents[at],
        width,
        max(1, height),
        ascii_only=look.ascii_only,
        colors=look.many_colors,
    )


def _text(samples: Samples, at: int, look: Look, width: int, height: int) -> list[Cells]:
    lines: list[str] = []
    for line in samples.contents[at].split("\n"):
        lines += textwrap.wrap(printable(line), max(10, width - 2)) or [""]
        if len(lines) > height:
            break
    rows: list[Cells] = [[(f" {line}", "")] for line in lines[:height]]
    if len(lines) > height:
        rows[-1] = [(f" {look.frame.ellipsis}", "dim")]
    return rows


_DRAWN: Mapping[str, Callable[[Samples, int, Look, int, int], list[Cells]]] = {
    "histograms": _heat_map,
    "images": _picture,
    "text": _text,
}


# -- hyperparameters


def varied_hparams(rows: Sequence[RunRow], hparams: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The hyperparameters in which listed runs differ, in their order."""
    values: dict[str, set[str]] = {}
    for row in rows:
        for name, value in hparams.get(row.name, {}).items():
            values.setdefault(name, set()).add(repr(value))
    return [name for name, own in values.items() if len(own) > 1]


def hparam_panel(
    name: str,
    rows: Sequence[RunRow],
    chosen: str,
    hparams: Mapping[str, Mapping[str, Any]],
    look: Look,
    width: int,
    height: int,
) -> Panel:
    """How good each run is by one of its hyperparameters.

    Runs are compared by the tag by which the chosen run is judged.
    """
    from tbtools.render.terminal.scatter import Dot, scatter_rows

    tag = next((row.tag for row in rows if row.name == chosen), None)
    dots = [
        Dot(
            hparams[row.name][name],
            row.best,
            look.colors.get(row.name, "") if look.colors else "",
            row.name == chosen,
        )
        for row in rows
        if row.tag == tag and row.best is not None and math.isfinite(row.best)
        if name in hparams.get(row.name, {})
    ]
    if not dots:
        return told("no run with a value to judge it by")
    own = hparams.get(chosen, {}).get(name)
    value = "" if own is None else cut_middle(printable(str(own)), width // 2, look.frame.ellipsis)
    best = f" best {printable(tag or '')}"
    body = scatter_rows(dots, width, height - 1, ascii_only=look.ascii_only)
    shown = cut_middle(best, max(6, width - cell_len(" 0")), look.frame.ellipsis)
    return Panel(value, look.colors.get(chosen, ""), [[(shown, "dim")], *body])
