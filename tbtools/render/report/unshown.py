"""What the event files hold and the page has no place for, so that it can say so."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from tbtools.render.format import plural
from tbtools.render.report.media import SECTIONS
from tbtools.runs.plugins.projector import CONFIG_NAME, has_embeddings
from tbtools.runs.plugins.table import plugin_named
from tbtools.runs.plugins.values import Undecodable
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tbtools.render.report.media import Page
    from tbtools.runs.run import Run

# Hyperparameters have a chart of their own, layouts become charts of scalars.
_SHOWN_OTHERWISE = frozenset({"hparams", "custom_scalars"})
_NO_PLUGIN = ("tag", " of tensors without a plugin", "run.tensors()")
_GRAPH = ("graph", "", "run.graph()")
_EMBEDDINGS = ("configuration", " of embeddings", "run.embeddings()")


def unshown(runs: Iterable[Run], page: Page) -> list[tuple[str, str]]:
    """What is in the runs but not on the page: how many of what, and what reads it in Python.

    Args:
        runs: The runs.
        page: Is told what cannot be looked for.
    """
    counts = Counter(thing for run in runs for thing in _of_run(run, page))
    return [
        (plural(count, noun) + rest, how) for (noun, rest, how), count in sorted(counts.items())
    ]


def _described(name: str) -> tuple[str, str, str]:
    if not name:
        return _NO_PLUGIN
    plugin = plugin_named(name)
    return plugin.noun, plugin.described, plugin.reader


def _of_run(run: Run, page: Page) -> Iterator[tuple[str, str, str]]:
    for part in run.data.parts:
        for series in part.columns.series:
            shown = series.scalar or series.plugin in {*SECTIONS, *_SHOWN_OTHERWISE}
            if series.count and not shown:
                yield _described(series.plugin)
        for kind in (row_kinds.GRAPH_DEF, row_kinds.META_GRAPH_DEF):
            yield from [_GRAPH] * len(part.columns.rows.marks(kind))
    try:
        if has_embeddings(run.path):
            yield _EMBEDDINGS
    except OSError as error:
        reason = f"{posixpath.join(run.path, CONFIG_NAME)}: {error.strerror}"
        page.tell(run.name, [Undecodable(reason)], on_card=False)
