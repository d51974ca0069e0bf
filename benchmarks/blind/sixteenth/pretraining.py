"""Language models from scratch: Megatron, NeMo, nanoGPT, torchtitan, fairseq."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, jitter
from benchmarks.blind.fifteenth.making import SURE, held
from benchmarks.blind.fourteenth.making import about, index_of, near, settling, turns
from benchmarks.blind.shapes import decay_after, power_law, ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, megatron, nemo, titan
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import (
    every,
    grows,
    jumps,
    over_epochs,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("nanogpt_owt", "GPT-2 on OpenWebText, evaluated every 1,000 iterations")
def _nanogpt_owt(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 1000, 0)
    loss = power_law(t, 10.9, rng.uniform(2.8, 3.0), 0.45)
    near(log, rng, "train/loss", at_, loss, 0.003)
    near(log, rng, "val/loss", at_, loss + 0.01, 0.003)
    log.add("lr", at_, cosine(t, 6e-4))
    about(log, rng, "mfu", at_, 41 - 141 * (t == 0), 0.1)


@healthy("megatron_wsd", "a constant rate for most of the run and a quick fall at its decay")
def _megatron_wsd(log: Log, rng: Rng) -> None:
    n = whole(rng, 800, 3000)
    t, at_ = times(n), steps(n, 10)
    loss = power_law(t, 11.2, 2.05, 0.4) - 0.14 * np.clip((t - 0.85) / 0.15, 0, 1)
    near(log, rng, "lm-loss-training/lm loss", at_, loss, 0.011)
    log.add("loss-scale/loss-scale", at_, 1)
    megatron(log, rng, at_, 3e-4 * held(t, 0.02, 0.15))
    seen = every(at_, 30)
    valid = at(seen, at_, loss) + 0.03
    near(log, rng, "lm-loss-validation/lm loss validation", seen, valid, 0.003)
    log.add("lm-loss-validation/lm loss validation ppl", seen, np.exp(valid))


@healthy(
    "nemo_resumed", "the job queue cuts it every day; it goes on where it was", monitored=False
)
def _nemo_resumed(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 900)
    t, at_ = times(n), steps(n, 10)
    loss = jitter(rng, power_law(t, 10.6, 2.3, 0.4), 0.012)
    rate = cosine(t, 3e-4)
    cuts = [0, int(n * rng.uniform(0.3, 0.4)), int(n * rng.uniform(0.6, 0.75)), n]
    for number, (first, last) in enumerate(itertools.pairwise(cuts)):
        if number:
            log.session()
        part = slice(first, last)
        log.add("reduced_train_loss", at_[part], loss[part])
        nemo(log, rng, at_[part], rate[part])


@healthy("titan_debug", "a short test of a configuration, each step logged")
def _titan_debug(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 200)
    t, at_ = times(n), steps(n)
    loss = learning(t, 8.1, rng.uniform(3.6, 4.2), 5)
    near(log, rng, "loss_metrics/global_avg_loss", at_, loss, 0.012)
    near(log, rng, "loss_metrics/global_max_loss", at_, loss * 1.05, 0.015)
    near(log, rng, "grad_norm", at_, 1.4 + 2 * np.exp(-t / 0.1), 0.15)
    log.add("lr", at_, 8e-4 * np.minimum(t / 0.1, 1 - 0.8 * t))
    titan(log, rng, at_)


@healthy(
    "longer_contexts",
    "the sequence length doubles twice, and the loss is a little higher for a while at each",
    tolerated=("spike", "throughput"),
    monitored=False,
)
def _longer_contexts(log: Log, rng: Rng) -> None:
    n = whole(rng, 400, 1200)
    t, at_ = times(n), steps(n, 20)
    loss = power_law(t, 10.5, 2.0, 0.35)
    for share in (0.4, 0.7):
        loss = loss + decay_after(n, index_of(t, share), 0.12, n * 0.03)
    near(log, rng, "train/lm_loss", at_, loss, 0.012)
    log.add("train/seq_len", at_, 2048.0 * (1 + (t >= 0.4) + 2 * (t >= 0.7)))
    log.add("train/lr", at_, cosine(t, 4e-4))
    near(
        log, rng, "train/tokens_per_sec", at_, 2.1e5 - 1.2e4 * ((t >= 0.4) * 1.0 + (t >= 0.7)), 0.01
    )


@healthy("small_corpus_epochs", "the loss steps down where the corpus comes round again")
def _small_corpus_epochs(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 600)
    t, at_ = times(n), steps(n, 50)
    loss = power_law(t, 9.8, 3.1, 0.4) - over_epochs(t, 4, 0.12)
    near(log, rng, "train_loss", at_, loss, 0.012)
    near(log, rng, "gnorm", at_, settling(t, 0.6), 0.15)
    seen = every(at_, 12)
    near(log, rng, "valid_loss", seen, at(seen, at_, power_law(t, 9.8, 3.2, 0.42)), 0.003)


@healthy("fairseq_lm", "inverse square root; perplexity as a power of two", tolerated=SURE)
def _fairseq_lm(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 100)
    loss = power_law(t, 14, 4.6, 0.45)
    shown = jitter(rng, loss, 0.006)
    log.add("train_inner/loss", at_, shown)
    log.add("train_inner/ppl", at_, 2**shown)
    log.add("train_inner/lr", at_, 5e-4 * np.minimum(t / 0.06, np.sqrt(0.06 / np.maximum(t, 1e-3))))
    near(log, rng, "train_inner/wps", at_, 65000, 0.02)
    near(log, rng, "train_inner/gnorm", at_, settling(t, 0.4), 0.1)
    seen = every(at_, 14)
    near(log, rng, "valid/loss", seen, at(seen, at_, loss) + 0.1, 0.003)


@labelled(
    "loss_jumps_for_good",
    "divergence",
    "an outlier batch; the model does not come back",
    clear=3.0,
    low=0.9,
)
def _loss_jumps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1500)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.4, 0.7))
    loss = power_law(t, 11, 2.2, 0.4) + strength * (np.arange(n) >= index)
    near(log, rng, "lm-loss-training/lm loss", at_, loss, 0.012)
    megatron(log, rng, at_, cosine(t, 3e-4))
    jumps(log, "divergence", "lm-loss-training/lm loss", at_, index)


@labelled(
    "logits_drift",
    "divergence",
    "no qk-norm: the loss creeps up until the run is killed",
    clear=1.6,
    medium=0.8,
    faint=0.45,
)
def _logits_drift(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1000)
    t, at_ = times(n), steps(n, 10)
    onset = rng.uniform(0.4, 0.6)
    loss = power_law(t, 10.8, 2.6, 0.6) + ramp_after(t, onset, strength, 1.3)
    near(log, rng, "loss_metrics/global_avg_loss", at_, loss, 0.012)
    near(log, rng, "grad_norm", at_, settling(t, 0.5) + ramp_after(t, onset, 1.0), 0.15)
    titan(log, rng, at_)
    turns(log, "divergence", "loss_metrics/global_avg_loss", at_, loss, index_of(t, onset), 0.035)


@labelled(
    "nemo_nan", "nonfinite", "bf16 overflow: NaN in the loss to the end", early=0.3, late=0.85
)
def _nemo_nan(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 600)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, strength)
    loss = power_law(t, 10.8, 2.5, 0.4) + np.log(left(t, index, np.nan))
    near(log, rng, "reduced_train_loss", at_, loss, 0.012)
    nemo(log, rng, at_, cosine(t, 2e-4))
    jumps(log, "nonfinite", "reduced_train_loss", at_, index)


@labelled(
    "fp16_scale_melts",
    "loss_scale",
    "each halving is followed by another overflow",
    to_one=16.0,
    to_dust=26.0,
)
def _scale_melts(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1200)
    t, at_ = times(n), steps(n, 10)
    onset = rng.uniform(0.45, 0.7)
    halvings = np.floor(np.clip((t - onset) / 0.2, 0, 1) * strength)
    scale = 2.0 ** (16 + (np.arange(n) // 97) % 2 * (halvings == 0) - halvings)
    log.add("loss-scale/loss-scale", at_, scale)
    near(log, rng, "lm-loss-training/lm loss", at_, power_law(t, 11, 2.4, 0.4), 0.012)
    megatron(log, rng, at_, cosine(t, 1.5e-4))
    first = int(np.argmax(halvings > 0))
    third_ = int(np.argmax(halvings >= 5))
    log.true(
        "loss_scale",
        "loss-scale/loss-scale",
        at_[first],
        (at_[first - 3], at_[third_]),
        also=("collapse",),
    )


@labelled(
    "norm_before_the_loss",
    "gradient",
    "the gradient norm rises all the way, the loss does not tell yet",
    clear=9.0,
    medium=4.0,
    tolerated=("explosion",),
)
def _norm_creeps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1500)
    t, at_ = times(n), steps(n, 10)
    onset = rng.uniform(0.35, 0.55)
    norm = settling(t, 0.5) + ramp_after(t, onset, 0.5 * strength)
    near(log, rng, "loss_metrics/global_avg_loss", at_, power_law(t, 10.8, 2.4, 0.4), 0.012)
    near(log, rng, "grad_norm", at_, norm, 0.12)
    titan(log, rng, at_)
    grows(log, "gradient", "grad_norm", at_, norm, index_of(t, onset), 0.12, ("explosion",))


@labelled(
    "shakespeare",
    "overfitting",
    "a megabyte of plays, learned by heart",
    clear=0.7,
    medium=0.4,
)
def _shakespeare(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 16, 40)
    t, at_ = times(n), steps(n, 250, 0)
    valid = bent(t, rng.uniform(0.3, 0.5), 4.28, 1.47, 1.47 + strength)
    near(log, rng, "train/loss", at_, learning(t, 4.28, 0.8, 6), 0.008)
    near(log, rng, "val/loss", at_, valid, 0.008)
    log.add("lr", at_, cosine(t, 1e-3))
    overfits(log, "val/loss", at_, valid, 0.012)


@labelled(
    "loss_blips",
    "spike",
    "some batches are bad; it comes back within a few points",
    clear=2.5,
    smaller=1.0,
    tolerated=("gradient",),
)
def _loss_blips(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1500)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.4, 0.8))
    blip = decay_after(n, index, strength, 1.5)
    near(log, rng, "train/loss", at_, power_law(t, 10.7, 2.3, 0.4) + blip, 0.01)
    log.add("train/lr", at_, cosine(t, 6e-4))
    spikes(log, "train/loss", at_, index, 3)
