"""What the page says first: the runs, and how good each got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.render.format import format_count, format_number, plural
from tbtools.runs.plugins.hparams import json_text, read_decodable_hparams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.analysis.main_objective import Objectives
    from tbtools.runs.run import Run
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

# Columns of the run table beyond which nobody reads on.
MOST_OBJECTIVES = 3


def run_row(
    name: str, run: Run, status: dict[str, Any], shown_path: Callable[[str], str]
) -> dict[str, Any]:
    """What the run table says of a run beside its objectives and hyperparameters.

    Args:
        name: What the run is called.
        run: The run.
        status: What is wrong with it, as `run_statuses` has it.
        shown_path: Makes of a file's path the one that is shown.
    """
    rows = [part.columns.rows for part in run.data.parts]
    steps = [each.step for each in rows if each.count]
    times = [each.wall_time[np.isfinite(each.wall_time)] for each in rows]
    times = [each for each in times if each.size]
    problems = [
        {
            "file": shown_path(file),
            "offset": problem.offset,
            "kind": problem.kind,
            "message": problem.message,
        }
        for file, problem in run.data.iter_problems()
    ]
    notes = [note.to_dict() for note in run.data.iter_notes()]
    return {
        "name": name,
        "files": len(run.data.all_files),
        "bytes": sum(file.size for file in run.data.all_files),
        "points": sum(part.columns.order.size for part in run.data.parts),
        "superseded": run.superseded,
        "first_step": min((int(each.min()) for each in steps), default=None),
        "last_step": max((int(each.max()) for each in steps), default=None),
        "start": min((float(each.min()) for each in times), default=None),
        "end": max((float(each.max()) for each in times), default=None),
        "status": status,
        "problems": problems,
        "notes": notes,
        "remarks": _remarks(run.superseded, len(problems), [note["kind"] for note in notes]),
    }


def _remarks(superseded: int, problems: int, notes: Sequence[str]) -> list[str]:
    """Problems and notes in a few words each."""
    kinds = [kind.replace("_", " ") for kind in dict.fromkeys(notes)]
    return [
        *([f"{format_count(superseded)} points superseded"] if superseded else []),
        *([plural(problems, "problem")] if problems else []),
        *(kind for kind in kinds if kind != "superseded"),
    ]


def objective_columns(
    series: Sequence[ScalarSeries], objectives: Objectives, runs: Sequence[str], tags: Sequence[str]
) -> list[dict[str, Any]]:
    """The objectives by which the runs are compared: the best value of each run, and the best run.

    Args:
        series: The series that are drawn.
        objectives: Their objectives.
        runs: The names of the runs, in their order on the page.
        tags: The tags, likewise.

    Returns:
        A column an objective, the most telling first: number of the tag, which way is better, the
        run that leads, and cells, each with the number of its run and its best value (and the step
        and the exact text of that), None where none is finite.
    """
    run_number = {run: number for number, run in enumerate(runs)}
    tag_number = {tag: number for number, tag in enumerate(tags)}
    columns = []
    for tag in objectives.ranked[:MOST_OBJECTIVES]:
        better = objectives.directions[tag]
        cells = [
            {"run": run_number[each.run]} | _best(each, better)
            for each in series
            if each.tag == tag
        ]
        known = [cell for cell in cells if cell["best"] is not None]
        choose = min if better == "min" else max
        leader = choose(known, key=lambda cell: cell["best"])["run"] if known else None
        columns.append({"tag": tag_number[tag], "better": better, "leader": leader, "cells": cells})
    return columns


def _best(series: ScalarSeries, better: Objective) -> dict[str, Any]:
    finite = np.flatnonzero(np.isfinite(series.value))
    if not finite.size:
        return {"best": None}
    choose = np.argmin if better == "min" else np.argmax
    index = finite[choose(series.value[finite])]
    best = float(series.value[index])
    return {
        "best": best,
        "best_text": format_number(best, series.dtype),
        "best_step": int(series.step[index]),
    }


def hparams_of(runs: Sequence[Run]) -> dict[str, Any]:
    """Hyperparameters: names, whether the runs differ in them, each run's values, and problems."""
    read = [(run.name, *read_decodable_hparams(run.data)) for run in runs]
    settings = [dict(hparams) for _, hparams, _ in read]
    names = list(dict.fromkeys(name for each in settings for name in each))
    present = [each for each in settings if each]
    return {
        "names": names,
        "varying": [
            any(each.get(name) != present[0].get(name) for each in present) for name in names
        ],
        "values": [[_shown(each.get(name)) for name in names] for each in settings],
        "undecodable": [f"run {run}: {each}" for run, _, problems in read for each in problems],
    }


def _shown(value: Any) -> float | str | bool | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value) if np.isfinite(value) else str(value)
    return json_text(value)
