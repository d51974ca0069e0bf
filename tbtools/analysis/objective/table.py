"""The table of words that tell what a tag measures, and the words of a tag found in it.

``words.tsv`` has a row a word or phrase; to teach a new tag name, add a row. Its columns:

- *word*: lower-case, without breaks but spaces between the words of a phrase; ``#`` is any number.
- *kind*: what the word does, see `Kind`.
- *better*: ``min`` or ``max`` where the word names something that can be good or bad, else ``-``.
- *range*: what it can reach: ``0..1`` (also written as 0 to 100), ``0..``, ``..1``, or ``-``.
- *source*: the framework or the kind of script whose tags have it.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.vocabulary import Objective

Kind = Literal[
    "loss",  # what training minimises; says nothing beside a reward or a player's loss
    "fit",  # a loss, or the part of one, that fits data: says something beside a generator's loss
    "measure",  # how good the model is
    "sample",  # how good what a generator makes is, whatever its losses do
    "reward",  # what an agent gets
    "score",  # good if no other word says what it is: a Brier score is a Brier loss
    "alone",  # how good, where a tag says nothing else but where it was measured: eval/mmlu
    "player",  # of an actor and its critic: their losses chase each other
    "generator",  # of a generator and its discriminator: so do theirs
    "never",  # wherever it stands, the tag has no objective
    "code",  # the same, but for the part of a loss that fits data
    "about",  # after a measure: a quantity about it
    "ledger",  # the same, and a folder of that name holds only such
    "count",  # next to a measure: how often
    "neg",  # turns the measure behind it round
    "word",  # hides another row that would match a part of it
]

Phrase = tuple[str, ...]

_KINDS = frozenset(get_args(Kind))
# The runs of an experiment have the same tags; what was read from one is kept for this many.
TAGS_KEPT = 10_000


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        word: The word or phrase.
        kind: What it does.
        better: Which way is better; ``"none"`` where the word does not say.
        low: The least value that it can have, or minus infinity.
        high: The greatest one, or infinity.
        source: Where the word is used.
    """

    word: str
    kind: Kind
    better: Objective
    low: float
    high: float
    source: str


@cache
def table() -> dict[Phrase, Row]:
    """The rows, by the words of their phrase."""
    # Not by importlib.resources, which brings tempfile and its like to every start.
    text = Path(__file__).with_name("words.tsv").read_text("utf-8")
    rows = (_row(line) for line in text.splitlines()[1:])
    return {tuple(row.word.split()): row for row in rows}


def _row(line: str) -> Row:
    word, kind, better, reach, source = line.split("\t")
    if kind not in _KINDS:
        raise ValueError(f"words.tsv: {kind} of {word!r} is no kind")
    low, _, high = reach.partition("..")
    return Row(
        word,
        cast("Kind", kind),
        cast("Objective", "none" if better == "-" else better),
        float(low) if low not in ("", "-") else -inf,
        float(high) if high else inf,
        source,
    )


# Where a tag is cut: at everything that is no letter or digit (``@`` makes ``R@1`` a recall, and
# stays), between letters and digits, and where camel case begins a new word. A number keeps its
# unit: 50k, 3d, 3D.
_CHUNK = re.compile(r"[0-9]+(?:[a-zA-Z]{1,2}(?![a-zA-Z]))?|[^\W\d_]+|@")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\WA-Z\d_]+|[A-Z]+")
# What is written before or behind a measure without a break: valloss, mloss, eprewmean.
_ATTACHED = (*ROLE_WORDS, "mean", "avg", "total", "tot", "smooth", "epoch", "batch", "ep")
# Shorter words are found in too many others: ap in gap.
_LEAST_LETTERS = 3
# Long enough to be known at the end of a word, whatever is written before it.
_ENDINGS = ("crossentropy", "logloss", "perplexity", "accuracy", "reward", "error", "loss")


@lru_cache(TAGS_KEPT)
def words(tag: str) -> Phrase:
    """Splits a tag into lower-case words and numbers.

    Args:
        tag: The tag, in whatever style: ``train/loss``, ``valLoss``, ``Loss-Total``, ``top5``.
    """
    return tuple(word for chunk in _CHUNK.findall(tag) for word in _words_of_chunk(chunk))


def _words_of_chunk(chunk: str) -> Sequence[str]:
    if chunk[0] in "@0123456789" or _is_known(chunk.lower()):
        return [chunk.lower()]
    return [word for part in _CAMEL.findall(chunk) for word in _apart(part.lower())]


def _is_known(word: str) -> bool:
    return (word,) in table() or word in ROLE_WORDS


def _apart(word: str) -> tuple[str, ...]:
    """A word as the two that it was put together from, where they are known."""
    if _is_known(word):
        return (word,)
    for attached in _ATTACHED:
        for rest in (word.removeprefix(attached), word.removesuffix(attached)):
            if rest != word and len(rest) >= _LEAST_LETTERS and _is_known(rest):
                return (attached, rest) if word.endswith(rest) else (rest, attached)
    for ending in _ENDINGS:
        if word.endswith(ending):
            return word.removesuffix(ending), ending
    return (word,)


@lru_cache(TAGS_KEPT)
def rows_of(segment: str) -> tuple[Row | None, ...]:
    """The rows of a part of a tag, in order; None for each word that has no row.

    Args:
        segment: The tag, or what stands between two of its slashes.
    """
    exact = words(segment)
    keys = tuple("#" if word[0].isdigit() else word for word in exact)
    found: list[Row | None] = []
    at = 0
    while at < len(exact):
        row, length = _longest(exact, keys, at)
        found.append(row)
        at += length
    return tuple(found)


def _longest(exact: Phrase, keys: Phrase, at: int) -> tuple[Row | None, int]:
    """The row of the longest phrase that begins at a word, and how many words that has."""
    known = table()
    for end in range(min(at + _longest_phrase(), len(exact)), at, -1):
        # A row with a number of its own comes before one with any number: r 2, r #.
        for phrase in (exact[at:end], keys[at:end]):
            if phrase in known:
                return known[phrase], end - at
    return None, 1


@cache
def _longest_phrase() -> int:
    return max(map(len, table()))
