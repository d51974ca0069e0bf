"""Where a series that goes on will be, and whether that is as good as the best of its siblings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.forecast import AHEAD, CONFIDENCE, Forecast, forecast, level_at_end
from tbtools.analysis.detect.judged import Judged
from tbtools.analysis.detect.learning_rate import learning_rates
from tbtools.analysis.objective import objectives_of
from tbtools.runs.numbers import json_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    _Level = tuple[float, str]
    _Known = tuple[list[_Level], list[tuple[int, str]]]

# The part of the tags of either that siblings have together.
ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a series will be if it goes on as it has.

    Attributes:
        tag: Its tag.
        forecast: Its level at a later step.
        best_sibling: The run whose level of this tag at its end is the best; None without siblings.
        best_value: That level.
        reaches_best: Whether the forecast is better than that, its whole interval (True) or no part
            of it (False); None where that is open.
    """

    tag: str
    forecast: Forecast
    best_sibling: str | None
    best_value: float | None
    reaches_best: bool | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without the tag."""
        return {
            **self.forecast.to_dict(),
            "best_sibling": self.best_sibling,
            "best_sibling_value": None if self.best_value is None else json_number(self.best_value),
            "reaches_best": self.reaches_best,
        }


class Siblings:
    """The runs that log nearly the same tags, as those of one script do, and how good they are."""

    def __init__(self, by_run: Mapping[str, Mapping[str, ScalarSeries]]) -> None:
        """Gathers them.

        Args:
            by_run: The series of each run, by tag.
        """
        self._by_run = by_run
        self._tags = {run: frozenset(own) for run, own in by_run.items()}
        self._alike: dict[frozenset[str], list[str]] = {}
        self._known: dict[tuple[frozenset[str], str, str], _Known] = {}

    def beside(self, run: str, tag: str, objective: Objective) -> tuple[_Level | None, int | None]:
        """The best level at its end that another run has, and the last step that another one has.

        Args:
            run: The run whose siblings they are.
            tag: The tag that is compared.
            objective: Which way is better.
        """
        key = self._tags[run], tag, objective
        if key not in self._known:
            alike = (self._by_run[each] for each in self._runs_like(self._tags[run]))
            self._known[key] = _known([own[tag] for own in alike if tag in own], objective)
        levels, ends = self._known[key]
        best = next((each for each in levels if each[1] != run), None)
        return best, next((end for end, other in ends if other != run), None)

    def _runs_like(self, tags: frozenset[str]) -> list[str]:
        if tags not in self._alike:
            self._alike[tags] = [
                run
                for run, other in self._tags.items()
                if len(tags & other) >= ALIKE * len(tags | other)
            ]
        return self._alike[tags]


def _known(series: Sequence[ScalarSeries], objective: Objective) -> _Known:
    """The two best levels, and the two last steps: one of them is of another run.

    A series that ends in no number has no level.
    """
    levels = []
    for each in series:
        judged = Judged(each, objective)
        if len(judged) and np.isfinite(each.value[-1]):
            levels.append((judged.logged(level_at_end(judged)), each.run))
    ends = [(int(each.step[-1]), each.run) for each in series if each.step.size]
    levels.sort(reverse=objective == "max")
    return levels[:2], sorted(ends, reverse=True)[:2]


def outlook_of(
    series: ScalarSeries,
    objective: Objective,
    siblings: Siblings | None = None,
    rate: ScalarSeries | None = None,
    since: int = 0,
) -> Outlook | None:
    """Where a series will be; None where that cannot be told.

    It is told for the last step of the sibling that goes on the longest, or where none goes on
    longer, or it goes on for very long, for half as many steps again as there are.

    Args:
        series: The series.
        objective: Which way is better.
        siblings: The runs to compare with.
        rate: The run's learning rate, where it logs one.
        since: The first point from which it is foreseen, as of a plateau.
    """
    own = Judged(series.at(np.arange(since, series.step.size)) if since else series, objective)
    if not len(own):
        return None
    best, end = None, None
    if siblings is not None:
        best, end = siblings.beside(series.run, series.tag, objective)
    last = own.last_step(-1)
    farthest = last + int(AHEAD * (last - own.step(0)))
    found = forecast(own, min(end, farthest) if end and end > last else farthest, rate)
    if found is None:
        return None
    if best is None:
        return Outlook(series.tag, found, None, None, None)
    sign = 1 if objective == "min" else -1
    better, worse = sorted([sign * found.low, sign * found.high])
    reaches = True if worse <= sign * best[0] else False if better > sign * best[0] else None
    return Outlook(series.tag, found, best[1], best[0], reaches)


def with_outlooks(
    findings: Iterable[Finding],
    series: Iterable[ScalarSeries],
    overrides: Mapping[str, Objective] | None,
) -> tuple[Finding, ...]:
    """Adds to each plateau that goes on where it will be: ``outlook`` in its evidence.

    Of plateaus that are one event only the first gets it.

    Args:
        findings: The findings.
        series: All series of the runs.
        overrides: Which way is better, by glob, where the words of a tag do not say.
    """
    found = tuple(findings)
    if not any(_is_open(each) for each in found):
        return found
    by_run: dict[str, dict[str, ScalarSeries]] = defaultdict(dict)
    for one in series:
        by_run[one.run][one.tag] = one
    siblings = Siblings(by_run)
    return tuple(
        _with_outlook(each, by_run[each.run], siblings, overrides) if _is_open(each) else each
        for each in found
    )


def _is_open(finding: Finding) -> bool:
    is_first = "cause" not in finding.evidence
    return finding.kind == "plateau" and finding.is_serious and finding.ongoing and is_first


def _with_outlook(
    finding: Finding,
    own: Mapping[str, ScalarSeries],
    siblings: Siblings,
    overrides: Mapping[str, Objective] | None,
) -> Finding:
    series = own[finding.tag]
    objective = objectives_of(own, overrides)[finding.tag]
    rate = learning_rates(own.values()).get(finding.run)
    since = series.find(finding.onset_step, finding.onset_time)
    found = outlook_of(series, objective, siblings, rate, since)
    if found is None:
        return finding
    message = finding.message
    if found.reaches_best is False:
        message += f"; going on like this it will not reach the {found.best_value:.4g} of "
        message += f"{found.best_sibling} by step {found.forecast.step:,} ({CONFIDENCE:.0%})"
    return replace(
        finding, message=message, evidence={**finding.evidence, "outlook": found.to_dict()}
    )
