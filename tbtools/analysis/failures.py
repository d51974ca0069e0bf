"""What the runs that failed share: the hyperparameters that tell them from those that did not.

Each hyperparameter is asked whether a split by its value (at most x or beyond, equal to x or not)
separates the runs, by Fisher's exact test, two-sided. Of the many splits one fits well by chance:
the probabilities are those of the best split of all hyperparameters when it is drawn at random
which runs have failed (the minimum-p procedure of Westfall & Young, "Resampling-Based Multiple
Testing", 1993), so that they are corrected for the number of hyperparameters and of their values,
and a sweep that is too small has nothing to tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.engine import engine_of
from tbtools.runs.plugins.hparams import json_value
from tbtools.runs.plugins.hparams_table import settings_above
from tbtools.runs.reading import read_ahead

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.judgement import Judgement
    from tbtools.runs.run import Run

    Settings = Mapping[str, Mapping[str, Any]]

# The chance that a split is reported where hyperparameters have nothing to do with it.
SIGNIFICANT = 0.05
# Random draws of the runs that have failed; the smallest probability that can be told is 1 / 2,000.
_DRAWS = 1_999
# Numbers that are tried as the border of a split, of each hyperparameter; evenly many runs between.
_MOST_BORDERS = 32
_MOST_NAMES = 32


@dataclass(frozen=True, slots=True)
class Split:
    """A hyperparameter whose value tells the runs that failed from the others.

    Attributes:
        name: The hyperparameter.
        relation: ``<=`` or ``>`` for numbers, ``==`` or ``!=`` for anything else: how the value of
            most runs that failed stands to `value`.
        value: Of numbers the value of a run that lies next to the border, on the side of the
            relation's name: the greatest of those that are at most it.
        failed_inside: How many runs failed of those for which the relation holds.
        inside: How many these are.
        failed_outside: How many failed of the others that have the hyperparameter.
        outside: How many these are.
        p: The probability of so good a split of any hyperparameter by chance; at least 1 / 2,000.
    """

    name: str
    relation: str
    value: Any
    failed_inside: int
    inside: int
    failed_outside: int
    outside: int
    p: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "value": json_value(self.value)
        }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The run without an error that is most like one that failed.

    Attributes:
        failed: The run that failed.
        healthy: The other one.
        differences: By hyperparameter in which they differ the value of each; None for no value.
    """

    failed: str
    healthy: str
    differences: dict[str, tuple[Any, Any]]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "failed": self.failed,
            "healthy": self.healthy,
            "differences": {
                name: [json_value(value) for value in pair]
                for name, pair in self.differences.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Failures:
    """What the runs that failed share.

    Runs that have the hyperparameters of one above them, such as ``run-0/train`` and
    ``run-0/validation``, count as that.

    Attributes:
        failed: The runs with an error that have hyperparameters.
        healthy: Those that were judged, have hyperparameters, and no error.
        splits: The hyperparameters that tell them apart, the surest first; none where the sweep is
            too small to tell.
        nearest: Of all pairs the two that are most alike; None where there is none.
    """

    failed: tuple[str, ...] = ()
    healthy: tuple[str, ...] = ()
    splits: tuple[Split, ...] = ()
    nearest: Neighbour | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "failed": len(self.failed),
            "healthy": len(self.healthy),
            "hparams": [each.to_dict() for each in self.splits],
            "nearest": self.nearest and self.nearest.to_dict(),
        }


def failures_of(
    runs: Mapping[str, Run], judgement: Judgement, all_runs: Mapping[str, Run]
) -> Failures:
    """What the runs that failed share.

    Args:
        runs: The runs.
        judgement: What is wrong with them. A run has failed that has an error.
        all_runs: As for `settings_of`.
    """
    errors = {each.run for each in judgement.findings if each.severity == "error"}
    judged = [*judgement.judged_runs()]
    judged += sorted(errors - {*judged})
    if not errors or len(errors) == len(judged):
        return Failures()
    trials, settings, _ = settings_of({name: runs[name] for name in judged}, all_runs)
    return compare_failures(settings, {trials[run] for run in errors})


def settings_of(
    runs: Mapping[str, Run], all_runs: Mapping[str, Run]
) -> tuple[dict[str, str], dict[str, dict[str, Any]], dict[str, list[str]]]:
    """The hyperparameters of runs that can be decoded.

    Args:
        runs: The runs, by name.
        all_runs: These, and those that may be their sub-runs, or that they may be a part of.

    Returns:
        For each run the one whose hyperparameters it has: itself, or the ``run-0`` of a
        ``run-0/train``; for each of those the hyperparameters, none where it has none; and for
        those that have any what of theirs cannot be decoded, or not be read.
    """
    if engine_of(all_runs) is None:
        for _ in read_ahead(list(all_runs.values()), None):
            pass
    found = settings_above(runs, all_runs)
    trials = {run: found[run][0] if run in found else run for run in runs}
    settings: dict[str, dict[str, Any]] = {trial: {} for trial in trials.values()}
    settings |= {trial: dict(each.values) for trial, each in found.values()}
    problems = {
        trial: [problem.message for _, problem in each.problems] for trial, each in found.values()
    }
    return trials, settings, problems


def compare_failures(settings: Settings, failed: Collection[str]) -> Failures:
    """Compares the hyperparameters of the runs that failed with those of the others.

    Args:
        settings: The hyperparameters of all runs that were judged; those without any are left out.
        failed: The names of those that failed.
    """
    runs = [run for run, values in settings.items() if values]
    labels = np.array([run in failed for run in runs], bool)
    if not labels.any() or labels.all():
        return Failures()
    names = dict.fromkeys(name for run in runs for name in settings[run])
    candidates = [
        split
        for name in names
        for split in _splits(name, [settings[run].get(name) for run in runs])
    ]
    bad = tuple(run for run in runs if run in failed)
    good = tuple(run for run in runs if run not in failed)
    return Failures(
        bad, good, tuple(_significant(candidates, labels)), _nearest(settings, bad, good)
    )


def nearest_healthy(settings: Settings, run: str, healthy: Sequence[str]) -> Neighbour | None:
    """The run without an error whose hyperparameters are most like those of a run."""
    known = [each for each in healthy if settings[each]]
    return _nearest(settings, [run], known) if known and settings.get(run) else None


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A way to split the runs: for which the relation holds, and which have the hyperparameter."""

    name: str
    relation: str
    value: Any
    holds: NDArray[np.bool_]
    known: NDArray[np.bool_]


def _splits(name: str, values: Sequence[Any]) -> list[_Candidate]:
    known = np.array([value is not None for value in values], bool)
    if all(_is_number(value) for value in values if value is not None):
        numbers = np.array([math.nan if value is None else value for value in values], float)
        known &= np.isfinite(numbers)
        borders = np.unique(numbers[known])[:-1]
        if borders.size > _MOST_BORDERS:
            borders = np.unique(
                np.quantile(numbers[known], np.linspace(0, 1, _MOST_BORDERS + 2)[1:-1],
                            method="lower")
            )  # fmt: skip
        return [
            _Candidate(name, "<=", border, known & (numbers <= border), known)
            for border in borders.tolist()
        ]
    texts = [repr(value) for value in values]
    different = {
        text: value for text, value in zip(texts, values, strict=True) if value is not None
    }
    if not 2 <= len(different) <= _MOST_NAMES:
        return []
    return [
        _Candidate(name, "==", value, np.array([each == text for each in texts], bool), known)
        for text, value in different.items()
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _significant(candidates: Sequence[_Candidate], labels: NDArray[np.bool_]) -> list[Split]:
    """The best split of each hyperparameter, where it is beyond chance."""
    if not candidates:
        return []
    random = np.random.default_rng(0)  # the same runs have the same answer
    drawn = [labels, *(random.permutation(labels) for _ in range(_DRAWS))]
    draws = np.array(drawn, np.float32)
    logs = _log_fisher(candidates, draws)
    least = logs.min(axis=1)
    best: dict[str, int] = {}
    for number, each in enumerate(candidates):
        if each.name not in best or logs[0, number] < logs[0, best[each.name]]:
            best[each.name] = number
    found = []
    for number in best.values():
        # Rounding must not tell draws apart that are equally good.
        chance = float((least <= logs[0, number] + 1e-9).mean())
        if chance <= SIGNIFICANT:
            found.append((logs[0, number], _split(candidates[number], labels, chance)))
    return [split for _, split in sorted(found, key=lambda each: each[0])]


def _log_fisher(splits: Sequence[_Candidate], draws: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithms of the two-sided p of Fisher's exact test.

    Args:
        splits: The splits.
        draws: 1 for each run that has failed, else 0, shape (draws, runs).

    Returns:
        Shape (draws, splits).
    """
    # Counts up to 2^24 are exact in float32.
    known = np.array([each.known for each in splits], np.float32)
    holds = np.array([each.holds for each in splits], np.float32)
    failed = (draws @ known.T).astype(np.int64)
    both = (draws @ holds.T).astype(np.int64)
    out = np.zeros(both.shape)
    for number, each in enumerate(splits):
        total, inside = int(each.known.sum()), int(each.holds.sum())
        for count in np.unique(failed[:, number]).tolist():
            here = failed[:, number] == count
            out[here, number] = _two_sided(total, inside, count)[both[here, number]]
    return out


def _two_sided(total: int, inside: int, failed: int) -> NDArray[np.float64]:
    """By how many of those inside have failed: the log of the sum of all that are no likelier."""
    factorial = np.cumsum(np.log(np.maximum(np.arange(total + 1), 1)))
    k = np.arange(max(0, failed - total + inside), min(inside, failed) + 1)

    def choose(n: int, part: NDArray[np.int64]) -> NDArray[np.float64]:
        logs: NDArray[np.float64] = factorial[n] - factorial[part] - factorial[n - part]
        return logs

    log_of = choose(inside, k) + choose(total - inside, failed - k)
    log_of -= choose(total, np.array(failed))
    in_order = np.sort(log_of)
    # Rounding must not part tables that are equally likely.
    at = np.searchsorted(in_order, log_of + 1e-9, side="right") - 1
    table = np.zeros(inside + 1)
    table[k] = np.logaddexp.accumulate(in_order)[at]
    return table


def _split(split: _Candidate, labels: NDArray[np.bool_], p: float) -> Split:
    """The split in numbers, said of the side on which most have failed."""
    outside = split.known & ~split.holds
    inside = split.holds
    relation = split.relation
    if labels[outside].mean() > labels[inside].mean():
        inside, outside = outside, inside
        relation = {"<=": ">", "==": "!="}[relation]
    return Split(
        name=split.name,
        relation=relation,
        value=split.value,
        failed_inside=int(labels[inside].sum()),
        inside=int(inside.sum()),
        failed_outside=int(labels[outside].sum()),
        outside=int(outside.sum()),
        p=p,
    )


def _nearest(settings: Settings, bad: Sequence[str], good: Sequence[str]) -> Neighbour:
    """The pair that differs in the fewest hyperparameters; of these the one with nearer numbers."""
    runs = [*bad, *good]
    different = np.zeros((len(bad), len(good)))
    apart = np.zeros_like(different)
    for name in dict.fromkeys(name for run in runs for name in settings[run]):
        values = [settings[run].get(name) for run in runs]
        codes: dict[str, int] = {}
        code = np.array([codes.setdefault(repr(value), len(codes)) for value in values])
        differs = code[: len(bad), None] != code[None, len(bad) :]
        different += differs
        if all(_is_number(value) and math.isfinite(float(value or 0)) for value in values):
            rank = np.unique(np.array(values, float), return_inverse=True)[1].reshape(-1)
            apart += np.abs(rank[: len(bad), None] - rank[None, len(bad) :]) / len(codes)
        else:
            apart += differs
    # Together they are at most one a hyperparameter, so that they decide only among equals.
    at = int(np.argmin(different + apart / (apart.max() + 1)))
    one, other = bad[at // len(good)], good[at % len(good)]
    first, second = settings[one], settings[other]
    return Neighbour(
        one,
        other,
        {
            name: (first.get(name), second.get(name))
            for name in dict.fromkeys((*first, *second))
            if repr(first.get(name)) != repr(second.get(name))
        },
    )
