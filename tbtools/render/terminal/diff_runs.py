"""Many runs compared with one: a row a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from tbtools.analysis.main_objective import rank_objectives
from tbtools.render.format import format_count, format_number
from tbtools.render.terminal.diff_cells import (
    change_cell,
    final_cell,
    setting_cell,
    step_cell,
    verdict_text,
)
from tbtools.render.terminal.lines import shown_name
from tbtools.render.terminal.table import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.analysis.diff import Diff, HParamDiff, RunDiff, TagDiff
    from tbtools.render.terminal.lines import FormatNumber

_HPARAMS_SHOWN = 3


def run_columns(
    diff: Diff, judged: Sequence[TagDiff | None], number: FormatNumber = format_number
) -> list[Column]:
    """One row a run: how it stands to the baseline.

    Args:
        diff: Of several runs with one.
        judged: As `main_tags` gives them.
        number: How measured numbers are written.
    """
    runs = diff.runs
    columns = [
        Column("run", [shown_name(run.b or "-") for run in runs], names=True),
        Column("tags differ", [_differing(run) for run in runs], True, 3),
        Column("from step", [step_cell(_first_of(run)) for run in runs], True, 4),
    ]
    main = next((tag.tag for tag in judged if tag is not None), None)
    if main is not None:
        ends = ["-" if tag is None else final_cell(tag, "b", number) for tag in judged]
        columns += [
            Column(shown_name(main), ends, True, 2),
            Column("change", ["-" if tag is None else change_cell(tag) for tag in judged], True),
            Column("is", [_verdict(tag) for tag in judged]),
        ]
    columns += [
        Column("better", [_named(run, "better") for run in runs], rank=5),
        Column("worse", [_named(run, "worse") for run in runs], rank=5),
        Column("length", ["shorter" if _is_shorter(run) else "-" for run in runs], rank=1),
        Column("hyperparameters", [_hparam_changes(run) for run in runs], rank=6),
    ]
    return columns


def _differing(run: RunDiff) -> str:
    return f"{sum(not tag.identical for tag in run.tags)} of {len(run.tags)}"


def _first_of(run: RunDiff) -> int | None:
    steps = [tag.points.first_step for tag in run.tags if tag.points]
    return min((step for step in steps if step is not None), default=None)


def _named(run: RunDiff, verdict: str) -> str:
    """How many tags have a verdict."""
    count = sum(tag.evidence is not None and tag.evidence.verdict == verdict for tag in run.tags)
    return format_count(count) if count else "-"


def _is_shorter(run: RunDiff) -> bool:
    return any(tag.shorter == "b" for tag in run.tags)


def _from_to(one: HParamDiff) -> str:
    return f"{setting_cell(one.a)} -> {setting_cell(one.b)}"


def _verdict(tag: TagDiff | None) -> Text:
    if tag is None:
        return Text("-")
    return Text("the same") if tag.identical else verdict_text(tag)


def _hparam_changes(run: RunDiff) -> str:
    changes = [
        f"{shown_name(each.name)} {setting_cell(each.a)} -> {setting_cell(each.b)}"
        for each in run.hparams
    ]
    left = len(changes) - _HPARAMS_SHOWN
    return ", ".join(changes[:_HPARAMS_SHOWN]) + (f" and {left} more" if left > 0 else "") or "-"


def main_tags(diff: Diff) -> list[TagDiff | None]:
    """Of each run the scalar that tells most of all, see `rank_objectives`; None without it."""
    directions = {
        tag.tag: tag.objective
        for run in diff.runs
        for tag in run.tags
        if tag.plugin == "scalars" and tag.only_in is None
    }
    points = {
        str(number): {tag.tag: tag.count_b for tag in run.tags if tag.tag in directions}
        for number, run in enumerate(diff.runs)
    }
    main = next(iter(rank_objectives(points, directions).ranked), None)
    return [next((tag for tag in run.tags if tag.tag == main), None) for run in diff.runs]
