"""A series of few points is judged with one of many: both of a run were lost at the same place."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tbtools.analysis.detect.causes import is_near
from tbtools.analysis.detect.detectors.divergence_finding import is_young, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.run_axis import RunAxis


def with_company(found: list[Finding], axes: Mapping[str, RunAxis]) -> list[Finding]:
    """Settles young divergences that began where another of the run did that is settled.

    Evaluations are few; what five of them cannot tell, the hundred points of training between them
    do.

    Args:
        found: The findings.
        axes: The axis of each run.
    """
    sure: dict[str, list[Finding]] = defaultdict(list)
    for one in found:
        if one.kind == "divergence" and not one.provisional:
            sure[one.run].append(one)
    return [
        settled(one)
        if is_young(one)
        and any(is_near(one, other, axes[one.run]) for other in sure.get(one.run, ()))
        else one
        for one in found
    ]
