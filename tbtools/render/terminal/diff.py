"""What `tbtools diff` shows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.format import (
    format_change,
    format_count,
    format_duration,
    format_number,
    format_rounded,
    markdown_text,
    plural,
    printable,
)
from tbtools.render.terminal.lines import print_line, shown_name
from tbtools.render.terminal.sparkline import sparkline
from tbtools.render.terminal.table import Column, print_table
from tbtools.runs.series import axis_name
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.diff import CurveSide, Diff, Evidence, RunDiff, TagDiff, Violation
    from tbtools.render.terminal.diagnostics import Diagnostics

_STYLES = {"better": "green", "worse": "red", "no evidence": "dim"}
_AXIS_NAMES = {"relative": "relative time", "wall": "wall time"}
_LINES_SHOWN = 40  # of a text that differs


class DiffView:
    """A comparison as table, JSON, CSV and Markdown.

    Args:
        diff: What is shown.
        violations: Limits that were not kept to; None where none were set.
        diagnostics: Of the runs.
    """

    def __init__(
        self, diff: Diff, violations: Sequence[Violation] | None, diagnostics: Diagnostics
    ) -> None:
        self.diff = diff
        self.violations = violations
        self.diagnostics = diagnostics

    # -- for programs

    def to_json(self) -> dict[str, Any]:
        """The JSON of design and README, with the limits that were not kept to, where any were."""
        result = self.diff.to_dict()
        if self.violations is not None:
            result["violations"] = [
                {"limit": each.limit.text, "run": each.run, "tag": each.tag, "says": each.message}
                for each in self.violations
            ]
        return result

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a tag of each pair of runs."""
        rows = self.diff.to_dict()["tags"]
        for number, row in enumerate(rows):
            if number == 0:
                yield list(row)
            yield list(row.values())

    def to_markdown(self) -> Iterator[str]:
        """The first line, and a table of the tags that differ, for a pull request."""
        yield f"**{markdown_text(self._headline().plain)}**"
        for run in self.diff.runs:
            tags = [tag for tag in run.tags if not tag.identical]
            if not tags:
                continue
            yield ""
            yield f"| {markdown_text(_pair(run))} | first difference | a | b | change | verdict |"
            yield "| --- | ---: | ---: | ---: | ---: | --- |"
            for tag in tags:
                cells = (
                    shown_name(tag.tag),
                    _first_step(tag),
                    _final_or_level(tag, "a"),
                    _final_or_level(tag, "b"),
                    _change(tag),
                    _verdict(tag).plain,
                )
                yield f"| {' | '.join(map(markdown_text, cells))} |"
        for violation in self.violations or ():
            yield f"- {markdown_text(printable(violation.message))}"

    # -- for a person

    def show(self, console: Console) -> None:
        """Prints whether they are the same, and what a person asks next."""
        print_line(console, self._headline())
        if self.diff.x != "step":
            axis = _AXIS_NAMES.get(axis_name(self.diff.x), shown_name(self.diff.x))
            print_line(console, f"curves, ends and areas along {axis}")
        for run in self.diff.runs:
            if run.only_in is None and not run.identical:
                self._show_run(console, run)
        self._show_lonely_runs(console)
        for violation in self.violations or ():
            print_line(console, Text(f"limit: {printable(violation.message)}", style="bold red"))

    def totals(self) -> str:
        """One line: what was compared."""
        compared = [run for run in self.diff.runs if run.only_in is None]
        tags = [tag for run in compared for tag in run.tags]
        counts = sum(run.points_a for run in compared), sum(run.points_b for run in compared)
        points = " and ".join(plural(count, "point") for count in counts)
        pairs = f"{plural(len(compared), 'pair')} of runs"
        return f"compared: {pairs}, {plural(len(tags), 'tag')}, {points}"

    def _headline(self) -> Text:
        names = f"{shown_name(self.diff.a)} and {shown_name(self.diff.b)}"
        if self.diff.identical:
            return Text(f"the same: {names}", style="bold green")
        runs = self.diff.runs
        if all(replace(run, not_compared=()).identical for run in runs):
            return Text(f"not all could be compared: {names}; the rest is the same", "bold red")
        tags = [tag for run in runs for tag in run.tags]
        differing = [tag for tag in tags if not tag.identical]
        count = f"{format_count(len(differing))} of {plural(len(tags), 'tag')}"
        text = f"different: {names}; {count} {'differs' if len(differing) == 1 else 'differ'}"
        steps = [tag.points.first_step for tag in differing if tag.points]
        firsts = [step for step in steps if step is not None]
        if firsts:
            text += f", from step {format_count(min(firsts))} on"
        same = sum(run.identical for run in runs)
        if len(runs) > 1:
            text += f"; {format_count(same)} of {plural(len(runs), 'run')} the same"
        return Text(text, style="bold red")

    def _show_lonely_runs(self, console: Console) -> None:
        for side in ("a", "b"):
            names = [run.a or run.b or "" for run in self.diff.runs if run.only_in == side]
            if names:
                listed = ", ".join(map(shown_name, names))
                print_line(console, f"\nruns only in {shown_name(self._name(side))}: {listed}")

    def _name(self, side: str) -> str:
        return self.diff.a if side == "a" else self.diff.b

    def _show_run(self, console: Console, run: RunDiff) -> None:
        print_line(console, Text(f"\n{_pair(run)}", style="bold"))
        _show_only(console, run)
        _show_hparams(console, run)
        _show_texts(console, run)
        differing = [tag for tag in run.tags if not tag.identical and tag.only_in is None]
        same = sum(tag.identical for tag in run.tags)
        if same:
            print_line(console, f"{plural(same, 'tag')} the same")
        curves = [tag for tag in differing if tag.a and tag.b]
        groups = [tag for tag in differing if tag.evidence and not tag.a]
        others = [tag for tag in differing if not tag.evidence]
        if curves:
            print_line(console, "")
            print_table(console, _curve_columns(curves, ascii_only=console.options.ascii_only))
            judged = [tag for tag in curves if tag.objective != "none"]
            _show_progress(console, judged, self.diff.x)
        if groups:
            print_line(console, "")
            print_table(console, _group_columns(groups))
        if others:
            print_line(console, "")
            print_table(console, _payload_columns(others))


def lines_not_compared(diff: Diff) -> Iterator[str]:
    """A line for each thing that could not be compared."""
    for run in diff.runs:
        for side, problem in run.not_compared:
            name = run.a if side == "a" else run.b
            yield printable(f"not compared: {side}: run {name}: {problem}")


def _pair(run: RunDiff) -> str:
    a, b = run.a or "-", run.b or "-"
    if a == b:
        return f"run {shown_name(a)}" if a != "." else "a and b"
    return f"a: {shown_name(a)}, b: {shown_name(b)}"


def _show_only(console: Console, run: RunDiff) -> None:
    for side in ("a", "b"):
        names = [shown_name(tag.tag) for tag in run.tags if tag.only_in == side]
        if names:
            print_line(console, f"only in {side}: {', '.join(names)}")


def _show_hparams(console: Console, run: RunDiff) -> None:
    if not run.hparams:
        return
    print_line(console, "hyperparameters")
    columns = [
        Column("  name", [f"  {shown_name(each.name)}" for each in run.hparams]),
        Column("a", ["-" if each.only_in == "b" else _setting(each.a) for each in run.hparams]),
        Column("b", ["-" if each.only_in == "a" else _setting(each.b) for each in run.hparams]),
    ]
    print_table(console, columns)


def _setting(value: Any) -> str:
    return format_number(value) if isinstance(value, float) else printable(str(value))


def _show_texts(console: Console, run: RunDiff) -> None:
    for text in run.text:
        print_line(console, f"text {shown_name(text.tag)} at step {format_count(text.step)}")
        for line in text.lines[:_LINES_SHOWN]:
            style = {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "")
            print_line(console, Text(f"  {printable(line)}", style=style))
        left = len(text.lines) - _LINES_SHOWN
        if left > 0:
            print_line(console, f"  ... {plural(left, 'more line')} (--format json has all)")


# -- tables


def _curve_columns(tags: Sequence[TagDiff], *, ascii_only: bool) -> list[Column]:
    return [
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("points", [_counts(tag) for tag in tags], True, 9),
        Column("differs from", [_first_step(tag) for tag in tags], True, 2),
        Column("at most by", [_largest(tag) for tag in tags], True, 7),
        Column("at step", [_step(tag.points.max_step) for tag in tags if tag.points], True, 8),
        Column("final (a, b)", [_both(_final_or_level, tag) for tag in tags], True, 3),
        Column("best (a, b)", [_both(_best, tag) for tag in tags], True, 5),
        Column(
            "a and b on one scale", [_sparks(tag, ascii_only=ascii_only) for tag in tags], rank=4
        ),
        Column("change at the end", [_change(tag) for tag in tags], True, 1),
        Column("b is", [_verdict(tag) for tag in tags]),
    ]


def _group_columns(tags: Sequence[TagDiff]) -> list[Column]:
    evidence = [tag.evidence for tag in tags if tag.evidence]
    return [
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("runs", [f"{each.runs_a} / {each.runs_b}" for each in evidence], True, 3),
        Column("at the end (a, b)", [_both(_final_or_level, tag) for tag in tags], True, 5),
        Column("change", [_change(tag) for tag in tags], True, 1),
        Column("95 % interval", [_interval(each.low, each.high) for each in evidence], True, 4),
        Column("P(b better)", [format_rounded(each.improvement) for each in evidence], True, 2),
        Column("p", [format_rounded(each.p_value) for each in evidence], True, 6),
        Column("b is", [_verdict(tag) for tag in tags]),
    ]


def _payload_columns(tags: Sequence[TagDiff]) -> list[Column]:
    return [
        Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
        Column("plugin", [printable(tag.plugin) for tag in tags], rank=2),
        Column("points", [_counts(tag) for tag in tags], True, 1),
        Column("differs from", [_first_step(tag) for tag in tags], True),
    ]


def _show_progress(console: Console, tags: Sequence[TagDiff], x: str) -> None:
    """When each was as good as the other ever is, and how fast they went."""
    sides = [(tag, tag.a, tag.b) for tag in tags if tag.a and tag.b]
    if not sides:
        return
    print_line(console, "")
    columns = [
        Column("tag", [shown_name(tag.tag) for tag, _, _ in sides], names=True),
        Column("a as good as b's best", [_reached(a, x) for _, a, _ in sides], True, 1),
        Column("b as good as a's best", [_reached(b, x) for _, _, b in sides], True),
        Column("steps/s (a, b)", [_both(_speed, tag) for tag, _, _ in sides], True, 3),
        Column("area between", [_area(tag) for tag, _, _ in sides], True, 4),
    ]
    print_table(console, columns)


# -- cells


def _step(step: int | None) -> str:
    return "-" if step is None else format_count(step)


def _counts(tag: TagDiff) -> str:
    if tag.count_a == tag.count_b:
        return format_count(tag.count_a)
    return f"{format_count(tag.count_a)} / {format_count(tag.count_b)}"


def _first_step(tag: TagDiff) -> str:
    return _step(tag.points.first_step if tag.points else None)


def _largest(tag: TagDiff) -> str:
    return format_rounded(tag.points.max_difference if tag.points else None)


def _area(tag: TagDiff) -> str:
    return format_rounded(tag.points.area if tag.points else None)


def _final_or_level(tag: TagDiff, name: str) -> str:
    side, level = (tag.a, tag.level_a) if name == "a" else (tag.b, tag.level_b)
    return format_number(side.final, side.dtype) if side else format_rounded(level)


def _best(tag: TagDiff, name: str) -> str:
    side = tag.a if name == "a" else tag.b
    if side is None or side.best is None:
        return "-"
    return format_number(side.best, side.dtype)


def _speed(tag: TagDiff, name: str) -> str:
    side = tag.a if name == "a" else tag.b
    return format_rounded(side.steps_per_second if side else None)


def _both(cell: Callable[[TagDiff, str], str], tag: TagDiff) -> str:
    a, b = cell(tag, "a"), cell(tag, "b")
    return "-" if a == b == "-" else f"{a}, {b}"


def _reached(side: CurveSide, x: str) -> str:
    if side.reaches_step is None:
        return "never"
    place = f"step {format_count(side.reaches_step)} ({format_duration(side.reaches_seconds)})"
    if axis_name(x) in AXES or side.reaches_x is None:
        return place
    return f"{format_number(side.reaches_x)}, {place}"


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "-"
    return f"{format_change(low)} to {format_change(high)}"


def _change(tag: TagDiff) -> str:
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


def _verdict(tag: TagDiff) -> Text:
    evidence: Evidence | None = tag.evidence
    if tag.only_in or evidence is None or evidence.verdict is None:
        return Text("-" if not tag.only_in else f"only in {tag.only_in}")
    return Text(evidence.verdict, style=_STYLES[evidence.verdict])


def _sparks(tag: TagDiff, *, ascii_only: bool) -> str:
    """Both curves side by side."""
    if tag.a is None or tag.b is None:
        return ""
    return sparkline((*tag.a.sparkline, None, *tag.b.sparkline), ascii_only=ascii_only)
