"""What a diff says, for the page, with the difference of each pair of curves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from tbtools.eventfile.source import base_name
from tbtools.render.format import format_change, format_count, format_rounded
from tbtools.render.report.hparams import setting_text
from tbtools.render.report.series import encoded_buckets
from tbtools.render.thinning import bucketed
from tbtools.runs.series import last_of_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.analysis.diff import Diff, RunDiff, TagDiff
    from tbtools.render.report.columns import Columns
    from tbtools.runs.run import Run
    from tbtools.runs.series import ScalarSeries

# Lines of a text's difference beyond which nobody reads on.
_MOST_LINES = 200
_VERDICT_STYLES = {"better": "good", "worse": "error"}


def differences(
    diff: Diff, series: Sequence[ScalarSeries], columns: Columns, points: int
) -> dict[str, Any]:
    """A diff as the page has it.

    Args:
        diff: Its runs are called as the series say.
        series: All series of the page.
        columns: Where the arrays go.
        points: How many points a difference may have, about.
    """
    curves = {(each.run, each.tag): each for each in series}
    return {
        "a": diff.a,
        "b": diff.b,
        "identical": diff.identical,
        "pairs": [_pair(run, curves, columns, points) for run in diff.runs],
    }


def shown_names(
    a: Mapping[str, Run], b: Mapping[str, Run]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the runs of two sides are called on one page: no two alike.

    A run that is a log directory itself is called by its directory; where both sides have a name,
    the side stands behind it.
    """
    own = [
        {name: base_name(run.path) if name == "." else name for name, run in side.items()}
        for side in (a, b)
    ]
    both = set(own[0].values()) & set(own[1].values())
    shown_a, shown_b = (
        {name: f"{shown} ({letter})" if shown in both else shown for name, shown in side.items()}
        for side, letter in zip(own, "ab", strict=True)
    )
    return shown_a, shown_b


def renamed(diff: Diff, a: Mapping[str, str], b: Mapping[str, str]) -> Diff:
    """The same diff with its runs under other names; groups keep theirs."""
    runs = tuple(
        replace(run, a=a.get(run.a or "", run.a), b=b.get(run.b or "", run.b)) for run in diff.runs
    )
    return replace(diff, runs=runs)


def _pair(
    run: RunDiff, curves: dict[tuple[str, str], ScalarSeries], columns: Columns, points: int
) -> dict[str, Any]:
    tags = []
    for tag in run.tags:
        encoded = _tag(tag)
        pair = [curves.get((name or "", tag.tag)) for name in (run.a, run.b)]
        if not tag.identical and pair[0] is not None and pair[1] is not None:
            encoded |= _difference(pair[0], pair[1], columns, points)
        tags.append(encoded)
    return {
        "a": run.a,
        "b": run.b,
        "identical": run.identical,
        "tags": tags,
        "hparams": [[each.name, f" {_shown(each.a)} → {_shown(each.b)}"] for each in run.hparams],
        "text": [
            {
                "title": f"{each.tag}, step {format_count(each.step)}",
                "lines": list(each.lines[:_MOST_LINES]),
            }
            for each in run.text
        ],
    }


def _tag(tag: TagDiff) -> dict[str, Any]:
    """The row of a tag.

    Returns:
        ``tag``, ``cells`` (texts, each with what stands small behind it), and ``verdict`` on b with
        its ``style`` and ``reason``, None without one.
    """
    points, evidence = tag.points, tag.evidence
    most = ["-", ""]
    if points and _is_finite(points.max_difference):
        at = "" if points.max_step is None else f"@{format_count(points.max_step)}"
        most = [format_rounded(points.max_difference), at]
    change, interval = "-", ""
    if evidence and _is_finite(evidence.change):
        change = format_change(evidence.change)
        if _is_finite(evidence.low) and _is_finite(evidence.high):
            interval = f"({format_change(evidence.low)} to {format_change(evidence.high)})"
    verdict = evidence.verdict if evidence else None
    return {
        "tag": tag.tag,
        "cells": [
            [_where(tag), ""],
            most,
            [format_rounded(tag.level_a), ""],
            [format_rounded(tag.level_b), ""],
            [change, interval],
        ],
        "verdict": verdict,
        "style": _VERDICT_STYLES.get(verdict or "", "fine"),
        "reason": evidence.reason if evidence else "",
    }


def _where(tag: TagDiff) -> str:
    """From which step on it differs, if it does."""
    if tag.only_in:
        return f"only in {tag.only_in}"
    if tag.identical:
        return "the same"
    first = tag.points.first_step if tag.points else None
    return "-" if first is None else format_count(first)


def _is_finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _shown(value: Any) -> str:
    return "missing" if value is None else setting_text(value)


def _difference(a: ScalarSeries, b: ScalarSeries, columns: Columns, points: int) -> dict[str, int]:
    """B minus a at the steps that both have; of several points of a step the last one counts."""
    last_a, last_b = last_of_each(a.step), last_of_each(b.step)
    steps, in_a, in_b = np.intersect1d(a.step[last_a], b.step[last_b], return_indices=True)
    if not steps.size:
        return {}
    with np.errstate(invalid="ignore", over="ignore"):
        difference = b.value[last_b][in_b] - a.value[last_a][in_a]
    return encoded_buckets(steps, difference, bucketed(difference, points), columns)
