"""Short names of runs: what siblings share is left out, what differs is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATORS = re.compile(r"[/,;]+")
# Behind a value, in front of the next key: in `learning_rate=1_gamma=0.9` the second underscore.
_NEXT_KEY = re.compile(r"(=[^=_/,;]*?)[_-](?=[A-Za-z][\w.]*=)")


def short_names(names: Sequence[str]) -> list[str]:
    """What tells each of some runs from the others: ``lr 0.001 · seed 2``.

    Names are taken apart at ``/``, ``,`` and ``;``, and at the ``_`` or ``-`` between ``lr=1`` and
    ``seed=2``. Where all have equally many parts, those that are the same in all are left out.
    Names that would be the same are left whole, all of them, as are those of a single run.
    """
    parts = [_SEPARATORS.split(_NEXT_KEY.sub(r"\1,", name)) for name in names]
    if len(names) < 2 or len({len(each) for each in parts}) > 1:
        return list(names)
    differs = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    shown = [
        " · ".join(
            part.replace("=", " ", 1) for part, kept in zip(each, differs, strict=True) if kept
        )
        for each in parts
    ]
    return shown if len(set(shown)) == len(names) and all(shown) else list(names)
