"""`python -m benchmarks.detection grammar`: its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.detection.grammar import ends, norms, rates, rises, scales, sound, speeds, spikes
from benchmarks.detection.grammar.cases import cases, outcome
from benchmarks.detection.grammar.machines import maker
from benchmarks.detection.grammar.tables import print_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.detection.grammar.cases import Maker

# What makes the runs of a kind; the names of the sound ones begin with `healthy`.
MAKERS: dict[str, Maker] = {
    "healthy": sound.healthy,
    "divergence": rises.divergence,
    "overfitting": rises.overfitting,
    "plateau": ends.plateau,
    "collapse": ends.collapse,
    "nonfinite": ends.nonfinite,
    "stall": ends.stall,
    "healthy rate": maker(rates.sound),
    "learning_rate": maker(rates.faulty),
    "healthy speed": maker(speeds.sound),
    "throughput": maker(speeds.faulty),
    "healthy norm": maker(norms.sound),
    "explosion": maker(norms.explosion),
    "gradient": maker(norms.gradient),
    "healthy scale": maker(scales.sound),
    "loss_scale": maker(scales.faulty),
    "spike": maker(spikes.faulty),
}


def print_grammar(kinds: Iterable[str], count: int, worst: int) -> None:
    """One row a kind; of each, where asked for, the values that go with misses and wrong onsets.

    Args:
        kinds: Which.
        count: How many runs of each.
        worst: How many values, and pairs of values.
    """
    print("| kind | found; healthy: silent | onset right, of those; healthy: no prefix an error |")
    print("| --- | --- | --- |")
    for kind in kinds:
        outcomes = [outcome(case) for case in cases(kind, MAKERS[kind], count)]
        print_outcomes(kind, outcomes, worst)
