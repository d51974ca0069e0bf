"""The detectors: what went wrong with time series, how, and since when.

`detect_series` judges series and knows nothing of files; `tbtools.analysis.judgement` judges runs.
``docs/detection.md`` has the methods and their sources.
"""

from __future__ import annotations

from tbtools.analysis.detect.findings import Finding, Findings, NotJudged, is_judged, worst
from tbtools.analysis.detect.judge import LEAST_POINTS, detect_series

__all__ = [
    "LEAST_POINTS",
    "Finding",
    "Findings",
    "NotJudged",
    "detect_series",
    "is_judged",
    "worst",
]
