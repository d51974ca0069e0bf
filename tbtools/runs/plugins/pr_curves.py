"""Precision-recall curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import decoded, repeated_points

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue, Undecodable

# The rows of the tensor (`tensorboard/plugins/pr_curve/metadata.py`): counts of true and false
# positives, of true and false negatives, and what follows from them.
_ROWS = ("tp", "fp", "tn", "fn", "precision", "recall")


def pr_curves_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """Precision-recall curves, whole.

    A curve of T thresholds has them evenly from 0 to 1, as its plugin stores none. TensorBoard's
    page leaves out the thresholds at the end at which nothing is predicted positive; here they are.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a threshold: tag, step, wall_time, threshold, tp, fp, tn, fn, precision, recall
        (float64: weights make fractional counts).

    Raises:
        UndecodablePayload: A value is no tensor of numbers of shape [6, T].
    """
    points = []
    curves = []
    for value, curve in decoded(values, _curve, problems):
        points.append(value.point)
        curves.append(curve)
    frame = repeated_points(points, [curve.shape[1] for curve in curves])
    columns = np.concatenate([np.empty((1 + len(_ROWS), 0)), *curves], axis=1)
    return frame.assign(**dict(zip(("threshold", *_ROWS), columns, strict=True)))


def _curve(value: StoredValue) -> np.ndarray[Any, Any]:
    """Thresholds above the rows of the tensor: float64 of shape (7, T)."""
    tensor = tensor_to_numpy(value.tensor)
    if tensor.ndim != 2 or tensor.shape[0] != len(_ROWS) or tensor.dtype.kind not in "fiu":
        raise wrong_tensor("curve", tensor)
    return np.vstack([np.linspace(0.0, 1.0, tensor.shape[1]), tensor])
