"""Speeds: how they are logged, how they vary, and how a run becomes slower for good.

Made as the time of each step beside the usual one. Nine of ten speak where steps take 1.3 times as
long on average at the end, for six points and more, and that is four standard deviations of a point
(in few points six).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.windows import gradual
from benchmarks.detection.curves import autocorrelated
from benchmarks.detection.grammar.machines import Drawn, length, rounded, spaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.detection.grammar.attributes import Array, Draw

    # How much longer each step takes, as a part, and the window where noise is no question of it.
    Longer = tuple[Array, tuple[int, int] | None]

# What is done in a second, and its usual amount ...
SPEEDS = {
    "train/tokens_per_second": 3.2e5,
    "throughput/samples_per_sec": 640.0,
    "time/fps": 1450.0,
    "charts/SPS": 2100.0,
    "train/it_per_sec": 3.1,
    "perf/mfu": 0.43,
    "train_steps_per_second": 0.71,
    "wps": 41000.0,
    "throughput/device/tflops": 151.0,
}
# ... and how long something takes.
TIMES = {
    "train/step_time": 0.42,
    "iteration-time": 2.7,
    "time/iteration_ms": 310.0,
    "epoch_time": 95.0,
    "epoch_time_min": 31.0,
    "batch_time": 0.2,
    "sec_per_step": 1.4,
}
POINTS = (12, 20, 40, 100, 300, 1000, 5000)
NOISES = ("white", "white", "correlated 0.5", "correlated 0.9", "heavy tails", "shared machine")
SDS = (0.003, 0.01, 0.03, 0.08)
COMPANY = ("nothing", "compilation", "evaluations", "checkpoints", "warm-up", "pauses")
AT = (0.2, 0.5, 0.8, 0.95)
TIMES_AS_LONG = (1.2, 1.5, 2.0, 5.0, 20.0)
SOUND = ("none", "none", "busy and back", "slow at first", "faster")
DIGITS = ("not", "float32", "3 digits", "2 digits")


def sound(draw: Draw) -> Drawn | None:
    """Steps that take as long as ever, with all that comes between."""
    n = length(draw, POINTS)
    event, times = draw.pick("event", SOUND), draw.pick("times", TIMES_AS_LONG)
    pace = np.ones(n)
    if event == "busy and back":
        at = round(draw.pick("at", (0.2, 0.5)) * n)
        pace[at : at + round(n * draw.pick("lasts", (0.05, 0.2)))] *= times
    elif event == "slow at first":
        pace[: max(1, round(0.05 * n))] *= times
    elif event == "faster":
        pace[round(draw.pick("at", AT) * n) :] /= times
    restarts = [int(draw.rng.integers(n // 5, n - 3))] if draw.pick("restart", (0, 0, 1)) else []
    return _logged(draw, pace, None, restarts, _noise(draw, n)[0], COMPANY[:-1])


def faulty(draw: Draw) -> Drawn | None:
    """A run that becomes slower for good; None where one out of ten would not see it."""
    n = length(draw, POINTS)
    event, at = draw.pick("event", tuple(EVENTS)), round(draw.pick("at", AT) * n)
    times, (noise, sd) = draw.pick("times", TIMES_AS_LONG), _noise(draw, n)
    if event == "drift from the start":
        at = 0
    elif at < max(4, 0.12 * n) or n - at < max(6, 0.06 * n):
        return None
    made = EVENTS[event](draw, n, at, times)
    if made is None or not _is_plain(made[0], at, sd):
        return None
    longer, window = made
    if window is None:
        first, last = gradual(np.arange(n), longer, at, max(sd, 0.002) * 1.4)
        window = int(min(first, at - max(2, n // 50))), int(max(last, at + max(2, n // 20)))
    restarts = [at] if event == "after a resume" else []
    return _logged(draw, 1 + longer, window, restarts, noise, COMPANY)


def _is_plain(longer: Array, at: int, sd: float) -> bool:
    """Whether steps take so much longer on average, at the end, that the noise hides nothing."""
    n = len(longer)
    end = longer[-max(4, (n - at) // 4) :]
    times = float((1 + end).mean() / (1 + longer[: max(1, at or n // 10)]).mean())
    few = n < 40 or not at
    return bool(times >= (1.3 if at else 1.5) and np.log(times) > (6 if few else 4) * sd)


def _jump(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    return np.where(np.arange(n) < at, 0.0, times - 1), (at - 2, at + 2)


def _line(n: int, at: int, width: int) -> Array:
    return np.asarray(np.clip((np.arange(n) - at + 1) / width, 0, 1))


def _ramp(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    width = max(3, round(draw.pick("lasts", (0.02, 0.1)) * n))
    return ((times - 1) * _line(n, at, width), None) if n - at >= 2 * width else None


def _drift(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    power = draw.pick("power", (0.5, 1.0, 2.0) if at else (1.0, 2.0))
    return (times - 1) * _line(n, at, n - at) ** power, None if at else (0, max(3, n // 6))


def _stairs(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    longer = times ** (np.ceil(3 * _line(n, at, n - at)) / 3) - 1
    return longer, (at - max(2, n // 50), at + (n - at) // 3 + 2)


def _half_recovered(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    back = at + max(2, round(0.3 * (n - at)))
    first = np.where(np.arange(n) < back, 2.0, 1.0)
    return np.where(np.arange(n) < at, 0.0, first * (times - 1)), (at - 2, at + 2)


def _relapse(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    """Slow for a tenth of the rest, back for as long, and slow for good."""
    part, point = max(2, (n - at) // 10), np.arange(n) - at
    slow = ((point >= 0) & (point < part)) | (point >= 2 * part)
    return np.where(slow, times - 1, 0.0), (at - 2, at + 2 * part + 2)


def _every_other(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    slow = (np.arange(n) >= at) & ((np.arange(n) - at) % 2 == 0)
    return (np.where(slow, times - 1, 0.0), (at - 2, at + 2)) if n >= 100 else None


def _more_often(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    share = np.where(np.arange(n) < at, 0.02, draw.pick("share", (0.3, 0.5)))
    longer = np.where(draw.rng.random(n) < share, times - 1, 0.0)
    enough = n >= 100 and n - at >= 40
    return (longer, (at - n // 20, at + max(8, n // 10))) if enough else None


def _some_slower(draw: Draw, n: int, at: int, times: float) -> Longer | None:
    every = draw.pick("every", (4, 10))
    longer = np.zeros(n)
    longer[::every] = 0.5
    longer[at::every] += (times - 1) * every / 2
    enough = min(at, n - at) >= 6 * every
    return (longer, (at - n // 20, at + max(8, n // 10))) if enough else None


EVENTS: dict[str, Callable[[Draw, int, int, float], Longer | None]] = {
    "jump": _jump,
    "after a resume": _jump,
    "ramp": _ramp,
    "drift": _drift,
    "drift from the start": _drift,
    "stairs": _stairs,
    "half recovered": _half_recovered,
    "relapse": _relapse,
    "every other step": _every_other,
    "slow steps more often": _more_often,
    "slow steps slower": _some_slower,
}


def _noise(draw: Draw, n: int) -> tuple[Array, float]:
    """How much longer each step takes, as a logarithm; and what of that hides a level."""
    kind, sd, rng = draw.pick("noise", NOISES), draw.pick("sd", SDS), draw.rng
    if kind == "correlated 0.5":
        return sd * autocorrelated(rng, n, 0.5), sd * 1.5
    if kind == "correlated 0.9":
        return sd * autocorrelated(rng, n, 0.9), sd * 3
    if kind == "heavy tails":
        return sd * np.abs(rng.standard_t(2.5, n)).clip(max=30), sd * 1.5
    if kind == "shared machine":
        return np.log1p(rng.exponential(1.5 * sd, n)), sd * 1.5
    return sd * rng.normal(size=n), sd


def _beside(draw: Draw, seconds: Array, company: Sequence[str]) -> None:
    """What else takes time, which is logged with the steps."""
    n, rng = len(seconds), draw.rng
    beside = draw.pick("beside", company)
    if beside == "compilation":
        seconds[0] *= rng.uniform(5, 50)
    elif beside == "evaluations" and n > 30:
        seconds[int(rng.integers(3, 10)) :: max(5, n // 15)] *= rng.uniform(1.3, 4)
    elif beside == "checkpoints" and n > 30:
        seconds[int(rng.integers(3, 10)) :: max(5, n // 7)] *= rng.uniform(1.5, 10)
    elif beside == "warm-up":
        seconds *= 1 + 0.5 * np.exp(-np.arange(n) / max(1, 0.01 * n))


def _logged(
    draw: Draw,
    pace: Array,
    window: tuple[int, int] | None,
    restarts: Sequence[int],
    noise: Array,
    company: Sequence[str],
) -> Drawn | None:
    n, rng = len(pace), draw.rng
    seconds = pace * np.exp(noise)
    _beside(draw, seconds, company)
    wall = seconds * rng.uniform(1, 60)
    if draw.picked["beside"] == "pauses" and n > 30:
        wall[rng.integers(3, n, 2)] += rng.uniform(100, 3000) * np.median(wall)
    measured = draw.pick("measured", ("speed", "speed", "time", "time", "clock"))
    steps = np.arange(n, dtype=np.int64) * 50 if measured == "clock" else spaced(draw, n)
    loss = (0.7 + 3 * np.exp(-2.5 * np.arange(n) / n)) * np.exp(rng.normal(0, 0.02, n))
    series = {"train/loss": (steps, loss)}
    if measured == "clock":
        few = window is not None and (pace[window[1] :].mean() < 1.6 or n - window[1] < 22)
        if few or draw.picked["event"] in {"every other step", "slow steps more often"}:
            return None  # all that a script does counts, and evaluations may begin late
        return Drawn("throughput", ("train/loss",), series, window, restarts, wall)
    table = SPEEDS if measured == "speed" else TIMES
    tag = draw.pick("tag", tuple(table))
    value = table[tag] * (1 / seconds if measured == "speed" else seconds)
    series[tag] = (steps, rounded(draw, value, DIGITS))
    return Drawn("throughput", (tag,), series, window, restarts, wall)
