"""The families, a module a subject; importing this registers them all."""

from __future__ import annotations

from benchmarks.blind.families import (
    adversarial,
    awkward,
    divergence,
    language,
    machinery,
    nonfinite,
    overfitting,
    plateaus,
    reinforcement,
    representation,
    resumed,
    scale,
    spikes,
    vision,
)
from benchmarks.blind.runs import registered

__all__ = [
    "FAMILIES",
    "adversarial",
    "awkward",
    "divergence",
    "language",
    "machinery",
    "nonfinite",
    "overfitting",
    "plateaus",
    "reinforcement",
    "representation",
    "resumed",
    "scale",
    "spikes",
    "vision",
]

FAMILIES = registered("development", "held-out")
