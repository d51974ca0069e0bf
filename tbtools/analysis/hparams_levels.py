"""The table of hyperparameters with more of each metric than its last value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tbtools.analysis.configuration import configuration_of
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.reached import reached
from tbtools.errors import InvalidArgument
from tbtools.runs.inputs import open_inputs
from tbtools.runs.plugins.hparams_table import hparams_table, joined_dtypes
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.tables import free_name
from tbtools.vocabulary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.plugins.hparams_table import HParamsTable
    from tbtools.vocabulary import Objective

    Place = tuple[str, str]  # the column of a metric, and what of it
    Cells = dict[str, dict[Place, tuple[float, str]]]  # by run: the value, and how it is stored


def hparams_table_at(runs: RunsLike | Inputs, at: str | Sequence[str] = LEVELS) -> HParamsTable:
    """The hyperparameters of runs, and what their metrics have reached.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        at: What of each metric: ``last``, ``best``, ``end``, one or several, as `best` has them.
            The last value has the metric's name, the others ``NAME (best)`` and ``NAME (end)``,
            where some run has more than one point of it; there is no best where which way is better
            is not known.

    Raises:
        InvalidArgument: `at` is none of these.
    """
    given: object = [at] if isinstance(at, str) else at
    every: list[object] = list(given) if isinstance(given, Iterable) else []
    asked = [each for each in every if isinstance(each, str) and each in LEVELS]
    if not asked or len(asked) < len(every):
        raise InvalidArgument(f"at={at!r} is none of last, best, end")
    inputs = open_inputs(runs)
    table = hparams_table(inputs.runs, inputs.all_runs)
    cells = _cells(table, inputs, asked)
    labels = _labels(table, {key for own in cells.values() for key in own}, asked)
    rows = {
        run: {name: value for name, value in row.items() if name not in table.series[run]}
        | {labels[key]: value for key, (value, _) in cells[run].items()}
        for run, row in table.rows.items()
    }
    dtypes = joined_dtypes(
        (labels[key], dtype) for own in cells.values() for key, (_, dtype) in own.items()
    )
    return table._replace(metrics=tuple(labels.values()), rows=rows, dtypes=dtypes)


def _labels(table: HParamsTable, found: set[Place], asked: Sequence[str]) -> dict[Place, str]:
    """The columns, in their order."""
    taken = {*table.hparams, *table.metrics}
    labels = {}
    for column in table.metrics:
        for each in dict.fromkeys((*asked, "last")):
            if (column, each) in found:
                name = f"{column} ({each})"
                label = column if each == "last" else free_name(name, taken, "metric")
                labels[column, each] = label
                taken.add(label)
    return labels


def _cells(table: HParamsTable, inputs: Inputs, asked: Sequence[str]) -> Cells:
    """What the metrics have reached; each run is read once."""
    cells: Cells = {run: {} for run in table.rows}
    curves = {
        column
        for own in table.series.values()
        for column, metric in own.items()
        if metric.numbers.count > 1
    }
    directions = _directions(inputs)
    held = defaultdict(list)
    for run, own in table.series.items():
        for column, metric in own.items():
            held[metric.run].append((run, column, metric.numbers.tag))
    for name, metrics in held.items():
        series = read_scalars_of(inputs.all_runs[name]).series
        for run, column, tag in metrics:
            for each in asked if column in curves else ("last",):
                if each != "best" or directions[tag] != "none":
                    found = reached(series[tag], directions[tag], each)
                    assert found is not None  # no step was asked for
                    cells[run][column, each] = found.level.mean, found.dtype
    return cells


def _directions(inputs: Inputs) -> Mapping[str, Objective]:
    """Which way is better, as `best` has it of all runs: which are selected changes no value."""
    points = {
        name: {each.tag: each.count for each in run.data.statistics() if each.last is not None}
        for name, run in inputs.all_runs.items()
    }
    return rank_objectives(points, configuration_of(inputs).objectives).directions
