"""The charts that layouts of custom scalars ask for: several tags in one, or lines with margins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tbtools.errors import TbtoolsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tbtools.render.report.media import Page
    from tbtools.runs.plugins.custom_scalars import Chart
    from tbtools.runs.run import Run

# Expressions are strangers': one that could take for ever has a group that is repeated, or many
# repetitions one behind the other.
_REPEATED_GROUP = re.compile(r"\)[*+?{]")
_REPETITION = re.compile(r"(?<!\\)[*+{]")
_MOST_REPETITIONS = 3


def layout_sections(
    runs: Mapping[str, Run], tags: Sequence[str], page: Page
) -> list[dict[str, Any]]:
    """The categories of the layouts of all runs, those of one title once.

    Args:
        runs: The runs.
        tags: The tags of the page.
        page: Is told what cannot be decoded or drawn.

    Returns:
        ``title``, whether it is ``closed`` at first, and ``charts``: ``title``, ``tags`` (numbers)
        and ``margins`` (the numbers of value, lower and upper edge).
    """
    number = {tag: index for index, tag in enumerate(tags)}
    found: dict[str, dict[str, Any]] = {}
    for name, run in runs.items():
        try:
            layout = run.custom_scalars()
        except TbtoolsError as error:
            page.without_card.append(f"run {name}: {error}")
            continue
        for category in layout.categories:
            charts = [_chart(chart, number, page) for chart in category.charts]
            charts = [chart for chart in charts if chart["tags"] or chart["margins"]]
            if charts:
                section = {"title": category.title, "closed": category.closed, "charts": charts}
                found.setdefault(category.title, section)
    return list(found.values())


def _chart(chart: Chart, number: Mapping[str, int], page: Page) -> dict[str, Any]:
    tags: dict[int, None] = {}
    for expression in chart.tags:
        matched = _matched(expression, number)
        if matched is None:
            page.without_card.append(f"chart {chart.title}: {expression} is not searched for")
        tags.update(dict.fromkeys(matched or ()))
    margins = [(each.value, each.lower, each.upper) for each in chart.margins]
    return {
        "title": chart.title,
        "tags": list(tags),
        "margins": [
            [number[tag] for tag in margin]
            for margin in margins
            if all(tag in number for tag in margin)
        ],
    }


def _matched(expression: str, number: Mapping[str, int]) -> Iterable[int] | None:
    """Which tags an expression matches, as TensorBoard does; None where that is not tried."""
    if expression in number:
        return [number[expression]]
    too_many = len(_REPETITION.findall(expression)) > _MOST_REPETITIONS
    if too_many or _REPEATED_GROUP.search(expression):
        return None
    try:
        pattern = re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        return None
    return [index for tag, index in number.items() if pattern.match(tag)]
