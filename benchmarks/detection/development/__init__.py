"""The families that the detector was made on."""

from __future__ import annotations

from benchmarks.detection.curves import Family
from benchmarks.detection.development.awkward import AWKWARD
from benchmarks.detection.development.faulty import DIVERGING, FLAT, OVERFITTING, not_finite
from benchmarks.detection.development.gaps import GAPS
from benchmarks.detection.development.gradients import CALM, TROUBLED
from benchmarks.detection.development.growing import GROWING
from benchmarks.detection.development.healthy import HEALTHY
from benchmarks.detection.development.literature import LITERATURE, SOUND
from benchmarks.detection.development.lookalikes import LIKE_THEM
from benchmarks.detection.development.rates import LOST_RATES, PLANNED_RATES
from benchmarks.detection.development.scattered import SCATTERED
from benchmarks.detection.development.short import SHORT
from benchmarks.detection.development.speeds import SLOWER, STEADY_SPEEDS
from benchmarks.detection.development.standing import PATIENT, STANDING
from benchmarks.detection.development.subtle import SUBTLE
from benchmarks.detection.development.swings import COME_BACK, SWINGS
from benchmarks.detection.development.vanishing import VANISHING

FAMILIES = [
    *(
        Family(make.__name__, "healthy", make)
        for make in (
            *HEALTHY,
            *AWKWARD,
            *SOUND,
            *LIKE_THEM,
            *CALM,
            *PATIENT,
            *PLANNED_RATES,
            *STEADY_SPEEDS,
            *COME_BACK,
        )
    ),
    *(Family(make.__name__, "divergence", make) for make in (*DIVERGING, *SWINGS)),
    Family("not_finite", "nonfinite", not_finite),
    *(Family(make.__name__, "plateau", make) for make in (*FLAT, *STANDING)),
    *(Family(make.__name__, "overfitting", make) for make in OVERFITTING),
    *(Family(make.__name__, kind, make) for kind, makers in SUBTLE.items() for make in makers),
    *(Family(make.__name__, kind, make) for kind, makers in SHORT.items() for make in makers),
    *(Family(make.__name__, kind, make) for kind, makers in GAPS.items() for make in makers),
    *(Family(make.__name__, kind, make) for kind, makers in SCATTERED.items() for make in makers),
    *(Family(make.__name__, kind, make) for kind, makers in LITERATURE.items() for make in makers),
    *(Family(make.__name__, "collapse", make) for make in VANISHING),
    *(Family(make.__name__, "explosion", make) for make in GROWING),
    *(Family(make.__name__, "gradient", make) for make in TROUBLED),
    *(Family(make.__name__, "learning_rate", make) for make in LOST_RATES),
    *(Family(make.__name__, "throughput", make) for make in SLOWER),
]
