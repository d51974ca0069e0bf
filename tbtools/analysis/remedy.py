"""What a finding has cost so far, and where to go on from: the second sentence of its message."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.checkpoints import find_checkpoints, newest_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tbtools.analysis.checkpoints import Checkpoint
    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries

# Less is not worth a sentence.
_LEAST_SECONDS = 60.0
# Kinds after which one goes on from before: a plateau or a slow step has done no harm, a stall is a
# pause.
_HARMLESS = frozenset({"plateau", "stall", "throughput"})


def with_remedies(
    findings: Iterable[Finding],
    series: Iterable[ScalarSeries],
    folders: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Adds to each finding that is serious and goes on what it costs, and what may help.

    The evidence gets ``cost``: ``seconds`` that the series has gone on since the onset, without the
    pauses between sessions, and their ``share`` of all of its time; and ``checkpoint``: ``path``
    and ``step`` of the newest one that is not later than the last good step, or ``error``, where
    the run's folder cannot be listed. Nothing is added that is not known: for wall times that are
    missing or go back there is no cost, for steps that go back no checkpoint.

    Args:
        findings: The findings.
        series: At least the series that they are about.
        folders: The folder of each run.
    """
    by_key = {(each.run, each.tag): each for each in series}

    @cache
    def checkpoints(folder: str) -> list[Checkpoint] | str:
        try:
            return find_checkpoints(folder)
        except OSError as error:
            return error.strerror or str(error)

    out = []
    for each in findings:
        if each.is_serious and each.ongoing:
            own = by_key[each.run, each.tag]
            added = _cost(each, own)
            known = each.last_good_step is not None and not own.steps_go_back
            if known and each.kind not in _HARMLESS:
                added |= _checkpoint(each, checkpoints(folders[each.run]))
            if added:
                message = each.message + _sentence(added, folders[each.run])
                each = replace(each, message=message, evidence={**each.evidence, **added})
        out.append(each)
    return tuple(out)


@np.errstate(over="ignore", invalid="ignore")
def _cost(finding: Finding, series: ScalarSeries) -> dict[str, Any]:
    gaps = np.diff(series.wall_time)
    if series.restarts.size:
        gaps[series.restarts[series.restarts > 0] - 1] = 0.0
    total = float(gaps.sum())
    if not 0 < total < np.inf or gaps.min() < 0:
        return {}
    onset = series.find(finding.onset_step, finding.onset_time)
    since = float(gaps[onset:].sum())
    return {"cost": {"seconds": since, "share": since / total}}


def _checkpoint(finding: Finding, found: list[Checkpoint] | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {"checkpoint": {"error": found}}
    newest = newest_before(found, finding.last_good_step or 0)
    return {"checkpoint": {"path": newest.path, "step": newest.step}} if newest else {}


def _sentence(added: Mapping[str, Any], folder: str) -> str:
    parts = []
    cost = added.get("cost")
    if cost and cost["seconds"] >= _LEAST_SECONDS:
        parts.append(f"{_time(cost['seconds'])} since then, {cost['share']:.0%} of its time")
    checkpoint = added.get("checkpoint", {})
    if "path" in checkpoint:
        name = os.path.relpath(checkpoint["path"], folder)
        parts.append(f"newest checkpoint before: {name}")
    return f". {'; '.join(parts)}" if parts else ""


def _time(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
