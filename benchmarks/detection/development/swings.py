"""Runs that swing in long waves: ever farther, never back, or to a new best each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import decay, noise, single, size, steps

if TYPE_CHECKING:
    from benchmarks.detection.curves import Array
    from benchmarks.detection.development.shapes import Made, Rng


def _cycles(rng: Rng, n: int, low: float, high: float) -> tuple[int, Array]:
    """An onset, and how many cycles there have been since at each point."""
    at = int(n * rng.uniform(0.2, 0.5))
    return at, np.clip(np.arange(n) - at, 0, None) / (n - at) * rng.uniform(low, high)


def long_swings_that_grow(rng: Rng) -> Made:
    """Each wave is higher, and comes back to about the level before."""
    n = size(rng, 80, 2000)
    at, cycles = _cycles(rng, n, 5.5, 8)
    width = rng.uniform(0.5, 4) * (cycles / cycles[-1]) ** rng.uniform(0.8, 1.5)
    y = decay(rng, at)[np.minimum(np.arange(n), at - 1)]
    y = y + width * (1 - np.cos(2 * np.pi * cycles)) / 2
    return single(rng, y + 0.015 * noise(rng, n), at)


def higher_teeth(rng: Rng) -> Made:
    """A sawtooth: the loss climbs, falls back, not quite as far as before, and climbs higher."""
    n = size(rng, 80, 2000)
    at, cycles = _cycles(rng, n, 5, 9)
    y = decay(rng, at)[np.minimum(np.arange(n), at - 1)]
    teeth = rng.uniform(0.5, 0.8) * cycles / cycles[-1] + 0.3 * (cycles % 1)
    y = y + rng.uniform(0.6, 3) * teeth
    return single(rng, y + 0.015 * noise(rng, n), at)


def between_two_worse_levels(rng: Rng) -> Made:
    n = size(rng, 80, 2000)
    at, cycles = _cycles(rng, n, 4.5, 8)
    worse = np.where(cycles % 1 < rng.uniform(0.4, 0.6), 1, rng.uniform(0.3, 0.6))
    y = decay(rng, at)[np.minimum(np.arange(n), at - 1)]
    y[at:] += rng.uniform(0.8, 3) * worse[at:]
    return single(rng, y + 0.015 * noise(rng, n), at, sudden=True)


def _thrown_out(rng: Rng, n: int, at: int, height: Array, floor: Array) -> Made:
    """A logarithm that comes down to its floor and is thrown out at some points."""
    y = np.log(rng.uniform(2, 5)) + (floor - 1) * np.minimum(np.arange(n) / at, 1)
    places = at + np.rint((np.arange(len(height)) + 0.6) * (n - at) / len(height)).astype(int)
    for place, up in zip(places.tolist(), height.tolist(), strict=True):
        back = 0.15 * (n - at) / len(height)
        y[place:] += (up - y[place]) * np.exp(-np.arange(n - place) / back)
    y = np.exp(y + 0.08 * rng.normal(size=n))
    window = (at - 3, int(places[0]) + 3)
    return "train/loss", {"train/loss": (steps(rng, n), y)}, int(places[0]), False, window


def thrown_out_ever_higher(rng: Rng) -> Made:
    """Adam without a floor under its second moments: by orders of magnitude, and ever less back."""
    n = size(rng, 80, 800)
    at = int(n * rng.uniform(0.25, 0.5))
    height = np.linspace(rng.uniform(-3.5, -2.5), rng.uniform(0.5, 1.5), int(rng.integers(6, 10)))
    floor = -rng.uniform(5, 6) + rng.uniform(1, 3) * np.clip(np.arange(n) - at, 0, None) / (n - at)
    return _thrown_out(rng, n, at, height + 0.2 * rng.normal(size=len(height)), floor)


def thrown_out_to_new_bests(rng: Rng) -> Made:
    """Slingshots (Thilak 2022): out of each the loss comes back to less than ever."""
    n = size(rng, 80, 800)
    at = int(n * rng.uniform(0.25, 0.4))
    height = rng.uniform(-3, 0, int(rng.integers(3, 9)))
    floor = -5 - rng.uniform(2, 5) * np.clip(np.arange(n) - at, 0, None) / (n - at)
    tag, series, *_ = _thrown_out(rng, n, at, height, floor)
    return tag, series, -1, False


def waves_of_one_height(rng: Rng) -> Made:
    """What a cyclic rate makes of a loss, or two players: no wave is special."""
    n = size(rng, 80, 2000)
    cycles = np.linspace(0, rng.uniform(4, 12), n)
    heights = rng.uniform(0.6, 1.4, int(cycles[-1]) + 1)[cycles.astype(int)]
    y = decay(rng, n) + rng.uniform(0.1, 0.5) * heights * (1 - np.cos(2 * np.pi * cycles)) / 2
    return single(rng, y + 0.015 * noise(rng, n))


COME_BACK = (thrown_out_to_new_bests, waves_of_one_height)
SWINGS = (
    long_swings_that_grow,
    higher_teeth,
    between_two_worse_levels,
    thrown_out_ever_higher,
)
