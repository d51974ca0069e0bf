"""What `tbtools edit` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.analysis.edit.results import FILE_COLUMNS
from tbtools.render.format import format_bytes, format_count, plural, printable
from tbtools.render.terminal.lines import placed, print_line, shown_name
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.edit import Edit, PluginEdit, TagEdit
    from tbtools.analysis.edit.names import Collision

_TAGS_SHOWN = 20
_NAMES_SHOWN = 5


class EditView:
    """An edit as lines, JSON and CSV.

    Args:
        edit: What becomes of the logs.
        target: Where to; None where nothing is written, or in place.
        backup: Where what was changed in place is kept; None where nothing was.
    """

    def __init__(self, edit: Edit, target: str | None, backup: str | None = None) -> None:
        self.edit = edit
        self.target = target
        self.backup = backup

    def to_json(self) -> dict[str, Any]:
        """What becomes of the logs, and where they are."""
        return {"output": self.target, "backup": self.backup, **self.edit.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a file."""
        yield FILE_COLUMNS
        for file in self.edit.files:
            yield tuple(file.to_dict().values())

    def show(self, console: Console) -> None:
        """Prints the new names, and a row a plugin."""
        edit = self.edit
        moved = [(run, to) for run, to in edit.runs.items() if to != run]
        _print_some(console, [f"{shown_name(run)} -> {shown_name(to)}" for run, to in moved], "run")
        parts = dict.fromkeys(file.run for file in edit.files if file.edit.part.name)
        if parts:
            print_line(console, f"new runs: {_some([edit.runs.get(run, run) for run in parts])}")
        _print_some(console, _renamed(edit.tags), "tag")
        for collision in edit.collisions:
            print_line(console, _collision_line(collision))
        if edit.plugins:
            print_table(console, plugin_columns(edit.plugins))

    def totals(self) -> Text:
        """One line: what was written, and where."""
        edit = self.edit
        left_out = len(edit.files) - edit.written_files
        parts = [
            plural(edit.written_files, "file"),
            f"{format_count(edit.kept)} of {plural(edit.values, 'value')}",
            f"{format_count(edit.changed)} of them changed",
        ]
        if left_out:
            parts.append(f"{plural(left_out, 'file')} left out")
        if edit.assets:
            parts.append(f"{plural(len(edit.assets), 'file')} beside them")
        line = ", ".join(parts)
        if self.backup is not None:
            kept = printable(self.backup)
            return placed(f"{line}; in place, `tbtools edit --undo {kept}` puts all back", kept)
        if self.target is None:
            return Text(f"nothing is written (--dry-run): {line}")
        return placed(line, self.target)


def _print_some(console: Console, lines: Sequence[str], noun: str) -> None:
    for line in lines[:_TAGS_SHOWN]:
        print_line(console, line)
    rest = len(lines) - _TAGS_SHOWN
    if rest > 0:
        print_line(console, f"and {plural(rest, f'more {noun}')} (--format json has all)")


def _renamed(tags: Sequence[TagEdit]) -> list[str]:
    """A line for each tag that gets another name, whatever runs it is of."""
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for each in tags:
        runs, values = counts.get((each.tag, each.to), (0, 0))
        counts[each.tag, each.to] = runs + 1, values + each.values
    return [
        f"{shown_name(tag)} -> {shown_name(to)}: {plural(values, 'value')} of {plural(runs, 'run')}"
        for (tag, to), (runs, values) in counts.items()
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(map(shown_name, names[:_NAMES_SHOWN]))
    return f"{shown} and {more} more" if more > 0 else shown


def _collision_line(collision: Collision) -> str:
    names = _some(collision.names)
    of = "runs" if collision.run is None else f"tags of {shown_name(collision.run)}"
    return f"{of} that meet in {shown_name(collision.name)}: {names}"


def plugin_columns(plugins: Sequence[PluginEdit]) -> list[Column]:
    """What stays of each plugin."""
    rows = [asdict(each) for each in plugins]
    return [
        Column("plugin", [shown_name(row["plugin"]) for row in rows], names=True),
        Column("values", [format_count(row["values"]) for row in rows], right=True),
        Column("kept", [format_count(row["kept"]) for row in rows], right=True),
        Column("bytes", [format_bytes(row["bytes"]) for row in rows], right=True, rank=1),
        Column("kept bytes", [format_bytes(row["kept_bytes"]) for row in rows], right=True),
    ]
