"""What the event files hold and the page has no place for, so that it can say so."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tbtools.render.format import plural
from tbtools.render.report.media import SECTIONS
from tbtools.runs.plugins.table import plugin_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tbtools.runs.run import Run

# Hyperparameters have a chart of their own, layouts become charts of scalars; `structures` has
# cards of the others.
_SHOWN_OTHERWISE = frozenset({"hparams", "custom_scalars", "mesh", "graph_keras_model"})
_NO_PLUGIN = ("tag", " of tensors without a plugin", "run.tensors()")


def unshown(runs: Iterable[Run]) -> list[tuple[str, str]]:
    """What is in the runs but not on the page: how many of what, and what reads it in Python.

    Args:
        runs: The runs.
    """
    counts = Counter(thing for run in runs for thing in _of_run(run))
    return [
        (plural(count, noun) + rest, how) for (noun, rest, how), count in sorted(counts.items())
    ]


def _described(name: str) -> tuple[str, str, str]:
    if not name:
        return _NO_PLUGIN
    plugin = plugin_named(name)
    return plugin.noun, plugin.described, plugin.reader


def _of_run(run: Run) -> Iterator[tuple[str, str, str]]:
    for part in run.data.parts:
        for series in part.columns.series:
            shown = series.scalar or series.plugin in {*SECTIONS, *_SHOWN_OTHERWISE}
            if series.count and not shown:
                yield _described(series.plugin)
