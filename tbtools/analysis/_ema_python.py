"""The loops of the exponential moving averages in Python: the reference for `_ema.pyx`."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def debiased(values: NDArray[np.float64], weight: float, smoothed: NDArray[np.float64]) -> None:
    """TensorBoard's moving average (line_chart_v2/data_transformer.ts, classicSmoothing).

    The state is s ← s w + (1 - w) v, and what is shown is s / (1 - wⁿ) after n values.

    Args:
        values: float64, all finite.
        weight: w, at least 0 and less than 1.
        smoothed: Where the result goes, as long as the values.
    """
    states = accumulate(
        ((1.0 - weight) * values).tolist(),
        lambda last, value: last * weight + value,
        initial=0.0,
    )
    smoothed[:] = np.fromiter(states, np.float64, len(values) + 1)[1:]
    norms = _norms(weight, len(values))
    with np.errstate(over="ignore"):  # as in C, what is beyond float64 is infinite
        smoothed[: len(norms)] /= norms


def _norms(weight: float, count: int) -> NDArray[np.float64]:
    """1 - wⁿ for n from 1, up to where that is 1 in float64, for it stays so."""
    norms = []
    for number in range(1, count + 1):
        norm = 1.0 - weight**number
        if norm == 1.0:
            break
        norms.append(norm)
    return np.array(norms)


def decaying(
    values: NDArray[np.float64], decays: NDArray[np.float64], smoothed: NDArray[np.float64]
) -> None:
    """A moving average whose memory decays by its own factor at each value.

    The sum is s ← s dᵢ + vᵢ, the sum of weights n ← n dᵢ + 1, and what is shown is s / n.

    Args:
        values: float64, all finite.
        decays: float64, the factors, each at least 0 and at most 1; the first does not matter.
        smoothed: Where the result goes, as long as the values.
    """
    last = norm = 0.0
    for i, (value, decay) in enumerate(zip(values.tolist(), decays.tolist(), strict=True)):
        last = last * decay + value
        norm = norm * decay + 1.0
        smoothed[i] = last / norm
