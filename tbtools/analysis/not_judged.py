"""Which runs cannot be judged at all, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.detect import NotJudged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection


def runs_not_judged(runs: Mapping[str, Run], selection: Selection) -> Iterable[NotJudged]:
    """The runs of which nothing was judged, and why.

    A run without the tags or steps that are selected is not selected, and is left out.
    """
    for name, run in runs.items():
        known = run.data.diagnostics
        has_scalars = not selection.is_all or known.has_scalars
        yield from run_not_judged(name, is_unreadable=known.is_unreadable, has_scalars=has_scalars)


def run_not_judged(name: str, *, is_unreadable: bool, has_scalars: bool) -> tuple[NotJudged, ...]:
    """Why nothing of a run can be judged, if there is a reason."""
    if is_unreadable:
        return (NotJudged(name, None, "nothing could be read"),)
    return () if has_scalars else (NotJudged(name, None, "no scalars"),)
