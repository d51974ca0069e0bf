"""What a tag says of what runs around the model: rates, speeds, gradients, scales of the loss."""

from __future__ import annotations

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
    "gradient_norm",
    "clipped",  # the share of steps whose gradient was clipped, as 0 to 1 or 0 to 100
    "loss_scale",
]

_RATES = [("lr",), ("lrs",), ("learningrate",), ("learning", "rate")]
_SPEEDS = [
    ("fps",),  # SB3, IMPALA
    ("sps",),  # CleanRL
    ("wps",),  # fairseq
    ("tps",),  # torchtitan
    ("mfu",),  # nanoGPT, torchtitan
    ("tflops",),  # Megatron-LM, torchtitan
    ("throughput",),  # Composer, Megatron-LM, DeepSpeed
]
# What is done so many times a second, or takes so many seconds; in the singular.
_DONE = frozenset({"step", "batch", "it", "iter", "iteration", "update"})
_PROCESSED = frozenset(
    {"sample", "sentence", "token", "word", "image", "img", "example", "frame", "batche"}
)
_PER_SECOND = frozenset({"s", "sec", "second"})
# DeepSpeed's step_time, torch's and timm's batch_time, Megatron-LM's iteration-time, time/step
_DURATIONS = frozenset({"time", "duration", "secs", "seconds", "ms", *_PER_SECOND})
_WAITS = [("data", "time"), ("data", "loading", "time"), ("dataloader", "time")]
_GRADIENTS = frozenset({"grad", "grads", "gradient", "gradients"})
_CLIPPED = frozenset({"clip", "clips", "clipped", "clipping", "clipfrac"})
# What makes it the share of steps, and no norm that is clipped; and what makes it the limit.
_SHARES = frozenset({"fraction", "frac", "clipfrac", "rate", "ratio", "share", "percent", "was"})
_LIMITS = frozenset({"value", "val", "max", "threshold", "limit"})
_OPTIMIZERS = frozenset({"optim", "optimizer"})
_SCALES = [
    ("loss", "scale"),  # fairseq, Megatron-LM, DeepSpeed, MMEngine
    ("scaler", "scale"),
    ("grad", "scale"),
    ("grad", "scaler"),
    ("amp", "scale"),
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
    if _has(parts, _RATES):
        return "learning_rate"
    if any(ROLE_WORDS.get(part) in EVALUATIONS for part in parts):
        return None
    if _has(parts, _SCALES):
        return "loss_scale"
    if parts[-1:] == ("clip",) or is_clipping(tag):  # fairseq
        return "clipped"
    if _has_gradient(parts):
        return None if {"norm", "gnorm"}.isdisjoint(parts) else "gradient_norm"
    if _has(parts, _SPEEDS) or _is_per_second(tag, parts):
        return "speed"
    if _has(parts, _WAITS):  # Detectron2, MMEngine, timm
        return "data_time"
    return "step_time" if _is_step_time(parts) else None


def is_clipping(tag: str) -> bool:
    """Whether a tag says by itself that it is of gradients that are clipped, and of no policy.

    Args:
        tag: The tag.
    """
    parts = frozenset(words(tag))
    if _CLIPPED.isdisjoint(parts) or not _LIMITS.isdisjoint(parts):
        return False
    if {"norm", "gnorm"} & parts and not _SHARES & parts:
        return False
    return _has_gradient(parts) or not _OPTIMIZERS.isdisjoint(parts)


def _has_gradient(parts: Collection[str]) -> bool:
    return not _GRADIENTS.isdisjoint(parts) or "gnorm" in parts


def _has(parts: Sequence[str], phrases: Collection[tuple[str, ...]]) -> bool:
    return any(
        tuple(parts[at : at + len(phrase)]) == phrase
        for phrase in phrases
        for at in range(len(parts) - len(phrase) + 1)
    )


def _is_per_second(tag: str, parts: Sequence[str]) -> bool:
    """Whether a tag ends as ``steps_per_second`` or ``step/sec`` does; ``step_ms`` is a time."""
    if len(parts) < 2 or parts[-1] not in _PER_SECOND:
        return False
    done = parts[-2].removesuffix("s") in _DONE | _PROCESSED
    return parts[-2] == "per" or (done and tag.endswith(f"/{parts[-1]}"))


def _is_step_time(parts: Sequence[str]) -> bool:
    """Whether it is how long a step takes: ``iter_time``, ``time/step``, ``sec_per_step``."""
    if [part for part in parts if part not in ROLE_WORDS] == ["time"]:  # MMEngine
        return True
    pair = [part for part in parts if part != "per"][-2:]
    return len(pair) == 2 and any(
        one in _DURATIONS and other in _DONE for one, other in (pair, pair[::-1])
    )
