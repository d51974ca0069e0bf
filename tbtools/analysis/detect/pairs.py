"""Which validation series belongs to which training series, by their names."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from tbtools.analysis.detect.machinery import training_loss
from tbtools.analysis.objective import role_of, words
from tbtools.vocabulary import EVALUATIONS, ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Role

Key = tuple[object, ...]

# Say how a series was averaged, not what it is: train_loss_epoch belongs to val_loss.
AVERAGING = frozenset(
    ["epoch", "step", "batch", "iter", "avg", "mean", "average", "total", "running"]
)

# A policy whose return falls has not learnt its training data by heart: there are none.
RETURNS = frozenset(["reward", "rewards", "rew", "return", "returns", "ret"])

# No step of training computes these: they take decoding, or a ranking of all that there is.
EVALUATED = frozenset(["map", "ap", "bleu", "sacrebleu", "chrf", "meteor", "cider"])
EVALUATED |= frozenset(["rouge", "rougel", "rougelsum", "ndcg", "mrr", "hits"])

# The training loss, averaged however it may be.
LOSS = ("loss",)


def pairs(judged: Iterable[Judged]) -> Iterator[tuple[Judged, Judged]]:
    """Finds (training, validation) pairs among the series of one run and its sibling runs.

    What a series was measured on is told by its tag, or else by its run (`role_of`), as in the runs
    ``train`` and ``validation`` of Keras, or ``a_train`` and ``a_val``. A tag with a validation
    word has its twin in its own run, whatever that is called, before any other: a tag without such
    words will do. What is measured in validation only has the training loss for its twin, by
    whatever name.

    Args:
        judged: The series that have an objective.
    """
    fits = list(judged)
    if not _may_be_evaluated(fits):
        return
    validation = [
        fit for fit in fits if _is_evaluated(fit) and RETURNS.isdisjoint(words(fit.series.tag))
    ]
    if not validation:
        return
    own: dict[Key, Judged] = {}
    siblings: dict[Key, Judged] = {}
    runs: dict[str, list[Judged]] = defaultdict(list)
    # Those that are named as training series come last, and win.
    for fit in sorted(fits, key=lambda each: _role(each) == "train"):
        one = fit.series
        runs[one.run].append(fit)
        if role_of(one.tag) not in EVALUATIONS and not _needs_evaluation(fit):
            own.update(dict.fromkeys(_keys(one, one.run), fit))
        if not _is_evaluated(fit):
            siblings.update(dict.fromkeys(_keys(one, family(one.run)), fit))
    named = [fit for fit in validation if role_of(fit.series.tag) or not _role(fit)]
    by_run = [fit for fit in validation if not role_of(fit.series.tag) and _role(fit)]
    trained = set()
    for fit in named:
        one = fit.series
        twin = _twin(own, one, one.run) or _twin(siblings, one, family(one.run))
        twin = twin or training_loss(runs[one.run])
        if twin is not None:
            trained.add(twin)
            yield twin, fit
    for fit in by_run:
        twin = _twin(siblings, fit.series, family(fit.series.run))
        if twin is not None and fit not in trained:
            yield twin, fit


def _role(fit: Judged) -> Role | None:
    return role_of(fit.series.tag, fit.series.run)


def _is_evaluated(fit: Judged) -> bool:
    return _role(fit) in EVALUATIONS or _needs_evaluation(fit)


def _may_be_evaluated(fits: Iterable[Judged]) -> bool:
    """Whether any may be; most experiments have few tags and nothing that is evaluated."""
    runs = {fit.series.run for fit in fits}
    tags = {fit.series.tag for fit in fits}
    return (
        any(role_of("", run) in EVALUATIONS for run in runs)
        or any(role_of(tag) in EVALUATIONS for tag in tags)
        or not all(EVALUATED.isdisjoint(words(tag)) for tag in tags)
    )


def _needs_evaluation(fit: Judged) -> bool:
    """Whether it is measured in validation though no word says on what."""
    known = fit.objective == "max" and not EVALUATED.isdisjoint(words(fit.series.tag))
    return known and _role(fit) is None


def _twin(training: Mapping[Key, Judged], one: ScalarSeries, where: object) -> Judged | None:
    keys = (*_keys(one, where), (True, where, LOSS))
    return next((training[key] for key in keys if key in training), None)


def _keys(series: ScalarSeries, where: object) -> list[Key]:
    """What the twins of a pair have in common, the closest first."""
    parts = words(series.tag)
    return [
        (loose, where, _without(parts, ROLE_WORDS.keys() | (AVERAGING if loose else set())))
        for loose in (False, True)
    ]


@lru_cache(maxsize=1024)
def family(run: str) -> tuple[object, ...]:
    """What two runs of a pair have in common: the path, without ``train`` or ``val`` at its end."""
    *parents, last = run.split("/")
    family: tuple[object, ...] = tuple(part for part in parents if part != ".")
    if role_of("", run) is None:
        return family if last == "." else (*family, last)
    rest = _without(words(last), ROLE_WORDS.keys())
    # A run baseline is no twin of a run baseline_test.
    return (*family, rest) if rest else family


def _without(parts: Iterable[str], dropped: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(part for part in parts if part not in dropped))
