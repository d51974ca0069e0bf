"""Whether nine engineers of ten would speak, from how a run was made.

They see what a change is beside the scatter of the points about it, and how many points show it. A
change of the level of `height`, known from m points behind it and k before it, each with a standard
deviation of sd, is seen to height / (sd sqrt(1/m + 1/k)) standard errors; of points correlated by r
from one to the next, n count as n (1 - r) / (1 + r). The detectors ask for five; a person looks at
no standard errors, so nobody has to see less than ten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from benchmarks.detection.grammar.attributes import Array, Noise

CLEAR = 10.0
# Of the height of single points' noise: what is less is not seen in a drawing.
VISIBLE = 2.5


def standard_errors(height: float, noise: Noise, before: int, after: int) -> float:
    """How many a change of the level is."""
    if noise.sd == 0:
        return np.inf
    counted = (1 - noise.correlation) / (1 + noise.correlation)
    both = 1 / max(before * counted, 1) + 1 / max(after * counted, 1)
    return float(height / (noise.sd * np.sqrt(both)))


def clear(height: float, noise: Noise, before: int, after: int) -> bool:
    """Whether nobody would miss a change of the level."""
    enough = standard_errors(height, noise, before, after) >= CLEAR
    return bool(enough and height >= VISIBLE * noise.sd)


def lost(worse: Array, onset: int) -> tuple[float, float]:
    """What is lost for good since the onset, and what had been achieved.

    Args:
        worse: The curve without noise, shape (n,).
        onset: The first point of the trouble.

    Returns:
        The mean of the last half of what follows less the best before, or less if it is on its way
        back; and the range before.
    """
    best = float(np.min(worse[:onset]))
    after = worse[onset:]
    last = after[len(after) // 2 :]
    at_end = min(float(np.mean(last)), float(np.mean(worse[-max(3, len(after) // 10) :])))
    return at_end - best, float(np.max(worse[:onset])) - best
