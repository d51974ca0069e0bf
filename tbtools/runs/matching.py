"""Which runs an expression of `where` is true of."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from tbtools.errors import close_names
from tbtools.eventfile.discover import natural_key
from tbtools.runs.levels import mean_level, window_start
from tbtools.runs.numbers import stored_number
from tbtools.runs.plugins.hparams_table import settings_above
from tbtools.runs.reading import read_ahead
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.status import run_status, run_times
from tbtools.runs.where import MISSING, PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.runs.run import Run
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.runs.where import Comparison, Where

    FoundKinds: TypeAlias = Callable[[Mapping[str, Run]], Mapping[str, frozenset[str] | None]]


def matching_runs(
    where: Where, names: Sequence[str], all_runs: Mapping[str, Run], found: FoundKinds
) -> tuple[list[str], dict[str, int]]:
    """The runs that match; those that were read for this and do not are let go.

    Args:
        where: The expression.
        names: The names of the runs that are asked about.
        all_runs: Run name to run: these, and those whose hyperparameters hold for them.
        found: Says what kinds of findings runs have, by name; None of those not judged.

    Returns:
        Their names, and how many runs do not match because they lack something, by its name.

    Raises:
        InvalidExpression: It names what no run has.
    """
    runs = {name: all_runs[name] for name in names}
    unread = [run for run in all_runs.values() if not run.data.is_read]
    named = any(not each.is_property for each in where.comparisons)
    for _ in read_ahead(list((all_runs if named else runs).values())):
        pass
    facts = {name: _Facts(name, run) for name, run in runs.items()}
    if named:
        _resolve(where, facts, all_runs)
    if any(each.kinds for each in where.comparisons):
        for name, kinds in found(runs).items():
            facts[name].found = kinds
    chosen, lacking = [], Counter[str]()
    for name, of_run in facts.items():
        truth = where.holds(of_run.value)
        if truth:
            chosen.append(name)
        elif truth is None:
            unknown = (each for each in where.comparisons if each.holds(of_run.value) is None)
            lacking.update({each.lacked for each in unknown})
    kept = {id(runs[name]) for name in chosen}
    for run in unread:
        if id(run) not in kept:
            run.data.release()
    return chosen, dict(lacking)


def _resolve(where: Where, facts: Mapping[str, _Facts], all_runs: Mapping[str, Run]) -> None:
    """Says of each name whether it is that of a hyperparameter, which comes first, or of a tag.

    Raises:
        InvalidExpression: It is neither.
    """
    runs = {name: each.run for name, each in facts.items()}
    for name, (_, settings) in settings_above(runs, all_runs).items():
        facts[name].settings = settings.values
    hparams = {name for each in facts.values() for name in each.settings}
    tags = {tag for each in facts.values() for tag in each.scalars}
    for comparison in where.comparisons:
        name = comparison.name
        if comparison.is_property or name in tags or (name in hparams and not comparison.form):
            continue
        known = tags if comparison.form else {*tags, *hparams, *PROPERTIES}
        close = close_names(name, sorted(known, key=natural_key))
        names = ", ".join(map(repr, close or sorted(known, key=natural_key)[:5]))
        what = "scalar" if comparison.form else "hyperparameter or scalar"
        reason = f"no run has a {what} {name!r}" + (f"; there are {names}" if names else "")
        raise where.error(reason, comparison)
    for each in facts.values():
        each.hparams = hparams


class _Facts:
    """What is known of one run.

    Attributes:
        run: The run.
        settings: The hyperparameters that hold for it.
        hparams: The names of those of all runs: of them a bare name is meant.
        found: The kinds of what detection finds; None where it was not judged.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.run = run
        self.settings: Mapping[str, Any] = {}
        self.hparams: set[str] = set()
        self.found: frozenset[str] | None = None
        self._name = name

    @cached_property
    def scalars(self) -> dict[str, SeriesStatistics]:
        """Its scalars in numbers, by tag."""
        return {each.tag: each for each in self.run.data.statistics() if each.last is not None}

    def value(self, comparison: Comparison) -> Any:
        """The value of what is compared, or `MISSING`."""
        if comparison.is_property:
            if comparison.kinds:
                return MISSING if self.found is None else self.found | {run_status(self.run)}
            return self._property(comparison.name)
        if not comparison.form and comparison.name in self.hparams:
            return self.settings.get(comparison.name, MISSING)
        series = self.scalars.get(comparison.name)
        if series is None:
            return MISSING
        if comparison.form == "end":
            return self._level(comparison.name)
        value = getattr(series, comparison.form or "last")
        return MISSING if value is None else stored_number(value, series.dtype)

    def _property(self, name: str) -> Any:
        if name == "run":
            return self._name
        if name == "status":
            return run_status(self.run)
        if name == "steps":
            steps = [each.last_step for each in self.run.data.statistics()]
            return max(steps, default=MISSING)
        start, end = run_times(self.run)
        return MISSING if start is None or end is None else end - start

    def _level(self, tag: str) -> Any:
        selector = Selector(Selection(tags=(tag,)))
        series = read_scalars_of(self.run, selector).series[tag]
        last = float(series.value[-1])
        level = mean_level(series.value[window_start(series.value.size) :])
        # That of a constant is the stored value.
        return stored_number(last, series.dtype) if level == last else level
