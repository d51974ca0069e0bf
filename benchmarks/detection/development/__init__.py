"""The families that the detector was made on."""

from __future__ import annotations

from benchmarks.detection.curves import Family
from benchmarks.detection.development.awkward import AWKWARD
from benchmarks.detection.development.faulty import DIVERGING, FLAT, OVERFITTING, not_finite
from benchmarks.detection.development.healthy import HEALTHY
from benchmarks.detection.development.literature import LITERATURE, SOUND
from benchmarks.detection.development.subtle import SUBTLE

FAMILIES = [
    *(Family(make.__name__, "healthy", make) for make in (*HEALTHY, *AWKWARD, *SOUND)),
    *(Family(make.__name__, "divergence", make) for make in DIVERGING),
    Family("not_finite", "nonfinite", not_finite),
    *(Family(make.__name__, "plateau", make) for make in FLAT),
    *(Family(make.__name__, "overfitting", make) for make in OVERFITTING),
    *(Family(make.__name__, kind, make) for kind, makers in SUBTLE.items() for make in makers),
    *(Family(make.__name__, kind, make) for kind, makers in LITERATURE.items() for make in makers),
]
