"""Hyperparameters for the page: of the run table, and as axes beside the objectives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.discover import natural_key
from tbtools.render.format import format_number, format_rounded
from tbtools.runs.folding import hparams_sessions
from tbtools.runs.plugins.hparams import json_text
from tbtools.runs.plugins.hparams_table import bare_holders, settings_above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.runs.run import Run

    Value = float | str | bool | None

# An axis of numbers that span so many times their least is logarithmic.
_DECADES = 100
# Different numbers beyond which an axis has ticks at even distances, and names beyond which it has
# them only at its ends.
_MOST_NUMBERS, _MOST_NAMES = 5, 8


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The hyperparameters of runs.

    Attributes:
        values: For each run, in their order, the value of each name that it has: a finite number, a
            bool or a text.
        drawn: The numbers of those that have any, but for runs without curves that only say what
            the runs inside them have.
        part_of: The number of a sub-run that one `add_hparams` made, and that of the run whose they
            are.
        varying: The names in which the runs differ that have any.
        undecodable: What of them cannot be decoded, in words.
    """

    values: list[dict[str, Value]]
    drawn: list[int]
    part_of: dict[int, int]
    varying: list[str]
    undecodable: list[str]


def run_settings(runs: Mapping[str, Run], all_runs: Mapping[str, Run]) -> RunSettings:
    """The hyperparameters of runs, those of a run that they are a part of among them.

    Args:
        runs: The runs, by name.
        all_runs: As for `settings_above`.
    """
    found = settings_above(runs, all_runs)
    bare = bare_holders(runs, found)
    settings = dict(found.values())
    present = [each.values for each in settings.values() if each.values]
    names = dict.fromkeys(name for each in present for name in each)
    number = {name: index for index, name in enumerate(runs)}
    own = {name: found[name][1].values if name in found else {} for name in runs}
    return RunSettings(
        [
            {name: _plain(value) for name, value in values.items() if value is not None}
            for values in own.values()
        ],
        [number[name] for name, values in own.items() if values and name not in bare],
        {number[run]: number[made_by] for run, made_by in hparams_sessions(runs).items()},
        [name for name in names if any(each.get(name) != present[0].get(name) for each in present)],
        [f"run {run}: {problem}" for each in settings.values() for run, problem in each.problems],
    )


def _plain(value: Any) -> Value:
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value) if np.isfinite(value) else str(value)
    return json_text(value)


def setting_text(setting: Any) -> str:
    """A hyperparameter as it is shown."""
    value = _plain(setting)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format_number(value)


def hparam_axes(settings: RunSettings, objectives: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the charts of hyperparameters show.

    Args:
        settings: The hyperparameters.
        objectives: As `objective_columns` has them.

    Returns:
        ``runs``: the numbers of those that have hyperparameters; ``axes``: the hyperparameters that
        vary, then the objectives, with what each run has there; ``across``: the number of the axis
        that has the most different values, which is most likely the one in question;
        ``undecodable``.
    """
    runs, axes = settings.drawn, []
    for name in settings.varying:
        own = {run: settings.values[run][name] for run in runs if name in settings.values[run]}
        axes.append(_axis(name, own, {run: setting_text(value) for run, value in own.items()}))
    different = [len(set(axis["texts"].values())) for axis in axes]
    for objective in objectives:
        best_of = {cell["run"]: cell for cell in objective["cells"] if cell["best"] is not None}
        joined = {settings.part_of.get(run, run): cell for run, cell in best_of.items()} | best_of
        cells = {run: joined[run] for run in runs if run in joined}
        best = {run: cell["best"] for run, cell in cells.items()}
        texts = {run: cell["best_text"] for run, cell in cells.items()}
        axes.append(_axis(objective["name"], best, texts) | {"objective": True})
    return {
        "runs": runs,
        # Where hyperparameters and values were written by different runs, an axis may have nothing.
        "axes": [axis for axis in axes if axis["values"]],
        "across": different.index(max(different)) if different else 0,
        "undecodable": settings.undecodable,
    }


def _axis(name: str, values: Mapping[int, Value], texts: Mapping[int, str]) -> dict[str, Any]:
    """Numbers on a line, or on a logarithmic one; anything else by name.

    Returns:
        Its name; by run the value, its text, and where it lies, 0 to 1; whether it is logarithmic;
        ticks, each with its place and its text.
    """
    numbers = {
        run: float(value)
        for run, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    axis = {"name": name, "values": dict(values), "texts": dict(texts), "log": False}
    if len(numbers) < len(values) or not numbers:
        names = sorted(set(texts.values()), key=natural_key)
        at = {
            text: index / (len(names) - 1) if len(names) > 1 else 0.5
            for index, text in enumerate(names)
        }
        ticks = names if len(names) <= _MOST_NAMES else [names[0], names[-1]]
        return axis | {
            "at": {run: at[text] for run, text in texts.items()},
            "ticks": [[at[text], text] for text in ticks],
        }
    low, high = min(numbers.values()), max(numbers.values())
    log = low > 0 and high / low >= _DECADES
    scale = math.log if log else float
    # Halves: the difference of two doubles may be none.
    start, span = scale(low) / 2, scale(high) / 2 - scale(low) / 2
    at_run = {
        run: (scale(value) / 2 - start) / span if span else 0.5 for run, value in numbers.items()
    }
    text_of = {numbers[run]: [at_run[run], texts[run]] for run in numbers}
    ticks_at = [text_of[value] for value in sorted(text_of)]
    if len(text_of) > _MOST_NUMBERS:
        middle = [
            [part, format_rounded(_between(low, high, part, log=log))] for part in (0.25, 0.5, 0.75)
        ]
        ticks_at = [ticks_at[0], *middle, ticks_at[-1]]
    return axis | {"log": log, "at": at_run, "ticks": ticks_at}


def _between(low: float, high: float, part: float, *, log: bool) -> float:
    if log:
        return math.exp(math.log(low) * (1 - part) + math.log(high) * part)
    return low * (1 - part) + high * part
