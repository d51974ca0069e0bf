"""Learning rates: each schedule that people use, with each thing that goes wrong with one.

A rate has no noise, so that its oracle is what the schedule does without the fault: a leap is seen
where the schedule moves by much less, and what ends too early where it stays there for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.development.rates import along, cosine, dwindled, faded, leap, warmed_up
from benchmarks.detection.grammar.machines import Drawn, length, rounded, spaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detection.curves import Array
    from benchmarks.detection.grammar.attributes import Draw

TAGS = (
    *("train/learning_rate", "lr", "train/lr", "learning-rate", "lr-AdamW", "lr/pg0", "optim/lr"),
    *("epoch_learning_rate", "charts/learning_rate", "opt/lr_group0", "learning_rate"),
)
POINTS = (12, 20, 40, 100, 300, 1000, 5000)
DOWN = ("linear", "cosine", "cosine to a tenth", "square", "exponential", "one cycle")
FAULTS = (
    *("made for fewer steps", "stepped per batch", "resumed anew", "resumed higher"),
    *(
        "resumed lower",
        "resumed at its end",
        "resumed and stuck",
        "raised by hand",
        "lowered by hand",
    ),
    *("zero", "negative", "one of two groups dead", "stuck half-way", "cut again and again"),
    *(
        "cycles that grow",
        "never warmed up",
        "grows",
        "to and fro",
        "raised in steps",
        "up and back",
    ),
    *("creeps up", "cosine beyond its end", "zero at first"),
)
AT = (0.05, 0.2, 0.5, 0.8, 0.95)
TIMES = (1.3, 2.0, 3.0, 10.0, 100.0)


def _root(way: Array) -> Array:
    """The inverse of a square root, after a linear warm-up."""
    return np.minimum(way / 0.08, (0.08 / way) ** 0.5)


def _one_cycle(way: Array) -> Array:
    up = (1 - np.cos(np.pi * np.clip(way / 0.3, 0, 1))) / 2
    down = cosine(np.clip((way - 0.3) / 0.7, 0, 1), 1e-5)
    return np.where(way < 0.3, 0.04 + 0.96 * up, down)


def _cycles(way: Array) -> Array:
    """How far each of four cycles has come."""
    return np.asarray(np.minimum(way, 1 - 1e-9) * 4 % 1)


# A schedule by how far it has come, 0 to 1, with 1 for its peak.
PLANS: dict[str, Callable[[Array], Array]] = {
    "constant": np.ones_like,
    "linear": lambda way: 1 - way,
    "cosine": cosine,
    "cosine to a tenth": lambda way: cosine(way, 0.1),
    "square": lambda way: (1 - way) ** 2,
    "exponential": lambda way: np.asarray(0.02**way),
    "milestones": lambda way: 0.1 ** ((way[:, None] >= [0.5, 0.8]).sum(axis=1).astype(float)),
    "one cycle": _one_cycle,
    "inverse root": _root,
    "stable, then down": lambda way: np.clip((1 - way) / 0.2, 0, 1),
    "triangles": lambda way: 0.1 + 0.9 * (1 - np.abs(2 * _cycles(way) - 1)),
    "warm restarts": lambda way: cosine(_cycles(way), 0.001),
}
SMOOTH = frozenset(PLANS) - {"milestones", "triangles", "warm restarts"}


def sound(draw: Draw) -> Drawn:
    """A rate that does what it was meant to."""
    n = length(draw, POINTS)
    rate = _planned(draw, draw.pick("plan", tuple(PLANS)), n)
    restart = draw.pick("restart", ("none", "none", "as it was", "twice as it was"))
    count = {"none": 0, "as it was": 1}.get(restart, 2)
    at = sorted({int(each) for each in draw.rng.integers(n // 5, n - 3, count)})
    return _logged(draw, rate, None, at)


def faulty(draw: Draw) -> Drawn | None:
    """A rate with a fault; None where one out of ten would not see it."""
    n = length(draw, POINTS)
    fault = draw.pick("fault", FAULTS)
    return FAULTY[fault](draw, n)


def _planned(draw: Draw, name: str, n: int, end: float = 1.0) -> Array:
    """A schedule with its warm-up, asked at each point or once an epoch."""
    rate = PLANS[name](along(n, end))
    if name not in {"one cycle", "inverse root", "triangles", "warm restarts"} and n >= 20:
        rate = warmed_up(rate, draw.pick("warm-up", (0.0, 0.0, 0.03, 0.1)))
    if draw.pick("asked", ("each point", "each point", "each epoch")) == "each epoch" and n >= 90:
        epoch = n // 30
        rate = rate[np.arange(n) // epoch * epoch]
    return rate


def _at(draw: Draw, n: int, values: tuple[float, ...] = AT) -> int:
    return round(float(draw.pick("at", values)) * n)


def _fewer(draw: Draw, n: int) -> Drawn | None:
    name = draw.pick("plan", (*DOWN, "stable, then down"))
    end = float(draw.pick("at", (0.2, 0.5, 0.7, 0.8)))
    rate = _planned(draw, name, n, end)
    least = {"exponential": 0.4, "cosine to a tenth": 0.3}.get(name, 0.2)
    if 1 - end < least or (1 - end) * n < 5 or end * n < 8:
        return None
    return _logged(draw, rate, dwindled(rate), [])


def _per_batch(draw: Draw, n: int) -> Drawn | None:
    """An exponential or steps meant for epochs: nothing is left of it after a tenth of the run."""
    name = draw.pick("plan", ("exponential", "steps"))
    over = float(draw.pick("at", (0.05, 0.2, 0.5)))
    x = np.arange(n) / n
    if name == "steps":
        rate = 0.1 ** np.floor(3 * x / over).clip(max=draw.rng.integers(4, 12))
    else:
        rate = np.exp(-7 * x / over)
    if over * n < 5:
        return None
    return _logged(draw, rate, faded(rate), [])


def _resumed_anew(draw: Draw, n: int) -> Drawn | None:
    name = draw.pick("plan", (*DOWN, "milestones", "inverse root"))
    at = _at(draw, n, (0.2, 0.5, 0.8, 0.95))
    whole = _planned(draw, name, n)
    rate = np.concatenate([whole[:at], whole[: n - at]])
    if at < 5 or n - at < 3 or not 0.02 < whole[at - 1] <= 0.7 * whole[:at].max():
        return None
    return _logged(draw, rate, leap(n, at, 1), [at])


def _resumed_times(draw: Draw, n: int, times: float) -> Drawn | None:
    name = draw.pick("plan", (*DOWN, "constant", "milestones", "inverse root", "stable, then down"))
    at = _at(draw, n)
    rate = _planned(draw, name, n)
    away = abs(np.log(times)) < 0.6
    if (
        at < max(5, 0.13 * n)
        or n - at < max(4, 0.04 * n)
        or rate[at - 1] < 0.02 * rate.max()
        or away
    ):
        return None
    if times < 1 and n - at < 6:
        return None
    rate = rate.copy()
    rate[at:] *= times
    if name == "milestones" and times <= 1:
        return None
    return _logged(draw, rate, leap(n, at, 1), [at])


def _resumed_higher(draw: Draw, n: int) -> Drawn | None:
    return _resumed_times(draw, n, float(draw.pick("times", TIMES)))


def _resumed_lower(draw: Draw, n: int) -> Drawn | None:
    return _resumed_times(draw, n, 1 / float(draw.pick("times", TIMES)))


def _resumed_at_end(draw: Draw, n: int) -> Drawn | None:
    at = _at(draw, n, (0.2, 0.5, 0.7))
    rate = _planned(draw, draw.pick("plan", DOWN), n).copy()
    if at < 5 or n - at < 5 or rate[at - 1] < 0.2:
        return None
    rate[at:] = float(draw.pick("times", (0.0, 0.01, 0.1))) * rate.max()
    return _logged(draw, rate, leap(n, at, 1), [at])


def _resumed_stuck(draw: Draw, n: int) -> Drawn | None:
    at = _at(draw, n, (0.2, 0.5, 0.7))
    rate = _planned(
        draw, draw.pick("plan", ("linear", "cosine", "square", "exponential")), n
    ).copy()
    if at < 8 or n - at < max(8, n // 5) or rate[at - 1] > 0.95:
        return None
    rate[at:] = rate[at - 1]
    return _logged(draw, rate, leap(n, at, 1), [at])


def _by_hand(draw: Draw, n: int, times: float) -> Drawn | None:
    name = draw.pick("plan", tuple(sorted(SMOOTH)))
    at = _at(draw, n)
    rate = _planned(draw, name, n)
    if at < max(6, 0.17 * n) or n - at < max(4, 0.06 * n) or abs(np.log(times)) < 0.6:
        return None
    if rate[at - 1] < 0.2 * rate.max():
        return None
    if name == "constant" and 1 / 40 < times < 1:
        return None  # a step of a schedule
    if name == "stable, then down" and 1 / 40 < times < 1:
        return None
    if name == "one cycle" and (at < 0.35 * n or n < 20):
        return None
    rate = rate.copy()
    rate[at:] *= times
    return _logged(draw, rate, leap(n, at, 1), [])


def _raised(draw: Draw, n: int) -> Drawn | None:
    return _by_hand(draw, n, float(draw.pick("times", TIMES)))


def _lowered(draw: Draw, n: int) -> Drawn | None:
    return _by_hand(draw, n, 1 / float(draw.pick("times", TIMES)))


def _zero(draw: Draw, n: int) -> Drawn | None:
    at = _at(draw, n)
    name = draw.pick("plan", tuple(sorted(SMOOTH - {"square", "exponential"})))
    rate = _planned(draw, name, n).copy()
    if at < 3 or n - at < max(4, 0.1 * n) or rate[at - 1] < 0.2:
        return None
    rate[at:] = 0.0
    return _logged(draw, rate, leap(n, at, 1), [at] if draw.rng.random() < 0.4 else [])


def _negative(draw: Draw, n: int) -> Drawn | None:
    end = float(draw.pick("at", (0.5, 0.8, 0.95)))
    rate = 1 - (np.arange(n) + 1) / (end * n)
    first = int(np.argmax(rate <= 0))
    return _logged(draw, rate, leap(n, first, 1), []) if n - first >= 4 else None


def _one_dead(draw: Draw, n: int) -> Drawn | None:
    """One of two groups of parameters is frozen, or its rate dies."""
    at = _at(draw, n, (0.2, 0.5))
    how = draw.pick("how", ("zero", "to zero", "fades"))
    rate = _planned(draw, draw.pick("plan", ("constant", "linear", "cosine to a tenth")), n)
    dead = rate.copy()
    x = np.arange(n)
    if at < 6 or n - at < 8:
        return None
    if how == "zero":
        dead[at:] = 0
        window = leap(n, at, 1)
    elif how == "to zero":
        dead = dead * np.clip(1 - x / at, 0, 1)
        window = dwindled(dead)
    else:
        dead = dead * np.exp(-7 * x / at)
        window = faded(dead)
    return _logged(draw, dead, window, [], other=rate)


def _stuck(draw: Draw, n: int) -> Drawn | None:
    """The schedule is no longer asked, without a restart."""
    at = _at(draw, n, (0.2, 0.3, 0.5))
    rate = _planned(
        draw, draw.pick("plan", ("linear", "cosine", "square", "exponential")), n
    ).copy()
    if at < 8 or n - at < max(8, 0.45 * n) or rate[at - 1] > 0.85 or at < 0.25 * n:
        return None
    rate[at:] = rate[at - 1]
    return _logged(draw, rate, leap(n, at, 1), [])


def _cut(draw: Draw, n: int) -> Drawn | None:
    """ReduceLROnPlateau, which sees no progress: a cut each some points."""
    factor = float(draw.pick("times", (0.1, 0.2, 0.5)))
    cuts = {0.1: 6, 0.2: 8, 0.5: 16}[factor]
    over = float(draw.pick("at", (0.2, 0.5, 0.6)))
    if over * n < cuts:
        return None
    rate = factor ** np.minimum(np.floor(np.arange(n) / (over * n) * cuts), cuts)
    return _logged(draw, rate, faded(rate), [])


def _cycles_grow(draw: Draw, n: int) -> Drawn | None:
    cycles = int(draw.pick("cycles", (4, 6, 10)))
    gamma = float(draw.pick("times", (1.5, 2.0, 3.0)))
    if n < 8 * cycles:
        return None
    way = np.arange(n) / n * cycles
    shape = draw.pick("plan", ("triangles", "warm restarts"))
    inside = 1 - np.abs(2 * (way % 1) - 1) if shape == "triangles" else cosine(way % 1)
    rate = 0.05 + 0.95 * inside * gamma ** np.floor(way)
    return _logged(draw, rate, (n // cycles - 1, int(3.3 * n / cycles)), [])


def _never_warm(draw: Draw, n: int) -> Drawn | None:
    """A warm-up as long as the run or longer."""
    part = float(draw.pick("at", (1.0, 1.5, 3.0, 20.0)))
    shape = draw.pick("plan", ("linear", "cosine", "square"))
    x = (np.arange(n) + 1) / (n * part)
    rate = {
        "linear": x,
        "cosine": 1 - np.cos(np.pi * x / 1) if part > 1 else 1 - np.cos(np.pi * x / 2),
        "square": x**2,
    }[shape]
    if part > 1 and shape == "cosine":
        rate = (1 - np.cos(np.pi * np.minimum(x, 1))) / 2
    return _logged(draw, rate, (0, n // 5), [])


def _grows(draw: Draw, n: int) -> Drawn | None:
    """A gamma above one, with each step or each epoch."""
    times = float(draw.pick("times", (3.0, 10.0, 50.0)))
    epochs = int(draw.pick("stairs", (0, 8, 20)))
    x = np.arange(n) / n
    if epochs:
        if n < 2 * epochs:
            return None
        x = np.floor(x * epochs) / epochs
    return _logged(draw, np.exp(np.log(times) * x), (0, n // 3), [])


def _to_and_fro(draw: Draw, n: int) -> Drawn | None:
    """Two schedulers set one rate in turn."""
    at = _at(draw, n, (0.05, 0.2, 0.5, 0.8))
    times = float(draw.pick("times", (2.0, 3.0, 10.0, 100.0)))
    rate = _planned(draw, draw.pick("plan", ("constant", "linear", "cosine")), n).copy()
    if at < max(6, 0.17 * n) or n - at < 12:
        return None
    rate[at::2] /= times
    return _logged(draw, rate, leap(n, at, 1), [])


def _stairs_up(draw: Draw, n: int) -> Drawn | None:
    gamma = float(draw.pick("times", (2.0, 5.0, 10.0)))
    stairs = int(draw.pick("stairs", (2, 3, 5)))
    if n < 8 * (stairs + 1):
        return None
    rate = gamma ** np.floor(np.arange(n) * (stairs + 1) / n)
    first = -(-n // (stairs + 1))
    return _logged(draw, rate, leap(n, first, 1), [])


def _up_and_back(draw: Draw, n: int) -> Drawn | None:
    """Raised at once for a part of the run, and then as it was."""
    at = _at(draw, n, (0.2, 0.5, 0.7))
    times = float(draw.pick("times", (3.0, 10.0, 100.0)))
    last = at + max(3, round(float(draw.pick("lasts", (0.02, 0.1, 0.2))) * n))
    rate = _planned(draw, draw.pick("plan", ("constant", "linear", "cosine")), n).copy()
    if at < max(6, 0.17 * n) or last > n - 3:
        return None
    rate[at:last] *= times
    return _logged(draw, rate, leap(n, at, 1), [])


def _creeps(draw: Draw, n: int) -> Drawn | None:
    """It stood or came down, and then rises by and by far beyond all before."""
    at = _at(draw, n, (0.2, 0.5, 0.7))
    times = float(draw.pick("times", (3.0, 10.0, 100.0)))
    rate = _planned(draw, draw.pick("plan", ("constant", "cosine to a tenth")), n).copy()
    if at < max(6, 0.17 * n) or n - at < 6:
        return None
    x = np.arange(n - at) / (n - at - 1)
    rate[at:] = rate[at] * (times * rate.max() / rate[at]) ** x
    return _logged(draw, rate, (at - 1, at + max(2, (n - at) // 2)), [])


def _beyond(draw: Draw, n: int) -> Drawn | None:
    """CosineAnnealingLR asked beyond its T_max rises again."""
    end = float(draw.pick("at", (0.5, 0.6, 0.7, 0.8)))
    floor = float(draw.pick("floor", (0.0, 0.001, 0.01)))
    rate = cosine(np.arange(n) / (end * n), floor)
    low = int(np.argmin(rate))
    if n - low < max(11, 0.12 * n):
        return None
    return _logged(draw, rate, leap(n, low + 1, max(2, n // 25)), [])


def _zero_first(draw: Draw, n: int) -> Drawn | None:
    part = float(draw.pick("at", (0.2, 0.5)))
    rate = _planned(draw, draw.pick("plan", ("constant", "linear", "cosine")), n).copy()
    if part * n < 7:
        return None
    rate[: round(part * n)] = 0
    return _logged(draw, rate, (0, 1), [])


FAULTY = dict(
    zip(
        FAULTS,
        (
            *(_fewer, _per_batch, _resumed_anew, _resumed_higher, _resumed_lower, _resumed_at_end),
            *(_resumed_stuck, _raised, _lowered, _zero, _negative, _one_dead, _stuck, _cut),
            *(_cycles_grow, _never_warm, _grows, _to_and_fro, _stairs_up, _up_and_back, _creeps),
            *(_beyond, _zero_first),
        ),
        strict=True,
    )
)


def _logged(
    draw: Draw,
    rate: Array,
    window: tuple[int, int] | None,
    restarts: list[int],
    other: Array | None = None,
) -> Drawn:
    """The rate as it is logged, beside a loss that falls with it."""
    n, rng = len(rate), draw.rng
    if window is not None and draw.picked.get("asked") == "each epoch" and not restarts:
        window = window[0] - n // 30, window[1] + n // 30
    peak = float(draw.pick("peak", (0.1, 1e-3, 2e-5)))
    x = spaced(draw, n)
    work = np.cumsum(np.maximum(rate, 0)) / max(np.abs(rate).max(), 1e-30)
    work = 6 * work / n if window is not None else 3 * np.arange(n) / n
    loss = (1.2 + 2.5 * np.exp(-work)) * np.exp(rng.normal(0, 0.015, n))
    tag = draw.pick("tag", TAGS)
    beside = draw.pick("beside", ("loss", "loss", "alone", "reward"))
    series = {tag: (x, rounded(draw, peak * rate))}
    if beside == "loss":
        series["train/loss"] = (x, loss)
    elif beside == "reward":
        series["rollout/ep_rew_mean"] = (x, 100 - 20 * loss + rng.normal(0, 2, n))
    tags = (tag,)
    groups = draw.pick("groups", (1, 1, 2)) if other is None else 2
    if groups == 2:
        second = {"lr/pg0": "lr/pg1", "opt/lr_group0": "opt/lr_group1"}.get(tag, tag + "_backbone")
        series[second] = (x, rounded(draw, 0.1 * peak * (rate if other is None else other)))
        tags = (tag, second)
    return Drawn("learning_rate", tags, series, window, restarts)
