"""What the event files hold and the page has no place for, so that it can say so."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tbtools.render.format import plural
from tbtools.runs.plugins.projector import has_embeddings
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tbtools.runs.run import Run

_SHOWN = frozenset({"images", "audio", "text", "histograms", "pr_curves", "hparams"})
# For each plugin: what is counted, what else is said of it, and what reads it in Python.
_KNOWN = {
    "": ("tag", " of tensors without a plugin", "run.tensors()"),
    "scalars": ("tag", " of the plugin scalars with other than one number a step", "run.tensors()"),
    "mesh": ("tag", " of meshes", "run.meshes()"),
    "custom_scalars": ("layout", " of custom scalars", "run.custom_scalars()"),
    "graph_keras_model": ("graph", " of Keras", "run.graph()"),
    "graph_run_metadata": ("traced step", "", "run.run_metadata()"),
    "graph_run_metadata_graph": ("traced step", "", "run.run_metadata()"),
}
_GRAPH = ("graph", "", "run.graph()")
_EMBEDDINGS = ("configuration", " of embeddings", "run.embeddings()")


def unshown(runs: Iterable[Run]) -> list[tuple[str, str]]:
    """What is in the runs but not on the page: how many of what, and what reads it in Python."""
    counts = Counter(thing for run in runs for thing in _of_run(run))
    return [
        (plural(count, noun) + rest, how) for (noun, rest, how), count in sorted(counts.items())
    ]


def _of_run(run: Run) -> Iterator[tuple[str, str, str]]:
    for part in run.parts:
        for series in part.columns.series:
            if series.count and not (series.scalar or series.plugin in _SHOWN):
                other = ("tag", f" of the plugin {series.plugin}", "run.plugin_data()")
                yield _KNOWN.get(series.plugin, other)
        for kind in (row_kinds.GRAPH_DEF, row_kinds.META_GRAPH_DEF):
            yield from [_GRAPH] * len(part.columns.rows.marks(kind))
    if has_embeddings(run.path):
        yield _EMBEDDINGS
