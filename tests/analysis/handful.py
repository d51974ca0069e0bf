"""Short runs for the tests of what a handful of points shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import Finding, Findings, detect_series
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def of(**series: ArrayLike) -> Findings:
    """The findings of one run, by tag."""
    return detect_series(
        [
            ScalarSeries.from_arrays(
                "run", tag, np.arange(np.size(values)), np.array(values, float)
            )
            for tag, values in series.items()
        ]
    )


def alarms(findings: Findings) -> list[tuple[str, str, int]]:
    return [(one.tag, one.kind, one.onset_step) for one in findings if one.severity != "info"]


def the_only(findings: Findings) -> Finding:
    [one] = findings
    return one
