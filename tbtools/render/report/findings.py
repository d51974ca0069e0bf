"""What went wrong, for the page, and what was not judged."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tbtools.analysis.detect import is_judged, worst
from tbtools.render.finding_words import finding_words
from tbtools.render.format import format_count, plural
from tbtools.render.not_judged import not_judged_lines
from tbtools.render.report.overview import note_words
from tbtools.render.shared import failure_lines, shared_findings
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tbtools.analysis.detect import Finding, Findings
    from tbtools.analysis.failures import Failures
    from tbtools.analysis.judgement import Judgement
    from tbtools.render.report.outlines import Outline, Outlines, Place


# Findings of a group that are named beside the first.
_MOST_OTHERS = 6


def judgement_of(
    judged: Judgement, outlines: Outlines, runs: Sequence[str], failures: Failures
) -> dict[str, Any]:
    """Everything that the page says of what was judged.

    Args:
        judged: The judgement of the runs.
        outlines: Those of the series that are drawn.
        runs: The names of the runs, in their order on the page.
        failures: What the runs with errors share.

    Returns:
        ``findings``: groups of one run and kind, the worst first, those that are told with others
        marked; ``shared``: findings that many runs have, in words, with the numbers of the runs;
        ``failing``: what those with errors share, as `_failing` has it; ``count``: how many
        findings there are in all; ``not_judged``: sentences; ``judged``: what was, in words.
    """
    findings = judged.findings
    number = {name: index for index, name in enumerate(runs)}
    shared = shared_findings(judged.groups)
    together = {key for each in shared for key in each.keys}
    groups = _by_run_and_kind(findings, outlines)
    for group in groups:
        keys = {(each["severity"], each["kind"], each["tag"]) for each in group["findings"]}
        group["shared"] = keys <= together
    return {
        "findings": groups,
        "shared": [
            {
                "severity": each.severity,
                "kind": each.kind,
                "tag": each.tag,
                "text": f"{each.more}  {each.words}".strip(),
                "runs": [number[run] for run in each.groups[0].runs],
            }
            for each in shared
        ],
        "failing": _failing(failures, number),
        "count": format_count(len(findings)),
        "judged": f"{plural(judged.points, 'point')} in {format_count(judged.series)} series",
        "not_judged": not_judged_lines(findings.not_judged),
    }


def _failing(failures: Failures, number: Mapping[str, int]) -> dict[str, Any] | None:
    """What the runs with errors share; None where nothing can be told.

    Returns:
        ``lines``: as in the terminal; ``pair``: the numbers of the two runs that are most alike of
        which one has an error, None where one of them is not on the page by its own name.
    """
    lines = list(failure_lines(failures))
    if not lines:
        return None
    nearest = failures.nearest
    pair = [number.get(run) for run in (nearest.failed, nearest.healthy)] if nearest else [None]
    return {"lines": lines, "pair": None if None in pair else pair}


def _by_run_and_kind(findings: Findings, outlines: Outlines) -> list[dict[str, Any]]:
    """The events behind the findings, those of one kind in one run together: read about once."""
    causes = [list(cause) for cause in findings.causes()]
    causes.sort(key=lambda cause: SEVERITIES.index(worst(cause).severity))
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for cause in causes:
        main = worst(cause)
        group = groups.setdefault(
            (main.run, main.kind),
            {"severity": main.severity, "kind": main.kind, "findings": []},
        )
        group["findings"] += [_finding(each, outlines.place(each)) for each in cause]
    return [group | _others(group["findings"]) for group in groups.values()]


def _others(findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What stands behind the tags of the others of a group, and behind the last that is named."""
    first, *others = findings
    also = []
    for each in others[:_MOST_OTHERS]:
        kind = f"{each['kind']}, " if each["kind"] != first["kind"] else ""
        also.append(f" ({kind}{format_count(each['onset_step'])})")
    rest = len(others) - len(also)
    return {"also": also, "more": f" and {format_count(rest)} more" if rest else ""}


def _finding(finding: Finding, place: Place | None) -> dict[str, Any]:
    """The finding, and where in the drawn series it begins and ends."""
    encoded: dict[str, Any] = {
        "run": finding.run,
        "tag": finding.tag,
        "kind": finding.kind,
        "severity": finding.severity,
        "onset_step": finding.onset_step,
        "end_step": finding.end_step,
        "ongoing": finding.ongoing,
        "words": finding_words(finding),
        "message": finding.message,
    }
    if place is not None:
        encoded |= {"from": place.begin, "to": place.end}
        if not place.is_drawn:
            encoded["outside"] = True
    return encoded


def chart_notes(
    tags: Sequence[str],
    groups: Iterable[dict[str, Any]],
    series: Sequence[Outline],
    rows: Sequence[Mapping[str, Any]],
) -> list[list[dict[str, Any]]]:
    """What is said above the chart of each tag: findings, then notes and restarts, run by run.

    Args:
        tags: The tags, in order.
        groups: The findings, as `judgement_of` has them.
        series: The series that are drawn, run by run.
        rows: The runs, as `run_row` has them.

    Returns:
        Of each tag notes: number of the run, ``severity`` (None for none), ``text`` in a few words,
        and ``title`` in more.
    """
    number = {row["name"]: index for index, row in enumerate(rows)}
    found: dict[str, list[dict[str, Any]]] = {tag: [] for tag in tags}
    for each in (each for group in groups for each in group["findings"]):
        if each["tag"] in found:
            text = each["words"] + ", not shown" * ("outside" in each)
            found[each["tag"]].append(
                _note(number[each["run"]], text, each["message"], each["severity"])
            )
    for drawn in series:
        run = number[drawn.run]
        found[drawn.tag] += [
            _note(run, note_words(note["kind"]), note["message"])
            for note in rows[run]["notes"]
            if note["tag"] == drawn.tag
        ]
        if steps := [*map(format_count, drawn.resumed)]:
            more = f" +{len(steps) - 1}" if len(steps) > 1 else ""
            title = f"{drawn.run} resumed at {', '.join(steps)}"
            found[drawn.tag].append(_note(run, f"resumed at {steps[0]}{more}", title))
    return list(found.values())


def _note(run: int, text: str, title: str, severity: str | None = None) -> dict[str, Any]:
    return {"run": run, "text": text, "title": title, "severity": severity}


def run_statuses(
    findings: Findings, scalars: Mapping[str, Collection[str]]
) -> dict[str, dict[str, Any]]:
    """What the run table and the list of runs say of each run: the worst that was found in it.

    Args:
        findings: Those of all runs.
        scalars: The tags of each run's scalars.

    Returns:
        By run: ``severity`` (None where there is nothing worse than an info), ``rank`` to sort by,
        ``text``, and ``message`` for who points at it.
    """
    serious: dict[str, list[Finding]] = defaultdict(list)
    infos: dict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        (serious if each.is_serious else infos)[each.run].append(each)
    reasons: dict[str, dict[str | None, str]] = defaultdict(dict)
    for omitted in findings.not_judged:
        reasons[omitted.run][omitted.tag] = omitted.reason
    return {
        run: _trouble(serious[run]) if serious[run] else _no_trouble(infos[run], reasons[run], tags)
        for run, tags in scalars.items()
    }


def _trouble(found: Sequence[Finding]) -> dict[str, Any]:
    main = worst(found)
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    return {
        "severity": main.severity,
        "rank": SEVERITIES.index(main.severity),
        "text": finding_words(main) + more,
        "message": main.message,
    }


def _no_trouble(
    infos: Sequence[Finding], reasons: Mapping[str | None, str], tags: Collection[str]
) -> dict[str, Any]:
    if infos:
        message = "\n".join(each.message for each in infos)
        rank = SEVERITIES.index("info")
        return {
            "severity": None,
            "rank": rank,
            "text": plural(len(infos), "info"),
            "message": message,
        }
    if not is_judged(reasons, tags):
        message = "; ".join(dict.fromkeys(reasons.values())) or "no scalars"
        rank = len(SEVERITIES) + 1
        return {"severity": None, "rank": rank, "text": "not judged", "message": message}
    rank = len(SEVERITIES)
    return {"severity": None, "rank": rank, "text": "no findings", "message": None}
