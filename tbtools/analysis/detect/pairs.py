"""Which validation series belongs to which training series, by their names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tbtools.analysis.objective import role_of, words
from tbtools.vocabulary import EVALUATIONS, ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tbtools.runs.series import ScalarSeries

Key = tuple[object, ...]

# Say how a series was averaged, not what it is: train_loss_epoch belongs to val_loss.
AVERAGING = frozenset(
    ["epoch", "step", "batch", "iter", "avg", "mean", "average", "total", "running"]
)

# A policy whose return falls has not learnt its training data by heart: there are none.
RETURNS = frozenset(["reward", "rewards", "rew", "return", "returns", "ret"])

# The training loss, averaged however it may be.
LOSS = ("loss",)


def pairs(series: Sequence[ScalarSeries]) -> Iterator[tuple[ScalarSeries, ScalarSeries]]:
    """Finds (training, validation) pairs among the series of one run and its sibling runs.

    What a series was measured on is told by its tag, or else by its run (`role_of`), as in the runs
    ``train`` and ``validation`` of Keras, or ``a_train`` and ``a_val``. A tag with a validation
    word has its twin in its own run, whatever that is called, before any other: a tag without such
    words will do. What is measured in validation only has the training loss for its twin.

    Args:
        series: All series.
    """
    validation = [
        one
        for one in series
        if role_of(one.tag, one.run) in EVALUATIONS and RETURNS.isdisjoint(words(one.tag))
    ]
    if not validation:
        return
    own: dict[Key, ScalarSeries] = {}
    siblings: dict[Key, ScalarSeries] = {}
    # Those that are named as training series come last, and win.
    for one in sorted(series, key=lambda each: role_of(each.tag, each.run) == "train"):
        if role_of(one.tag) not in EVALUATIONS:
            own.update(dict.fromkeys(_keys(one, one.run), one))
        if role_of(one.tag, one.run) not in EVALUATIONS:
            siblings.update(dict.fromkeys(_keys(one, family(one.run)), one))
    named = [one for one in validation if role_of(one.tag)]
    by_run = [one for one in validation if not role_of(one.tag)]
    trained = set()
    for one in named:
        twin = _twin(own, one, one.run) or _twin(siblings, one, family(one.run))
        if twin is not None:
            trained.add((twin.run, twin.tag))
            yield twin, one
    for one in by_run:
        twin = _twin(siblings, one, family(one.run))
        if twin is not None and (one.run, one.tag) not in trained:
            yield twin, one


def _twin(
    training: Mapping[Key, ScalarSeries], one: ScalarSeries, where: object
) -> ScalarSeries | None:
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
