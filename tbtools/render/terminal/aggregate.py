"""What `tbtools aggregate` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.render.format import format_count, plural
from tbtools.render.terminal.lines import placed, print_line, shown_name
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from tbtools.analysis.aggregated import Aggregate, AggregatedSeries
    from tbtools.render.terminal.diagnostics import Diagnostics

_STRETCHES_SHOWN = 3


class AggregateView:
    """An aggregate as table, JSON and CSV.

    Args:
        aggregate: What was put together.
        target: Where it was written.
        diagnostics: Of the runs.
    """

    def __init__(self, aggregate: Aggregate, target: str, diagnostics: Diagnostics) -> None:
        self.aggregate = aggregate
        self.target = target
        self.diagnostics = diagnostics

    def to_json(self) -> dict[str, Any]:
        """What was put together, and where it is."""
        return {"output": self.target, **self.aggregate.to_dict(), **self.diagnostics.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a tag of a group."""
        counts_of = ("points", "interpolated", "nonfinite", "repeated", "unplaced", "too_few")
        yield ("group", "tag", "runs", "fewest_runs", "most_runs", *counts_of)
        for row in self.aggregate.to_dict()["tags"]:
            counts = [each["runs"] for each in row["run_counts"]] or [0]
            extremes = min(counts), max(counts)
            yield (
                *(row["group"], row["tag"], len(row["runs"]), *extremes),
                *(row[name] for name in counts_of),
            )

    def show(self, console: Console) -> None:
        """Prints a row a tag of a group, and what was left out."""
        series = self.aggregate.series
        if series:
            print_table(console, self._columns(series))
        if self.aggregate.left_out:
            names = ", ".join(map(shown_name, self.aggregate.left_out))
            print_line(console, f"in no group: {names}")

    def totals(self) -> Text:
        """One line: what was written, and where."""
        groups, series = self.aggregate.groups, self.aggregate.series
        runs = sum(len(group.runs) for group in groups)
        points = sum(each.x.size for each in series)
        text = (
            f"{plural(runs, 'run')} in {plural(len(groups), 'group')}, "
            f"{plural(len({each.tag for each in series}), 'tag')}, {plural(points, 'point')}"
        )
        return placed(text, self.target)

    def _columns(self, series: Sequence[AggregatedSeries]) -> list[Column]:
        columns = [
            Column("tag", [shown_name(each.tag) for each in series], names=True),
            Column("runs", [format_count(len(each.members)) for each in series], True),
            Column("points", [format_count(each.x.size) for each in series], True, 1),
            Column("runs behind a point", [_runs_behind(each) for each in series]),
            Column("interpolated", [_some(each.interpolated.sum()) for each in series], True, 4),
            Column("not finite", [_some(each.nonfinite.sum()) for each in series], True, 2),
            Column("repeated", [_some(each.repeated) for each in series], True, 5),
            Column("without x", [_some(each.unplaced) for each in series], True, 5),
            Column("too few runs", [_some(each.too_few) for each in series], True, 3),
        ]
        if len(self.aggregate.groups) > 1:
            columns.insert(0, Column("group", [shown_name(each.group) for each in series]))
        return columns


def _some(count: int) -> str:
    return format_count(int(count)) if count else "-"


def _runs_behind(series: AggregatedSeries) -> str:
    """How many runs are behind each point: where it changes, or how often."""
    stretches = series.stretches()
    if not stretches:
        return "-"
    if len(stretches) > _STRETCHES_SHOWN:
        counts = [each.runs for each in stretches]
        return f"{min(counts)} to {max(counts)}, {format_count(len(counts) - 1)} changes"
    parts = [f"{each.runs} up to {each.last:,}" for each in stretches[:-1]]
    return ", ".join([*parts, f"then {stretches[-1].runs}" if parts else str(stretches[-1].runs)])
