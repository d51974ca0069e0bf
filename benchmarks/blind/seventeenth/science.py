"""Physics, chemistry, clients and teachers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, counted, jitter
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears, stairs
from benchmarks.blind.fourteenth.making import index_of
from benchmarks.blind.seventeenth.making import (
    digits,
    eased,
    says_scale,
    scale_lost,
)
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import decay_after, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import learning, slow_epochs
from benchmarks.blind.thirteenth.making import grows, jumps, spikes

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@labelled(
    "pinn_of_burgers",
    "spike",
    "Adam's loss leaps by a decade and more and is back soon",
    decade=1.0,
    two_decades=2.0,
)
def pinn_of_burgers(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 100, 0)
    index = index_of(t, rng.uniform(0.4, 0.85))
    exponent = -0.3 - 3.2 * (1 - np.exp(-3 * t))
    leap = decay_after(n, index, strength, 1.2)
    nears(
        log,
        rng,
        steps,
        {
            "loss/pde": (10 ** (exponent + leap), 0.1),
            "loss/bc": (10 ** (exponent - 0.5), 0.12),
            "loss/ic": (10 ** (exponent - 0.2), 0.12),
        },
    )
    spikes(log, "loss/pde", steps, index, 6)


@healthy("pinn_of_the_cavity", "Losses by decades, and the monitors' errors with them")
def pinn_of_the_cavity(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 200)
    t, steps = times(n), every(n, 1000, 0)
    loss = 10 ** (0.5 - 3 * (1 - np.exp(-3 * t)) - 0.4 * t)
    nears(
        log,
        rng,
        steps,
        {"Train/loss_aggregated": (loss, 0.12), "Train/loss_continuity": (0.2 * loss, 0.15)},
    )
    nears(log, rng, steps, {"Train/loss_momentum_x": (0.1 * loss, 0.15)})
    log.add("Train/learning_rate", steps, 1e-3 * 0.95 ** (steps / 4000))
    nears(
        log,
        rng,
        steps[::2],
        {
            "Validators/validator/l2_relative_error_u": (
                0.9 * np.sqrt(at(steps[::2], steps, loss) / 3.2),
                0.03,
            )
        },
    )


@labelled(
    "openfold_norms",
    "gradient",
    "The norm of gradients rises from one to tens in its second half",
    tenfold=10,
    sixtyfold=60,
)
def openfold_norms(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), every(n, 50)
    onset = rng.uniform(0.4, 0.6)
    norm = 0.9 * strength ** np.clip((t - onset) / (1 - onset), 0, 1)
    loss = learning(t, 95, 34, 6)
    nears(
        log,
        rng,
        steps,
        {
            "train/loss": (loss, 0.06),
            "train/fape": (0.02 * loss, 0.06),
            "train/distogram": (0.06 * loss, 0.03),
        },
    )
    log.add("train/grad_norm", steps, jitter(rng, norm, 0.18))
    log.add("train/lr", steps, 1e-3 * np.minimum(1, t / 0.05))
    seldom = steps[n // 15 :: n // 15]
    abouts(
        log,
        rng,
        seldom,
        {"val/lddt_ca": (0.3 + 0.5 * (1 - np.exp(-4 * times(len(seldom)))), 0.008)},
    )
    grows(log, "gradient", "train/grad_norm", steps, norm, index_of(t, onset), 0.18, ("explosion",))


@healthy(
    "schnet_cuts_its_rate",
    "ReduceLROnPlateau: errors fall a bit with each cut, rest at the end",
    tolerated=SURE,
)
def schnet_cuts_its_rate(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    error = (
        0.011
        + 0.3 * np.exp(-t / 0.07)
        + 0.012 * (t < 0.45)
        + 0.004 * (t < 0.62)
        + 0.001 * (t < 0.8)
    )
    log.add("train_loss", steps, jitter(rng, error**2, 0.05))
    log.add("val_energy_U0_mae", steps, jitter(rng, error, 0.05))
    log.add("lr", steps, 5e-4 * stairs(t, 0.45, 0.62, 0.8))


@labelled(
    "mace_meets_a_bad_cell",
    "spike",
    "The error of forces leaps in one epoch, and is back in the next",
    fourfold=3.0,
    thirtyfold=29.0,
)
def mace_meets_a_bad_cell(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 250)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    index = index_of(t, rng.uniform(0.4, 0.85))
    error = eased(t, 120, 21)
    leap = 1 + decay_after(n, index, strength, 0.7)
    log.add("valid_rmse_f", steps, jitter(rng, error * leap, 0.03))
    log.add("valid_rmse_e_per_atom", steps, jitter(rng, eased(t, 30, 1.8) * leap, 0.04))
    log.add("train_loss", steps, jitter(rng, error**2 / 5000, 0.03))
    for tag in ("valid_rmse_f", "valid_rmse_e_per_atom"):
        spikes(log, tag, steps, index, 4)


@labelled(
    "flower_clients_differ",
    "divergence",
    "Ten rounds: accuracy of the server falls for good after some",
    partly=0.4,
    wholly=0.85,
)
def flower_clients_differ(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 11, 14)
    t, steps = times(n), epochs(n) + 1
    index = index_of(t, 0.5)
    lost = np.where(np.arange(n) < index, 0, strength)
    log.add(
        "accuracy",
        steps,
        digits(eased(t, 0.3, 0.71, 0.4) * (1 - lost) + rng.normal(0, 0.008, n), 4),
    )
    log.add(
        "loss_centralized", steps, jitter(rng, eased(t, 1.9, 0.85, 0.4) * (1 + 3 * lost), 0.015)
    )
    jumps(log, "divergence", ("accuracy", "loss_centralized"), steps, index, ("collapse",))


@healthy(
    "fedavg_of_uneven_clients", "Accuracy of rounds swings by which clients are drawn, and goes up"
)
def fedavg_of_uneven_clients(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 300)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    score = 0.82 - 0.65 * np.exp(-4 * t) + 0.02 * t
    log.add("Test/Acc", steps, score + rng.normal(0, 0.04, n) * (1 - 0.7 * t))
    log.add("Test/Loss", steps, jitter(rng, 0.55 + 1.7 * np.exp(-4 * t), 0.1))
    log.add("Train/Loss", steps, jitter(rng, 0.4 + 1.6 * np.exp(-4 * t), 0.08))


@healthy("student_of_a_resnet", "Cross-entropy, KD and total; accuracy leaps where the rate is cut")
def student_of_a_resnet(log: Log, rng: Rng) -> None:
    n = 240
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n) + 1
    cut = 0.6 * (t >= 0.625) + 0.15 * (t >= 0.75) + 0.03 * (t >= 0.875)
    learnt = 1 - np.exp(-t / 0.08)
    loss = 4.2 - 2.4 * learnt - 0.9 * cut
    log.add("train_loss", steps, jitter(rng, loss, 0.008))
    nears(log, rng, steps, {"loss_cls": (0.3 * loss, 0.01), "loss_kd": (0.7 * loss, 0.01)})
    log.add(
        "test_acc",
        steps,
        100 * counted(rng, 0.1 + 0.5 * learnt + 0.17 * cut, 10000)
        + rng.normal(0, 1.5, n) * (t < 0.625),
    )
    log.add("lr", steps, 0.05 * stairs(t, 0.625, 0.75, 0.875))


@labelled(
    "distilled_at_the_edge_in_fp16",
    "loss_scale",
    "The scaler falls to its least and stays there",
    slowly=6.0,
    at_once=1.0,
    tolerated=("plateau",),
)
def distilled_at_the_edge_in_fp16(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 250, 700)
    t, steps = times(n), every(n, 20)
    index = index_of(t, rng.uniform(0.4, 0.55))
    scale, bottom = scale_lost(rng, n, index, 16, strength, 0)
    loss = learning(np.minimum(t, t[min(bottom, n - 1)]), 3.4, 0.9, 6)
    log.add("kd/loss", steps, jitter(rng, loss, 0.07))
    log.add("kd/temperature", steps, 4.0)
    log.add("scaler/scale", steps, scale)
    log.add("lr", steps, cosine(t, 5e-4, 0.03, 0))
    says_scale(log, "scaler/scale", steps, index, bottom)


@healthy(
    "ten_tasks_in_turn",
    "Continual learning: the loss leaps at each new task, as it must",
    monitored=False,
    tolerated=SURE,
)
def ten_tasks_in_turn(log: Log, rng: Rng) -> None:
    n = 10 * whole(rng, 12, 40)
    steps = every(n, 20)
    within = np.tile(times(n // 10), 10)
    task = np.repeat(np.arange(10), n // 10)
    log.add("loss", steps, jitter(rng, 0.25 + 2.2 * np.exp(-7 * within), 0.08))
    log.add("task", steps, task)
    ends = steps[n // 10 - 1 :: n // 10]
    log.add("acc/current_task", ends, digits(0.93 + rng.normal(0, 0.006, 10), 3))
