"""What is known about one run, as a page of text: Markdown that is read as it is, too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tbtools.render.format import (
    format_count,
    format_number,
    format_rounded,
    format_time,
    plural,
    printable,
)
from tbtools.render.not_judged import as_configured
from tbtools.render.shared import hparam_text, nearest_text
from tbtools.runs.numbers import stored_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.explanation import Curve, Explanation, HParam
    from tbtools.analysis.outlook import Outlook

    Escape = Callable[[str], str]

_LARGE = 1e6


def explanation_lines(one: Explanation, escape: Escape = printable) -> Iterator[str]:
    """The page, line by line.

    Args:
        one: What is known.
        escape: Makes a stranger's text harmless where the page will be read.
    """
    files = {each["file"]: number + 1 for number, each in enumerate(_by_file(one))}
    yield f"# {escape(one.run)}"
    yield ""
    yield from _facts(one, escape)
    yield from _titled(f"Findings: {_found(one)}", _findings(one, files, escape))
    yield from _titled("Hyperparameters against the others", _hparams(one, escape))
    yield from _titled("If it goes on", (_outlook(each, escape) for each in one.outlook))
    yield from _titled("Curves", (_curve(each, files, escape) for each in one.curves))
    yield from _titled("Not checked", (_reason(each, escape) for each in one.not_checked))
    yield from _titled("Damage", (_problem(each, escape) for each in one.problems))
    notes = [f"- {each['kind']}: {escape(each['message'])}" for each in one.notes]
    yield from _titled("Notes", iter(notes))
    yield from _titled("Files", (_file(each, files, escape) for each in _by_file(one)))
    if one.left_out:
        yield from _titled("Left out to be short", (f"- {each}" for each in one.left_out))


def _found(one: Explanation) -> str:
    """How many there are; of none in how many series they were looked for."""
    if one.findings:
        return format_count(len(one.findings))
    if one.judged_series == 0:
        return "none, for no series was judged"
    return f"none, of {format_count(one.judged_series)} series judged"


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    """A section; nothing where there is nothing in it, but for the findings."""
    body = list(lines)
    if body or title.startswith("Findings"):
        yield from ("", f"## {title}", "", *body) if body else ("", f"## {title}")


def _by_file(one: Explanation) -> list[Mapping[str, Any]]:
    """A row a file, with what its sessions have together."""
    rows: dict[str, dict[str, Any]] = {}
    for each in one.sessions:
        row = rows.setdefault(each["file"], {**each, "sessions": 0, "points": 0, "superseded": 0})
        row["sessions"] += 1
        for name in ("points", "superseded"):
            row[name] += each[name]
        steps = [row["first_step"], row["last_step"], each["first_step"], each["last_step"]]
        known = [step for step in steps if step is not None]
        row["first_step"], row["last_step"] = min(known, default=None), max(known, default=None)
    return list(rows.values())


def _facts(one: Explanation, escape: Escape) -> Iterator[str]:
    yield f"- folder: {escape(one.path)}"
    yield f"- status: {one.status}"
    if one.start_time is not None:
        yield f"- from {format_time(one.start_time)} to {format_time(one.end_time)}"
    if one.superseded:
        yield f"- {plural(one.superseded, 'point')} superseded by restarts"
    yield f"- compared with {plural(one.siblings, 'other run')} in {escape(one.logdir)}"
    if words := as_configured(one.configuration, one.kinds_off):
        yield f"- judged {escape(words)}"


def _findings(one: Explanation, files: Mapping[str, int], escape: Escape) -> Iterator[str]:
    for finding, places in zip(one.findings, one.places, strict=True):
        yield f"- {finding.severity}, {finding.kind} in {escape(finding.tag)}: " + escape(
            finding.message
        )
        yield f"  - {_steps(finding, places, files)}"
        if finding.evidence:
            evidence = (f"{name} {_evidence(value)}" for name, value in finding.evidence.items())
            yield f"  - evidence: {escape(', '.join(evidence))}"


def _steps(finding: Finding, places: Mapping[str, str], files: Mapping[str, int]) -> str:
    steps = {
        "onset": finding.onset_step,
        "end": finding.end_step,
        "best": finding.best_step,
        "last_good": finding.last_good_step,
    }
    told = []
    for name, step in steps.items():
        if step is not None:
            file = files.get(places.get(name, ""))  # not known where there was no room for it
            place = f" [{file}]" if file else ""
            told.append(f"{name.replace('_', ' ')} at step {format_count(step)}{place}")
    return "; ".join(told)


def _evidence(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_evidence(each)}" for name, each in value.items()) + ")"
    if isinstance(value, list | tuple):
        return ", ".join(map(_evidence, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return "none" if value is None else str(value)
    # A wall time is not rounded to hours.
    return format_number(value) if abs(value) >= _LARGE else format_rounded(value, 6)


def _hparams(one: Explanation, escape: Escape) -> Iterator[str]:
    for each in one.hparams:
        yield f"- {escape(each.name)}: {escape(hparam_text(each.value))}{escape(_against(each))}"
    if one.nearest is not None:
        yield f"- {escape(nearest_text(one.nearest))}"


def _against(one: HParam) -> str:
    if not one.others:
        return ""
    same = f"; {format_count(one.same)} of {plural(one.others, 'other run')} with the same"
    if one.same == one.others:
        return same
    if one.least is None:
        return f"{same}, most have {hparam_text(one.most_common)}"
    if one.least == one.greatest:
        return f"{same}, theirs is {format_number(one.least)}"
    ends = f"{format_number(one.least)} to {format_number(one.greatest)}"
    return f"{same}, theirs from {ends}, median {format_number(one.median)}"


def _curve(one: Curve, files: Mapping[str, int], escape: Escape) -> str:
    shown = []
    at = None
    for each in one.points:
        text = f"{format_count(each.step)}: {_number(each.value, one.dtype)}"
        text += f" ({each.reason})" if each.reason else ""
        file = files[one.files[each.session]]
        text += f" [{file}]" if file != at else ""
        at = file
        shown.append(text)
    bad = f", {format_count(one.nonfinite)} of them not finite" if one.nonfinite else ""
    head = f"- {escape(one.tag)}: {format_count(len(shown))} of {plural(one.of, 'point')}{bad}"
    return f"{head}: {', '.join(shown)}"


def _outlook(one: Outlook, escape: Escape) -> str:
    found = one.forecast
    ends = f"{format_rounded(found.low, 4)} to {format_rounded(found.high, 4)}, 95 %"
    text = f"- {escape(one.tag)} at step {format_count(found.step)}: "
    text += f"{format_rounded(found.value, 4)} ({ends})"
    if one.best_value is None:
        return text
    will = {True: "better than", False: "will not reach", None: "beside"}[one.reaches_best]
    best = format_rounded(one.best_value, 4)
    return f"{text}; {will} {best}, the best of its siblings, {escape(str(one.best_sibling))}"


def _number(value: float, dtype: str) -> str:
    if not math.isfinite(value):
        return str(value)
    return str(stored_number(value, dtype))


def _reason(each: Mapping[str, Any], escape: Escape) -> str:
    tag = "" if each["tag"] is None else f"{escape(each['tag'])}: "
    return f"- {tag}{escape(each['reason'])}"


def _problem(each: Mapping[str, Any], escape: Escape) -> str:
    place = f"{escape(each['file'])}, byte {format_count(each['offset'])}"
    return f"- {place}: {each['kind']}: {escape(each['message'])}"


def _file(each: Mapping[str, Any], files: Mapping[str, int], escape: Escape) -> str:
    steps = ""
    if each["first_step"] is not None:
        steps = f", steps {format_count(each['first_step'])} to {format_count(each['last_step'])}"
    lost = f", {format_count(each['superseded'])} superseded" if each["superseded"] else ""
    sessions = f", {plural(each['sessions'], 'session')}" if each["sessions"] > 1 else ""
    points = plural(each["points"], "point")
    return f"- [{files[each['file']]}] {escape(each['file'])}: {points}{steps}{lost}{sessions}"
