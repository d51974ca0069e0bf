"""A few of many payloads: pictures, sounds, texts, histograms and curves for a page.

Only what is shown is read from the event files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.plugins.payloads import stored_values
from tbtools.runs.plugins.values import readable
from tbtools.runs.selection import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.parts import Part
    from tbtools.runs.plugins.values import StoredValue, Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection


def spread(count: int, most: int) -> NDArray[np.int64]:
    """Indices of at most `most` of `count` things, evenly spaced, with the first and the last."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.rint(np.linspace(0, count - 1, most)).astype(np.int64))


def some_values(
    run: Run, plugin: str, most: int, selection: Selection, problems: list[Undecodable]
) -> Iterator[tuple[int, list[StoredValue]]]:
    """The stored values of a plugin, tag by tag, of each tag at most so many.

    Args:
        run: The run.
        plugin: ``images``, ``audio``, ...
        most: How many values of each tag, evenly spaced.
        selection: Which tags and steps.
        problems: Where it is noted if an event file has changed or cannot be read any more.

    Yields:
        How many values the tag has in all, and those that were chosen, in the order written.
    """
    for part in run.data.parts:
        if not any(each.plugin == plugin for each in part.columns.series):
            continue
        chosen, counts = _chosen(part.within(selection.steps), plugin, most, selection.tags)
        values: dict[str, list[StoredValue]] = {}
        for value in readable(stored_values([chosen], plugin, None), problems):
            values.setdefault(value.tag, []).append(value)
        for tag, found in values.items():
            yield counts[tag], found


def _chosen(part: Part, plugin: str, most: int, tags: Sequence[str]) -> tuple[Part, dict[str, int]]:
    """The part with only the chosen rows of a plugin, and how many rows each tag has in it."""
    columns = part.columns
    series, rows, counts = [], [np.empty(0, np.int64)], {}
    end = 0
    for each in columns.series:
        if each.plugin != plugin or not each.count:
            continue
        if not matches(part.shown_tag(each.tag), tags):
            continue
        numbers = columns.of(each)[spread(each.count, most)]
        series.append(replace(each, first=end, end=end + len(numbers)))
        end += len(numbers)
        rows.append(numbers)
        counts[part.shown_tag(each.tag)] = each.count
    return replace(part, columns=columns.only(series, np.concatenate(rows))), counts
