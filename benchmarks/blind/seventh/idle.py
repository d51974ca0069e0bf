"""Runs that learn nothing, from the first point on or from some point on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import keras, rollouts
from benchmarks.blind.seventh.making import (
    count,
    ends_of_epochs,
    every,
    felt,
    grain,
    places,
    scored,
)
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "always_the_commonest_answer",
    "plateau",
    "unbalanced classes: from the first epoch to the last the accuracy is the share of the larger"
    " class, to the last digit, and the loss stands at their entropy (Stack Overflow, accuracy does"
    " not change)",
)
def always_the_commonest_answer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, of = count(rng, 12, 50), count(rng, 150, 900)
    log.seconds_per_step = rng.uniform(2, 30)
    share = round(of * rng.uniform(0.62, 0.83)) / of
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    first = 0.05 * np.exp(-2.5 * np.arange(n))
    steps = keras(
        log,
        {
            "loss": places(entropy + 0.004 + first + grain(rng, n, 0.0008), 4),
            "accuracy": places(share + 0.006 + grain(rng, n, 0.0004) * (first > 0.001), 4),
        },
        {
            "loss": places(entropy + first / 5 + grain(rng, n, 0.0006), 4),
            "accuracy": np.full(n, share),
        },
        1e-3,
    )
    window = flat(steps, first / 5, 0, 0.0006)
    log.true("plateau", ("epoch_loss", "epoch_accuracy"), steps[0], window)


@labelled(
    "entropy_of_its_alphabet",
    "plateau",
    "a recurrent network at ln K from beginning to end, its norm cut to five at each step"
    " (char-rnn forks; PyTorch forum, loss stuck at ln of the number of classes)",
)
def entropy_of_its_alphabet(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, classes = count(rng, 20, 60), count(rng, 10, 90)
    at = ends_of_epochs(n, count(rng, 50, 400))
    log.seconds_per_step = rng.uniform(0.02, 0.2)
    level = np.full(n, np.log(classes))
    log.add("loss/train", at, places(level + 0.006 + grain(rng, n, 0.005), 4))
    log.add("loss/val", at, places(level + 0.004 + grain(rng, n, 0.003), 4))
    log.add("acc/val", at, places(100 * scored(rng, np.full(n, 1 / classes), 2000), 2))
    log.add("grad_norm", at, 5.0)
    log.add("lr", at, 0.002)
    window = flat(at, level, 0, 0.005)
    log.true("plateau", ("loss/train", "loss/val", "acc/val"), at[0], window)
    log.true("gradient", "grad_norm", at[0], (at[0], at[max(n // 5, 2)]))


@labelled(
    "not_a_word_was_heard",
    "plateau",
    "CTC that never leaves its blanks: the loss comes down to its shoulder in the first epochs and"
    " stays, and of a hundred words a hundred are wrong (SeanNaren/deepspeech.pytorch, issues)",
)
def not_a_word_was_heard(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches = count(rng, 20, 50), count(rng, 200, 900)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.2, 0.7)
    level = 2.86 + 2.6 * np.exp(-np.arange(n) / 0.55)
    log.add("train/loss", at, places(level * np.exp(grain(rng, n, 0.006)), 3))
    log.add("valid/loss", at, places(0.3 * level + 2.02 + grain(rng, n, 0.012), 3))
    wer = np.full(n, 100.0)
    wer[: count(rng, 1, 2)] = 103.7
    log.add("valid/wer", at, wer)
    log.add("valid/cer", at, places(np.full(n, 100.0) - (wer < 101) * 1.7, 2))
    log.add("train/lr", at, 3e-4)
    window = flat(at, 0.3 * level, 3, felt(0.012))
    window = (at[0], max(window[1], at[6]))
    log.true("plateau", ("train/loss", "valid/loss", "valid/wer", "valid/cer"), at[3], window)


@labelled(
    "never_at_the_goal",
    "plateau",
    "a sparse task without hindsight: each episode costs its fifty steps, no trial of a hundred"
    " ends at the goal, up to the last (Gymnasium-Robotics, FetchPush with SAC)",
)
def never_at_the_goal(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 40, 160)
    steps = every(5000 * n, 5000)
    lucky = rng.random(n) < 0.05
    rollouts(log, rng, steps, places(-50 + 0.4 * lucky, 2), length=50.0, fps=240)
    log.add("rollout/success_rate", steps, places(0.01 * lucky, 2))
    log.add("eval/mean_reward", steps, -50.0)
    log.add("eval/success_rate", steps, 0.0)
    log.add("train/actor_loss", steps, 30 * (1 - np.exp(-np.arange(n) / 9)) + grain(rng, n, 0.3))
    log.add("train/critic_loss", steps, 0.02 * np.exp(grain(rng, n, 0.4)))
    log.add("train/ent_coef", steps, 0.004 * np.exp(grain(rng, n, 0.1)))
    tags = ("rollout/ep_rew_mean", "rollout/success_rate", "eval/mean_reward", "eval/success_rate")
    log.true("plateau", tags, steps[0], flat(steps, np.zeros(n), 0, 1))


@labelled(
    "harder_pulls_on_a_standing_load",
    "gradient",
    "the loss has come to a stand far above what others reach, and the norm of the gradients rises"
    " from then on to ten times what it was (Lightning, track_grad_norm threads)",
    clear=12.0,
    faint=5.0,
)
def harder_pulls_on_a_standing_load(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches = count(rng, 40, 110), count(rng, 60, 300)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.05, 0.4)
    a = int(n * rng.uniform(0.2, 0.35))
    level = 1.31 + 1.1 * np.maximum(1 - np.arange(n) / a, 0) ** 1.4
    share = np.clip((np.arange(n) - a) / (n - 1 - a), 0, 1)
    size = 0.85 * strength**share
    log.add("train_loss", at, places(level - 0.02 + grain(rng, n, 0.012), 4))
    log.add("val_loss", at, places(level + 0.03 + grain(rng, n, 0.018), 4))
    log.add("grad_2.0_norm_total", at, places(size * np.exp(grain(rng, n, 0.1)), 3))
    log.add("lr-SGD", at, 0.01)
    window = gradual(at, np.log(size), a, felt(0.1))
    log.true("gradient", "grad_2.0_norm_total", at[a], window, also=("explosion",))
    log.true("plateau", ("train_loss", "val_loss"), at[a], flat(at, level, a, felt(0.018)))
