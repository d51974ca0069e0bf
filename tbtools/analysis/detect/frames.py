"""Judges what users have in hand: a pandas Series, a frame, a Run, an Experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.judge import detect_series
from tbtools.analysis.detect.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.analysis.detect.findings import Findings
    from tbtools.analysis.objective import Objective
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.run import Run


def detect(
    x: pd.Series | pd.DataFrame | Run | Experiment,
    *,
    objectives: Mapping[str, Objective] | None = None,
) -> Findings:
    """Says which time series went wrong, how, and since when.

    Args:
        x: One of

            - a Series of values with the steps as its index and the tag as its name,
            - a long frame with the columns ``step`` and ``value``, and where there are such also
              ``run``, ``tag`` and ``wall_time``,
            - a wide frame with the steps as its index and a column a tag, or a column a
              (run, tag) pair,
            - a Run or an Experiment.
        objectives: Which way is better, by glob over tags, as in ``{"score/*": "min"}``; the last
            that matches holds. Where none does, the words of the tag decide
            (`tbtools.analysis.objective.objective_of`). Series without an objective are judged for
            values that are not finite and for stalls only.

    Returns:
        The findings: run by run, the worst first, then the earliest.

    Raises:
        InvalidObjective: A direction is none of ``min``, ``max``, ``none``.
        TypeError: `x` is none of these.
    """
    return detect_series(list(_series(x)), objectives=objectives)


def _series(x: Any) -> Iterator[Series]:
    import pandas as pd

    from tbtools.analysis.detect.runs import series_of_parts
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.run import Run

    if isinstance(x, pd.Series):
        tag = "series" if x.name is None else str(x.name)
        yield _one(".", tag, x.index.to_numpy(), x.to_numpy(np.float64))
    elif isinstance(x, pd.DataFrame):
        yield from _of_frame(x)
    elif isinstance(x, Run):
        yield from series_of_parts(x.parts)
    elif isinstance(x, Experiment):
        yield from series_of_parts(x.parts())
    else:
        raise TypeError(f"cannot judge {type(x).__name__}: not a Series, frame, Run or Experiment")


def _of_frame(frame: pd.DataFrame) -> Iterator[Series]:
    if {"step", "value"} <= set(map(str, frame.columns)):
        yield from _long(frame, ".")
        return
    for name, column in frame.items():
        values = column.to_numpy(np.float64)
        run, tag = name if isinstance(name, tuple) else (".", name)
        logged = _logged(values)
        steps = frame.index.to_numpy()[logged]
        yield _one(str(run), str(tag), steps, values[logged])


def _logged(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of a wide frame's column were logged: NaN stands for both "NaN" and "nothing".

    A column that has numbers in most rows up to its last one is taken to have been logged in every
    row; the NaNs of a sparser one are rows at which only other columns were.
    """
    here = ~np.isnan(values)
    if not here.any():
        return np.ones(len(values), bool)
    last = int(np.flatnonzero(here)[-1])
    dense = bool(here[: last + 1].mean() > 0.5)
    return np.ones(len(values), bool) if dense else here


def _long(frame: pd.DataFrame, run: str) -> Iterator[Series]:
    names = [name for name in ("run", "tag") if name in frame.columns]
    if not names:
        yield _rows(frame, run, "value")
        return
    for key, part in frame.groupby(names, sort=False, observed=True):
        found = dict(zip(names, key, strict=True))
        yield _rows(part, str(found.get("run", run)), str(found.get("tag", "value")))


def _rows(frame: pd.DataFrame, run: str, tag: str) -> Series:
    wall_time = frame["wall_time"].to_numpy() if "wall_time" in frame.columns else None
    return _one(run, tag, frame["step"].to_numpy(), frame["value"].to_numpy(), wall_time)


def _one(run: str, tag: str, step: Any, value: Any, wall_time: Any = None) -> Series:
    steps = np.asarray(step).astype(np.int64)
    seconds = np.full(len(steps), np.nan) if wall_time is None else np.asarray(wall_time, float)
    return Series(run, tag, steps, seconds, np.asarray(value, np.float64))
