"""What `tbtools smooth` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tbtools.render.format import format_count, plural
from tbtools.render.terminal.lines import placed, shown_name
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from tbtools.analysis.smooth import Smoothing
    from tbtools.render.smoothed import SmoothedRun
    from tbtools.render.terminal.diagnostics import Diagnostics


class SmoothedView:
    """What was smoothed, as table, JSON and CSV.

    Args:
        runs: The runs.
        smoothing: How.
        target: Where they were written.
        diagnostics: Of the runs.
    """

    def __init__(
        self,
        runs: Sequence[SmoothedRun],
        smoothing: Smoothing,
        target: str,
        diagnostics: Diagnostics,
    ) -> None:
        self.runs = runs
        self.smoothing = smoothing
        self.target = target
        self.diagnostics = diagnostics

    def to_json(self) -> dict[str, Any]:
        """How, what, and where it is."""
        runs = [asdict(run) for run in self.runs]
        how = asdict(self.smoothing)
        return {"output": self.target, **how, "runs": runs, **self.diagnostics.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a run."""
        yield ("run", "tags", "points", "nonfinite")
        for run in self.runs:
            yield tuple(asdict(run).values())

    def show(self, console: Console) -> None:
        """Prints a row a run."""
        if self.runs:
            columns = [
                Column("run", [shown_name(each.run) for each in self.runs], names=True),
                Column("tags", [format_count(each.tags) for each in self.runs], True),
                Column("points", [format_count(each.points) for each in self.runs], True),
                Column("not finite", [_some(each.nonfinite) for each in self.runs], True, 1),
            ]
            print_table(console, columns)

    def totals(self) -> Text:
        """One line: what was written, and where."""
        series = sum(run.tags for run in self.runs)
        points = sum(run.points for run in self.runs)
        text = (
            f"{plural(len(self.runs), 'run')}, {plural(series, 'series')}, "
            f"{plural(points, 'point')}, {self._how()}"
        )
        return placed(text, self.target)

    def _how(self) -> str:
        method = self.smoothing.method.replace("_", " ")
        if self.smoothing.window is not None:
            return f"{method} over {self.smoothing.window:g} points"
        return f"{method} of weight {self.smoothing.weight:g}"


def _some(count: int) -> str:
    return format_count(count) if count else "-"
