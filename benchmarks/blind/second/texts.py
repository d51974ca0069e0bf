"""Healthy models of language, speech and proteins, and their preference tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "norms_that_grow",
    "over a pretraining the gradient's norm triples and the parameters' grows tenfold while"
    " the loss falls (allenai/OLMo #596)",
)
def norms_that_grow(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add(
        "train/CrossEntropyLoss",
        steps,
        generators.spectral(t, 11.1, 2.3, 600) + rng.normal(0, 0.035, n),
    )
    log.add("optim/total_grad_norm", steps, (0.16 + 0.3 * t) * generators.skewed(rng, n, 0.15))
    log.add("optim/param_norm", steps, 60 + 540 * np.sqrt(t))
    log.add("optim/learning_rate_group0", steps, shapes.warmup_cosine(t, 4e-4, 0.01))
    log.add("throughput/device/tokens_per_second", steps, 11_800 * generators.skewed(rng, n, 0.01))
    log.add("throughput/total_tokens", steps, steps * 4_194_304.0)


@healthy(
    "norm_of_hundreds_at_first",
    "the gradient's norm begins at 800 and is 5 after a tenth of the run"
    " (TIGER-AI-Lab/VLM2Vec #137); a learnt temperature climbs to its bound of 100",
)
def norm_of_hundreds_at_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.add("train/grad_norm", steps, (5 + 800 * np.exp(-60 * t)) * generators.skewed(rng, n, 0.25))
    log.add(
        "train/contrastive_loss",
        steps,
        generators.hill(t, 6.2, 0.8, 0.08) * generators.batch(rng, n, 0.08),
    )
    log.add("train/logit_scale", steps, np.minimum(14.3 * np.exp(4 * t), 100))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-5, 0.05))


@healthy(
    "float16_settles",
    "a dynamic loss scale falls from 2^32 in its first steps, then is doubled and halved; so is the"
    " norm of scaled gradients",
)
def float16_settles(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    exponents = generators.loss_scale(16.5 + rng.normal(0, 0.6, n), 32, max(10, n // 40))
    log.add("deepspeed/loss_scale", steps, 2.0**exponents)
    log.add(
        "deepspeed/lm_loss", steps, generators.spectral(t, 10.8, 2.6, 300) + rng.normal(0, 0.05, n)
    )
    log.add("deepspeed/lr", steps, shapes.warmup_cosine(t, 1.5e-4, 0.02))


@healthy(
    "scale_that_doubles", "gradients get smaller, so the loss scale grows 4000-fold: as it should"
)
def scale_that_doubles(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    exponents = generators.loss_scale(15.5 + 13 * t + rng.normal(0, 0.3, n), 16, max(6, n // 60))
    log.add("fp16/scale", steps, 2.0**exponents)
    log.add("fp16/overflows", steps, np.cumsum(np.diff(exponents, prepend=16) < 0))
    log.add(
        "box_regression", steps, generators.hill(t, 1.1, 0.21, 0.1) * generators.batch(rng, n, 0.12)
    )


@healthy(
    "rollouts_lengthen",
    "a weather model is unrolled for more steps in stages: its training error is over longer"
    " horizons, so it goes up with each, while the error at five days falls (Lam et al. 2023)",
    tolerated=("divergence",),
)
def rollouts_lengthen(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 240, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 250)
    stage = np.clip(np.floor((t - 0.5) / 0.1), -1, 4) + 1
    loss = generators.hill(t, 0.9, 0.1, 0.05) * (1 + 0.25 * stage)
    log.add("loss/rollout_mse", steps, loss * generators.batch(rng, n, 0.04))
    log.add("schedule/rollout_steps", steps, 1 + stage)
    m = int(rng.integers(20, 50))
    u = shapes.times(m)
    skill = generators.hill(u, 900, 410, 0.15) - 60 * np.clip((u - 0.5) / 0.5, 0, 1)
    log.add(
        "val/z500_rmse_120h",
        shapes.steps(m, int(steps[-1] // m)),
        skill * generators.skewed(rng, m, 0.01),
    )


@healthy(
    "caption_then_reward",
    "a captioner goes from cross-entropy to self-critical rewards: the loss is about zero"
    " from there on, CIDEr gains (Rennie et al. 2017)",
    tolerated=("collapse", "plateau"),
)
def caption_then_reward(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    first = t < 0.6
    loss = np.where(first, generators.hill(t, 5, 2.1, 0.1), 0) + np.where(
        first, 0.05, 0.012
    ) * rng.normal(0, 1, n)
    log.add("train_loss", steps, loss)
    log.add(
        "scst/avg_reward",
        steps[~first],
        0.9 + 0.25 * (t[~first] - 0.6) + rng.normal(0, 0.03, (~first).sum()),
    )
    evals = steps[n // 15 - 1 :: n // 15]
    cider = generators.hill(t, 0.3, 1.1, 0.15) + 0.1 * np.clip((t - 0.6) / 0.15, 0, 1)
    log.add("val/CIDEr", evals, np.interp(evals, steps, cider) + rng.normal(0, 0.006, len(evals)))


@healthy(
    "only_blanks_at_first",
    "CTC emits only blanks for a quarter of the run: the loss is level and the error rate"
    " one, and then both fall",
    tolerated=("plateau",),
)
def only_blanks_at_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    wakes = rng.uniform(0.18, 0.3)
    loss = (
        3.0
        + 18 * np.exp(-150 * t)
        - 2.4 * generators.hill(np.maximum(t - wakes, 0), 0, 1, 0.07, 1.3)
    )
    log.add("train/rnn_ctc", steps, loss * generators.batch(rng, n, 0.04))
    m = int(rng.integers(20, 60))
    u = shapes.times(m)
    error = 1 - 0.82 * generators.hill(np.maximum(u - wakes - 0.03, 0), 0, 1, 0.1, 1.3)
    log.add(
        "val/cer",
        shapes.steps(m, int(steps[-1] // m)),
        np.where(error > 0.995, 1.0, error + rng.normal(0, 0.006, m)),
    )


@healthy(
    "feedback_from_people",
    "PPO on a reward model: the score rises, the divergence settles where its controller"
    " holds it, and entropy falls by a third",
)
def feedback_from_people(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    kl = 6 * (1 - np.exp(-7 * t)) * generators.skewed(rng, n, 0.12)
    log.add("ppo/objective/kl", steps, kl)
    log.add(
        "ppo/objective/kl_coef",
        steps,
        0.2 * np.exp(np.cumsum(np.clip(kl / 6 - 1, -0.2, 0.2)) * 0.02),
    )
    log.add("ppo/mean_scores", steps, generators.hill(t, -0.4, 2.3, 0.35) + rng.normal(0, 0.25, n))
    log.add("ppo/std_scores", steps, 1.3 - 0.3 * t + rng.normal(0, 0.08, n))
    log.add(
        "ppo/policy/entropy",
        steps,
        2.4 - 0.8 * generators.hill(t, 0, 1, 0.3) + rng.normal(0, 0.05, n),
    )
    log.add("ppo/loss/value", steps, 0.5 * np.exp(-6 * t) + 0.09 * generators.skewed(rng, n, 0.3))
    log.add("ppo/loss/policy", steps, -0.02 + rng.normal(0, 0.008, n))
    log.add("tokens/responses_len_mean", steps, 46 + 12 * t + rng.normal(0, 3, n))


@healthy(
    "pairs_of_answers",
    "a reward model's single epoch: accuracy of pairs from a half to three quarters",
    tolerated=("plateau",),
)
def pairs_of_answers(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 600)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    right = generators.hill(t, 0.5, 0.79, 0.15)
    log.add("rm/pair_accuracy", steps, generators.shares(rng, 64, right))
    log.add("rm/bt_loss", steps, (0.7 - 0.85 * (right - 0.5)) * generators.batch(rng, n, 0.07))
    log.add("rm/margin", steps, 3.2 * (right - 0.5) + rng.normal(0, 0.08, n))
    log.add("rm/chosen_mean", steps, generators.pink(rng, n, 0.3) - 0.4 * t)


@healthy(
    "speakers_told_apart",
    "equal error rate and detection cost fall; the angular margin is raised in steps",
)
def speakers_told_apart(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    margin = 0.2 * np.floor(np.clip((t - 0.15) / 0.25, 0, 1) * 5) / 5
    loss = generators.hill(t, 9.0, 1.1, 0.07) + 3.5 * margin
    log.add("epoch/aam_loss", steps, loss + rng.normal(0, 0.03, n))
    log.add("epoch/margin", steps, margin)
    log.add(
        "vox1-O/EER", steps, generators.hill(t, 14, 1.3, 0.05) * generators.skewed(rng, n, 0.025)
    )
    log.add(
        "vox1-O/minDCF",
        steps,
        generators.hill(t, 0.8, 0.11, 0.06) * generators.skewed(rng, n, 0.04),
    )
