"""Whether an expression of ``--where`` is true of a run that is still being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.judgement import found_kinds
from tbtools.errors import InvalidExpression
from tbtools.runs.matching import matching_runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tbtools.runs.run import Run
    from tbtools.runs.where import Where


def is_true_of(where: Where, name: str, runs: Mapping[str, Run]) -> bool:
    """Whether it is known to be true: what the run does not have yet may still come.

    Args:
        where: The expression.
        name: The name of the run.
        runs: All runs: the hyperparameters of one above it hold for it.
    """
    around = {each: runs[each] for each in (*names_above(name), name) if each in runs}
    try:
        chosen, _ = matching_runs(where, [name], around, found_kinds)
    except InvalidExpression:  # it names what this run does not have
        return False
    return bool(chosen)


def names_above(name: str) -> list[str]:
    """The names of the runs in which a run may lie, the outermost first."""
    parts = name.split("/")
    return [".", *("/".join(parts[:count]) for count in range(1, len(parts)))]
