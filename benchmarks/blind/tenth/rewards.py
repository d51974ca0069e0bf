"""Preferences and rewards: GRPO, PPO, DPO."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import counted, from_the_start, interval, jitter, linear, noise
from benchmarks.blind.tenth.making import falling, grows, jumps, rising, stopped, worsens
from benchmarks.blind.tenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "exclamation_marks_only",
    "divergence",
    "reward climbs for hundreds of steps, then falls to nothing: the answers are `!!!!` up to the"
    " length's limit, the KL is huge (facebookresearch/SPG #2, huggingface/open-r1 #257)",
    clear=1.0,
    medium=0.6,
    faint=0.35,
    tolerated=("plateau", "gradient"),
)
def exclamation_marks_only(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n)
    begun = int(n * rng.uniform(0.5, 0.72))
    lost = strength * (1 - np.exp(-np.clip(np.arange(n) - begun, 0, None) / (0.02 * n)))
    climbed = stopped(rising(t, 0.15, 0.78, 4), begun)
    kl = 0.001 + 0.04 * t + 40 * lost**2 * np.clip(t - t[begun], 0, None)
    log.add("train/reward", steps, climbed * (1 - lost) + noise(rng, n, 0.05))
    log.add("train/kl", steps, kl * np.exp(noise(rng, n, 0.25)))
    log.add("train/completion_length", steps, 280 + 700 * lost + noise(rng, n, 20))
    log.add("train/learning_rate", steps, linear(t, 1e-6))
    worsens(log, "divergence", "train/reward", steps, climbed * lost, begun, 0.05)
    grows(log, "explosion", "train/kl", steps, kl, begun, 0.3, also=("divergence",))


@labelled(
    "always_the_same_answer",
    "collapse",
    "the entropy falls from 1 to a thousandth within fifty steps, the reward stands still from then"
    " on (verl-project/verl #5953)",
    clear=0.001,
    medium=0.008,
    tolerated=("divergence",),
)
def always_the_same_answer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n)
    begun = int(n * rng.uniform(0.2, 0.35))
    since = np.clip((np.arange(n) - begun) / (0.06 * n), 0, None)
    entropy = (1.1 - 0.3 * t) * (strength + (1 - strength) * np.exp(-3 * since))
    score = np.where(np.arange(n) < begun, rising(t, 0.2, 0.9, 3), rising(t, 0.2, 0.9, 3)[begun])
    log.add("actor/entropy", steps, entropy * np.exp(noise(rng, n, 0.12)))
    log.add("critic/rewards/mean", steps, score + noise(rng, n, 0.02))
    log.add("actor/pg_clipfrac", steps, 0.003 * np.exp(noise(rng, n, 0.5)))
    grows(log, "collapse", "actor/entropy", steps, entropy, begun, 0.18)
    window = (int(steps[max(begun - n // 12, 0)]), int(steps[min(begun + n // 6, n - 1)]))
    log.true("plateau", "critic/rewards/mean", int(steps[begun]), window)


@labelled(
    "only_the_format_is_rewarded",
    "plateau",
    "the model learns to close its tags, 0.1 of the reward, and never solves a task: the curve is"
    " level for nine tenths of the run (countdown, TinyZero with a small base)",
    tolerated=("collapse",),
)
def only_the_format_is_rewarded(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n)
    level = 0.1 * strength * (1 - np.exp(-t / 0.025))
    log.add("critic/score/mean", steps, level + noise(rng, n, 0.003))
    log.add("critic/score/max", steps, 1.0)
    log.add("response_length/mean", steps, 390 + 60 * np.exp(-t / 0.1) + noise(rng, n, 12))
    begun = int(n * 0.1)
    window = (int(steps[int(0.02 * n)]), int(steps[int(0.3 * n)]))
    log.true("plateau", "critic/score/mean", int(steps[begun]), window)


@labelled(
    "the_value_head_explodes",
    "explosion",
    "PPO on a language model: the value loss grows by orders of magnitude, the score falls with it"
    " (huggingface/trl, value head at the policy's rate)",
    clear=1.0,
    medium=0.5,
    tolerated=("plateau", "gradient"),
)
def the_value_head_explodes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n)
    begun = int(n * rng.uniform(0.4, 0.6))
    up = np.clip((t - t[begun]) / (1 - t[begun]), 0, None)
    value = 0.2 * 3000 ** (strength * up**0.7)
    worse = 2.6 * strength * up**0.8
    log.add("loss/value_avg", steps, value * np.exp(noise(rng, n, 0.3)))
    log.add("objective/scores", steps, rising(t, -0.8, 1.9, 4) - worse + noise(rng, n, 0.16))
    log.add("objective/entropy", steps, 31 - 6 * t + noise(rng, n, 1.2))
    grows(log, "explosion", "loss/value_avg", steps, value, begun, 0.4, also=("divergence",))
    worsens(log, "divergence", "objective/scores", steps, worse - 0.3 * t, begun, 0.16)


@labelled(
    "pulled_by_the_clip_at_each_step",
    "gradient",
    "the norm after clipping is the threshold itself at each step: 1.0, from the first log to the"
    " last (max_norm far below what the gradients are)",
    clear=1.0,
)
def pulled_by_the_clip_at_each_step(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/grad_norm_clipped", steps, 1.0 * strength)
    log.add("train/grad_norm", steps, 38 * np.exp(noise(rng, n, 0.35)))
    log.add("train/max_grad_norm", steps, 1.0)
    log.add("train/dpo_loss", steps, falling(rng, t, 0.69, 0.44, 0.05))
    log.add("train/rewards/margins", steps, rising(t, 0, 1.4, 3) + noise(rng, n, 0.2))
    tags = ("train/grad_norm_clipped", "train/grad_norm")
    log.true("gradient", tags, int(steps[0]), from_the_start(steps))


@labelled(
    "one_prompt_of_nonsense",
    "spike",
    "one update with a broken batch: the policy's KL and the loss jump and are back after a few"
    " steps (XueZeyue/DanceGRPO #55, the runs that came back)",
    clear=1.0,
    tolerated=("spike", "gradient"),
)
def one_prompt_of_nonsense(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 600)
    t, steps = shapes.times(n), shapes.steps(n)
    begun = int(n * rng.uniform(0.3, 0.75))
    dip = shapes.decay_after(n, begun, 0.55 * strength, rng.uniform(1.5, 3))
    log.add("reward", steps, rising(t, 0.22, 0.83, 3) - dip + noise(rng, n, 0.02))
    log.add("reward_std", steps, 0.2 - 0.1 * t + noise(rng, n, 0.012))
    jumps(log, "spike", "reward", steps, begun, 3)


@healthy(
    "mathematics_by_groups", "GRPO: a reward that climbs in noise, an entropy that falls slowly"
)
def mathematics_by_groups(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 700)
    t, steps = shapes.times(n), shapes.steps(n)
    right = rising(t, 0.28, 0.74, 3, 0.4)
    log.add("train/rewards/accuracy_reward/mean", steps, counted(rng, right, 128))
    log.add("train/rewards/format_reward/mean", steps, counted(rng, rising(t, 0.5, 0.97, 14), 128))
    log.add("train/reward_std", steps, 0.42 * np.sqrt(right * (1 - right)) + noise(rng, n, 0.02))
    log.add("train/entropy", steps, (0.62 - 0.25 * t) * np.exp(noise(rng, n, 0.07, 0.5)))
    log.add("train/completions/mean_length", steps, 420 + 500 * t + noise(rng, n, 40, 0.5))
    log.add("train/kl", steps, 0.09 * (1 - np.exp(-4 * t)) * np.exp(noise(rng, n, 0.15)))
    log.add("train/loss", steps, noise(rng, n, 0.01))


@healthy("both_ratios_fall_apart", "DPO: both log-ratios fall, the margin and the accuracy grow")
def both_ratios_fall_apart(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/rewards/chosen", steps, -0.6 * (1 - np.exp(-3 * t)) + noise(rng, n, 0.09))
    log.add("train/rewards/rejected", steps, -2.1 * (1 - np.exp(-3 * t)) + noise(rng, n, 0.12))
    log.add("train/rewards/accuracies", steps, counted(rng, rising(t, 0.5, 0.79), 160))
    log.add("train/rewards/margins", steps, 1.5 * (1 - np.exp(-3 * t)) + noise(rng, n, 0.1))
    log.add("train/logps/chosen", steps, -290 - 20 * t + noise(rng, n, 12))
    log.add("train/loss", steps, falling(rng, t, 0.693, 0.43, 0.05, 5, 0.5))


@healthy(
    "pairs_of_a_reward_model",
    "one epoch over a hundred thousand pairs; accuracy of 256 pairs at each evaluation",
    tolerated=("plateau",),
)
def pairs_of_a_reward_model(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.add("train/loss", steps, falling(rng, t, 0.70, 0.49, 0.07))
    evaluated = interval(steps, 100)
    late = shapes.times(len(evaluated))
    log.add("eval/accuracy", evaluated, counted(rng, rising(late, 0.58, 0.745, 4, 0.3), 1024))
    log.add("eval/loss", evaluated, jitter(rng, 0.5 + 0.15 * np.exp(-4 * late), 0.008))


@healthy("played_against_itself", "Elo of a self-play league: up in noise, with losing streaks")
def played_against_itself(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 20_000)
    log.add(
        "Self-play/ELO", steps, 1200 + 420 * (1 - np.exp(-3 * t)) + 60 * t + noise(rng, n, 9, 0.9)
    )
    log.add("Environment/Group Cumulative Reward", steps, noise(rng, n, 0.12))
    log.add("Losses/Value Loss", steps, jitter(rng, 0.04 + 0.1 * np.exp(-6 * t), 0.2))
    log.add("Policy/Entropy", steps, 2.9 - 1.1 * t + noise(rng, n, 0.02))
