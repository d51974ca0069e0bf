"""Norms, values and what has no objective: what grows for good, comes in bursts, or is clipped.

Made in logarithms. Nine of ten speak where it ends an order of magnitude above all that it was
since training settled, and six standard deviations beyond; of a gradient beside a loss that goes on
to fall, where it is thirty times as large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.windows import gradual
from benchmarks.detection.curves import autocorrelated
from benchmarks.detection.grammar.machines import Drawn, length, rounded, spaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detection.grammar.attributes import Array, Draw

    # How much it grows, and the window where that is no question of noise.
    Grown = tuple[Array, tuple[int, int] | None]

GRADIENTS = (
    *("train/grad_norm", "grad_norm", "grad-norm", "gradient_norm", "optim/total_norm", "gnorm"),
    *("grad/norm_global", "train/gradient_norm_l2", "grad_2.0_norm_total"),
)
SIZES = (
    *("params/weight_norm", "train/q_values", "losses/qf1_loss", "train/critic_loss", "vf_loss"),
    *("debug/max_logit", "attn/logits_max", "policy/approx_kl", "activations/rms", "Q/mean_q"),
)
POINTS = (20, 40, 100, 300, 1000, 5000)
AT = (0.2, 0.5, 0.8, 0.95)
TIMES = (5.0, 12.0, 30.0, 100.0, 1e4)
NOISES = ("white", "white", "correlated 0.5", "correlated 0.9", "heavy tails", "smooth")
SDS = (0.05, 0.15, 0.4)
BEFORES = ("level", "level", "falls", "high at first", "drifts up")
BESIDE = ("still", "rises", "falls", "alone", "reward still")
SOUND = ("none", "none", "bump and back", "rises with the fall", "falls")
TEN = float(np.log(11.5))


def sound(draw: Draw) -> Drawn:
    """What moves as it may while a loss falls."""
    n = length(draw, POINTS)
    kind = draw.pick("kind", ("gradient", "size"))
    y, point = _before(draw, n) + _noise(draw, n)[0], np.arange(n)
    event, times = draw.pick("event", SOUND), draw.pick("times", (2.0, 3.0, 5.0))
    if event == "bump and back":
        at, width = n * draw.rng.uniform(0.3, 0.6), n * draw.pick("lasts", (0.02, 0.1))
        y += np.log(times) * np.exp(-0.5 * ((point - at) / max(2, width)) ** 2)
    elif event == "rises with the fall":
        y += np.log(times) * (1 - np.exp(-3 * point / n))
    elif event == "falls":
        y -= np.log(times) * point / n
    return _logged(draw, kind, y, None, n, "falls")


def explosion(draw: Draw) -> Drawn | None:
    """What may not grow grows for good."""
    return _grows(draw, "size", 0.22)


def gradient(draw: Draw) -> Drawn | None:
    """A norm that grows, comes in bursts, or is at its limit."""
    what = draw.pick("what", ("grows", "grows", "bursts", "clipped"))
    return {"grows": _norm_grows, "bursts": _bursts, "clipped": _clipped}[what](draw)


def _norm_grows(draw: Draw) -> Drawn | None:
    return _grows(draw, "gradient", 0.15)


def _grows(draw: Draw, kind: str, settled: float) -> Drawn | None:
    n = length(draw, POINTS)
    event, at = draw.pick("event", tuple(EVENTS)), round(draw.pick("at", AT) * n)
    high = float(np.log(draw.pick("times", TIMES)))
    before, (noise, sd) = _before(draw, n), _noise(draw, n)
    if at < max(9, settled * n) or n - at < max(7, 0.06 * n):
        return None
    made = EVENTS[event](draw, n, at, high)
    if made is None:
        return None
    up, window = made
    beside = draw.pick("loss", BESIDE)
    least = np.log(30) if kind == "gradient" and beside == "falls" else TEN
    if not _is_plain(before, up, at, sd, float(least)):
        return None
    if window is None:
        first, last = gradual(np.arange(n), before + up, at, max(sd, 0.02) * 1.4)
        window = int(min(first, at - max(2, n // 50))), int(max(last, at + max(3, n // 20)))
    return _logged(draw, kind, before + up + noise, window, at, beside)


def _is_plain(before: Array, up: Array, at: int, sd: float, least: float) -> bool:
    """Whether it ends far beyond all that it was since training settled, and at first."""
    settled = max(5, len(up) // 10)
    after = len(up) - int(np.flatnonzero(np.diff(up, prepend=0) > 0)[-1])
    end = float(np.median((before + up)[-max(4, after // 2) :]))
    beyond = end - float(before[settled:at].max())
    grown = end - float(np.median(before[settled:at]))
    enough = grown >= least and beyond >= max(6 * min(sd, 0.4), np.log(6))
    return bool(enough and before[:settled].max() <= end - 1)


def _jump(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    return np.where(np.arange(n) < at, 0.0, high), (at - 2, at + 2)


def _ramp(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    width = max(3, round(draw.pick("lasts", (0.02, 0.1)) * n))
    return (_line(n, at, width) * high, None) if n - at >= 2 * width else None


def _line(n: int, at: int, width: int) -> Array:
    return np.asarray(np.clip((np.arange(n) - at + 1) / width, 0, 1))


def _creep(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    return (_line(n, at, n - at) * high, None) if n - at <= 0.45 * n else None


def _ever_faster(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    return (_line(n, at, n - at) ** 2 * high, None) if 0.2 * n <= n - at <= 0.45 * n else None


def _stairs(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    up = np.ceil(3 * _line(n, at, n - at)) / 3 * high
    return up, (at - max(2, n // 50), at + (n - at) // 3 + 2)


def _half_recovered(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    back = at + max(3, (n - at) // 4)
    return np.select([np.arange(n) < at, np.arange(n) < back], [0, high], high / 2), (
        at - 2,
        at + 2,
    )


def _rise_then_level(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    top = at + max(2, (n - at) // 8)
    up = np.select([np.arange(n) < at, np.arange(n) < top], [0, 1.5 * high], high)
    return up, (at - 2, at + 2)


def _relapse(draw: Draw, n: int, at: int, high: float) -> Grown | None:
    """Up for a fourth of the rest, back for as long, and up for good."""
    point, again = np.arange(n) - at, (n - at) // 2
    grown = ((point >= 0) & (point < (n - at) // 4)) | (point >= again)
    return np.where(grown, high, 0.0), (at - 2, at + again + 2)


EVENTS: dict[str, Callable[[Draw, int, int, float], Grown | None]] = {
    "jump": _jump,
    "ramp": _ramp,
    "creep": _creep,
    "ever faster": _ever_faster,
    "stairs": _stairs,
    "half recovered": _half_recovered,
    "rise then new level": _rise_then_level,
    "relapse": _relapse,
}


def _bursts(draw: Draw) -> Drawn | None:
    """Many times the usual norm at one point in ten, or in four, since some point."""
    n, share = length(draw, POINTS), draw.pick("share", (0.1, 0.25))
    at, times = round(draw.pick("at", AT) * n), draw.pick("times", (30.0, 100.0))
    y = _before(draw, n) + _noise(draw, n)[0]
    if n - at < 100 or at < 20:
        return None
    y += np.where((np.arange(n) >= at) & (draw.rng.random(n) < share), np.log(times), 0)
    return _logged(draw, "gradient", y, (at - 2, at + int(6 / share)), at, "still")


def _clipped(draw: Draw) -> Drawn | None:
    """Logged behind the clipping: at its limit from some point on, or all along."""
    n = length(draw, POINTS)
    at = round(draw.pick("at", (0.0, 0.2, 0.5)) * n)
    limit, noise = draw.pick("limit", (0.1, 0.5, 1.0, 5.0)), _noise(draw, n)[0]
    if n - at < 12 or 0 < at < 8:
        return None
    free = np.minimum(np.log(limit) - np.abs(1 + noise), np.log(0.98 * limit))
    active = (np.arange(n) >= at) & (draw.rng.random(n) < draw.pick("share", (0.92, 0.98, 1.0)))
    y = np.where(active, np.log(limit) - 1e-6 * draw.rng.random(n), free)
    return _logged(draw, "gradient", y, (at - 3, at + max(6, n // 50)), n, "falls")


def _before(draw: Draw, n: int) -> Array:
    how, t = draw.pick("before", BEFORES), np.arange(n) / n
    if how == "falls":
        return np.asarray(-0.3 * np.log1p(t / 0.02))
    if how == "high at first":
        return np.asarray(2.0 * np.exp(-t / 0.02))
    return 0.5 * t if how == "drifts up" else np.zeros(n)


def _noise(draw: Draw, n: int) -> tuple[Array, float]:
    """The noise, and what of it hides a level, as a standard deviation."""
    kind, sd = draw.pick("noise", NOISES), draw.pick("sd", SDS)
    if kind == "smooth":
        return 0.004 * draw.rng.normal(size=n), 0.004
    if kind == "correlated 0.5":
        return sd * autocorrelated(draw.rng, n, 0.5), sd * 1.5
    if kind == "correlated 0.9":
        return 0.5 * sd * autocorrelated(draw.rng, n, 0.9), sd * 1.5
    if kind == "heavy tails":
        return sd * draw.rng.standard_t(3, n) / 3**0.5, sd * 1.3
    return sd * draw.rng.normal(size=n), sd


def _logged(
    draw: Draw, kind: str, y: Array, window: tuple[int, int] | None, at: int, beside: str
) -> Drawn:
    """What grows since a point, beside a loss or a reward that does so and so since then."""
    n, rng = len(y), draw.rng
    steps, tag = spaced(draw, n), draw.pick("tag", GRADIENTS if kind == "gradient" else SIZES)
    series = {tag: (steps, rounded(draw, draw.pick("scale", (1.0, 1e-4, 1e5)) * np.exp(y)))}
    point = np.arange(n)
    learned = np.exp(-4 * (point if beside == "falls" else np.minimum(point, at)) / n)
    loss = 1 + 2 * learned + rng.normal(0, 0.03, n)
    if beside == "rises":
        loss += 1.5 * np.clip((point - at) / (0.1 * n), 0, 1)
    if beside == "reward still":
        series["rollout/ep_rew_mean"] = (steps, 100 - 90 * learned + rng.normal(0, 3, n))
    elif beside != "alone":
        series["train/loss"] = (steps, loss)
    also = ("explosion", "gradient") if kind == "gradient" else ()
    told = "gradient" if kind == "gradient" else "explosion"
    return Drawn(told, (tag,), series, window, also=also)
