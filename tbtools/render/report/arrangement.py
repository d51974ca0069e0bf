"""In which order a page has its charts, what stands first, and the words between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tbtools.analysis.objective.roles import role_of
from tbtools.analysis.objective.table import words
from tbtools.errors import UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.render.report.markdown import markdown_to_html
from tbtools.runs.selection import matches
from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_SEPARATOR = re.compile(r"[/_.\- ]+")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)


def ordered_tags(tags: Collection[str], order: Sequence[str] = ()) -> list[str]:
    """The tags: those that the first glob matches, then those of the next, then all others.

    Args:
        tags: Those of all series of the page.
        order: Names or globs; what is equal stands in natural order.

    Raises:
        UnknownTag: One of them matches none.
    """
    tags = sorted(tags, key=natural_key)
    matching(tags, order)

    def place(tag: str) -> int:
        found = (number for number, glob in enumerate(order) if matches(tag, (glob,)))
        return next(found, len(order))

    return sorted(tags, key=place)


def matching(tags: Sequence[str], globs: Sequence[str]) -> list[int]:
    """The numbers of the tags that globs match, in the order of these.

    Raises:
        UnknownTag: One of them matches none.
    """
    found: dict[int, None] = {}
    for glob in globs:
        own = [number for number, tag in enumerate(tags) if matches(tag, (glob,))]
        if not own:
            raise UnknownTag(glob, tags)
        found.update(dict.fromkeys(own))
    return list(found)


def training_with_validation(tags: Sequence[str]) -> list[list[int]]:
    """The numbers of tags that say the same but for what it was measured on: training first."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for number, tag in enumerate(tags):
        if role_of(tag):
            alike.setdefault(_without_role(tag), []).append(number)
    pairs = []
    for numbers in alike.values():
        roles = {role_of(tags[number]) for number in numbers}
        if "train" in roles and len(roles) > 1:
            pairs.append(sorted(numbers, key=lambda number: role_of(tags[number]) != "train"))
    return pairs


def _without_role(tag: str) -> tuple[str, ...]:
    """The parts of a tag that do not say what it was measured on; its words where no part does."""
    parts = _SEPARATOR.split(tag)
    left = tuple(part for part in parts if part.lower() not in ROLE_WORDS)
    if len(left) < len(parts):
        return left
    return tuple(word for word in words(tag) if word not in ROLE_WORDS)


def words_between(text: str, places: Sequence[str]) -> list[dict[str, Any]]:
    """The words that stand between charts, as harmless HTML.

    A heading that is the name of a tag or of a group of charts says where what follows stands, up
    to the next such heading; what comes before the first stands at the top of the page.

    Args:
        text: Markdown.
        places: The names of tags and groups.

    Returns:
        In the order of the text ``place`` ("" for the top) and ``html``.
    """
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    known = set(places)
    found = [("", 0, 0)]
    found += [
        (match[1], match.start(), match.end())
        for match in _HEADING.finditer(text)
        if match[1] in known
    ]
    ends = [start for _, start, _ in found[1:]] + [len(text)]
    parts = [(place, text[begin:end]) for (place, _, begin), end in zip(found, ends, strict=True)]
    return [
        {"place": place, "html": markdown_to_html(part)} for place, part in parts if part.strip()
    ]
