"""Language models and translators from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, both, cosine, jitter, linear, turned
from benchmarks.blind.fifteenth.making import abouts, held, nears
from benchmarks.blind.fourteenth.making import hugging, index_of, settling
from benchmarks.blind.ninth.making import paced, spells
from benchmarks.blind.seventeenth.making import good_scale, halts
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import power_law, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import learning, megatron, titan
from benchmarks.blind.thirteenth.making import fades, grows, jumps, overfits
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("nanogpt_124m", "Evaluations of nanoGPT every 1,000 iterations of a GPT-2 on OpenWebText")
def nanogpt_124m(log: Log, rng: Rng) -> None:
    n = whole(rng, 90, 300)
    t, steps = times(n), every(n, 1000, 0)
    loss = power_law(t, 10.9, 2.65, 0.55, 0.004)
    nears(log, rng, steps, {"train/loss": (loss, 0.004), "val/loss": (loss + 0.01, 0.004)})
    log.add("lr", steps, cosine(t, 6e-4, 0.004))
    abouts(log, rng, steps, {"mfu": (np.where(t > 0, 38.5, -100), 0.15)})


@labelled(
    "nanogpt_characters",
    "overfitting",
    "A model of 10M parameters on the 1 MB of Shakespeare",
    slightly=0.22,
    much=0.45,
)
def nanogpt_characters(log: Log, rng: Rng, strength: float) -> None:
    n = 21
    t, steps = times(n), every(n, 250, 0)
    val = turned(t, rng.uniform(0.3, 0.4), 2.7, strength, 1.46)
    nears(log, rng, steps, {"train/loss": (learning(t, 4.2, 1.1 - strength), 0.006)})
    log.add("val/loss", steps, jitter(rng, val, 0.004))
    log.add("lr", steps, cosine(t, 1e-3, 0.02))
    overfits(log, "val/loss", steps, val, 0.006)


@healthy("speedrun_of_gpt2", "A WSD schedule: the loss sinks faster once the rate does")
def speedrun_of_gpt2(log: Log, rng: Rng) -> None:
    n = whole(rng, 14, 40)
    t, steps = times(n), every(n, 125, 0)
    rate = held(t, 0.02, 0.4)
    val = power_law(t, 10.8, 3.35, 0.7, 0.01) - 0.09 * np.clip(t - 0.6, 0, None) / 0.4
    log.add("val_loss", steps, jitter(rng, val, 0.0015))
    log.add("lr_scale", steps, rate)
    nears(log, rng, steps, {"step_avg_ms": (142 + 30 * np.exp(-t / 0.05), 0.002)})


@healthy(
    "litgpt_of_a_billion",
    "TinyLlama: 3,000 points, noisy batches of 2M tokens, spells of a busy machine",
)
def litgpt_of_a_billion(log: Log, rng: Rng) -> None:
    n = whole(rng, 1500, 3000)
    t, steps = times(n), every(n, 10)
    loss = power_law(t, 10.5, 2.2, 0.45, 0.003)
    nears(log, rng, steps, {"metric/train_loss": (loss, 0.018)})
    seldom = steps[n // 20 :: n // 20]
    log.add("metric/val_loss", seldom, jitter(rng, at(seldom, steps, loss) + 0.02, 0.004))
    log.add("metric/learning_rate", steps, cosine(t, 4e-4, 0.01))
    busy = spells(rng, n, 3, 0.03, 1.8)
    paced(log, steps, 8.6 * busy)
    nears(
        log,
        rng,
        steps,
        {
            "throughput/tokens_per_sec": (24500 / busy, 0.02),
            "throughput/device/mfu": (0.52 / busy, 0.02),
        },
    )


@labelled(
    "torchtitan_8b_norm",
    "gradient",
    "The norm of gradients goes up all through the second half",
    sixfold=6,
    thirtyfold=30,
)
def torchtitan_8b_norm(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 250, 700)
    t, steps = times(n), every(n, 10)
    onset = rng.uniform(0.4, 0.55)
    norm = settling(t, 0.5) * strength ** np.clip((t - onset) / (1 - onset), 0, 1)
    loss = power_law(t, 12, 2.3, 0.5, 0.004)
    nears(
        log, rng, steps, {"loss_metrics/global_avg_loss": (loss, 0.012), "grad_norm": (norm, 0.1)}
    )
    nears(log, rng, steps, {"loss_metrics/global_max_loss": (loss * 1.15, 0.02)})
    log.add("lr", steps, linear(t, 3e-4, 0.02))
    titan(log, rng, steps)
    grows(log, "gradient", "grad_norm", steps, norm, index_of(t, onset), 0.1, ("explosion",))


@labelled(
    "megatron_norm_jumps",
    "gradient",
    "After a change of data each norm is many times the old one",
    fivefold=5,
    twentyfold=20,
)
def megatron_norm_jumps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), every(n, 100)
    index = index_of(t, rng.uniform(0.45, 0.7))
    megatron(log, rng, steps, cosine(t, 1.5e-4, 0.01))
    norm = settling(t, 0.35) * np.where(np.arange(n) < index, 1, strength)
    loss = power_law(t, 10.6, 2.2, 0.5, 0.004)
    nears(log, rng, steps, {"lm-loss-training/lm loss": (loss, 0.01)})
    nears(log, rng, steps, {"grad-norm/grad-norm": (norm, 0.12)})
    log.add("loss-scale/loss-scale", steps, 1.0)
    jumps(log, "gradient", "grad-norm/grad-norm", steps, index, ("explosion",))


@labelled(
    "logits_of_attention_grow",
    "explosion",
    "The largest logit of attention grows by decades",
    hundredfold=100,
    thousandfold=1000,
)
def logits_of_attention_grow(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), every(n, 25)
    onset = rng.uniform(0.3, 0.5)
    logit = 14 * strength ** np.clip((t - onset) / (1 - onset), 0, 1)
    loss = power_law(t, 11.2, 2.5, 0.5, 0.004)
    nears(
        log,
        rng,
        steps,
        {
            "train/CrossEntropyLoss": (loss, 0.012),
            "train/Perplexity": (np.exp(loss), 0.02),
            "optim/total_grad_norm": (settling(t, 0.4), 0.12),
            "attention/max_qk_logit": (logit, 0.08),
        },
    )
    log.add("optim/learning_rate_group0", steps, cosine(t, 3e-4, 0.02))
    index = index_of(t, onset)
    grows(log, "explosion", "attention/max_qk_logit", steps, logit, index, 0.08)


@labelled(
    "run_clm_counts_steps_wrongly",
    "learning_rate",
    "The schedule is stepped by every process, so the rate is nought long before the end",
    eight=0.25,
    two=0.5,
    tolerated=("plateau",),
)
def run_clm_counts_steps_wrongly(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 200)
    t, steps = times(n), every(n, 500)
    rate = linear(np.minimum(t / strength, 1), 5e-5, 0.05)
    loss = learning(np.minimum(t / strength, 1), 4.1, 3.2)
    log.add("train/loss", steps, jitter(rng, loss, 0.01))
    hugging(log, rng, steps, rate, 1.1)
    fades(log, "train/learning_rate", steps, rate)


@healthy("deepspeed_in_fp16", "BLOOM with a dynamic loss scale that goes up and down as it should")
def deepspeed_in_fp16(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1200)
    t, steps = times(n), every(n, 100)
    loss = power_law(t, 10.4, 2.3, 0.5, 0.003)
    nears(log, rng, steps, {"Train/Samples/train_loss": (loss, 0.015)})
    log.add("Train/Samples/lr", steps, cosine(t, 6e-5, 0.01))
    log.add("Train/Samples/loss_scale", steps, good_scale(rng, n))
    nears(log, rng, steps, {"Train/Samples/elapsed_time_ms": (5100, 0.03)})


@healthy("fairseq_en_de", "A transformer of 100 epochs, inverse square root, BLEU at rest")
def fairseq_en_de(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 100)
    t, steps = times(n), every(n, 1100)
    train = learning(t, 8.9, 3.4, 9)
    log.session("train")
    nears(log, rng, steps, {"loss": (train, 0.004), "nll_loss": (train - 1.6, 0.005)})
    nears(log, rng, steps, {"gnorm": (settling(t, 0.9), 0.05), "wps": (61000, 0.02)})
    log.add("lr", steps, 7e-4 * np.minimum(t / 0.06, np.sqrt(0.06 / np.maximum(t, 0.01))))
    log.add("loss_scale", steps, good_scale(rng, n, 3))
    log.session("valid")
    nears(log, rng, steps, {"loss": (learning(t, 8.3, 3.75, 9), 0.003)})
    bleu = 27.5 * (1 - np.exp(-6 * t)) + 0.8 * t
    log.add("bleu", steps, np.round(bleu + rng.normal(0, 0.12, n), 2))


@labelled(
    "opennmt_warms_up_again",
    "learning_rate",
    "A resumed run has lost its optimizer: its rate goes back to the peak of the warm-up",
    early=0.45,
    late=0.7,
)
def opennmt_warms_up_again(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), every(n, 100)
    index = index_of(t, strength)
    count = np.where(np.arange(n) < index, np.arange(n), np.arange(n) - index) + 1.0
    rate = 2e-3 * np.minimum(count / (0.06 * n), np.sqrt(0.06 * n / count))
    loss = learning(t, 9.5, 2.4, 7) + 0.35 * np.exp(-np.abs(t - strength - 0.07) / 0.04)
    nears(
        log,
        rng,
        steps,
        {
            "progress/xent": (loss, 0.02),
            "progress/ppl": (np.exp(loss), 0.04),
            "progress/accuracy": (100 * np.exp(-0.28 * loss), 0.01),
            "progress/tgtper": (32000, 0.03),
        },
    )
    log.add("progress/lr", steps, rate)
    again = index + int(0.06 * n)
    window = both(abrupt(steps, index), (int(steps[index]), int(steps[min(again + 2, n - 1)])))
    log.true("learning_rate", "progress/lr", int(steps[index]), window)


@labelled("marian_waits_for_its_disk", "stall", "The node's file system was away", hours=9, days=60)
def marian_waits_for_its_disk(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), every(n, 500)
    log.seconds_per_step = 0.4
    nears(log, rng, steps, {"train_cost": (learning(t, 8, 2.1, 8), 0.012)})
    seldom = steps[9::10]
    valid = learning(times(len(seldom)), 4.4, 2.3, 5)
    nears(log, rng, seldom, {"valid_cross-entropy": (valid, 0.004)})
    log.add(
        "valid_bleu", seldom, np.round(38 - 8 * (valid - 2.1) + rng.normal(0, 0.1, len(seldom)), 1)
    )
    halts(log, steps, index_of(t, rng.uniform(0.3, 0.8)), strength * rng.uniform(0.8, 1.2))
