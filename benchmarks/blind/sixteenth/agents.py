"""Agents of games and of gym: Stable-Baselines3, CleanRL, Tianshou, RLlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at
from benchmarks.blind.fifteenth.making import SURE, nears, settled, stable_baselines
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import correlated, logistic, ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import cleanrl, learning, left
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, grows, hangs, jumps, levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator


def _episodes(log: Log, rng: Rng, at_: Steps, reward: Array, sd: float) -> None:
    """The means of the last hundred episodes, as Stable-Baselines3 tells them."""
    n = len(at_)
    log.add("rollout/ep_rew_mean", at_, reward + correlated(rng, n, sd, 0.6))
    log.add("rollout/ep_len_mean", at_, 100 + 0.8 * reward + correlated(rng, n, sd, 0.6))


@healthy("sb3_ppo_walker", "half a million to five million steps", tolerated=SURE)
def _sb3_ppo(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 900)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    learnt = 1 - np.exp(-3.5 * t)
    _episodes(log, rng, at_, learning(t, -80, 260, 3), 9)
    stable_baselines(log, rng, at_, learnt)
    near(log, rng, "train/value_loss", at_, 40 - 25 * learnt, 0.3)


@healthy(
    "sb3_sac_reacher", "the critic's loss rises with the returns, the entropy falls", tolerated=SURE
)
def _sb3_sac(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 4000)
    log.seconds_per_step = 0.01
    learnt = 1 - np.exp(-4 * t)
    _episodes(log, rng, at_, learning(t, -30, 420, 3), 14)
    near(log, rng, "train/critic_loss", at_, 0.3 + 5 * learnt, 0.25)
    about(log, rng, "train/actor_loss", at_, -4 - 70 * learnt, 1.2)
    near(log, rng, "train/ent_coef", at_, 0.03 + 0.9 * np.exp(-t / 0.05), 0.05)
    near(log, rng, "time/fps", at_, 110, 0.02)
    log.add("train/learning_rate", at_, 3e-4)


@healthy("dqn_atari", "epsilon falls for a tenth; returns rise late and are noisy", tolerated=SURE)
def _dqn(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 900)
    t, at_ = times(n), steps(n, 10000)
    log.seconds_per_step = 0.004
    about(log, rng, "charts/episodic_return", at_, logistic(t, 2, 300, 0.5, 0.13), 28)
    near(log, rng, "losses/td_loss", at_, 0.002 + 0.009 * (1 - np.exp(-3 * t)), 0.3)
    about(log, rng, "losses/q_values", at_, 0.1 + 5 * (1 - np.exp(-3 * t)), 0.12)
    log.add("charts/epsilon", at_, np.maximum(1 - 9.9 * t, 0.01))
    near(log, rng, "charts/SPS", at_, 250 + 300 * np.exp(-t / 0.03), 0.01)


@healthy("cleanrl_cartpole_done", "reaches 500 late, and is done", tolerated=SURE)
def _cartpole(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 512)
    log.seconds_per_step = 0.001
    learnt = np.clip(t / 0.75, 0, 1) ** 1.3
    noise = rng.normal(0, 30, n) * (learnt < 1)
    log.add("charts/episodic_return", at_, np.clip(22 + 478 * learnt + noise * learnt, 9, 500))
    cleanrl(log, rng, at_, learnt)


@healthy(
    "rllib_self_play",
    "the reward against itself is nought, the win rate against the old rises",
    tolerated=SURE,
)
def _self_play(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 4000)
    log.seconds_per_step = 0.003
    about(log, rng, "ray/tune/env_runners/episode_return_mean", at_, 0.0, 0.06)
    about(log, rng, "ray/tune/env_runners/win_rate", at_, learning(t, 0.5, 0.9, 3), 0.025)
    near(log, rng, "ray/tune/learners/main/entropy", at_, 1.6 - 0.7 * t, 0.02)
    near(log, rng, "ray/tune/time_this_iter_s", at_, 13, 0.05)


@healthy(
    "key_and_door", "nothing for a third of the run, and then it finds the key", tolerated=SURE
)
def _key_and_door(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    chance = logistic(t, 0.0, 0.9, rng.uniform(0.45, 0.6), 0.06)
    scores(log, rng, "rollout/success_rate", at_, chance, 100)
    log.add("rollout/ep_rew_mean", at_, 0.95 * chance + np.abs(rng.normal(0, 0.01, n)))
    near(log, rng, "train/entropy_loss", at_, 1.9 - chance, 0.02)


@healthy("tianshou_tests", "ten test episodes an epoch: noisy, but upward", tolerated=SURE)
def _tianshou(log: Log, rng: Rng) -> None:
    n = whole(rng, 20, 100)
    t, at_ = times(n), steps(n, 10000)
    log.seconds_per_step = 0.01
    about(log, rng, "test/reward", at_, learning(t, 100, 3200, 2), 180)
    near(log, rng, "test/reward_std", at_, 300, 0.3)
    about(log, rng, "train/reward", at_, learning(t, 60, 3000, 2), 200)


@healthy(
    "explores_at_first",
    "a high epsilon: returns sink before they rise",
    monitored=False,
    tolerated=SURE,
)
def _explores(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 1000)
    log.seconds_per_step = 0.01
    reward = -150 - 60 * np.exp(-((t - 0.12) ** 2) / 0.006) + 380 * np.clip(t - 0.2, 0, 1)
    about(log, rng, "episode_reward", at_, reward, 22)
    log.add("epsilon", at_, np.maximum(1 - 1.6 * t, 0.05))


@healthy("evaluations_of_a_paper", "a dozen evaluations of a hundred episodes each")
def _evaluations(log: Log, rng: Rng) -> None:
    n = int(rng.integers(8, 15))
    t, at_ = times(n), steps(n, 100_000)
    log.seconds_per_step = 0.002
    about(log, rng, "eval/mean_reward", at_, learning(t, 210, 2900, 2), 70)
    about(log, rng, "eval/mean_ep_length", at_, learning(t, 180, 960, 2), 20)


@labelled(
    "policy_unlearns",
    "divergence",
    "the returns fall from their best and stay below",
    clear=0.85,
    medium=0.5,
    tolerated=("collapse", "plateau"),
)
def _unlearns(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 700)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    onset = rng.uniform(0.4, 0.6)
    lost = strength * np.clip((t - onset) / 0.12, 0, 1)
    learnt = 1 - np.exp(-7 * np.minimum(t, onset))
    reward = 20 + 280 * learnt * (1 - lost)
    _episodes(log, rng, at_, reward, 8)
    stable_baselines(log, rng, at_, learnt)
    turns(
        log,
        "divergence",
        ("rollout/ep_rew_mean", "rollout/ep_len_mean"),
        at_,
        -reward,
        index_of(t, onset),
        8,
        ("collapse",),
    )


@labelled(
    "values_too_high",
    "explosion",
    "Q-values by decades past any return",
    medium=2.5,
    tolerated=("divergence", "plateau"),
)
def _values(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 2000)
    log.seconds_per_step = 0.01
    onset = rng.uniform(0.3, 0.5)
    decades = strength * np.clip((t - onset) / 0.4, 0, 1)
    q = (3 + 20 * np.minimum(t, onset)) * 10**decades
    near(log, rng, "losses/qf1_values", at_, q, 0.04)
    near(log, rng, "losses/qf1_loss", at_, 0.5 * 10 ** (1.5 * decades), 0.3)
    about(
        log, rng, "charts/episodic_return", at_, 900 * (1 - np.exp(-8 * np.minimum(t, onset))), 45
    )
    grows(
        log,
        "explosion",
        "losses/qf1_values",
        at_,
        q,
        index_of(t, onset),
        0.04,
        ("divergence",),
    )
    grows(
        log,
        "explosion",
        "losses/qf1_loss",
        at_,
        10 ** (1.5 * decades),
        index_of(t, onset),
        0.3,
        ("divergence",),
    )


@labelled(
    "agent_without_doubt",
    "collapse",
    "entropy goes by decades, returns stop below the task",
    clear=0.001,
    medium=0.02,
    tolerated=("plateau",),
)
def _no_doubt(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 1024)
    log.seconds_per_step = 0.001
    onset = rng.uniform(0.2, 0.35)
    entropy = 1.35 * strength ** np.clip((t - onset) / 0.3, 0, 1)
    about(log, rng, "charts/episodic_return", at_, 120 * (1 - settled(t, onset + 0.1)) + 10, 7)
    near(log, rng, "losses/entropy", at_, entropy, 0.06)
    near(log, rng, "losses/value_loss", at_, 3.0, 0.3)
    grows(log, "collapse", "losses/entropy", at_, entropy, index_of(t, onset), 0.06)


@labelled(
    "returns_level_for_half",
    "plateau",
    "no better since the first third",
    third=0.3,
    tenth=0.12,
    half=0.45,
)
def _returns_level(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 600)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    reward = 190 - 260 * settled(t, strength)
    _episodes(log, rng, at_, reward, 7)
    near(log, rng, "time/fps", at_, 900, 0.02)
    tags = ("rollout/ep_rew_mean", "rollout/ep_len_mean")
    levels(log, tags, at_, -reward, index_of(t, strength), 7)


@labelled(
    "environment_leaks",
    "throughput",
    "the simulator leaks memory: frames a second melt",
    clear=4.0,
    medium=2.0,
    tolerated=("collapse",),
)
def _leaks(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    index = index_of(t, rng.uniform(0.3, 0.55))
    slow = np.where(np.arange(n) < index, 1.0, strength)
    _episodes(log, rng, at_, learning(t, 0, 200, 3), 8)
    near(log, rng, "time/fps", at_, 1000 / slow, 0.02)
    log.slower(int(at_[index]), strength)
    jumps(log, "throughput", "time/fps", at_, index)


@labelled(
    "value_loss_of_rewards_unscaled",
    "divergence",
    "the value loss grows without end, the returns sink",
    medium=0.6,
    tolerated=("explosion",),
)
def _unscaled(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    onset = rng.uniform(0.35, 0.5)
    reward = 400 * (1 - np.exp(-8 * np.minimum(t, onset))) - ramp_after(t, onset, 420 * strength)
    loss = 20 + ramp_after(t, onset, 500 * strength)
    about(log, rng, "charts/episodic_return", at_, reward, 25)
    near(log, rng, "losses/value_loss", at_, loss, 0.2)
    turns(log, "divergence", "charts/episodic_return", at_, -reward, index_of(t, onset), 25)
    turns(log, "divergence", "losses/value_loss", at_, loss, index_of(t, onset), 5, ("explosion",))


@labelled("actions_nan", "nonfinite", "the standard deviation of an action is NaN", plain=1.0)
def _actions_nan(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    index = index_of(t, rng.uniform(0.3, 0.85))
    gone = strength * np.log(left(t, index, np.nan))
    log.add("rollout/ep_rew_mean", at_, learning(t, -100, 150, 3) + correlated(rng, n, 7, 0.6))
    near(log, rng, "train/loss", at_, 5 + gone, 0.3)
    near(log, rng, "train/std", at_, 1 - 0.3 * t + gone, 0.01)
    jumps(log, "nonfinite", ("train/loss", "train/std"), at_, index)


@labelled(
    "rollout_workers_wait",
    "stall",
    "a machine of the pool is taken away; the others wait",
    hours=6.0,
    long=30.0,
)
def _workers_wait(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 4000)
    log.seconds_per_step = 0.003
    about(log, rng, "ray/tune/episode_reward_mean", at_, learning(t, -200, -20, 3), 8)
    nears(log, rng, at_, {"ray/tune/time_this_iter_s": (12, 0.05)})
    seen = every(at_, 15)
    about(
        log,
        rng,
        "ray/tune/evaluation/episode_reward_mean",
        seen,
        at(seen, at_, learning(t, -200, -15, 3)),
        9,
    )
    tags = ("ray/tune/episode_reward_mean", "ray/tune/time_this_iter_s")
    hangs(log, tags, at_, index_of(t, rng.uniform(0.3, 0.8)), strength)
