"""Gradients that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, linear
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.blind.shapes import Array


@labelled(
    "every_update_is_clipped",
    "gradient",
    "more and more updates are clipped until it is every one, as the norm passes the limit; the"
    " loss gains little after it (fairseq: clip)",
    tolerated=("plateau", "explosion"),
    plain=1.0,
)
def every_update_is_clipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    onset = int(n * rng.uniform(0.25, 0.5))
    rise = strength * np.clip((t - t[onset]) / 0.15, 0, 1)
    norm = 0.55 * 10 ** (0.75 * rise)
    log.session("train_inner")
    log.add("gnorm", steps, norm * batches(rng, n, 0.1))
    clipped = 100 * shapes.logistic(np.log(norm), 0, 1, 0, 0.1)
    log.add("clip", steps, np.clip(np.round(clipped + rng.normal(0, 1, n)), 0, 100))
    down = fall(t, 8.4, 3.4, 0.01, 0.5)
    slow = np.where(t > t[onset], down[onset] - 0.15 * (down[onset] - down), down)
    log.add("loss", steps, slow + rng.normal(0, 0.03, n))
    log.add("lr", steps, 5e-4 * np.minimum(t / 0.05, 1))
    # From the first doubling of the norm to where all of it is clipped.
    full = int(np.flatnonzero(rise >= 0.6)[0])
    first = steps[max(onset - max(n // 40, 3), 0)]
    window = (first, steps[min(full + max(n // 20, 3), n - 1)])
    log.true("gradient", ("gnorm", "clip"), steps[onset], window, also=("explosion",))


@labelled(
    "norm_grows_while_loss_stands",
    "gradient",
    "the gradient's norm grows for the rest of the run, eightfold in the end, while the loss stands"
    " (allenai/OLMo #596, where it was worse)",
    tolerated=("plateau", "explosion", "divergence"),
    plain=12.0,
    medium=6.0,
)
def norm_grows_while_loss_stands(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(1, 5)
    onset = int(n * rng.uniform(0.3, 0.5))
    into = np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    grown: Array = np.log(strength) * into
    norm = fall(np.minimum(t, t[onset]), 3.0, 0.4, 0.005, 0.7) * np.exp(grown)
    log.add("optim/total_grad_norm", steps, norm * batches(rng, n, 0.15))
    down = fall(np.minimum(t / t[onset], 1), 9.8, 3.05, 0.01, 0.5)
    log.add("train/CrossEntropyLoss", steps, down + rng.normal(0, 0.025, n))
    log.add("optim/learning_rate_group0", steps, np.minimum(t / 0.02, 1) * 4e-4)
    tag = "optim/total_grad_norm"
    first, last = gradual(steps, grown, onset, 0.15)
    # A half more of the norm is what one sees first in a picture whose top is twelve times that.
    seen = int(np.searchsorted(grown, np.log(2)))
    window = (first, max(last, steps[min(seen + 3, n - 1)]))
    log.true("gradient", tag, steps[onset], window, also=("explosion",))


@labelled(
    "nothing_comes_back",
    "gradient",
    "gradients vanish: the norm falls to a millionth within a tenth of the run and the loss stands"
    " at what guessing gives (Lightning, track_grad_norm)",
    tolerated=("plateau",),
    plain=5.5,
)
def nothing_comes_back(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    log.seconds_per_step = rng.uniform(0.05, 0.5)
    onset = int(n * rng.uniform(0.15, 0.3))
    gone = np.clip((t - t[onset]) / 0.1, 0, 1)
    log.add("grad_2.0_norm_total", steps, 1.3 * 10 ** (-strength * gone) * batches(rng, n, 0.2))
    worse = 0.6931 + 0.13 * np.exp(-t / 0.06)
    log.add("train_loss", steps, worse + rng.normal(0, 0.006, n))
    log.add("lr-Adam", steps, linear(np.zeros(n) + 0.5, 1e-3))
    first = steps[max(onset - max(n // 40, 3), 0)]
    last = steps[min(onset + max(n // 20, 3), n - 1)]
    log.true("gradient", "grad_2.0_norm_total", steps[onset], (first, last), also=("collapse",))
