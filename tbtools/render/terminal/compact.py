"""What `tbtools compact` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.analysis.compacted import RUN_COLUMNS
from tbtools.render.format import format_bytes, format_count, plural
from tbtools.render.terminal.edit import plugin_columns
from tbtools.render.terminal.lines import placed, print_line
from tbtools.render.terminal.table import print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from tbtools.analysis.compacted import Compaction


class CompactionView:
    """Logs made smaller, as a table, JSON and CSV.

    Args:
        compaction: What became of them.
        target: Where to.
        size: The bytes of the event files that were written.
    """

    def __init__(self, compaction: Compaction, target: str, size: int) -> None:
        self.compaction = compaction
        self.target = target
        self.size = size

    def to_json(self) -> dict[str, Any]:
        """What became of the logs, and where they are."""
        return {"output": self.target, "bytes": self.size, **self.compaction.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a run."""
        yield RUN_COLUMNS
        for run in self.compaction.runs:
            yield tuple(run.to_dict().values())

    def show(self, console: Console) -> None:
        """Prints a row a plugin."""
        print_table(console, plugin_columns(self.compaction.plugins))
        rewritten = sum(run.rewritten for run in self.compaction.runs)
        if rewritten:
            count = plural(rewritten, "record")
            print_line(console, f"{count} not byte for byte: without values that are left out, or")
            print_line(console, "with the metadata of their tag")

    def totals(self) -> Text:
        """One line: what was written, and where."""
        compaction = self.compaction
        files = sum(run.event_files for run in compaction.runs)
        written = sum(run.output is not None for run in compaction.runs)
        before = sum(run.bytes for run in compaction.runs)
        parts = [
            f"{plural(files, 'event file')} as {format_count(written)}",
            f"{format_bytes(before)} as {format_bytes(self.size)}",
            f"{format_count(compaction.kept)} of {plural(compaction.values, 'value')}",
        ]
        if compaction.superseded:
            parts.append(f"{plural(compaction.superseded, 'point')} superseded, left out")
        return placed(f"{', '.join(parts)}; all compared", self.target)
