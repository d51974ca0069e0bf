"""Findings as JUnit XML, which CI servers show."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from tbtools.render.format import printable
from tbtools.render.not_judged import not_judged_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.judgement import Judgement


def junit_lines(
    judgement: Judgement, unreadable: Mapping[str, str], fail_on: Sequence[str]
) -> Iterator[str]:
    """A test case a run, failed by findings of the kinds to fail on; others are its output.

    A run or path that could not be read is an error, not a pass.

    Args:
        judgement: What was found.
        unreadable: Runs and paths that could not be read, with the reason.
        fail_on: The kinds that make a run fail.
    """
    by_run: dict[str, list[Finding]] = {run: [] for run in judgement.runs}
    for finding in judgement.findings:
        by_run[finding.run].append(finding)
    failed = sum(any(each.fails(fail_on) for each in found) for found in by_run.values())
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<testsuite name="tbtools detect" tests="{len(by_run) + len(unreadable)}" '
        f'failures="{failed}" errors="{len(unreadable)}">'
    )
    for run, found in by_run.items():
        yield _testcase(judgement, run)
        for finding in found:
            line = escape(xml_text(_line(finding)))
            if finding.fails(fail_on):
                yield f"    <failure type={quoteattr(finding.kind)}>{line}</failure>"
        lines = [_line(each) for each in found if not each.fails(fail_on)]
        lines += not_judged_lines(each for each in judgement.findings.not_judged if each.run == run)
        if lines:
            yield f"    <system-out>{escape(xml_text(chr(10).join(lines)))}</system-out>"
        yield "  </testcase>"
    for name, reason in unreadable.items():
        yield _testcase(judgement, name)
        yield f'    <error type="unreadable">{escape(xml_text(reason))}</error>'
        yield "  </testcase>"
    yield "</testsuite>"


def _testcase(judgement: Judgement, name: str) -> str:
    place = quoteattr(xml_text(judgement.logdir))
    return f"  <testcase classname={place} name={quoteattr(xml_text(name))}>"


def _line(finding: Finding) -> str:
    return f"{finding.severity}: {finding.kind} in {finding.tag}: {finding.message}"


def xml_text(text: str) -> str:
    """Characters that XML 1.0 cannot hold, not even escaped, are made visible."""
    text = text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    return "\n".join(printable(line) for line in text.split("\n"))
