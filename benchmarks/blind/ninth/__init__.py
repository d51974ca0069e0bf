"""The ninth set: speeds and learning rates only, by an author who has seen no detector.

`NINTH` has them all: eight families of runs that become slower for good, eight whose learning rate
is not what anybody meant, and eight healthy ones that look like them. Each run is a whole log, with
a loss or a return beside the speed or the rate, of 12 to 300 points, under the tags that frameworks
write. It was frozen before it was ever scored: `frozen.json` has a digest of what each family makes
(`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say who look at the plot at its end, and
follow the rules of the other sets (`benchmarks.blind.windows`), with these besides:

- A slowdown costs a quarter of the speed or more, which is at least four times the noise.
- It is about every series that shows it: speeds, times, and what else the same loop writes, by its
  wall times. That a time grew may also be told as its explosion.
- A rate that goes to nothing slowly may be dated from where it is next to nothing, or, where it
  ought never to have gone there, from where it leaves its way
  (`benchmarks.blind.ninth.making.dwindled`).
- What a wrong rate does to other series may be told as well, if not as an error: a loss that stays
  where it is as a plateau, a divergence of policies that leaps up as an explosion.
"""

from __future__ import annotations

from benchmarks.blind.ninth import rates, speeds, steady
from benchmarks.blind.runs import registered

__all__ = ["NINTH", "rates", "speeds", "steady"]

NINTH = registered("ninth")
