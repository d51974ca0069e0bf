"""Language models from scratch: Megatron, NeMo, torchtitan, nanoGPT, OLMo, fairseq, T5, BERT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import at, cosine, interval, lasting
from benchmarks.blind.seventeenth.making import good_scale, halts, lags, says_scale, scale_lost
from benchmarks.blind.shapes import decay_after, power_law, ramp_after
from benchmarks.blind.thirteenth.making import drifts, grows, jumps, spikes

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Array, Rng
    from benchmarks.blind.runs import Log


def settles(t: Array, start: float, end: float) -> Array:
    """The norm of gradients: large at first, soon small."""
    return end + (start - end) * np.exp(-t / 0.03)


@healthy("megatron_gpt_on_call", "a sound pretraining of a 1.3B model in fp16")
def megatron_gpt(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 700, 2000, 100)
    loss = power_law(t, 10.6, rng.uniform(1.6, 2.1))
    put(log, rng, steps, {"lm loss": (loss, 0.012), "grad-norm": (settles(t, 6, 0.6), 0.15)})
    log.add("learning-rate", steps, cosine(t, 2e-4))
    log.add("loss-scale", steps, good_scale(rng, len(t), 17))
    log.add("batch-size", steps, 512)
    put(log, rng, steps, {"iteration-time": (0.9, 0.02)})
    rare = interval(steps, 1000)
    val = at(rare, steps, loss + 0.03)
    put(log, rng, rare, {"lm loss validation": (val, 0.006)})
    put(log, rng, rare, {"lm loss validation ppl": (np.exp(val), 0.02)})


@healthy("nemo_llama_resumed_twice", "jobs of four hours each, which go on where they were")
def nemo_resumed(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 900, 10)
    loss = power_law(t, 11, rng.uniform(1.9, 2.4))
    paced(log, rng, 10, 0.6)
    log.hours_between_sessions = float(rng.uniform(0.05, 0.2))
    for part in np.array_split(np.arange(len(t)), 3):
        log.session()
        own, now = steps[part], t[part]
        put(log, rng, own, {"reduced_train_loss": (loss[part], 0.015)})
        put(log, rng, own, {"grad_norm": (settles(now, 4, 0.5), 0.2)})
        put(log, rng, own, {"train_step_timing in s": (2.3, 0.015)})
        log.add("lr", own, cosine(t, 3e-4, 0.05)[part])
        log.add("consumed_samples", own, own * 256)


@healthy("titan_wsd_level_then_down", "stable phase of a WSD schedule, then a fast fall")
def titan_wsd(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 250, 800, 10)
    loss = power_law(t, 12, 2.7) - ramp_after(t, 0.8, 0.22, 0.7)
    for tag, more in (("global_avg_loss", 0.0), ("global_max_loss", 0.25)):
        put(log, rng, steps, {f"loss_metrics/{tag}": (loss + more, 0.012)})
    put(log, rng, steps, {"grad_norm": (settles(t, 5, 0.4), 0.12), "mfu(%)": (41.0, 0.01)})
    put(log, rng, steps, {"throughput(tps)": (7300.0, 0.01), "tflops": (330.0, 0.01)})
    log.add("lr", steps, 6e-4 * np.minimum(1, np.minimum(t / 0.02, (1 - t) / 0.2 + 0.01)))
    put(log, rng, steps, {"time_metrics/data_loading(s)": (0.04, 0.4)})


@healthy("nanogpt_of_shakespeare_letters", "done before it learns by heart; a dozen evaluations")
def nanogpt_letters(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 10, 14, 250)
    loss = power_law(t, 4.2, 0.9, 0.6, 0.03)
    put(log, rng, steps, {"train/loss": (loss, 0.008), "val/loss": (loss + 0.25, 0.008)})
    log.add("lr", steps, cosine(t, 1e-3, 0.02))
    put(log, rng, steps, {"mfu": (14.5, 0.03)})


@healthy("olmo_norm_creeps_by_a_half", "the norm rises a little as in many public runs")
def olmo_norm(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 600, 1500, 50)
    put(log, rng, steps, {"train/CrossEntropyLoss": (power_law(t, 11, 2.0), 0.015)})
    norm = settles(t, 5, 0.28) * (1 + rng.uniform(0.25, 0.45) * t)
    put(log, rng, steps, {"optim/total_grad_norm": (norm, 0.2)})
    log.add("optim/learning_rate_group0", steps, cosine(t, 4e-4))
    put(log, rng, steps, {"throughput/device/tokens_per_second": (11200.0, 0.03)})


@healthy("mlm_roberta_of_own_tokens", "BERT sits on its first level for a while, then learns")
def roberta(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 120, 500, 500)
    loss = 2.0 + 5.0 / (1 + np.exp((t - rng.uniform(0.12, 0.2)) / 0.03)) + 1.3 * (1 - t) ** 2
    put(log, rng, steps, {"train/loss": (loss, 0.01), "train/grad_norm": (settles(t, 4, 1.4), 0.2)})
    log.add("train/learning_rate", steps, 1e-4 * np.minimum(t / 0.06, (1 - t) / 0.94))
    rare = interval(steps, 5000)
    put(log, rng, rare, {"eval/loss": (at(rare, steps, loss * 0.97), 0.01)})
    put(log, rng, rare, {"eval/samples_per_second": (610.0, 0.02)})


@labelled(
    "megatron_blows_at_peak_rate",
    "divergence",
    "the loss leaves for good",
    late=0.55,
    tolerated=("plateau",),
)
def megatron_blows(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 300, 900, 10)
    index = where(t, strength)
    good = power_law(t, 10.8, 2.0)
    loss = good + (7.2 - good) * (1 - decay_after(len(t), index, 1, 0.03 * len(t)))
    loss = np.where(t < t[index], good, loss)
    norm = decades(t, t[index], settles(t, 5, 0.5), 30, t[index] + 0.03)
    put(log, rng, steps, {"lm loss": (loss, 0.012), "grad-norm": (norm, 0.2)})
    log.add("learning-rate", steps, cosine(t, 6e-4, 0.05))
    drifts(log, "divergence", "lm loss", steps, loss, index, 0.03, ("explosion",))
    grows(log, "gradient", "grad-norm", steps, norm, index, 0.2, ("explosion",))


@labelled(
    "titan_loss_drifts_up_under_fp8",
    "divergence",
    "falls to its best and then rises slowly for good",
    clear=0.6,
)
def titan_fp8(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 250, 800, 20)
    onset = rng.uniform(0.4, 0.55)
    loss = power_law(np.minimum(t, onset), 11, 2.4) + ramp_after(t, onset, strength)
    put(log, rng, steps, {"loss_metrics/global_avg_loss": (loss, 0.01)})
    put(log, rng, steps, {"throughput(tps)": (8100.0, 0.01), "mfu(%)": (45.0, 0.01)})
    log.add("lr", steps, cosine(t, 3e-4))
    sd = lasting(0.03, 0.2)
    drifts(log, "divergence", "loss_metrics/global_avg_loss", steps, loss, where(t, onset), sd)


@labelled("olmo_norm_leaves_while_loss_lies", "gradient", "tenfold and more", ten=12)
def olmo_leaves(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 300, 1000, 50)
    onset = rng.uniform(0.35, 0.5)
    norm = decades(t, onset, settles(t, 4, 0.3), strength)
    put(log, rng, steps, {"train/CrossEntropyLoss": (power_law(t, 11, 2.2), 0.012)})
    put(log, rng, steps, {"optim/total_grad_norm": (norm, 0.2)})
    log.add("optim/learning_rate_group0", steps, cosine(t, 4e-4))
    index = where(t, onset)
    grows(log, "gradient", "optim/total_grad_norm", steps, norm, index, 0.2, ("explosion",))


@labelled("max_logit_of_the_first_layer", "explosion", "by two decades and more", two=150)
def attention_logits(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 200, 600, 50)
    onset = rng.uniform(0.3, 0.5)
    logits = decades(t, onset, 11 + 4 * t, strength)
    put(log, rng, steps, {"train/loss": (power_law(t, 10.5, 2.5), 0.012)})
    put(log, rng, steps, {"attn/max_logit_layer0": (logits, 0.12)})
    put(log, rng, steps, {"attn/max_logit_layer12": (10 + 3 * t, 0.12)})
    log.add("lr", steps, cosine(t, 1e-3))
    index = where(t, onset)
    grows(log, "explosion", "attn/max_logit_layer0", steps, logits, index, 0.12)


@labelled("nemo_bad_batches_of_code", "spike", "loss leaps and is back soon", one=1.5, high=4)
def nemo_spike(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 250, 700, 10)
    index = where(t, rng.uniform(0.4, 0.7))
    leap = decay_after(len(t), index, strength, 3)
    put(log, rng, steps, {"reduced_train_loss": (power_law(t, 10.9, 2.2) + leap, 0.01)})
    log.add("lr", steps, cosine(t, 3e-4))
    put(log, rng, steps, {"train_step_timing in s": (3.1, 0.01)})
    spikes(log, "reduced_train_loss", steps, index, 8)


@labelled("megatron_scale_down_to_one", "loss_scale", "halved for good", slow=6)
def megatron_scale(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 300, 700, 100)
    index = where(t, rng.uniform(0.4, 0.6))
    scale, bottom = scale_lost(rng, len(t), index, 17, strength, 0)
    put(log, rng, steps, {"lm loss": (power_law(t, 10.6, 2.3), 0.012)})
    log.add("loss-scale", steps, scale)
    log.add("learning-rate", steps, cosine(t, 2e-4))
    says_scale(log, "loss-scale", steps, index, bottom)


@labelled("loss_nan_after_node_swap", "nonfinite", "NaN until the end", late=0.65)
def nan_node(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 600, 10)
    index = where(t, strength)
    loss = power_law(t, 10.7, 2.3)
    around(log, rng, steps, {"reduced_train_loss": (from_point(loss, index, np.nan), 0.03)})
    around(log, rng, steps, {"grad_norm": (from_point(settles(t, 3, 0.9), index, np.nan), 0.05)})
    log.add("lr", steps, cosine(t, 3e-4))
    jumps(log, "nonfinite", ("reduced_train_loss", "grad_norm"), steps, index)


@labelled("nemo_node_throttles", "throughput", "each step takes longer", half=1.6)
def nemo_throttles(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 200, 600, 10)
    index = where(t, rng.uniform(0.35, 0.6))
    put(log, rng, steps, {"reduced_train_loss": (power_law(t, 10.7, 2.2), 0.012)})
    timing = np.where(np.arange(len(t)) < index, 2.2, 2.2 * strength)
    put(log, rng, steps, {"train_step_timing in s": (timing, 0.02)})
    log.add("lr", steps, cosine(t, 3e-4))
    lags(log, steps, index, strength)


@labelled("megatron_waits_for_lustre", "stall", "nothing for hours", twelve=12)
def megatron_waits(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 50)
    paced(log, rng, 50, 2)
    put(log, rng, steps, {"lm loss": (power_law(t, 10.7, 2.1), 0.012)})
    put(log, rng, steps, {"grad-norm": (settles(t, 5, 0.6), 0.15)})
    log.add("learning-rate", steps, cosine(t, 2e-4))
    halts(log, steps, where(t, rng.uniform(0.3, 0.8)), strength)
