"""Clients, teachers and pairs: federated, distilled and contrastive learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine
from benchmarks.blind.fifteenth.making import SURE, epochs, settled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, grows, jumps, levels, overfits, spikes

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("flower_rounds", "ten to fifteen rounds of the tutorial")
def _flower(log: Log, rng: Rng) -> None:
    n = int(rng.integers(10, 16))
    t, at_ = times(n), epochs(n) + 1
    slow_epochs(log, rng)
    near(log, rng, "loss_distributed", at_, learning(t, 2.1, 0.95, 3), 0.015)
    about(log, rng, "accuracy_distributed", at_, learning(t, 0.28, 0.67, 3), 0.008)


@healthy(
    "unlike_clients",
    "each round other clients are drawn, and their classes with them",
    tolerated=SURE,
)
def _unlike(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    scores(log, rng, "server/test_acc", at_, learning(t, 0.2, 0.78, 4), 100)
    near(log, rng, "server/test_loss", at_, learning(t, 2.2, 0.75, 4), 0.12)
    near(log, rng, "clients/mean_train_loss", at_, learning(t, 1.6, 0.3, 4), 0.15)


@healthy("small_bert_of_a_large", "distillation: three losses in one")
def _distilled(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 400)
    t, at_ = times(n), steps(n, 500)
    near(log, rng, "losses/loss", at_, learning(t, 9.0, 2.6, 7), 0.02)
    near(log, rng, "losses/loss_ce", at_, learning(t, 3.5, 0.9, 7), 0.025)
    near(log, rng, "losses/loss_mlm", at_, learning(t, 6.0, 1.9, 7), 0.03)
    near(log, rng, "losses/loss_cos", at_, learning(t, 0.3, 0.05, 7), 0.02)
    log.add("learning_rate/lr", at_, 5e-4 * np.minimum(t / 0.05, 1 - t))
    near(log, rng, "global/mem_usage", at_, 71, 0.01)
    near(log, rng, "global/speed", at_, 0.42, 0.03)


@healthy("simclr_long", "hundreds of epochs, slower and slower", tolerated=SURE)
def _simclr(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "loss", at_, learning(t, 5.8, 4.6, 7), 0.006)
    about(log, rng, "acc/top1", at_, learning(t, 10, 62, 6), 2.0)
    about(log, rng, "acc/top5", at_, learning(t, 25, 84, 6), 1.5)
    log.add("learning_rate", at_, cosine(t, 3e-4, 0.02, 0.0))


@healthy(
    "moco_queue",
    "the loss rises while the queue fills, and then falls",
    monitored=False,
    tolerated=("divergence", "plateau"),
)
def _moco(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 100)
    loss = 9.2 - 2.6 * np.exp(-t / 0.012) - 2.4 * (1 - np.exp(-4 * t))
    near(log, rng, "train/loss", at_, loss, 0.006)
    about(log, rng, "train/acc1", at_, 30 + 45 * (1 - np.exp(-4 * t)), 1.5)
    log.add("train/lr", at_, cosine(t, 0.03, 0.01, 0.0))


@healthy("open_clip", "the logit scale rises to 100 and is clamped there", tolerated=("plateau",))
def _open_clip(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "train/contrastive_loss", at_, learning(t, 6.8, 1.9, 8), 0.05)
    log.add("train/scale", at_, np.minimum(100, 14.3 + 125 * t**0.8))
    log.add("train/lr", at_, cosine(t, 5e-4, 0.06, 0.0))
    near(log, rng, "train/samples_per_second", at_, 21000, 0.03)
    about(
        log,
        rng,
        "val/imagenet-zeroshot-val-top1",
        every(at_, 10),
        learning(times(10), 0.12, 0.41, 2.5),
        0.003,
    )


@labelled(
    "clients_drift_apart",
    "divergence",
    "too many local epochs: the server's model gets worse",
    medium=0.22,
)
def _drift_apart(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 250)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    onset = rng.uniform(0.35, 0.55)
    right = -bent(t, onset, -0.15, -0.74, -0.74 + strength)
    about(log, rng, "server/test_acc", at_, right, 0.02)
    near(log, rng, "server/test_loss", at_, 2.6 - 2.3 * right, 0.03)
    tags = ("server/test_acc", "server/test_loss")
    turns(log, "divergence", tags, at_, -right, index_of(t, onset), 0.02)


@labelled(
    "one_vector_for_all",
    "collapse",
    "the features' deviation goes to nothing: one vector for all",
    clear=0.002,
    medium=0.02,
    tolerated=("divergence", "plateau"),
)
def _alike(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 50)
    onset = rng.uniform(0.2, 0.4)
    sd = 0.044 * strength ** np.clip((t - onset) / 0.2, 0, 1)
    about(log, rng, "train/neg_cosine", at_, -0.9 - 0.09 * (1 - np.exp(-5 * t)), 0.003)
    near(log, rng, "train/z_std", at_, sd, 0.03)
    log.add("train/lr", at_, cosine(t, 0.05))
    grows(log, "collapse", "train/z_std", at_, sd, index_of(t, onset), 0.03)


@labelled(
    "logarithm_of_the_batch", "plateau", "contrast of nothing: ln 512 from the start", plain=1.0
)
def _log_batch(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 50)
    about(log, rng, "loss", at_, 6.238 * strength, 0.003)
    about(log, rng, "acc/top1", at_, 0.2, 0.05)
    log.add("learning_rate", at_, cosine(t, 3e-4))
    log.true("plateau", ("loss", "acc/top1"), at_[0], (at_[0], at_[n // 5]))


@labelled("student_by_heart", "overfitting", "distilled on 4,000 sentences", medium=0.25)
def _student(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 240)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "train/kd_loss", at_, 2.2 * np.exp(-4 * t) + 0.08, 0.05)
    seen = every(at_, 20)
    valid = bent(times(20), rng.uniform(0.2, 0.4), 2.0, 1.1, 1.1 * (1 + strength))
    near(log, rng, "eval/kd_loss", seen, valid, 0.015)
    overfits(log, "eval/kd_loss", seen, valid, 0.018)


@labelled(
    "rounds_are_level",
    "plateau",
    "the rounds after the first third change nothing",
    clear=0.3,
)
def _rounds(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 200)
    t, at_ = times(n), epochs(n) + 1
    slow_epochs(log, rng)
    right = 0.52 - 0.42 * settled(t, strength)
    about(log, rng, "accuracy_distributed", at_, right, 0.012)
    near(log, rng, "loss_distributed", at_, 3.0 - 2.9 * right, 0.02)
    levels(
        log, ("accuracy_distributed", "loss_distributed"), at_, -right, index_of(t, strength), 0.012
    )


@labelled(
    "one_bad_client",
    "spike",
    "a client sends rubbish in a round; the next ones mend it",
    clear=0.35,
    medium=0.27,
)
def _bad_client(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    index = index_of(t, rng.uniform(0.35, 0.85))
    hit = strength * ((np.arange(n) == index) + 0.4 * (np.arange(n) == index + 1))
    right = learning(t, 0.3, 0.81, 4) - hit
    scores(log, rng, "global/accuracy", at_, right, 10000)
    near(log, rng, "global/loss", at_, 2.4 - 2.3 * right, 0.015)
    spikes(log, ("global/accuracy", "global/loss"), at_, index, 2)


@labelled(
    "clip_jumps",
    "divergence",
    "the scale is not clamped: the loss jumps to that of chance",
    plain=1.0,
    tolerated=("plateau",),
)
def _clip_jumps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 100)
    index = index_of(t, rng.uniform(0.35, 0.65))
    loss = np.where(np.arange(n) < index, learning(t, 6.8, 2.2, 8), 6.93 * strength)
    near(log, rng, "train/contrastive_loss", at_, loss, 0.03)
    log.add("train/lr", at_, cosine(t, 1e-3))
    seen = every(at_, 24)
    near(log, rng, "val/clip_val_loss", seen, at(seen, at_, loss) + 0.1, 0.01)
    jumps(log, "divergence", "train/contrastive_loss", at_, index)
    after = int(np.argmax(seen >= at_[index]))
    jumps(log, "divergence", "val/clip_val_loss", seen, after)
