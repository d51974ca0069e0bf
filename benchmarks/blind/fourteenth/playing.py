"""Agents: Stable-Baselines3, CleanRL, RLlib, Tianshou."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import linear
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    from_the_start,
    grows,
    jumps,
    levels,
    noise,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def baseline(
    log: Log, rng: np.random.Generator, steps: Steps, reward: Array, sd: float, entropy: Array
) -> None:
    """What PPO of Stable-Baselines3 logs; rewards are means of a hundred episodes."""
    n = len(steps)
    log.add("rollout/ep_rew_mean", steps, reward + noise(rng, n, sd, 0.6))
    about(log, rng, "train/entropy_loss", steps, -entropy, 0.01 * float(np.max(entropy)))
    near(log, rng, "train/approx_kl", steps, 0.01, 0.25)
    near(log, rng, "train/clip_fraction", steps, 0.12, 0.2)
    about(log, rng, "train/policy_gradient_loss", steps, np.full(n, -0.012), 0.003)
    near(log, rng, "train/value_loss", steps, 0.4 + 2 * np.abs(reward) / np.ptp(reward), 0.3)
    spread = 0.85 * (1 - np.exp(-times(n) / 0.1))
    about(log, rng, "train/explained_variance", steps, spread, 0.04)
    log.add("train/learning_rate", steps, 3e-4)
    near(log, rng, "time/fps", steps, 2100 - 250 * times(n), 0.004)


def clean(log: Log, rng: np.random.Generator, steps: Steps, returns: Array, entropy: Array) -> None:
    """What PPO of CleanRL logs; a return is that of one episode."""
    n = len(steps)
    log.add("charts/episodic_return", steps, returns)
    log.add("charts/learning_rate", steps, 2.5e-4 * (1 - times(n)))
    near(log, rng, "charts/SPS", steps, 1450.0, 0.01)
    near(log, rng, "losses/entropy", steps, entropy, 0.03)
    near(log, rng, "losses/value_loss", steps, 0.5, 0.4)
    about(log, rng, "losses/policy_loss", steps, np.full(n, -0.008), 0.006)
    near(log, rng, "losses/approx_kl", steps, 0.006, 0.4)
    scores(log, rng, "losses/clipfrac", steps, 0.08, 1024)


@healthy("sb3_cheetah_rises", "Up fast, then slowly, with a wave in it; the entropy falls.")
def sb3_cheetah_rises(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 490), 2048)
    t = times(len(steps))
    reward = -250 + 2600 * (1 - np.exp(-t / 0.3)) + 500 * t
    baseline(log, rng, steps, reward, 160, 8.5 - 5 * t)


@healthy(
    "sb3_cartpole_at_its_bound",
    "500 is the most there is: level after a third of the run.",
    tolerated=("plateau",),
)
def sb3_cartpole_at_its_bound(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 50, 120), 2048)
    t = times(len(steps))
    reward = np.minimum(22 + 478 * np.clip(t / 0.3, 0, 1) ** 1.5, 500)
    seen = np.minimum(reward + noise(rng, len(t), 9, 0.5), 500.0)
    seen[t > 0.45] = 500.0
    log.add("rollout/ep_rew_mean", steps, seen)
    log.add("rollout/ep_len_mean", steps, seen)
    about(log, rng, "train/entropy_loss", steps, -0.69 + 0.3 * t, 0.01)
    near(log, rng, "train/value_loss", steps, 1 + 60 * np.exp(-t / 0.2), 0.3)
    log.add("train/learning_rate", steps, 3e-4)
    near(log, rng, "time/fps", steps, 1100 - 80 * t, 0.004)


@healthy(
    "maze_sparse_reward_late",
    "Nothing for a third of the run, then it is found and learned.",
    tolerated=("plateau",),
)
def maze_sparse_reward_late(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 4096)
    t = times(len(steps))
    chance = logistic(t, 0, 0.94, rng.uniform(0.45, 0.6), 0.05)
    scores(log, rng, "rollout/ep_rew_mean", steps, chance, 100)
    near(log, rng, "rollout/ep_len_mean", steps, 300 - 240 * chance, 0.02)
    about(log, rng, "train/entropy_loss", steps, -1.94 + 1.1 * chance, 0.015)
    near(log, rng, "train/value_loss", steps, 0.001 + 0.03 * chance * (1 - chance), 0.3)
    log.add("train/learning_rate", steps, 2.5e-4)


@healthy("cleanrl_breakout_single_games", "Returns of single games: most of it is chance.")
def cleanrl_breakout_single_games(log: Log, rng: np.random.Generator) -> None:
    steps = np.cumsum(rng.integers(300, 2500, whole(rng, 500, 1200))).astype(np.int64)
    t = times(len(steps))
    level = 1.5 + 300 * logistic(t, 0, 1, 0.55, 0.12)
    returns = np.round(level * rng.gamma(3, 1 / 3, len(t)))
    clean(log, rng, steps, returns, 1.38 - 0.9 * t)


@healthy("sac_q_values_grow_with_it", "Q values and their loss rise with the returns, as they do.")
def sac_q_values_grow_with_it(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 250, 700), 1000)
    t = times(len(steps))
    level = 1 - np.exp(-t / 0.25)
    about(log, rng, "charts/episodic_return", steps, 5200 * level, 350)
    near(log, rng, "losses/qf1_values", steps, 3 + 420 * level, 0.01)
    near(log, rng, "losses/qf_loss", steps, 1 + 14 * level, 0.15)
    about(log, rng, "losses/actor_loss", steps, -3 - 425 * level, 3)
    near(log, rng, "losses/alpha", steps, 0.18 + 0.8 * np.exp(-t / 0.02), 0.03)
    near(log, rng, "charts/SPS", steps, 118, 0.01)


@healthy(
    "dqn_exploration_fades",
    "Epsilon falls to its floor and the returns go up; losses too.",
    tolerated=("plateau",),
)
def dqn_exploration_fades(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 5000)
    t = times(len(steps))
    log.add("rollout/exploration_rate", steps, np.maximum(1 - 0.95 * t / 0.15, 0.05))
    reward = -20.5 + 39 * logistic(t, 0, 1, 0.35, 0.06)
    log.add("rollout/ep_rew_mean", steps, reward + noise(rng, len(t), 0.5, 0.7))
    near(log, rng, "train/loss", steps, 0.004 + 0.01 * logistic(t, 0, 1, 0.35, 0.1), 0.2)
    log.add("train/learning_rate", steps, 1e-4)
    near(log, rng, "time/fps", steps, 320 + 500 * np.exp(-t / 0.05), 0.01)


@healthy(
    "rllib_waves_of_good_runs",
    "The mean return waves by a fifth about a level that rises.",
    tolerated=("plateau",),
)
def rllib_waves_of_good_runs(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 4000)
    t = times(len(steps))
    mean = 3000 * (1 - np.exp(-t / 0.25)) + 500 * t
    seen = mean * (1 + averaged(noise(rng, len(t), 0.2, 0.5), 12))
    log.add("ray/tune/env_runners/episode_return_mean", steps, seen)
    log.add("ray/tune/env_runners/episode_return_max", steps, 1.3 * seen + 200)
    log.add("ray/tune/env_runners/episode_return_min", steps, 0.4 * seen - 200)
    stats = "ray/tune/learners/default_policy"
    near(log, rng, f"{stats}/vf_loss", steps, 8 + 10 * np.exp(-t / 0.1), 0.2)
    near(log, rng, f"{stats}/entropy", steps, 6 - 4.5 * t, 0.02)
    near(log, rng, f"{stats}/mean_kl_loss", steps, 0.01, 0.2)
    log.add(f"{stats}/curr_kl_coeff", steps, 0.2)
    near(log, rng, "ray/tune/time_this_iter_s", steps, 21, 0.03)


@healthy(
    "tianshou_test_of_ten_games",
    "Ten games a test: the mean jumps by a third, the level rises.",
    tolerated=("plateau",),
)
def tianshou_test_of_ten_games(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 250), 1000)
    t = times(len(steps))
    level = 3200 * (1 - np.exp(-t / 0.25)) + 150
    near(log, rng, "train/returns_stat/mean", steps, level, 0.12)
    few = every(steps, 50)
    near(log, rng, "test/returns_stat/mean", few, 3300 * (1 - np.exp(-times(50) / 0.25)) + 150, 0.2)
    near(log, rng, "test/returns_stat/std", few, 500, 0.4)
    near(log, rng, "update/loss/critic1", steps, 20 + 60 * t, 0.2)
    near(log, rng, "update/fps", steps, 160, 0.03)


@healthy(
    "montezuma_curiosity_fades", "Curiosity fades as it should; the reward is found by stairs."
)
def montezuma_curiosity_fades(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 16384)
    t = times(len(steps))
    near(log, rng, "charts/curiosity_mean", steps, 0.004 + 0.09 * np.exp(-t / 0.06), 0.12)
    stairs = 2500 * logistic(t, 0, 1, 0.3, 0.02) + 2000 * logistic(t, 0, 1, 0.6, 0.03)
    about(log, rng, "charts/avg_episodic_return", steps, stairs, 60)
    near(log, rng, "losses/entropy", steps, 2.5 - 0.8 * t, 0.03)
    near(log, rng, "losses/fwd_loss", steps, 0.004 + 0.09 * np.exp(-t / 0.06), 0.12)
    near(log, rng, "charts/SPS", steps, 2600, 0.015)


@labelled(
    "sb3_policy_falls_apart",
    "divergence",
    "The mean reward had reached 2500; then it falls in tens of updates and stays low.",
    tolerated=("collapse", "explosion", "plateau"),
    half=1300.0,
    all=2600.0,
)
def sb3_policy_falls_apart(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 450), 2048)
    t = times(len(steps))
    onset = rng.uniform(0.45, 0.65)
    reward = (
        -200 + 2700 * (1 - np.exp(-t / 0.15)) - strength * logistic(t, 0, 1, onset + 0.05, 0.012)
    )
    baseline(log, rng, steps, reward, 140, 8.5 - 5 * t)
    turns(log, "divergence", "rollout/ep_rew_mean", steps, -reward, index_of(t, onset), 280)


@labelled(
    "dqn_forgets_slowly",
    "divergence",
    "From the middle on the return drifts back to where it was, for Q is overestimated.",
    tolerated=("explosion", "plateau"),
)
def dqn_forgets_slowly(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 5000)
    t = times(len(steps))
    onset = rng.uniform(0.4, 0.55)
    reward = -20 + 36 * logistic(t, 0, 1, 0.2, 0.04) - ramp_after(t, onset, 26 * strength)
    log.add("rollout/ep_rew_mean", steps, reward + noise(rng, len(t), 1.6, 0.7))
    log.add("rollout/exploration_rate", steps, np.maximum(1 - 0.95 * t / 0.1, 0.05))
    near(log, rng, "train/loss", steps, 0.02, 0.2)
    log.add("train/learning_rate", steps, 1e-4)
    turns(log, "divergence", "rollout/ep_rew_mean", steps, -reward, index_of(t, onset), 3.8)


@labelled(
    "rllib_value_loss_explodes",
    "explosion",
    "The loss of the values grows by decades; returns are level and low.",
    tolerated=("plateau", "divergence", "gradient"),
)
def rllib_value_loss_explodes(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 4000)
    t = times(len(steps))
    onset = rng.uniform(0.25, 0.5)
    loss = 6 * 10.0 ** ramp_after(t, onset, 4 * strength)
    returns = "ray/tune/env_runners/episode_return_mean"
    about(log, rng, returns, steps, 150 - 120 * np.exp(-t / 0.1), 15)
    stats = "ray/tune/learners/default_policy"
    near(log, rng, f"{stats}/vf_loss", steps, loss, 0.25)
    near(log, rng, f"{stats}/entropy", steps, 6 - 2 * t, 0.02)
    near(log, rng, f"{stats}/mean_kl_loss", steps, 0.012, 0.25)
    index = index_of(t, onset)
    grows(log, "explosion", f"{stats}/vf_loss", steps, loss, index, 0.25, ("divergence",))


@labelled(
    "ddpg_q_runs_away",
    "explosion",
    "Q values grow by decades past what any return can be.",
    tolerated=("divergence", "plateau", "gradient"),
)
def ddpg_q_runs_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 1000)
    t = times(len(steps))
    onset = rng.uniform(0.2, 0.45)
    values = 20 * 10.0 ** ramp_after(t, onset, 5 * strength)
    about(log, rng, "charts/episodic_return", steps, 320 - 100 * np.exp(-t / 0.05), 60)
    near(log, rng, "losses/qf1_values", steps, values, 0.03)
    near(log, rng, "charts/SPS", steps, 130, 0.01)
    index = index_of(t, onset)
    grows(log, "explosion", "losses/qf1_values", steps, values, index, 0.03, ("divergence",))


@labelled(
    "entropy_gone_at_once",
    "collapse",
    "The entropy falls to a ten-thousandth within a tenth of the run, and learning ends.",
    tolerated=("plateau", "divergence"),
)
def entropy_gone_at_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 1024)
    t = times(len(steps))
    onset = rng.uniform(0.15, 0.4)
    entropy = 1.38 * 10.0 ** -np.minimum(strength * 4 * np.clip((t - onset) / 0.15, 0, 1), 4)
    about(log, rng, "charts/episodic_return", steps, 60 - 40 * np.exp(-t / 0.05), 9)
    near(log, rng, "losses/entropy", steps, entropy, 0.08)
    near(log, rng, "losses/value_loss", steps, 0.5, 0.3)
    near(log, rng, "charts/SPS", steps, 1400, 0.01)
    index = index_of(t, onset)
    grows(log, "collapse", "losses/entropy", steps, entropy, index, 0.08)


@labelled(
    "reacher_stuck_halfway",
    "plateau",
    "At a tenth it stops at a third of the usual reward, and never moves again.",
    early=0.1,
    later=0.25,
)
def reacher_stuck_halfway(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 450), 2048)
    t = times(len(steps))
    worse = 180 * np.exp(-t / (strength / 4))
    baseline(log, rng, steps, 80 - worse, 8, 4 - 0.5 * t)
    index = index_of(t, strength)
    levels(log, "rollout/ep_rew_mean", steps, worse, index, 16, ("divergence",))


@labelled(
    "agent_never_finds_the_key",
    "plateau",
    "A sparse reward that is never found: zero throughout ten million steps.",
)
def agent_never_finds_the_key(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 25000)
    t = times(len(steps))
    log.add("rollout/ep_rew_mean", steps, 0.0)
    log.add("rollout/ep_len_mean", steps, 640.0)
    about(log, rng, "train/entropy_loss", steps, -1.9459 + 0.01 * strength * t, 0.002)
    near(log, rng, "train/value_loss", steps, 2e-4, 0.4)
    log.add("train/learning_rate", steps, 3e-4)
    near(log, rng, "time/fps", steps, 1900 - 60 * t, 0.004)
    from_the_start(log, "plateau", "rollout/ep_rew_mean", steps, ("collapse",))


@labelled("ppo_of_no_number", "nonfinite", "Standard deviations overflow: losses NaN to the end.")
def ppo_of_no_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 2048)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.2, 0.8) * strength)
    good = np.arange(len(t)) < index
    about(log, rng, "rollout/ep_rew_mean", steps, 900 - 850 * np.exp(-t / 0.3), 25)
    near(log, rng, "train/value_loss", steps, np.where(good, 12.0, np.nan), 0.3)
    near(log, rng, "train/loss", steps, np.where(good, 5.0, np.nan), 0.3)
    near(log, rng, "train/std", steps, np.where(good, 1 - 0.4 * t, np.nan), 0.01)
    log.add("train/learning_rate", steps, 3e-4)
    jumps(log, "nonfinite", ("train/value_loss", "train/loss", "train/std"), steps, index)


@labelled(
    "sb3_rate_zero_too_soon",
    "learning_rate",
    "A schedule made for a fifth of the steps: the rate is zero from there on.",
    tolerated=("plateau", "collapse"),
)
def sb3_rate_zero_too_soon(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 2048)
    t = times(len(steps))
    rate = np.clip(1 - t / (0.3 * strength), 0, 1)
    learned = np.cumsum(rate) / rate.sum()
    about(log, rng, "rollout/ep_rew_mean", steps, 20 + 600 * learned, 18)
    near(log, rng, "train/approx_kl", steps, 0.01 * rate, 0.2)
    log.add("train/learning_rate", steps, 3e-4 * rate)
    index = int(np.argmax(rate == 0))
    tenth = int(steps[np.argmax(rate <= 0.1) - 2])
    window = tenth, int(steps[index + 2])
    log.true("learning_rate", "train/learning_rate", int(steps[index]), window, also=("collapse",))
    log.true("collapse", "train/approx_kl", int(steps[index]), window)


@healthy("a2c_linear_rate_to_nothing", "The rate falls to zero at the very end, and all is level.")
def a2c_linear_rate_to_nothing(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 500)
    t = times(len(steps))
    reward = 180 * (1 - np.exp(-t / 0.25)) - 160
    log.add("rollout/ep_rew_mean", steps, reward + noise(rng, len(t), 9, 0.7))
    log.add("train/learning_rate", steps, linear(t, 7e-4, 1e-9))
    about(log, rng, "train/entropy_loss", steps, -1.38 + 0.6 * t, 0.02)
    near(log, rng, "train/value_loss", steps, 4 + 20 * np.exp(-t / 0.1), 0.4)
    near(log, rng, "time/fps", steps, 900 - 50 * t, 0.005)
