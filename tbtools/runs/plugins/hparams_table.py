"""Hyperparameters and final metrics of the runs of an experiment as one table."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools.runs.data import KnownHParams
from tbtools.runs.engine import over_runs
from tbtools.runs.folding import hparams_sessions, is_hparams_session
from tbtools.runs.plugins.hparams import read_decodable_hparams
from tbtools.runs.tables import free_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from tbtools.runs.plugins.hparams import DeclaredMetric, HParams, HParamValue
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.statistics import SeriesStatistics

    Finals = dict[str, "Metric"]


class Metric(NamedTuple):
    """A metric of a run: the run that holds it, and its series in numbers, the last one the final.

    The run is it, or one inside it.
    """

    run: str
    numbers: SeriesStatistics


class HParamsTable(NamedTuple):
    """One row a run that has hyperparameters.

    Attributes:
        hparams: The columns of hyperparameters.
        metrics: The columns of final values of metrics, which stand behind them.
        rows: Run name to column to cell. A column that a run does not have is not in its row; a
            hyperparameter that was set to None is.
        dtypes: Column of a metric to how its values are stored; ``mixed`` for several ways.
        problems: Run name and what of its hyperparameters cannot be decoded; it is left out.
        series: Run name to column of a metric to where it lies.
    """

    hparams: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: dict[str, dict[str, HParamValue]]
    dtypes: dict[str, str]
    problems: tuple[tuple[str, Undecodable], ...]
    series: dict[str, dict[str, Metric]]

    def to_frame(self) -> pd.DataFrame:
        """Index run; what a run does not have is missing, and so is None."""
        import pandas as pd

        columns: dict[str, list[Any]] = {
            name: [row.get(name) for row in self.rows.values()]
            for name in (*self.hparams, *self.metrics)
        }
        return pd.DataFrame(columns, index=pd.Index(list(self.rows), name="run", dtype="str"))


class Settings(NamedTuple):
    """The hyperparameters of a run.

    Attributes:
        values: Those that can be decoded, by name.
        problems: What of them cannot be decoded, each with the run that it lies in.
    """

    values: dict[str, HParamValue]
    problems: list[tuple[str, Undecodable]]


def hparams_table(runs: Iterable[str], all_runs: Mapping[str, Run]) -> HParamsTable:
    """The table of some runs; it says the same of a run whichever others are in it.

    Args:
        runs: The names of the runs that are shown.
        all_runs: Run name to run: these, and those that declare or hold metrics of theirs.
    """
    names = list(runs)
    sessions = _Sessions(all_runs, names)
    shown = [name for name in names if sessions.hparams(name)]
    settings = {name: dict(sessions.hparams(name)) for name in shown}
    metrics = {name: sessions.metrics(name) for name in shown}
    hparam_columns = _all_keys(settings)
    labels = _metric_labels(_all_keys(metrics), hparam_columns)
    series = {name: {labels[tag]: each for tag, each in metrics[name].items()} for name in shown}
    rows = {
        name: settings[name] | {label: each.numbers.last for label, each in series[name].items()}
        for name in shown
    }
    dtypes = joined_dtypes(
        (label, each.numbers.dtype) for own in series.values() for label, each in own.items()
    )
    return HParamsTable(
        tuple(hparam_columns), tuple(labels.values()), rows, dtypes, sessions.problems(), series
    )


def joined_dtypes(stored: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Column to how its values are stored, of pairs of these; ``mixed`` for several ways."""
    dtypes: dict[str, str] = {}
    for column, dtype in stored:
        dtypes[column] = dtype if dtypes.get(column, dtype) == dtype else "mixed"
    return dtypes


def _metric_labels(tags: Sequence[str], hparams: Sequence[str]) -> dict[str, str]:
    """The column of each metric: its tag, unless a hyperparameter has that name."""
    taken = {*tags, *hparams}
    labels = {}
    for tag in tags:
        labels[tag] = free_name(tag, taken, "metric") if tag in hparams else tag
        taken.add(labels[tag])
    return labels


def hparams_settings(
    runs: Mapping[str, Run], all_runs: Mapping[str, Run] | None = None
) -> dict[str, Settings]:
    """The hyperparameters of runs, where `add_hparams` has put them into a sub-run, too.

    Args:
        runs: Run name to run.
        all_runs: These, and those that may be their sub-runs; `runs` where not given.

    Returns:
        By run, in the same order. Those of a sub-run that holds the one `add_hparams` of a run in
        `runs` are that run's, and no longer its own.
    """
    all_runs = runs if all_runs is None else all_runs
    owners = hparams_sessions(all_runs, runs)
    settings = {name: Settings({}, []) for name in runs}
    for name in dict.fromkeys((*runs, *owners)):
        hparams, problems = read_decodable_hparams(all_runs[name].data)
        found = settings[owners.get(name, name)]
        found.values.update(hparams)
        found.problems.extend((name, each) for each in problems)
        all_runs[name].data.rest()
    return settings


def settings_above(
    runs: Mapping[str, Run], all_runs: Mapping[str, Run] | None = None
) -> dict[str, tuple[str, Settings]]:
    """The hyperparameters that hold for runs: their own, or those of a run that they are a part of.

    ``run-0/train`` belongs to the nearest run with hyperparameters whose directory holds it, as in
    TensorBoard and in `hparams_table`.

    Args:
        runs: Run name to run.
        all_runs: As for `hparams_settings`; those above `runs` among them.

    Returns:
        By run, in the same order, for those that have any: the run whose they are, and they.
    """
    all_runs = runs if all_runs is None else all_runs
    _learn(all_runs)
    known = hparams_settings(runs, all_runs)
    sub_runs = hparams_sessions(all_runs, runs)
    found = {}
    for name in runs.keys() - sub_runs.keys():
        for holder in _with_parents(name):
            if holder in all_runs and holder not in known:
                known |= hparams_settings({holder: all_runs[holder]}, all_runs)
            if holder in known and (known[holder].values or known[holder].problems):
                found[name] = holder, known[holder]
                break
    return {name: found[name] for name in runs if name in found}


def bare_holders(runs: Mapping[str, Run], found: Mapping[str, tuple[str, Settings]]) -> set[str]:
    """The runs that only say what hyperparameters the runs inside them have, and have no curves.

    Args:
        runs: Run name to run.
        found: What `settings_above` says of them.
    """
    holders = {holder for run, (holder, _) in found.items() if run != holder}
    return {name for name in holders & runs.keys() if not runs[name].data.diagnostics.has_scalars}


def _learn(runs: Mapping[str, Run]) -> None:
    """Lets an engine read the hyperparameters of runs that this process has not read."""
    unread = {
        name: run
        for name, run in runs.items()
        if run.data.engine and not run.data.is_read and run.data.known_hparams is None
    }
    if unread:
        for part in over_runs(unread, _known_hparams):
            for name, known in part.items():
                unread[name].data.known_hparams = known


def _known_hparams(read: Iterator[tuple[str, Run]]) -> dict[str, KnownHParams]:
    return {
        name: KnownHParams(*read_decodable_hparams(run.data), is_hparams_session(run))
        for name, run in read
    }


def _all_keys(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for table in tables.values() for key in table))


def _with_parents(name: str) -> Iterator[str]:
    """The run and those whose directories hold it, the nearest first, down to the log directory."""
    while name:
        yield name
        name = name.rpartition("/")[0]
    yield "."


class _Sessions:
    """The runs that have hyperparameters, with what belongs to them; everything is read once."""

    def __init__(self, runs: Mapping[str, Run], shown: Iterable[str]) -> None:
        self._runs = runs
        self._shown = frozenset(shown)
        self._hparams: dict[str, tuple[HParams, list[Undecodable]]] = {}
        self._finals: dict[str, Finals] = {}

    def hparams(self, name: str) -> HParams:
        """What can be decoded of a run's hyperparameters."""
        if name not in self._hparams:
            self._hparams[name] = read_decodable_hparams(self._runs[name].data)
        return self._hparams[name][0]

    def problems(self) -> tuple[tuple[str, Undecodable], ...]:
        """What cannot be decoded of the runs that were read."""
        return tuple(
            (name, problem) for name, (_, found) in self._hparams.items() for problem in found
        )

    def metrics(self, name: str) -> Finals:
        """The final values of a run's metrics.

        They are those that the run, or the nearest run above it, declares. Where none does, they
        are all scalars of the run and of the runs inside it: what a run beside it declares says
        nothing of this one. What would have the name of another one gets ``run/`` in front.
        """
        declared = self._declared(name)
        if not declared:
            found = dict(self._final_values(name))
            for inner in self._inside.get(name, ()):
                _add(found, _prefixed(_relative(inner, name), self._final_values(inner)))
            return found
        found = {}
        for metric in declared:
            _add(found, self._final_values_of(name, metric))
        return found

    def _declared(self, name: str) -> tuple[DeclaredMetric, ...]:
        for holder in _with_parents(name):
            if holder in self._runs and (metrics := self.hparams(holder).metrics):
                return metrics
        return ()

    def _final_values_of(self, name: str, metric: DeclaredMetric) -> Finals:
        """The final value of a declared metric; several where runs inside this one have its tag.

        The group of a metric is a directory in that of the run (MetricName in
        plugins/hparams/api.proto).
        """
        tag = metric.tag
        if metric.group:
            place = posixpath.normpath(posixpath.join(name, metric.group))
            values = self._final_values(place) if place in self._runs else {}
            return _prefixed(metric.group, {tag: values[tag]} if tag in values else {})
        own = self._final_values(name)
        if tag in own:
            return {tag: own[tag]}
        found: Finals = {}
        for inner in self._inside.get(name, ()):
            values = self._final_values(inner)
            found |= _prefixed(_relative(inner, name), {tag: values[tag]} if tag in values else {})
        return found

    @cached_property
    def _inside(self) -> dict[str, list[str]]:
        """Session to the runs that belong to it, such as its ``train``, for those that are shown.

        A run belongs to the nearest run with hyperparameters whose directory holds it, as in
        TensorBoard.
        """
        inside: dict[str, list[str]] = {}
        for name in self._runs:
            holders = [holder for holder in _with_parents(name) if holder in self._runs]
            if self._shown.isdisjoint(holders):
                continue
            session = next((holder for holder in holders if self.hparams(holder)), name)
            if session != name:
                inside.setdefault(session, []).append(name)
        return inside

    def _final_values(self, name: str) -> Finals:
        if name not in self._finals:
            statistics = self._runs[name].data.statistics()
            self._finals[name] = {
                each.tag: Metric(name, each) for each in statistics if each.last is not None
            }
        return self._finals[name]


def _relative(inner: str, name: str) -> str:
    return inner if name == "." else inner[len(name) + 1 :]


def _add(found: Finals, more: Finals) -> None:
    for tag, final in more.items():
        if found.get(tag) is not final:  # as it is where a metric is declared twice
            found[free_name(tag, found, "run")] = final


def _prefixed(prefix: str, values: Finals) -> Finals:
    return {f"{prefix}/{tag}": value for tag, value in values.items()}
