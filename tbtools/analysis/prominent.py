"""The points of a series that tell most of it.

MinMaxLTTB (Van Der Donckt, Van Der Donckt & Van Hoecke, "MinMaxLTTB: Leveraging MinMax-Preselection
to Scale LTTB", IEEE VIS 2023), by the package tsdownsample: of each stretch of equally many points
the one that spans the largest triangle with its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def prominent(
    values: NDArray[np.float64], finite: NDArray[np.bool_], points: int
) -> NDArray[np.int64]:
    """The finite points that MinMaxLTTB keeps, with the first, the last and the extremes.

    Args:
        values: float64, shape (n,).
        finite: bool: which of them are finite.
        points: How many there may be, about.

    Returns:
        int64 indices, increasing.
    """
    import tsdownsample

    places = np.flatnonzero(finite)
    if len(places) <= points:
        return places
    shown = values[places]
    extremes = [0, len(shown) - 1, int(shown.argmin()), int(shown.argmax())]
    # Areas of triangles overflow where values do not: a series is drawn the same at any scale.
    scale = float(np.abs(shown).max())
    if scale > 1e100:
        shown = shown / scale
    downsampler: Any = tsdownsample.MinMaxLTTBDownsampler
    chosen = downsampler().downsample(np.ascontiguousarray(shown), n_out=points)
    return places[np.union1d(chosen.astype(np.int64), extremes)]
