"""Answers of a bounded size: what does not fit is left out of the longest lists, and counted."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from tbtools.errors import InvalidArgument
from tbtools.vocabulary import plural

# Its length, what it is called, and itself.
_Container: TypeAlias = tuple[int, str, dict[str, Any] | list[Any]]
# Longer texts of logs are cut.
_TEXT = 2000
# Dicts of so few entries are records, whose keys are a promise; others have names as keys.
_RECORD = 40
# Of a curve, no point is left out here: it would seem to end there.
_WHOLE = "points"


def compact(content: Any) -> str:
    """JSON in ASCII, so that no text in it can steer or mislead whoever shows it."""
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


def bounded(content: dict[str, Any], characters: int) -> tuple[dict[str, Any], list[str]]:
    """Content that takes at most so many characters as JSON, and what was left out, in words.

    Args:
        content: Of dicts, lists, texts, finite numbers, None.
        characters: How many there may be.

    Raises:
        InvalidArgument: Nothing more can be left out.
    """
    cut = _Cut()
    short: dict[str, Any] = cut.texts(content)
    whole: dict[str, int] = {}
    while (needed := len(compact(short))) > characters:
        containers: list[_Container] = []
        _measure(short, "", containers)
        if not containers:
            raise InvalidArgument(
                f"the answer has {needed} characters, where there is room for {characters}: ask "
                "for fewer runs or tags"
            )
        size, name, container = max(containers, key=lambda each: each[0])
        share = (needed - characters) / size
        keep = min(max(int(len(container) * (1 - share)), 1), len(container) - 1)
        whole[name] = whole.get(name, 0) + len(container) - keep
        if isinstance(container, list):
            del container[keep:]
        else:
            for key in list(container)[keep:]:
                del container[key]
    left = [f"{count} entries of {name}" for name, count in whole.items()]
    if cut.count:
        left.append(f"the ends of {plural(cut.count, 'text')} of more than {_TEXT} characters")
    return short, left


class _Cut:
    """A copy of content in which long texts are cut."""

    def __init__(self) -> None:
        self.count = 0

    def texts(self, content: Any) -> Any:
        if isinstance(content, dict):
            return {self.texts(str(key)): self.texts(value) for key, value in content.items()}
        if isinstance(content, (list, tuple)):
            return [self.texts(each) for each in content]
        if isinstance(content, str) and len(content) > _TEXT:
            self.count += 1
            return f"{content[:_TEXT]}…"
        return content


def _measure(content: Any, name: str, containers: list[_Container]) -> int:
    """How many characters content takes, about; gathers what in it may be made shorter."""
    if isinstance(content, dict):
        below = [
            len(key) + 4 + _measure(value, f"{name}.{key}" if name else key, containers)
            for key, value in content.items()
        ]
        fewest = _RECORD
    elif isinstance(content, list):
        below = [1 + _measure(each, name, containers) for each in content]
        fewest = 1
    else:
        return len(compact(content))
    size = 2 + sum(below)
    if len(content) > fewest and name.rpartition(".")[2] != _WHOLE:
        containers.append((size, name, content))
    return size
