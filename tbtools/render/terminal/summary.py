"""What `tbtools summarize` shows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.analysis.series_summary import curves_of
from tbtools.render.format import (
    format_bytes,
    format_count,
    format_duration,
    format_number,
    format_time,
    plural,
    printable,
)
from tbtools.render.not_judged import as_configured
from tbtools.render.terminal.lines import number_format, print_line, shown_name
from tbtools.render.terminal.sparkline import sparkline, sparklines
from tbtools.render.terminal.table import Column, print_table
from tbtools.render.text_tables import latex_table, markdown_table
from tbtools.runs.diagnostics import count_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.series_summary import ObjectiveSummary, SeriesSummary
    from tbtools.analysis.summarized import RunSummary, Summary
    from tbtools.render.terminal.lines import FormatNumber
    from tbtools.vocabulary import RunStatus

    _Point = tuple[float | None, int | None]  # value and step

_STATUS_STYLES: dict[RunStatus, str] = {
    "training": "green",
    "finished": "dim",
    "stopped": "dim",
    "stalled": "yellow",
    "empty": "yellow",
    "unreadable": "red",
}
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
    """A summary as table, JSON, CSV, Markdown and LaTeX.

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

    def to_markdown(self) -> Iterator[str]:
        """The table."""
        return markdown_table(self._columns(format_number))

    def to_latex(self) -> Iterator[str]:
        """The table without the curves, whose signs LaTeX has no font for, as a tabular."""
        columns = self._columns(format_number)
        return latex_table([column for column in columns if column.name != "trend"])

    def show(self, console: Console) -> None:
        """Prints the table; nothing, where nothing could be read."""
        if not self.summary.readable:
            return
        if self.by_tag:
            self._show_tags(console)
        else:
            self._show_runs(console)

    def _show_runs(self, console: Console) -> None:
        ascii_only = console.options.ascii_only
        print_table(console, self._run_columns(number_format(console), ascii_only=ascii_only))

    def _columns(self, number: FormatNumber) -> list[Column]:
        if not self.by_tag:
            return self._run_columns(number)
        rows = list(self._series())[: self.limit]
        columns = _tag_columns([series for _, series in rows], number)
        if len(self.summary.runs) != 1:
            columns.insert(0, _run_names(rows))
        return columns

    def _run_columns(self, number: FormatNumber, *, ascii_only: bool = False) -> list[Column]:
        runs = self.summary.runs[: self.limit]
        objectives = [run.objective for run in runs]
        last_event, ends = _time_column("last event", [run.end_time for run in runs])
        return [
            Column("run", [shown_name(run.run) for run in runs], names=True),
            Column("steps", [_span(run.first_step, run.last_step) for run in runs], True, 4),
            Column("points", [format_count(run.points) for run in runs], True, 9),
            Column("duration", [format_duration(run.duration) for run in runs], True, 7),
            Column(last_event, ends, rank=6),
            Column("sessions", [_sessions(run) for run in runs], True, 8),
            # Numbers of which nobody knows what they are tell nothing: the tag outlasts them.
            Column("judged by", [_tag(each) for each in objectives], rank=1, names=True),
            Column("last", [_last(each, number) for each in objectives], True, 2),
            Column("best", _best_cells(objectives, number), rank=3),
            Column("trend", _trends(objectives, ascii_only), rank=5),
            Column("health", [_health(run) for run in runs]),
        ]

    def _show_tags(self, console: Console) -> None:
        several = len(self.summary.runs) != 1
        if not several:
            _print_run(console, self.summary.runs[0])
        rows = list(self._series())[: self.limit]
        if not rows:
            return
        number, ascii_only = number_format(console), console.options.ascii_only
        columns = _tag_columns([series for _, series in rows], number, ascii_only=ascii_only)
        names = _run_names(rows)
        if several and not console.is_terminal:  # what is piped is searched line by line
            columns.insert(0, names)
        sections = names.plain if several and console.is_terminal else None
        print_table(console, columns, sections=sections)

    def totals(self) -> str:
        """One line: what was read, and what of it is not shown or judged; empty for nothing."""
        if not self.summary.readable:
            return ""
        runs = self.summary.runs
        read = [run for run in runs if run.status != "unreadable"]
        parts = [
            plural(len(read), "run"),
            plural(sum(count_read(run.event_files, run.problems) for run in read), "event file"),
            format_bytes(sum(run.bytes for run in read)),
            plural(sum(run.points for run in read), "point"),
        ]
        text = f"{printable(self.summary.logdir)}: {', '.join(parts)}"
        if len(read) < len(runs):
            text += f"; {plural(len(runs) - len(read), 'run')} could not be read"
        if self.summary.left_out:
            text += f"; {plural(self.summary.left_out, 'run')} without such points left out"
        if not self.summary.judged:
            text += "; not judged: too many points (`tbtools detect` judges them)"
        elif any(run.findings for run in runs):
            text += "; `tbtools detect` explains the findings"
        if words := as_configured(self.summary.configuration, self.summary.kinds_off):
            text += f"; {words}"
        count = sum(len(run.tags) for run in runs) if self.by_tag else len(runs)
        if self.limit is not None and self.limit < count:
            text += f"; {self.limit} of {format_count(count)} rows shown (--limit)"
        return text


def _run_names(rows: Sequence[tuple[RunSummary, SeriesSummary]]) -> Column:
    return Column("run", [shown_name(run.run) for run, _ in rows], names=True)


def _tag_columns(
    rows: Sequence[SeriesSummary], number: FormatNumber, *, ascii_only: bool = False
) -> list[Column]:
    numbers = [series.statistics for series in rows]
    dtypes = [each.dtype for each in numbers]
    lows: list[_Point] = [(each.min, each.min_step) for each in numbers]
    highs: list[_Point] = [(each.max, each.max_step) for each in numbers]
    trends = [sparkline(series.sparkline, ascii_only=ascii_only) for series in rows]
    return [
        Column("tag", [shown_name(each.tag) for each in numbers], names=True),
        Column("plugin", [printable(each.plugin) or "-" for each in numbers], rank=6),
        Column("points", [format_count(each.count) for each in numbers], True, 5),
        Column("steps", [_span(each.first_step, each.last_step) for each in numbers], True, 3),
        Column("first", [_value(each.first, each.dtype, number) for each in numbers], True, 7),
        Column("last", [_value(each.last, each.dtype, number) for each in numbers], True),
        Column("min", _at_steps(lows, dtypes, number), rank=1),
        Column("max", _at_steps(highs, dtypes, number), rank=2),
        Column("non-finite", [_nonfinite(each.nonfinite) for each in numbers], True, 1),
        Column("trend", trends, rank=4),
    ]


def _csv_number(objective: ObjectiveSummary | None, name: str) -> str:
    value = getattr(objective, name, None)
    return "" if objective is None or value is None else format_number(value, objective.dtype)


def _print_run(console: Console, run: RunSummary) -> None:
    print_line(console, f"run {shown_name(run.run)} in {printable(run.path)}", style="bold")
    line = Text(f"{plural(run.sessions, 'session')}, ")
    if run.start_time is not None:
        started, ended = format_time(run.start_time), format_time(run.end_time)
        line.append(f"{started} to {ended} ({format_duration(run.duration)}), ")
    print_line(console, line.append_text(_health(run)))
    print_line(console, "")


def _span(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return "-"
    return format_count(last) if first == last else f"{format_count(first)}..{format_count(last)}"


def _time_column(name: str, times: Sequence[float | None]) -> tuple[str, list[str]]:
    """Heading and cells to the minute; the zone stands in the heading where all have the same."""
    parts = [format_time(seconds).rsplit(" ", 1) for seconds in times]
    zones = {zone for *_, zone in parts if zone != "-"}
    if len(zones) != 1 or zones == {"s"}:  # a time beyond the calendar is in seconds
        return name, [_minute(" ".join(part)) for part in parts]
    return f"{name} ({zones.pop()})", [_minute(part[0]) for part in parts]


def _minute(text: str) -> str:
    date, _, rest = text.partition(" ")
    time, _, zone = rest.partition(" ")
    is_clock = time.count(":") == 2
    return f"{date} {time[:5]} {zone}".rstrip() if is_clock else text


def _sessions(run: RunSummary) -> str:
    return str(run.sessions) if run.sessions > 1 else "-"


def _tag(objective: ObjectiveSummary | None) -> str:
    return "-" if objective is None else shown_name(objective.tag)


def _value(value: float | None, dtype: str, number: FormatNumber) -> str | Text:
    spoilt = value is not None and not math.isfinite(value)
    text = number(value, dtype)
    return Text(text, style="red") if spoilt else text


def _last(objective: ObjectiveSummary | None, number: FormatNumber) -> str | Text:
    return "-" if objective is None else _value(objective.last, objective.dtype, number)


def _at_steps(
    points: Sequence[tuple[float | None, int | None]],
    dtypes: Sequence[str],
    number: FormatNumber,
) -> list[str]:
    """Values and where they were reached, the one flush right, the other flush left."""
    values = [number(value, dtype) for (value, _), dtype in zip(points, dtypes, strict=True)]
    width = max(map(len, values), default=0)
    return [
        f"{value:>{width}}" + ("" if step is None else f" @ {format_count(step)}")
        for value, (_, step) in zip(values, points, strict=True)
    ]


def _best_cells(objectives: Sequence[ObjectiveSummary | None], number: FormatNumber) -> list[str]:
    points: list[_Point] = [
        (each.best, each.best_step) if each else (None, None) for each in objectives
    ]
    return _at_steps(points, [each.dtype if each else "" for each in objectives], number)


def _trends(objectives: Sequence[ObjectiveSummary | None], ascii_only: bool) -> list[str]:
    known = [each for each in objectives if each is not None]
    lines = iter(sparklines(*curves_of(known), ascii_only=ascii_only))
    return ["" if each is None else next(lines) for each in objectives]


def _nonfinite(count: int) -> Text:
    return Text(format_count(count), style="red") if count else Text("-")


def _health(run: RunSummary) -> Text:
    """What is wrong, or else the status; a record cut off at the end is normal while writing."""
    live = run.status == "training"
    wrong = [each for _, each in run.problems if not (live and each.kind == "truncated")]
    parts: list[tuple[str, str]] = []
    serious = [each for each in run.findings if each.is_serious]
    if serious:
        worst = serious[0]
        rest = f" (+{len(serious) - 1})" if len(serious) > 1 else ""
        text = f"{worst.kind} @ {format_count(worst.onset_step)}{rest}"
        parts.append((text, "red" if worst.severity == "error" else "yellow"))
    elif nonfinite := run.nonfinite:
        parts.append((f"{format_count(nonfinite)} non-finite", "red"))
    if wrong:
        parts.append((plural(len(wrong), "problem"), "red"))
    if not parts or run.status not in ("stopped", "finished"):
        parts.insert(0, (run.status, _STATUS_STYLES[run.status]))
        if len(parts) == 1 and _is_not_judged(run):
            parts.append(("not judged", "yellow"))
    return _joined(tuple(parts))


@lru_cache  # most runs are in a state that others are in
def _joined(parts: tuple[tuple[str, str], ...]) -> Text:
    return Text(", ").join(Text(text, style=style) for text, style in parts)


def _is_not_judged(run: RunSummary) -> bool:
    """Whether a word about it is due; a run that has just begun has too few points as yet."""
    if run.status == "training":
        return any(each.tag is None for each in run.findings.not_judged)
    return not run.is_judged and run.status != "empty"
