"""Clients, teachers and tasks one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    counted,
    drifts,
    every,
    grows,
    half_cosine,
    jitter,
    jumps,
    levels,
    noise,
    overfits,
    spikes,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "hospitals_take_turns",
    "federated averaging, ten of a hundred clients a round, no two alike: accuracy of the global"
    " model jumps about a rising level, less as it grows",
    tolerated=("plateau",),
)
def hospitals_take_turns(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(50, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    level = 0.83 - 0.7 * np.exp(-t / 0.16)
    wobble = noise(rng, n, 0.028, 0.1) * (0.25 + np.exp(-t / 0.3))
    log.add("accuracy_centralized", steps, np.round(np.clip(level + wobble, 0, 1), 4))
    log.add("loss_centralized", steps, jitter(rng, 0.55 + 1.7 * np.exp(-t / 0.16) - wobble, 0.03))
    log.add("clients/participating", steps, 10.0)


@healthy(
    "taught_by_a_larger_one",
    "distillation: the teacher's and the labels' losses fall together, the weight between them"
    " by its schedule from 0.9 to 0.5",
    tolerated=("plateau",),
)
def taught_by_a_larger_one(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 400)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    fell = np.exp(-t / 0.13)
    log.add("loss/kd", steps, jitter(rng, 0.9 + 4 * fell - 0.1 * t, 0.03))
    log.add("loss/ce", steps, jitter(rng, 1.15 + 3 * fell - 0.08 * t, 0.04))
    log.add("alpha", steps, 0.9 - 0.4 * t)
    log.add("lr", steps, 5e-4 * warmed(t, 0.05, half_cosine(t, 0.05, 0.01)))
    seen = every(steps, int(rng.integers(10, 31)))
    top = 0.733 - 0.45 * np.exp(-at(seen, steps, t) / 0.12)
    log.add("student/top1", seen, 100 * counted(rng, top, 50_000))


@healthy(
    "masks_of_patches_eight_hundred",
    "MAE: a loss that falls by ever less for hundreds of epochs, smooth, a warm-up of forty, one"
    " half cosine",
    tolerated=("plateau",),
)
def masks_of_patches_eight_hundred(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(200, 801))
    t, steps = shapes.times(n), np.arange(n, dtype=np.int64)
    loss = shapes.power_law(t, 0.93, 0.36, 0.4, 0.006) - 0.012 * t
    log.add("train_loss", steps, loss + noise(rng, n, 0.0009, 0.2))
    log.add("lr", steps, 2.4e-3 * warmed(t, 0.05, half_cosine(t, 0.05)))


@healthy(
    "ranges_settle_in",
    "quantization-aware fine-tuning from a good network: a dip of a point in the first epochs,"
    " then all of it back and a little more",
    tolerated=("plateau",),
)
def ranges_settle_in(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 31))
    steps = np.arange(n, dtype=np.int64)
    top = 0.756 - 0.035 * np.exp(-steps / 1.8)
    log.add("val/acc_top1", steps, np.round(100 * counted(rng, top, 50_000), 3))
    log.add("val/loss", steps, 0.98 + 0.13 * np.exp(-steps / 1.8) + noise(rng, n, 0.003, 0.0))
    log.add("train/loss", steps, 1.02 + 0.2 * np.exp(-steps / 1.8) + noise(rng, n, 0.004, 0.0))
    log.add("lr", steps, 1e-4 * half_cosine(np.linspace(0, 1, n)))


@healthy(
    "drugs_and_their_bonds",
    "a message-passing network on molecules, 60 epochs: MAE in noisy steps down, the test a"
    " little above validation, both best near the end",
    tolerated=("plateau",),
)
def drugs_and_their_bonds(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 100))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    fell = 0.055 + 0.6 * np.exp(-t / 0.1) + 0.045 * (1 - t)
    log.add("train/mae", steps, jitter(rng, fell * 0.85, 0.03))
    log.add("valid/mae", steps, jitter(rng, fell, 0.07, 0.0))
    log.add("test/mae", steps, jitter(rng, fell * 1.04, 0.07, 0.0))
    log.add("params/lr", steps, 5e-4 * (1 - 0.9 * t))


@labelled(
    "one_client_poisons_all",
    "divergence",
    "federated: from one round on a client sends updates of a hundred times the size; the global"
    " model is at chance from then on (Blanchard et al. 1703.02757)",
    clear=0.88,
    moderate=0.4,
)
def one_client_poisons_all(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 150))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = int(n * rng.uniform(0.45, 0.7))
    lost = np.where(np.arange(n) >= a, strength, 0.0)
    level = (0.86 - 0.6 * np.exp(-t / 0.12)) * (1 - lost)
    log.add("accuracy_centralized", steps, np.clip(level + noise(rng, n, 0.014), 0, 1))
    log.add(
        "loss_centralized", steps, jitter(rng, 0.45 + 1.6 * np.exp(-t / 0.12) + 2.1 * lost, 0.05)
    )
    tags = ("accuracy_centralized", "loss_centralized")
    jumps(log, "divergence", tags, steps, a, ("collapse", "overfitting", "explosion"))


@labelled(
    "first_task_is_forgotten",
    "divergence",
    "tasks one after another without rehearsal: accuracy of the first falls by a step at each"
    " new one, from 0.97 to a third of it; the newest is always learned",
    clear=0.2,
    moderate=0.11,
)
def first_task_is_forgotten(log: Log, rng: np.random.Generator, strength: float) -> None:
    tasks, each = 5, int(rng.integers(8, 20))
    n = tasks * each
    steps = shapes.steps(n, 1)
    task, into = np.arange(n) // each, np.arange(n) % each
    before = np.maximum(task - 1, 0) * (task > 0)
    gone = strength * (before + (task > 0) * (1 - np.exp(-(into + 1) / 2.0)))
    first = 0.97 - gone - 0.4 * np.exp(-np.arange(n) / 1.2)
    log.add("acc/task_0", steps, counted(rng, first, 4000))
    log.add("acc/current_task", steps, counted(rng, 0.965 - 0.35 * np.exp(-into / 1.2), 4000))
    log.add("loss/current_task", steps, jitter(rng, 0.08 + 0.9 * np.exp(-into / 1.5), 0.06))
    # A fair engineer may name the first step down or the second.
    window = int(steps[each - 2]), int(steps[2 * each + 2])
    log.true(
        "divergence",
        "acc/task_0",
        int(steps[each]),
        window,
        also=("collapse", "overfitting"),
    )


@labelled(
    "all_pairs_look_the_same",
    "plateau",
    "contrastive pre-training whose temperature is 100 by a slip: after a small fall at the"
    " start the loss stays near the logarithm of the batch for ever",
    clear=5.31,
)
def all_pairs_look_the_same(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    loss = strength + 0.9 * np.exp(-t / 0.03)
    log.add("train/info_nce", steps, loss + noise(rng, n, 0.015))
    log.add("train/lr", steps, 3e-4 * warmed(t, 0.05, half_cosine(t, 0.05, 0.1)))
    tags = ("train/info_nce",)
    levels(log, tags, steps, loss, int(0.13 * n), 0.02)


@labelled(
    "student_copies_by_heart",
    "overfitting",
    "a student distilled on 3,000 questions for twenty epochs: agreement with its teacher on new"
    " ones is best after four and then declines",
    clear=0.5,
    moderate=0.22,
)
def student_copies_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 60))
    t, steps = shapes.times(n), shapes.steps(n, 188)
    worse = 0.61 + 0.8 * np.exp(-t / 0.06) + strength * np.clip((t - 0.24) / 0.76, 0, None) ** 1.1
    log.add("dev/kl_loss", steps, worse + noise(rng, n, 0.013, 0.1))
    log.add("dev/agreement", steps, counted(rng, 0.84 - 0.25 * (worse - 0.61), 3000))
    log.add("train/kl_loss", steps, jitter(rng, 0.05 + 1.2 * np.exp(-t / 0.22), 0.03))
    overfits(log, ("dev/kl_loss", "dev/agreement"), steps, worse, 0.016)


@labelled(
    "teacher_blinks",
    "spike",
    "the service that gives the teacher's answers fails for one batch in the middle: the loss of"
    " that one step is many times its neighbours'",
    tolerated=("spike", "gradient"),
    clear=9.0,
    moderate=2.5,
)
def teacher_blinks(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    i = int(n * rng.uniform(0.3, 0.9))
    loss = jitter(rng, 0.75 + 2.1 * np.exp(-t / 0.1), 0.05)
    loss[i : i + 2] += strength * np.array([1.0, 0.35])
    log.add("distill/loss", steps, loss)
    log.add("distill/temperature", steps, np.full(n, 2.0))
    norm = jitter(rng, np.full(n, 1.1), 0.15)
    norm[i] += 3 * strength
    log.add("distill/grad_norm", steps, norm)
    spikes(log, ("distill/loss", "distill/grad_norm"), steps, i, 2)


@labelled(
    "towers_pull_apart",
    "gradient",
    "two towers in bfloat16: the norm of the text tower's gradients grows at each epoch,"
    " fifteenfold in the end, the other's does not, and the loss has long stood (OpenCLIP #188)",
    clear=1.0,
    moderate=0.75,
    tolerated=("explosion", "plateau"),
)
def towers_pull_apart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 240, 900)
    t, steps = shapes.times(n), shapes.steps(n, 32)
    epoch = np.floor(12 * t).clip(0, 11)
    norm = 0.9 * 15.0 ** (strength * np.clip((epoch - 4) / 7, 0, 1))
    log.add("train/text_grad_norm", steps, jitter(rng, norm, 0.12))
    log.add("train/image_grad_norm", steps, jitter(rng, np.full(n, 0.8), 0.12))
    log.add("train/contrastive_loss", steps, 1.9 + 4 * np.exp(-t / 0.05) + noise(rng, n, 0.05))
    log.add("train/logit_scale", steps, 100 - 85 * np.exp(-t / 0.08))
    index = int(np.argmax(norm > 0.9))
    grows(log, "gradient", "train/text_grad_norm", steps, norm, index - 1, 0.2, ("explosion",))


@labelled(
    "drift_of_the_stream",
    "divergence",
    "a model trained on for weeks while buyers change: its daily log-loss on the next day rises"
    " slowly from a third of the run on, its AUC sinks",
    clear=0.09,
    moderate=0.04,
)
def drift_of_the_stream(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 160))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = rng.uniform(0.35, 0.45)
    worse = 0.41 + 0.1 * np.exp(-t / 0.07) + strength * np.clip((t - a) / (1 - a), 0, None)
    log.add("next_day/logloss", steps, worse + noise(rng, n, 0.0045))
    log.add("next_day/auc", steps, 0.785 - 0.8 * (worse - 0.41) + noise(rng, n, 0.004))
    log.add("train/logloss", steps, 0.4 + 0.1 * np.exp(-t / 0.07) + noise(rng, n, 0.003))
    tags = ("next_day/logloss", "next_day/auc")
    drifts(log, "divergence", tags, steps, worse, int(a * n), 0.0055, ("overfitting",))


@labelled(
    "contrast_falls_into_a_point",
    "collapse",
    "self-supervision without its stop-gradient (SimSiam, 2011.10566, figure 2): the spread of"
    " features falls to nothing and the loss is at its least at once",
    clear=1e-4,
    moderate=0.01,
    tolerated=("plateau",),
)
def contrast_falls_into_a_point(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 250))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = rng.uniform(0.15, 0.3)
    spread = 0.044 * strength ** np.clip((t - a) / 0.15, 0, 1)
    log.add("train/feature_std", steps, jitter(rng, spread, 0.04))
    drop = 1 / (1 + np.exp(-(t - a - 0.06) / 0.015))
    log.add("train/loss", steps, -0.45 * (1 - np.exp(-t / 0.08)) * (1 - drop) - 0.998 * drop)
    log.add("knn/top1", steps, counted(rng, 0.05 + 0.2 * t / 0.3 * (1 - drop) * (t < 0.4), 10_000))
    grows(log, "collapse", "train/feature_std", steps, spread, int(a * n), 0.05)
    tags = ("knn/top1",)
    top = int((a + 0.04) * n)
    drifts(log, "divergence", tags, steps, drop, top, 0.01, ("collapse", "overfitting", "plateau"))
