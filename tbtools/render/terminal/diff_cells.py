"""The cells of the tables that `tbtools diff` shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.format import (
    format_change,
    format_count,
    format_duration,
    format_number,
    format_rounded,
    printable,
)
from tbtools.render.terminal.sparkline import sparkline
from tbtools.runs.series import axis_name
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.analysis.diff import CurveSide, Evidence, TagDiff
    from tbtools.render.terminal.lines import FormatNumber

_STYLES = {"better": "green", "worse": "red", "no evidence": "dim"}


def setting_cell(value: Any) -> str:
    """A hyperparameter."""
    return format_number(value) if isinstance(value, float) else printable(str(value))


def step_cell(step: int | None) -> str:
    """A step."""
    return "-" if step is None else format_count(step)


def counts_cell(tag: TagDiff) -> str:
    """How many points both sides have."""
    if tag.count_a == tag.count_b:
        return format_count(tag.count_a)
    return f"{format_count(tag.count_a)} / {format_count(tag.count_b)}"


def first_step_cell(tag: TagDiff) -> str:
    """The first step at which the values differ."""
    return step_cell(tag.points.first_step if tag.points else None)


def largest_cell(tag: TagDiff) -> str:
    """The greatest difference."""
    return format_rounded(tag.points.max_difference if tag.points else None)


def area_cell(tag: TagDiff) -> str:
    """What lies between the curves."""
    return format_rounded(tag.points.area if tag.points else None)


def final_cell(tag: TagDiff, name: str, number: FormatNumber = format_number) -> str:
    """The last value of one side; of groups the level."""
    side, level = (tag.a, tag.level_a) if name == "a" else (tag.b, tag.level_b)
    return number(side.final, side.dtype) if side else format_rounded(level)


def best_cell(tag: TagDiff, name: str, number: FormatNumber = format_number) -> str:
    """The best value of one side."""
    side = tag.a if name == "a" else tag.b
    if side is None or side.best is None:
        return "-"
    return number(side.best, side.dtype)


def speed_cell(tag: TagDiff, name: str) -> str:
    """The steps a second of one side."""
    side = tag.a if name == "a" else tag.b
    return format_rounded(side.steps_per_second if side else None)


def both_cells(cell: Callable[..., str], tag: TagDiff, *more: FormatNumber) -> str:
    """The cells of both sides in one."""
    a, b = cell(tag, "a", *more), cell(tag, "b", *more)
    return "-" if a == b == "-" else f"{a}, {b}"


def reached_cell(side: CurveSide, x: str, number: FormatNumber) -> str:
    """When one side was as good as the other ever is."""
    if side.reaches_step is None:
        return "never"
    place = f"step {format_count(side.reaches_step)} ({format_duration(side.reaches_seconds)})"
    if axis_name(x) in AXES or side.reaches_x is None:
        return place
    return f"{number(side.reaches_x, 'float64')}, {place}"


def interval_cell(low: float | None, high: float | None) -> str:
    """An interval."""
    if low is None or high is None:
        return "-"
    return f"{format_change(low)} to {format_change(high)}"


def change_cell(tag: TagDiff) -> str:
    """The change of the level, and in percent."""
    change = tag.evidence.change if tag.evidence else None
    if change is None or not math.isfinite(change):
        return _spoilt(tag)
    share = f" ({change / abs(tag.level_a):+.2%})" if tag.level_a else ""
    return f"{format_change(change)}{share}"


def _spoilt(tag: TagDiff) -> str:
    """Which side has no level that is a number."""
    levels = (("a", tag.level_a), ("b", tag.level_b))
    names = [name for name, level in levels if level is not None and not math.isfinite(level)]
    return f"{' and '.join(names)} not finite" if names else "-"


def verdict_text(tag: TagDiff) -> Text:
    """What b is."""
    evidence: Evidence | None = tag.evidence
    if tag.only_in or evidence is None or evidence.verdict is None:
        return Text("-" if not tag.only_in else f"only in {tag.only_in}")
    return Text(evidence.verdict, style=_STYLES[evidence.verdict])


def sparks_cell(tag: TagDiff, *, ascii_only: bool) -> str:
    """Both curves side by side."""
    if tag.a is None or tag.b is None:
        return ""
    return sparkline((*tag.a.sparkline, None, *tag.b.sparkline), ascii_only=ascii_only)
