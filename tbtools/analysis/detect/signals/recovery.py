"""Whether a rise that lasts to the end may still be made good: the doubt while a run trains.

A rise is settled when it has lasted so long that nothing which recovers looks like it. How long
that is depends on what is known: warm restarts and bumps of double descent lose a part of what was
achieved for as long as all that went before; what is worse than nearly all before and came from one
point to the next is a spike or a fault, and spikes are short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.signals.excursion import Excursion
    from tbtools.analysis.detect.signals.onset import Onset
    from tbtools.analysis.detect.signals.oscillation import Oscillation

    Array = NDArray[np.float64]

Doubt = Literal["young", "recovering", "precedent", "improving"]

# A rise is young while it has lasted less than this part of all that was before it: by whether it
# is worse than nine in ten points of that, and whether it came from one point to the next.
YOUNG = {(False, False): 2.0, (False, True): 0.5, (True, False): 1.0, (True, True): 0.1}
WORSE_THAN = 0.9
# Together they have at least so many points: the first of a run say little.
LEAST_POINTS = 64
# A rise from the first point on has nothing before it: warm-ups peak and come back within this many
# times the time in which half of the rise was there.
FROM_START = 5
# What has come down by this part of a rise since is not the worse for it: queues are filled, and
# warm-ups end.
COME_DOWN = 0.25
# An oscillation that grows is young for half as long as all that was before it.
YOUNG_OSCILLATION = 0.5
# It has come up so many times.
LEAST_SWINGS = 2
# Rising beyond everything before by so many times what was achieved, it is lost at once.
LOST = 100.0
# It recovers if, at its present pace, it is back in as many times as long as it lasted.
PACE = 2.0
# An earlier rise of this part of the height that lasted longer.
PRECEDENT = 0.25
# So few points show that they recover by each being better than the one before, when of the rise no
# more than this part is left.
FEW_FALLS = 5
LEFT = 0.25


def doubt(
    y: Array, rise: Excursion, onset: Onset, *, noise: float, logarithmic: bool
) -> Doubt | None:
    """Says why a rise may still be made good; None where it is settled.

    Args:
        y: Values, lower is better.
        rise: The rise.
        onset: Where it begins.
        noise: Noise of single points.
        logarithmic: Whether `y` is the logarithm of what was logged.
    """
    before, after = y[: onset.index], y[onset.index :]
    level = robust.median(after[-max(excursion.PERSISTENT, rise.width) :])
    # Less than three points are nothing that could be lost.
    known = len(before) >= excursion.BEFORE
    lost = _lost(before, level, rise, logarithmic=logarithmic) if known else 0.0
    if lost >= 1:
        return None
    # A bump of the warm-up goes as far, and takes its time.
    nearer = lost if onset.sudden else 0.0
    if len(after) < _patience(before, after, level, nearer, sudden=onset.sudden):
        return "young"
    if _recovers(after, rise.base if len(before) else None, noise):
        return "recovering"
    if _lasted_longer(before, rise, len(after)):
        return "precedent"
    return None


def comes_down(y: Array, rise: Excursion, onset: Onset, noise: float) -> bool:
    """Whether a rise from the start is over, and the series learns since its peak.

    Args:
        y: Values, lower is better.
        rise: The rise.
        onset: Where it begins.
        noise: Noise of single points.
    """
    if onset.index > excursion.BEFORE or not _recovers(y[onset.index :], None, noise):
        return False
    levels = excursion.smoothed(robust.window_means(y, max(1, len(y) // 32)))
    peak = float(levels.max())
    return peak - float(levels[-1]) >= COME_DOWN * (peak - rise.base)


def doubt_of_waves(y: Array, growing: Oscillation) -> Doubt | None:
    """The same for an oscillation that grows.

    Args:
        y: Values, lower is better.
        growing: What was found in them.
    """
    if growing.improves:
        return "improving"
    before = growing.onset.index
    if len(y) - before < YOUNG_OSCILLATION * before:
        return "young"
    # One bump that comes and goes spreads as wide.
    high = robust.running_median(y[before:], 3) > (growing.before + growing.after) / 2
    return "young" if np.count_nonzero(high[1:] & ~high[:-1]) < LEAST_SWINGS else None


def _lost(before: Array, level: float, rise: Excursion, *, logarithmic: bool) -> float:
    """How far a rise went beyond everything before, from 0 (no farther) to 1 (`LOST`)."""
    beyond = level - float(before.max())
    if logarithmic:
        return max(0.0, beyond / float(np.log(LOST)))
    achieved = max(rise.progress, rise.noise, excursion.TINY)
    return float(np.log(max(1.0, beyond / achieved)) / np.log(LOST))


def _patience(before: Array, after: Array, level: float, lost: float, *, sudden: bool) -> float:
    """How many points a rise has to last until it is settled."""
    if len(before) < excursion.BEFORE:
        half = (float(after[0]) + level) / 2
        half_way = max(excursion.PERSISTENT, int(np.argmax(after >= half)))
        return max(FROM_START * half_way, LEAST_POINTS)
    worse = level > robust.quantile(before, WORSE_THAN)
    return max(YOUNG[worse, sudden] * len(before), (1 - lost) * LEAST_POINTS - len(before))


def _recovers(after: Array, base: float | None, noise: float) -> bool:
    """Whether the level comes down since its peak, fast enough to reach the base in time."""
    windows = robust.window_means(after, max(1, len(after) // 32))
    peak = int(np.argmax(excursion.smoothed(windows)))
    part = windows[(peak + len(windows)) // 2 :] if base is not None else windows[peak:]
    third = len(part) // 3
    if third < 2:
        return base is not None and _falls_all_along(after, base, noise)
    first, last = robust.median(part[:third]), robust.median(part[-third:])
    if first - last <= 4 * noise / (third * max(1, len(after) // 32)) ** 0.5:
        return False
    if base is None:
        return True
    pace = (first - last) / (len(part) - third)
    return pace * PACE * len(windows) >= last - base


def _falls_all_along(after: Array, base: float, noise: float) -> bool:
    """Whether few points get better one by one, from a peak near the onset to little of the rise.

    Waves that grow do so from each of their crests on.
    """
    peak = int(np.argmax(after))
    down = after[peak:-1] - after[peak + 1 :]
    if len(down) < max(FEW_FALLS, peak + 1) or down.min() <= noise:
        return False
    return bool(after[-1] - base <= LEFT * (after[peak] - base))


def _lasted_longer(before: Array, rise: Excursion, length: int) -> bool:
    scale = next((each for each in excursion.scales(before) if each.width >= rise.width), None)
    return scale is not None and excursion.has_precedent(
        scale, rise.gap, len(before), length, height=PRECEDENT, part=1.0
    )
