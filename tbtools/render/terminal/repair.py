"""What `tbtools repair` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.analysis.repair import FILE_COLUMNS
from tbtools.render.format import format_bytes, format_count, plural, printable
from tbtools.render.terminal.lines import placed, print_line
from tbtools.render.terminal.problems import PROBLEM_COLUMNS, problem_rows, problem_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.repair import FileRepair, Repair

_PROBLEMS_SHOWN = 20
_STYLES = dict.fromkeys(("repaired", "joined", "duplicate"), "yellow")


class RepairView:
    """A repair as lines, JSON and CSV.

    Args:
        repair: What was repaired.
        target: Where to.
    """

    def __init__(self, repair: Repair, target: str) -> None:
        self.repair = repair
        self.target = target

    def to_json(self) -> dict[str, Any]:
        """What became of each file, and where they are."""
        return {"output": self.target, **self.repair.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a problem, and one for each file that has none."""
        yield (*FILE_COLUMNS, *PROBLEM_COLUMNS)
        for file in self.repair.files:
            yield from problem_rows([getattr(file, name) for name in FILE_COLUMNS], file.problems)

    def show(self, console: Console) -> None:
        """Prints a line a file that is not copied as it is, and under it a line a problem."""
        for file in self.repair.files:
            if file.status != "sound":
                _show_file(console, file)

    def totals(self) -> Text:
        """One line: what was written, and where."""
        written = [file for file in self.repair.files if file.output is not None]
        repaired = sum(file.status == "repaired" for file in written)
        parts = [
            f"{plural(len(written), 'file')} ({format_count(repaired)} repaired)",
            plural(sum(file.records for file in written), "record"),
        ]
        inserted = sum(file.inserted for file in written)
        if inserted:
            parts.append(f"{format_count(inserted)} of them from damaged copies")
        mended = sum(file.mended for file in written)
        if mended:
            parts.append(f"{format_count(mended)} of them with a mended checksum")
        parts.append(f"{format_bytes(sum(file.lost_bytes for file in self.repair.files))} lost")
        left_out = len(self.repair.files) - len(written)
        if left_out:
            parts.append(f"{plural(left_out, 'file')} left out")
        return placed(", ".join(parts), self.target)


def _show_file(console: Console, file: FileRepair) -> None:
    line = Text(f"{printable(file.file)}: ")
    line.append(file.status.replace("_", " "), style=_STYLES.get(file.status, "red"))
    if file.output is not None or file.lost_bytes:
        line.append(f" ({plural(file.records, 'record')}, {format_bytes(file.lost_bytes)} lost)")
    print_line(console, line)
    for problem in file.problems[:_PROBLEMS_SHOWN]:
        print_line(console, f"  {problem_text(problem)}")
    rest = len(file.problems) - _PROBLEMS_SHOWN
    if rest > 0:
        print_line(console, f"  and {plural(rest, 'more problem')} (--format json has all)")
