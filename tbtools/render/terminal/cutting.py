"""Names of runs and tags that are too long for their place: cut so that neighbours still differ."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import reduce
from itertools import takewhile
from operator import and_
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Cut = Callable[[Sequence[str], int, str], list[str]]

# A word of a name, with the separators behind it.
_WORDS = re.compile(r"[^=_,/ -]+[=_,/ -]*|[=_,/ -]+")


def cut_middle(name: str, width: int, ellipsis: str) -> str:
    """A name with its middle left out: both ends of a path tell runs apart.

    Args:
        name: The name; characters may be two cells wide, or none.
        width: How many cells it may take.
        ellipsis: What stands for the middle.
    """
    if cell_len(name) <= width:
        return name
    keep = max(width - cell_len(ellipsis), 2)
    tail = keep * 2 // 3
    return _start(name, keep - tail) + ellipsis + _start(name[::-1], tail)[::-1]


def cut_names(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    """Names that stand together, each cut to a width so that they still differ if that can be.

    They are cut in their middles; where this makes some look alike that are not, what all begin
    with goes first, from the front to the last separator; or else what those begin with that look
    alike; or else every word that all have; or else, to the letter, what those begin and end with
    that look alike.

    Args:
        names: The names.
        width: How many cells each may take.
        ellipsis: What stands for what is left out.
    """
    best: list[str] = []
    for told in _ways(names, width, ellipsis):
        if len(set(told)) > len(set(best)):
            best = told
        if len(set(best)) == len(set(names)):
            break
    return best


def _ways(names: Sequence[str], width: int, ellipsis: str) -> Iterator[list[str]]:
    middles = [cut_middle(name, width, ellipsis) for name in names]
    yield middles
    yield _cut_starts(names, width, ellipsis)
    yield _where_alike(_cut_starts, names, middles, width, ellipsis)
    yield _cut_shared_words(names, width, ellipsis)
    yield _where_alike(_cut_letters, names, middles, width, ellipsis)


def _where_alike(
    cut: Cut, names: Sequence[str], middles: Sequence[str], width: int, ellipsis: str
) -> list[str]:
    """Names cut in their middles, those otherwise that look alike then."""
    alike: dict[str, dict[str, None]] = defaultdict(dict)
    for name, short in zip(names, middles, strict=True):
        alike[short][name] = None
    told = dict(zip(names, middles, strict=True))
    for group in alike.values():
        if len(group) > 1:
            told |= zip(group, cut(list(group), width, ellipsis), strict=True)
    return [told[name] for name in names]


def _cut_starts(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    shared = len(re.sub(r"[^=_,/ -]*$", "", _shared_start(names)))
    front = ellipsis if shared else ""
    room = width - cell_len(front)
    return [front + cut_middle(name[shared:], room, ellipsis) for name in names]


def _cut_letters(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    begin = len(_shared_start(names))
    rests = [name[begin:] for name in names]
    end = len(_shared_start([rest[::-1] for rest in rests]))
    front, back = ellipsis if begin else "", ellipsis if end else ""
    room = width - cell_len(front) - cell_len(back)
    if room < 2 + cell_len(ellipsis):  # of what is left nothing would be seen
        return [cut_middle(name, width, ellipsis) for name in names]
    return [f"{front}{cut_middle(rest[: len(rest) - end], room, ellipsis)}{back}" for rest in rests]


def _cut_shared_words(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    words = {name: _WORDS.findall(name) for name in names if cell_len(name) > width}
    shared = reduce(and_, map(Counter, words.values()))
    told = {
        name: cut_middle(_without(own, shared, ellipsis), width, ellipsis).replace(
            ellipsis * 2, ellipsis
        )
        for name, own in words.items()
    }
    return [told.get(name, name) for name in names]


def _without(words: Sequence[str], shared: Mapping[str, int], ellipsis: str) -> str:
    """Words in their order; what stands for those that all have, once for each stretch of them."""
    left = Counter(shared)
    told: list[str] = []
    for word in words:
        left[word] -= 1
        if left[word] < 0:
            told.append(word)
        elif told[-1:] != [ellipsis]:
            told.append(ellipsis)
    return "".join(told)


def _shared_start(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    alike = (a == b for a, b in zip(first, last, strict=False))
    return "".join(letter for letter, _ in zip(first, takewhile(bool, alike), strict=False))


def _start(text: str, width: int) -> str:
    """As many characters as fit."""
    end = min(width, len(text))
    while cell_len(text[:end]) > width:
        end -= 1
    return text[:end]
