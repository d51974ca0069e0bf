"""Scales of the loss in half precision: as torch, Apex, DeepSpeed and fairseq move them.

A scale is its exponent of two. Nine of ten speak where it is seven halvings below all before at the
end, or at one, where it goes on to grow without being halved, or is halved again and again; not of
what happens in the first seventh, in which a scale that is too high comes down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.machines import Drawn, length, spaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.detection.grammar.attributes import Array, Draw

    Fault = tuple[Array, tuple[int, int]]

TAGS = (
    *("train/loss_scale", "loss-scale", "loss_scale", "amp/scale", "train_inner/loss_scale"),
    *("grad_scaler/scale", "Train/Samples/train_loss_scale", "scaler", "optim/loss_scale"),
)
POINTS = (12, 20, 40, 100, 300, 1000, 5000)
STARTS = (7, 10, 13, 16, 16, 16, 24, 32)
AT = (0.2, 0.5, 0.8, 0.95)
SOUND = ("usual", "usual", "too high at first", "constant", "dip and back", "grows")
FAR = 7
SMALLEST = -149  # of single precision


def sound(draw: Draw) -> Drawn:
    """A scale that finds its place."""
    n = length(draw, POINTS)
    how, start = draw.pick("event", SOUND), draw.pick("start", STARTS)
    exponent, point = _usual(draw, n, start), np.arange(n)
    if how == "too high at first":
        first = min(draw.pick("depth", (3, 6, 12)), max(0, start - 4), n // 6)
        exponent = start - np.minimum(point, first) + (exponent - start).clip(-2, 3)
    elif how == "constant":
        exponent = np.full(n, float(start))
    elif how == "dip and back":
        since = point - int(n * draw.rng.uniform(0.3, 0.7))
        dip = draw.pick("depth", (2, 3, 4)) - since / max(1, n * 0.03)
        exponent = exponent - np.where(since >= 0, np.ceil(dip.clip(0)), 0)
    elif how == "grows":
        exponent = start + np.floor(point / n * draw.pick("depth", (2, 4, 6)))
    return _logged(draw, exponent, None, [])


def faulty(draw: Draw) -> Drawn | None:
    """A scale that collapses, or finds no rest or no end; None where one of ten is silent."""
    n = length(draw, POINTS)
    event = draw.pick("event", tuple(EVENTS))
    at = round(draw.pick("at", AT) * n)
    usual = _usual(draw, n, draw.pick("start", STARTS))
    if at < max(4, 0.15 * n) or n - at < max(5, 0.05 * n):
        return None
    made = EVENTS[event](draw, usual, at)
    if made is None:
        return None
    restarts = [at] if event == "collapse" and draw.pick("restart", (0, 0, 1)) else []
    return _logged(draw, *made, restarts)


def _usual(draw: Draw, n: int, start: int) -> Array:
    """Doubled each so many points, and halved at an overflow: about one level."""
    how = draw.pick("usual", ("constant", "up and down", "seldom halved"))
    chance = {"constant": 0.0, "up and down": 0.12, "seldom halved": 0.02}[how]
    exponent, out = float(start), np.empty(n)
    for at, move in enumerate(draw.rng.random(n).tolist()):
        if move < chance:
            exponent = max(exponent - 1, start - 2)
        elif move < 2 * chance:
            exponent = min(exponent + 1, start + 1)
        out[at] = exponent
    return out


def _pace(draw: Draw, n: int) -> int:
    """In how many points it is halved once."""
    return max(1, round(draw.pick("pace", (0.0, 0.01, 0.05)) * n))


def _since(draw: Draw, usual: Array, at: int) -> int:
    """Halvings before, which were not made good, may be of the same fall."""
    return at - 1 if draw.picked["usual"] == "constant" else at - max(6, len(usual) // 50)


def _is_far(exponent: Array, usual: Array, at: int) -> bool:
    """Whether it ends far below all before, and has been below for some points."""
    low = float(usual[:at].min())
    below = np.count_nonzero(exponent <= low - 4)
    return bool(exponent[-3:].max() <= low - FAR and below >= 4)


def _fallen(draw: Draw, usual: Array, at: int, pace: int) -> Array:
    """Halved from a point on down to a floor: at most one, or nearly zero."""
    depth = draw.pick("depth", (7, 10, 16, 40))
    floor = -40.0 if depth == 40 else max(usual[at - 1] - depth, 0.0)
    fall = np.clip((np.arange(len(usual)) - at + pace) // pace, 0, None)
    return np.where(np.arange(len(usual)) < at, usual, np.maximum(usual[at - 1] - fall, floor))


def _collapse(draw: Draw, usual: Array, at: int) -> Fault | None:
    pace = _pace(draw, len(usual))
    exponent = _fallen(draw, usual, at, pace)
    window = (_since(draw, usual, at), at + 2 * pace + 1)
    return (exponent, window) if _is_far(exponent, usual, at) else None


def _to_zero(draw: Draw, usual: Array, at: int) -> Fault | None:
    """As of a scaler that is halved in each of its many steps between two points."""
    fall = 16.0 * np.clip(np.arange(len(usual)) - at + 1, 0, None)
    exponent = np.where(fall > 0, np.maximum(usual[at - 1] - fall, SMALLEST - 1), usual)
    window = (_since(draw, usual, at), at + 3)
    return (exponent, window) if _is_far(exponent, usual, at) else None


def _by_stages(draw: Draw, usual: Array, at: int) -> Fault | None:
    n = len(usual)
    if draw.picked["usual"] != "constant":
        return None  # halvings before are of the same stair
    low = _fallen(draw, usual, at, 1)[-1]
    stage = np.ceil(4 * np.clip((np.arange(n) - at) / (n - at), 0, 1) + 1e-9) / 4
    exponent = np.where(np.arange(n) < at, usual, usual[at - 1] - (usual[at - 1] - low) * stage)
    return (exponent, (at - 1, at + (n - at) // 2)) if _is_far(exponent, usual, at) else None


def _relapse(draw: Draw, usual: Array, at: int) -> Fault | None:
    """Down, up again, and down for good."""
    n = len(usual)
    back, again = at + int(0.4 * (n - at)), at + int(0.6 * (n - at))
    exponent = _fallen(draw, usual, at, 1)
    low = exponent[-1]
    exponent[back:again] = np.minimum(usual[at - 1], exponent[back] + np.arange(again - back))
    exponent[again:] = np.maximum(exponent[again - 1] - np.arange(1, n - again + 1), low)
    window = (_since(draw, usual, at), again + 2)
    return (exponent, window) if _is_far(exponent, usual, at) else None


def _to_a_place_below(draw: Draw, usual: Array, at: int) -> Fault | None:
    n, depth, pace = len(usual), draw.pick("depth", (7, 10, 16)), _pace(draw, len(usual))
    fall = np.clip((np.arange(n) - at + pace) // pace, 0, None)
    place = usual[:at].min() - depth + np.arange(n) // 3 % 3 - 1
    exponent = np.where(np.arange(n) < at, usual, np.maximum(usual[at - 1] - fall, place))
    if place.min() < 0 or n - at < max(12, 0.2 * n) or pace * depth > 0.4 * (n - at):
        return None
    return exponent, (_since(draw, usual, at), at + 2 * pace + 1)


def _without_end(draw: Draw, usual: Array, at: int) -> Fault | None:
    n = len(usual)
    if n < 20 or n - at < 12:
        return None
    exponent = usual.copy()
    doublings = 1.5 * max(12.0, 36 - usual[at - 1])
    exponent[at:] = usual[at - 1] + np.floor(np.arange(1, n - at + 1) / (n - at) * doublings)
    return exponent, (0, at + (n - at) // 4)


def _without_rest(draw: Draw, usual: Array, at: int) -> Fault | None:
    n = len(usual)
    if n - at < max(60, 0.15 * n) or at < 40 or draw.picked["usual"] == "up and down":
        return None
    exponent = usual.copy()
    exponent[at:] = usual[at - 1] - (draw.rng.random(n - at) < 0.5)
    return exponent, (at - 4, at + 12)


def _from_a_low_start(draw: Draw, usual: Array, at: int) -> Fault | None:
    start, pace = int(draw.rng.integers(4, 8)), _pace(draw, len(usual))
    fall = np.clip((np.arange(len(usual)) - at + pace) // pace, 0, None)
    exponent = np.maximum(float(start) - fall, 0.0)
    return (exponent, (at - 1, at + 2 * pace + 1)) if exponent[-3:].max() == 0 else None


def _at_one_from_the_start(draw: Draw, usual: Array, at: int) -> Fault | None:
    """It comes down from the first step on, to where it scales nothing."""
    start = draw.pick("from", (10, 13, 16))
    exponent = np.maximum(start - np.arange(len(usual), dtype=float), 0.0)
    return (exponent, (0, 2)) if start <= 0.08 * len(usual) else None


EVENTS: dict[str, Callable[[Draw, Array, int], Fault | None]] = {
    "collapse": _collapse,
    "to zero": _to_zero,
    "collapse by stages": _by_stages,
    "collapse and relapse": _relapse,
    "to a place below": _to_a_place_below,
    "grows without end": _without_end,
    "finds no rest": _without_rest,
    "from a low start": _from_a_low_start,
    "at one from the start": _at_one_from_the_start,
}


def _logged(
    draw: Draw, exponent: Array, window: tuple[int, int] | None, restarts: Sequence[int]
) -> Drawn:
    n = len(exponent)
    value = 2.0 ** np.maximum(exponent, SMALLEST)
    value[exponent < SMALLEST] = 0.0
    if draw.pick("logged", ("as it is", "as it is", "means")) == "means":
        value[1:] = np.where(np.diff(value) != 0, (value[1:] + value[:-1]) / 2, value[1:])
    steps, tag = spaced(draw, n), draw.pick("tag", TAGS)
    loss = 1 + 2 * np.exp(-3 * np.arange(n) / n) + draw.rng.normal(0, 0.03, n)
    series = {tag: (steps, value), "train/loss": (steps, loss)}
    return Drawn("loss_scale", (tag,), series, window, restarts)
