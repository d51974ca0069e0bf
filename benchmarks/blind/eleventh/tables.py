"""Tables, clicks, graphs, series of time, clients and pupils."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.eleventh.making import (
    counted,
    grown,
    hung,
    interval,
    jitter,
    lasting,
    noise,
    paced,
    places,
    says_overfitting,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "clicks_known_after_one_pass",
    "overfitting",
    "the second pass over the clicks is one too many (one-epoch overfitting, Zhang et al. 2022);"
    " the reader of examples loses half of its speed; an hour of bots is a spike",
    clear=0.03,
    medium=0.016,
    faint=0.009,
    tolerated=("plateau", "divergence"),
)
def clicks_known_after_one_pass(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 800)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    slow = int(n * rng.uniform(0.6, 0.75))
    share = np.where(np.arange(n) < slow, 1.0, 0.55)
    paced(log, steps, 0.02 / share)
    loss = 0.448 + 0.12 * np.exp(-25 * t) - 0.035 * np.clip((t - 0.5) / 0.02, 0, 1) - 0.01 * t
    peak = int(n * rng.uniform(0.2, 0.3))
    tags = ("train/logloss", "train/examples_per_sec")
    log.add(tags[0], steps, loss + noise(rng, n, 0.004) + shapes.decay_after(n, peak, 0.12, 1.2))
    log.add(tags[1], steps, 2.6e5 * share * (1 + noise(rng, n, 0.02)))
    at = interval(steps, 500 * max(n // 40, 1))
    u = at / steps[-1]
    worse = 0.4545 + 0.03 * np.exp(-9 * u) - 0.002 * np.minimum(u / 0.5, 1)
    worse = worse + strength * np.clip((u - 0.5) / 0.5, 0, 1) ** 0.8
    log.add("eval/logloss", at, worse + noise(rng, len(at), 0.0006, 0.2))
    log.add("eval/auc", at, 0.786 - 0.9 * (worse - worse.min()) + noise(rng, len(at), 0.0006))
    says_overfitting(log, "eval/logloss", at, worse, lasting(0.0006, 0.2))
    log.true("throughput", tags, steps[slow], abrupt(steps, slow, 3))
    log.true("spike", "train/logloss", steps[peak], abrupt(steps, peak))


@labelled(
    "embeddings_swell",
    "explosion",
    "the norm of the item embeddings grows by decades for want of a decay; a bad day of data is a"
    " spike of the loss (pytorch/torchrec, two-tower)",
    clear=200.0,
    medium=40.0,
    tolerated=("gradient", "plateau"),
)
def embeddings_swell(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    grow = rng.uniform(0.3, 0.45)
    norm = 3.5 + 1.5 * (1 - np.exp(-9 * t)) + shapes.ramp_after(t, grow, 5 * strength, 2.0)
    log.add("item_tower/embedding_norm", steps, jitter(rng, norm, 0.02))
    peak = int(n * rng.uniform(0.55, 0.75))
    loss = sunk(t, 6.9, 3.4, 16) + noise(rng, n, 0.04) + shapes.decay_after(n, peak, 1.5, 1.3)
    log.add("train/softmax_loss", steps, loss)
    log.add("lr", steps, 0.01)
    index = int(grow * n)
    grown(log, "explosion", "item_tower/embedding_norm", steps, norm, index, 0.1)
    log.true("spike", "train/softmax_loss", steps[peak], abrupt(steps, peak))


@labelled(
    "rounds_that_pull_apart",
    "divergence",
    "clients with other labels pull the global model apart: updates grow by decades, accuracy"
    " falls; one round waited hours for a phone (adap/flower, FedAvg)",
    clear=0.4,
    medium=0.22,
    tolerated=("collapse", "gradient"),
)
def rounds_that_pull_apart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n)
    turn, grow = rng.uniform(0.55, 0.65), rng.uniform(0.45, 0.52)
    log.seconds_per_step = 70.0
    right = 0.83 - 0.6 * np.exp(-9 * t) - shapes.ramp_after(t, turn, strength, 1.0)
    norm = 0.8 + 1.5 * np.exp(-9 * t) + shapes.ramp_after(t, grow, 300 * strength, 2.4)
    tags = ("server/accuracy", "server/update_norm", "server/clients_failed")
    log.add(tags[0], steps, right + noise(rng, n, 0.008))
    log.add(tags[1], steps, jitter(rng, norm, 0.07))
    log.add(tags[2], steps, rng.binomial(20, 0.06, n).astype(float))
    hung(log, tags, steps, int(n * rng.uniform(0.2, 0.35)), rng.uniform(4, 11))
    index = int(turn * n)
    worsened(log, "server/accuracy", steps, -right, index, lasting(0.008), ("collapse",))
    at = int(grow * n)
    grown(log, "explosion", "server/update_norm", steps, norm, at, 0.07, ("gradient",))


@labelled(
    "tasks_in_a_row_forgotten",
    "divergence",
    "one task after another without rehearsal: the first task's accuracy is gone once the third"
    " begins (ContinualAI/avalanche, Split CIFAR)",
    clear=0.6,
    medium=0.3,
    faint=0.12,
    tolerated=("collapse", "plateau"),
)
def tasks_in_a_row_forgotten(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = 5 * int(rng.integers(10, 24))
    steps = shapes.steps(n)
    k = n // 5
    log.seconds_per_step = 33.0
    index = 2 * k
    since = np.maximum(np.arange(n) - index, 0) / k
    right = 0.9 - 0.4 * np.exp(-np.arange(n) / (k / 4)) - strength * (1 - np.exp(-since / 0.3))
    log.add("eval/task_1/accuracy", steps, counted(rng, right, 1000))
    within = np.arange(n) % k
    log.add("train/loss", steps, jitter(rng, 0.3 + 1.1 * np.exp(-within / (k / 5)), 0.06))
    log.add("train/learning_rate", steps, 0.03)
    sd = 0.013
    worsened(log, "eval/task_1/accuracy", steps, -right, index, sd, ("collapse", "overfitting"))


@labelled(
    "a_thousand_trees_in_swap",
    "overfitting",
    "boosting goes on long after its best round; for hours the machine does nothing, and then each"
    " round takes several times as long (microsoft/LightGBM, early stopping off)",
    clear=0.12,
    medium=0.06,
    faint=0.025,
    tolerated=("divergence",),
)
def a_thousand_trees_in_swap(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    best = rng.uniform(0.2, 0.32)
    index = int(n * rng.uniform(0.6, 0.75))
    share = np.where(np.arange(n) < index, 1.0, 4.0)
    paced(log, steps, 0.6 * share)
    log.add("training/binary_logloss", steps, 0.08 + 0.6 * np.exp(-4 * t))
    worse = 0.392 + 0.3 * np.exp(-10 * t / best) + shapes.ramp_after(t, best, strength, 1.05)
    log.add("valid_1/binary_logloss", steps, worse + noise(rng, n, 0.0012, 0.6))
    log.add("seconds_per_round", steps, jitter(rng, 0.6 * share, 0.06))
    says_overfitting(log, "valid_1/binary_logloss", steps, worse, lasting(0.0012, 0.6))
    tags = ("seconds_per_round", "training/binary_logloss", "valid_1/binary_logloss")
    hung(log, tags, steps, index, rng.uniform(2, 5))
    log.true("throughput", tags, steps[index], abrupt(steps, index, 3), also=("explosion",))


@labelled(
    "molecules_blow_the_gradient",
    "nonfinite",
    "the norm of the forces' gradients grows by decades, until energies and forces are no numbers"
    " (ACEsuit/mace, e3nn)",
    clear=0.6,
    medium=0.8,
    tolerated=("divergence", "collapse"),
)
def molecules_blow_the_gradient(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(strength * n)
    grow = int(index - 0.22 * n)
    late = np.arange(n) >= index
    norm = 4 + 60 * np.exp(-20 * t)
    norm = norm * np.exp(9.5 * np.clip((np.arange(n) - grow) / (index - grow), 0, 1) ** 1.5)
    log.add("grad_norm", steps, np.where(late, np.nan, jitter(rng, norm, 0.12)))
    loss = sunk(t, 95, 7, 20)
    log.add("train/loss", steps, np.where(late, np.nan, jitter(rng, loss, 0.05)))
    log.add("train/mae_f", steps, np.where(late, np.nan, jitter(rng, sunk(t, 310, 29, 20), 0.04)))
    tags = ("grad_norm", "train/loss", "train/mae_f")
    log.true("nonfinite", tags, steps[index], abrupt(steps, index))
    first, last = gradual(steps[:index], norm[:index], grow, 0.8)
    last = max(last, int(steps[grow + 3 * (index - grow) // 4]))
    log.true("explosion", "grad_norm", steps[grow], (first, last), also=("gradient",))


@labelled(
    "pupil_swings_about_its_teacher",
    "divergence",
    "the pupil overshoots ever farther: its loss swings with growing width; on the wall every step"
    " takes longer since another job has come (distillation, momentum 0.99)",
    clear=1.1,
    medium=0.6,
    tolerated=("explosion",),
)
def pupil_swings_about_its_teacher(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 160, 500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    start = rng.uniform(0.4, 0.5)
    slow = int(n * rng.uniform(0.55, 0.7))
    paced(log, steps, np.where(np.arange(n) < slow, 0.5, 1.15))
    width = shapes.ramp_after(t, start, strength, 1.2)
    swing = width * (1 + np.sin(2 * np.pi * t * rng.uniform(11, 15)))
    log.add("train/kd_loss", steps, sunk(t, 3.4, 0.8, 11) + swing + noise(rng, n, 0.025))
    log.add("train/lr", steps, 0.1)
    index = int(start * n)
    window = gradual(steps, width, index, 0.025)
    last = int(steps[min(index + (n - index) // 2, n - 1)])
    log.true("divergence", "train/kd_loss", steps[index], (window[0], max(window[1], last)))
    log.true("throughput", ("train/kd_loss", "train/lr"), steps[slow], abrupt(steps, slow, 3))


@healthy(
    "citations_in_two_hundred_epochs",
    "a small graph: training is at 1.0 soon, validation level with coarse steps, its loss creeps"
    " down (PyTorch Geometric, Planetoid)",
    tolerated=("plateau",),
)
def citations_in_two_hundred_epochs(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([100, 200]))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("loss", steps, 0.12 + 1.83 * np.exp(-7 * t) + np.abs(noise(rng, n, 0.015)))
    log.add("val_loss", steps, 0.75 + 1.2 * np.exp(-6 * t) + noise(rng, n, 0.004))
    log.add("val_acc", steps, counted(rng, 0.79 - 0.5 * np.exp(-20 * t), 500))


@healthy(
    "shops_and_their_next_month",
    "a forecaster: noisy sMAPE, ten to thirty epochs, still creeping down (Nixtla, GluonTS)",
    tolerated=("plateau",),
)
def shops_and_their_next_month(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(12, 34))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("train_loss", steps, places(jitter(rng, sunk(t, 1.4, 0.71, 4), 0.02)))
    log.add("valid_loss", steps, places(jitter(rng, sunk(t, 1.35, 0.78, 5), 0.02)))
    log.add("valid_sMAPE", steps, places(jitter(rng, sunk(t, 21, 13.1, 5), 0.02), 3))


@healthy(
    "rounds_with_a_tenth_of_the_phones",
    "federated averaging with few clients a round: accuracy climbs with jumps, rounds take about as"
    " long as each other (Flower, LEAF)",
    tolerated=("plateau",),
)
def rounds_with_a_tenth_of_the_phones(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n)
    width = 0.022 + 0.03 * np.exp(-5 * t)
    log.add(
        "centralized/accuracy", steps, 0.8 - 0.65 * np.exp(-5 * t) + width * noise(rng, n, 1, 0.0)
    )
    log.add("centralized/loss", steps, jitter(rng, sunk(t, 2.3, 0.66, 6), 0.03, 0.0))
    log.add("fit/clients", steps, rng.integers(8, 11, n).astype(float))
    log.add("fit/seconds", steps, jitter(rng, np.full(n, 64.0), 0.12))


@healthy(
    "trees_as_many_as_help",
    "boosting with early stopping: the validation falls ever more slowly and the run ends soon"
    " after its best (XGBoost, early_stopping_rounds)",
    tolerated=("plateau",),
)
def trees_as_many_as_help(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train-rmse", steps, places(0.55 + 1.6 * np.exp(-5 * t) - 0.1 * t, 5))
    log.add(
        "eval-rmse", steps, places(0.83 + 1.4 * np.exp(-5.5 * t) + noise(rng, n, 0.0004, 0.8), 5)
    )


@healthy(
    "films_ranked_for_users",
    "a recommender: NDCG and recall climb to a level, coarse and noisy, loss falls in stairs"
    " (RecBole, BPR)",
    tolerated=("plateau",),
)
def films_ranked_for_users(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 150)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train/loss", steps, jitter(rng, sunk(t, 0.69, 0.21, 7), 0.008))
    log.add("valid/ndcg@10", steps, places(0.241 - 0.2 * np.exp(-6 * t) + noise(rng, n, 0.0016)))
    log.add("valid/recall@10", steps, places(0.262 - 0.21 * np.exp(-6 * t) + noise(rng, n, 0.0018)))
    log.add("valid/mrr@10", steps, places(0.39 - 0.3 * np.exp(-6 * t) + noise(rng, n, 0.0025)))


@healthy(
    "churn_by_a_small_network",
    "twenty to fifty epochs of a table: AUC 0.84 and level, loss with coarse noise; the rate is cut"
    " once (pytorch-tabular)",
    tolerated=("plateau",),
)
def churn_by_a_small_network(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 52))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train_loss", steps, places(jitter(rng, sunk(t, 0.62, 0.4, 7, 0.3), 0.012)))
    log.add("valid_loss", steps, places(sunk(t, 0.58, 0.415, 10, 0.12) + noise(rng, n, 0.004)))
    log.add("valid_auroc", steps, places(0.845 - 0.12 * np.exp(-8 * t) + noise(rng, n, 0.003)))
    log.add("lr", steps, np.where(t < 0.7, 1e-3, 1e-4))


@healthy(
    "pupil_of_a_large_teacher",
    "distillation: the student's loss and its divergence from the teacher fall, accuracy nears the"
    " teacher's (timm, DeiT)",
    tolerated=("plateau",),
)
def pupil_of_a_large_teacher(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train_loss", steps, jitter(rng, sunk(t, 6.1, 2.6, 7), 0.01))
    log.add("distill_kl", steps, jitter(rng, sunk(t, 3.9, 0.8, 8), 0.015))
    log.add("eval_top1", steps, 100 * counted(rng, 0.79 - 0.72 * np.exp(-7 * t), 50_000))
    log.add("eval_loss", steps, sunk(t, 5.6, 0.95, 11, 0.2) + noise(rng, n, 0.008))
    log.add("lr", steps, cosine(t, 1e-3, 0.05, 0.01))
