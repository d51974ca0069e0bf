"""Short names of runs: what siblings share is left out, what differs is shown."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING

from tbtools.render.terminal.cutting import cut_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_SEPARATORS = re.compile(r"[/,;]+")
# Behind a value, in front of the next key: in `learning_rate=1_gamma=0.9` the second underscore.
_NEXT_KEY = re.compile(r"(=[^=_/,;]*?)[_-](?=[A-Za-z][\w.]*=)")
# A word of a name without keys, with the separators behind it.
_WORDS = re.compile(r"[^_ -]+[_ -]*|[_ -]+")
# Names up to this length are short enough for any list (runlist.js has it, too).
_LONG = 22
# So many letters have room in two lines of a list beside a page's charts.
_TWO_LINES = 34
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


def tight_names(shown: Sequence[str]) -> list[tuple[str, str]]:
    """Short names where there is room for a few letters: what stands above several, and the rest.

    Their directory stands above them, and the keys that they have in common: ``0.001 · 2`` below
    ``sweep/learning_rate · seed``. So do the words with which long names without keys begin and
    end: ``sgd_seed3`` below ``cifar10_resnet18_…_cosine_augmented``.

    Args:
        shown: What `short_names` gave.

    Returns:
        Of each the heading, empty for none, and what it is called below that.
    """
    parts = [_keys_and_values(name) for name in shown]
    alike = Counter(heading for heading, _ in parts)
    tight = [
        (heading, values) if values and alike[heading] > 1 else _in_directory(name)
        for name, (heading, values) in zip(shown, parts, strict=True)
    ]
    plain: dict[str, list[int]] = defaultdict(list)
    for number, (heading, _) in enumerate(tight):
        if " · " not in shown[number]:  # where it is, what all share was left out
            plain[heading].append(number)
    for heading, numbers in plain.items():
        words, rests = _without_shared_ends([tight[number][1] for number in numbers])
        for number, rest in zip(numbers, rests, strict=True):
            tight[number] = heading + words, rest
    return tight


def cut_rests(tight: Sequence[tuple[str, str]]) -> list[str]:
    """What `tight_names` calls runs below their headings, cut to two lines of a list.

    Those below one heading still differ, if that can be.
    """
    below: dict[str, list[int]] = defaultdict(list)
    for number, (heading, _) in enumerate(tight):
        below[heading].append(number)
    cut = [rest for _, rest in tight]
    for numbers in below.values():
        rests = cut_names([cut[number] for number in numbers], _TWO_LINES, "…")
        for number, rest in zip(numbers, rests, strict=True):
            cut[number] = rest
    return cut


def _without_shared_ends(names: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The words with which all of some long names begin and end, and the names without them.

    A number keeps the word in front of it: ``seed_3``, not ``3``.
    """
    words = [_WORDS.findall(name) for name in names]
    fewest = min(map(len, words))
    if len(set(names)) < 2 or max(map(len, names)) <= _LONG:
        return "", names
    begin = _alike(words, range(fewest - 1))
    end = _alike(words, range(-1, begin - fewest, -1))
    if begin and any(each[begin][0].isdigit() for each in words):
        begin -= 1
    first = words[0]
    rests = ["".join(each[begin : len(each) - end]).rstrip("_- ") for each in words]
    if not all(rests) or len(set(rests)) < len(set(names)):
        return "", names
    tail = "…" + "".join(first[len(first) - end :]) if end else ""
    return "".join(first[:begin]) + tail, rests


def _alike(words: Sequence[Sequence[str]], places: range) -> int:
    """At how many places, one behind the other, all have the same word."""
    return sum(1 for _ in takewhile(lambda n: len({each[n] for each in words}) == 1, places))


def _keys_and_values(name: str) -> tuple[str, str]:
    """``sweep/lr · seed`` and ``0.1 · 2`` of ``sweep/lr 0.1 · seed 2``; no values of one key."""
    directory, base = _in_directory(name)
    pairs = [part.partition(" ") for part in base.split(" · ")]
    if len(pairs) < 2 or not all(value for _, _, value in pairs):
        return directory, ""
    return directory + " · ".join(key for key, _, _ in pairs), " · ".join(pair[2] for pair in pairs)


def _in_directory(name: str) -> tuple[str, str]:
    directory, slash, base = name.rpartition("/")
    return directory + slash, base
