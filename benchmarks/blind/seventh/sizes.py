"""Series that leave their scale by decades, upward or downward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import cosine, rollouts
from benchmarks.blind.seventh.making import bend, count, every, felt, grain, places, settle
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import abrupt, flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "activations_beyond_half_precision",
    "explosion",
    "the largest activation of a late layer grows by decades while the loss is as ever, until the"
    " scale of losses has to give way (Dehghani et al. 2023; OPT logbook)",
    clear=3.4,
    faint=2.0,
)
def activations_beyond_half_precision(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 120, 400)
    steps = every(100 * n, 100)
    log.seconds_per_step = rng.uniform(0.6, 2)
    onset = int(n * rng.uniform(0.35, 0.55))
    share = np.clip((np.arange(n) - onset) / (n - 1 - onset), 0, 1)
    size = 38 * 10 ** (strength * share**0.8)
    log.add("layers.23/act_max", steps, size * np.exp(grain(rng, n, 0.12)))
    log.add("layers.3/act_max", steps, 9.5 * np.exp(grain(rng, n, 0.08)))
    log.add("train/loss", steps, bend(n, 7.4, 2.9, 12) + grain(rng, n, 0.05))
    log.add("train/lr", steps, cosine(steps, 120 * n, 2e-4))
    sunk = np.floor(np.clip((share - 0.45) / 0.5, 0, 1) * 13)
    log.add("train/loss_scale", steps, 2.0 ** (17 - sunk))
    window = gradual(steps, np.log(size), onset, felt(0.12))
    log.true("explosion", "layers.23/act_max", steps[onset], window)
    first, fourth = (int(np.searchsorted(sunk, k)) for k in (1, 4))
    window = (steps[first - 3], steps[fourth + 3])
    log.true("loss_scale", "train/loss_scale", steps[first], window, also=("collapse",))


@labelled(
    "values_far_beyond_returns",
    "explosion",
    "Q-learning whose target is not held: values and their loss grow by decades and the scores go"
    " back to those of chance (van Hasselt et al. 2018, the deadly triad; CleanRL issues)",
    clear=4.5,
    faint=2.2,
)
def values_far_beyond_returns(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 180)
    steps = every(10000 * n, 10000)
    onset = int(n * rng.uniform(0.3, 0.5))
    share = np.clip((np.arange(n) - onset) / (n - 1 - onset), 0, 1)
    late = onset + max(n // 12, 3)
    gone = 1 - np.exp(-np.maximum(np.arange(n) - late, 0) / (0.07 * n))
    reward = bend(n, 1.3, 22, 3)
    reward = np.where(np.arange(n) < late, reward, reward[late] * (1 - 0.93 * gone))
    rollouts(log, rng, steps, places(reward + grain(rng, n, 0.9, 0.4), 2), length=2300.0, fps=310)
    noise = grain(rng, n, 0.2)
    td = 0.02 * 10 ** (strength * share)
    log.add("losses/td_loss", steps, td * np.exp(noise))
    log.add("losses/q_values", steps, bend(n, 0.1, 3, 4) * 10 ** (0.5 * strength * share))
    log.add("rollout/exploration_rate", steps, np.maximum(1 - 4 * steps / steps[-1], 0.01))
    window = gradual(steps, np.log(td), onset, felt(0.2))
    log.true("explosion", ("losses/td_loss", "losses/q_values"), steps[onset], window)
    window = gradual(steps, -reward, late, felt(0.9, 0.4))
    log.true("divergence", "rollout/ep_rew_mean", steps[late], window, also=("collapse",))


@labelled(
    "critic_without_its_penalty",
    "explosion",
    "a Wasserstein critic whose penalty does not hold it: its loss runs from units to tens of"
    " thousands, below nought (Gulrajani et al. 2017; WGAN-GP repositories)",
    tolerated=("divergence",),
)
def critic_without_its_penalty(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 40, 120)
    steps = every(1000 * n, 1000)
    log.seconds_per_step = rng.uniform(0.05, 0.2)
    onset = int(n * rng.uniform(0.3, 0.5))
    share = np.clip((np.arange(n) - onset) / (n - 1 - onset), 0, 1)
    size = settle(n, 11, 4.2, 6) * 10 ** (3.6 * share**0.8)
    log.add("critic_loss", steps, -size * np.exp(grain(rng, n, 0.15)))
    log.add("gen_loss", steps, 2.5 * (size - 4) * np.exp(grain(rng, n, 0.15)))
    log.add("gradient_penalty", steps, 0.12 * size * np.exp(grain(rng, n, 0.2)))
    at = steps[4::5]
    m = len(at)
    fid = settle(n, 180, 60, 6) + 190 * np.sqrt(share)
    log.add("fid", at, places(fid[4::5] * np.exp(grain(rng, m, 0.03)), 2))
    window = gradual(steps, np.log(size), onset, felt(0.15))
    tags = ("critic_loss", "gen_loss", "gradient_penalty")
    log.true("explosion", tags, steps[onset], window, also=("divergence",))


@labelled(
    "forgeries_told_without_fail",
    "collapse",
    "the discriminator has won: its loss is next to nothing within an epoch, the generator's goes"
    " up and learns no more (Goodfellow 2016; junyanz/pytorch-CycleGAN-and-pix2pix, issues)",
    clear=0.0015,
    faint=0.02,
)
def forgeries_told_without_fail(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 240)
    steps = every(200 * n, 200)
    log.seconds_per_step = rng.uniform(0.05, 0.2)
    onset = int(n * rng.uniform(0.3, 0.6))
    won = 1 - np.exp(-np.maximum(np.arange(n) - onset, 0) / (0.025 * n))
    loss = 0.62 * (strength / 0.62) ** won
    log.add("Loss_D", steps, places(loss * np.exp(grain(rng, n, 0.2)), 4))
    grown = 1.15 + (7.5 if strength < 0.01 else 4.5) * won
    log.add("Loss_G", steps, places(grown * np.exp(grain(rng, n, 0.12)), 4))
    real = 0.66 + 0.33 * won
    log.add("D(x)", steps, places(np.clip(real + grain(rng, n, 0.04) * (1 - 0.9 * won), 0, 1), 4))
    window = gradual(steps, -np.log(loss), onset, felt(0.2))
    window = (min(window[0], steps[onset - 3]), max(window[1], steps[onset + 3]))
    log.true("collapse", ("Loss_D", "Loss_G"), steps[onset], window, also=("explosion",))


@labelled(
    "one_move_and_no_other",
    "collapse",
    "within a few updates the policy has one action left: entropy is nought, the mean of its"
    " rewards stays where that action leads (Stable-Baselines3, entropy collapse threads)",
)
def one_move_and_no_other(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 160)
    steps = every(4096 * n, 4096)
    a = int(n * rng.uniform(0.12, 0.25))
    gone = 1 / (1 + np.exp(-(np.arange(n) - a - 2) / 0.9))
    entropy = 1.36 * (1 - gone) + 2e-4
    reward = -21 + 9 * np.minimum(np.arange(n) / a, 1) ** 1.2
    noise = grain(rng, n, 0.45, 0.5) * np.where(np.arange(n) > a + 4, 0.4, 1)
    rollouts(log, rng, steps, places(reward + noise, 2), length=840.0, fps=1250)
    log.add("train/entropy_loss", steps, -entropy * np.exp(grain(rng, n, 0.03)))
    log.add("train/approx_kl", steps, (0.009 * (1 - gone) + 1e-6) * np.exp(grain(rng, n, 0.3)))
    log.add("train/clip_fraction", steps, places(0.1 * (1 - gone), 3))
    log.add("train/value_loss", steps, 0.4 * np.exp(grain(rng, n, 0.3)))
    window = (steps[max(a - 3, 0)], steps[a + 6])
    tags = ("train/entropy_loss", "train/approx_kl", "train/clip_fraction")
    log.true("collapse", tags, steps[a], window)
    window = flat(steps, -reward, a, felt(0.45, 0.5))
    log.true("plateau", "rollout/ep_rew_mean", steps[a], window)


@labelled(
    "codes_that_say_nothing",
    "collapse",
    "posterior collapse: the divergence of the codes falls to nothing after some epochs, and the"
    " decoder does without (Bowman et al. 2016; threads on VAE for text)",
    tolerated=("plateau",),
)
def codes_that_say_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 24, 60)
    epoch = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(20, 90)
    a = count(rng, 4, 9)
    gone = np.exp(-np.maximum(epoch - a, 0) / 0.8)
    codes = 11.5 * (1 - np.exp(-(epoch + 1) / 2)) * gone + 0.004
    error = settle(n, 118, 96, 14) + 4 * (1 - gone)
    log.add("train/kl", epoch, places(codes * np.exp(grain(rng, n, 0.1)), 5))
    log.add("train/nll", epoch, places(error - 2 + grain(rng, n, 0.3), 3))
    log.add("valid/kl", epoch, places(codes * np.exp(grain(rng, n, 0.12)), 5))
    log.add("valid/nll", epoch, places(error + grain(rng, n, 0.4), 3))
    log.add("valid/ppl", epoch, places(np.exp((error + grain(rng, n, 0.4)) / 21.5), 2))
    log.true("collapse", ("train/kl", "valid/kl"), epoch[a], abrupt(epoch, a, 3))


@labelled(
    "all_pictures_alike",
    "collapse",
    "self-supervision without negatives: features of all pictures become one, their spread is"
    " nought, the loss as good as can be, and what neighbours tell falls (Chen and He 2021)",
)
def all_pictures_alike(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 40, 100)
    epoch = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(30, 120)
    a = int(n * rng.uniform(0.25, 0.5))
    gone = 1 - np.exp(-np.maximum(epoch - a, 0) / 1.6)
    spread = 0.021 * 10 ** (-2.7 * gone)
    near = bend(n, 31, 68, 5)
    near = np.where(epoch < a, near, near[a] - (near[a] - 12) * gone)
    loss = np.where(epoch < a, bend(n, -0.35, -0.86, 6), 0.0)
    loss = np.where(epoch < a, loss, loss[a - 1] - (1 + loss[a - 1]) * gone)
    log.add("train/loss", epoch, places(loss + grain(rng, n, 0.006) * (1 - gone), 4))
    log.add("train/feature_std", epoch, spread * np.exp(grain(rng, n, 0.05)))
    log.add("eval/knn_acc", epoch, places(near + grain(rng, n, 0.6), 2))
    log.add("lr", epoch, cosine(epoch, n, 0.05, 0))
    log.true("collapse", "train/feature_std", epoch[a], abrupt(epoch, a, 3))
    window = abrupt(epoch, a, 3)
    log.true("divergence", "eval/knn_acc", epoch[a], window, also=("collapse",))
