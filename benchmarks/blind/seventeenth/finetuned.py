"""Fine-tuned language models and taggers, in logs of few points mostly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, both, cosine, counted, jitter, linear
from benchmarks.blind.fifteenth.making import SURE, abouts, nears
from benchmarks.blind.fourteenth.making import hugging, index_of
from benchmarks.blind.seventeenth.making import digits, eased, stops_getting_better
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.shapes import times, whole
from benchmarks.blind.sixteenth.making import learning, left, nemo
from benchmarks.blind.thirteenth.making import from_the_start, jumps

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@labelled(
    "bert_on_cola_degenerates",
    "collapse",
    "It predicts one class from some evaluation on: Matthews' correlation is nought",
    soon=0.35,
    later=0.6,
)
def bert_on_cola_degenerates(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 10, 14)
    t, steps = times(n), every(n, 200)
    index = index_of(t, strength)
    kept = left(t, index)
    mcc = eased(t, 0.36, 0.58, 0.9) + rng.normal(0, 0.012, n)
    log.add("eval_matthews_correlation", steps, mcc * kept)
    loss = np.where(kept > 0, eased(t, 0.55, 0.44), 0.619) + rng.normal(0, 0.004, n)
    log.add("eval_loss", steps, loss)
    often = every(4 * n, 50)
    seen = at(often, steps, loss) + rng.normal(0, 0.02, 4 * n)
    log.add("loss", often, digits(seen, 4))
    log.add("learning_rate", often, linear(times(4 * n), 5e-5, 0.06))
    tags = ("eval_matthews_correlation", "eval_loss", "loss")
    jumps(log, "collapse", tags, steps, index, ("divergence",))


@healthy("bert_on_squad", "Two epochs, a point each 500 steps, and done")
def bert_on_squad(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    t, steps = times(n), every(n, 500)
    loss = 1.1 + 1.6 * np.exp(-5 * t) - 0.2 * (t > 0.5) - 0.35 * t
    log.add("train/loss", steps, digits(jitter(rng, loss, 0.02), 4))
    log.add("train/learning_rate", steps, linear(np.clip(t, 0, 0.98), 3e-5, 0.001))
    log.add("train/epoch", steps, digits(2 * t, 2))


@healthy(
    "t5_summaries", "Ten evaluations of ROUGE on XSum: the last ones are level", tolerated=SURE
)
def t5_summaries(log: Log, rng: Rng) -> None:
    n = whole(rng, 8, 12)
    t, steps = times(n), every(n, 1000)
    log.add("eval/loss", steps, digits(jitter(rng, eased(t, 2.71, 2.42, 0.9), 0.0015), 4))
    for name, low, high in (("1", 27.0, 31.5), ("2", 7.1, 9.9), ("Lsum", 21.2, 24.8)):
        score = eased(t, low, high, 0.85) + rng.normal(0, 0.09, n)
        log.add(f"eval/rouge{name}", steps, digits(score, 4))
    abouts(log, rng, steps, {"eval/gen_len": (18.8, 0.06)})
    log.add("eval/samples_per_second", steps, 9.8 + rng.normal(0, 0.06, n))


@healthy(
    "qlora_of_axolotl",
    "Noisy loss of long and short conversations: a stair at each of two epochs' ends",
    tolerated=SURE,
)
def qlora_of_axolotl(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), every(n, 1)
    loss = 0.95 + 0.5 * np.exp(-t / 0.05) - 0.12 * np.floor(2.999 * t)
    log.add("train/loss", steps, digits(jitter(rng, loss, 0.13), 4))
    hugging(log, rng, steps, cosine(t, 2e-4, 0.03, 0), 0.35)
    seldom = steps[n // 9 :: n // 9]
    log.add("eval/loss", seldom, jitter(rng, eased(times(len(seldom)), 1.02, 0.93), 0.0015))


@labelled(
    "llamafactory_rate_is_nought",
    "learning_rate",
    "The scheduler is of another optimizer: the rate is nought, all along or from a restart on",
    all_along=0.0,
    from_a_restart=1.0,
    tolerated=("plateau",),
)
def llamafactory_rate_is_nought(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 200)
    t, steps = times(n), every(n, 10)
    index = index_of(t, rng.uniform(0.3, 0.5)) if strength else 0
    rate = np.where(np.arange(n) < index, cosine(t + 0.01, 1e-4, 0.05), 0.0)
    loss = 1.71 - 0.4 * (1 - np.exp(-4 * np.minimum(t, t[index])))
    log.add("train/loss", steps, digits(jitter(rng, loss, 0.05), 4))
    hugging(log, rng, steps, rate, 0.8)
    if strength:
        jumps(log, "learning_rate", "train/learning_rate", steps, index, ("collapse",))
    else:
        from_the_start(log, "learning_rate", "train/learning_rate", steps, ("collapse",))


@labelled(
    "unsloth_in_half_precision",
    "nonfinite",
    "The loss and the norm are NaN from some step on",
    some=0.3,
    later=0.75,
)
def unsloth_in_half_precision(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 120)
    t, steps = times(n), every(n, 1)
    index = index_of(t, strength * rng.uniform(0.9, 1.1))
    kept = left(t, index, np.nan)
    log.add("train/loss", steps, kept * jitter(rng, 0.9 + 1.1 * np.exp(-6 * t), 0.12))
    log.add("train/grad_norm", steps, kept * jitter(rng, 0.4 + 0 * t, 0.25))
    log.add("train/learning_rate", steps, linear(t, 2e-4, 0.05))
    jumps(log, "nonfinite", ("train/loss", "train/grad_norm"), steps, index)


@labelled(
    "sentence_pairs_go_no_further",
    "plateau",
    "Spearman's correlation on STS stands for most of it",
    early=0.18,
    later=0.35,
)
def sentence_pairs_go_no_further(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 12, 14)
    t, steps = times(n), every(n, 500)
    for name, end in (("cosine", 0.44), ("euclidean", 0.43)):
        tag = f"eval/sts-dev_spearman_{name}"
        log.add(tag, steps, eased(t, 0.21, end, strength) + rng.normal(0, 0.0035, n))
    tags = ("eval/sts-dev_spearman_cosine", "eval/sts-dev_spearman_euclidean", "train/loss")
    log.add("train/loss", steps, jitter(rng, eased(t, 5.1, 4.13, strength), 0.004))
    log.add("train/learning_rate", steps, linear(np.clip(t, 0.02, 0.98), 2e-5, 0.1))
    stops_getting_better(log, tags, steps, -eased(t, 0.21, 0.44, strength), strength, 0.0035)


@healthy(
    "setfit_of_few_examples", "The loss of pairs goes to nothing within an epoch, as it should"
)
def setfit_of_few_examples(log: Log, rng: Rng) -> None:
    n = whole(rng, 8, 14)
    t, steps = times(n), every(n, 50)
    log.add("embedding_loss", steps, digits(jitter(rng, 0.003 + 0.25 * np.exp(-5 * t), 0.12), 4))
    log.add("learning_rate", steps, linear(np.clip(t, 0.05, 0.97), 2e-5, 0.1))
    log.add("epoch", steps, digits(t + 0.02, 2))


@labelled(
    "spacy_ner_is_stuck",
    "plateau",
    "ENTS_F is about what it was early on, far below what one needs",
    early=0.15,
    later=0.4,
)
def spacy_ner_is_stuck(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 24, 60)
    t, steps = times(n), every(n, 200, 0)
    found = eased(t, 0.02, 0.46, strength)
    for tag, share in (("ents_f", 1.0), ("ents_p", 1.06), ("ents_r", 0.95)):
        log.add(f"scores/{tag}", steps, counted(rng, found * share, 3000))
    worse = eased(t, 420, 150, strength)
    log.add("loss_ner", steps, jitter(rng, worse, 0.05))
    tags = ("scores/ents_f", "scores/ents_p", "scores/ents_r", "loss_ner")
    stops_getting_better(log, tags, steps, -found, strength, 0.009)


@healthy(
    "flair_sgd_anneals", "The rate is halved where the F-score rests; each halving helps a bit"
)
def flair_sgd_anneals(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 100)
    t, steps = times(n), every(n, 1)
    log.add("learning_rate", steps, 0.1 * 0.5 ** np.floor(np.clip(t - 0.35, 0, None) / 0.14))
    loss = learning(t, 1.9, 0.12, 7)
    nears(
        log,
        rng,
        steps,
        {"train_loss": (loss, 0.02), "dev_loss": (0.1 + learning(t, 1.2, 0.1, 7), 0.02)},
    )
    score = 0.93 - 0.25 * np.exp(-9 * t) - 0.02 * (1 - t)
    log.add("dev_score", steps, digits(score + rng.normal(0, 0.0012, n), 4))


@healthy("nemo_sft", "Supervised tuning for an epoch; both losses come to rest", tolerated=SURE)
def nemo_sft(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 5)
    loss = eased(t, 1.45, 1.02, 0.8)
    log.add("reduced_train_loss", steps, jitter(rng, loss, 0.05))
    nemo(log, rng, steps, cosine(t, 5e-6, 0.05))
    seldom = steps[n // 8 :: n // 8]
    log.add("validation_loss", seldom, jitter(rng, at(seldom, steps, loss) + 0.03, 0.002))


@labelled(
    "distilbert_memorises_reviews",
    "overfitting",
    "Six to ten epochs of a small set: the loss of evaluation doubles while that of training goes",
    some=0.35,
    much=0.8,
)
def distilbert_memorises_reviews(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 7, 11)
    t, steps = times(n), every(n, 1)
    lowest = 2
    val = np.where(
        np.arange(n) < lowest,
        0.34 + 0.16 * (1 - np.arange(n) / lowest),
        0.34 + strength * np.clip(np.arange(n) - lowest, 0, None) / (n - 1 - lowest),
    )
    log.add("Training Loss", steps, digits(jitter(rng, 0.55 * np.exp(-4.5 * t), 0.03), 6))
    log.add("Validation Loss", steps, digits(jitter(rng, val, 0.02), 6))
    log.add("Accuracy", steps, counted(rng, 0.862 - 0.004 * (t > 0.5), 2500))
    window = both((1, int(steps[lowest])), (1, int(steps[lowest + 2])))
    log.true(
        "overfitting",
        "Validation Loss",
        int(steps[lowest]),
        window,
        best_window=(int(steps[1]), int(steps[3])),
        also=("divergence",),
    )
