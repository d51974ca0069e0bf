"""Language models from scratch."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.eleventh.making import (
    gone,
    grown,
    hung,
    interval,
    jitter,
    lasting,
    noise,
    over_epochs,
    paced,
    places,
    says_overfitting,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "rope_base_swapped",
    "divergence",
    "the base of the rotary embedding is changed for a longer context without a warm-up: the loss"
    " jumps and what it has lost does not come back (EleutherAI/gpt-neox, LLaMA long context)",
    clear=1.1,
    medium=0.45,
    faint=0.2,
)
def rope_base_swapped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 700, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    index = int(n * rng.uniform(0.5, 0.75))
    since = np.maximum(np.arange(n) - index, 0) / n
    worse = np.where(np.arange(n) < index, 0.0, strength * (1 - 0.1 * since))
    loss = shapes.power_law(t, 10.4, 2.1, 0.42, 0.003) + worse
    log.add("lm-loss-training/lm loss", steps, loss + noise(rng, n, 0.03, 0.2))
    log.add("learning-rate/learning-rate", steps, cosine(t, 3e-4, 0.02))
    log.add("grad-norm/grad-norm", steps, jitter(rng, 0.4 + 2 * np.exp(-40 * t), 0.08))
    window = abrupt(steps, index, 3)
    log.true("divergence", "lm-loss-training/lm loss", steps[index], window)


@labelled(
    "logits_under_muon",
    "explosion",
    "attention logits grow without bound under Muon until the loss turns up (Kimi K2, QK-clip)",
    clear=1.2,
    medium=0.6,
    tolerated=("gradient",),
)
def logits_under_muon(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    early, late = rng.uniform(0.2, 0.3), rng.uniform(0.65, 0.75)
    logits = 14 + 6 * (1 - np.exp(-9 * t)) + shapes.ramp_after(t, early, 2600 * strength, 2.2)
    log.add("attn/max_logit", steps, jitter(rng, logits, 0.05, 0.5))
    loss = sunk(t, 10.8, 2.5, 25, 0.3)
    rise = shapes.ramp_after(t, late, strength, 1.1)
    log.add("train/loss", steps, loss + rise + noise(rng, n, 0.03))
    log.add("train/lr", steps, np.minimum(t / 0.02, 1) * 2e-3)
    grown(log, "explosion", "attn/max_logit", steps, logits, int(early * n), 1.0)
    worsened(log, "train/loss", steps, loss + rise, int(late * n), lasting(0.03))


@labelled(
    "byte_model_on_one_author",
    "overfitting",
    "a small model of bytes reads one author again and again on a laptop that goes to sleep"
    " (karpathy/nanoGPT, char)",
    clear=0.5,
    medium=0.25,
    faint=0.1,
)
def byte_model_on_one_author(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 70)
    t, steps = shapes.times(n), shapes.steps(n, 250, 0)
    best = rng.uniform(0.25, 0.45)
    log.seconds_per_step = 0.12
    log.add("train/loss", steps, places(sunk(t, 4.2, 0.75, 9) + noise(rng, n, 0.008)))
    worse = 1.45 + 2.7 * np.exp(-9 * t / best) + shapes.ramp_after(t, best, strength, 1.15)
    log.add("val/loss", steps, places(worse + noise(rng, n, 0.011, 0.2)))
    says_overfitting(log, "val/loss", steps, worse, lasting(0.011, 0.2))
    hung(log, ("train/loss", "val/loss"), steps, int(n * rng.uniform(0.5, 0.8)), 9)


@labelled(
    "overflowed_at_half",
    "loss_scale",
    "half precision overflows ever more often, the scale is halved to its least and the norm is"
    " infinite (microsoft/DeepSpeed, 'OVERFLOW! Rank 0 Skipping step')",
    clear=1.0,
    medium=0.6,
    tolerated=("divergence", "plateau", "gradient", "throughput"),
)
def overflowed_at_half(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.5, 0.7))
    exponent = np.where(t < 0.1, 16, 17 + (np.arange(n) // max(n // 9, 1)) % 2)
    since = np.maximum(np.arange(n) - index, 0)
    exponent = np.maximum(np.where(since > 0, 17 - since // max(n // 90, 1), exponent), 0)
    loss = sunk(t, 10.7, 3.0, 18)
    loss = np.where(since > 0, loss[index] + 0.4 * strength * since / n, loss)
    log.add("loss", steps, loss + noise(rng, n, 0.04))
    log.add("loss_scale", steps, 2.0**exponent)
    norm = jitter(rng, 0.9 + 3 * np.exp(-25 * t), 0.15)
    bottom = index + int(np.argmax(exponent[index:] <= 6))
    norm[bottom:] = np.where(rng.random(n - bottom) < 0.4 + 0.5 * strength, np.inf, norm[bottom:])
    norm[bottom] = norm[-1] = np.inf
    log.add("grad_norm", steps, norm)
    last = int(steps[min(index + int(np.argmax(exponent[index:] <= 2)), n - 1)])
    log.true("loss_scale", "loss_scale", steps[index], (steps[index - 3], last))
    log.true("nonfinite", "grad_norm", steps[bottom], abrupt(steps, bottom))


@labelled(
    "ring_with_a_sick_link",
    "throughput",
    "a collective hangs until it times out, is taken up again in the same process, and from then"
    " on one link runs at a part of its width (NVIDIA/nccl, PyTorch ProcessGroupNCCL)",
    clear=0.55,
    medium=0.75,
    faint=0.88,
)
def ring_with_a_sick_link(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    index = int(n * rng.uniform(0.35, 0.65))
    share = np.where(np.arange(n) < index, 1.0, strength)
    paced(log, steps, 0.9 / share)
    loss = shapes.power_law(t, 11, 1.9, 0.35) + noise(rng, n, 0.02)
    log.add("train/ce_loss", steps, loss)
    log.add("train/tokens_per_second", steps, 412_000 * share * (1 + noise(rng, n, 0.02)))
    log.add("train/mfu", steps, places(0.41 * share * (1 + noise(rng, n, 0.02)), 3))
    tags = ("train/ce_loss", "train/tokens_per_second", "train/mfu")
    hung(log, tags, steps, index, rng.uniform(5, 12))
    log.true("throughput", tags, steps[index], abrupt(steps, index, 3))


@labelled(
    "horizon_too_near",
    "learning_rate",
    "lr_decay_iters is a part of the training: the cosine is over and the rate is nought for the"
    " rest, while checkpoints take longer each time (NVIDIA/Megatron-LM)",
    clear=0.4,
    medium=0.6,
    tolerated=("plateau",),
)
def horizon_too_near(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1400)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    end = int(strength * n)
    rate = np.where(np.arange(n) < end, cosine(np.minimum(t / strength, 1), 6e-4, 0.03, 0.0), 0.0)
    done = np.cumsum(rate) / np.sum(rate)
    log.add("learning-rate", steps, rate)
    log.add("lm loss", steps, sunk(done, 10.6, 2.7, 30) + noise(rng, n, 0.03))
    seconds = np.full(n, 1.3) * np.exp(noise(rng, n, 0.02))
    every = max(n // 24, 8)
    saved = np.arange(n) % every == every - 1
    seconds = seconds + saved * (0.5 + 14 * t**1.6)
    paced(log, steps, seconds)
    log.add("iteration-time", steps, seconds)
    gone(log, "learning-rate", steps, rate)
    window = (steps[0], steps[int(0.65 * n)])
    log.true("throughput", "iteration-time", steps[every], window, also=("explosion",))


@labelled(
    "trunk_resumed_tenfold",
    "learning_rate",
    "taken up again with the peak of another experiment: the rate leaps and the loss with it"
    " (allenai/OLMo, --load_trainer_state)",
    clear=10.0,
    medium=5.0,
)
def trunk_resumed_tenfold(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    index = int(n * rng.uniform(0.45, 0.7))
    rate = cosine(t, 3e-4, 0.03) * np.where(np.arange(n) < index, 1.0, strength)
    high = 0.09 * strength
    loss = shapes.power_law(t, 11, 2.2, 0.4)
    loss = loss + np.where(np.arange(n) < index, 0.0, high * (1 + 0.7 * (t - t[index])))
    loss = loss + noise(rng, n, 0.03)
    norm = jitter(rng, 0.35 + 2 * np.exp(-30 * t), 0.1)
    for where in (slice(None, index), slice(index, None)):
        log.session()
        log.add("train/CrossEntropyLoss", steps[where], loss[where])
        log.add("optim/learning_rate_group0", steps[where], rate[where])
        log.add("optim/total_grad_norm", steps[where], norm[where])
    log.true("learning_rate", "optim/learning_rate_group0", steps[index], abrupt(steps, index))
    log.true("divergence", "train/CrossEntropyLoss", steps[index], abrupt(steps, index, 3))


@labelled(
    "norms_at_their_ceiling",
    "gradient",
    "the norm is logged after clipping and stands at exactly the bound from some step on; one batch"
    " of broken text is a spike (Lightning-AI/litgpt, nanotron)",
    clear=0.35,
    medium=0.6,
)
def norms_at_their_ceiling(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    index = int(strength * n)
    raw = jitter(rng, 0.3 + 0.6 * np.exp(-t / 0.02), 0.14, 0.4)
    norm = np.where(np.arange(n) < index, np.minimum(raw, 1.0), 1.0)
    loss = shapes.power_law(t, 10.8, 2.9, 0.45) + noise(rng, n, 0.025)
    peak = int(n * rng.uniform(0.15, 0.3))
    loss += shapes.decay_after(n, peak, 1.7, 2)
    log.add("lm_loss", steps, loss)
    log.add("grad_norm", steps, norm)
    log.add("lr", steps, cosine(t, 3e-4, 0.01))
    log.true("gradient", "grad_norm", steps[index], abrupt(steps, index, 4))
    log.true("spike", "lm_loss", steps[peak], abrupt(steps, peak, 2))


@healthy(
    "web_pages_at_a_steady_rate",
    "warm-up, a long level rate, and a last tenth in which the loss falls faster (WSD; MiniCPM)",
)
def web_pages_at_a_steady_rate(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    decay = np.clip((t - 0.88) / 0.12, 0, 1)
    rate = 1e-2 * np.minimum(t / 0.015, 1) * (1 - 0.99 * decay)
    loss = shapes.power_law(t, 10.9, 2.55, 0.42) - 0.22 * (1 - (1 - decay) ** 2)
    log.add("train/loss", steps, loss + noise(rng, n, 0.035, 0.2))
    log.add("train/lr", steps, rate)
    log.add("train/grad_norm", steps, jitter(rng, 0.25 + 4 * np.exp(-60 * t), 0.1))
    log.add("perf/tokens_per_sec", steps, 1.31e6 * (1 + noise(rng, n, 0.012)))


@healthy(
    "more_rows_in_each_batch",
    "the batch grows in logged stages: a step takes longer, as many tokens come a second, noise"
    " shrinks (GPT-3; OLMo 2's batch warm-up)",
)
def more_rows_in_each_batch(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    stage = np.searchsorted([0.2, 0.45, 0.7], t, side="right")
    rows = 256 * 2.0**stage
    paced(log, steps, 0.35 * rows / 256)
    size = 0.05 / np.sqrt(rows / 256)
    log.add("train/loss", steps, shapes.power_law(t, 10.8, 2.4, 0.4) + size * noise(rng, n, 1.0))
    log.add("train/global_batch_size", steps, rows)
    log.add("train/tokens_per_second", steps, 5.9e5 * (1 + noise(rng, n, 0.015)))
    log.add("train/learning_rate", steps, cosine(t, 4e-4, 0.03))


@healthy(
    "three_mixtures_in_turn",
    "pre-training, mid-training and a long-context stage in three jobs: the rate goes on where it"
    " was, the last stage has longer sequences and takes longer a step, as meant (OLMo 2, SmolLM3)",
    tolerated=("throughput",),
)
def three_mixtures_in_turn(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a, b = int(0.6 * n), int(0.85 * n)
    rate = 2e-4 * np.minimum(t / 0.02, 1) * np.clip((1.02 - t) / 0.45, 0, 1)
    loss = shapes.power_law(t, 11, 2.3, 0.4)
    loss[a:] -= 0.25 * (1 - np.exp(-np.arange(n - a) / 20))
    loss[b:] -= 0.2 * (1 - np.exp(-np.arange(n - b) / 15))
    loss = loss + noise(rng, n, 0.02)
    length = np.where(np.arange(n) < b, 4096.0, 16384.0)
    paced(log, steps, np.where(np.arange(n) < b, 1.0, 4.4))
    for where in (slice(None, a), slice(a, b), slice(b, None)):
        log.session()
        log.add("train/loss", steps[where], loss[where])
        log.add("train/lr", steps[where], rate[where])
        log.add("data/sequence_length", steps[where], length[where])


@healthy(
    "experts_find_their_share",
    "a mixture of experts: the balancing loss falls to its floor and stays there, the router's"
    " entropy settles (OLMoE, megablocks)",
    tolerated=("plateau",),
)
def experts_find_their_share(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("loss", steps, shapes.power_law(t, 10.6, 2.6, 0.45) + noise(rng, n, 0.03))
    log.add("load_balancing_loss", steps, jitter(rng, 1.02 + 1.6 * np.exp(-30 * t), 0.004))
    log.add("router/entropy", steps, 2.05 - 0.5 * (1 - np.exp(-9 * t)) + noise(rng, n, 0.01))
    log.add("router/tokens_dropped", steps, jitter(rng, 0.01 + 0.2 * np.exp(-20 * t), 0.1))
    log.add("grad_norm", steps, jitter(rng, 0.5 + 3 * np.exp(-40 * t), 0.12))


@healthy(
    "poems_until_the_patience_ends",
    "a small model of letters, stopped soon after its best (nanoGPT with early stopping)",
    tolerated=("plateau",),
)
def poems_until_the_patience_ends(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 60)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add("train/loss", steps, places(sunk(t, 4.1, 1.25, 8) + noise(rng, n, 0.01)))
    log.add("val/loss", steps, places(sunk(t, 4.1, 1.52, 9, 0.25) + noise(rng, n, 0.012)))
    log.add("lr", steps, cosine(t, 1e-3, 0.04))
    log.add("mfu", steps, places(100 * (0.29 + noise(rng, n, 0.004)), 2))


@healthy(
    "same_abstracts_four_times",
    "four passes over a small corpus: training loss in stairs, validation still better each time"
    " (Muennighoff et al. 2023)",
)
def same_abstracts_four_times(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = over_epochs(t, 4.6, 2.2, 4, 0.13) + 5.5 * np.exp(-60 * t)
    log.add("train_loss", steps, loss + noise(rng, n, 0.05))
    log.add("lr", steps, cosine(t, 5e-4, 0.05))
    at = interval(steps, 10 * (n // 40))
    u = at / at[-1]
    log.add("val_loss", at, sunk(u, 6.0, 2.9, 14, 0.3) + noise(rng, len(at), 0.012))


@healthy(
    "evicted_from_cheap_machines",
    "taken up again from its last checkpoint four times, some points written twice, each time as"
    " fast as before (SkyPilot managed spot jobs)",
)
def evicted_from_cheap_machines(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    clean = shapes.power_law(t, 10.9, 2.6, 0.4)
    rate = cosine(t, 5e-4, 0.03)
    cuts = [0, *np.sort(rng.choice(np.arange(n // 8, n - n // 8), 4, replace=False)).tolist(), n]
    log.hours_between_sessions = 0.7
    for first, last in itertools.pairwise(cuts):
        start = max(first - int(rng.integers(2, 9)), 0) if first else 0
        where = slice(start, last)
        m = last - start
        log.session()
        log.add("train/loss", steps[where], clean[where] + noise(rng, m, 0.03))
        log.add("train/lr", steps[where], rate[where])
        log.add("perf/samples_per_sec", steps[where], 212 * (1 + noise(rng, m, 0.03)))
