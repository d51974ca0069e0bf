"""Families that no threshold was chosen on: other shapes, other noise, other faults, other tags.

Where a label depends on what can be seen at all (a plateau against a descent that noise hides), the
noise is bounded so that the label is decidable; the bound stands beside it.
"""

from __future__ import annotations

from benchmarks.detection.curves import Family
from benchmarks.detection.validation.faulty import DIVERGING, FLAT, OVERFITTING, turned_nan
from benchmarks.detection.validation.healthy import HEALTHY

FAMILIES = [
    *(Family(make.__name__, "healthy", make) for make in HEALTHY),
    *(Family(make.__name__, "divergence", make) for make in DIVERGING),
    Family("turned_nan", "nonfinite", turned_nan),
    *(Family(make.__name__, "plateau", make) for make in FLAT),
    *(Family(make.__name__, "overfitting", make) for make in OVERFITTING),
]
