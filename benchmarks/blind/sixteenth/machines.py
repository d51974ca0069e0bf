"""Rates, scales, speeds and gradients: what goes wrong around the model, and what looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, linear
from benchmarks.blind.eleventh.making import paced
from benchmarks.blind.fifteenth.making import epochs, one_cycle
from benchmarks.blind.fourteenth.making import about, index_of, near, scores
from benchmarks.blind.shapes import decay_after, power_law, ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import learning, nemo, slow_epochs, titan
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import (
    fades,
    from_the_start,
    grows,
    hangs,
    jumps,
    scaler,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("shared_file_system", "speeds wander by a fifth as others come and go")
def _shared(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 20)
    wander = 1 + 0.1 * np.sin(2 * np.pi * (3 * t + rng.uniform())) + 0.06 * np.sin(37 * t)
    near(log, rng, "train/loss", at_, power_law(t, 9.5, 2.6, 0.4), 0.012)
    near(log, rng, "perf/tokens_per_second", at_, 41000 * wander, 0.05)
    log.add("optim/lr", at_, cosine(t, 4e-4))
    log.seconds_per_step = 1.0
    paced(log, at_, 1 / wander)


@healthy("scale_up_and_down", "a dynamic scale as it lives: doubled in good times, halved at times")
def _scale(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1000)
    t, at_ = times(n), steps(n, 20)
    near(log, rng, "train/loss", at_, power_law(t, 9.5, 2.6, 0.4), 0.012)
    log.add("train/loss_scale", at_, scaler(rng, 17.5 * np.ones(n), 16, 40))
    near(log, rng, "train/gnorm", at_, 0.8 + 2 * np.exp(-t / 0.02), 0.12)


@healthy(
    "norm_that_wanders",
    "the gradient norm rises by half as the loss falls, and is clipped now and then",
)
def _wanders(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    t, at_ = times(n), steps(n, 10)
    near(log, rng, "loss_metrics/global_avg_loss", at_, power_law(t, 10.6, 2.3, 0.4), 0.012)
    near(log, rng, "grad_norm", at_, 0.5 + 4 * np.exp(-t / 0.02) + 0.15 * t, 0.25)
    log.add("lr", at_, cosine(t, 3e-4))
    titan(log, rng, at_)


@healthy("saved_every_hour", "a slow line at each checkpoint; speeds are else the same")
def _saved(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 500)
    t, at_ = times(n), steps(n, 10)
    near(log, rng, "train_loss", at_, learning(t, 3.4, 1.9, 5), 0.015)
    saves = np.arange(n) % 30 == 29
    near(log, rng, "samples_per_sec", at_, np.where(saves, 260, 410), 0.015)
    log.add("lr", at_, one_cycle(t) * 1e-3)
    log.seconds_per_step = 1.0
    paced(log, at_, np.where(saves, 1.58, 1.0))


@healthy("warmup_of_a_third", "a long warm-up; the loss falls as the rate rises")
def _warmup(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    near(log, rng, "train_loss", at_, learning(t, 6.9, 3.2, 3), 0.01)
    scores(log, rng, "test_acc1", at_, learning(t, 0.01, 0.71, 3), 10000)
    log.add("train_lr", at_, linear(t, 4e-3, 0.33) + 1e-6)


@labelled(
    "rate_of_nought",
    "learning_rate",
    "the scheduler multiplies with 0 after its warm-up",
    plain=0.12,
    later=0.3,
    tolerated=("plateau", "collapse"),
)
def _nought(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 250)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    index = index_of(t, strength)
    rate = np.where(np.arange(n) < index, 1e-3, 0.0)
    near(
        log,
        rng,
        "train_loss",
        at_,
        1.2 + 1.5 * np.exp(-4 * np.minimum(t, strength) / strength),
        0.01,
    )
    log.add("lr-SGD", at_, rate)
    jumps(log, "learning_rate", "lr-SGD", at_, index, ("collapse",))


@labelled(
    "gamma_each_step",
    "learning_rate",
    "a decay meant for epochs, at each step: nothing is left after a tenth",
    plain=0.004,
    slower=0.01,
    tolerated=("plateau", "collapse"),
)
def _gamma(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 50)
    rate = 1e-3 * np.exp(-t / strength / 3)
    near(log, rng, "train/loss", at_, 1.7 + 0.7 * rate / 1e-3, 0.02)
    log.add("train/lr", at_, rate)
    fades(log, "train/lr", at_, rate, ("collapse",))


@labelled(
    "rate_a_hundredfold",
    "learning_rate",
    "a scaled rate comes back from a checkpoint",
    clear=100.0,
    medium=10.0,
    tolerated=("divergence", "gradient"),
)
def _hundredfold(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 20)
    index = index_of(t, rng.uniform(0.4, 0.7))
    rate = np.where(np.arange(n) < index, 1.0, strength) * cosine(t, 1e-4)
    near(log, rng, "reduced_train_loss", at_, learning(t, 4.0, 2.4, 5), 0.012)
    nemo(log, rng, at_, rate)
    jumps(log, "learning_rate", "lr", at_, index, ("explosion",))


@labelled(
    "node_throttles",
    "throughput",
    "a GPU is hot: speed is lower from then on",
    clear=2.5,
    medium=1.5,
    tolerated=("collapse",),
)
def _throttles(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.3, 0.65))
    speed = np.where(np.arange(n) < index, 1.0, 1 / strength)
    near(log, rng, "loss_metrics/global_avg_loss", at_, power_law(t, 10.6, 2.4, 0.4), 0.012)
    titan(log, rng, at_, speed)
    log.add("lr", at_, cosine(t, 3e-4))
    log.seconds_per_step = 1.1
    log.slower(int(at_[index]), strength)
    tags = ("throughput(tps)", "tflops", "mfu(%)", "time_metrics/end_to_end(s)")
    jumps(log, "throughput", tags, at_, index)


@labelled(
    "steps_take_longer_and_longer",
    "throughput",
    "a list of losses with their graphs is kept: each step is slower than the one before",
    clear=3.0,
    medium=1.5,
    tolerated=("collapse", "explosion"),
)
def _longer(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, at_ = times(n), steps(n, 10)
    seconds = 1 + ramp_after(t, 0.15, strength)
    near(log, rng, "train/loss", at_, learning(t, 2.3, 1.0, 4), 0.03)
    near(log, rng, "it_per_sec", at_, 5.2 / seconds, 0.03)
    log.seconds_per_step = 1.0
    paced(log, at_, 0.2 * seconds)
    grows(log, "throughput", "it_per_sec", at_, seconds, index_of(t, 0.15), 0.04)


@labelled(
    "underflow_for_ever",
    "loss_scale",
    "the scale is halved to its least and stays there",
    clear=22.0,
    medium=13.0,
    tolerated=("plateau",),
)
def _underflow(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 20)
    index = index_of(t, rng.uniform(0.4, 0.6))
    halvings = np.clip(np.arange(n) - index + 1, 0, strength)
    log.add("train/loss_scale", at_, 2.0 ** (15 - halvings))
    near(log, rng, "train/loss", at_, learning(t, 7.0, 3.8, 5), 0.015)
    log.true(
        "loss_scale",
        "train/loss_scale",
        at_[index],
        (at_[index - 2], at_[index + 5]),
        also=("collapse",),
    )


@labelled(
    "scaler_at_once",
    "loss_scale",
    "overflow at each step from the first: the scale falls to 1 and below within a tenth",
    plain=20.0,
    more=30.0,
    tolerated=("plateau", "gradient"),
)
def _at_once(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 400)
    t, at_ = times(n), steps(n, 10)
    halvings = np.clip(np.arange(n), 0, strength)
    log.add("amp/scale", at_, 2.0 ** (16 - halvings))
    near(log, rng, "loss", at_, learning(t, 2.3, 1.9, 3), 0.02)
    log.true("loss_scale", "amp/scale", at_[0], (at_[0], at_[n // 5]), also=("collapse",))


@labelled(
    "clipped_from_half_on",
    "gradient",
    "norms grow without bound behind a clip of 1",
    clear=30.0,
    medium=8.0,
    tolerated=("explosion",),
)
def _clipped(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 10)
    onset = rng.uniform(0.25, 0.5)
    norm = 0.6 * (1 + ramp_after(t, onset, strength, 1.5))
    near(log, rng, "train/loss", at_, learning(t, 4.2, 2.9, 5), 0.015)
    near(log, rng, "train/total_grad_norm", at_, norm, 0.15)
    log.add("optim/lr", at_, cosine(t, 4e-4))
    grows(
        log,
        "gradient",
        "train/total_grad_norm",
        at_,
        norm,
        index_of(t, onset),
        0.15,
        ("explosion",),
    )


@labelled(
    "token_of_nothing",
    "spike",
    "a batch of padding: one point far out, twice as high",
    clear=1.2,
    medium=0.5,
)
def _padding(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 500)
    t, at_ = times(n), steps(n, 20)
    index = index_of(t, rng.uniform(0.4, 0.85))
    loss = learning(t, 3.6, 2.2, 5) * (1 + decay_after(n, index, strength, 0.8))
    near(log, rng, "train_loss", at_, loss, 0.015)
    spikes(log, "train_loss", at_, index, 2)


@labelled(
    "quota_is_full", "stall", "no space left: it waits until someone deletes", hours=8.0, days=60.0
)
def _quota(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 50)
    near(log, rng, "loss", at_, learning(t, 2.0, 0.9, 4), 0.03)
    about(log, rng, "val_f1", at_, learning(t, 0.3, 0.71, 4), 0.01)
    hangs(log, ("loss", "val_f1"), at_, index_of(t, rng.uniform(0.3, 0.85)), strength)


@labelled(
    "rate_is_never_more_than_nothing",
    "learning_rate",
    "an optimiser without groups: the rate logged is 0 from the first step",
    plain=1.0,
    tolerated=("plateau",),
)
def _never(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 150)
    at_ = steps(n, 10)
    near(log, rng, "train/loss", at_, 2.31 * strength, 0.01)
    log.add("train/learning_rate", at_, 0.0)
    from_the_start(log, "learning_rate", "train/learning_rate", at_)
