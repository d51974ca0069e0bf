"""What a finding is worth beside others of its run that began at the same place."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tbtools.analysis.detect.causes import NEAR_SLOW, is_near
from tbtools.analysis.detect.detectors.divergence_finding import is_young, settled
from tbtools.analysis.detect.detectors.plateau_finding import unexplained
from tbtools.analysis.detect.detectors.vanishing import is_next_to_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.run_axis import RunAxis


def with_company(found: list[Finding], axes: Mapping[str, RunAxis]) -> list[Finding]:
    """Settles young divergences, and plateaus that the end of a rate or a run seemed to explain.

    Evaluations are few; what five of them cannot tell, the hundred points of training between them
    do: both were lost at the same place. And where next to nothing flows back since about there, no
    schedule is why a series stands still.

    Args:
        found: The findings.
        axes: The axis of each run.
    """
    sure: dict[str, list[Finding]] = defaultdict(list)
    vanished: dict[str, list[Finding]] = defaultdict(list)
    for one in found:
        if one.kind == "divergence" and not one.provisional:
            sure[one.run].append(one)
        elif is_next_to_nothing(one):
            vanished[one.run].append(one)
    out = []
    for one in found:
        axis = axes[one.run]
        if is_young(one) and any(is_near(one, other, axis) for other in sure[one.run]):
            out.append(settled(one))
        elif "explained_by" in one.evidence:
            out.append(_with_gradients(one, vanished[one.run], axis))
        else:
            out.append(one)
    return out


def _with_gradients(plateau: Finding, vanished: list[Finding], axis: RunAxis) -> Finding:
    """A plateau, as a warning where gradients vanished before it or about there."""
    latest = axis.onset(plateau) + NEAR_SLOW * axis.length
    for one in vanished:
        if axis.onset(one) <= latest:
            reason = f"next to nothing flows back since {axis.place(one)} ({one.tag})"
            return unexplained(plateau, reason)
    return plateau
