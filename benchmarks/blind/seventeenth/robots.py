"""Robots in simulators, those that imitate, and players of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, counted
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears, rsl
from benchmarks.blind.seventeenth.making import digits, eased, rises
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import correlated, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import bent, learning, unity
from benchmarks.blind.thirteenth.making import overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("go1_on_rough_ground", "A curriculum: terrain gets harder as rewards of the gait rise")
def go1_on_rough_ground(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), every(n, 1, 0)
    learnt = rises(t, 0, 1, 0.12, 0.04)
    log.add("Train/mean_reward", steps, -4 + 26 * learnt + correlated(rng, n, 0.6, 0.7))
    log.add("Train/mean_episode_length", steps, 60 + 900 * learnt + correlated(rng, n, 15, 0.7))
    log.add(
        "Episode/terrain_level",
        steps,
        3 - 2 * np.exp(-t / 0.03) + 3.2 * np.clip(t - 0.1, 0, None) + correlated(rng, n, 0.03, 0.9),
    )
    nears(
        log,
        rng,
        steps,
        {
            "Episode/rew_tracking_lin_vel": (0.1 + 0.8 * learnt, 0.015),
            "Loss/value_function": (0.02 + 0.2 * np.exp(-t / 0.05), 0.2),
        },
    )
    rsl(log, rng, steps, learnt)


@healthy("allegro_turns_a_cube", "Consecutive successes begin late and go on rising")
def allegro_turns_a_cube(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1000)
    t, steps = times(n), every(n, 65536)
    won = 20 * np.clip(t - 0.15, 0, None) ** 1.3
    log.add(
        "consecutive_successes/iter",
        steps,
        np.maximum(0, won + correlated(rng, n, 0.35, 0.8) * (won > 0.3)),
    )
    log.add("rewards/iter", steps, 200 + 320 * won + correlated(rng, n, 60, 0.6))
    nears(
        log,
        rng,
        steps,
        {
            "losses/c_loss": (0.4 + 3 * np.exp(-t / 0.02), 0.15),
            "losses/entropy": (26 - 6 * t, 0.004),
        },
    )
    abouts(log, rng, steps, {"losses/a_loss": (-0.01, 0.003)})
    nears(
        log,
        rng,
        steps,
        {
            "info/kl": (0.015, 0.15),
            "info/last_lr": (6e-4, 0.3),
            "performance/step_fps": (92000, 0.02),
        },
    )


@healthy(
    "skrl_reaches", "Reward / Total reward (mean) is at rest in the last quarter", tolerated=SURE
)
def skrl_reaches(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 200)
    t, steps = times(n), every(n, 160)
    mean = eased(t, -9, -1.4, 0.8)
    log.add("Reward / Total reward (mean)", steps, mean + correlated(rng, n, 0.12, 0.4))
    log.add("Reward / Total reward (max)", steps, mean + 1.1 + correlated(rng, n, 0.12, 0.4))
    nears(
        log,
        rng,
        steps,
        {
            "Loss / Value loss": (0.01 + 0.2 * np.exp(-t / 0.08), 0.2),
            "Policy / Standard deviation": (np.exp(-1.2 * t), 0.004),
        },
    )
    abouts(log, rng, steps, {"Loss / Policy loss": (-0.006, 0.003)})
    nears(log, rng, steps, {"Learning / Learning rate": (5e-4, 0.3)})


@healthy("walker_of_ml_agents", "A cumulative reward that creeps, then climbs")
def walker_of_ml_agents(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 1000)
    t, steps = times(n), every(n, 30000)
    learnt = rises(t, 0, 1, 0.45, 0.13)
    log.add(
        "Environment/Cumulative Reward",
        steps,
        8 + 900 * learnt + correlated(rng, n, 28, 0.3) * (0.1 + learnt),
    )
    log.add(
        "Environment/Episode Length",
        steps,
        40 + 600 * learnt + correlated(rng, n, 18, 0.3) * (0.1 + learnt),
    )
    unity(log, rng, steps, learnt)


@healthy(
    "soccer_against_itself",
    "Self-play: rewards about nought all along, ELO goes up",
    tolerated=SURE,
)
def soccer_against_itself(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, steps = times(n), every(n, 10000)
    log.add("Self-play/ELO", steps, 1200 + 480 * t**0.8 + correlated(rng, n, 9, 0.9))
    abouts(log, rng, steps, {"Environment/Group Cumulative Reward": (0.0, 0.25)})
    log.add("Environment/Episode Length", steps, 420 - 180 * t + correlated(rng, n, 25, 0.3))
    unity(log, rng, steps, 0.6 * t)


@labelled(
    "imitator_of_200_shows",
    "overfitting",
    "Valid/Loss of a mixture rises for most of it, Train/Loss falls",
    some=2.5,
    much=9.0,
)
def imitator_of_200_shows(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, steps = times(n), epochs(n) + 1
    worse = bent(t, rng.uniform(0.15, 0.3), 2, -3.5, -3.5 + strength)
    log.add("Train/Loss", steps, learning(t, 3, -9, 5) + rng.normal(0, 0.12, n))
    log.add("Valid/Loss", steps, worse + rng.normal(0, 0.25, n))
    log.add("Train/Log_Likelihood", steps, -learning(t, 3, -9, 5) + rng.normal(0, 0.12, n))
    some = steps[n // 15 :: n // 15]
    fine = times(len(some))
    log.add("Rollout/Success_Rate/lift", some, counted(rng, 0.9 - 0.6 * np.exp(-5 * fine), 50))
    overfits(log, "Valid/Loss", steps, worse, 0.25)


@healthy(
    "lerobot_of_act",
    "L1 and KL of 100,000 steps: both fall ever more slowly, cosine of no end",
    tolerated=SURE,
)
def lerobot_of_act(log: Log, rng: Rng) -> None:
    n = whole(rng, 250, 1000)
    t, steps = times(n), every(n, 100)
    near = 0.05 + 0.5 * np.exp(-t / 0.05) + 0.04 * (1 - t)
    divergence = 0.02 + 3 * np.exp(-t / 0.01)
    nears(
        log,
        rng,
        steps,
        {
            "train/l1_loss": (near, 0.07),
            "train/kld_loss": (divergence, 0.1),
            "train/loss": (near + 0.1 * divergence, 0.06),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            "train/grad_norm": (4 + 40 * np.exp(-t / 0.05), 0.2),
            "train/update_s": (0.11, 0.03),
            "train/dataloading_s": (0.004, 0.3),
        },
    )
    log.add("train/lr", steps, 1e-5)


@healthy("smolvla_eval", "Eight to twelve evaluations of 50 episodes each, as coarse as that")
def smolvla_eval(log: Log, rng: Rng) -> None:
    n = whole(rng, 8, 12)
    t, steps = times(n), every(n, 20000)
    won = eased(t, 0.12, 0.84, 1.1)
    log.add("eval/pc_success", steps, 100 * counted(rng, won, 50))
    log.add("eval/avg_sum_reward", steps, 30 + 140 * won + rng.normal(0, 6, n))
    log.add("eval/eval_ep_s", steps, 3.1 + rng.normal(0, 0.1, n))


@healthy(
    "two_hours_of_a_warehouse",
    "A few evaluations of a navigator: SPL at rest in the last third",
    tolerated=SURE,
)
def two_hours_of_a_warehouse(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    t, steps = times(n), every(n, 250000)
    log.add("eval/spl", steps, digits(eased(t, 0.2, 0.71, 0.8) + rng.normal(0, 0.012, n), 3))
    log.add("eval/success", steps, digits(eased(t, 0.31, 0.86, 0.8) + rng.normal(0, 0.012, n), 2))
    log.add("learning_rate", steps, cosine(t + 0.001, 2.5e-4, 0.01))
