"""Language models and representations from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import at, cosine, interval, jitter, noise
from benchmarks.blind.twelfth.making import (
    by_epochs,
    drift,
    hangs,
    jumps,
    kept_scale,
    lost_scale,
    saturating,
    says_scale,
    scales,
    since,
    single,
    sinking,
    slows,
    worsens,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "speedrun_with_a_warmdown",
    "a small model from scratch with a multiplier of all rates that is 1 and then goes linearly to"
    " zero, each step logged, bits per byte every 250 steps (karpathy/nanochat, base_train)",
)
def speedrun_with_a_warmdown(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 3500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = sinking(t, 10.8, 2.75, 0.7, 0.01) - 0.12 * np.clip((t - 0.6) / 0.4, 0, 1)
    log.add("train/loss", steps, single(loss + noise(rng, n, 0.035, 0.5)))
    log.add("train/lrm", steps, np.clip((1 - t) / 0.4, 0, 1))
    log.add("train/tok_per_sec", steps, np.round(1.02e6 * np.exp(noise(rng, n, 0.008, 0.1, 3))))
    evals = interval(steps, 250)
    bits = at(evals, steps, loss) / 3.37 + noise(rng, len(evals), 0.001)
    log.add("val/bpb", evals, np.round(bits, 6))


@healthy(
    "warmed_again_on_new_text",
    "a trained model goes on with other text: the loss rises a little while the rate warms up and"
    " falls from then on (Gupta et al. 2023, How to re-warm your model)",
)
def warmed_again_on_new_text(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    bump = 0.09 * (t / 0.02) * np.exp(1 - t / 0.02)
    loss = sinking(t, 2.31, 2.08, 0.6, 0.05) + bump
    log.add("lm-loss-training/lm loss", steps, single(loss + noise(rng, n, 0.02, 0.2)))
    log.add("learning-rate/learning-rate", steps, cosine(t, 3e-4, 0.02))
    log.add("grad-norm/grad-norm", steps, 0.24 * np.exp(noise(rng, n, 0.12, 0.4)))


@healthy(
    "experts_in_balance",
    "a mixture of experts: its loss has a heavy tail, the balance loss lies at its least value of 1"
    " (Megatron-LM, load_balancing_loss)",
    tolerated=("plateau",),
)
def experts_in_balance(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("lm loss", steps, single(sinking(t, 9.9, 2.2, 0.5) + noise(rng, n, 0.04, 0.3, 4)))
    log.add(
        "load_balancing_loss", steps, 1 + (0.4 * np.exp(-40 * t) + 0.01) * rng.gamma(8, 1 / 8, n)
    )
    log.add("learning-rate", steps, cosine(t, 2.4e-4, 0.02))
    log.add("grad-norm", steps, (0.2 + 2 * np.exp(-30 * t)) * np.exp(noise(rng, n, 0.15, 0.3, 4)))
    log.add("throughput", steps, 182 * np.exp(-np.abs(noise(rng, n, 0.015, 0.1, 3))))


@healthy(
    "scale_that_breathes",
    "float16 with a dynamic scale that doubles after a thousand good steps and halves at an"
    " overflow (NVIDIA/Megatron-LM, loss-scale)",
)
def scale_that_breathes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    loss = sinking(t, 10.2, 3.05, 0.5)
    log.add("train/lm_loss", steps, loss + noise(rng, n, 0.03, 0.3))
    log.add("train/loss_scale", steps, 2 ** kept_scale(rng, n, 17, 9))
    log.add("train/lr", steps, cosine(t, 6e-4, 0.01))
    evals = interval(steps, 1000)
    log.add("valid/lm_loss", evals, at(evals, steps, loss) + noise(rng, len(evals), 0.008))


@healthy(
    "teacher_that_follows",
    "self-distillation: the loss first rises while the teacher is still new, the nearest-neighbour"
    " accuracy rises throughout (facebookresearch/dinov2)",
)
def teacher_that_follows(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = 7.2 + 2.4 * (1 - np.exp(-60 * t)) - 4.1 * saturating(t, 0, 1, 2)
    log.add("train_loss", steps, np.round(loss + noise(rng, n, 0.03), 6))
    log.add("train_lr", steps, cosine(t, 2e-3, 0.1, 0.001))
    log.add("train_wd", steps, 0.4 + (0.04 - 0.4) * (1 + np.cos(np.pi * t)) / 2)
    evals = interval(steps, 5)
    log.add(
        "knn_top1",
        evals,
        np.round(saturating(evals / n, 22, 71, 3.5) + noise(rng, len(evals), 0.4), 2),
    )


@healthy(
    "temperature_at_its_cap",
    "pictures and captions: the learned temperature rises to 100, where it is clamped"
    " (mlfoundations/open_clip, scale)",
)
def temperature_at_its_cap(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    log.add("train/loss", steps, jitter(rng, sinking(t, 8.3, 1.4, 0.6, 0.03), 0.05, 0.1))
    log.add("train/scale", steps, np.minimum(saturating(t, 14.3, 125, 3), 100))
    log.add("train/lr", steps, cosine(t, 5e-4, 0.03, 0))
    epochs = steps[:: n // 32][1:]
    top = saturating(epochs / steps[-1], 0.02, 0.41, 3) + noise(rng, len(epochs), 0.003)
    log.add("val/imagenet-zeroshot-val-top1", epochs, np.round(top, 4))


@labelled(
    "announced_by_its_norm",
    "divergence",
    "the gradient's norm grows for a while before the loss turns and climbs for good"
    " (EleutherAI/gpt-neox, issues on bf16 attention)",
    tolerated=("explosion",),
    clear=2.2,
    faint=0.45,
)
def announced_by_its_norm(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    first = int(n * rng.uniform(0.5, 0.62))
    turn = first + n // 12
    norm = 0.3 * np.exp(2.8 * since(n, first))
    worse = sinking(t, 10.5, 2.7, 0.5) + strength * since(n, turn)
    log.add("train/lr", steps, cosine(t, 3e-4))
    log.add("train/loss", steps, single(worse + noise(rng, n, 0.03, 0.4)))
    worsens(log, "train/loss", steps, worse, turn, 0.06)
    log.add("train/grad_norm", steps, norm * np.exp(noise(rng, n, 0.12, 0.3)))
    scales(log, "gradient", "train/grad_norm", steps, norm, first, 0.2, also=("explosion",))


@labelled(
    "maximum_logits_run_away",
    "divergence",
    "attention without normalised queries in eight bits: the largest logit grows by orders and the"
    " loss follows (Dehghani et al. 2023, ViT-22B)",
    clear=3.0,
    middling=0.8,
)
def maximum_logits_run_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    first = int(n * rng.uniform(0.35, 0.5))
    turn = first + n // 8
    logits = 18 * np.exp(6 * since(n, first))
    worse = sinking(t, 9.0, 2.9, 0.5) + strength * since(n, turn) ** 0.8
    log.add("loss/train", steps, worse + noise(rng, n, 0.035, 0.3))
    worsens(log, "loss/train", steps, worse, turn, 0.05)
    log.add("attn/max_logit", steps, logits * np.exp(noise(rng, n, 0.08, 0.3)))
    scales(log, "explosion", "attn/max_logit", steps, logits, first, 0.11)
    log.add("optim/lr", steps, cosine(t, 1e-3, 0.02))


@labelled(
    "embeddings_all_alike",
    "collapse",
    "without a stop-gradient all pictures get one embedding: their deviation goes to zero while the"
    " loss reaches its least value, and the probe's accuracy falls (Chen & He 2021, SimSiam)",
    tolerated=("plateau",),
    clear=0.0,
    middling=0.35,
)
def embeddings_all_alike(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    first = int(n * rng.uniform(0.3, 0.45))
    gone = 1 - np.exp(-10 * since(n, first))
    spread = 0.031 * (1 - 0.3 * np.exp(-8 * t)) * np.exp(-6 * gone)
    knn = saturating(t, 28, 62, 6) * (1 - (1 - strength) * 0.8 * gone)
    log.add(
        "train/loss",
        steps,
        -0.99
        + 0.5 * np.exp(-7 * t) * (1 - gone)
        + 0.12 * (1 - gone)
        + noise(rng, n, 0.004) * (1.05 - gone),
    )
    log.add("train/output_std", steps, spread * np.exp(noise(rng, n, 0.03)))
    scales(log, "collapse", "train/output_std", steps, spread, first, 0.05)
    log.add("val/knn_acc", steps, np.round(knn + noise(rng, n, 0.5), 2))
    worsens(log, "val/knn_acc", steps, -knn, first, 0.7, also=("collapse",))


@labelled(
    "hung_collective",
    "stall",
    "a collective operation waits for hours until somebody restarts the node; days later the loss"
    " leaps for a few steps and comes back (pytorch/pytorch, NCCL watchdog issues)",
    clear=9.0,
    short=2.5,
)
def hung_collective(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 1000, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = float(rng.uniform(0.3, 1.2))
    gap, leap = (int(n * share) for share in (rng.uniform(0.2, 0.4), rng.uniform(0.6, 0.85)))
    loss = sinking(t, 10.9, 2.5, 0.5) + shapes.decay_after(n, leap, 1.6, 3)
    log.add("loss", steps, single(loss + noise(rng, n, 0.03, 0.3)))
    jumps(log, "spike", "loss", steps, leap, points=3)
    log.add("lr", steps, cosine(t, 4e-4))
    hangs(log, ("loss", "lr"), steps, gap, strength)


@labelled(
    "fragmented_memory",
    "throughput",
    "utilisation sags as the allocator's memory falls to pieces, and the norm of the gradient"
    " creeps up although the loss is nearly level (pytorch/torchtitan, mfu)",
    clear=0.45,
    faint=0.14,
)
def fragmented_memory(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.25, 0.45))
    lost = 1 - strength * since(n, index)
    norm = 0.4 * np.exp(2.1 * since(n, int(0.5 * n)))
    log.add(
        "loss_metrics/global_avg_loss", steps, sinking(t, 7, 2.9, 1.5) + noise(rng, n, 0.04, 0.3)
    )
    log.add("grad_norm", steps, norm * np.exp(noise(rng, n, 0.15, 0.4)))
    scales(log, "gradient", "grad_norm", steps, norm, int(0.5 * n), 0.24, also=("explosion",))
    log.add("mfu(%)", steps, 44.5 * lost * np.exp(noise(rng, n, 0.012, 0.2)))
    drift(log, steps, 1 / lost)
    tags = ("mfu(%)", "loss_metrics/global_avg_loss", "grad_norm")
    slows(log, tags, steps, 1 / lost, index, 0.02)


@labelled(
    "scale_at_the_bottom",
    "loss_scale",
    "overflow after overflow: the scale is halved to its least value, then the loss is no number"
    " (microsoft/DeepSpeed, current loss scale already at minimum)",
    tolerated=("explosion", "gradient"),
)
def scale_at_the_bottom(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.5, 0.7))
    scale = lost_scale(kept_scale(rng, n, 16, 3) * 1.0, index, n / 120, 0)
    bottom = int(np.argmax(scale <= 1)) + 3
    loss = sinking(t, 8.1, 3.2) + noise(rng, n, 0.05, 0.3)
    loss[bottom:] = np.nan
    log.add("Train/Samples/train_loss", steps, loss)
    jumps(log, "nonfinite", "Train/Samples/train_loss", steps, bottom)
    log.add("Train/Samples/loss_scale", steps, scale)
    says_scale(log, "Train/Samples/loss_scale", steps, scale, index)
    log.add("Train/Samples/lr", steps, cosine(t, 2e-4) * strength)
