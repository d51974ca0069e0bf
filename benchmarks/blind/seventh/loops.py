"""Loops that people write themselves: an epoch a point, in percent and to four places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.making import (
    bend,
    count,
    dirt,
    ends_of_epochs,
    every,
    grain,
    places,
    scored,
    settle,
)
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "killed_in_its_last_epoch",
    "the job's time was over: the last epoch is the mean of a few batches only, and far from the"
    " others by chance; validation is at other steps than training (PyTorch, examples/imagenet)",
)
def killed_in_its_last_epoch(log: Log, rng: np.random.Generator) -> None:
    n, batches = count(rng, 14, 34), count(rng, 200, 900)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    loss = bend(n, 4.3, 1.62, 7)
    noise = grain(rng, n, 0.02)
    noise[-1] = rng.choice([-1, 1]) * rng.uniform(0.12, 0.25)
    seen = loss + noise
    steps = at.copy()
    steps[-1] = at[-2] + batches // 15
    log.add("Loss/train", steps, places(seen, 4))
    log.add("Acc@1/train", steps, places(100 * np.exp(-seen / 1.75), 2))
    val = loss[:-1] * 1.08 + grain(rng, n - 1, 0.06 * dirt(rng))
    log.add("Loss/val", at[:-1], places(val, 4))
    log.add("Acc@1/val", at[:-1], places(100 * np.exp(-val / 1.75), 2))
    log.add("LR", at[:-1], 0.1 * (1 + np.cos(np.pi * np.arange(n - 1) / n)) / 2)


@healthy(
    "averages_unsettled_at_first",
    "the running averages of batch normalisation lag: the first two validations are off by orders"
    " of magnitude, and it is all as usual after that (pytorch/pytorch #4741, forum threads)",
    tolerated=("plateau",),
)
def averages_unsettled_at_first(log: Log, rng: np.random.Generator) -> None:
    n, batches = count(rng, 20, 45), count(rng, 40, 160)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.1, 0.5)
    off = np.array([rng.uniform(18, 60), rng.uniform(1.2, 4)] + [0.0] * (n - 2))
    loss = bend(n, 1.75, 0.55, 6)
    val = loss * 1.1 * np.exp(grain(rng, n, 0.08 * dirt(rng))) + off
    log.add("train_loss", at, loss * np.exp(grain(rng, n, 0.015)))
    log.add("val_loss", at, val)
    log.add("val_acc", at, scored(rng, np.where(off > 5, 0.12, np.exp(-0.5 * val)), 1500))
    log.add("epoch", at, np.arange(n))


@healthy(
    "organs_of_twenty_patients",
    "a U-Net, twenty patients to validate: Dice goes up and down by two in a hundred and gains a"
    " little until the end of its hundreds of epochs (nnU-Net, training_log)",
)
def organs_of_twenty_patients(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 60, 220)
    steps = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(40, 150)
    dice = bend(n, 0.36, 0.88, 14, 0.8) + grain(rng, n, 0.022 * dirt(rng), 0.2)
    log.add("train_losses", steps, places(bend(n, 0.06, -0.84, 12) + grain(rng, n, 0.012), 4))
    log.add("val_losses", steps, places(0.12 - dice + grain(rng, n, 0.012), 4))
    log.add("mean_fg_dice", steps, places(dice, 4))
    smooth = dice.copy()
    for i in range(1, n):
        smooth[i] = 0.9 * smooth[i - 1] + 0.1 * dice[i]
    log.add("ema_fg_dice", steps, places(smooth, 4))
    log.add("lrs", steps, 0.01 * (1 - steps / 1000) ** 0.9)


@healthy(
    "thirty_sixty_ninety",
    "a thousand classes, the rate cut to a tenth after every thirtieth epoch: two stairs, with"
    " landings before and after (pytorch/examples imagenet)",
    tolerated=("plateau",),
)
def thirty_sixty_ninety(log: Log, rng: np.random.Generator) -> None:
    n = 90
    epoch = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(600, 1500)
    stair = sum(
        (epoch >= at) * drop * (1 - np.exp(-(epoch - at + 1).clip(0) / 1.6))
        for at, drop in ((30, 0.62), (60, 0.17))
    )
    loss = settle(n, 6.2, 2.12, 16) - stair
    shaken = np.where(epoch < 30, 0.05, np.where(epoch < 60, 0.02, 0.006))
    val = loss * 0.93 + grain(rng, n, 1, 0.1) * shaken
    log.add("train_loss", epoch, loss + grain(rng, n, 0.004))
    log.add("val_loss", epoch, val)
    top = 100 * np.exp(-0.42 * val + 0.0)
    log.add("val_acc1", epoch, places(top + 22 * top / (top + 60), 3))
    log.add("lr", epoch, 0.1 * 0.1 ** (epoch // 30))


@healthy(
    "spectra_to_four_places",
    "an autoencoder whose errors are of the size of the last place that is printed: the curve is a"
    " stair of few values, and goes on down (Keras CSVLogger and print with .4f)",
    tolerated=("plateau",),
)
def spectra_to_four_places(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 30, 60)
    at = ends_of_epochs(n, count(rng, 60, 300))
    log.seconds_per_step = rng.uniform(0.02, 0.1)
    loss = bend(n, 0.0124, 0.0006, 9)
    log.add("Loss/Train", at, places(loss * np.exp(grain(rng, n, 0.02)), 4))
    log.add("Loss/Validation", at, places(loss * 1.15 * np.exp(grain(rng, n, 0.06 * dirt(rng))), 4))
    log.add("time/epoch", at, places(21 + grain(rng, n, 0.4), 2))


@healthy(
    "ten_classes_after_a_long_wait",
    "a deep plain network: at ln 10 and at a tenth for some epochs, as if it would never learn,"
    " and then it does (forum threads about VGG without batch normalisation)",
)
def ten_classes_after_a_long_wait(log: Log, rng: np.random.Generator) -> None:
    n, batches = count(rng, 40, 70), 391
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.02, 0.06)
    wait = count(rng, 5, 9)
    after = np.maximum(np.arange(n) - wait, 0)
    left = np.where(after > 0, 0.32 + 0.68 / (1 + after / 5), 1.0)
    loss = 2.3026 * left
    noise = np.where(after > 0, 0.03, 0.0006)
    val = loss * 1.02 + 2 * noise * grain(rng, n, 1)
    log.add("train/loss", at, places(loss + noise * grain(rng, n, 1), 4))
    log.add("val/loss", at, places(np.where(after > 0, val, loss + 0.0004 * grain(rng, n, 1)), 4))
    right = np.where(after > 0, 0.1 + 1.1 * (1 - left), 0.1)
    log.add("val/acc", at, places(100 * scored(rng, np.where(after > 0, right, 0.1), 10000), 2))
    log.add("train/acc", at, places(100 * (right + 0.01 * (after > 0)) + grain(rng, n, 0.3), 2))


@healthy(
    "words_after_nothing_but_blanks",
    "CTC: a quarter of the run it says nothing and every word is wrong, while the loss lies on a"
    " shoulder; then words come (deepspeech.pytorch, SpeechBrain logs)",
)
def words_after_nothing_but_blanks(log: Log, rng: np.random.Generator) -> None:
    n, batches = count(rng, 32, 60), count(rng, 400, 1500)
    at, steps = ends_of_epochs(n, batches), every(n * batches, batches // 5)
    log.seconds_per_step = rng.uniform(0.2, 0.6)
    wait = rng.uniform(0.16, 0.26) * n
    shoulder = 1 / (1 + np.exp(-(np.arange(n) - wait) / 0.9))
    after = np.maximum(np.arange(n) - wait, 0)
    words = 1 - shoulder * (0.8 - 0.62 / (1 + after / 5))
    fine = np.interp(steps, at, words)
    early = 2.2 * np.exp(-steps / (0.7 * batches))
    noise = np.exp(grain(rng, len(steps), 0.04))
    log.add("train_loss", steps, (0.25 + 2.65 * fine + early) * noise)
    log.add("valid loss", at, places((0.3 + 2.62 * words) * np.exp(grain(rng, n, 0.025)), 2))
    wer = np.where(words > 0.995, 100.0, 100 * words * np.exp(grain(rng, n, 0.02)))
    log.add("valid WER", at, places(np.minimum(wer, 100), 2))
