"""What `tbtools import` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.analysis.importing import FILE_COLUMNS
from tbtools.render.format import format_count, plural, printable
from tbtools.render.terminal.lines import placed, print_line
from tbtools.render.terminal.problems import PROBLEM_COLUMNS, problem_rows, problem_text
from tbtools.render.terminal.table import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from tbtools.analysis.importing import Import, ImportedFile

_PROBLEMS_SHOWN = 20
_LEFT_OUT_SHOWN = 10


class ImportView:
    """An import as table, JSON and CSV.

    Args:
        imported: What was read.
        target: Where to.
        planned: Whether nothing was written.
    """

    def __init__(self, imported: Import, target: str, *, planned: bool = False) -> None:
        self.imported = imported
        self.target = target
        self.planned = planned

    def to_json(self) -> dict[str, Any]:
        """What was read of each file, and where it is."""
        output = None if self.planned else self.target
        return {"output": output, **self.imported.to_dict()}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a problem, and one for each file that has none."""
        yield (*FILE_COLUMNS, *PROBLEM_COLUMNS)
        for file in self.imported.files:
            about = [getattr(file, name) for name in FILE_COLUMNS[:-1]]
            yield from problem_rows([*about, "; ".join(file.left_out)], file.problems)

    def show(self, console: Console) -> None:
        """Prints a row a file, and below what of them could not be read."""
        print_table(console, _columns(self.imported.files))
        for file in self.imported.files:
            _show_rest(console, file)

    def totals(self) -> Text:
        """One line: what was written, and where."""
        files = self.imported.files
        parts = [
            plural(len({file.run for file in files}), "run"),
            plural(sum(file.series for file in files), "series"),
            plural(sum(file.points for file in files), "point"),
        ]
        wide = sum(file.float64_series for file in files)
        if wide:
            parts.append(f"{format_count(wide)} of the series float64")
        problems = sum(len(file.problems) for file in files)
        if problems:
            parts.append(plural(problems, "problem"))
        if any(file.status == "read" and not file.has_times for file in files):
            parts.append("wall times of some are when their file was last changed")
        text = ", ".join(parts)
        return placed(f"planned, nothing written: {text}" if self.planned else text, self.target)


def _columns(files: Sequence[ImportedFile]) -> list[Column]:
    return [
        Column("run", [printable(file.run) for file in files], names=True),
        Column("file", [printable(file.file) for file in files], names=True, rank=1),
        Column("format", [file.format for file in files], rank=3),
        Column("series", [format_count(file.series) for file in files], right=True, rank=2),
        Column("points", [format_count(file.points) for file in files], right=True),
        Column("steps", [_steps(file) for file in files], right=True, rank=2),
        Column("hparams", [_count(len(file.hparams or {})) for file in files], right=True, rank=3),
        Column("problems", [_count(len(file.problems)) for file in files], right=True, rank=1),
    ]


def _steps(file: ImportedFile) -> str:
    if file.first_step is None or file.last_step is None:
        return "-"
    return f"{format_count(file.first_step)}..{format_count(file.last_step)}"


def _count(count: int) -> str:
    return format_count(count) if count else "-"


def _show_rest(console: Console, file: ImportedFile) -> None:
    if file.left_out:
        shown = ", ".join(printable(name) for name in file.left_out[:_LEFT_OUT_SHOWN])
        rest = len(file.left_out) - _LEFT_OUT_SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        print_line(console, f"{printable(file.file)}: no numbers in {shown}{more}, left out")
    for problem in file.problems[:_PROBLEMS_SHOWN]:
        print_line(console, f"{printable(file.file)}: {problem_text(problem)}")
    rest = len(file.problems) - _PROBLEMS_SHOWN
    if rest > 0:
        print_line(console, f"  and {plural(rest, 'more problem')} (--format json has all)")
