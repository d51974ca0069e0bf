"""What is no scalar in two runs: hyperparameters, texts, and the bytes of everything else."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from tbtools.analysis.diff.results import HParamDiff, PointDifference, TagDiff, TextDiff
from tbtools.errors import UndecodablePayload
from tbtools.eventfile.discover import natural_key
from tbtools.runs.plugins.hparams import read_decodable_hparams
from tbtools.runs.plugins.table import function_at, plugin_named
from tbtools.runs.plugins.values import Damaged, readable
from tbtools.runs.selection import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.analysis.diff.results import NotCompared, Side
    from tbtools.runs.plugins.values import StoredValue, Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

# Unchanged lines shown around those that differ.
_CONTEXT = 1

_A: Side = "a"
_B: Side = "b"

# The k-th value of a step.
_Key = tuple[int, int]


def compare_hparams(a: Run, b: Run) -> tuple[tuple[HParamDiff, ...], tuple[NotCompared, ...]]:
    """The hyperparameters that differ, by name, and what cannot be compared as it is no message."""
    (left, of_a), (right, of_b) = (read_decodable_hparams(run.data) for run in (a, b))
    result = []
    for name in sorted({*left, *right}, key=natural_key):
        if name not in right:
            result.append(HParamDiff(name, left[name], None, "a"))
        elif name not in left:
            result.append(HParamDiff(name, None, right[name], "b"))
        elif not _same(left[name], right[name]):
            result.append(HParamDiff(name, left[name], right[name]))
    return tuple(result), _sides(of_a, of_b)


def _same(a: Any, b: Any) -> bool:
    both_nan = all(isinstance(each, float) and math.isnan(each) for each in (a, b))
    # True is 1: torch stores a bool as a number.
    return both_nan or bool(a == b)


def compare_payloads(
    a: Run, b: Run, selection: Selection
) -> tuple[list[TagDiff], list[TextDiff], tuple[NotCompared, ...]]:
    """Compares what is neither scalar nor hyperparameter, value by value.

    Args:
        a: The one run.
        b: The other.
        selection: Which tags and steps.

    Returns:
        Each tag, the texts that differ, and what could not be compared as a file has changed.
    """
    found: list[TagDiff] = []
    texts: list[TextDiff] = []
    of_a: list[Undecodable] = []
    of_b: list[Undecodable] = []
    for tag, plugin in sorted({*_series(a, selection), *_series(b, selection)}):
        left = _digests(a, tag, plugin, selection, of_a)
        right = _digests(b, tag, plugin, selection, of_b)
        if not left and not right:
            continue
        common = left.keys() & right.keys()
        differing = sorted(key for key in common if left[key] != right[key])
        alone = sorted(left.keys() ^ right.keys())
        only_in: Side | None = "b" if not left else "a" if not right else None
        first = differing[0][0] if differing else None
        found.append(
            TagDiff(
                tag=tag,
                plugin=plugin,
                identical=not differing and not alone,
                only_in=only_in,
                objective="none",
                count_a=len(left),
                count_b=len(right),
                points=None if only_in else PointDifference(len(common), len(differing), first),
            )
        )
        if plugin_named(plugin).compared == "lines" and (differing or alone):
            key = min([*differing[:1], *alone[:1]])
            lines = _lines(a, tag, plugin, key, of_a), _lines(b, tag, plugin, key, of_b)
            texts.append(TextDiff(tag, key[0], _unified(*lines)))
    return found, texts, _sides(of_a, of_b)


def _sides(a: Sequence[Undecodable], b: Sequence[Undecodable]) -> tuple[NotCompared, ...]:
    """Each problem once, with its side."""
    return (
        *((_A, each) for each in dict.fromkeys(a)),
        *((_B, each) for each in dict.fromkeys(b)),
    )


def _series(run: Run, selection: Selection) -> Iterator[tuple[str, str]]:
    for part in run.data.parts:
        for series in part.columns.series:
            tag = part.shown_tag(series.tag)
            settings = plugin_named(series.plugin).compared == "settings"
            if not series.scalar and not settings and selection.has_tag(tag):
                yield tag, series.plugin


def _values(
    run: Run, tag: str, plugin: str, selection: Selection, problems: list[Undecodable]
) -> Iterator[tuple[_Key, StoredValue]]:
    """The values of a tag, each with its step and its number at that step."""
    seen: Counter[int] = Counter()
    if (tag, plugin) not in _series(run, EVERYTHING):
        return
    for value in readable(run.values(plugin, tag), problems):
        # The tag is also a glob, and may match others.
        if value.tag == tag and selection.has_step(value.step):
            yield (value.step, seen[value.step]), value
            seen[value.step] += 1


def _digests(
    run: Run, tag: str, plugin: str, selection: Selection, problems: list[Undecodable]
) -> dict[_Key, bytes]:
    """What the values are, without the metadata that comes with whichever was written first."""
    digests = {}
    for key, value in _values(run, tag, plugin, selection, problems):
        digests[key] = hashlib.blake2b(_content(value)).digest()
    return digests


def _content(value: StoredValue) -> bytes:
    if isinstance(value.stored, Damaged):
        return value.stored.data
    value.message.ClearField("metadata")
    content: bytes = value.message.SerializeToString(deterministic=True)
    return content


def _lines(run: Run, tag: str, plugin: str, wanted: _Key, problems: list[Undecodable]) -> list[str]:
    """A value as lines; none where the run does not have it."""
    lines_of = function_at(plugin_named(plugin).lines)
    for key, value in _values(run, tag, plugin, EVERYTHING, problems):
        if key == wanted:
            try:
                return list(lines_of(value))
            except UndecodablePayload as error:  # its bytes were compared
                return [f"({error})"]
    return []


def _unified(a: Sequence[str], b: Sequence[str]) -> tuple[str, ...]:
    lines = difflib.unified_diff(a, b, n=_CONTEXT, lineterm="")
    return tuple(lines)[2:]  # without the names of files
