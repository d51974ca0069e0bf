"""Whether a series was measured in training, validation or test."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tbtools.analysis.objective.table import TAGS_KEPT, words
from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from tbtools.vocabulary import Role


def role_of(tag: str, run: str = "") -> Role | None:
    """Says what a series was measured on.

    The words of the tag decide: ``train/loss`` in a run named ``test_lr0.1`` is of training. Where
    they do not say, the last part of the run's name does, as in the runs ``train`` and
    ``validation`` of Keras. Of several words, one for validation or test wins: ``train/val_loss``.

    Args:
        tag: The tag.
        run: The name of its run.

    Returns:
        The role; None where neither says.
    """
    return _role(tag) or _role(run.rpartition("/")[2])


# A standard deviation, and no development set.
_DEVIATIONS = {("std", "dev"), ("standard", "dev")}


@lru_cache(TAGS_KEPT)
def _role(name: str) -> Role | None:
    parts = words(name)
    roles = [
        ROLE_WORDS[word]
        for before, word in zip(("", *parts), parts, strict=False)
        if word in ROLE_WORDS and (before, word) not in _DEVIATIONS
    ]
    return next((role for role in reversed(roles) if role != "train"), "train" if roles else None)
