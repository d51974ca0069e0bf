"""What `tbtools detect` shows."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tbtools.analysis.detect.findings import KEYS, Findings
from tbtools.render.format import format_count, plural, printable
from tbtools.render.not_judged import as_configured, not_judged_lines
from tbtools.render.shared import failure_lines, group_key, shared_findings
from tbtools.render.terminal.cutting import cut_middle
from tbtools.render.terminal.lines import SEVERITY_STYLES, print_line, shown_name
from tbtools.render.terminal.sparkline import sparkline
from tbtools.render.terminal.table import Column
from tbtools.render.text_tables import latex_table, markdown_table
from tbtools.runs.diagnostics import count_read
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.failures import Failures
    from tbtools.analysis.judgement import Judgement
    from tbtools.analysis.judging import FindingTrend
    from tbtools.render.shared import SharedFinding
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.vocabulary import Severity

# Cells of a tag's name that are shown however narrow the terminal is.
_LEAST_NAME = 12
# Where a message begins that does not fit behind its curve.
_INDENT = 10
# The closing line, by the worst that is in it.
_STYLES = {"error": "bold red", "warning": "yellow"}


class JudgementView:
    """Findings as lines, JSON, CSV, Markdown, LaTeX, JUnit XML and SARIF.

    Args:
        judgement: What was found.
        diagnostics: Of the runs.
        fail_on: The kinds that make a run fail, for JUnit.
        failures: What the runs that failed share.
        kinds: The kinds of findings that are shown; all where there are none.
        severities: Their severities, likewise.
        limit: How many lines of findings are shown to a person; 0 for all.
    """

    def __init__(
        self,
        judgement: Judgement,
        diagnostics: Diagnostics,
        *,
        fail_on: Sequence[str] = (),
        failures: Failures | None = None,
        kinds: Sequence[str] = (),
        severities: Sequence[str] = (),
        limit: int = 0,
    ) -> None:
        self.judgement = judgement.only(kinds, severities)
        self.diagnostics = diagnostics
        self.fail_on = tuple(fail_on)
        self.failures = failures
        self._hidden = len(judgement.findings) - len(self.judgement.findings)
        self._limit = limit

    def to_json(self) -> dict[str, Any]:
        """The JSON of `tbtools detect`."""
        shared = self.failures.to_dict() if self.failures else None
        return {
            **self.judgement.to_dict(),
            "failures": shared,
            "superseded": self.diagnostics.superseded,
        }

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a finding, without the evidence."""
        names = [key for key in KEYS if key != "evidence"]
        yield names
        for finding in self.judgement.findings:
            row = finding.to_dict()
            yield [row[name] for name in names]

    def to_markdown(self) -> Iterator[str]:
        """A table with one row a finding."""
        return markdown_table(self._columns())

    def to_latex(self) -> Iterator[str]:
        """The same as a tabular."""
        return latex_table(self._columns())

    def _columns(self) -> list[Column]:
        findings = self.judgement.findings
        return [
            Column("severity", [each.severity for each in findings]),
            Column("kind", [each.kind for each in findings]),
            Column("run", [shown_name(each.run) for each in findings]),
            Column("tag", [shown_name(each.tag) for each in findings]),
            Column("since step", [format_count(each.onset_step) for each in findings], True),
            Column("what", [printable(each.message) for each in findings]),
        ]

    def to_junit(self) -> Iterator[str]:
        """See `junit_lines`."""
        from tbtools.render.junit import junit_lines  # its escapes bring all of urllib

        return junit_lines(self.judgement, self._unreadable(), self.fail_on)

    def to_sarif(self) -> Iterator[str]:
        """See `sarif_lines`."""
        from tbtools.render.sarif import sarif_lines

        runs = {name: run for one in self.diagnostics.experiments for name, run in one.items()}
        return sarif_lines(self.judgement, runs, self._unreadable())

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

    def show(self, console: Console) -> None:
        """Prints what many runs have in common, then the causes run by run, the worst first."""
        lines: list[Callable[[], None]] = []
        shared = shared_findings(self.judgement.groups)
        lines += [partial(_show_shared, console, each) for each in shared]
        told = {key for each in shared for key in each.keys}
        runs = self._causes(told)
        for run, causes in runs.items():
            for number, cause in enumerate(causes):
                title = run if number == 0 else None
                lines.append(partial(self._show_in_run, console, title, cause))
        shown = lines[: self._limit or None]
        for number, line in enumerate(shown):
            if number == len(shared):
                self._show_failures(console)
            line()
        if len(shown) <= len(shared):
            self._show_failures(console)
        if left_out := len(lines) - len(shown):
            print_line(console, f"{plural(left_out, 'more line')} of findings: --limit 0 shows all")

    def _causes(self, told: Collection[tuple[str, str, str]]) -> dict[str, list[list[Finding]]]:
        """The causes of each run that are not told yet, the worst run first."""
        by_run: dict[str, list[Finding]] = {}
        for finding in self.judgement.findings:
            if group_key(finding) not in told:
                by_run.setdefault(finding.run, []).append(finding)
        causes = {run: _gathered(Findings(tuple(found))) for run, found in by_run.items()}
        ordered = sorted(causes, key=lambda run: SEVERITIES.index(causes[run][0][0].severity))
        return {run: causes[run] for run in ordered}

    def _show_in_run(self, console: Console, title: str | None, cause: Sequence[Finding]) -> None:
        if title is not None:
            console.print(Text(printable(title), style="bold"), soft_wrap=True)
        _show_cause(console, cause, self._trends[cause[0].run, *group_key(cause[0])])

    @cached_property
    def _trends(self) -> dict[tuple[str, str, str, str], FindingTrend]:
        pairs = zip(self.judgement.findings, self.judgement.trends, strict=True)
        return {(finding.run, *group_key(finding)): trend for finding, trend in pairs}

    def _show_failures(self, console: Console) -> None:
        for line in failure_lines(self.failures):
            print_line(console, line, indent=2)

    def totals(self) -> Text:
        """One line: what was read and found; a second one: what was not judged."""
        judgement = self.judgement
        if not judgement.runs:
            return Text()
        not_judged = judgement.findings.not_judged
        partly = sum(each.tag is not None for each in not_judged)
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
        text = f"{printable(judgement.logdir)}: {read}; {judged}, {self._found()}"
        if self._hidden:
            text += f" (and {plural(self._hidden, 'finding')} not asked for)"
        followed = judgement.configuration
        if words := as_configured(followed.path, followed.kinds_off):
            text += f"; {words}"
        severities = {each.severity for each in judgement.findings}
        style = next((_STYLES[name] for name in SEVERITIES[:2] if name in severities), "green")
        more = "; ".join(not_judged_lines(not_judged))
        return Text.assemble((text, style), "\n" * bool(more), more)

    def _found(self) -> str:
        """``3 runs with 5 errors (4 divergence, 1 nonfinite), 1 info (spike)``."""
        kinds: dict[str, Counter[str]] = {name: Counter() for name in SEVERITIES}
        for each in self.judgement.findings:
            kinds[each.severity][each.kind] += 1
        runs = {each.run for each in self.judgement.findings}
        if not runs:
            return "no findings"
        found = [f"{plural(kind.total(), name)} ({_kinds(kind)})" for name, kind in kinds.items()
                 if kind]  # fmt: skip
        return f"{plural(len(runs), 'run')} with {', '.join(found)}"


def _kinds(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{format_count(count)} {kind}" for kind, count in counts.most_common())


def _gathered(findings: Findings) -> list[list[Finding]]:
    """The causes of a run, the worst first; infos of one kind are one, for they are no alarm."""
    causes: dict[object, list[Finding]] = {}
    for number, cause in enumerate(findings.causes()):
        key = number if cause[0].is_serious else cause[0].kind
        causes.setdefault(key, []).extend(cause)
    return sorted(causes.values(), key=lambda cause: SEVERITIES.index(cause[0].severity))


def _show_shared(console: Console, shared: SharedFinding) -> None:
    """One line for what several runs have in common."""
    line = _labelled(shared.severity, shared.kind)
    line.append(shown_name(shared.tag), style="bold").append(shared.more)
    _print_message(console, line, Text(shared.words))


def _labelled(severity: Severity, kind: str) -> Text:
    style = SEVERITY_STYLES[severity]
    return Text("  ").append(f"{severity:<7} ", style=style).append(f"{kind:<13} ", style=style)


def _show_cause(console: Console, cause: Sequence[Finding], curve: FindingTrend) -> None:
    """One line; on a terminal that is too narrow for it the message stands below.

    On one that has no room for the tag's name beside the curve, there is no curve.
    """
    finding = cause[0]
    ascii_only = console.options.ascii_only
    marked = _marked(curve, ascii_only=ascii_only)
    line = _labelled(finding.severity, finding.kind)
    tags = len({each.tag for each in cause})
    more = f" and {plural(tags - 1, 'tag')}" if tags > 1 else ""
    room = console.width - line.cell_len - len(more) - 2 - marked.cell_len
    name = shown_name(finding.tag)
    if room < min(len(name), _LEAST_NAME):
        room += marked.cell_len + 2
        marked = Text()
    line.append(cut_middle(name, max(room, _LEAST_NAME), "~" if ascii_only else "…"), style="bold")
    line.append(more).append("  ").append_text(marked)
    _print_message(console, line, Text(printable(finding.message)))


def _print_message(console: Console, line: Text, message: Text) -> None:
    """A message behind its line; on a terminal that is too narrow for both, below it."""
    if not console.is_terminal or line.cell_len + 2 + message.cell_len <= console.width:
        print_line(console, line.append("  ").append_text(message))
        return
    line.rstrip()
    print_line(console, line)
    print_line(console, message, indent=_INDENT)


def _marked(curve: FindingTrend, *, ascii_only: bool) -> Text:
    """The curve, with a mark in front of the stretch in which the finding began."""
    line = sparkline(curve.values, ascii_only=ascii_only)
    mark = "|" if ascii_only else "▏"
    text = Text(line[: curve.onset])
    text.append(mark, style="red")
    return text.append(line[curve.onset :], style="red")
