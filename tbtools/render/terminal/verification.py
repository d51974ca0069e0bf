"""What `tbtools verify` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.render.format import format_bytes, plural, printable
from tbtools.render.terminal.lines import print_line
from tbtools.render.terminal.problems import PROBLEM_COLUMNS, problem_rows, problem_text
from tbtools.runs.diagnostics import OF_WHOLE_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.verify import FileCheck, Verification

_STYLES = {"sound": "green", "empty": "yellow", "truncated": "yellow"}


class VerificationView:
    """A verification as lines, JSON and CSV.

    Args:
        verification: What is shown.
        show_all: Whether the sound files are listed too; JSON and CSV always have them.
    """

    def __init__(self, verification: Verification, *, show_all: bool = False) -> None:
        self.verification = verification
        self.show_all = show_all

    def to_json(self) -> dict[str, Any]:
        """The JSON of design and README."""
        return self.verification.to_dict()

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a problem, and one for each file that has none."""
        yield "file", "records", "bytes", "status", *PROBLEM_COLUMNS
        for file in self.verification.files:
            about = (file.file, file.records, file.bytes, file.status)
            yield from problem_rows(about, file.problems)

    def show(self, console: Console) -> None:
        """Prints a line a file that is not sound, and under it a line a problem."""
        for file in self.verification.files:
            if self.show_all or file.status != "sound":
                _show_file(console, file)

    def totals(self) -> Text:
        """One line: what was checked; empty for nothing."""
        files = self.verification.files
        if all(file.status in OF_WHOLE_FILES for file in files):
            return Text()
        counts: dict[str, int] = {}
        for file in files:
            counts[file.status] = counts.get(file.status, 0) + 1
        parts = [f"{count} {status.replace('_', ' ')}" for status, count in counts.items()]
        records = plural(sum(file.records for file in files), "record")
        size = format_bytes(sum(file.bytes for file in files))
        text = f"{plural(len(files), 'file')}, {records}, {size}: {', '.join(parts)}"
        if self.verification.strict:
            text += "; every event decoded"
        return Text(text, style="bold green" if self.verification.sound else "bold red")


def _show_file(console: Console, file: FileCheck) -> None:
    line = Text(f"{printable(file.file)}: ")
    style = _STYLES.get(file.status, "red")
    if file.status in OF_WHOLE_FILES:
        line.append(problem_text(file.problems[0]), style=style)
        print_line(console, line)
        return
    line.append(file.status, style=style)
    if file.bytes:
        line.append(f" ({plural(file.records, 'sound record')}, {format_bytes(file.bytes)})")
    print_line(console, line)
    for problem in file.problems:
        print_line(console, f"  {problem_text(problem)}")
