"""What an expression of `where` asks of runs, so that the page can filter by it, too."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import stored_number
from tbtools.runs.status import patience_of, run_status, run_times
from tbtools.runs.where import FORMS
from tbtools.vocabulary import STATUS_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.analysis.judgement import Judgement
    from tbtools.render.report.columns import Columns
    from tbtools.render.report.hparams import RunSettings
    from tbtools.render.report.outlines import Outline
    from tbtools.runs.run import Run


def asked_of_runs(
    runs: Mapping[str, Run],
    judged: Judgement,
    settings: RunSettings,
    series: Sequence[Outline],
    columns: Columns,
) -> dict[str, Any]:
    """What `where` may ask, as `tbtools.runs.matching` answers it.

    Args:
        runs: The runs, in their order on the page.
        judged: What is wrong with them.
        settings: Their hyperparameters.
        series: All series of the page, whose numbers are meant.
        columns: Where the arrays go.

    Returns:
        ``runs``: of each ``hparams``, ``steps``, ``duration`` (None where not known), ``found``
        (kinds of findings, None where nothing was judged), ``status``, and ``patience``: a run that
        has not ended is in training for so many seconds after its last event; ``numbers``: by form
        an array with a number a series; ``narrow``: which of them are float32; ``kinds``: names
        that a status has for kinds of findings.
    """
    kinds: dict[str, set[str]] = {run: set() for run in judged.judged_runs()}
    for each in judged.findings:
        if each.fails([each.kind]):
            kinds.setdefault(each.run, set()).add(each.kind)
    rows = []
    for (name, run), hparams in zip(runs.items(), settings.stated, strict=True):
        start, end = run_times(run)
        steps = [each.last_step for each in run.data.statistics()]
        rows.append(
            {
                "hparams": hparams,
                "steps": max(steps, default=None),
                "duration": None if start is None or end is None else _span(start, end),
                "found": sorted(kinds[name]) if name in kinds else None,
                # Whether one is in training depends on when the page is looked at.
                "status": run_status(run, now=end),
                "patience": patience_of(run),
            }
        )
    numbers: dict[str, list[float]] = defaultdict(list)
    for one in series:
        for form, value in zip(FORMS, _numbers(one), strict=True):
            numbers[form].append(value)
    return {
        "runs": rows,
        "numbers": {form: columns.floats(np.array(each)) for form, each in numbers.items()},
        "narrow": columns.bytes(np.array([each.dtype == "float32" for each in series], np.uint8)),
        "kinds": STATUS_KINDS,
    }


def _span(start: float, end: float) -> float:
    return min(end - start, sys.float_info.max)  # JSON has no infinity


def _numbers(series: Outline) -> list[float]:
    """In the order of `FORMS`; NaN for none."""
    least, greatest = (
        math.nan if each is None else each[0] for each in (series.least, series.greatest)
    )
    # That of a constant is the stored value.
    is_stored = series.level == series.last
    end = stored_number(series.last, series.dtype) if is_stored else series.level
    found = [series.first, series.last, least, greatest]
    if series.dtype != "float32":  # of which where.js finds the decimal that was meant
        found = [float(stored_number(each, series.dtype)) for each in found]
    return [*found, float(end)]
