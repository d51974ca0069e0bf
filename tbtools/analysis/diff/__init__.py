"""Says how runs differ: point by point, at the end, and whether it is more than noise."""

from __future__ import annotations

from tbtools.analysis.diff.against import diff_against
from tbtools.analysis.diff.compare import diff
from tbtools.analysis.diff.evidence import Evidence
from tbtools.analysis.diff.limits import Violation, parse_limits, violations
from tbtools.analysis.diff.regressions import BandCurve, Regression, TagRegression
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
    "BandCurve",
    "CurveSide",
    "Diff",
    "Evidence",
    "HParamDiff",
    "PointDifference",
    "Regression",
    "RunDiff",
    "TagDiff",
    "TagRegression",
    "TextDiff",
    "Violation",
    "diff",
    "diff_against",
    "parse_limits",
    "violations",
]
