"""Agents that play and steer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import counted, jitter
from benchmarks.blind.fifteenth.making import SURE, abouts, nears, stable_baselines
from benchmarks.blind.fourteenth.making import averaged, index_of, turns
from benchmarks.blind.seventeenth.making import eased, rises, stops_getting_better
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import correlated, ramp_after, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import cleanrl

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@labelled(
    "ppo_breaks_on_a_hopper",
    "divergence",
    "ep_rew_mean, of 100 episodes, falls from its best for good",
    half=0.55,
    nearly_all=0.92,
)
def ppo_breaks_on_a_hopper(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 490)
    t, steps = times(n), every(n, 2048)
    onset = rng.uniform(0.5, 0.65)
    lost = strength * np.clip((t - onset) / 0.12, 0, 1)
    learnt = rises(t, 0.01, 1, 0.18, 0.05)
    mean = 2600 * learnt * (1 - lost)
    log.add("rollout/ep_rew_mean", steps, mean + correlated(rng, n, 70, 0.85) * (0.2 + learnt))
    log.add("rollout/ep_len_mean", steps, 20 + mean * 0.37 + correlated(rng, n, 25, 0.85))
    stable_baselines(log, rng, steps, learnt)
    nears(log, rng, steps, {"train/value_loss": (40 + 60 * learnt, 0.3)})
    tags = ("rollout/ep_rew_mean", "rollout/ep_len_mean")
    turns(log, "divergence", tags, steps, -mean, index_of(t, onset), 130, ("collapse",))


@labelled(
    "sac_forgets_to_walk",
    "divergence",
    "The evaluated return falls in steps from 4,000 and stays low",
    half=0.5,
    nearly_all=0.95,
)
def sac_forgets_to_walk(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 150)
    t, steps = times(n), every(n, 10000)
    onset = rng.uniform(0.5, 0.7)
    lost = strength * np.clip((t - onset) / 0.08, 0, 1)
    mean = 4200 * rises(t, 0.05, 1, 0.25, 0.07) * (1 - lost)
    log.add("eval/mean_reward", steps, mean + rng.normal(0, 130, n))
    log.add(
        "eval/mean_ep_length", steps, np.clip(150 + mean / 4.6 + rng.normal(0, 25, n), 30, 1000)
    )
    nears(
        log,
        rng,
        steps,
        {
            "train/critic_loss": (5 + 20 * t, 0.2),
            "train/ent_coef": (0.03 + 0.4 * np.exp(-t / 0.05), 0.05),
        },
    )
    log.add("train/actor_loss", steps, -20 - 300 * (1 - np.exp(-3 * t)) + rng.normal(0, 6, n))
    tags = ("eval/mean_reward", "eval/mean_ep_length")
    turns(log, "divergence", tags, steps, -mean, index_of(t, onset), 130, ("collapse",))


@labelled(
    "dqn_of_lunar_lander",
    "divergence",
    "The mean reward of episodes sinks from its best to the end",
    some=0.7,
    all=1.3,
)
def dqn_of_lunar_lander(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 300)
    t, steps = times(n), every(n, 2000)
    onset = rng.uniform(0.45, 0.6)
    mean = -190 + 390 * (1 - np.exp(-7 * t)) - 390 * ramp_after(t, onset, strength, 0.8)
    log.add("rollout/ep_rew_mean", steps, mean + correlated(rng, n, 16, 0.8))
    log.add("rollout/exploration_rate", steps, np.maximum(0.05, 1 - 9 * t))
    nears(log, rng, steps, {"train/loss": (1.5 + 3 * t, 0.3), "time/fps": (820, 0.03)})
    turns(log, "divergence", "rollout/ep_rew_mean", steps, -mean, index_of(t, onset), 30)


@labelled(
    "dqn_of_pong_unlearns",
    "divergence",
    "Returns of episodes go up to 18 and, from one day on, to -20",
    mostly=0.7,
    wholly=1.0,
)
def dqn_of_pong_unlearns(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1200)
    t, steps = times(n), every(n, 7500)
    onset = rng.uniform(0.55, 0.75)
    lost = strength * np.clip((t - onset) / 0.06, 0, 1)
    mean = -20.7 + 38.5 * rises(t, 0, 1, 0.28, 0.05) * (1 - lost)
    played = np.clip(np.round(mean + rng.normal(0, 2.2, n)), -21, 21)
    log.add("charts/episodic_return", steps, played)
    nears(log, rng, steps, {"losses/td_loss": (0.004 + 0.006 * t, 0.4), "charts/SPS": (520, 0.02)})
    log.add(
        "losses/q_values", steps, -0.5 + 3 * rises(t, 0, 1, 0.28, 0.05) + rng.normal(0, 0.05, n)
    )
    log.add("charts/epsilon", steps, np.maximum(0.01, 1 - 10 * t))
    tags = "charts/episodic_return"
    turns(log, "divergence", tags, steps, -mean, index_of(t, onset), 2.3, ("collapse",))


@healthy(
    "rllib_cartpole",
    "episode_reward_mean at its bound in the last third, in a few dozen iterations",
    tolerated=("plateau",),
)
def rllib_cartpole(log: Log, rng: Rng) -> None:
    n = whole(rng, 20, 50)
    t, steps = times(n), every(n, 4000)
    mean = 500 - 478 * np.clip(1 - t / 0.72, 0, 1) ** 1.5
    sd = 0.02 * (500 - mean)
    log.add("ray/tune/episode_reward_mean", steps, np.minimum(500, mean + rng.normal(0, 1, n) * sd))
    nears(
        log,
        rng,
        steps,
        {"ray/tune/info/learner/default_policy/learner_stats/entropy": (0.68 - 0.15 * t, 0.01)},
    )
    nears(log, rng, steps, {"ray/tune/info/learner/default_policy/learner_stats/kl": (0.008, 0.3)})
    nears(log, rng, steps, {"ray/tune/time_this_iter_s": (5.2, 0.05)})


@healthy("impala_of_breakout", "A reward that leaps late, a queue that is full, speeds that swing")
def impala_of_breakout(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), every(n, 50000)
    mean = 2 + 330 * rises(t, 0, 1, 0.45, 0.09)
    log.add("episode_return_mean", steps, jitter(rng, mean, 0.09))
    log.add("episode_return_max", steps, np.round(jitter(rng, 1.8 * mean + 3, 0.15)))
    nears(log, rng, steps, {"num_env_steps_sampled_throughput": (9600, 0.12)})
    abouts(log, rng, steps, {"learner/vf_explained_var": (0.2 + 0.7 * np.minimum(1, 2 * t), 0.06)})
    nears(log, rng, steps, {"learner/entropy": (1.38 - 0.6 * rises(t, 0, 1, 0.45, 0.09), 0.03)})


@healthy("cleanrl_acrobot", "Returns of single episodes, wide, go from -500 to -85", tolerated=SURE)
def cleanrl_acrobot(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    t, steps = times(n), every(n, 512)
    learnt = 1 - np.exp(-4 * t)
    cost = np.exp(np.log(500) + (np.log(85) - np.log(500)) * learnt + rng.normal(0, 0.15, n))
    log.add("charts/episodic_return", steps, -np.minimum(500, np.round(cost)))
    cleanrl(log, rng, steps, learnt)


@healthy("td3_of_half_cheetah", "Q-values and losses of critics rise with returns, as they do")
def td3_of_half_cheetah(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1000)
    t, steps = times(n), every(n, 1000)
    mean = 9500 * (1 - np.exp(-3 * t)) + 300 * t
    log.add("charts/episodic_return", steps, mean - 250 + rng.normal(0, 0.05, n) * (mean + 900))
    value = 60 * (1 - np.exp(-3 * t)) * 10
    abouts(
        log,
        rng,
        steps,
        {
            "losses/qf1_values": (value, 6),
            "losses/qf2_values": (value, 6),
            "losses/actor_loss": (-value, 6),
        },
    )
    nears(
        log,
        rng,
        steps,
        {"losses/qf1_loss": (3 + 0.05 * value, 0.2), "losses/qf2_loss": (3 + 0.05 * value, 0.2)},
    )
    nears(log, rng, steps, {"charts/SPS": (120 + 60 * np.exp(-t / 0.03), 0.01)})


@healthy("tianshou_taxi", "Sparse at first; a test of ten episodes each epoch, as coarse as it is")
def tianshou_taxi(log: Log, rng: Rng) -> None:
    n = whole(rng, 20, 60)
    t, steps = times(n), every(n, 10000)
    mean = -400 + 407 * rises(t, 0, 1, 0.3, 0.08)
    log.add("test/reward", steps, np.round(mean + rng.normal(0, 0.06, n) * (8 - mean), 1))
    log.add("train/reward", steps, mean - 15 + rng.normal(0, 0.05, n) * (30 - mean))
    nears(log, rng, steps, {"update/loss": (0.4 + 3 * np.exp(-t / 0.2), 0.2)})


@healthy("dreamer_of_crafter", "A world model: KL and rewards rise, losses of pictures fall")
def dreamer_of_crafter(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), every(n, 5000)
    log.add(
        "episode/score",
        steps,
        np.round(np.maximum(-0.9, 1 + 14 * (1 - np.exp(-1.2 * t)) + rng.normal(0, 2.2, n)), 1),
    )
    nears(
        log,
        rng,
        steps,
        {
            "train/loss/image": (40 + 900 * np.exp(-t / 0.03) + 20 * (1 - t), 0.04),
            "train/loss/dyn": (3 + 9 * (1 - np.exp(-4 * t)), 0.06),
            "train/loss/rep": (3 + 9 * (1 - np.exp(-4 * t)), 0.06),
            "train/rand/action": (0.25 + 0.5 * np.exp(-t / 0.3), 0.03),
            "fps/train": (620, 0.03),
        },
    )


@labelled(
    "muzero_stands_still",
    "plateau",
    "Total reward of self-play is level from early on, far from solved",
    early=0.15,
    later=0.35,
)
def muzero_stands_still(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 50)
    mean = eased(t, 20, 92, strength)
    log.add("1.Total_reward/1.Total_reward", steps, averaged(mean + rng.normal(0, 9, n), 10))
    log.add("1.Total_reward/2.Mean_value", steps, eased(t, 3, 38, strength) + rng.normal(0, 1.2, n))
    nears(log, rng, steps, {"3.Loss/1.Total_weighted_loss": (eased(t, 30, 12, strength), 0.06)})
    log.add("2.Workers/3.Learning_rate", steps, 0.02 * 0.9 ** (4 * t))
    tags = (
        "1.Total_reward/1.Total_reward",
        "1.Total_reward/2.Mean_value",
        "3.Loss/1.Total_weighted_loss",
    )
    stops_getting_better(log, tags, steps, -mean, strength, 3.0)


@labelled(
    "own_reinforce_is_dead",
    "plateau",
    "A student's REINFORCE: epoch_reward_mean is level all along",
    all_along=0.03,
    after_some=0.3,
)
def own_reinforce_is_dead(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 400)
    t, steps = times(n), every(n, 1)
    mean = eased(t, -1400, -1180, strength)
    log.add("train/epoch_reward_mean", steps, mean + rng.normal(0, 32, n))
    abouts(log, rng, steps, {"train/policy_loss": (0.02, 0.4)})
    stops_getting_better(log, "train/epoch_reward_mean", steps, -mean, strength, 32)


@healthy(
    "success_of_a_maze", "Noughts and ones, as the mean of the last 100 episodes: nothing for long"
)
def success_of_a_maze(log: Log, rng: Rng) -> None:
    n = whole(rng, 600, 2500)
    t, steps = times(n), every(n, 1, 0)
    chance = 0.01 + 0.9 * rises(t, 0, 1, rng.uniform(0.35, 0.5), 0.06)
    won = counted(rng, chance, 1)
    log.add("episode/success", steps, won)
    log.add("success_rate_100", steps, averaged(won, 100))
    log.add("epsilon", steps, np.maximum(0.05, 0.998 ** (steps * 1500 / n)))


@healthy("a2c_wide_returns", "Returns that vary as much as they grow, of a trading agent")
def a2c_wide_returns(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), every(n, 500)
    log.add(
        "rollout/ep_rew_mean", steps, 12 + 40 * (1 - np.exp(-1.5 * t)) + correlated(rng, n, 6, 0.5)
    )
    abouts(
        log,
        rng,
        steps,
        {"train/entropy_loss": (-41 + 0.8 * t, 0.05), "train/policy_loss": (10 * t, 30)},
    )
    nears(log, rng, steps, {"train/value_loss": (25, 0.5), "time/fps": (95, 0.02)})
