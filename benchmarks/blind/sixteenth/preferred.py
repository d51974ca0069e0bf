"""Preferences and rewards: TRL's DPO, KTO, ORPO, GRPO and PPO, reward models, verl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, linear
from benchmarks.blind.fifteenth.making import SURE, preferred, settled
from benchmarks.blind.fourteenth.making import about, hugging, index_of, near, scores, turns
from benchmarks.blind.shapes import steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, turns_soon
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, grows, jumps, levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator


def _grpo(log: Log, rng: Rng, at_: Steps, reward: Array) -> None:
    """What TRL's GRPO writes beside the reward."""
    t = times(len(at_))
    about(log, rng, "train/reward", at_, reward, 0.05)
    about(log, rng, "train/rewards/accuracy_reward/mean", at_, reward * 0.7, 0.05)
    near(log, rng, "train/reward_std", at_, 0.42 - 0.1 * t, 0.1)
    near(log, rng, "train/kl", at_, 1e-4 + 0.02 * t, 0.15)
    near(log, rng, "train/completions/mean_length", at_, 350 + 150 * t, 0.06)
    near(log, rng, "train/grad_norm", at_, 0.3, 0.2)
    log.add("train/learning_rate", at_, cosine(t, 1e-6))


@healthy("dpo_of_an_epoch", "margins grow, the loss falls from 0.693", tolerated=SURE)
def _dpo(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 200)
    t, at_ = times(n), steps(n, 10)
    margin = 1.1 * (1 - np.exp(-3 * t))
    near(log, rng, "train/loss", at_, np.log1p(np.exp(-margin)) + 0.12 * margin, 0.03)
    preferred(log, rng, at_, margin)
    hugging(log, rng, at_, cosine(t, 5e-7), 20)


@healthy("grpo_grade_school", "the reward rises, and KL and lengths with it")
def _grpo_school(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    _grpo(log, rng, steps(n), learning(times(n), 0.3, 1.3, 2.5))


@healthy("reward_model_short", "one epoch, told every fifty steps", tolerated=SURE)
def _reward_model(log: Log, rng: Rng) -> None:
    n = int(rng.integers(8, 14))
    t, at_ = times(n), steps(n, 50)
    near(log, rng, "train/loss", at_, learning(t, 0.68, 0.36, 3), 0.03)
    seen = every(at_, 6)
    near(log, rng, "eval/loss", seen, learning(times(6), 0.56, 0.40, 2), 0.012)
    scores(log, rng, "eval/accuracy", seen, learning(times(6), 0.69, 0.805, 2), 2000)


@healthy("ppo_from_feedback", "TRL's PPO: scores and KL rise together", tolerated=SURE)
def _ppo_feedback(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n)
    about(log, rng, "objective/scores", at_, learning(t, -0.8, 1.9, 2), 0.25)
    about(log, rng, "objective/rlhf_reward", at_, learning(t, -0.8, 1.5, 2), 0.25)
    near(log, rng, "objective/kl", at_, 0.1 + 14 * t**0.8, 0.1)
    near(log, rng, "objective/entropy", at_, 48 - 8 * t, 0.05)
    near(log, rng, "policy/clipfrac_avg", at_, 0.02 + 0.03 * t, 0.3)
    near(log, rng, "loss/value_avg", at_, 0.05 + 0.4 * np.exp(-t / 0.05), 0.2)
    about(log, rng, "loss/policy_avg", at_, -0.01, 0.006)
    log.add("lr", at_, linear(t, 3e-6, 0.01))


@healthy("orpo_small", "odds ratio and likelihood in one loss")
def _orpo(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 160)
    t, at_ = times(n), steps(n, 10)
    near(log, rng, "train/loss", at_, learning(t, 1.75, 1.2, 3), 0.03)
    near(log, rng, "train/nll_loss", at_, learning(t, 1.65, 1.13, 3), 0.03)
    about(log, rng, "train/log_odds_chosen", at_, 0.4 * t, 0.08)
    hugging(log, rng, at_, linear(t, 8e-6), 3.0)


@healthy("verl_math", "scores of held-out problems every twenty steps, few of them", tolerated=SURE)
def _verl(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 400)
    t, at_ = times(n), steps(n)
    about(log, rng, "critic/score/mean", at_, learning(t, 0.25, 0.62, 3), 0.025)
    near(log, rng, "actor/entropy", at_, 0.15 + 0.3 * np.exp(-4 * t), 0.05)
    near(log, rng, "response_length/mean", at_, 600 + 500 * t, 0.03)
    near(log, rng, "actor/grad_norm", at_, 0.12, 0.15)
    near(log, rng, "perf/throughput", at_, 1300, 0.04)
    about(log, rng, "actor/ppo_kl", at_, 0.0, 0.0005)
    seen = every(at_, max(n // 20, 6))
    scores(
        log, rng, "val-core/math/acc/mean@1", seen, at(seen, at_, learning(t, 0.3, 0.56, 3)), 500
    )


@labelled(
    "grpo_forgets",
    "divergence",
    "the reward climbs, and then falls to nothing",
    clear=1.0,
    half=0.55,
)
def _grpo_forgets(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n)
    onset = rng.uniform(0.45, 0.65)
    lost = np.clip((t - onset) / 0.15, 0, 1) * strength
    reward = learning(np.minimum(t, onset), 0.2, 1.3, 4) * (1 - lost)
    _grpo(log, rng, at_, reward)
    turns(
        log,
        "divergence",
        ("train/reward", "train/rewards/accuracy_reward/mean"),
        at_,
        -reward,
        index_of(t, onset),
        0.05,
        ("collapse",),
    )


@labelled(
    "entropy_of_a_policy_gone",
    "collapse",
    "the policy has one answer left",
    clear=0.002,
    medium=0.015,
    tolerated=("plateau", "divergence"),
)
def _entropy_gone(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, at_ = times(n), steps(n)
    onset = rng.uniform(0.3, 0.5)
    gone = 10 ** (np.log10(strength) * np.clip((t - onset) / 0.25, 0, 1))
    entropy = 0.6 * gone
    about(log, rng, "critic/score/mean", at_, learning(t, 0.2, 0.45, 6), 0.03)
    near(log, rng, "actor/entropy", at_, entropy, 0.08)
    near(log, rng, "actor/grad_norm", at_, 0.05 + 0.2 * gone, 0.15)
    grows(log, "collapse", "actor/entropy", at_, entropy, index_of(t, onset), 0.08)


@labelled(
    "kl_runs_away",
    "explosion",
    "the reward model is fooled and KL goes by decades",
    clear=3.0,
    tolerated=("divergence", "gradient"),
)
def _kl_runs_away(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n)
    onset = rng.uniform(0.5, 0.65)
    decades = np.clip((t - onset) / 0.25, 0, 1) * strength
    kl = (0.5 + 6 * t) * 10**decades
    about(log, rng, "objective/scores", at_, learning(t, -0.5, 2.4, 2), 0.2)
    near(log, rng, "objective/kl", at_, kl, 0.12)
    near(log, rng, "loss/value_avg", at_, 0.1, 0.2)
    log.add("lr", at_, 3e-6)
    grows(
        log,
        "explosion",
        "objective/kl",
        at_,
        kl,
        index_of(t, onset),
        0.12,
        ("divergence",),
    )


@labelled(
    "dpo_by_heart", "overfitting", "three epochs over the same pairs", medium=0.14, tolerated=SURE
)
def _dpo_by_heart(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 90, 300)
    t, at_ = times(n), steps(n, 10)
    near(log, rng, "train/loss", at_, 0.02 + 0.66 * np.exp(-3.5 * t), 0.1)
    preferred(log, rng, at_, 6 * t)
    hugging(log, rng, at_, linear(t, 5e-6), 12)
    seen = every(at_, 12)
    valid = bent(times(12), rng.uniform(0.2, 0.35), 0.68, 0.56, 0.56 + strength)
    near(log, rng, "eval/loss", seen, valid, 0.012)
    turns_soon(log, "eval/loss", seen, valid, 0.008)


@labelled(
    "dpo_does_not_start", "plateau", "the adapter is frozen by mistake: 0.693 throughout", plain=1.0
)
def _dpo_does_not_start(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 150)
    t, at_ = times(n), steps(n, 10)
    loss = 0.6931 * np.ones(n) * strength
    about(log, rng, "train/loss", at_, loss, 0.0015)
    about(log, rng, "train/rewards/margins", at_, 0.0, 0.004)
    scores(log, rng, "train/rewards/accuracies", at_, 0.5, 160)
    log.add("train/learning_rate", at_, cosine(t, 5e-7))
    log.true(
        "plateau",
        ("train/loss", "train/rewards/accuracies", "train/rewards/margins"),
        at_[0],
        (at_[0], at_[n // 5]),
    )


@labelled(
    "reward_pairs_again",
    "overfitting",
    "the known step up of the second epoch on",
    clear=0.3,
    medium=0.15,
)
def _reward_second(log: Log, rng: Rng, strength: float) -> None:
    n = 60
    t, at_ = times(n), steps(n, 20)
    near(log, rng, "train/loss", at_, 0.62 * np.exp(-2.2 * t) + 0.02, 0.08)
    log.add("train/learning_rate", at_, linear(t, 1e-5))
    seen = every(at_, 12)
    valid = bent(times(12), 0.3, 0.62, 0.47, 0.47 + strength)
    near(log, rng, "eval/loss", seen, valid, 0.015)
    turns_soon(log, "eval/loss", seen, valid, 0.008)


@labelled("ppo_of_words_nan", "nonfinite", "log of a probability of 0", plain=0.6)
def _ppo_nan(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 250)
    t, at_ = times(n), steps(n)
    index = index_of(t, strength * rng.uniform(0.6, 1.3))
    gone = np.log(left(t, index, np.nan))
    about(log, rng, "objective/scores", at_, learning(t, -0.5, 1.1, 2) + gone, 0.2)
    about(log, rng, "loss/policy_avg", at_, gone - 0.01, 0.005)
    near(log, rng, "objective/kl", at_, 1 + 9 * t + gone, 0.1)
    log.add("lr", at_, 1e-6)
    jumps(log, "nonfinite", ("objective/scores", "loss/policy_avg", "objective/kl"), at_, index)


@labelled(
    "score_stays_at_chance",
    "plateau",
    "problems too hard: the reward never moves again after the format was learned",
    clear=0.12,
    later=0.3,
)
def _at_chance(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, at_ = times(n), steps(n)
    reward = 0.2 - 0.18 * settled(t, strength)
    about(log, rng, "train/reward", at_, reward, 0.02)
    near(log, rng, "train/kl", at_, 1e-4 + 0.003 * t, 0.15)
    log.add("train/learning_rate", at_, cosine(t, 1e-6))
    levels(log, "train/reward", at_, -reward, index_of(t, strength), 0.02)


@labelled(
    "rate_jumps_at_resume",
    "learning_rate",
    "the schedule starts anew at twenty times the rate that it had",
    clear=20.0,
    medium=6.0,
    tolerated=("divergence", "gradient"),
)
def _rate_jumps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.5, 0.7))
    rate = np.where(np.arange(n) < index, 1e-6 * (1.05 - t), strength * 1e-6 * (1.05 - t))
    near(log, rng, "train/loss", at_, learning(t, 0.69, 0.52, 3), 0.02)
    about(log, rng, "train/rewards/margins", at_, 0.8 * t, 0.06)
    log.add("train/learning_rate", at_, rate)
    jumps(log, "learning_rate", "train/learning_rate", at_, index, ("explosion",))
