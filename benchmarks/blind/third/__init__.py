"""The third set: again another author, other shapes, and labels that nothing has been tuned to.

`THIRD` has them all, 140 families of whole runs. About half of them are healthy and awkward, or
have an excursion that is over, and each kind that a label can have is that of five families or
more. It was frozen before it was ever scored: `frozen.json` has a digest of what each family makes,
so that a later change of one is seen (`benchmarks.blind.frozen`).

Labels follow the rules of the other sets (`benchmarks.blind.windows`, `benchmarks.blind.second`): a
family tolerates a warning where two opinions are right, and names the other kind where two say the
same; where a window is wider, the reason stands beside it. Two rules more:

- Strengths are told as multiples of the noise of a point, and none is fainter than what one sees
  who looks at the plot.
- A healthy shape whose beginning would look like a fault to anybody, as the first ascent of a
  double descent does, is not in the set: no prefix of a healthy run deserves an error.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.third import (
    apparatus,
    arrested,
    blown,
    by_heart,
    control,
    finetuning,
    flashes,
    generating,
    half_precision,
    listening,
    misled_rates,
    preferences,
    pretraining,
    pulling,
    schedulers,
    seeing,
    self_taught,
    silences,
    slower,
    structured,
    towering,
    trifles,
    undefined,
    vanished,
)

__all__ = [
    "THIRD",
    "apparatus",
    "arrested",
    "blown",
    "by_heart",
    "control",
    "finetuning",
    "flashes",
    "generating",
    "half_precision",
    "listening",
    "misled_rates",
    "preferences",
    "pretraining",
    "pulling",
    "schedulers",
    "seeing",
    "self_taught",
    "silences",
    "slower",
    "structured",
    "towering",
    "trifles",
    "undefined",
    "vanished",
]

THIRD = registered("third")
