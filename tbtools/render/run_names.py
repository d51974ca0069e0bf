"""Short names of runs: what siblings share is left out, what differs is shown."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_SEPARATORS = re.compile(r"[/,;]+")
# Behind a value, in front of the next key: in `learning_rate=1_gamma=0.9` the second underscore.
_NEXT_KEY = re.compile(r"(=[^=_/,;]*?)[_-](?=[A-Za-z][\w.]*=)")
# Directories inside one another whose runs are told apart; what lies deeper is left as it is.
_DEEPEST = 16


def short_names(names: Sequence[str]) -> list[str]:
    """What tells each of some runs from the others: ``lr 0.001 · seed 2``.

    Names are taken apart at ``/``, ``,`` and ``;``, and at the ``_`` or ``-`` between ``lr=1`` and
    ``seed=2``. Where all have equally many parts, those that are the same in all are left out.
    Where not, that is done in each directory, among siblings with equally many parts: beside
    ``baseline`` a run is called ``sweep/lr 0.001 · seed 2``. A run without such a sibling is called
    as it is; where two would be called the same, all are.
    """
    called = _told_apart(names, _DEEPEST)
    shown = [called.get(name, name) for name in names]
    return shown if len(set(shown)) == len(set(names)) and all(shown) else list(names)


def _told_apart(names: Collection[str], deepest: int) -> dict[str, str]:
    """What names that lie in one directory are called."""
    if not deepest or len({len(_parts(name)) for name in names}) < 2:
        return _among_siblings(names)
    inside: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        directory, _, rest = name.partition("/")
        inside[directory][rest] = name
    directories = _among_siblings(inside)
    if len(inside) == 1 and all(map(all, inside.values())):
        directories = {}
    return {
        inside[directory][rest]: "/".join(filter(None, (directories.get(directory), shown)))
        for directory, rests in inside.items()
        for rest, shown in _told_apart(rests, deepest - 1).items()
    }


def _among_siblings(names: Collection[str]) -> dict[str, str]:
    """Names without the parts that all have that have equally many."""
    alike: dict[int, list[str]] = defaultdict(list)
    for name in names:
        alike[len(_parts(name))].append(name)
    return {name: shown for each in alike.values() for name, shown in _without_common(each)}


def _without_common(names: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Names of equally many parts, and what is left of them without those that all have."""
    columns = zip(*map(_parts, names), strict=True)
    rows = zip(*(column for column in columns if len(set(column)) > 1), strict=True)
    shown = [" · ".join(part.replace("=", " ", 1) for part in row) for row in rows]
    is_plain = all(shown) and len(set(shown)) == len(names)
    return zip(names, shown if is_plain else names, strict=True)


def _parts(name: str) -> list[str]:
    return _SEPARATORS.split(_NEXT_KEY.sub(r"\1,", name))
