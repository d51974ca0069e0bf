"""What `tbtools summarize` shows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.format import (
    format_bytes,
    format_count,
    format_duration,
    format_number,
    format_time,
    plural,
    printable,
)
from tbtools.render.terminal.sparkline import sparkline
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.summary import ObjectiveSummary, RunSummary, SeriesSummary, Summary
    from tbtools.eventfile.problems import Problem

_PROBLEMS_SHOWN = 20
_STATUS_STYLES = {"writing": "green", "stopped": "dim", "empty": "yellow", "unreadable": "red"}
_INFINITY = float("inf")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _rank_of_best(run: RunSummary) -> tuple[str, float]:
    """Runs that are judged by the same tag stand together, the best of them first."""
    objective = run.objective
    if objective is None or objective.best is None:
        return ("\U0010ffff", 0.0)
    down = objective.direction == "min"
    return (objective.tag, objective.best if down else -objective.best)


_SORT_KEYS: dict[str, Callable[[RunSummary], Any]] = {
    "written": lambda run: -_or(run.end_time, -_INFINITY),
    "steps": lambda run: -_or(run.last_step, -_INFINITY),
    "points": lambda run: -run.points,
    "duration": lambda run: -_or(run.duration, -_INFINITY),
    "best": _rank_of_best,
}


class SummaryView:
    """A summary as table, JSON and CSV.

    Args:
        summary: What is shown.
        by_tag: Whether there is a row a tag even where there are several runs.
        sort: What the runs are sorted by: ``name`` or a key of the other sortings.
        limit: How many rows are shown at most; None for all.
    """

    def __init__(
        self,
        summary: Summary,
        *,
        by_tag: bool = False,
        sort: str = "name",
        limit: int | None = None,
    ) -> None:
        key = _SORT_KEYS.get(sort)
        runs = sorted(summary.runs, key=key) if key else summary.runs
        self.summary = replace(summary, runs=tuple(runs))
        self.by_tag = by_tag or len(runs) == 1
        self.limit = limit

    # -- for programs

    def to_json(self) -> dict[str, Any]:
        """The JSON of design and README; --limit holds for the runs."""
        shown = replace(self.summary, runs=self.summary.runs[: self.limit])
        return {**shown.to_dict(), "total_runs": len(self.summary.runs)}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a run, or a tag."""
        rows = self._tag_rows() if self.by_tag else self._run_rows()
        for number, row in enumerate(rows):
            if number == 0:
                yield list(row)
            if self.limit is not None and number >= self.limit:
                break
            yield list(row.values())

    def _tag_rows(self) -> Iterator[dict[str, object]]:
        for run, series in self._series():
            numbers = series.statistics
            row: dict[str, object] = {"run": run.run, **numbers.to_dict()}
            for name in ("first", "last", "min", "max"):
                value = getattr(numbers, name)
                row[name] = "" if value is None else format_number(value, numbers.dtype)
            yield row

    def _run_rows(self) -> Iterator[dict[str, object]]:
        for run in self.summary.runs:
            objective = run.objective
            yield {
                "run": run.run,
                "path": run.path,
                "event_files": run.event_files,
                "bytes": run.bytes,
                "sessions": run.sessions,
                "points": run.points,
                "superseded": run.superseded,
                "first_step": run.first_step,
                "last_step": run.last_step,
                "start_time": run.start_time,
                "end_time": run.end_time,
                "status": run.status,
                "nonfinite": run.nonfinite,
                "problems": len(run.problems),
                "objective": objective.tag if objective else None,
                "last": _csv_number(objective, "last"),
                "best": _csv_number(objective, "best"),
                "best_step": objective.best_step if objective else None,
            }

    def _series(self) -> Iterator[tuple[RunSummary, SeriesSummary]]:
        return ((run, series) for run in self.summary.runs for series in run.tags)

    # -- for a person

    def show(self, console: Console) -> None:
        """Prints the table, the totals and the problems."""
        if self.by_tag:
            self._show_tags(console)
        else:
            self._show_runs(console)
        _print_line(console, self._totals())
        self._show_problems(console)

    def _show_runs(self, console: Console) -> None:
        runs = self.summary.runs[: self.limit]
        ascii_only = console.options.ascii_only
        objectives = [run.objective for run in runs]
        columns = [
            Column("run", [printable(run.run) for run in runs], names=True),
            Column("steps", [_span(run.first_step, run.last_step) for run in runs], True, 3),
            Column("points", [format_count(run.points) for run in runs], True, 7),
            Column("duration", [format_duration(run.duration) for run in runs], True, 5),
            Column("last event", [_minute(run.end_time) for run in runs], rank=4),
            Column("sessions", [_sessions(run) for run in runs], True, 6),
            Column("judged by", [_text(each, "tag") for each in objectives], rank=2, names=True),
            Column("last", [_number(each, "last") for each in objectives], True, 2),
            Column("best", [_best(each) for each in objectives], rank=1),
            Column("trend", [_trend(each, ascii_only) for each in objectives], rank=8),
            Column("health", [_health(run) for run in runs]),
        ]
        print_table(console, columns)

    def _show_tags(self, console: Console) -> None:
        if len(self.summary.runs) == 1:
            _print_run(console, self.summary.runs[0])
        rows = list(self._series())[: self.limit]
        numbers = [series.statistics for _, series in rows]
        ascii_only = console.options.ascii_only
        columns = [
            Column("tag", [printable(each.tag) for each in numbers], names=True),
            Column("plugin", [printable(each.plugin) or "-" for each in numbers], rank=6),
            Column("points", [format_count(each.count) for each in numbers], True, 4),
            Column("steps", [_span(each.first_step, each.last_step) for each in numbers], True, 5),
            Column("first", [_value(each.first, each.dtype) for each in numbers], True, 3),
            Column("last", [_value(each.last, each.dtype) for each in numbers], True),
            Column("min", [_at(each.min, each.dtype, each.min_step) for each in numbers], rank=1),
            Column("max", [_at(each.max, each.dtype, each.max_step) for each in numbers], rank=2),
            Column("non-finite", [_nonfinite(each.nonfinite) for each in numbers], True, 1),
            Column(
                "trend",
                [sparkline(series.sparkline, ascii_only=ascii_only) for _, series in rows],
                rank=8,
            ),
        ]
        if len(self.summary.runs) != 1:
            columns.insert(0, Column("run", [printable(run.run) for run, _ in rows], names=True))
        print_table(console, columns)

    def _totals(self) -> str:
        runs = self.summary.runs
        parts = [
            f"{printable(self.summary.logdir)}: {plural(len(runs), 'run')}",
            plural(sum(run.event_files for run in runs), "event file"),
            format_bytes(sum(run.bytes for run in runs)),
            plural(sum(run.points for run in runs), "point"),
        ]
        text = ", ".join(parts)
        superseded = sum(run.superseded for run in runs)
        if superseded:
            text += f"; {plural(superseded, 'point')} superseded by restarts"
        count = sum(len(run.tags) for run in runs) if self.by_tag else len(runs)
        if self.limit is not None and self.limit < count:
            text += f"; {self.limit} of {format_count(count)} rows shown (--limit)"
        return text

    def _show_problems(self, console: Console) -> None:
        found = [each for run in self.summary.runs for each in run.problems]
        found += list(self.summary.unreadable)
        for file, problem in found[:_PROBLEMS_SHOWN]:
            _print_line(console, _problem_line(file, problem), style="yellow")
        if len(found) > _PROBLEMS_SHOWN:
            rest = plural(len(found) - _PROBLEMS_SHOWN, "more problem")
            _print_line(console, f"and {rest}: `tbtools verify` lists them", style="yellow")


def _csv_number(objective: ObjectiveSummary | None, name: str) -> str:
    value = getattr(objective, name, None)
    return "" if objective is None or value is None else format_number(value, objective.dtype)


def _print_line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _print_run(console: Console, run: RunSummary) -> None:
    started, ended = format_time(run.start_time), format_time(run.end_time)
    _print_line(console, f"run {printable(run.run)} in {printable(run.path)}", style="bold")
    line = Text(f"{plural(run.sessions, 'session')}, {started} to {ended} ")
    line.append(f"({format_duration(run.duration)}), ").append_text(_health(run))
    console.print(line, soft_wrap=True)
    console.print()


def _problem_line(file: str, problem: Problem) -> str:
    return (
        f"{printable(file)}: {problem.kind} at byte {problem.offset}: {printable(problem.message)}"
    )


def _span(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return "-"
    return format_count(last) if first == last else f"{format_count(first)}..{format_count(last)}"


def _minute(seconds: float | None) -> str:
    text = format_time(seconds)
    date, _, rest = text.partition(" ")
    time, _, zone = rest.partition(" ")
    return f"{date} {time[:5]} {zone}" if zone else text


def _sessions(run: RunSummary) -> str:
    return str(run.sessions) if run.sessions > 1 else "-"


def _text(objective: ObjectiveSummary | None, name: str) -> str:
    return "-" if objective is None else printable(getattr(objective, name))


def _value(value: float | None, dtype: str) -> Text:
    if value is not None and not math.isfinite(value):
        return Text(format_number(value), style="red")
    return Text(format_number(value, dtype))


def _number(objective: ObjectiveSummary | None, name: str) -> Text:
    return Text("-") if objective is None else _value(getattr(objective, name), objective.dtype)


def _at(value: float | None, dtype: str, step: int | None) -> str:
    return "-" if value is None else f"{format_number(value, dtype)} @ {format_count(step or 0)}"


def _best(objective: ObjectiveSummary | None) -> str:
    if objective is None:
        return "-"
    return _at(objective.best, objective.dtype, objective.best_step)


def _trend(objective: ObjectiveSummary | None, ascii_only: bool) -> str:
    return "" if objective is None else sparkline(objective.sparkline, ascii_only=ascii_only)


def _nonfinite(count: int) -> Text:
    return Text(format_count(count), style="red") if count else Text("-")


def _health(run: RunSummary) -> Text:
    """Status, then what is wrong; a record cut off at the end is normal while it is written."""
    health = Text(run.status, style=_STATUS_STYLES[run.status])
    if run.nonfinite:
        health.append(", ").append(f"{format_count(run.nonfinite)} non-finite", style="red")
    live = run.status == "writing"
    wrong = [each for _, each in run.problems if not (live and each.kind == "truncated")]
    if wrong:
        health.append(", ").append(plural(len(wrong), "problem"), style="red")
    return health
