"""What `tbtools detect` shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from rich.text import Text

from tbtools.analysis.detect.findings import KEYS, SEVERITIES
from tbtools.render.format import plural, printable
from tbtools.render.terminal.sparkline import sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.judgement import Curve, Judgement

_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


class JudgementView:
    """Findings as lines, JSON, CSV and JUnit XML.

    Args:
        judgement: What is shown.
        fail_on: The kinds that make a run fail, for JUnit.
    """

    def __init__(self, judgement: Judgement, *, fail_on: Sequence[str] = ()) -> None:
        self.judgement = judgement
        self.fail_on = tuple(fail_on)

    def to_json(self) -> dict[str, Any]:
        """The JSON of design and README."""
        return self.judgement.to_dict()

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a finding, without the evidence."""
        names = [key for key in KEYS if key != "evidence"]
        yield names
        for finding in self.judgement.findings:
            row = finding.to_dict()
            yield [row[name] for name in names]

    def to_junit(self) -> Iterator[str]:
        """A test case a run, failed by findings of the kinds to fail on; others are its output."""
        by_run = self._by_run()
        failed = sum(any(self._fails(each) for each, _ in found) for found in by_run.values())
        runs = self.judgement.runs
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield f'<testsuite name="tbtools detect" tests="{len(runs)}" failures="{failed}">'
        for run in runs:
            found = [each for each, _ in by_run.get(run, [])]
            place = quoteattr(_xml(self.judgement.logdir))
            yield f"  <testcase classname={place} name={quoteattr(_xml(run))}>"
            for finding in found:
                line = escape(_xml(_line(finding)))
                if self._fails(finding):
                    yield f"    <failure type={quoteattr(finding.kind)}>{line}</failure>"
            rest = "\n".join(_line(each) for each in found if not self._fails(each))
            if rest:
                yield f"    <system-out>{escape(_xml(rest))}</system-out>"
            yield "  </testcase>"
        yield "</testsuite>"

    def _fails(self, finding: Finding) -> bool:
        return finding.kind in self.fail_on and finding.severity != "info"

    def _by_run(self) -> dict[str, list[tuple[Finding, Curve]]]:
        found: dict[str, list[tuple[Finding, Curve]]] = {}
        for finding, curve in zip(self.judgement.findings, self.judgement.curves, strict=True):
            found.setdefault(finding.run, []).append((finding, curve))
        return found

    def show(self, console: Console) -> None:
        """Prints the findings run by run, and a line about the rest."""
        for run, found in self._by_run().items():
            console.print(Text(printable(run), style="bold"), soft_wrap=True)
            for finding, curve in found:
                _show_finding(console, finding, curve)
        console.print(self._totals(), soft_wrap=True)

    def _totals(self) -> Text:
        judgement = self.judgement
        with_findings = len({each.run for each in judgement.findings})
        counts = Counter(each.severity for each in judgement.findings)
        told = [plural(counts[name], name) for name in SEVERITIES if counts[name]]
        well = len(judgement.runs) - with_findings
        parts = [f"{plural(well, 'run')} without findings"]
        if told:
            parts.append(f"{plural(with_findings, 'run')} with {', '.join(told)}")
        text = f"{printable(judgement.logdir)}: {'; '.join(parts)}"
        style = "bold red" if counts["error"] else "yellow" if counts["warning"] else "green"
        return Text(text, style=style)


def _line(finding: Finding) -> str:
    return f"{finding.severity}: {finding.kind} in {finding.tag}: {finding.message}"


def _xml(text: str) -> str:
    """Characters that XML 1.0 cannot hold, not even escaped, are made visible."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _show_finding(console: Console, finding: Finding, curve: Curve) -> None:
    ascii_only = console.options.ascii_only
    line = Text("  ")
    line.append(f"{finding.severity:<7} ", style=_STYLES[finding.severity])
    line.append(f"{finding.kind:<11} ", style=_STYLES[finding.severity])
    line.append(printable(finding.tag), style="bold")
    line.append("  ").append_text(_marked(curve, ascii_only=ascii_only))
    line.rstrip()
    console.print(line, soft_wrap=True)
    console.print(Text(f"          {printable(finding.message)}"), soft_wrap=True)


def _marked(curve: Curve, *, ascii_only: bool) -> Text:
    """The curve, with a mark in front of the stretch in which the finding began."""
    line = sparkline(curve.values, ascii_only=ascii_only)
    mark = "|" if ascii_only else "▏"
    text = Text(line[: curve.onset])
    text.append(mark, style="red")
    return text.append(line[curve.onset :], style="red")
