"""Language models from scratch: nanoGPT, torchtitan, Megatron, NeMo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, jitter
from benchmarks.blind.fourteenth.making import index_of, near, settling, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import decay_after, power_law, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    descent,
    every,
    grows,
    jumps,
    scaler,
    spikes,
    warmed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def titan(log: Log, rng: np.random.Generator, steps: Steps, loss: Array, rate: Array) -> None:
    """What torchtitan logs, but for the gradient norm and the speed."""
    seen = jitter(rng, loss, 0.008)
    log.add("loss_metrics/global_avg_loss", steps, seen)
    log.add("loss_metrics/global_max_loss", steps, seen * (1.03 + 0.02 * rng.random(len(steps))))
    log.add("lr", steps, rate)
    near(log, rng, "tflops", steps, 380 + 20 * rng.random(), 0.01)
    near(log, rng, "mfu(%)", steps, 39.0, 0.01)
    log.add("memory/max_reserved(GiB)", steps, 61.3)


def megatron(log: Log, rng: np.random.Generator, steps: Steps, loss: Array, rate: Array) -> None:
    """What Megatron-LM logs, but for the loss scale and the time of an iteration."""
    log.add("lm loss", steps, jitter(rng, loss, 0.01))
    log.add("learning-rate", steps, rate)
    log.add("batch-size", steps, 512.0)
    near(log, rng, "params-norm", steps, 200 + 150 * np.sqrt(times(len(steps))), 0.0005)
    near(log, rng, "iteration-time", steps, 6.2, 0.015)


@healthy("titan_c4_wsd", "torchtitan: level rate, and the drop of the loss in its decay.")
def titan_c4_wsd(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 400, 1500), 10)
    t = times(len(steps))
    rate = warmed(t, 0.02, np.clip((1 - t) / 0.2, 0, 1))
    titan(log, rng, steps, 2.5 + 6 * descent(rate, 3000, 0.06), 3e-4 * rate)
    near(log, rng, "grad_norm", steps, settling(t, 0.4), 0.12)
    near(log, rng, "throughput(tps)", steps, 7400, 0.012)


@healthy(
    "megatron_batch_rampup",
    "The batch grows in the first fifth, and an iteration takes longer for it.",
    tolerated=("throughput",),
)
def megatron_batch_rampup(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 900), 100)
    t = times(len(steps))
    batch = np.minimum(64 * (1 + np.floor(t / 0.04)), 512)
    near(log, rng, "lm loss", steps, power_law(t, 11, 2.3), 0.03 / np.sqrt(batch.mean() / 64))
    log.add("learning-rate", steps, cosine(t, 1.5e-4))
    log.add("batch-size", steps, batch)
    near(log, rng, "iteration-time", steps, 0.7 + batch / 90, 0.01)
    near(log, rng, "grad-norm", steps, settling(t, 0.5), 0.15)
    log.add("loss-scale", steps, 1.0)


@healthy("megatron_two_sessions", "Stopped by the queue and resumed from a checkpoint before it.")
def megatron_two_sessions(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 800), 50)
    t = times(len(steps))
    loss, rate = power_law(t, 10.8, 2.2), cosine(t, 2e-4)
    stop = index_of(t, rng.uniform(0.3, 0.6))
    back = stop - 12
    for part in (slice(0, stop), slice(back, None)):
        log.session()
        near(log, rng, "lm loss", steps[part], loss[part], 0.01)
        log.add("learning-rate", steps[part], rate[part])
        near(log, rng, "grad-norm", steps[part], settling(t, 0.6)[part], 0.15)
        near(log, rng, "iteration-time", steps[part], 3.1, 0.01)
    log.hours_between_sessions = 2.0


@healthy("nemo_longer_sequences", "The sequence grows threefold: each time the loss steps down.")
def nemo_longer_sequences(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 20)
    t = times(len(steps))
    grown = (t > 0.3).astype(float) + (t > 0.6)
    loss = power_law(t, 10.5, 2.6) - 0.06 * grown
    near(log, rng, "reduced_train_loss", steps, loss, 0.012)
    log.add("lr", steps, cosine(t, 3e-4))
    near(log, rng, "train_step_timing in s", steps, 1.9, 0.02)
    log.add("consumed_samples", steps, steps * 256.0)
    few = every(steps, 15)
    near(log, rng, "val_loss", few, at(few, steps, loss) + 0.02, 0.004)


@healthy("titan_experts_balanced", "Mixture of experts: the loss of balance rises to its level.")
def titan_experts_balanced(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 900), 10)
    t = times(len(steps))
    titan(log, rng, steps, power_law(t, 11.5, 2.0), cosine(t, 4e-4))
    near(log, rng, "loss_metrics/load_balance_loss", steps, 1.08 - 0.07 * np.exp(-t / 0.05), 0.004)
    near(log, rng, "loss_metrics/router_z_loss", steps, 0.6 + 0.5 * (1 - np.exp(-t / 0.2)), 0.03)
    near(log, rng, "grad_norm", steps, settling(t, 0.25), 0.15)
    near(log, rng, "throughput(tps)", steps, 5100, 0.02)


@healthy("megatron_scale_searches", "fp16: the scale is doubled and halved all along, as it must.")
def megatron_scale_searches(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 900), 100)
    t = times(len(steps))
    megatron(log, rng, steps, power_law(t, 10.9, 2.7), cosine(t, 3e-4))
    log.add("loss-scale", steps, scaler(rng, np.full(len(t), 17.0), 32, 12))
    near(log, rng, "grad-norm", steps, settling(t, 0.8), 0.2)


@healthy("olmo_better_data_last", "Mid-training: with the last tenth's better data it steps down.")
def olmo_better_data_last(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 900), 20)
    t = times(len(steps))
    loss = power_law(t, 11, 2.4) - 0.25 * (t > 0.88) * (1 + (t - 0.88))
    near(log, rng, "train/CrossEntropyLoss", steps, loss, 0.01)
    near(log, rng, "train/Perplexity", steps, np.exp(loss), 0.02)
    log.add("optim/learning_rate_group0", steps, warmed(t, 0.01, np.clip(1.12 - t, 0, 1)) * 3e-4)
    near(log, rng, "optim/total_grad_norm", steps, settling(t, 0.35), 0.15)
    near(log, rng, "throughput/device/tokens_per_second", steps, 9800, 0.01)


@labelled(
    "titan_rate_too_high",
    "divergence",
    "From about the middle on the loss drifts up and does not come back.",
    tolerated=("gradient", "explosion"),
    mild=0.7,
    strong=1.8,
)
def titan_rate_too_high(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 900), 10)
    t = times(len(steps))
    onset = rng.uniform(0.4, 0.65)
    loss = power_law(t, 11, 2.9, 0.5) + ramp_after(t, onset, strength)
    titan(log, rng, steps, loss, cosine(t, 3e-3))
    near(log, rng, "grad_norm", steps, settling(t, 0.5) * np.exp(ramp_after(t, onset, 1.2)), 0.2)
    near(log, rng, "throughput(tps)", steps, 7000, 0.01)
    tags = "loss_metrics/global_avg_loss", "loss_metrics/global_max_loss"
    turns(log, "divergence", tags, steps, loss, index_of(t, onset), 0.03)


@labelled(
    "megatron_blows_up",
    "divergence",
    "Within a few iterations back to that of unigrams, and it stays there.",
    tolerated=("gradient", "explosion", "plateau"),
    half=2.5,
    whole=5.0,
)
def megatron_blows_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 700), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.25, 0.75))
    loss = power_law(t, 10.9, 2.3)
    loss[index:] = loss[index] + strength * (1 - 0.1 * (t[index:] - t[index]))
    megatron(log, rng, steps, loss, cosine(t, 2e-4))
    near(log, rng, "grad-norm", steps, np.where(t >= t[index], 2.0, settling(t, 0.6)), 0.2)
    jumps(log, "divergence", "lm loss", steps, index, also=("spike",))


@labelled(
    "titan_slow_then_fast",
    "divergence",
    "It rises ever faster towards the end.",
    tolerated=("gradient", "explosion"),
)
def titan_slow_then_fast(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 800), 10)
    t = times(len(steps))
    onset = rng.uniform(0.55, 0.7)
    loss = power_law(t, 11, 2.6) + ramp_after(t, onset, 3.0 * strength, 2)
    titan(log, rng, steps, loss, cosine(t, 2e-3))
    near(log, rng, "grad_norm", steps, settling(t, 0.5) + ramp_after(t, onset, 1.5), 0.15)
    tags = "loss_metrics/global_avg_loss", "loss_metrics/global_max_loss"
    turns(log, "divergence", tags, steps, loss, index_of(t, onset), 0.03)


@labelled("megatron_bad_batches", "spike", "A few points far up, and back.", low=1.2, high=3.0)
def megatron_bad_batches(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 900), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.8))
    loss = power_law(t, 10.9, 2.3) + decay_after(len(t), index, strength, 1.5)
    megatron(log, rng, steps, loss, cosine(t, 2e-4))
    near(log, rng, "grad-norm", steps, settling(t, 0.4), 0.15)
    spikes(log, "lm loss", steps, index, 5)


@labelled(
    "megatron_scale_sinks",
    "loss_scale",
    "From some iteration on nearly each step overflows: the scale sinks to one.",
    middle=0.5,
    late=0.7,
)
def megatron_scale_sinks(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 250, 700), 100)
    t = times(len(steps))
    index = index_of(t, strength + rng.uniform(-0.05, 0.05))
    megatron(log, rng, steps, power_law(t, 10.9, 2.6), cosine(t, 3e-4))
    scale = scaler(rng, np.full(len(t), 16.0), 17, 30)
    since = np.maximum(np.arange(len(t)) - index, 0)
    scale = np.maximum(scale * 2.0 ** -np.minimum(since, 40), 1.0)
    log.add("loss-scale", steps, scale)
    near(log, rng, "grad-norm", steps, settling(t, 0.8), 0.2)
    window = int(steps[index - 2]), int(steps[min(index + 20, len(steps) - 1)])
    log.true("loss_scale", "loss-scale", int(steps[index]), window, also=("collapse",))


@labelled(
    "titan_norm_creeps",
    "gradient",
    "The gradient norm grows from 0.3 to tens while the loss still falls.",
    twentyfold=20.0,
    hundredfold=100.0,
)
def titan_norm_creeps(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 900), 10)
    t = times(len(steps))
    onset = rng.uniform(0.35, 0.6)
    titan(log, rng, steps, power_law(t, 11, 2.5), cosine(t, 8e-4))
    norm = settling(t, 0.3) * np.exp(ramp_after(t, onset, np.log(strength)))
    near(log, rng, "grad_norm", steps, norm, 0.15)
    grows(log, "gradient", "grad_norm", steps, norm, index_of(t, onset), 0.15, ("explosion",))


@labelled(
    "attention_logits_grow",
    "explosion",
    "The largest attention logit grows by decades, as before queries were normed.",
    hundredfold=2.0,
    myriadfold=4.0,
)
def attention_logits_grow(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 20)
    t = times(len(steps))
    onset = rng.uniform(0.2, 0.5)
    near(log, rng, "reduced_train_loss", steps, power_law(t, 10.7, 2.7), 0.012)
    log.add("lr", steps, cosine(t, 1e-3))
    largest = 12 * 10.0 ** ramp_after(t, onset, strength)
    near(log, rng, "max_attention_logit", steps, largest, 0.1)
    grows(
        log, "explosion", "max_attention_logit", steps, largest, index_of(t, onset), 0.1,
        ("divergence", "gradient"),
    )  # fmt: skip


@labelled(
    "expert_starves", "collapse", "One expert of eight gets no tokens any more.", thousandth=3.0
)
def expert_starves(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 20)
    t = times(len(steps))
    onset = rng.uniform(0.25, 0.6)
    near(log, rng, "train/loss", steps, power_law(t, 10.7, 2.4), 0.01)
    log.add("train/lr", steps, cosine(t, 3e-4))
    for expert in range(4):
        near(log, rng, f"moe/expert_{expert}_share", steps, 0.125, 0.06)
    share = 0.125 * 10.0 ** -ramp_after(t, onset, strength, 0.7)
    near(log, rng, "moe/expert_4_share", steps, share, 0.08)
    index = index_of(t, onset)
    grows(log, "collapse", "moe/expert_4_share", steps, share, index, 0.08, ("divergence",))


@labelled("nemo_not_a_number", "nonfinite", "After a few good thousand steps it is NaN to the end.")
def nemo_not_a_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 500), 20)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.9) * strength)
    for tag, curve, share in (
        ("reduced_train_loss", power_law(t, 10.7, 2.7), 0.012),
        ("grad_norm", settling(t, 0.5), 0.2),
    ):
        seen = jitter(rng, curve, share)
        seen[index:] = np.nan
        log.add(tag, steps, seen)
    log.add("lr", steps, cosine(t, 3e-4))
    near(log, rng, "train_step_timing in s", steps, 2.4, 0.02)
    jumps(log, "nonfinite", ("reduced_train_loss", "grad_norm"), steps, index)
