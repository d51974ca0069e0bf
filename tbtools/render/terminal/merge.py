"""What `tbtools merge` prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tbtools.render.format import format_count, format_time, plural, printable
from tbtools.render.terminal.lines import placed, print_line, shown_name
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from tbtools.analysis.file_groups import MergedSession
    from tbtools.analysis.merge import Merge

_TAGS_SHOWN = 10
_LOSSES_SHOWN = 5


class MergeView:
    """A merge as table, JSON and CSV.

    Args:
        merge: What was merged.
        target: Where to.
    """

    def __init__(self, merge: Merge, target: str) -> None:
        self.merge = merge
        self.target = target

    def to_json(self) -> dict[str, Any]:
        """What was merged and left out, and where it is."""
        return {"output": self.target, **self.merge.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a writer session."""
        rows = self.merge.to_dict()["sessions"]
        yield ("run", "file", "start_time", "first_step", "last_step", "points", "superseded")
        for row in rows:
            yield tuple(row.values())

    def show(self, console: Console) -> None:
        """Prints a row a session, and what was superseded or not copied."""
        if self.merge.sessions:
            print_table(console, _session_columns(self.merge.sessions))
        if self.merge.tags:
            print_line(console, f"superseded: {_superseded(self.merge)}")
        for each in self.merge.same:
            print_line(console, f"{shown_name(each.tag)}: {', '.join(map(shown_name, each.names))}")
        if self.merge.renamed_values:
            print_line(console, f"{plural(self.merge.renamed_values, 'value')} under another tag")
        if self.merge.rewritten:
            count = plural(self.merge.rewritten, "record")
            print_line(console, f"{count} not byte for byte: without values that are left out, or")
            print_line(console, "with the metadata of their tag")

    def totals(self) -> Text:
        """One line: what was written, and where."""
        merge = self.merge
        parts = [
            plural(merge.points, "point"),
            f"of {plural(len(merge.sessions), 'session')}",
            f"of {plural(len(merge.runs), 'run')}",
        ]
        text = " ".join(parts)
        if merge.superseded:
            text += f"; {plural(merge.superseded, 'point')} superseded, left out"
        return placed(text, self.target)


def loss_line(merge: Merge) -> str | None:
    """One line about points that runs lose to one another; None where they lose none."""
    if not merge.losses:
        return None
    lost = [
        f"{shown_name(each.run)} {format_count(each.points)} to {shown_name(each.to)}"
        for each in merge.losses[:_LOSSES_SHOWN]
    ]
    left = len(merge.losses) - len(lost)
    rest = f" and {format_count(left)} more" if left else ""
    gone = ", ".join(shown_name(tag) for tag in merge.lost_tags[:_TAGS_SHOWN])
    total = plural(sum(each.points for each in merge.losses), "point")
    return (
        f"runs lose {total} to sessions written elsewhere: {', '.join(lost)}{rest}"
        f"{'; no point is left of ' * bool(gone)}{gone}; if these do not go on from one another, "
        "--restarts keep keeps them"
    )


def _session_columns(sessions: Sequence[MergedSession]) -> list[Column]:
    several = len({session.run for session in sessions}) > 1
    columns = [
        Column("event file", [printable(Path(each.file).name) for each in sessions], names=True),
        Column("began", [format_time(each.start_time) for each in sessions], rank=3),
        Column("steps", [_steps(each) for each in sessions], True, 1),
        Column("points", [format_count(each.points) for each in sessions], True),
        Column("superseded", [format_count(each.superseded) for each in sessions], True),
    ]
    if several:
        columns.insert(0, Column("run", [shown_name(each.run) for each in sessions], names=True))
    return columns


def _steps(session: MergedSession) -> str:
    if session.first_step is None or session.last_step is None:
        return "-"
    return f"{format_count(session.first_step)}-{format_count(session.last_step)}"


def _superseded(merge: Merge) -> str:
    tags = [
        f"{shown_name(tag)} {format_count(count)}"
        for tag, count in list(merge.tags.items())[:_TAGS_SHOWN]
    ]
    left = len(merge.tags) - len(tags)
    return ", ".join(tags) + (f" and {plural(left, 'more tag')}" if left else "")
