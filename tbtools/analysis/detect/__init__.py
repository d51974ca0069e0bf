"""Says which runs went wrong, how, and since when.

`detect_series` judges arrays and knows nothing of files; `detect` takes what users have: a pandas
Series, a frame, a Run, an Experiment. ``docs/detection.md`` tells the methods and their sources.
"""

from __future__ import annotations

from tbtools.analysis.detect.findings import Finding, Findings
from tbtools.analysis.detect.frames import detect
from tbtools.analysis.detect.judge import detect_series
from tbtools.analysis.detect.series import Series

__all__ = ["Finding", "Findings", "Series", "detect", "detect_series"]
