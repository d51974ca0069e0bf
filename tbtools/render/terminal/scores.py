"""What `tbtools aggregate --at` prints."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from tbtools.render.format import format_count, format_rounded, plural, printable
from tbtools.render.terminal.lines import placed, print_line, shown_name
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from tbtools.analysis.scored import Estimate, Scores
    from tbtools.render.terminal.diagnostics import Diagnostics

# JSON has all pairs.
_PAIRS_SHOWN = 10


class ScoresView:
    """Groups by one number a run, as table, JSON and CSV.

    Args:
        scores: What is shown.
        target: Where the profiles were written.
        diagnostics: Of the runs.
    """

    def __init__(self, scores: Scores, target: str, diagnostics: Diagnostics) -> None:
        self.scores = scores
        self.target = target
        self.diagnostics = diagnostics

    def to_json(self) -> dict[str, Any]:
        """The comparison, and where the profiles are."""
        return {"output": self.target, **self.scores.to_dict(), **self.diagnostics.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a group, as `Scores.rows` has them."""
        for number, row in enumerate(self.scores.rows()):
            if number == 0:
                yield list(row)
            yield list(row.values())

    def show(self, console: Console) -> None:
        """Prints by what groups are compared, the groups, and which is better how surely."""
        one = self.scores
        better = "less" if one.direction == "min" else "more"
        percent = f"{100 * one.level:g} % intervals"
        line = f"by {shown_name(one.by)}, at {one.at.replace('=', ' ')}, {better} is better"
        line += f"; {plural(len(one.tasks), 'task')}" if one.tasks else ""
        print_line(console, f"{line}; {percent}", style="bold")
        print_table(console, self._columns())
        for each in islice(one.improvements, _PAIRS_SHOWN):
            names = f"{shown_name(each.group)} is better than {shown_name(each.over)}"
            print_line(console, f"probability that a run of {names}: {_text(each.probability)}")
        if len(one.improvements) > _PAIRS_SHOWN:
            print_line(console, f"{len(one.improvements) - _PAIRS_SHOWN} more pairs: --format json")
        for reason, count in Counter(one.left_out.values()).most_common():
            print_line(console, f"left out: {plural(count, 'run')}, {printable(reason)}")

    def totals(self) -> Text:
        """One line: what was compared, and where the profiles are."""
        groups = self.scores.groups
        runs = plural(sum(len(each.runs) for each in groups), "run")
        return placed(f"profiles of {runs} in {plural(len(groups), 'group')}", self.target)

    def _columns(self) -> list[Column]:
        groups = self.scores.groups
        names = list(groups[0].statistics())
        return [
            Column("group", [shown_name(each.group) for each in groups], names=True),
            Column("runs", [format_count(len(each.runs)) for each in groups], True),
            # The first is the one that groups are ranked by.
            *(
                Column(
                    name.replace("_", " "),
                    [_text(each.statistics()[name]) for each in groups],
                    rank=number,
                )
                for number, name in enumerate(names)
            ),
        ]


def _text(one: Estimate) -> str:
    if one.low is None or one.high is None:
        return format_rounded(one.value)
    ends = f"{format_rounded(one.low, 3)} to {format_rounded(one.high, 3)}"
    return f"{format_rounded(one.value)} ({ends})"
