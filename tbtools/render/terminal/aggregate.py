"""What `tbtools aggregate` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.format import format_count, plural, printable
from tbtools.render.terminal.lines import print_line, shown_name
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.aggregate import Aggregate, AggregatedSeries

_STRETCHES_SHOWN = 3


class AggregateView:
    """An aggregate as table, JSON and CSV.

    Args:
        aggregate: What was put together.
        target: Where it was written.
    """

    def __init__(self, aggregate: Aggregate, target: str) -> None:
        self.aggregate = aggregate
        self.target = target

    def to_json(self) -> dict[str, Any]:
        """What was put together, and where it is."""
        return {"output": self.target, **self.aggregate.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a tag of a group."""
        told = ("points", "interpolated", "nonfinite", "repeated", "unplaced", "too_few")
        yield ("group", "tag", "runs", "fewest_runs", "most_runs", *told)
        for row in self.aggregate.to_dict()["tags"]:
            counts = [each["runs"] for each in row["run_counts"]] or [0]
            extremes = min(counts), max(counts)
            yield (
                *(row["group"], row["tag"], len(row["runs"]), *extremes),
                *(row[name] for name in told),
            )

    def show(self, console: Console) -> None:
        """Prints a row a tag of a group, and what was left out."""
        series = self.aggregate.series
        if series:
            print_table(console, self._columns(series))
        groups = self.aggregate.groups
        runs = sum(len(group.runs) for group in groups)
        text = f"{printable(self.target)}: {plural(runs, 'run')} in {plural(len(groups), 'group')}"
        print_line(console, Text(text, style="bold"))
        if self.aggregate.left_out:
            names = ", ".join(map(shown_name, self.aggregate.left_out))
            print_line(console, f"in no group: {names}")

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
    told = [f"{each.runs} up to {each.last:,}" for each in stretches[:-1]]
    return ", ".join([*told, f"then {stretches[-1].runs}" if told else str(stretches[-1].runs)])
