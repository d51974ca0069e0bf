"""Hyperparameters for the page: of the run table, and as axes beside the objectives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.importance import importances
from tbtools.eventfile.discover import natural_key
from tbtools.render.format import format_number, format_rounded
from tbtools.runs.folding import hparams_sessions
from tbtools.runs.plugins.hparams import json_text
from tbtools.runs.plugins.hparams_table import bare_holders, settings_above
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.runs.run import Run

    Value = float | str | bool | None

# An axis of numbers that span so many times their least is logarithmic.
_DECADES = 100
# Different numbers beyond which an axis has ticks at even distances, and names beyond which it has
# them only at its ends.
_MOST_NUMBERS, _MOST_NAMES = 5, 8
# Longer numbers than this are rounded.
_LONG = 12
# Hyperparameters beyond which nobody reads on.
_MOST_BARS = 15


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
        stated: The same with those that were set to None.
        varying: The names in which the runs differ that have any.
        undecodable: What of them cannot be decoded, in words.
    """

    values: list[dict[str, Value]]
    stated: list[dict[str, Value]]
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
    stated = [
        {name: None if value is None else _plain(value) for name, value in values.items()}
        for values in own.values()
    ]
    return RunSettings(
        [{name: each for name, each in one.items() if each is not None} for one in stated],
        stated,
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
        ``runs``: the numbers of those that have hyperparameters; ``axes``: the objectives, then the
        hyperparameters that vary, with what each run has there; ``across``: which of these
        hyperparameters has the most different values, which is most likely the one in question;
        ``importance``: how they go with the main objective; ``undecodable``.
    """
    runs, hparams, measured = settings.drawn, [], []
    for name in settings.varying:
        own = {run: settings.values[run][name] for run in runs if name in settings.values[run]}
        texts = {run: setting_text(value) for run, value in own.items()}
        hparams.append(_axis(name, own, texts))
    for objective in objectives:
        best_of = {cell["run"]: cell for cell in objective["cells"] if cell["best"] is not None}
        joined = {settings.part_of.get(run, run): cell for run, cell in best_of.items()} | best_of
        cells = {run: joined[run] for run in runs if run in joined}
        best = {run: cell["best"] for run, cell in cells.items()}
        texts = {run: cell["best_text"] for run, cell in cells.items()}
        measured.append(
            _axis(objective["name"], best, texts)
            | {"objective": True, "better": objective["better"]}
        )
    # Where hyperparameters and values were written by different runs, an axis may have nothing.
    axes = [[axis for axis in some if axis["values"]] for some in (measured, hparams)]
    different = [len(set(axis["texts"].values())) for axis in axes[1]]
    return {
        "runs": runs,
        "axes": [*axes[0], *axes[1]],
        "across": different.index(max(different)) if different else 0,
        "importance": _importance(axes[0][0], settings) if axes[0] else [],
        "undecodable": settings.undecodable,
    }


def _importance(objective: Mapping[str, Any], settings: RunSettings) -> list[dict[str, Any]]:
    """How hyperparameters go with the best value of runs, as `tbtools.best` says it."""
    sign = 1 if objective["better"] == "max" else -1
    good = {str(run): sign * value for run, value in objective["values"].items()}
    found = importances(good, {run: settings.values[int(run)] for run in good})
    return [
        {
            "name": each.name,
            "correlation": each.correlation,
            "low": each.low,
            "high": each.high,
            "clear": each.is_clear,
            "text": f"{format_rounded(each.correlation)}, {plural(each.runs, 'run')}"
            + ("" if each.greater is None else f", {setting_text(each.greater)} as more"),
        }
        for each in found[:_MOST_BARS]
        if math.isfinite(each.correlation)
    ]


def _axis(name: str, values: Mapping[int, Value], texts: Mapping[int, str]) -> dict[str, Any]:
    """Numbers on a line, or on a logarithmic one; anything else by name.

    Returns:
        Its name; by run the value, its text, and where it lies, 0 to 1; whether it is logarithmic;
        ``names``, where it has no numbers; ticks, each with its place and its text.
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
            "names": names,
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
    text_of = {
        value: [at_run[run], texts[run] if len(texts[run]) <= _LONG else format_rounded(value)]
        for run, value in numbers.items()
    }
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
