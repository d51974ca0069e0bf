"""How a curve is logged: what else is in the run, and whether the job was restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.attributes import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.blind.runs import Log, Window
    from benchmarks.detection.grammar.attributes import Array, Draw, Measure, Noise, Steps

COMPANY = ("alone", "alone", "constant rate", "cosine rate", "gradient norm", "memory", "siblings")
STEADY_COMPANY = ("alone", "alone", "constant rate", "gradient norm", "memory")
SIBLINGS = ("aux/a_loss_term", "aux/b_loss_term", "aux/temperature")
RESTARTS = ("none", "none", "none", "none", "goes on", "same steps again", "from zero")


def logged(
    draw: Draw,
    log: Log,
    measure: Measure,
    steps: Steps,
    worse: Array,
    noise: Noise,
    company: Sequence[str] = COMPANY,
    others: dict[str, Array] | None = None,
) -> None:
    """Logs the series of a measure with its company.

    Args:
        draw: Picks the company and the restart.
        log: Takes it.
        measure: What the tag measures.
        steps: Shape (n,).
        worse: The curve without noise, shape (n,).
        noise: That of the curve.
        company: What may be beside it.
        others: More series of as many points.
    """
    series = {measure.tag: rounded(noise, measure.values(worse + noise.points))} | (others or {})
    series |= beside(draw, draw.pick("company", company), measure, worse)
    restart = draw.pick("restart", RESTARTS) if len(steps) >= 40 else "none"
    if restart == "none":
        for tag, values in series.items():
            log.add(tag, steps, values)
        return
    cut = int(len(steps) * draw.rng.uniform(0.3, 0.7))
    again = max(len(steps) // 25, 2) if restart == "same steps again" else 0
    for tag, values in series.items():
        log.add(tag, steps[: cut + again], values[: cut + again])
    log.session()
    # What begins anew from the first step supersedes what was there.
    begins = 0 if restart == "from zero" else cut
    for tag, values in series.items():
        log.add(tag, steps[begins:], values[begins:])


def beside(draw: Draw, company: str, measure: Measure, worse: Array) -> dict[str, Array]:
    """The series of such a company, none of which has any trouble."""
    n, rng = len(worse), draw.rng
    t = np.linspace(0, 1, n)
    if company == "constant rate":
        return {"train/lr": np.full(n, 3e-4)}
    if company == "cosine rate":
        return {"lr": 5e-5 + 4.5e-4 * (1 + np.cos(np.pi * t)) / 2}
    if company == "gradient norm":
        return {"train/grad_norm": (1 + np.exp(-20 * t)) * rng.lognormal(0, 0.2, n)}
    if company == "memory":
        return {"system/gpu_memory_gb": 31 + rng.normal(0, 0.2, n)}
    if company == "siblings":
        # Terms of the same loss, which fare well.
        return {tag: (0.3 + (1 + 30 * t) ** -0.5) * rng.lognormal(0, 0.02, n) for tag in SIBLINGS}
    return {}


def window(steps: Steps, first: int, last: int) -> Window:
    """The steps of the points from `first` to `last`, as far as there are such."""
    ends = steps[max(first, 0)], steps[min(last, len(steps) - 1)]
    return min(ends), max(ends)
