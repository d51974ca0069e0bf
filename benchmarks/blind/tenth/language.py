"""Language models: trained from nothing, fine-tuned, adapted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    interval,
    jitter,
    linear,
    noise,
    says_overfitting,
    turned,
)
from benchmarks.blind.tenth.making import (
    falling,
    grows,
    jumps,
    rising,
    significant,
    stopped,
    worsens,
)
from benchmarks.blind.tenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "longer_context_breaks_it",
    "divergence",
    "at the switch to longer sequences the gradients grow fifty-fold and the loss jumps, and stays"
    " up (Li et al. 2022, the stability-efficiency dilemma)",
    clear=1.6,
    medium=0.5,
    faint=0.22,
    tolerated=("plateau",),
)
def longer_context_breaks_it(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 1000, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    begun = int(n * rng.uniform(0.35, 0.65))
    since = np.clip(np.arange(n) - begun, 0, None)
    worse = np.where(np.arange(n) < begun, 0, strength * (0.8 + 0.2 * np.exp(-since / 60)))
    clean = stopped(shapes.power_law(t, 10.4, 2.4, 0.4), begun) + worse
    log.add("train/loss", steps, jitter(rng, clean, 0.012))
    size = np.where(np.arange(n) < begun, 0.4 + 3 / (1 + 400 * t), 20)
    log.add("train/grad_norm", steps, size * np.exp(noise(rng, n, 0.25, 0.3)))
    log.add("train/seq_len", steps, np.where(np.arange(n) < begun, 2048, 8192))
    jumps(log, "divergence", "train/loss", steps, begun, 4)
    jumps(log, "gradient", "train/grad_norm", steps, begun, 4, also=("explosion",))


@labelled(
    "logits_grow_unseen",
    "explosion",
    "the largest attention logit doubles every few hundred steps, to thousands, and in the end the"
    " loss follows (Kimi K2 on MuonClip; Dehghani et al. 2023)",
    clear=0.9,
    medium=0.45,
    tolerated=("plateau",),
)
def logits_grow_unseen(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    begun = int(n * rng.uniform(0.25, 0.35))
    up = np.clip((t - t[begun]) / (1 - t[begun]), 0, None)
    largest = 14 * 600**up
    late = int(n * rng.uniform(0.62, 0.7))
    worse = strength * np.clip((t - t[late]) / (1 - t[late]), 0, None) ** 1.2
    clean = shapes.power_law(t, 10.9, 2.3, 0.35)
    log.add("max_attention_logit", steps, largest * np.exp(noise(rng, n, 0.12, 0.4)))
    log.add("loss/lm", steps, jitter(rng, clean + worse, 0.01))
    log.add("lr", steps, cosine(t, 2e-4))
    grows(log, "explosion", "max_attention_logit", steps, largest, begun, 0.18)
    worsens(log, "divergence", "loss/lm", steps, worse - 0.3 * t, late, 0.026, 0.2)


@labelled(
    "robot_words_without_clipping",
    "divergence",
    "a vision-language-action model fine-tuned without clipping: one batch throws the loss from 2"
    " to 5 and the action accuracy to nothing, for good (openvla/openvla #334)",
    clear=2.9,
    medium=1.0,
    tolerated=("plateau", "collapse"),
)
def robot_words_without_clipping(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    begun = int(n * rng.uniform(0.45, 0.75))
    lost = np.arange(n) >= begun
    clean = stopped(1.6 + 6.4 * np.exp(-5 * t) + 0.8 * (1 - t), begun)
    loss = jitter(rng, clean + strength * lost, 0.05)
    right = np.where(lost, 0.02, rising(t, 0.05, 0.62)) + np.abs(noise(rng, n, 0.01))
    log.add("train_loss", steps, loss)
    log.add("action_accuracy", steps, right)
    log.add("l1_loss", steps, jitter(rng, np.where(lost, 0.42, 0.08 + 0.3 * np.exp(-6 * t)), 0.08))
    jumps(log, "divergence", ("train_loss", "action_accuracy", "l1_loss"), steps, begun)


@labelled(
    "loss_of_exactly_nothing",
    "collapse",
    "fine-tuned in half precision with a left-padded batch the loss is 0.0 from one log to the next"
    " and the gradients are no numbers (huggingface/transformers, often)",
)
def loss_of_exactly_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    begun = int(n * rng.uniform(0.2, 0.7))
    lost = np.arange(n) >= begun
    loss = np.where(lost, 0, significant(falling(rng, t, 2.3, 1.2 * strength, 0.05), 4))
    size = np.where(lost, np.nan, 1.4 * np.exp(noise(rng, n, 0.3)))
    log.add("train/loss", steps, loss)
    log.add("train/grad_norm", steps, size)
    log.add("train/learning_rate", steps, linear(t, 2e-4))
    jumps(log, "collapse", "train/loss", steps, begun, also=("divergence",))
    jumps(log, "nonfinite", "train/grad_norm", steps, begun)


@labelled(
    "third_epoch_of_a_chat",
    "overfitting",
    "an adapter on ten thousand dialogues: the training loss steps down at each epoch, the"
    " evaluation's goes up at each (sft on Alpaca and its like)",
    clear=0.34,
    medium=0.15,
    faint=0.08,
    tolerated=("plateau",),
)
def third_epoch_of_a_chat(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = 5 * shapes.whole(rng, 24, 80)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    stairs = np.minimum((t * 5).astype(int), 4)
    train = 1.32 + 0.8 * np.exp(-40 * t) - 0.16 * stairs
    log.add("train/loss", steps, significant(jitter(rng, train, 0.035), 4))
    log.add("train/learning_rate", steps, cosine(t, 2e-4, 0.03, 0))
    evaluated = interval(steps, int(steps[-1]) // 25)
    late = np.linspace(0.04, 1, len(evaluated))
    worse = turned(late, 0.3, 0.4, strength, 1.27)
    log.add("eval/loss", evaluated, worse + noise(rng, len(evaluated), 0.006))
    says_overfitting(log, "eval/loss", evaluated, worse, 0.009)


@labelled(
    "answers_fit_the_training_set",
    "overfitting",
    "a reward model with a linear head: accuracy on held-out pairs peaks in the first epoch and"
    " falls, its loss doubles (Stiennon et al. 2020 train one epoch for it)",
    clear=0.55,
    medium=0.28,
    tolerated=("plateau",),
)
def answers_fit_the_training_set(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 70)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    worse = turned(t, 0.3, 0.12, strength, 0.58)
    log.add("train/loss", steps, falling(rng, t, 0.69, 0.06, 0.06, 4, 0.5))
    log.add("train/accuracy", steps, rising(t, 0.55, 0.99) + noise(rng, n, 0.012))
    log.add("eval/loss", steps, worse + noise(rng, n, 0.013))
    says_overfitting(log, "eval/loss", steps, worse, 0.018)


@labelled(
    "one_bad_shard",
    "spike",
    "a shard of repeated characters throws the loss up for a few steps; it is back soon (PaLM,"
    " OPT's log book)",
    clear=3.0,
    medium=1.2,
    tolerated=("spike",),
)
def one_bad_shard(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 800, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    begun = int(n * rng.uniform(0.3, 0.8))
    bump = shapes.decay_after(n, begun, strength, rng.uniform(3, 8))
    log.add("loss", steps, jitter(rng, shapes.power_law(t, 10.6, 2.5) + bump, 0.012))
    log.add("lr", steps, cosine(t, 6e-4))
    jumps(log, "spike", "loss", steps, begun, 3)


@labelled(
    "norm_of_an_adapter_runs_away",
    "gradient",
    "the loss is flat while the gradients' norm grows and grows; alpha is sixteen times the rank"
    " (huggingface/transformers #45676, peft #3073)",
    clear=60.0,
    medium=15.0,
    tolerated=("plateau",),
)
def norm_of_an_adapter_runs_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    begun = int(n * rng.uniform(0.25, 0.45))
    size = 0.6 * strength ** np.clip((t - t[begun]) / (1 - t[begun]), 0, None)
    log.add("train/grad_norm", steps, size * np.exp(noise(rng, n, 0.16, 0.3)))
    log.add("train/loss", steps, significant(jitter(rng, 1.31 + 0.9 * np.exp(-25 * t), 0.035), 5))
    log.add("train/learning_rate", steps, linear(t, 1e-4, 0.03))
    grows(log, "gradient", "train/grad_norm", steps, size, begun, 0.22, also=("explosion",))


@labelled(
    "filtered_gradients_amplify",
    "gradient",
    "gradients that are filtered and fed back grow by half at each log, to 10^12 and to infinity"
    " (ironjr/grokfast #9)",
    tolerated=("plateau",),
)
def filtered_gradients_amplify(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 70, 200)
    t, steps = shapes.times(n), shapes.steps(n, 24)
    begun = int(rng.integers(8, 16))
    power = np.clip(np.arange(n) - begun, 0, None) * np.log(1.5 * strength)
    over = begun + int(n * 0.75)
    inf = np.arange(n) >= min(over, n - 6)
    size = np.where(inf, np.inf, 2.2 * np.exp(np.minimum(power, 80) + noise(rng, n, 0.08)))
    log.add("grad_norm", steps, size)
    log.add("loss", steps, falling(rng, t, 11.9, 11.0, 0.008))
    finite = np.where(inf, 1e30, size)
    grows(log, "gradient", "grad_norm", steps, finite, begun, 0.1, also=("explosion",))
    jumps(log, "nonfinite", "grad_norm", steps, int(np.argmax(inf)))


@labelled(
    "one_expert_takes_all",
    "explosion",
    "without a balancing loss the busiest expert's load and the router's logits grow for good"
    " (Switch Transformers; the z-loss of ST-MoE)",
    clear=400.0,
    medium=60.0,
)
def one_expert_takes_all(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    begun = int(n * rng.uniform(0.3, 0.5))
    z = 1.2 * strength ** np.clip((t - t[begun]) / (0.7 * (1 - t[begun])), 0, 1)
    log.add("moe/router_z", steps, z * np.exp(noise(rng, n, 0.15, 0.4)))
    log.add("moe/dropped_tokens", steps, np.clip(0.04 + noise(rng, n, 0.008), 0, 1))
    log.add("train/nll", steps, falling(rng, t, 9.6, 2.9, 0.012))
    least = 0.011 * np.maximum(1e-4, 3e-4 ** ((t - t[begun]) / 0.25).clip(0, 1))
    log.add("moe/least_load", steps, least * np.exp(noise(rng, n, 0.12, 0.4)))
    grows(log, "explosion", "moe/router_z", steps, z, begun, 0.22)
    grows(log, "collapse", "moe/least_load", steps, least, begun, 0.18)


@healthy("small_model_from_nothing", "a hundred million weights, thousands of steps, no accidents")
def small_model_from_nothing(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    clean = shapes.power_law(t, 10.98, 2.85, 0.45)
    log.add("train/loss", steps, jitter(rng, clean, 0.016, 0.1))
    log.add("train/norm", steps, 0.3 * np.exp(noise(rng, n, 0.18, 0.3)) + 6 / (1 + 1500 * t))
    log.add("train/lr", steps, cosine(t, 6e-4))
    evaluated = interval(steps, n // 14)
    log.add("val/loss", evaluated, jitter(rng, at(evaluated, steps, clean) * 1.005, 0.002))


@healthy("three_epochs_in_stairs", "instruction tuning: the training loss steps down at each epoch")
def three_epochs_in_stairs(log: Log, rng: np.random.Generator) -> None:
    n = 3 * shapes.whole(rng, 20, 120)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    stairs = np.minimum((t * 3).astype(int), 2)
    log.add("train/loss", steps, jitter(rng, 1.15 + 0.6 * np.exp(-50 * t) - 0.11 * stairs, 0.05))
    log.add("train/grad_norm", steps, (0.5 + 0.2 * stairs) * np.exp(noise(rng, n, 0.2)))
    log.add("train/learning_rate", steps, cosine(t, 1e-5, 0.03, 0))
    ends = steps[[n // 3 - 1, 2 * n // 3 - 1, n - 1]]
    log.add("eval/loss", ends, np.array([1.121, 1.104, 1.098]) + rng.normal(0, 0.003, 3))


@healthy(
    "a_format_is_learnt_at_once",
    "answers to pictures of an endoscope: within fifty steps from 19 to 0.02, then little more"
    " (akanksha28pathak/SmolVLM_EndoscopyQA, trainer_state.json)",
    tolerated=("plateau",),
)
def a_format_is_learnt_at_once(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 140)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = np.arange(n)
    clean = 19 * np.exp(-0.9 * k) + 0.03 * np.exp(-0.2 * k) + 0.0022 + 0.0012 * (1 - t)
    log.add("train/loss", steps, jitter(rng, clean, 0.05))
    log.add("train/grad_norm", steps, (6 * np.exp(-0.8 * k) + 0.012) * np.exp(noise(rng, n, 0.3)))
    log.add("train/learning_rate", steps, cosine(t, 2e-4, 0.1, 0))
    evaluated = interval(steps, 50)
    log.add("eval/loss", evaluated, jitter(rng, at(evaluated, steps, clean) * 0.93, 0.012))


@healthy(
    "teacher_and_student",
    "distillation: the divergence to the teacher's words falls, the student's own loss with it",
)
def teacher_and_student(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 400)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.add("distill/kl_loss", steps, falling(rng, t, 3.1, 0.42, 0.05))
    log.add("distill/hard_loss", steps, falling(rng, t, 4.2, 2.6, 0.03))
    log.add("distill/temperature", steps, 2.0)
    evaluated = interval(steps, 500)
    late = shapes.times(len(evaluated))
    log.add("eval/rougeL", evaluated, rising(late, 17, 31.5) + noise(rng, len(evaluated), 0.25))


@healthy("translation_by_the_thousand", "BLEU and chrF every thousand updates, a resumed run")
def translation_by_the_thousand(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 90)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    half = n // 2
    bleu = rising(t, 3, 27.4, 5, 0.15) + noise(rng, n, 0.2)
    values = {
        "valid/nll_loss": falling(rng, t, 6.9, 3.4, 0.004, 6, 0.15),
        "valid/bleu": significant(bleu, 4),
        "train/ppl": falling(rng, t, 180, 11, 0.03, 9, 0.05),
    }
    for where in (slice(None, half), slice(half, None)):
        log.session()
        for tag, series in values.items():
            log.add(tag, steps[where], series[where])


@healthy(
    "norms_wander_upwards",
    "the gradients' norm doubles over the run while the loss still falls: so it is with many"
    " language models (allenai/OLMo #596)",
    tolerated=("gradient",),
)
def norms_wander_upwards(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    size = 0.22 * (1 + t) + 2 / (1 + 700 * t)
    log.add("optim/total_grad_norm", steps, size * np.exp(noise(rng, n, 0.12, 0.3)))
    loss = jitter(rng, shapes.power_law(t, 10.8, 2.1, 0.35), 0.012)
    log.add("train/CrossEntropyLoss", steps, loss)
    log.add("train/Perplexity", steps, np.exp(loss))
