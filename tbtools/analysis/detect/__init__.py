"""The detectors: what went wrong with time series, how, and since when.

`detect_series` judges series and knows nothing of files; `tbtools.analysis.judgement` judges runs.
``docs/detection_methods.md`` has the methods and their sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.analysis.detect.findings import Finding, Findings, NotJudged, is_judged, worst

if TYPE_CHECKING:
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


def __getattr__(name: str) -> Any:
    """What judges, imported when it is asked for: what only tells of findings has no use for it."""
    if name not in ("LEAST_POINTS", "detect_series"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tbtools.analysis.detect import judge

    return getattr(judge, name)
