"""What was off for a moment, and is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.seventh.frameworks import cosine, keras, norms
from benchmarks.blind.seventh.making import bend, count, every, grain, places, scored
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "two_bad_batches",
    "spike",
    "batches of broken text: the loss of one line is far out, so is its norm, and the next line is"
    " as if nothing had been (OPT and PaLM reports; axolotl issues)",
    clear=16.0,
    faint=8.0,
)
def two_bad_batches(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 120, 400)
    steps = every(10 * n, 10)
    log.seconds_per_step = rng.uniform(0.5, 3)
    loss = bend(n, 2.5, 1.5, 8) + grain(rng, n, 0.045, 0.1, 8)
    norm = norms(rng, n, 0.8)
    places_of = [int(n * rng.uniform(0.3, 0.5)), int(n * rng.uniform(0.65, 0.9))]
    for at in places_of:
        loss[at] += strength * 0.045 * rng.uniform(1, 1.4)
        norm[at] *= strength
    log.add("train/loss", steps, places(loss, 4))
    log.add("train/grad_norm", steps, norm)
    log.add("train/learning_rate", steps, cosine(steps, 10 * n, 2e-4))
    for at in places_of:
        log.true("spike", ("train/loss", "train/grad_norm"), steps[at], abrupt(steps, at, 1))


@labelled(
    "one_evaluation_far_off",
    "spike",
    "one validation among dozens is several times as bad as those beside it, and its accuracy too"
    " (Keras, batch normalisation with small batches)",
    tolerated=("plateau",),
    clear=2.4,
    faint=0.9,
)
def one_evaluation_far_off(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, of = count(rng, 30, 60), count(rng, 800, 3000)
    log.seconds_per_step = rng.uniform(10, 50)
    at = int(n * rng.uniform(0.4, 0.8))
    loss = bend(n, 1.15, 0.36, 8)
    val = loss * 1.12 * np.exp(grain(rng, n, 0.045))
    val[at] *= 1 + strength
    steps = keras(
        log,
        {
            "loss": loss * np.exp(grain(rng, n, 0.012)),
            "accuracy": np.exp(-0.36 * loss) + grain(rng, n, 0.003),
        },
        {"loss": places(val, 4), "accuracy": scored(rng, np.exp(-0.38 * val), of)},
    )
    log.true("spike", ("epoch_loss", "epoch_accuracy"), steps[at], abrupt(steps, at, 1))


@labelled(
    "norm_of_hundreds_once",
    "spike",
    "one gradient is hundreds of times as large as the rest, was cut, and the loss knows nothing"
    " of it (Lightning and nanoGPT issues)",
    clear=200.0,
    faint=25.0,
)
def norm_of_hundreds_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 300)
    steps = every(50 * n, 50)
    log.seconds_per_step = rng.uniform(0.1, 0.5)
    at = int(n * rng.uniform(0.35, 0.85))
    norm = norms(rng, n, 1.4, 0.2)
    norm[at] = 1.4 * strength
    log.add("train/loss", steps, bend(n, 6.4, 3.1, 9) + grain(rng, n, 0.04))
    log.add("train/grad_norm", steps, places(norm, 3))
    log.add("train/lr", steps, cosine(steps, 50 * n, 8e-4))
    val = steps[4::10]
    m = len(val)
    log.add("val/loss", val, bend(n, 6.4, 3.1, 9)[4::10] + 0.04 + grain(rng, m, 0.008))
    log.true("spike", "train/grad_norm", steps[at], abrupt(steps, at, 1))


@labelled(
    "up_and_down_within_twenty_lines",
    "spike",
    "a leap of the loss that takes a dozen lines of the log to die away, after which it is where"
    " it would have been (Chowdhery et al. 2022, section 5.1)",
    clear=1.1,
    faint=0.45,
)
def up_and_down_within_twenty_lines(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 250, 600)
    steps = every(20 * n, 20)
    log.seconds_per_step = rng.uniform(0.4, 2)
    at = int(n * rng.uniform(0.35, 0.75))
    jump = shapes.decay_after(n, at, strength, rng.uniform(4, 7))
    loss = bend(n, 7.9, 3.0, 12) + jump
    log.add("lm loss", steps, loss + grain(rng, n, 0.03))
    log.add("grad-norm", steps, norms(rng, n, 0.5 + 2 * jump, 0.2))
    log.add("learning-rate", steps, cosine(steps, 22 * n, 3e-4))
    log.true("spike", ("lm loss", "grad-norm"), steps[at], abrupt(steps, at, 3))
