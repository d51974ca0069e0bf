"""Language models trained from scratch: nanoGPT, Megatron, torchtitan, NeMo, OLMo, LitGPT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.fifteenth.making import abouts, held, nears, settled, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, settling, turns
from benchmarks.blind.shapes import decay_after, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    grows,
    jumps,
    levels,
    overfits,
    scaler,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("openwebtext-iterations", "Loss of train and val at each evaluation, mfu settling.")
def openwebtext(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 130)
    t, steps = times(n), stepping(n, 1000, 0)
    loss = power_law(t, 10.9, 2.75 + rng.uniform(0, 0.2), 0.75, 0.01)
    abouts(log, rng, steps, {"train/loss": (loss, 0.012), "val/loss": (loss + 0.01, 0.014)})
    log.add("lr", steps, cosine(t, 6e-4, 0.02))
    about(log, rng, "mfu", steps, 41 - 142 * np.exp(-t / 0.004), 0.25)


@healthy(
    "batch-ramp-samples",
    "Megatron ramps its batch: steps take longer early, by design.",
    tolerated=("throughput",),
)
def batch_ramp(log: Log, rng: Rng) -> None:
    n = whole(rng, 500, 2500)
    t, steps = times(n), stepping(n, 100)
    size = 256 * np.clip(1 + np.floor(t / 0.03), 1, 4)
    loss = power_law(t, 10.7, 1.7, 0.35, 0.004)
    nears(
        log,
        rng,
        steps,
        {
            "lm loss": (loss, 0.008),
            "grad-norm": (settling(t, 0.35), 0.15),
            "iteration-time": (size / 256 * 1.9, 0.015),
        },
    )
    log.add("batch-size", steps, size)
    log.add("loss-scale", steps, 1.0)
    log.add("learning-rate", steps, cosine(t, 1.5e-4, 0.01))
    near(log, rng, "params-norm", steps, 300 + 900 * np.sqrt(t), 0.0005)
    seen = every(steps, 40)
    valid = at(seen, steps, loss) + 0.02
    log.add("num-zeros", steps, 0.0)
    abouts(log, rng, seen, {"lm loss validation": (valid, 0.01)})
    near(log, rng, "lm loss validation ppl", seen, np.exp(valid), 0.01)


@healthy("titan-warm-stable-decay", "WSD: the loss falls fast only when the rate decays.")
def titan_decay(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), stepping(n, 10)
    decay = rng.uniform(0.12, 0.25)
    loss = power_law(t, 11.6, 2.4, 0.45, 0.006) - 0.22 * since(t, 1 - decay) ** 0.7
    nears(
        log,
        rng,
        steps,
        {
            "loss_metrics/global_avg_loss": (loss, 0.009),
            "loss_metrics/global_max_loss": (loss * 1.12, 0.02),
            "grad_norm": (settling(t, 0.28), 0.12),
            "throughput(tps)": (6400, 0.012),
            "mfu(%)": (38, 0.012),
            "time_metrics/end_to_end(s)": (2.6, 0.012),
            "time_metrics/data_loading(s)": (0.02, 0.3),
        },
    )
    log.add("memory/max_active(GiB)", steps, 61.3)
    log.add("memory/num_alloc_retries", steps, 0.0)
    log.add("lr", steps, 3e-4 * held(t, 0.02, decay))


@healthy("nemo-consumed-samples", "A job of NeMo that was resumed once from its checkpoint.")
def nemo_resumed(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), stepping(n, 50)
    cut = int(n * rng.uniform(0.35, 0.65))
    loss = power_law(t, 10.4, 2.1, 0.4, 0.005)
    rate = cosine(t, 2e-4, 0.02)
    back = cut - 8
    for part in (slice(0, cut), slice(back, n)):
        seen = steps[part]
        nears(
            log,
            rng,
            seen,
            {
                "reduced_train_loss": (loss[part], 0.012),
                "grad_norm": (settling(t, 0.6)[part], 0.2),
                "train_step_timing in s": (3.1, 0.02),
            },
        )
        log.add("lr", seen, rate[part])
        log.add("consumed_samples", seen, seen * 512.0)
        about(log, rng, "val_loss", seen[9::10], loss[part][9::10] + 0.03, 0.008)
        log.session()


@healthy("longer-context-stage", "The second stage reads longer texts, and the loss is lower.")
def longer_context(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 20)
    turn = rng.uniform(0.55, 0.75)
    loss = power_law(t, 10.2, 2.2, 0.4, 0.006) - 0.12 * (t >= turn) * (
        1 - np.exp((turn - t) / 0.05)
    )
    length = np.where(t >= turn, 32768.0, 8192.0)
    nears(
        log,
        rng,
        steps,
        {
            "train/CrossEntropyLoss": (loss, 0.01),
            "train/Perplexity": (np.exp(loss), 0.02),
            "optim/total_grad_norm": (settling(t, 0.4), 0.12),
        },
    )
    log.add("data/sequence_length", steps, length)
    log.add("optim/learning_rate_group0", steps, cosine(t, 3e-4, 0.02))
    seen = every(steps, 25)
    near(log, rng, "eval/c4_en/CrossEntropyLoss", seen, at(seen, steps, loss) + 0.05, 0.004)


@labelled(
    "embedding-norm-runs-away",
    "divergence",
    "The loss bends up slowly and keeps rising to the end of the run.",
    clear=1.6,
    medium=0.8,
    faint=0.6,
)
def embedding_norm(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1200)
    t, steps = times(n), stepping(n, 10)
    onset = rng.uniform(0.45, 0.65)
    made = index_of(t, onset)
    loss = power_law(t, 10.8, 2.5, 0.6, 0.006) + strength * since(t, onset)
    tag = "train/CrossEntropyLoss"
    nears(
        log,
        rng,
        steps,
        {
            tag: (loss, 0.012),
            "optim/total_grad_norm": (settling(t, 0.4) * (1 + 2 * strength * since(t, onset)), 0.2),
        },
    )
    log.add("optim/learning_rate_group0", steps, cosine(t, 6e-4, 0.02))
    turns(log, "divergence", tag, steps, loss, made, 0.012 * loss[made])


@labelled(
    "half-precision-ground-down",
    "loss_scale",
    "The scale is halved again and again until nothing is left.",
    all_way=1.0,
    late=0.75,
)
def ground_down(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 900)
    t, steps = times(n), stepping(n, 10)
    onset = strength * rng.uniform(0.4, 0.6) + (1 - strength)
    made = index_of(t, onset)
    limit = np.where(t < onset, 16.6, np.maximum(16.6 - (np.arange(n) - made) / 2.5, -6))
    loss = power_law(t, 10.6, 2.9, 0.4, 0.006)
    near(log, rng, "lm loss", steps, loss, 0.012)
    near(log, rng, "grad-norm", steps, settling(t, 0.6), 0.2)
    scale = scaler(rng, limit, 16, 40)
    log.add("loss-scale", steps, scale)
    log.add("learning-rate", steps, cosine(t, 1.5e-4, 0.02))
    gone = made + int(np.argmax(scale[made:] <= 2.0**13))
    log.true(
        "loss_scale",
        "loss-scale",
        int(steps[made]),
        (int(steps[made - 10]), int(steps[min(gone + 4, n - 1)])),
        also=("collapse",),
    )


@labelled(
    "one-slow-node",
    "throughput",
    "A node that throttles slows all others, to the end.",
    half=0.5,
    third=0.68,
)
def slow_node(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1000)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, rng.uniform(0.35, 0.65))
    speed = np.where(np.arange(n) < made, 1.0, strength)
    nears(
        log,
        rng,
        steps,
        {
            "loss_metrics/global_avg_loss": (power_law(t, 11.5, 2.4, 0.4, 0.005), 0.01),
            "throughput(tps)": (5800 * speed, 0.02),
            "mfu(%)": (36 * speed, 0.02),
            "time_metrics/end_to_end(s)": (2.8 / speed, 0.02),
        },
    )
    log.slower(int(steps[made]), 1 / strength)
    tags = ("throughput(tps)", "mfu(%)", "time_metrics/end_to_end(s)")
    jumps(log, "throughput", tags, steps, made)


@labelled(
    "forty-epochs-of-a-small-corpus",
    "overfitting",
    "The model learns its few texts by heart.",
    clear=1.2,
    medium=0.7,
    faint=0.45,
)
def small_corpus(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 120)
    t, steps = times(n), stepping(n, 250)
    loss = power_law(t, 9.0, 0.9, 0.7, 0.03)
    best = rng.uniform(0.25, 0.45)
    valid = 3.4 + 5 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "train_loss", steps, loss, 0.015)
    about(log, rng, "val_loss", steps, valid, 0.02)
    near(log, rng, "val_ppl", steps, np.exp(valid), 0.02)
    log.add("learning_rate", steps, cosine(t, 4e-4, 0.04))
    overfits(log, ("val_loss", "val_ppl"), steps, valid, 0.02)


@labelled(
    "experts-die", "collapse", "The router sends all tokens to one expert.", fast=0.02, slow=0.08
)
def experts(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 700)
    t, steps = times(n), stepping(n, 25)
    onset = rng.uniform(0.3, 0.5)
    made = index_of(t, onset)
    entropy = 2.0 * np.exp(-np.clip((t - onset) / strength, 0, 7.5))
    nears(
        log,
        rng,
        steps,
        {
            "train/loss": (power_law(t, 10.5, 2.8, 0.4, 0.005), 0.012),
            "moe/router_entropy": (entropy, 0.05),
            "moe/z_loss": (0.002, 0.08),
            "grad_norm": (settling(t, 0.5), 0.15),
        },
    )
    grows(log, "collapse", "moe/router_entropy", steps, entropy, made, 0.05)


@labelled(
    "a-bad-batch-passes",
    "spike",
    "The loss jumps by a bad shard and comes back.",
    high=3.5,
    low=1.0,
)
def bad_batch(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1500)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, rng.uniform(0.4, 0.8))
    points = int(rng.integers(3, 8))
    loss = power_law(t, 10.8, 2.3, 0.45, 0.006)
    near(log, rng, "lm loss", steps, loss + decay_after(n, made, strength, points / 3), 0.009)
    log.add("learning-rate", steps, cosine(t, 3e-4, 0.01))
    near(
        log,
        rng,
        "grad-norm",
        steps,
        settling(t, 0.4) + decay_after(n, made, 4 * strength, points / 3),
        0.12,
    )
    spikes(log, ("lm loss", "grad-norm"), steps, made, points)


@labelled(
    "attention-logits-grow", "explosion", "The largest logit grows by decades.", huge=4.0, large=2.6
)
def attention_logits(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 20)
    onset = rng.uniform(0.35, 0.55)
    made = index_of(t, onset)
    logit = 14 * 10 ** (strength * since(t, onset))
    nears(
        log,
        rng,
        steps,
        {
            "train/loss": (power_law(t, 10.6, 2.6, 0.4, 0.005), 0.011),
            "debug/attn_max_logit": (logit, 0.12),
            "debug/param_rms": (0.02 + 0.01 * t, 0.01),
        },
    )
    log.add("train/lr", steps, cosine(t, 1e-3, 0.02))
    grows(log, "explosion", "debug/attn_max_logit", steps, logit, made, 0.12)


@labelled(
    "stuck-at-unigrams",
    "plateau",
    "The model never learns more than frequencies of words.",
    early=0.04,
    later=0.15,
)
def unigrams(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 500)
    t, steps = times(n), stepping(n, 50)
    loss = 7.3 + 3.5 * settled(t, strength)
    abouts(log, rng, steps, {"train/loss": (loss, 0.05)})
    seen = every(steps, 25)
    about(log, rng, "val/loss", seen, at(seen, steps, loss), 0.03)
    log.add("lr", steps, cosine(t, 1e-2, 0.02))
    near(log, rng, "tokens_per_sec", steps, 91000, 0.02)
    levels(log, ("train/loss", "val/loss"), steps, loss, index_of(t, strength), 0.05)


@labelled(
    "state-space-not-a-number",
    "nonfinite",
    "A scan overflows and all is NaN from then on.",
    early=0.3,
    late=0.85,
)
def state_space(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 600)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, strength)
    bad = np.where(np.arange(n) >= made, np.nan, 1.0)
    loss = power_law(t, 10.5, 3.0, 0.4, 0.006)
    near(log, rng, "train_loss", steps, loss * bad, 0.012)
    near(log, rng, "grad_norm", steps, settling(t, 0.8) * bad, 0.2)
    log.add("lr", steps, cosine(t, 1e-3, 0.02))
    jumps(log, "nonfinite", ("train_loss", "grad_norm"), steps, made)
