"""The list of findings, the worst first, and all of the chosen one."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from tbtools.live.app.pane import ListPane
from tbtools.render.format import format_count, plural, printable
from tbtools.render.terminal.cutting import cut_middle
from tbtools.render.terminal.lines import SEVERITY_STYLES
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.live.app.rows import RunRow
    from tbtools.render.terminal.chart import Cells

# Lines below the list that say all of the chosen finding.
_MESSAGE_LINES = 3
_LEAST_LIST = 3


def findings_of(rows: Iterable[RunRow]) -> list[Finding]:
    """What is wrong with runs, the worst first; what goes on before what is over."""
    found = [each for row in rows for each in row.findings if each.is_serious]
    return sorted(
        found,
        key=lambda each: (
            SEVERITIES.index(each.severity),
            not each.ongoing,
            -(each.onset_time or 0.0),
        ),
    )


class FindingsPane(ListPane):
    """The list of findings.

    Attributes:
        findings: Those of the runs that are listed.
    """

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__(id="findings")
        self.findings: Sequence[Finding] = ()
        self._ascii = ascii_only

    def count(self) -> int:
        """How many findings there are."""
        return len(self.findings)

    @property
    def chosen(self) -> Finding | None:
        """The chosen finding; None where there is none."""
        return self.findings[self.cursor] if self.cursor < len(self.findings) else None

    def show(self, findings: Sequence[Finding]) -> None:
        """Takes over the findings; the chosen one stays so."""
        chosen = self.chosen
        self.findings = findings
        if chosen is not None and self.cursor:
            same = ((place, each) for place, each in enumerate(findings) if _same(each, chosen))
            self.cursor = next((place for place, _ in same), self.cursor)
        self.redraw()

    def lines(self, width: int, height: int) -> list[Cells]:
        """The title, a line a finding, and the message of the chosen one."""
        wrapped = self._message(width) if height >= self.HEAD + _LEAST_LIST + 1 else []
        wrapped = wrapped[: max(0, min(_MESSAGE_LINES, height - self.HEAD - _LEAST_LIST))]
        seen = self.window(height - len(wrapped))
        lines = [self.title("Findings", self._place(), width)]
        lines += [self._line(place, width) for place in seen]
        if not self.findings:
            lines.append([("  nothing was found in these runs", "dim")])
        lines += [[]] * (height - len(wrapped) - len(lines))
        return [*lines, *wrapped]

    def _place(self) -> str:
        errors = sum(each.severity == "error" for each in self.findings)
        told = f"{plural(errors, 'error')}  " if errors else ""
        return f"{told}{self.place()}"

    def _message(self, width: int) -> list[Cells]:
        finding = self.chosen
        if finding is None:
            return []
        text = printable(finding.message)
        return [[(f"  {line}", "italic")] for line in textwrap.wrap(text, max(10, width - 3))]

    def _line(self, place: int, width: int) -> Cells:
        finding = self.findings[place]
        chosen = place == self.cursor
        severity = SEVERITY_STYLES[finding.severity]
        mark = {"error": "!", "warning": "?"}.get(finding.severity, " ")
        over = "" if finding.ongoing else " (over)"
        step = f"step {format_count(finding.onset_step)}{over}"
        ellipsis = "..." if self._ascii else "…"
        room = max(8, width - 17 - len(step) - 3)
        tag = printable(finding.tag)
        # What one does not need the other has.
        run_room = max(room // 2, room - cell_len(tag) - 1)
        run = cut_middle(printable(finding.run), run_room, ellipsis)
        tag = cut_middle(tag, room - cell_len(run) - 1, ellipsis)
        where = set_cell_size(f"{run} {tag}", room)
        return [
            (f" {mark} ", severity),
            (f"{finding.kind:<13} ", self.marked(severity, chosen)),
            (f"{where} {step}  ", self.marked("", chosen)),
        ]


def _same(a: Finding, b: Finding) -> bool:
    return (a.run, a.tag, a.kind) == (b.run, b.tag, b.kind)
