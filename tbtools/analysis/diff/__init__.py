"""Says how runs differ: point by point, at the end, and whether it is more than noise."""

from __future__ import annotations

from tbtools.analysis.diff.compare import diff
from tbtools.analysis.diff.evidence import Evidence
from tbtools.analysis.diff.limits import Violation, parse_limits, violations
from tbtools.analysis.diff.results import (
    CurveSide,
    Diff,
    HParamDiff,
    PointDifference,
    RunDiff,
    TagDiff,
    TextDiff,
)

__all__ = [
    "CurveSide",
    "Diff",
    "Evidence",
    "HParamDiff",
    "PointDifference",
    "RunDiff",
    "TagDiff",
    "TextDiff",
    "Violation",
    "diff",
    "parse_limits",
    "violations",
]
