"""What a tag says of what runs around the model: rates, speeds, gradients, scales of the loss."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from tbtools.analysis.objective.table import TAGS_KEPT, words
from tbtools.vocabulary import EVALUATIONS, ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Machinery = Literal[
    "learning_rate",
    "speed",  # what is done in a second
    "step_time",  # how long a step takes
    "data_time",  # how long of it is spent waiting for data
    "data_share",  # which part of it, as 0 to 1 or 0 to 100
    "gradient_norm",
    "clipped",  # the share of steps whose gradient was clipped, as 0 to 1 or 0 to 100
    "clip_factor",  # what gradients are multiplied with, 1 where they are not clipped
    "loss_scale",
]

_RATES = [
    ("lr",),
    ("lrs",),
    ("learningrate",),
    ("learning", "rate"),
    ("learn", "rate"),
    ("lrate",),
]
# Lightning's monitor of rates logs these of the same optimizers: lr-SGD-momentum.
_BESIDE_RATES = [("momentum",), ("weight", "decay")]
_SPEEDS = [
    ("fps",),  # SB3, IMPALA
    ("sps",),  # CleanRL
    ("wps",),  # fairseq
    ("tps",),  # torchtitan
    ("mfu",),  # nanoGPT, torchtitan
    ("tflops",),  # Megatron-LM, torchtitan
    ("hfu",),  # what of the hardware's flops is used, recomputed ones too
    ("flops", "utilization"),
    ("ips",),  # PaddlePaddle
    ("ups",),  # fairseq, MMF
    ("tgs",),  # InternEvo: tokens for each card
    ("train", "speed"),
    ("training", "speed"),
    ("throughput",),  # Composer, Megatron-LM, DeepSpeed
]
# By itself, or in such a folder, it is that of training: ptan, spaCy, MXNet. Robots have one, too.
_OF_THE_MACHINE = frozenset({"perf", "performance", "system", "time", "timing"})
# What is done so many times a second, or takes so many seconds; in the singular.
_DONE = frozenset(
    {
        *(
            "step",
            "batch",
            "minibatch",
            "microbatch",
            "it",
            "iter",
            "iteration",
            "update",
            "epoch",
            "round",
        )
    }
)
# What is timed but not counted: RLlib, rsl_rl.
_LEARNING = frozenset({"learn", "learning", "collection"})
_PROCESSED = frozenset(
    {
        *("sample", "sentence", "token", "tok", "word", "image", "img", "im", "example", "ex"),
        *("frame", "batche", "ray", "sequence", "seq", "clip", "video", "graph", "molecule"),
        *("pair", "record", "row", "utterance", "utt", "episode", "query", "point", "tflop"),
    }
)
_PER_SECOND = frozenset({"s", "sec", "second"})
_PER = _PER_SECOND | {"minute", "min", "hour", "hr"}
_SLASHED = re.compile(r"/ ?(?:s|sec|second)\b", re.IGNORECASE)
# Behind a speed, as in tokens_per_second_per_gpu (TRL, Megatron-LM), and behind all of these.
_EACH = frozenset({"per", "gpu", "device", "card", "chip", "core", "node", "rank", "worker"})
_AVERAGED = frozenset({"avg", "average", "mean", "ema", "smoothed"})
# DeepSpeed's step_time, torch's and timm's batch_time, Megatron-LM's iteration-time, time/step
_TIMES = frozenset({"time", "timing", "duration", "latency"})
_UNITS = frozenset({"secs", "seconds", "ms", "mins", "minutes", "hours", *_PER_SECOND})
_SECONDS = frozenset({"sec", "secs", "seconds"})  # "s" and "min" are other things, too
_SHORT_UNITS = frozenset({"min", "h", "hr", "hrs"})  # only behind a time: epoch_time_min
_DURATIONS = _TIMES | _UNITS
_EVALUATION_TIMES = _DURATIONS | {"runtime"}  # transformers
_WHOLE_STEP = [("end", "to", "end"), ("dt", "ms")]  # torchtitan, nanoGPT
_WALL = ("train", "wall")  # fairseq
_DATA = frozenset({"data", "dataloader", "dataload", "dataloading", "loader", "input"})
_WAITING = frozenset({"load", "loading", "fetch", "fetching", "wait", "waiting", "stall"})
_SMALL = frozenset({"per", "in", "for", "this", "last", "cost", "taken", "spent"})
_GRADIENTS = frozenset({"grad", "grads", "gradient", "gradients"})
# In one word.
_GRADIENT_NORMS = frozenset({"gradnorm", "gradientnorm"})
_NORM = frozenset({"norm", "norms", "gnorm", "magnitude", "mag", "rms", *_GRADIENT_NORMS})
# The whole of it without a word for the gradient: torch's clip_grad_norm_, TensorFlow, optax.
_WHOLE_NORMS = [("total", "norm"), ("global", "norm")]
_OTHER_NORMS = frozenset({"weight", "weights", "param", "params", "update", "updates", "model"})
_L2 = [("l", "2")]
_CLIPPED = frozenset({"clip", "clips", "clipped", "clipping", "clipfrac"})
# What makes it the share of steps, and no norm that is clipped; and what makes it the limit.
_SHARES = frozenset(
    {*("fraction", "frac", "clipfrac", "rate", "ratio", "share", "percent", "pct", "was")}
)
_LIMITS = frozenset({"value", "val", "max", "threshold", "limit"})
# A norm that was taken behind the clipping: ``grad_norm_after_clip``.
_BEHIND = frozenset({"after", "post"})
_FACTORS = frozenset({"coef", "coeff", "coefficient", "factor", "multiplier"})
# By themselves, as a clip_fraction is one of PPO's ratios of probabilities.
_STEPS_CLIPPED = frozenset({"clipped", "clipping"})
_OF_A_POLICY = frozenset({"policy", "actor", "pg", "ppo", "pi", "vf", "value", "ratio"})
_OPTIMIZERS = frozenset({"optim", "optimizer"})
# Before a rate that is of nothing else.
_OF_RATES = _OPTIMIZERS | {"opt", "sgd", "adam", "adamw", "swa", "schedule", "scheduler", "sched"}
_SCALES = [
    ("loss", "scale"),  # fairseq, Megatron-LM, DeepSpeed, MMEngine
    ("lossscale",),
    ("loss", "scaler"),
    ("loss", "scaling", "factor"),  # jmp, NeMo
    ("scaler", "scale"),
    ("scaler", "value"),
    ("grad", "scale"),
    ("grad", "scaler"),
    ("gradscaler",),
    ("gradient", "scale"),
    ("gradient", "scaler"),
    ("amp", "scale"),
    ("amp", "scaler"),
    ("fp", "16", "scale"),
    ("fp", "16", "scaler"),
    ("dynamic", "scale"),  # flax
    ("cur", "scale"),  # DeepSpeed
    ("mixed", "precision", "scale"),
    ("optimizer", "scale"),
    ("optim", "scale"),
]


@lru_cache(TAGS_KEPT)
def machinery_of(tag: str) -> Machinery | None:
    """Says what of the machinery of training a tag measures.

    What is measured in validation or test is none of it: evaluations are of other lengths.

    Args:
        tag: The tag.

    Returns:
        What it measures; None for losses and everything else.
    """
    parts = words(tag)
    if _has(parts, _RATES) or _is_rate(parts):
        return "learning_rate" if not _has(parts[-2:], _BESIDE_RATES) else None
    if _is_of_evaluations(parts):
        return None
    if _has(parts, _SCALES) or _last(tag) == ("scaler",):
        return "loss_scale"
    if (clips := _clips(tag, parts)) is not None:
        return clips
    if _has_gradient(parts):
        normed = not _NORM.isdisjoint(parts) or _has(parts, _L2)
        return "gradient_norm" if normed else None
    if _last(tag) in _WHOLE_NORMS and _OTHER_NORMS.isdisjoint(parts):
        return "gradient_norm"
    if _is_speed(tag, parts):
        return "speed"
    if _is_wait(parts):  # Detectron2, MMEngine, timm
        return "data_share" if "%" in tag else "data_time"
    if not _SHARES.isdisjoint(parts) and _is_wait([one for one in parts if one not in _SHARES]):
        return "data_share"
    return "step_time" if _is_step_time(parts) else None


@lru_cache(TAGS_KEPT)
def evaluation_pace_of(tag: str) -> Literal["speed", "step_time"] | None:
    """Whether a tag says how fast evaluations go, or how long one takes: ``eval/runtime``.

    Args:
        tag: The tag.

    Returns:
        ``step_time`` for how long one takes; None where it is neither.
    """
    parts = words(tag)
    if not _is_of_evaluations(parts):
        return None
    if _is_speed(tag, parts):
        return "speed"
    rest = [part for part in parts if part not in ROLE_WORDS.keys() | _SMALL | _AVERAGED]
    return "step_time" if rest and _EVALUATION_TIMES.issuperset(rest) else None


def _is_of_evaluations(parts: Sequence[str]) -> bool:
    return any(ROLE_WORDS.get(part) in EVALUATIONS for part in parts)


def _is_speed(tag: str, parts: Sequence[str]) -> bool:
    if parts[-1:] == ("speed",) and _OF_THE_MACHINE.issuperset(parts[:-1]):
        return True
    return _has(parts, _SPEEDS) or _is_per_second(tag, parts)


def _clips(tag: str, parts: Sequence[str]) -> Machinery | None:
    if is_clipping(tag):
        return "clipped" if _FACTORS.isdisjoint(parts) else "clip_factor"
    if parts[-1:] == ("clip",) and _NORM.isdisjoint(parts):  # fairseq
        return "clipped"
    shares = not _STEPS_CLIPPED.isdisjoint(parts) and not _SHARES.isdisjoint(parts)
    return "clipped" if shares and _OF_A_POLICY.isdisjoint(parts) else None


def _last(tag: str) -> tuple[str, ...]:
    """The words behind the last folder of a tag."""
    return tuple(words(tag.rpartition("/")[2]))


def is_clipping(tag: str) -> bool:
    """Whether a tag says by itself that it is of gradients that are clipped, and of no policy.

    Args:
        tag: The tag.
    """
    parts = frozenset(words(tag))
    if _CLIPPED.isdisjoint(parts) or not _LIMITS.isdisjoint(parts):
        return False
    if _NORM & parts and not _SHARES & parts:
        return False
    return _has_gradient(parts) or not _OPTIMIZERS.isdisjoint(parts)


def is_limit(tag: str) -> bool:
    """Whether a tag is of what something may be at most: ``max_grad_norm``, ``grad_norm_clip``.

    Args:
        tag: The tag.
    """
    parts = words(tag)
    return not _LIMITS.isdisjoint(parts) or (parts[-1] == "clip" and _BEHIND.isdisjoint(parts))


def _has_gradient(parts: Collection[str]) -> bool:
    return not (_GRADIENTS | _GRADIENT_NORMS | {"gnorm"}).isdisjoint(parts)


def _has(parts: Sequence[str], phrases: Collection[tuple[str, ...]]) -> bool:
    return any(
        tuple(parts[at : at + len(phrase)]) == phrase
        for phrase in phrases
        for at in range(len(parts) - len(phrase) + 1)
    )


def _is_rate(parts: Sequence[str]) -> bool:
    """Whether it is a rate of nothing, or of an optimizer: ``optim/rate``, ``swa/rate``."""
    return parts[-1:] == ("rate",) and _OF_RATES.issuperset(parts[:-1])


def _is_per_second(tag: str, parts: Sequence[str]) -> bool:
    """Whether a tag ends as ``steps_per_second`` or ``step/sec`` does; ``step_ms`` is a time."""
    parts = _without_ends(parts, _EACH | _AVERAGED)
    if len(parts) < 2:
        return False
    if parts[-2] == "per":
        return parts[-1] in _PER
    if parts[-1] not in _PER_SECOND:
        return False
    done = parts[-2].removesuffix("s")
    # batch_sec is a time, tokens_sec a speed.
    several = parts[-2].endswith("s") and done in _PROCESSED
    return several or (done in _DONE | _PROCESSED and bool(_SLASHED.search(tag)))


def _is_wait(parts: Sequence[str]) -> bool:
    """Whether it is how long data are waited for: ``data_time``, ``time/load_data``."""
    if not _SHARES.isdisjoint(parts):
        return False
    pair = _without_unit([part for part in parts if part not in _WAITING | _SMALL])[-2:]
    waits = not _WAITING.isdisjoint(parts)
    if pair and pair[-1] in _DATA:
        return waits or pair[0] in _TIMES
    return len(pair) == 2 and pair[0] in _DATA and pair[1] in (_DURATIONS if waits else _TIMES)


def _is_step_time(parts: Sequence[str]) -> bool:
    """Whether it is how long a step takes: ``iter_time``, ``time/step``, ``sec_per_step``."""
    if tuple(parts[-2:]) == _WALL:
        return True
    timed = _DONE | _LEARNING
    known = timed | _DURATIONS
    parts = [part for part in parts if part in known or part not in ROLE_WORDS.keys() | _SMALL]
    parts = _without_unit(_without_ends(parts, _AVERAGED))
    # MMEngine, loggers of speech synthesis; own scripts
    if len(parts) == 1 and parts[0] in _TIMES | _SECONDS:
        return True
    if _has(parts, _WHOLE_STEP):
        return not _DURATIONS.isdisjoint(parts)
    pair = parts[-2:]
    return len(pair) == 2 and any(
        one in _DURATIONS and other in timed for one, other in (pair, pair[::-1])
    )


def _without_ends(parts: Sequence[str], ends: Collection[str]) -> Sequence[str]:
    last = len(parts)
    while last and parts[last - 1] in ends:
        last -= 1
    return parts[:last]


def _without_unit(parts: Sequence[str]) -> Sequence[str]:
    """Without the unit behind a time: ``step_time_s``."""
    in_unit = len(parts) > 1 and parts[-1] in _UNITS | _SHORT_UNITS and parts[-2] in _TIMES
    return parts[:-1] if in_unit else parts
