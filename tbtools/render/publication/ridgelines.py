"""Histograms over steps as ridgelines: one density behind the other, the first at the back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.render.chosen import chosen_values
from tbtools.render.format import format_count, plural, printable
from tbtools.render.publication.panels import Curve, Drawing, Panel
from tbtools.runs.inputs import require_points
from tbtools.runs.plugins.histograms import histogram
from tbtools.runs.plugins.values import decoded, readable
from tbtools.runs.reading import read_each
from tbtools.runs.selection import Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tbtools.render.publication.labels import Labels
    from tbtools.runs.inputs import Inputs
    from tbtools.runs.plugins.histograms import Histogram
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.selection import Selection

    Floats = NDArray[np.float64]

# Ridges that still can be told apart, and how many distances between two the highest one reaches.
_MOST_RIDGES = 20
_OVERLAP = 2.5
_MOST_PANELS = 12
_BINS = 60


def ridgelines(
    inputs: Inputs,
    selection: Selection,
    labels: Labels,
    progress: Callable[[int, int], None] | None,
) -> tuple[Drawing, int]:
    """Charts of histograms, one a run and tag, and of how many runs they are.

    A ridge is a density in bins of one width, as TensorBoard draws them: what writers make are
    buckets that grow with their distance from zero. All of a chart have one scale.

    Raises:
        InvalidArgument: There are no histograms, or more than a figure holds.
        UnknownTag: A glob matches no tag of histograms.
    """
    selector = Selector(replace(selection, plugins=("histograms",)), scalars=False)
    notes: list[str] = []
    found: dict[tuple[str, str], list[tuple[int, Histogram]]] = {}
    for name, run in read_each(inputs.runs, progress):
        problems: list[Undecodable] = []
        values = readable(chosen_values(run, "histograms", selector, selection), problems)
        for value, read in decoded(values, histogram, problems):
            found.setdefault((name, value.tag), []).append((value.step, read))
        notes += [f"run {printable(name)}: {each}" for each in problems]
    require_points(inputs.runs.values(), selector)
    if len(found) > _MOST_PANELS:
        raise InvalidArgument(
            f"{len(found)} series of histograms are more charts than a figure holds "
            f"({_MOST_PANELS}); choose runs and tags"
        )
    runs = {run for run, _ in found}
    panels = []
    for (of_run, tag), series in found.items():
        name = tag if len(runs) == 1 else f"{of_run}: {tag}"
        panels.append(_panel(name, series, labels, notes))
    if not any(panel.curves for panel in panels):
        raise InvalidArgument("nothing was counted in these histograms")
    caption = f"ridges: densities in {_BINS} bins, on one scale in each chart"
    return Drawing(panels, labels.of("value"), caption, notes), len(runs)


def _panel(
    name: str, series: Sequence[tuple[int, Histogram]], labels: Labels, notes: list[str]
) -> Panel:
    counted = [(step, each) for step, each in series if len(each.count) and each.count.sum() > 0]
    if empty := len(series) - len(counted):
        notes.append(f"{printable(name)}: {plural(empty, 'histogram')} of nothing")
    chosen = np.unique(np.linspace(0, len(counted) - 1, _MOST_RIDGES).round().astype(int))
    if len(counted) > _MOST_RIDGES:
        notes.append(
            f"{printable(name)}: {len(chosen)} of {plural(len(counted), 'histogram')} drawn, "
            "evenly many apart"
        )
        counted = [counted[number] for number in chosen]
    edges = _edges([each for _, each in counted])
    densities = [_density(each, edges) for _, each in counted]
    x = np.concatenate([edges[:1], (edges[:-1] + edges[1:]) / 2, edges[-1:]])
    highest = max((float(density.max()) for density in densities), default=1.0)
    title = labels.of(name)
    curves = []
    for number, density in enumerate(densities):
        base = float(len(densities) - 1 - number)  # the first at the back, which is the top
        top = base + np.pad(density, 1) / highest * _OVERLAP
        curves.append(Curve(title, 0, x, top, np.full(x.size, base), top))
    ticks = [
        (float(len(counted) - 1 - number), _step(step)) for number, (step, _) in enumerate(counted)
    ]
    every = -(-len(ticks) // 6) or 1
    return Panel(title, tuple(curves), tuple(ticks[::every]), labels.of("step"), is_ridges=True)


def _step(step: int) -> str:
    return f"{step / 1000:g}k" if abs(step) >= 10_000 and step % 100 == 0 else format_count(step)


def _edges(histograms: Sequence[Histogram]) -> Floats:
    low = min((float(each.left[0]) for each in histograms), default=0.0)
    high = max((float(each.right[-1]) for each in histograms), default=0.0)
    return np.linspace(low, high, _BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])


def _density(histogram: Histogram, edges: Floats) -> Floats:
    """The density in bins of one width; what a bucket counted lies evenly inside it."""
    count = histogram.count / histogram.count.sum()
    counted = np.cumsum(count)
    at = np.column_stack([histogram.left, histogram.right]).ravel()
    below = np.interp(edges, at, np.column_stack([counted - count, counted]).ravel())
    below[0] = 0.0  # where all lies at the lowest edge, it lies to the right of it
    density: Floats = np.diff(below) / np.diff(edges)
    return density
