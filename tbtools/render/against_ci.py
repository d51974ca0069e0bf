"""Runs judged by accepted ones as JUnit XML and SARIF, for CI servers and code hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from tbtools.render.format import format_count, format_rounded
from tbtools.render.junit import xml_text
from tbtools.render.sarif import file_location, log_lines, sarif_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tbtools.analysis.diff import Regression, TagRegression
    from tbtools.runs.run import Run

_RULES = {
    "worse": "Worse than accepted runs are",
    "abnormal": "Unlike accepted runs",
    "short": "Ends before accepted runs do",
    "missing": "Has not what accepted runs have",
    "better": "Better than accepted runs are",
}


def explanation(tag: TagRegression) -> str:
    """In a sentence, what was found of a tag; strangers' texts are not in it."""
    if tag.since_step is None:
        return f"{tag.verdict}: {tag.reason}" if tag.reason else tag.verdict
    where = (
        "level at the end" if tag.z_step is None else f"value at step {format_count(tag.z_step)}"
    )
    found = (
        f"{tag.verdict} since step {format_count(tag.since_step)}: {where} "
        f"{format_rounded(tag.value)}, of {tag.runs} accepted runs {format_rounded(tag.low)} to "
        f"{format_rounded(tag.high)}; z {format_rounded(tag.z, 3)}, allowed "
        f"{format_rounded(tag.limit, 3)}"
    )
    return f"{found}; {tag.reason}" if tag.reason else found


def regression_junit(regression: Regression) -> Iterator[str]:
    """A test case a tag of each run; what was not judged is skipped.

    Args:
        regression: What was found.
    """
    tags = regression.tags
    skipped = sum(tag.verdict == "not judged" for tag in tags)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<testsuite name="tbtools diff" tests="{len(tags)}" '
        f'failures="{len(regression.failures)}" errors="0" skipped="{skipped}">'
    )
    for tag in tags:
        run = regression.logdir if tag.run == "." else f"{regression.logdir}/{tag.run}"
        place, name = quoteattr(xml_text(run)), quoteattr(xml_text(tag.tag))
        yield f"  <testcase classname={place} name={name}>"
        text = escape(xml_text(explanation(tag)))
        if tag.fails:
            yield f"    <failure type={quoteattr(tag.verdict)}>{text}</failure>"
        elif tag.verdict == "not judged":
            yield f"    <skipped message={quoteattr(xml_text(tag.reason))}/>"
        elif tag.verdict == "better":
            yield f"    <system-out>{text}</system-out>"
        yield "  </testcase>"
    yield "</testsuite>"


def regression_sarif(regression: Regression, runs: Mapping[str, Run]) -> Iterator[str]:
    """A result for each tag that fails, as an error, or is better, as a note.

    Args:
        regression: What was found.
        runs: The runs that were judged, by name.
    """
    told = [tag for tag in regression.tags if tag.verdict in _RULES]
    rules = [rule for rule in _RULES if any(tag.verdict == rule for tag in told)]
    results = [_result(tag, runs[tag.run], rules) for tag in told]
    return log_lines({rule: _RULES[rule] for rule in rules}, results, {})


def _result(tag: TagRegression, run: Run, rules: list[str]) -> dict[str, Any]:
    full = f"{tag.run}/{tag.tag}"
    return {
        "ruleId": tag.verdict,
        "ruleIndex": rules.index(tag.verdict),
        "level": "error" if tag.fails else "note",
        "message": sarif_message(f"{tag.run}, {tag.tag}: {explanation(tag)}"),
        "locations": [file_location(run.event_files[-1], tag.tag, full)],
        "partialFingerprints": {"series/v1": f"{full}/{tag.verdict}"},
        "properties": tag.to_dict(),
    }
