"""What a diff says, for the page, with the difference of each pair of curves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.source import base_name
from tbtools.render.report.series import json_value
from tbtools.render.thinning import thin
from tbtools.runs.series import last_of_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.analysis.diff import Diff, RunDiff, TagDiff
    from tbtools.render.report.columns import Columns
    from tbtools.runs.run import Run
    from tbtools.runs.series import ScalarSeries

# Lines of a text's difference beyond which nobody reads on.
_MOST_LINES = 200


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
        "hparams": [[each.name, _shown(each.a), _shown(each.b)] for each in run.hparams],
        "text": [
            {"tag": each.tag, "step": each.step, "lines": list(each.lines[:_MOST_LINES])}
            for each in run.text
        ],
    }


def _tag(tag: TagDiff) -> dict[str, Any]:
    points, evidence = tag.points, tag.evidence
    return {
        "tag": tag.tag,
        "identical": tag.identical,
        "only_in": tag.only_in,
        "first_step": points.first_step if points else None,
        "greatest": _finite(points.max_difference) if points else None,
        "greatest_step": points.max_step if points else None,
        "level_a": None if tag.level_a is None else json_value(tag.level_a),
        "level_b": None if tag.level_b is None else json_value(tag.level_b),
        "change": _finite(evidence.change) if evidence else None,
        "low": _finite(evidence.low) if evidence else None,
        "high": _finite(evidence.high) if evidence else None,
        "verdict": evidence.verdict if evidence else None,
        "reason": evidence.reason if evidence else "",
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _shown(value: Any) -> str:
    return "missing" if value is None else str(value)


def _difference(a: ScalarSeries, b: ScalarSeries, columns: Columns, points: int) -> dict[str, int]:
    """B minus a at the steps that both have; of several points of a step the last one counts."""
    last_a, last_b = last_of_each(a.step), last_of_each(b.step)
    steps, in_a, in_b = np.intersect1d(a.step[last_a], b.step[last_b], return_indices=True)
    if not steps.size:
        return {}
    with np.errstate(invalid="ignore", over="ignore"):
        difference = b.value[last_b][in_b] - a.value[last_a][in_a]
    thinned = thin(difference, points)
    return {
        "step": columns.integers(steps[thinned.kept]),
        "value": columns.rough(difference[thinned.kept]),
        "gap": columns.counts(thinned.gap_count),
        "mean": columns.rough(thinned.gap_mean),
    }
