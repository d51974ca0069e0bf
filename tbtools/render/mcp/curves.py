"""Curves for an agent: each point with its file, and how many points there are in truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.render.mcp.bounded import compact
from tbtools.render.thinning import thin
from tbtools.runs.diagnostics import Provenance
from tbtools.runs.numbers import json_number
from tbtools.runs.scalars import stream_scalars
from tbtools.runs.tables import session_rows

if TYPE_CHECKING:
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.selection import Selection
    from tbtools.runs.series import ScalarSeries

LEAST_POINTS = 16
_THINNING = (
    "MinMaxLTTB over the index of the points; the first, the last, the least and the greatest "
    "value and the ends of stretches that are not finite are always among them"
)


def curves(
    experiment: Experiment, selection: Selection, points: int, characters: int
) -> dict[str, Any]:
    """The selected series, in so few points that they fit.

    Args:
        experiment: The runs.
        selection: Which tags and steps.
        points: About how many points of a series are given at most, at least `LEAST_POINTS`.
        characters: How many all of it may have; fewer points are given where it has more.

    Raises:
        UnknownTag: A glob matches no scalar of any run.
        NoEventFiles: Nothing could be read.
        InvalidArgument: There is no point in the steps.
    """
    found = []
    for scalars in stream_scalars(experiment, selection):
        parts = experiment[scalars.run].data.parts
        files = [row["file"] for part in parts for row in session_rows(part.columns)]
        found += [(series, files) for series in scalars.series.values() if series.step.size]
    provenance = Provenance.of(experiment, experiment.unreadable).to_dict()
    while True:
        shown = [_curve(series, files, points) for series, files in found]
        if points == LEAST_POINTS or len(compact(shown)) <= characters:
            return {"thinning": _THINNING, "curves": shown, **provenance}
        points = max(points // 2, LEAST_POINTS)


def _curve(series: ScalarSeries, files: list[str], points: int) -> dict[str, Any]:
    kept = thin(series.value, points)
    sessions = series.session[kept].tolist()
    own = list(dict.fromkeys(files[session] for session in sessions))
    place = {file: number for number, file in enumerate(own)}
    chosen = series.at(kept)
    return {
        "run": series.run,
        "tag": series.tag,
        "dtype": series.dtype,
        "of": series.step.size,
        "thinned": len(kept) < series.step.size,
        "nonfinite": int((~np.isfinite(series.value)).sum()),
        "files": own,
        "columns": ["step", "value", "wall_time", "file"],
        "points": [
            [step, json_number(value, series.dtype), json_number(time), place[files[session]]]
            for step, value, time, session in zip(
                chosen.step.tolist(),
                chosen.value.tolist(),
                chosen.wall_time.tolist(),
                sessions,
                strict=True,
            )
        ],
    }
