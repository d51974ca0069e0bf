"""Hyperparameters and final metrics of all runs of an experiment as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from tbtools.runs.plugins.hparams import DeclaredMetric, HParams
    from tbtools.runs.run import Run


def _with_parents(name: str) -> Iterator[str]:
    """The run and those whose directories hold it, the nearest first, down to the log directory."""
    while name:
        yield name
        name = name.rpartition("/")[0]
    yield "."


def _declared_metrics(name: str, hparams: Mapping[str, HParams]) -> tuple[DeclaredMetric, ...]:
    """The metrics that the run, or the nearest run above it, declares; else those of any run.

    TensorBoard's experiment declares its metrics once, mostly above the runs it is about.
    """
    for holder in _with_parents(name):
        if holder in hparams and hparams[holder].metrics:
            return hparams[holder].metrics
    return tuple({metric: None for each in hparams.values() for metric in each.metrics})


def _final_values(run: Run) -> dict[str, float]:
    return {each.tag: each.last for each in run.statistics() if each.last is not None}


def _metrics(
    name: str, runs: Mapping[str, Run], declared: tuple[DeclaredMetric, ...]
) -> dict[str, float]:
    finals = _final_values(runs[name])
    if not declared:
        return finals
    found = {}
    for metric in declared:
        # The group is the run's own sub-directory: plugins/hparams/api.proto, MetricName.
        place = "/".join(part for part in (name, metric.group) if part)
        values = finals if not metric.group else _final_values(runs[place]) if place in runs else {}
        if metric.tag in values:
            label = f"{metric.group}/{metric.tag}" if metric.group else metric.tag
            found[label] = values[metric.tag]
    return found


def hparams_columns(runs: Mapping[str, Run]) -> tuple[list[str], dict[str, list[Any]]]:
    """The hyperparameters of the runs that have such, then the final values of their metrics.

    Args:
        runs: Run name to run.

    Returns:
        The names of these runs, and name to one cell a run: None where the run has no such value,
        while a NaN is one.
    """
    hparams = {name: run.hparams for name, run in runs.items()}
    names = [name for name in runs if hparams[name]]
    settings = {name: dict(hparams[name]) for name in names}
    metrics = {name: _metrics(name, runs, _declared_metrics(name, hparams)) for name in names}
    hparam_columns = _all_keys(settings)
    metric_columns = {
        tag: f"metric/{tag}" if tag in hparam_columns else tag for tag in _all_keys(metrics)
    }
    columns: dict[str, list[Any]] = {
        key: [settings[name].get(key) for name in names] for key in hparam_columns
    }
    for tag, label in metric_columns.items():
        columns[label] = [metrics[name].get(tag) for name in names]
    return names, columns


def hparams_table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """`hparams_columns` as a frame, in which pandas shows a NaN as missing.

    Args:
        runs: Run name to run.
    """
    import pandas as pd

    names, columns = hparams_columns(runs)
    return pd.DataFrame(columns, index=pd.Index(names, name="run", dtype="str"))


def _all_keys(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for table in tables.values() for key in table))
