"""Language models from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    descent,
    drifts,
    every,
    fades,
    from_the_start,
    grows,
    half_cosine,
    hangs,
    jitter,
    jumps,
    levels,
    noise,
    spikes,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "small_stories_from_scratch",
    "a nanoGPT of 30 million weights: loss of one batch at each step, the mean of 200 at"
    " evaluations",
)
def small_stories_from_scratch(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1000, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    rate = warmed(t, 0.04, half_cosine(t, 0.04, 0.1))
    loss = 1.35 + 8.9 * descent(rate, 4000, 0.02)
    log.add("train/iter_loss", steps, loss + noise(rng, n, 0.045, 0.05))
    log.add("lr", steps, 6e-4 * rate)
    log.add("mfu", steps[5:], 31.2 + noise(rng, n - 5, 0.4))
    seen = every(steps, 20)
    for split, gap in (("train", 0.0), ("val", 0.02)):
        log.add(f"{split}/loss", seen, at(seen, steps, loss) + gap + noise(rng, 20, 0.006))


@healthy(
    "megatron_in_four_jobs",
    "walltime ends each job: four sessions of one run, each logs again what was after its"
    " checkpoint",
)
def megatron_in_four_jobs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    rate = warmed(t, 0.02, half_cosine(t, 0.02, 0.1))
    loss = 2.1 + 8.6 * descent(rate, 6000, 0.01)
    log.hours_between_sessions = float(rng.uniform(0.2, 9))
    ends = [round(n * share) for share in (0.27, 0.5, 0.77, 1.0)]
    first = 0
    for end in ends:
        log.session()
        here = slice(first, end)
        k = end - first
        log.add("lm loss", steps[here], loss[here] + noise(rng, k, 0.018, 0.3))
        log.add("grad-norm", steps[here], jitter(rng, 0.2 + 1.2 * np.exp(-9 * t[here]), 0.13))
        log.add("learning-rate", steps[here], 3e-4 * rate[here])
        log.add("iteration-time", steps[here], jitter(rng, np.full(k, 7.91), 0.012))
        first = end - max(n // 60, 2)


@healthy(
    "warmup_stable_decay",
    "WSD (MiniCPM, 2404.06395): a level rate for most of the run, gone to a tenth at its end;"
    " the loss drops with it",
)
def warmup_stable_decay(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    decay = rng.uniform(0.8, 0.9)
    rate = warmed(t, 0.01, np.where(t < decay, 1.0, 10 ** (-(t - decay) / (1 - decay))))
    loss = 2.45 + 8.2 * descent(rate, 5000, 0.05)
    log.add("train/loss", steps, loss + noise(rng, n, 0.02, 0.2))
    log.add("train/lr", steps, 1e-2 * rate)
    seen = every(steps, shapes.whole(rng, 12, 40))
    log.add("eval/c4_loss", seen, at(seen, steps, loss) + 0.03 + noise(rng, len(seen), 0.004))


@healthy(
    "batch_ramp_up",
    "the batch grows by steps from 256 to 2048 (GPT-NeoX, BLOOM): a step takes longer by steps,"
    " the tokens a second do not fall",
)
def batch_ramp_up(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    batch = 256 * np.minimum(1 + (t * 14).astype(np.int64), 8)
    rate = warmed(t, 0.02, half_cosine(t, 0.02, 0.1))
    loss = 2.3 + 8.6 * descent(rate, 5000, 0.01)
    log.add("train/lm_loss", steps, loss + noise(rng, n, 0.6, 0.1) / np.sqrt(batch) * 1.2)
    log.add("train/batch_size", steps, batch)
    log.add("runtime/iteration_time", steps, jitter(rng, 0.9 + 0.0105 * batch, 0.015))
    log.add(
        "runtime/tokens_per_sec", steps, jitter(rng, 2048 * batch / (0.9 + 0.0105 * batch), 0.015)
    )
    clock = np.cumsum((0.9 + 0.0105 * batch) * 10 * rng.gamma(400, 1 / 400, n))
    log.times = dict(zip(steps.tolist(), (1_772_438_400 + clock).tolist(), strict=True))
    log.add("train/lr", steps, 2e-4 * rate)


@healthy(
    "context_is_lengthened",
    "continued with 32k tokens of context in a second phase: a step takes four times as long,"
    " which was meant, and tokens a second stay; the length is logged",
)
def context_is_lengthened(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    long = t > rng.uniform(0.55, 0.8)
    length = np.where(long, 32768, 8192)
    loss = shapes.power_law(t, 3.1, 1.6, 0.25, 0.01) - 0.06 * long
    log.add("loss/train", steps, loss + noise(rng, n, 0.012, 0.2))
    log.add("data/seq_len", steps, length)
    took = jitter(rng, np.where(long, 41.0, 10.4), 0.01)
    log.add("perf/step_time", steps, took)
    log.add("perf/tokens_per_gpu", steps, jitter(rng, length * 4.0 / took, 0.004))
    log.slower(int(steps[np.argmax(long)]), 3.95)


@healthy(
    "mixture_of_experts_evens_out",
    "the balancing loss of experts falls from 1.3 to its bound of 1 and stays, as it should",
    tolerated=("plateau",),
)
def mixture_of_experts_evens_out(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.add("lm_loss", steps, shapes.power_law(t, 9.8, 2.0, 0.35) + noise(rng, n, 0.02))
    even = 1.01 + 0.35 * np.exp(-30 * t)
    log.add("moe/load_balancing_loss", steps, 1 + jitter(rng, even - 1, 0.08))
    log.add("moe/router_z_loss", steps, jitter(rng, 0.9 + 4 * np.exp(-25 * t), 0.05))
    log.add("moe/max_vio", steps, jitter(rng, 0.12 + 1.4 * np.exp(-20 * t), 0.15))


@labelled(
    "attention_logits_run_away",
    "divergence",
    "logits of attention grow without end, and the loss creeps up long before anyone looks"
    " (Wortsman et al. 2309.14322; continued from a checkpoint, qk-layernorm is missing)",
    clear=0.95,
    moderate=0.5,
)
def attention_logits_run_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = rng.uniform(0.45, 0.62)
    onset = int(a * n)
    worse = shapes.ramp_after(t, a, strength, 1.3)
    loss = shapes.power_law(t, 4.3, 2.7, 0.4, 0.01) + worse
    log.add("train/loss", steps, loss + noise(rng, n, 0.022, 0.3))
    logits = 8 * 10 ** (0.6 * t + np.clip((t - a + 0.1) / (1.1 - a), 0, None) * 2.6)
    log.add("debug/max_attention_logit", steps, jitter(rng, logits, 0.05))
    drifts(log, "divergence", "train/loss", steps, loss, onset, 0.03)
    start = int((a - 0.1) * n)
    grows(
        log,
        "explosion",
        "debug/max_attention_logit",
        steps,
        logits / 10 ** (0.6 * t),
        start,
        0.06,
        ("gradient", "divergence"),
    )


@labelled(
    "resumed_without_its_optimizer",
    "divergence",
    "Adam's moments were not in the checkpoint: at the restart the loss is thrown up and settles"
    " far above where it was",
    clear=3.4,
    moderate=1.8,
)
def resumed_without_its_optimizer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    a = int(n * rng.uniform(0.55, 0.8))
    loss = shapes.power_law(t, 9.5, 2.2, 0.4)
    since = np.arange(n) - a
    loss = loss + np.where(since >= 0, strength * (1 + 0.8 * np.exp(-since / (n / 40))), 0)
    seen = loss + noise(rng, n, 0.03, 0.2)
    norm = jitter(rng, np.where(since >= 0, 2.0, 0.45), 0.12)
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("loss", steps[part], seen[part])
        log.add("grad_norm", steps[part], norm[part])
        log.add("lr", steps[part], 3e-4 * half_cosine(t, 0, 0.1)[part])
    jumps(log, "divergence", "loss", steps, a)


@labelled(
    "never_leaves_the_unigrams",
    "plateau",
    "the loss falls to the entropy of single tokens and stays, since positions were not given (a"
    " mask of ones); in a good run it would go on to 3",
    clear=7.35,
)
def never_leaves_the_unigrams(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = strength + 3.4 * np.exp(-t / 0.04)
    seen = every(steps, shapes.whole(rng, 20, 50))
    log.add("train/loss", steps, loss + noise(rng, n, 0.05, 0.1))
    val = at(seen, steps, loss)
    log.add("val/loss", seen, val + noise(rng, len(seen), 0.008))
    log.add("train/learning_rate", steps, 5e-4 * warmed(t, 0.02, half_cosine(t, 0.02)))
    # On the grid of the evaluations: a finding about either curve is dated on its own points.
    index = int(np.argmax(val < strength + 0.05))
    levels(log, ("train/loss", "val/loss"), seen, val, index, 0.05)


@labelled(
    "scale_sinks_then_nan",
    "nonfinite",
    "fp16: the loss scale is halved again and again until nothing is left, and the loss is NaN"
    " (DeepSpeed, 'Current loss scale already at minimum')",
    clear=1.0,
)
def scale_sinks_then_nan(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    sinks = int(n * rng.uniform(0.6, 0.75))
    dead = min(sinks + 16 * max(n // 200, 2), n - 25)
    # Two exponents to and fro while all is well, then one after the other down to 1.
    good = 16 - (np.arange(n) // max(n // 9, 5)) % 2
    down = 16 - np.clip((np.arange(n) - sinks) * 16 / (dead - sinks), 0, 16).astype(np.int64)
    scale = np.exp2(np.where(np.arange(n) < sinks, good, np.minimum(good, down)).astype(float))
    loss = shapes.power_law(t, 10.5, 2.9, 0.4) + noise(rng, n, 0.05)
    loss[dead:] = np.nan
    log.add("train/lm-loss", steps, loss)
    log.add("train/loss_scale", steps, scale)
    log.add("train/learning_rate", steps, 1.5e-4 * warmed(t, 0.03, half_cosine(t, 0.03, 0.1)))
    jumps(log, "nonfinite", "train/lm-loss", steps, dead)
    window = int(steps[sinks - 2]), int(steps[dead])
    log.true("loss_scale", "train/loss_scale", int(steps[sinks]), window, also=("collapse",))


@labelled(
    "bad_shards",
    "spike",
    "some shards are garbage: the loss and the norm leap for a few steps and are back (PaLM,"
    " 2204.02311, section 5.1)",
    tolerated=("spike", "gradient"),
    clear=3.5,
    moderate=1.2,
)
def bad_shards(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 10.8, 2.3, 0.4, 0.001) + noise(rng, n, 0.025, 0.2)
    norm = jitter(rng, 0.3 + np.exp(-20 * t), 0.1)
    for place in (rng.uniform(0.3, 0.55), rng.uniform(0.65, 0.93)):
        i = int(place * n)
        loss += shapes.decay_after(n, i, strength, 1.6)
        norm += shapes.decay_after(n, i, 9 * strength, 1.2)
        spikes(log, ("metrics/ce_loss", "metrics/grad_norm"), steps, i, 6)
    log.add("metrics/ce_loss", steps, loss)
    log.add("metrics/grad_norm", steps, norm)


@labelled(
    "norm_climbs_loss_does_not_move",
    "gradient",
    "the norm of gradients grows twentyfold within half of the run while the loss is level: the"
    " last sign before it breaks (Molybog et al. 2304.09871)",
    clear=40.0,
    moderate=12.0,
    tolerated=("plateau", "explosion"),
)
def norm_climbs_loss_does_not_move(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    a = rng.uniform(0.35, 0.5)
    norm = 0.25 * strength ** np.clip((t - a) / (1 - a), 0, 1)
    log.add("optim/total_grad_norm", steps, jitter(rng, norm, 0.1, 0.3))
    log.add("train/CrossEntropyLoss", steps, 2.61 + 5 * np.exp(-40 * t) + noise(rng, n, 0.025))
    log.add("optim/learning_rate", steps, 4e-4 * warmed(t, 0.03, np.ones(n)))
    grows(log, "gradient", "optim/total_grad_norm", steps, norm, int(a * n), 0.14, ("explosion",))


@labelled(
    "scheduled_for_fewer_steps",
    "learning_rate",
    "max_steps was raised and the schedule was not: the rate has come to zero at 40 % of the"
    " run, and what follows learns nothing (transformers forum, 'learning rate becomes 0')",
    clear=0.4,
    moderate=0.62,
    tolerated=("plateau",),
)
def scheduled_for_fewer_steps(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    end = strength + rng.uniform(-0.05, 0.05)
    rate = np.clip(np.minimum(t / 0.03, (end - t) / (end - 0.03)), 0, None)
    loss = 2.2 + 6 * descent(rate, 3000, 0.03)
    log.add("train/loss", steps, loss + noise(rng, n, 0.05, 0.1))
    log.add("train/learning_rate", steps, 3e-4 * rate)
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 0.7), 0.15))
    fades(log, "train/learning_rate", steps, rate)


@labelled(
    "one_link_is_down",
    "throughput",
    "InfiniBand falls back to Ethernet on one node: each step of all nodes takes three times as"
    " long, till the end (NCCL 'NET/Socket')",
    clear=0.36,
    moderate=0.7,
)
def one_link_is_down(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.35, 0.7))
    slow = np.where(np.arange(n) < a, 1.0, strength)
    log.seconds_per_step = 5.1
    log.add("throughput/tokens_per_sec", steps, jitter(rng, 412_000 * slow, 0.02))
    log.add("throughput/mfu", steps, jitter(rng, 0.44 * slow, 0.02))
    log.add("loss/train/total", steps, shapes.power_law(t, 10, 2.4, 0.35) + noise(rng, n, 0.03))
    log.slower(int(steps[a]), 1 / strength)
    tags = ("throughput/tokens_per_sec", "throughput/mfu", "loss/train/total")
    jumps(log, "throughput", tags, steps, a)


@labelled(
    "hung_in_all_reduce",
    "stall",
    "one rank is gone and the others wait for it through the night, until somebody comes and"
    " kills it (pytorch #104809)",
    clear=9.0,
    moderate=2.5,
)
def hung_in_all_reduce(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = float(rng.uniform(1.5, 12))
    log.add("loss", steps, shapes.power_law(t, 9, 2.6, 0.35) + noise(rng, n, 0.04))
    log.add("tps", steps, jitter(rng, np.full(n, 58_300.0), 0.015))
    hangs(log, ("loss", "tps"), steps, int(n * rng.uniform(0.4, 0.85)), strength)


@labelled(
    "rate_of_zero_all_along",
    "learning_rate",
    "the warm-up is longer than the run is by a slip (steps for tokens): the rate is written as"
    " 0 and nothing is ever learned",
    clear=0.0,
    tolerated=("plateau",),
)
def rate_of_zero_all_along(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 400)
    steps = shapes.steps(n, 10)
    log.add("train_loss", steps, 10.94 + noise(rng, n, 0.02, 0.0))
    log.add("learning_rate", steps, np.full(n, strength))
    from_the_start(log, "learning_rate", "learning_rate", steps)
    from_the_start(log, "plateau", "train_loss", steps)
