"""Sub-runs that `add_scalars` and `add_hparams` make, shown as part of the run that made them.

torch and tensorboardX give each curve of an `add_scalars` its own directory inside the run's, named
``<tag with _ for />_<curve>``, and each `add_hparams` one that is named by the time or at will.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tbtools.runs.run import Run

_SESSION_START = "_hparams_/session_start_info"


def folded_tags(run: Run, base_name: str) -> dict[str, str] | None:
    """How the tags of a sub-run are shown in its parent; None where it is a run of its own.

    The curve `train` of ``add_scalars("loss", ...)`` is shown as ``loss/train``. The tags of an
    `add_hparams` keep their names.

    Args:
        run: The sub-run.
        base_name: The last part of its name.
    """
    tags = {series.tag for series in run.columns.series}
    if _SESSION_START in tags:
        return {tag: tag for tag in tags}
    if len(tags) != 1:
        return None
    (tag,) = tags
    prefix = tag.replace("/", "_") + "_"
    if not base_name.startswith(prefix) or base_name == prefix:
        return None
    return {tag: f"{tag}/{base_name.removeprefix(prefix)}"}


def fold_runs(runs: Mapping[str, Run]) -> dict[str, Run]:
    """Puts sub-runs into the runs whose directories hold them.

    Only a run that lies directly in another run's directory can be a sub-run. With their parents
    folded too, runs would be hard to find again, so that one level is all there is.

    Args:
        runs: Run name to run.

    Returns:
        The runs that are left, in the same order.
    """
    left = dict(runs)
    for name, run in runs.items():
        parent_name, _, base_name = name.rpartition("/")
        parent = runs.get(parent_name or ".")
        if parent is None or parent is run:
            continue
        tags = folded_tags(run, base_name)
        if tags is not None:
            parent.fold(run, tags)
            del left[name]
    return left
