"""Rates, norms, scales and speeds: what is sound of them and what is not, in jobs of all sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, held, nears, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import index_of, near, scores, settling
from benchmarks.blind.shapes import approach, correlated, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    fades,
    from_the_start,
    grows,
    half_cosine,
    jumps,
    scaler,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("shared-file-system", "Speed sways by a fifth with what others do, and always comes back.")
def shared(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 900)
    t, steps = times(n), stepping(n, 20)
    sway = 1 - 0.1 * np.abs(correlated(rng, n, 1.0, 0.6))
    near(log, rng, "train/loss", steps, power_law(t, 7.2, 2.1, 0.6, 0.01), 0.03)
    near(log, rng, "perf/samples_per_second", steps, 910 * sway.clip(0.6), 0.04)
    near(log, rng, "perf/data_wait_ms", steps, 12, 0.4)
    log.add("train/lr", steps, cosine(t, 3e-4))


@healthy("scale-up-and-down", "Dynamic scaling: doubled now and then and halved the step after.")
def up_and_down(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), stepping(n, 25)
    near(log, rng, "train/loss", steps, power_law(t, 9.5, 3.0, 0.5, 0.008), 0.012)
    near(log, rng, "train/grad_norm", steps, settling(t, 0.7), 0.2)
    log.add("train/loss_scale", steps, scaler(rng, np.full(n, 15.7), 16, 25))
    log.add("train/lr", steps, cosine(t, 2e-4, 0.01))


@healthy(
    "rate-cut-on-plateau",
    "ReduceLROnPlateau halves the rate; each cut gains a little.",
    tolerated=SURE,
)
def cut_on_plateau(log: Log, rng: Rng) -> None:
    n = int(rng.integers(60, 161))
    t, steps = times(n), epochs(n)
    cuts = np.sum([t >= place for place in (0.35, 0.55, 0.7, 0.8, 0.9)], axis=0)
    gain = 1 - np.exp(-12 * t) + 0.06 * (1 - 0.5**cuts)
    near(log, rng, "train_loss", steps, 1.5 - 1.1 * gain, 0.02)
    near(log, rng, "val_loss", steps, 1.5 - 1.0 * gain, 0.035)
    log.add("lr", steps, 1e-3 * 0.5**cuts)


@healthy("constant-rate-throughout", "A rate of Adam that is never changed, as in many small jobs.")
def constant_rate(log: Log, rng: Rng) -> None:
    n = whole(rng, 50, 400)
    t, steps = times(n), stepping(n, 100)
    nears(
        log,
        rng,
        steps,
        {"Loss/train": (approach(t, 2.1, 0.5, 4) - 0.1 * t, 0.05), "grad/total_norm": (1.2, 0.25)},
    )
    log.add("optim/lr", steps, 1e-3)


@healthy("clipped-in-the-warm-up", "Norms above the limit in the first steps, far below after it.")
def clipped_early(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 10)
    near(log, rng, "train/loss", steps, power_law(t, 10.3, 2.8, 0.5, 0.006), 0.012)
    near(log, rng, "train/grad_norm", steps, 0.3 + 5 * np.exp(-t / 0.01), 0.2)
    log.add("train/grad_clipped", steps, (rng.random(n) < np.exp(-t / 0.01) + 0.004).astype(float))
    log.add("train/lr", steps, 6e-4 * held(t, 0.03, 0.2))


@healthy(
    "continued-on-monday",
    "Ended on Friday and continued on Monday in another file.",
    tolerated=("stall",),
)
def on_monday(log: Log, rng: Rng) -> None:
    n = int(rng.integers(60, 161))
    t, steps = times(n), epochs(n)
    log.seconds_per_step = rng.uniform(60, 300)
    log.hours_between_sessions = 62
    cut = int(n * rng.uniform(0.4, 0.7))
    loss = approach(t, 4.0, 0.9, 5) - 0.15 * t
    for part in (slice(0, cut), slice(cut, n)):
        near(log, rng, "train_epoch_loss", steps[part], loss[part], 0.02)
        near(log, rng, "valid_epoch_loss", steps[part], loss[part] + 0.1, 0.03)
        log.add("rate", steps[part], (1e-3 * half_cosine(t, 0, 0.01))[part])
        log.session()


@labelled(
    "apex-o2-underflow",
    "loss_scale",
    "The scale falls to 1 within a part of the run.",
    early=0.25,
    late=0.7,
)
def apex(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 700)
    t, steps = times(n), stepping(n, 20)
    made = index_of(t, strength)
    limit = np.where(t < strength, 15.6, np.maximum(15.6 - (np.arange(n) - made) / 1.5, 0.6))
    scale = np.maximum(scaler(rng, limit, 16, 50), 1.0)
    near(log, rng, "Train/Loss", steps, approach(t, 6.8, 2.2, 6), 0.03)
    log.add("Train/LossScale", steps, scale)
    log.add("Train/LR", steps, 0.1 * (1 - 0.99 * t))
    gone = made + int(np.argmax(scale[made:] <= 2.0**12))
    log.true(
        "loss_scale",
        "Train/LossScale",
        int(steps[made]),
        (int(steps[made - 8]), int(steps[min(gone + 4, n - 1)])),
        also=("collapse",),
    )


@labelled(
    "deepspeed-skips-all",
    "loss_scale",
    "Each step overflows: the scale is halved to 1 at once.",
    plain=0.35,
    late=0.8,
)
def skips_all(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 1)
    made = index_of(t, strength)
    halved = np.clip(np.arange(n) - made + 1, 0, 16)
    stuck = np.minimum(t, strength)
    near(log, rng, "Train/Samples/train_loss", steps, 2.9 - 1.2 * (1 - np.exp(-4 * stuck)), 0.02)
    log.add("Train/Samples/loss_scale", steps, 65536.0 * 0.5**halved)
    log.add("Train/Samples/lr", steps, cosine(np.minimum(t, strength), 2e-5))
    tenth = min(made + 6, n - 1)
    log.true(
        "loss_scale",
        "Train/Samples/loss_scale",
        int(steps[made]),
        (int(steps[made - 2]), int(steps[tenth])),
        also=("collapse",),
    )


@labelled(
    "warm-up-is-the-whole-run", "learning_rate", "A rate of zero that never moves at all.", zero=0.0
)
def rate_of_zero(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    _, steps = times(n), stepping(n, 10)
    near(log, rng, "train/loss", steps, 5.4, 0.02)
    log.add("train/learning_rate", steps, strength)
    near(log, rng, "train/grad_norm", steps, 7, 0.2)
    from_the_start(log, "learning_rate", "train/learning_rate", steps)


@labelled(
    "two-schedulers-at-once",
    "learning_rate",
    "Cosine and steps multiply: gone at a third.",
    third=0.33,
    half=0.5,
)
def two_schedulers(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), epochs(n)
    rate = 1e-3 * half_cosine(np.minimum(t / strength, 1)) * 0.3 ** np.floor(10 * t / strength)
    rate = np.maximum(rate, 1e-12)
    learnt = 1 - np.exp(-6 * np.minimum(t, strength / 2))
    near(log, rng, "train/loss", steps, 3.1 - 1.6 * learnt, 0.01)
    scores(log, rng, "val/accuracy", steps, 0.15 + 0.4 * learnt, 5000)
    log.add("train/lr", steps, rate)
    fades(log, "train/lr", steps, rate)


@labelled(
    "rate-times-hundred-at-resume",
    "learning_rate",
    "A resumed job reads another rate.",
    hundred=100.0,
    tenfold=10.0,
)
def at_resume(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 50)
    made = index_of(t, rng.uniform(0.4, 0.7))
    rate = 1e-5 * np.where(np.arange(n) >= made, strength, 1.0)
    near(log, rng, "train/loss", steps, approach(t, 2.0, 1.1, 6), 0.05)
    log.add("train/lr", steps, rate)
    near(log, rng, "train/grad_norm", steps, 1.1, 0.25)
    jumps(log, "learning_rate", "train/lr", steps, made)


@labelled(
    "norm-doubles-and-doubles",
    "gradient",
    "Norms rise twentyfold while the loss still falls.",
    steep=30.0,
    gentle=12.0,
)
def doubles(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 10)
    onset = rng.uniform(0.3, 0.5)
    made = index_of(t, onset)
    norm = 0.4 * strength ** since(t, onset)
    near(log, rng, "train/loss", steps, power_law(t, 10.4, 2.8, 0.5, 0.006), 0.012)
    near(log, rng, "train/grad_norm", steps, norm, 0.15)
    log.add("train/lr", steps, cosine(t, 3e-4, 0.01))
    grows(log, "gradient", "train/grad_norm", steps, norm, made, 0.15, also=("explosion",))


@labelled(
    "host-swaps-memory",
    "throughput",
    "Steps get slower and slower to the end of the run.",
    fourfold=4.0,
    double=2.2,
)
def swaps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 10)
    onset = rng.uniform(0.35, 0.5)
    made = index_of(t, onset)
    last = index_of(t, onset + 0.15)
    slow = 1 + (strength - 1) * np.clip((t - onset) / 0.15, 0, 1)
    near(log, rng, "loss", steps, power_law(t, 6.5, 1.9, 0.6, 0.01), 0.03)
    nears(
        log,
        rng,
        steps,
        {"sec_per_step": (0.8 * slow, 0.03), "examples_per_sec": (320 / slow, 0.03)},
    )
    for i in range(made + 1, last + 1):
        log.slower(int(steps[i]), float(slow[i] / slow[i - 1]))
    log.true(
        "throughput",
        ("sec_per_step", "examples_per_sec"),
        int(steps[made]),
        (int(steps[made - 3]), int(steps[last + 2])),
    )


@labelled(
    "norm-is-zero",
    "gradient",
    "A detached graph: the norm is exactly 0 from a point on.",
    plain=0.4,
    late=0.7,
)
def norm_zero(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, strength)
    stuck = np.minimum(t, strength)
    abouts(log, rng, steps, {"train/loss": (2.4 - 1.3 * (1 - np.exp(-4 * stuck)), 0.03)})
    near(log, rng, "train/grad_norm", steps, np.where(np.arange(n) >= made, 0.0, 0.9), 0.2)
    log.add("train/lr", steps, 1e-4)
    jumps(log, "gradient", "train/grad_norm", steps, made, also=("collapse",))
