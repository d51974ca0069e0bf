"""Runs that become slower for good, that stand still, and that only look so."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import beside_the_gap, cosine, counted, interval, noise
from benchmarks.blind.tenth.making import (
    clocked,
    falling,
    jumps,
    overfits,
    rising,
    significant,
    speed,
    worsens,
)
from benchmarks.blind.tenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "minutes_of_an_epoch_quadruple",
    "throughput",
    "each epoch takes a little longer than the one before, one minute in the beginning and four in"
    " the end (leimao/Voice-Converter-CycleGAN #27)",
    clear=3.0,
    medium=1.2,
    faint=0.5,
)
def minutes_of_an_epoch_quadruple(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 160)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 62.0
    begun = int(n * rng.uniform(0.05, 0.25))
    longer = shapes.ramp_after(t, t[begun], strength)
    clocked(log, steps, 1 + longer)
    log.add("epoch_seconds", steps, significant(speed(rng, n, 62 * (1 + longer), 0.02), 4))
    log.add("generator_loss", steps, falling(rng, t, 9.1, 5.2))
    odd = int(n * rng.uniform(0.5, 0.85))
    log.add("cycle_loss", steps, falling(rng, t, 1.4, 0.31) + 0.9 * (np.arange(n) == odd))
    tags = ("epoch_seconds", "generator_loss", "cycle_loss")
    jumps(log, "spike", "cycle_loss", steps, odd)
    worsens(log, "throughput", tags, steps, longer, begun, 0.025, also=("explosion",))


@labelled(
    "node_replaced_by_a_slower_link",
    "throughput",
    "a node is swapped in the night: the job waits two hours for it, and goes on over a slower link"
    " (NVIDIA Megatron's throughput per device)",
    clear=0.45,
    medium=0.7,
    faint=0.85,
)
def node_replaced_by_a_slower_link(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(2, 6)
    at = int(n * rng.uniform(0.3, 0.65))
    slow = np.where(np.arange(n) < at, 1, 1 / strength)
    clocked(log, steps, slow)
    log.pause(int(steps[at]), rng.uniform(5, 9) * 3600)
    log.add("throughput (TFLOP/s/GPU)", steps, speed(rng, n, 412 / slow, 0.012))
    log.add("lm loss", steps, falling(rng, t, 8.0, 2.35, 0.012))
    log.add("learning-rate", steps, cosine(t, 3e-4))
    tags = ("throughput (TFLOP/s/GPU)", "lm loss")
    jumps(log, "throughput", tags, steps, at)
    everything = (*tags, "learning-rate")
    log.true("stall", everything, int(steps[at]), beside_the_gap(steps, at))


@labelled(
    "workers_die_one_by_one",
    "throughput",
    "of eight loaders one after the other is killed for memory, and nobody notices: a staircase"
    " down (pytorch/pytorch #13246 and its like)",
    clear=6.0,
    medium=4.0,
)
def workers_die_one_by_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = 0.11
    dead = np.sort(rng.uniform(0.25, 0.7, int(strength)))
    alive = 8 - np.sum(t[:, None] > dead, axis=1)
    log.add("perf/batches_per_sec", steps, speed(rng, n, 9 * alive / 8, 0.04))
    log.add("train/ce", steps, falling(rng, t, 4.2, 0.3, 0.05))
    clocked(log, steps, 8 / alive)
    overfits(log, rng, "val/ce", interval(steps, int(steps[-1]) // 40), (2.2, 1.3, 0.6))
    at = int(np.argmax(alive < 8))
    third = int(np.argmax(alive <= 5))
    window = (steps[max(at - 2, 0)], steps[third + 2])
    log.true("throughput", ("perf/batches_per_sec", "train/ce"), int(steps[at]), window)


@labelled(
    "swap_begins",
    "throughput",
    "memory is full and the machine swaps: from then on it has a fifth of its speed, in gasps"
    " (students' forums, Colab)",
    clear=0.2,
    medium=0.5,
    tolerated=("stall",),
)
def swap_begins(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 240)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = 0.2
    at = int(n * rng.uniform(0.35, 0.7))
    gasps = np.where(np.arange(n) < at, 1, rng.gamma(12, 1 / 12, n) / strength)
    clocked(log, steps, gasps)
    log.add("samples_per_second", steps, significant(speed(rng, n, 320 / gasps), 4))
    log.add("loss", steps, significant(falling(rng, t, 2.2, 0.1, 0.08), 4))
    jumps(log, "throughput", ("samples_per_second", "loss"), steps, at)
    overfits(log, rng, "val_loss", interval(steps, int(steps[-1]) // 25), (1.4, 0.9, 0.5))


@labelled(
    "rounds_wait_for_stragglers",
    "throughput",
    "a federation's rounds wait for the slowest of more and more phones (Flower); once the server"
    " has no clients for a night",
    clear=2.5,
    medium=1.0,
)
def rounds_wait_for_stragglers(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 95.0
    begun = int(n * rng.uniform(0.15, 0.35))
    longer = shapes.ramp_after(t, t[begun], strength, 0.8)
    clocked(log, steps, 1 + longer)
    night = int(n * rng.uniform(0.5, 0.8))
    log.pause(int(steps[night]), rng.uniform(9, 14) * 3600)
    log.add("round_duration_s", steps, speed(rng, n, 95 * (1 + longer), 0.06))
    odd = int(n * rng.uniform(0.5, 0.9))
    right = rising(t, 0.1, 0.71) - 0.35 * (np.arange(n) == odd)
    log.add("distributed/accuracy", steps, counted(rng, right, 2000))
    jumps(log, "spike", "distributed/accuracy", steps, odd)
    log.add("clients/selected", steps, 20.0)
    tags = ("round_duration_s", "distributed/accuracy")
    worsens(log, "throughput", tags, steps, longer, begun, 0.07, also=("explosion",))
    log.true("stall", (*tags, "clients/selected"), int(steps[night]), beside_the_gap(steps, night))


@labelled(
    "generation_falls_back_to_eager",
    "throughput",
    "after a weight sync the engine that writes the answers runs without its graphs: steps take"
    " twice as long, the answers being as long as before (TRL with vLLM)",
    clear=2.3,
    faint=1.3,
)
def generation_falls_back_to_eager(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 41.0
    at = int(n * rng.uniform(0.3, 0.6))
    slow = np.where(np.arange(n) < at, 1, strength)
    clocked(log, steps, slow)
    log.add("train/step_time", steps, speed(rng, n, 41 * slow, 0.035))
    log.add("train/completions/mean_length", steps, 300 + noise(rng, n, 14, 0.4))
    log.add("train/reward", steps, rising(t, 0.3, 0.95) + noise(rng, n, 0.06))
    tags = ("train/step_time", "train/reward", "train/completions/mean_length")
    jumps(log, "throughput", tags, steps, at, also=("explosion",))


@labelled(
    "saving_takes_longer_each_time",
    "throughput",
    "every hundred steps a checkpoint goes to a disk that fills: the step that saves takes three"
    " times as long at first, forty times in the end",
    clear=50.0,
    medium=20.0,
)
def saving_takes_longer_each_time(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 1000, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    every = n // 25
    saves = (np.arange(n) % every == every - 1) * (2 + strength * t**1.3)
    log.seconds_per_step = 0.8
    clocked(log, steps, 1 + saves)
    log.add("iteration_seconds", steps, speed(rng, n, 0.8 * (1 + saves), 0.02))
    odd = int(n * rng.uniform(0.3, 0.9))
    bump = shapes.decay_after(n, odd, 1.6, 4)
    log.add("nll", steps, falling(rng, t, 7.5, 3.0, 0.02) + bump)
    jumps(log, "spike", "nll", steps, odd, 3)
    doubt = int(np.searchsorted(2 + strength * t**1.3, 8)) + 2 * every
    window = (steps[0], steps[min(doubt, n - 1)])
    log.true("throughput", ("iteration_seconds", "nll"), int(steps[every - 1]), window)


@labelled(
    "evaluation_slows_with_its_history",
    "throughput",
    "the metric keeps all predictions it has seen, and each evaluation is slower than the last"
    " (huggingface/evaluate, forgotten reset)",
    clear=4.0,
    medium=1.5,
)
def evaluation_slows_with_its_history(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 25, 80)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    longer = strength * t
    log.add("eval/samples_per_second", steps, significant(speed(rng, n, 88 / (1 + longer)), 5))
    log.add("train/loss", steps, falling(rng, t, 2.2, 0.5, 0.03))
    overfits(log, rng, "eval/loss", steps, (0.8, 1.35, 0.3))
    log.add("eval/runtime", steps, significant(speed(rng, n, 23 * (1 + longer)), 5))
    tags = ("eval/samples_per_second", "eval/runtime")
    worsens(log, "throughput", tags, steps, longer, 0, 0.035, also=("explosion",))


@labelled(
    "frames_fall_with_the_buffer",
    "throughput",
    "the replay buffer outgrows the memory, and frames a second fall to a third (Stable-Baselines3"
    " with images)",
    clear=0.3,
    medium=0.6,
)
def frames_fall_with_the_buffer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    log.seconds_per_step = 0.004
    begun = int(n * rng.uniform(0.3, 0.5))
    sag = (1 - strength) * (1 - np.exp(-np.clip(t - t[begun], 0, None) / 0.08))
    clocked(log, steps, 1 / (1 - sag))
    log.add("charts/SPS", steps, np.round(speed(rng, n, 260 * (1 - sag), 0.03)))
    returns = rising(t, 12, 390, 3) + noise(rng, n, 22)
    log.add("charts/episodic_return", steps, returns)
    log.add("losses/qf1_loss", steps, 2 * np.exp(noise(rng, n, 0.3)))
    tags = ("charts/SPS", "charts/episodic_return", "losses/qf1_loss")
    worsens(log, "throughput", tags, steps, sag, begun, 0.035)


@labelled(
    "collective_hangs_for_hours",
    "stall",
    "an all-reduce hangs until the watchdog's timeout, and training goes on as if nothing had been"
    " (pytorch/pytorch #140563)",
    clear=9.0,
    medium=3.0,
)
def collective_hangs_for_hours(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.seconds_per_step = 0.4
    at = int(n * rng.uniform(0.2, 0.9))
    log.pause(int(steps[at]), strength * 3600)
    odd = int(n * rng.uniform(0.3, 0.8))
    bump = shapes.decay_after(n, odd, 0.6, 2)
    log.add("train/rec_loss", steps, falling(rng, t, 0.9, 0.12, 0.05) + bump)
    jumps(log, "spike", "train/rec_loss", steps, odd)
    log.add("train/commit_loss", steps, falling(rng, t, 0.3, 0.05, 0.07))
    tags = ("train/rec_loss", "train/commit_loss")
    log.true("stall", tags, int(steps[at]), beside_the_gap(steps, at))


@labelled(
    "laptop_lid_closed",
    "stall",
    "a student shuts the lid at night; thirty epochs of a minute, and eight hours between two",
)
def laptop_lid_closed(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 60)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    log.seconds_per_step = 58.0
    at = int(n * rng.uniform(0.4, 0.8))
    log.pause(int(steps[at]), strength * rng.uniform(7, 10) * 3600)
    log.add("epoch_loss", steps, falling(rng, t, 0.9, 0.05, 0.03))
    log.add("epoch_accuracy", steps, counted(rng, rising(t, 0.6, 0.985), 10_000))
    overfits(log, rng, "epoch_val_loss", steps, (0.5, 0.42, 0.5))
    tags = ("epoch_loss", "epoch_accuracy", "epoch_val_loss")
    log.true("stall", tags, int(steps[at]), beside_the_gap(steps, at))


@labelled(
    "judge_is_rate_limited",
    "stall",
    "the model that judges answers is behind an API whose daily quota is used up: the run waits"
    " until midnight",
)
def judge_is_rate_limited(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 75.0
    at = int(n * rng.uniform(0.3, 0.85))
    log.pause(int(steps[at]), strength * rng.uniform(11, 16) * 3600)
    log.add("env/judge_score", steps, rising(t, 4.1, 6.9, 3) + noise(rng, n, 0.25))
    log.add("env/tokens_per_turn", steps, 410 + noise(rng, n, 22, 0.5))
    tags = ("env/judge_score", "env/tokens_per_turn")
    log.true("stall", tags, int(steps[at]), beside_the_gap(steps, at))


@healthy(
    "pauses_to_evaluate",
    "every five hundred steps minutes pass with an evaluation; the rest is even",
)
def pauses_to_evaluate(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 600)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.seconds_per_step = 0.5
    evaluated = interval(steps, 500)
    for step in evaluated[:-1]:
        log.pause(int(step) + 25, rng.uniform(150, 190))
    log.add("loss", steps, significant(falling(rng, t, 2.4, 1.3, 0.04), 4))
    log.add("train_tokens_per_second", steps, speed(rng, n, 21_500, 0.02))
    late = shapes.times(len(evaluated))
    log.add("eval_loss", evaluated, falling(rng, late, 2.0, 1.36, 0.008))


@healthy("neighbour_comes_and_goes", "a shared machine is slower at busy hours, and fast again")
def neighbour_comes_and_goes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = 1.1
    busy = np.zeros(n, bool)
    for start in (0.12, 0.35, 0.52, 0.74):
        first = start + rng.uniform(-0.03, 0.03)
        busy |= (t > first) & (t < first + rng.uniform(0.04, 0.09))
    slow = np.where(busy, rng.uniform(1.3, 1.9), 1.0)
    clocked(log, steps, slow)
    log.add("speed/it_per_s", steps, speed(rng, n, 0.91 / slow, 0.04))
    log.add("train/mask_loss", steps, falling(rng, t, 1.1, 0.33, 0.06))


@healthy(
    "batch_ramp_is_logged",
    "the batch doubles three times as planned, and a step takes longer for it; tokens a second do"
    " not fall (GPT-3, DeepSeek-V3)",
)
def batch_ramp_is_logged(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = 0.9
    batch = 256 * 2.0 ** np.minimum((t / 0.13).astype(int), 3)
    clocked(log, steps, batch / 256)
    log.add("batch-size", steps, batch)
    log.add("tokens-per-second", steps, speed(rng, n, 1.16e6, 0.015))
    log.add("lm-loss", steps, falling(rng, t, 9.5, 2.6, 0.01))
    log.add("learning-rate", steps, cosine(t, 2.2e-4))


@healthy(
    "sequences_grow_by_plan",
    "a curriculum of lengths, logged beside: fewer samples a second, as many tokens",
    tolerated=("throughput",),
)
def sequences_grow_by_plan(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.seconds_per_step = 0.6
    length = np.select([t < 0.3, t < 0.6], [512.0, 1024.0], 2048.0)
    clocked(log, steps, length / 512)
    log.add("data/seq_len", steps, length)
    log.add("perf/samples_per_s", steps, speed(rng, n, 96 * 512 / length, 0.02))
    log.add("perf/tokens_per_s", steps, speed(rng, n, 49_152, 0.02))
    log.add("train/loss", steps, falling(rng, t, 4.1, 2.2, 0.02))


@healthy(
    "preempted_thrice_as_fast_after",
    "spot machines: three restarts with hours in the queue, each as fast as the one before",
    tolerated=("stall",),
)
def preempted_thrice_as_fast_after(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.hours_between_sessions = rng.uniform(0.5, 4)
    loss, pace = falling(rng, t, 6.0, 2.9, 0.02), speed(rng, n, 7.4, 0.03)
    cuts = [0, *np.sort(rng.choice(np.arange(n // 8, n - n // 8), 3, replace=False)), n]
    for first, last in pairwise(cuts):
        log.session()
        log.add("train/loss", steps[first:last], loss[first:last])
        log.add("train/steps_per_second", steps[first:last], pace[first:last])


@healthy("minutes_before_the_first_step", "the first step compiles for minutes, then all are fast")
def minutes_before_the_first_step(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = 0.35
    slow = np.ones(n)
    slow[:2] = (300, 40)
    clocked(log, steps, slow)
    log.add("step_time", steps, significant(speed(rng, n, 0.35 * slow, 0.02), 4))
    log.add("train_loss", steps, falling(rng, t, 2.3, 0.6, 0.08))
    log.add("tflops", steps, speed(rng, n, 160 / slow, 0.02))
