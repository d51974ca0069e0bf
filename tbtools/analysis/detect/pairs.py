"""Which validation series belongs to which training series, by their names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tbtools.analysis import objective
from tbtools.vocabulary import TRAINING_WORDS as TRAINING
from tbtools.vocabulary import VALIDATION_WORDS as VALIDATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tbtools.runs.series import ScalarSeries

# Say how a series was averaged, not what it is: train_loss_epoch belongs to val_loss.
AVERAGING = frozenset(
    ["epoch", "step", "batch", "iter", "avg", "mean", "average", "total", "running"]
)

# The training loss, averaged however it may be.
LOSS = ("loss",)


def pairs(series: Sequence[ScalarSeries]) -> Iterator[tuple[ScalarSeries, ScalarSeries]]:
    """Finds (training, validation) pairs among the series of one run and its sibling runs.

    The words ``train``, ``val`` and their like may stand anywhere in the tag, or in the last part
    of the run's name, as in the runs ``train`` and ``validation`` of Keras, or ``a_train`` and
    ``a_val``. A tag without any such word is the training twin of one with a validation word. What
    is measured in validation only has the training loss for its twin.

    Args:
        series: All series.
    """
    roles = [_roles(one) for one in series]
    validation = [one for one, own in zip(series, roles, strict=True) if own & VALIDATION]
    if not validation:
        return
    rest = [each for each in zip(series, roles, strict=True) if not each[1] & VALIDATION]
    training: dict[tuple[object, ...], ScalarSeries] = {}
    # Those that are named as training series come last, and win.
    for one, _ in sorted(rest, key=lambda each: bool(each[1] & TRAINING)):
        for key in _keys(one):
            training[key] = one
    for one in validation:
        loss = (True, _family(one.run), LOSS)
        twins = (training[key] for key in (*_keys(one), loss) if key in training)
        twin = next(twins, None)
        if twin is not None:
            yield twin, one


def _roles(series: ScalarSeries) -> frozenset[str]:
    return frozenset(objective.words(series.tag)) | _roles_of_run(series.run)


@lru_cache(maxsize=1024)
def _roles_of_run(run: str) -> frozenset[str]:
    return frozenset(objective.words(run.rpartition("/")[2])) & (TRAINING | VALIDATION)


def _keys(series: ScalarSeries) -> list[tuple[object, ...]]:
    """What the twins of a pair have in common, the closest first."""
    words, family = objective.words(series.tag), _family(series.run)
    return [
        (loose, family, _without(words, TRAINING | VALIDATION | (AVERAGING if loose else set())))
        for loose in (False, True)
    ]


@lru_cache(maxsize=1024)
def _family(run: str) -> tuple[object, ...]:
    """What two runs of a pair have in common: the path, without ``train`` or ``val`` at its end."""
    *parents, last = run.split("/")
    family: tuple[object, ...] = tuple(part for part in parents if part != ".")
    if not _roles_of_run(run):
        return family if last == "." else (*family, last)
    rest = _without(objective.words(last), TRAINING | VALIDATION)
    # A run baseline is no twin of a run baseline_test.
    return (*family, rest) if rest else family


def _without(words: Iterable[str], dropped: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(word for word in words if word not in dropped))
