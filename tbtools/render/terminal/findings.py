"""What `tbtools detect` shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from rich.padding import Padding
from rich.text import Text

from tbtools.analysis.detect.findings import KEYS, Findings
from tbtools.render.format import format_count, plural, printable
from tbtools.render.terminal.lines import cut_middle, print_line, shown_name
from tbtools.render.terminal.sparkline import sparkline
from tbtools.runs.diagnostics import count_read
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

    from tbtools.analysis.detect import Finding, NotJudged
    from tbtools.analysis.judgement import FindingTrend, Judgement
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.vocabulary import Severity

_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
# Cells of a tag's name that are shown however narrow the terminal is.
_LEAST_NAME = 12
# Reasons why a series or run was not judged, as they complete "3 series ..." and "3 runs ...".
_SERIES_REASONS = {"no known objective": "without a known objective (--objective GLOB=min|max)"}
_RUN_REASONS = {"nothing could be read": "that could not be read", "no scalars": "without scalars"}
# Where a message begins that does not fit behind its curve.
_INDENT = 10


class JudgementView:
    """Findings as lines, JSON, CSV and JUnit XML.

    Args:
        judgement: What is shown.
        diagnostics: Of the runs.
        fail_on: The kinds that make a run fail, for JUnit.
    """

    def __init__(
        self, judgement: Judgement, diagnostics: Diagnostics, *, fail_on: Sequence[str] = ()
    ) -> None:
        self.judgement = judgement
        self.diagnostics = diagnostics
        self.fail_on = tuple(fail_on)

    def to_json(self) -> dict[str, Any]:
        """The JSON of `tbtools detect`."""
        return {**self.judgement.to_dict(), "superseded": self.diagnostics.superseded}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a finding, without the evidence."""
        names = [key for key in KEYS if key != "evidence"]
        yield names
        for finding in self.judgement.findings:
            row = finding.to_dict()
            yield [row[name] for name in names]

    def to_junit(self) -> Iterator[str]:
        """A test case a run, failed by findings of the kinds to fail on; others are its output.

        A run or path that could not be read is an error, not a pass.
        """
        by_run = self._by_run()
        failed = sum(any(each.fails(self.fail_on) for each in found) for found in by_run.values())
        runs = self.judgement.runs
        errors = self._unreadable()
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield (
            f'<testsuite name="tbtools detect" tests="{len(runs) + len(errors)}" '
            f'failures="{failed}" errors="{len(errors)}">'
        )
        for run in runs:
            yield self._testcase(run)
            found = by_run.get(run, [])
            for finding in found:
                line = escape(_xml(_line(finding)))
                if finding.fails(self.fail_on):
                    yield f"    <failure type={quoteattr(finding.kind)}>{line}</failure>"
            lines = [_line(each) for each in found if not each.fails(self.fail_on)]
            lines += _not_judged(each for each in self._not_judged() if each.run == run)
            if lines:
                yield f"    <system-out>{escape(_xml(chr(10).join(lines)))}</system-out>"
            yield "  </testcase>"
        for name, reason in errors.items():
            yield self._testcase(name)
            yield f'    <error type="unreadable">{escape(_xml(reason))}</error>'
            yield "  </testcase>"
        yield "</testsuite>"

    def _testcase(self, name: str) -> str:
        place = quoteattr(_xml(self.judgement.logdir))
        return f"  <testcase classname={place} name={quoteattr(_xml(name))}>"

    def _unreadable(self) -> dict[str, str]:
        """Runs and paths that could not be read, with the reason."""
        reasons = dict.fromkeys(self.judgement.unreadable, "no event could be read")
        runs = set(self.judgement.unreadable)
        for one in self.diagnostics.experiments:
            for path, problem in one.unreadable.items():
                reasons[path] = problem.message
            for run in one.values():
                if run.name in runs:
                    reasons[run.name] = "; ".join(
                        f"{file}: {problem.message}"
                        for file, problem in run.data.diagnostics.problems
                    )
        return reasons

    def _not_judged(self) -> tuple[NotJudged, ...]:
        return self.judgement.findings.not_judged

    def _by_run(self) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for finding in self.judgement.findings:
            found.setdefault(finding.run, []).append(finding)
        return found

    def show(self, console: Console) -> None:
        """Prints the causes run by run, the worst first."""
        pairs = zip(self.judgement.findings, self.judgement.trends, strict=True)
        curves = {(finding.run, finding.tag, finding.kind): curve for finding, curve in pairs}
        by_run = {run: _gathered(Findings(tuple(found))) for run, found in self._by_run().items()}
        for run in sorted(by_run, key=lambda run: SEVERITIES.index(by_run[run][0][0].severity)):
            console.print(Text(printable(run), style="bold"), soft_wrap=True)
            for cause in by_run[run]:
                first = cause[0]
                _show_cause(console, cause, curves[first.run, first.tag, first.kind])

    def totals(self) -> Text:
        """One line: what was read and found; a second one: what was not judged."""
        judgement = self.judgement
        if not judgement.runs:
            return Text()
        counts = Counter(each.severity for each in judgement.findings)
        partly = sum(each.tag is not None for each in self._not_judged())
        files = sum(
            count_read(run.event_files, run.problems)
            for one in self.diagnostics.experiments
            for run in (each.data.diagnostics for each in one.values())
            if not run.is_unreadable
        )
        read = (
            f"{plural(len(judgement.runs), 'run')}, {plural(files, 'event file')}, "
            f"{plural(judgement.points, 'scalar')} read"
        )
        judged = f"{plural(max(judgement.series - partly, 0), 'series')} judged"
        text = f"{printable(judgement.logdir)}: {read}; {judged}, {self._found(counts)}"
        style = "bold red" if counts["error"] else "yellow" if counts["warning"] else "green"
        not_judged = "; ".join(_not_judged(self._not_judged()))
        return Text.assemble((text, style), "\n" * bool(not_judged), not_judged)

    def _found(self, counts: Mapping[Severity, int]) -> str:
        """``3 runs with 5 errors, 3 warnings, 1 info``, or ``no findings``."""
        if not counts:
            return "no findings"
        runs = {each.run for each in self.judgement.findings}
        found = [plural(counts[name], name) for name in SEVERITIES if counts[name]]
        return f"{plural(len(runs), 'run')} with {', '.join(found)}"


def _not_judged(every: Iterable[NotJudged]) -> list[str]:
    """What was not judged, or not for every kind of finding, counted by reason."""
    series: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for each in every:
        (runs if each.tag is None else series)[each.reason] += 1
    lines = []
    if series:
        reasons = [
            f"{plural(count, 'series') if not number else format_count(count)} "
            f"{_SERIES_REASONS.get(reason, f'with {reason}')}"
            for number, (reason, count) in enumerate(series.most_common())
        ]
        lines.append(f"judged for NaN, infinities and stalls only: {', '.join(reasons)}")
    if runs:
        reasons = [
            f"{plural(count, 'run')} {_RUN_REASONS.get(reason, f'with {reason}')}"
            for reason, count in runs.most_common()
        ]
        lines.append(f"not judged: {', '.join(reasons)}")
    return lines


def _gathered(findings: Findings) -> list[list[Finding]]:
    """The causes of a run, the worst first; infos of one kind are one, for they are no alarm."""
    causes: dict[object, list[Finding]] = {}
    for number, cause in enumerate(findings.causes()):
        key = cause[0].kind if cause[0].severity == "info" else number
        causes.setdefault(key, []).extend(cause)
    return sorted(causes.values(), key=lambda cause: SEVERITIES.index(cause[0].severity))


def _line(finding: Finding) -> str:
    return f"{finding.severity}: {finding.kind} in {finding.tag}: {finding.message}"


def _xml(text: str) -> str:
    """Characters that XML 1.0 cannot hold, not even escaped, are made visible."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _show_cause(console: Console, cause: Sequence[Finding], curve: FindingTrend) -> None:
    """One line; on a terminal that is too narrow for it the message stands below."""
    finding = cause[0]
    ascii_only = console.options.ascii_only
    marked = _marked(curve, ascii_only=ascii_only)
    line = Text("  ")
    line.append(f"{finding.severity:<7} ", style=_STYLES[finding.severity])
    line.append(f"{finding.kind:<11} ", style=_STYLES[finding.severity])
    tags = len({each.tag for each in cause})
    more = f" and {plural(tags - 1, 'tag')}" if tags > 1 else ""
    room = console.width - line.cell_len - len(more) - 2 - marked.cell_len
    name = shown_name(finding.tag)
    line.append(cut_middle(name, max(room, _LEAST_NAME), "~" if ascii_only else "…"), style="bold")
    line.append(more).append("  ").append_text(marked)
    message = Text(printable(finding.message))
    if line.cell_len + 2 + message.cell_len <= console.width:
        print_line(console, line.append("  ").append_text(message))
        return
    line.rstrip()
    print_line(console, line)
    console.print(Padding(message, (0, 0, 0, _INDENT)))


def _marked(curve: FindingTrend, *, ascii_only: bool) -> Text:
    """The curve, with a mark in front of the stretch in which the finding began."""
    line = sparkline(curve.values, ascii_only=ascii_only)
    mark = "|" if ascii_only else "▏"
    text = Text(line[: curve.onset])
    text.append(mark, style="red")
    return text.append(line[curve.onset :], style="red")
