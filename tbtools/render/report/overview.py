"""What the page says first: the runs, and how good each got."""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.render.format import (
    format_count,
    format_number,
    format_time,
    plural,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.analysis.main_objective import Objectives
    from tbtools.render.report.outlines import Outline
    from tbtools.runs.run import Run
    from tbtools.vocabulary import Objective

# Runs that stand out where there are too many to tell apart.
MOST_LEADERS = 5
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
        "superseded": run.superseded,
        "last_step": max((int(each.max()) for each in steps), default=None),
        "start": min((float(each.min()) for each in times), default=None),
        "end": max((float(each.max()) for each in times), default=None),
        "pauses": _pauses(run),
        "status": status,
        "problems": problems,
        "notes": notes,
        "remarks": _remarks(run.superseded, len(problems), [note["kind"] for note in notes]),
    }


def _pauses(run: Run) -> list[list[float]]:
    """When no session ran, in seconds since the first event."""
    start = run.data.start_time
    parts = run.data.parts
    pauses = parts[0].columns.timeline.pauses if parts else ()
    return [[first - start, last - start] for first, last in pauses]


def _remarks(superseded: int, problems: int, notes: Sequence[str]) -> list[str]:
    """Problems and notes in a few words each."""
    return [
        *([f"{plural(superseded, 'point')} superseded"] if superseded else []),
        *([plural(problems, "problem")] if problems else []),
        *(note_words(kind) for kind in dict.fromkeys(notes) if kind != "superseded"),
    ]


def note_words(kind: str) -> str:
    """The kind of a note as it is read: ``steps go back``."""
    return kind.replace("_", " ")


def page_facts(
    rows: Sequence[Mapping[str, Any]],
    objectives: Sequence[Mapping[str, Any]],
    series: Sequence[Outline],
    unreadable: int,
) -> list[dict[str, Any]]:
    """The first line of the page.

    Args:
        rows: The runs, as `run_row` has them.
        objectives: As `objective_columns` has them.
        series: All series of the page.
        unreadable: How many paths could not be read.

    Returns:
        Facts: ``severity`` (None for none), and parts of a text, each with whether it stands out.
    """

    def fact(text: str, severity: str | None = None) -> dict[str, Any]:
        return {"severity": severity, "parts": [[text, False]]}

    severities = [row["status"]["severity"] for row in rows]
    superseded = sum(row["superseded"] for row in rows)
    problems = sum(len(row["problems"]) for row in rows)
    points = sum(each.points for each in series)
    ends = [row["end"] for row in rows if row["end"] is not None]
    facts = [{"severity": None, "parts": [[plural(len(rows), "run"), True]]}]
    facts += [
        fact(f"{format_count(severities.count(severity))} with {severity}s", severity)
        for severity in ("error", "warning")
        if severity in severities
    ]
    if objectives and objectives[0]["leader"] is not None:
        facts.append({"severity": None, "parts": _leader(rows, objectives[0])})
    facts.append(fact(f"{plural(points, 'scalar')} in {format_count(len(series))} series"))
    if superseded:
        facts.append(fact(f"{plural(superseded, 'point')} superseded"))
    if problems:
        facts.append(fact(f"{plural(problems, 'problem')} in event files", "warning"))
    if unreadable:
        facts.append(fact(f"{plural(unreadable, 'path')} could not be read", "error"))
    if ends:
        facts.append(fact(f"Last event {format_time(max(ends), UTC)}"))
    return facts


def _leader(rows: Sequence[Mapping[str, Any]], objective: Mapping[str, Any]) -> list[list[Any]]:
    leader = objective["leader"]
    [best] = [cell for cell in objective["cells"] if cell["run"] == leader]
    return [
        [f"Best {objective['name']} ", False],
        [best["best_text"], True],
        *([[" by ", False], [rows[leader]["name"], True]] if len(rows) > 1 else []),
        [f" at step {format_count(best['best_step'])}", False],
    ]


def objective_columns(
    series: Sequence[Outline], objectives: Objectives, runs: Sequence[str], tags: Sequence[str]
) -> list[dict[str, Any]]:
    """The objectives by which the runs are compared: the best value of each run, and the best run.

    Args:
        series: The series that are drawn.
        objectives: Their objectives.
        runs: The names of the runs, in their order on the page.
        tags: The tags, likewise.

    Returns:
        A column an objective, the most telling first: number and name of the tag, which way is
        better, the run that leads, and cells, each with the number of its run, its best value (with
        the step) and its last one, both None where not finite, and the texts of both.
    """
    run_number = {run: number for number, run in enumerate(runs)}
    tag_number = {tag: number for number, tag in enumerate(tags)}
    columns = []
    for tag in objectives.ranked[:MOST_OBJECTIVES]:
        better = objectives.directions[tag]
        cells = [
            {"run": run_number[each.run]} | _best(each, better) | _last(each)
            for each in series
            if each.tag == tag
        ]
        known = [cell for cell in cells if cell["best"] is not None]
        choose = min if better == "min" else max
        leader = choose(known, key=lambda cell: cell["best"])["run"] if known else None
        column = {"tag": tag_number[tag], "name": tag, "better": better, "leader": leader}
        columns.append(column | {"cells": cells})
    return columns


def best_runs(objectives: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of the best runs by the main objective, the best first."""
    if not objectives:
        return []
    main = objectives[0]
    known = [cell for cell in main["cells"] if cell["best"] is not None]
    known.sort(key=lambda cell: cell["best"], reverse=main["better"] == "max")
    return [cell["run"] for cell in known[:MOST_LEADERS]]


def _best(series: Outline, better: Objective) -> dict[str, Any]:
    best = series.least if better == "min" else series.greatest
    if best is None:
        return {"best": None}
    value, step = best
    text = format_number(value, series.dtype)
    return {"best": value, "best_text": text, "best_step": step}


def _last(series: Outline) -> dict[str, Any]:
    text = format_number(series.last, series.dtype)
    return {"last": series.last if math.isfinite(series.last) else None, "last_text": text}
