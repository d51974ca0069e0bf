"""Scalars as a Dask DataFrame: runs are read by whoever computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import MissingExtra
from tbtools.runs.engine import groups_of, sizes_of
from tbtools.runs.reading import read_each
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from tbtools.runs.run import Run


def dask_frame(runs: Mapping[str, Run], selection: Selection) -> Any:
    """A partition a group of runs.

    Args:
        runs: Name to run.
        selection: Which tags and steps.

    Raises:
        MissingExtra: Dask is not installed.
    """
    try:
        from dask import dataframe
    except ModuleNotFoundError as error:
        raise MissingExtra("a Dask DataFrame", "distributed") from error
    groups = list(groups_of(runs, sizes_of(runs)))
    from_map: Any = dataframe.from_map  # which has no types
    return from_map(_partition, groups, selection=selection, meta=_frame([]))


def _partition(runs: Mapping[str, Run], selection: Selection) -> pd.DataFrame:
    selector = Selector(selection)  # other groups may have the tags that this one lacks
    return _frame(
        [
            (name, tag, each.step, each.wall_time, each.value)
            for name, run in read_each(runs)
            for tag, each in read_scalars_of(run, selector, name=name).series.items()
        ]
    )


def _frame(series: list[tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    run, tag, step, wall_time, value = zip(*series, strict=True) if series else ((),) * 5
    counts = [each.size for each in step]
    return pd.DataFrame(
        {
            "run": pd.array(np.repeat(np.array(run, object), counts), dtype="string[pyarrow]"),
            "tag": pd.array(np.repeat(np.array(tag, object), counts), dtype="string[pyarrow]"),
            "step": np.concatenate([np.empty(0, np.int64), *step]),
            "wall_time": np.concatenate([np.empty(0), *wall_time]),
            "value": np.concatenate([np.empty(0), *value]),
        }
    )
