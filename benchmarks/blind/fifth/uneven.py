"""Healthy runs that are awkward to read: noise, steps that are meant, scales and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, counted, evaluations, fall, held_out, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "rate_begun_anew_three_times",
    "warm restarts with the rate logged: the loss bounces by a fifth at each and ends each cycle"
    " lower than the last (Loshchilov and Hutter 2017; timm)",
)
def rate_begun_anew_three_times(log: Log, rng: np.random.Generator) -> None:
    n = 4 * int(rng.integers(20, 61))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(60, 300)
    number, into = np.divmod(np.arange(n) * 4 / n, 1)
    heat = (1 + np.cos(np.pi * into)) / 2
    low = np.array([0.82, 0.68, 0.6, 0.55])[number.astype(int)]
    high = np.array([1.05, 0.98, 0.82, 0.72])[number.astype(int)]
    loss = low + (high - low) * heat + 1.6 * np.exp(-t / 0.03)
    log.add("train/loss", steps, loss * batches(rng, n, 0.012))
    log.add("eval/loss", steps, (loss + 0.08) * batches(rng, n, 0.015))
    right = 92 - 24 * loss + rng.normal(0, 0.5, n)
    log.add("eval/top1", steps, np.maximum(right, 1))
    log.add("train/lr", steps, 1e-5 + (0.1 - 1e-5) * heat)


@healthy(
    "voice_and_its_critics",
    "an adversarial vocoder: the mel loss falls while the feature-matching loss rises, since the"
    " discriminators see more, and the generator's total stands (jaywalnut310/vits)",
    tolerated=("plateau",),
)
def voice_and_its_critics(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    log.seconds_per_step = rng.uniform(0.3, 0.9)
    mel = fall(t, 62, 16.5, 0.005, 0.5) * batches(rng, n, 0.045)
    matching = settle(t, 1.1, 5.4, 2.5) * batches(rng, n, 0.08)
    adversarial = 2.1 + 0.35 * settle(t, 0, 1, 3) + rng.normal(0, 0.12, n)
    duration = fall(t, 2.9, 1.42, 0.02, 0.6) * batches(rng, n, 0.03)
    kl = fall(t, 4.2, 1.55, 0.02, 0.6) * batches(rng, n, 0.05)
    log.add("loss/g/mel", steps, mel)
    log.add("loss/g/fm", steps, matching)
    log.add("loss/g/gen", steps, adversarial)
    log.add("loss/g/dur", steps, duration)
    log.add("loss/g/kl", steps, kl)
    log.add("loss/g/total", steps, mel + matching + adversarial + duration + kl)
    log.add("loss/d/total", steps, 2.72 - 0.3 * settle(t, 0, 1, 4) + rng.normal(0, 0.07, n))
    log.add("learning_rate", steps, 2e-4 * 0.9999 ** (np.arange(n) // 5))
    log.add("grad_norm_g", steps, settle(t, 120, 260, 2) * batches(rng, n, 0.35))


@healthy(
    "one_example_at_a_time",
    "each step's loss of one example: it spreads over a decade while its mean falls to a third",
)
def one_example_at_a_time(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 5000, 20000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(0.05, 0.3)
    log.add("Loss/step", steps, fall(t, 1.5, 0.42, 0.1, 0.8) * rng.gamma(1.1, 1 / 1.1, n))


@healthy(
    "door_seldom_opened",
    "a reward of one for success: at first three episodes of a hundred, at last three of ten"
    " (robosuite, sparse rewards)",
)
def door_seldom_opened(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.seconds_per_step = rng.uniform(0.01, 0.04)
    opened = rng.random(n) < 0.03 + 0.32 * np.clip(t, 0, 1) ** 1.5
    log.add("train/episode_reward", steps, opened.astype(float))
    each = np.arange(n // 40, n, n // 40)
    rate = counted(rng, 0.03 + 0.34 * t[each] ** 1.5, 50)
    log.add("eval/success_rate", steps[each], rate)


@healthy(
    "forty_patients_held_out",
    "an accuracy in steps of a fortieth jumps by three of them from epoch to epoch on its way up",
    tolerated=("plateau",),
)
def forty_patients_held_out(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(25, 81))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(10, 60)
    log.add("loss/train", steps, fall(t, 0.7, 0.31, 0.1, 0.6) * batches(rng, n, 0.03))
    log.add("loss/valid", steps, fall(t, 0.69, 0.42, 0.1, 0.6) + held_out(rng, n, 0.02))
    log.add("acc/valid", steps, counted(rng, fall(t, 0.5, 0.86, 0.15, 0.7), 40))


@healthy(
    "equals_play_on",
    "self-play: the reward of even players is about zero for ever, their rating climbs"
    " (Unity ML-Agents, soccer)",
    tolerated=("plateau",),
)
def equals_play_on(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(150, 601))
    t, steps = shapes.times(n), shapes.steps(n, 20000)
    log.seconds_per_step = rng.uniform(0.0005, 0.002)
    log.add("Environment/Cumulative Reward", steps, rng.normal(0, 0.11, n))
    log.add("Environment/Group Cumulative Reward", steps, rng.normal(0, 0.16, n))
    log.add("Self-play/ELO", steps, settle(t, 1200, 1710, 1.6) + shapes.correlated(rng, n, 7, 0.9))
    log.add("Environment/Episode Length", steps, settle(t, 900, 260, 3) * batches(rng, n, 0.08))
    log.add("Losses/Policy Loss", steps, 0.021 + rng.normal(0, 0.001, n))
    log.add("Policy/Entropy", steps, 3.1 - 1.1 * t + rng.normal(0, 0.02, n))
    log.add("Policy/Learning Rate", steps, 3e-4)


@healthy(
    "divergence_let_in_slowly",
    "a variational autoencoder whose weight on the divergence is warmed up: the reconstruction"
    " falls, the divergence falls from above to its level, the bound improves (Bowman et al. 2016)",
    tolerated=("plateau",),
)
def divergence_let_in_slowly(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 301))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(5, 40)
    beta = np.minimum(1, t / 0.25)
    latent = settle(t, 61, 25.5, 9) * batches(rng, n, 0.008)
    rebuilt = fall(t, 205, 71, 0.02, 0.7) * batches(rng, n, 0.006)
    log.add("train/recon_loss", steps, rebuilt)
    log.add("train/kld", steps, latent)
    log.add("train/beta", steps, beta)
    log.add("train/elbo", steps, -rebuilt - latent)
    log.add("val/elbo", steps, -fall(t, 205, 73, 0.02, 0.7) - settle(t, 61, 25.7, 9))


@healthy(
    "things_that_never_change",
    "beside a loss that falls there are ten series that are constant or only count: a temperature,"
    " a weight, the epoch, memory, queues",
)
def things_that_never_change(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = rng.uniform(0.1, 1)
    log.add("train/contrastive_loss", steps, fall(t, 6.24, 1.62, 0.02, 0.5) * batches(rng, n, 0.03))
    right = fall(t, 0.4, 61.0, 0.06, 0.5) + rng.normal(0, 1.2, n)
    log.add("train/acc@1", steps, np.maximum(right, 0.1))
    log.add("train/temperature", steps, 0.07)
    log.add("train/loss_weight", steps, 1.0)
    log.add("train/weight_decay", steps, 0.05)
    log.add("train/momentum", steps, 0.996 + 0.004 * t)
    log.add("train/epoch", steps, np.floor(t * 100))
    log.add("sys/gpu_mem_mb", steps, np.where(np.arange(n) < 2, 18112.0, 18240.0))
    log.add("sys/queue_len", steps, 0.0)
    log.add("sys/num_workers", steps, 8.0)
    log.add("sys/samples_seen", steps, steps * 512.0)


@healthy(
    "busy_by_day",
    "a shared machine: steps take half as long again from nine to six, and at night as before;"
    " the run ends at night",
    tolerated=("throughput",),
)
def busy_by_day(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.seconds_per_step = 3.0 * 24 * 3600 / (n * 20) / 1.25
    day = (t * 3 % 1 > 0.3) & (t * 3 % 1 < 0.75)
    load = np.where(day, rng.uniform(1.4, 1.6), 1.0) * rng.gamma(300, 1 / 300, n)
    turns = np.flatnonzero(np.diff(day.astype(int))) + 1
    for at in turns:
        log.slower(int(steps[at]), 1.5 if day[at] else 1 / 1.5)
    log.add("perf/step_time", steps, log.seconds_per_step * load)
    log.add("train/mlm_loss", steps, fall(t, 9.1, 1.94, 0.01, 0.45) + rng.normal(0, 0.05, n))
    log.add("train/lr", steps, shapes.warmup_linear(t, 1e-4, 0.1))


@healthy(
    "nothing_left_to_get_right",
    "an easy task: all is right after a fifth of the epochs and stays so, the loss goes on falling"
    " by decades",
)
def nothing_left_to_get_right(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 81))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(5, 60)
    loss = 0.48 * 10 ** (-3.2 * t**0.6)
    log.session("train")
    log.add("epoch_loss", steps, loss * batches(rng, n, 0.08))
    log.add("epoch_accuracy", steps, np.where(t > 0.2, 1.0, 0.82 + 0.9 * t))
    log.session("validation")
    log.add("epoch_loss", steps, 1.3 * loss * batches(rng, n, 0.12))
    log.add("epoch_accuracy", steps, np.where(t > 0.22, 1.0, 0.85 + 0.65 * t))


@healthy(
    "put_off_three_times",
    "a queue takes the node away three times: each time the job goes on from its last checkpoint,"
    " some hours later and some points back",
    tolerated=("stall",),
)
def put_off_three_times(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(0.4, 2)
    log.hours_between_sessions = rng.uniform(0.3, 9)
    loss = fall(t, 10.4, 2.75, 0.004, 0.45)
    ends = np.sort(rng.choice(np.arange(2, 10), 3, replace=False)) * n // 10
    back = rng.integers(1, max(n // 40, 3), 3)
    for first, last in zip([0, *(ends - back)], [*ends, n], strict=True):
        part = slice(int(first), int(last))
        k = int(last - first)
        log.session()
        log.add("Train/Samples/train_loss", steps[part], loss[part] + rng.normal(0, 0.04, k))
        log.add("Train/Samples/lr", steps[part], shapes.warmup_cosine(t, 3e-4, 0.02, 0.1)[part])
    evaluations(log, steps[n // 12 :: n // 6], 50)
