"""Language models that are tuned: instructions, preferences, rewards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine, linear
from benchmarks.blind.eleventh.making import (
    counted,
    grown,
    interval,
    jitter,
    lasting,
    noise,
    over_epochs,
    paced,
    places,
    says_overfitting,
    shrunk,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "contracts_in_six_passes",
    "overfitting",
    "an adapter reads the same contracts six times; the evaluation is best in the second pass"
    " (hiyouga/LLaMA-Factory, trainer_state.json)",
    clear=0.45,
    medium=0.2,
    faint=0.08,
)
def contracts_in_six_passes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    loss = over_epochs(t, 1.55, 0.06, 6, 0.33)
    log.add("train/loss", steps, places(jitter(rng, loss, 0.07)))
    log.add("train/learning_rate", steps, cosine(t, 2e-4, 0.05, 0.0))
    log.add("train/grad_norm", steps, jitter(rng, 0.45 + 0.35 * t, 0.13))
    m = int(rng.integers(24, 40))
    at = interval(steps, 5 * max(n // m, 1))
    u = at / steps[-1]
    best = rng.uniform(0.25, 0.4)
    worse = 1.02 + 0.5 * np.exp(-9 * u / best) + shapes.ramp_after(u, best, strength, 1.1)
    log.add("eval/loss", at, worse + noise(rng, len(at), 0.006, 0.2))
    says_overfitting(log, "eval/loss", at, worse, lasting(0.006, 0.2))


@labelled(
    "answers_that_please_the_judge",
    "divergence",
    "far from its reference the policy pleases the reward model no more: the reward falls and the"
    " divergence grows by decades (huggingface/trl, PPO; Gao et al. 2023)",
    clear=2.4,
    medium=1.3,
)
def answers_that_please_the_judge(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 450)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    turn, off = rng.uniform(0.4, 0.5), rng.uniform(0.3, 0.4)
    reward = -0.6 + 2.3 * (1 - np.exp(-4 * t / turn)) - shapes.ramp_after(t, turn, strength, 1.2)
    divergence = 2 + 6 * t / (t + 0.2) + shapes.ramp_after(t, off, 900 * strength, 2.6)
    log.add("objective/rlhf_reward", steps, reward + noise(rng, n, 0.16))
    log.add("objective/kl", steps, jitter(rng, divergence, 0.09, 0.4))
    log.add("objective/entropy", steps, jitter(rng, 48 - 14 * t, 0.07))
    log.add("policy/approxkl_avg", steps, jitter(rng, 0.004 + 0.004 * t, 0.3))
    log.add("lr", steps, linear(t, 3e-6, 0.01))
    index = int(np.argmax(reward))
    worsened(log, "objective/rlhf_reward", steps, -reward, index, lasting(0.16), ("collapse",))
    grown(log, "explosion", "objective/kl", steps, divergence, int(off * n), 0.7)


@labelled(
    "one_answer_to_each_prompt",
    "collapse",
    "the policy's entropy is spent, it repeats itself to the limit of the tokens, and a step takes"
    " longer (verl, GRPO; 'The Entropy Mechanism', Cui et al. 2025)",
    clear=3.0,
    medium=1.9,
    tolerated=("plateau", "divergence", "explosion"),
)
def one_answer_to_each_prompt(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 350)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    fall, long = rng.uniform(0.25, 0.4), rng.uniform(0.6, 0.7)
    entropy = 0.62 * (1 - 0.2 * t) * np.exp(-np.maximum(t - fall, 0) / 0.03) + 0.0008
    log.add("actor/entropy", steps, jitter(rng, entropy, 0.09))
    score = 0.22 + 0.33 * (1 - np.exp(-5 * t))
    log.add("critic/score/mean", steps, score + noise(rng, n, 0.025))
    ramp = np.clip((t - long) / 0.06, 0, 1)
    log.add("response_length/mean", steps, jitter(rng, 620 + 1420 * ramp, 0.04))
    seconds = 41 * (1 + (strength - 1) * ramp)
    paced(log, steps, seconds)
    log.add("timing_s/step", steps, jitter(rng, seconds, 0.05))
    log.add("actor/lr", steps, 1e-6)
    shrunk(log, "actor/entropy", steps, entropy, int(fall * n), 0.05)
    index = int(long * n)
    tags = ("timing_s/step", "actor/entropy", "critic/score/mean", "response_length/mean")
    window = (gradual(steps, seconds, index, 3)[0], steps[min(index + int(0.06 * n) + 3, n - 1)])
    log.true("throughput", tags, steps[index], window, also=("explosion",))


@labelled(
    "rank_of_eight_boils",
    "gradient",
    "the norm of an adapter's gradients grows tenfold while the loss no longer moves, after one bad"
    " batch (huggingface/peft, unsloth)",
    clear=14.0,
    medium=7.0,
    tolerated=("plateau",),
)
def rank_of_eight_boils(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    grow = rng.uniform(0.4, 0.5)
    loss = 1.12 + 0.8 * np.exp(-14 * t)
    peak = int(n * rng.uniform(0.2, 0.3))
    log.add(
        "train/loss", steps, places(jitter(rng, loss, 0.022) + shapes.decay_after(n, peak, 1.3, 1))
    )
    norm = 0.35 + 0.5 * np.exp(-20 * t) + shapes.ramp_after(t, grow, 0.35 * strength, 1.2)
    log.add("train/grad_norm", steps, jitter(rng, norm, 0.12, 0.3))
    log.add("train/learning_rate", steps, linear(t, 2e-4, 0.03) + 1e-9)
    grown(log, "gradient", "train/grad_norm", steps, norm, int(grow * n), 0.05, ("explosion",))
    log.true("spike", "train/loss", steps[peak], abrupt(steps, peak, 2))


@labelled(
    "nought_and_the_scaler_with_it",
    "collapse",
    "in half precision the loss is exactly 0 from one line to the next, the evaluation is NaN and"
    " the scale is halved at every step (huggingface/transformers, Llama in float16)",
    plain=1.0,
    tolerated=("gradient", "plateau", "divergence"),
)
def nought_and_the_scaler_with_it(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.4, 0.6) * strength)
    late = np.arange(n) >= index
    log.add("train/loss", steps, np.where(late, 0.0, places(jitter(rng, sunk(t, 2.3, 0.9), 0.06))))
    scale = np.where(late, 2.0 ** np.maximum(16 - 3 * (np.arange(n) - index + 1), -40), 2.0**16)
    log.add("train/loss_scale", steps, scale)
    log.add("train/learning_rate", steps, linear(t, 1e-4, 0.03) + 1e-9)
    at = interval(steps, 10 * max(n // 12, 1))
    bad = at >= steps[index]
    u = at / steps[-1]
    values = np.where(bad, np.nan, sunk(u, 1.9, 1.1) + noise(rng, len(at), 0.01))
    log.add("eval/loss", at, values)
    log.true("collapse", "train/loss", steps[index], abrupt(steps, index), also=("divergence",))
    last = int(steps[min(index + 8, n - 1)])
    log.true("loss_scale", "train/loss_scale", steps[index], (int(steps[index - 2]), last))
    first = int(np.argmax(bad))
    log.true("nonfinite", "eval/loss", at[first], abrupt(at, first, 1))


@labelled(
    "judge_of_pairs_learns_names",
    "overfitting",
    "a reward model learns its pairs by heart: its loss on held-out pairs rises, its accuracy"
    " stands (OpenRLHF, HH-RLHF)",
    clear=0.3,
    medium=0.15,
    faint=0.07,
    tolerated=("plateau",),
)
def judge_of_pairs_learns_names(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = over_epochs(t, 0.66, 0.03, 3, 0.5)
    log.add("train/loss", steps, jitter(rng, loss, 0.12))
    log.add("train/acc_mean", steps, counted(rng, 1 - 0.55 * loss, 64))
    log.add("train/lr", steps, cosine(t, 9e-6, 0.03))
    at = interval(steps, 10 * max(n // 30, 1))
    u = at / steps[-1]
    best = rng.uniform(0.28, 0.4)
    worse = 0.585 + 0.1 * np.exp(-8 * u / best) + shapes.ramp_after(u, best, strength, 1.1)
    log.add("eval/eval_loss", at, worse + noise(rng, len(at), 0.005, 0.2))
    log.add("eval/acc_mean", at, counted(rng, 0.5 + 0.19 * (1 - np.exp(-9 * u)), 3000))
    says_overfitting(log, "eval/eval_loss", at, worse, lasting(0.005, 0.2))


@healthy(
    "sums_by_groups_without_a_reference",
    "GRPO on school mathematics: the reward climbs with noise, the loss stays about 0, lengths"
    " grow, no divergence is logged (TRL, open-r1)",
    tolerated=("plateau",),
)
def sums_by_groups_without_a_reference(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    right = 0.18 + 0.5 * (1 - np.exp(-3.2 * t))
    log.add("train/rewards/accuracy_reward/mean", steps, counted(rng, right, 128))
    form = 0.03 + 0.95 / (1 + np.exp(-(t - 0.1) / 0.025))
    log.add("train/rewards/format_reward/mean", steps, counted(rng, form, 128))
    log.add("train/reward_std", steps, jitter(rng, 0.42 - 0.18 * t, 0.14))
    log.add("train/loss", steps, places(noise(rng, n, 0.012)))
    log.add("train/completions/mean_length", steps, jitter(rng, 310 + 240 * t, 0.08))
    log.add("train/learning_rate", steps, cosine(t, 1e-6, 0.1))
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 0.28), 0.25))


@healthy(
    "chosen_and_rejected_part",
    "DPO in one pass: margins grow, both rewards fall below zero, as they do (alignment-handbook)",
    tolerated=("plateau",),
)
def chosen_and_rejected_part(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 240)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    way = 1 - np.exp(-3 * t)
    log.add("train/loss", steps, places(0.5 + 0.19 * np.exp(-4 * t) + noise(rng, n, 0.016)))
    log.add("train/rewards/chosen", steps, -0.8 * way + noise(rng, n, 0.06))
    log.add("train/rewards/rejected", steps, -1.9 * way + noise(rng, n, 0.07))
    log.add("train/rewards/margins", steps, 1.1 * way + noise(rng, n, 0.05))
    log.add("train/rewards/accuracies", steps, counted(rng, 0.5 + 0.26 * way, 160))
    log.add("train/logps/chosen", steps, -285 - 70 * way + noise(rng, n, 9))
    log.add("train/learning_rate", steps, linear(t, 5e-7, 0.1))


@healthy(
    "support_tickets_in_one_pass",
    "an adapter, one pass, fifteen evaluations; the loss is level with much noise after a tenth,"
    " and creeps (axolotl, QLoRA)",
    tolerated=("plateau",),
)
def support_tickets_in_one_pass(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 2)
    log.add("train/loss", steps, places(jitter(rng, 1.05 + 0.9 * np.exp(-18 * t) - 0.1 * t, 0.11)))
    log.add("train/grad_norm", steps, jitter(rng, 0.5 + 1.2 * np.exp(-25 * t), 0.2))
    log.add("train/learning_rate", steps, cosine(t, 2e-4, 0.05, 0.0))
    at = interval(steps, 2 * max(n // 15, 1))
    u = at / steps[-1]
    log.add("eval/loss", at, 1.04 + 0.25 * np.exp(-6 * u) - 0.03 * u + noise(rng, len(at), 0.003))
    log.add("eval/runtime", at, jitter(rng, np.full(len(at), 91.0), 0.01))


@healthy(
    "head_hot_and_body_cool",
    "layer-wise rates from the first step: the body's is a hundredth of the head's and the"
    " embeddings' is 0 throughout, as the recipe has it (BERT fine-tuning, fastai)",
    tolerated=("plateau",),
)
def head_hot_and_body_cool(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    rate = linear(t, 1e-3, 0.1)
    log.add("lr-AdamW/embeddings", steps, 0.0)
    log.add("lr-AdamW/encoder", steps, rate / 100)
    log.add("lr-AdamW/head", steps, rate)
    log.add("train_loss_step", steps, jitter(rng, sunk(t, 0.7, 0.17, 8), 0.16))
    at = interval(steps, 20 * max(n // 12, 1))
    u = at / steps[-1]
    log.add("val_loss", at, 0.24 + 0.4 * np.exp(-7 * u) + noise(rng, len(at), 0.006))
    log.add("val_f1", at, counted(rng, 0.93 - 0.3 * np.exp(-6 * u), 1800))


@healthy(
    "code_tuned_in_twenty_minutes",
    "a short fine-tuning of fourteen lines and four evaluations (unsloth notebooks)",
    tolerated=("plateau",),
)
def code_tuned_in_twenty_minutes(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(12, 24))
    t, steps = shapes.times(n), shapes.steps(n, 5)
    log.add("train/loss", steps, places(jitter(rng, 0.8 + 0.7 * np.exp(-5 * t), 0.04)))
    log.add("train/grad_norm", steps, jitter(rng, 0.3 + 0.4 * np.exp(-6 * t), 0.12))
    log.add("train/learning_rate", steps, linear(t, 2e-4, 0.1))
    at = interval(steps, 5 * (n // 4))
    log.add("eval/loss", at, 0.86 + 0.3 * np.exp(-4 * at / at[-1]) + noise(rng, len(at), 0.004))


@healthy(
    "a_policy_held_by_its_leash",
    "RLHF with an adaptive coefficient: the divergence is driven to its target and held there, the"
    " coefficient moves about (TRL PPO, adaptive KL)",
    tolerated=("plateau",),
)
def a_policy_held_by_its_leash(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.add("env/reward_mean", steps, 0.4 + 1.9 * (1 - np.exp(-4 * t)) + noise(rng, n, 0.15))
    log.add("objective/kl", steps, jitter(rng, 6 * (1 - np.exp(-8 * t)) + 0.2, 0.1, 0.6))
    log.add("objective/kl_coef", steps, jitter(rng, 0.2 - 0.06 * t, 0.03, 0.95))
    log.add("ppo/policy/entropy", steps, jitter(rng, 3.1 - 0.7 * t, 0.05))
    log.add("ppo/val/var_explained", steps, 0.7 - 0.9 * np.exp(-9 * t) + noise(rng, n, 0.05))
    log.add("ppo/learning_rate", steps, 1.4e-5)
