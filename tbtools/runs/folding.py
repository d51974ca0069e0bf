"""Sub-runs that `add_scalars` and `add_hparams` make, shown as part of the run that made them.

torch and tensorboardX give each curve of an `add_scalars` its own directory inside the run's, torch
as ``<tag with _ for />_<curve>``, tensorboardX as ``<tag>/<curve>``, and each `add_hparams` one
that is named by the time or at will.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tbtools.runs.run import Run

_HPARAMS_TAGS = {f"_hparams_/{name}" for name in ("experiment", "session_start_info")}
_HPARAMS_TAGS.add("_hparams_/session_end_info")
# tensorboardX writes each of these as _ in tags, but not in names of directories.
_NOT_IN_TAGS = re.compile(r"[^-/\w\.]")


def _curve_tags(run: Run, relative_name: str) -> dict[str, str] | None:
    """How the only tag of a curve is shown: ``loss/train`` for `train` of ``add_scalars("loss")``.

    Args:
        run: The sub-run.
        relative_name: Its name below the run that might have made it.
    """
    tags = run.data.own_tags
    if len(tags) != 1:
        return None
    [tag] = tags
    for prefix in (f"{tag.replace('/', '_')}_", f"{tag}/"):
        same = _NOT_IN_TAGS.sub("_", relative_name).startswith(_NOT_IN_TAGS.sub("_", prefix))
        if same and len(relative_name) > len(prefix):
            return {tag: f"{tag}/{relative_name[len(prefix) :]}"}
    return None


def is_hparams_session(run: Run) -> bool:
    """Whether all that it holds is one `add_hparams`: the session, and each metric once.

    A run of a search has hyperparameters, too, but its experiment is declared elsewhere, or it has
    curves: that is a run of its own.
    """
    if (known := run.data.known_hparams) is not None:
        return known.is_session
    return run.data.own_tags >= _HPARAMS_TAGS and all(
        each.tag in _HPARAMS_TAGS or (each.scalar and each.count == 1)
        for each in run.data.columns.series
    )


def _parent(name: str, runs: Mapping[str, Run]) -> str | None:
    """The nearest run whose directory holds the run."""
    above = name.rpartition("/")[0]
    while above and above not in runs:
        above = above.rpartition("/")[0]
    parent = above or "."
    return parent if parent in runs and parent != name else None


def hparams_sessions(
    runs: Mapping[str, Run], within: Collection[str] | None = None
) -> dict[str, str]:
    """The sub-runs that hold one `add_hparams` each, and the run that made each of them.

    Several `add_hparams` of one writer are several sessions, which say nothing of their writer.

    Args:
        runs: Run name to run.
        within: The runs whose sub-runs are looked at; all of them where not given.
    """
    parents = {name: _parent(name, runs) for name in runs}
    found = {
        name: parent
        for name, parent in parents.items()
        if parent and (within is None or parent in within) and is_hparams_session(runs[name])
    }
    sessions_of = Counter(found.values())
    return {name: parent for name, parent in found.items() if sessions_of[parent] == 1}


def fold_runs(runs: Mapping[str, Run]) -> dict[str, Run]:
    """Puts sub-runs into the runs whose directories hold them.

    Several `add_hparams` of one writer are several sessions, which stay runs of their own. So does
    what lies in a run that is itself folded: runs would be hard to find again.

    Args:
        runs: Run name to run, each in front of those inside it.

    Returns:
        The runs that are left, in the same order.
    """
    sessions = hparams_sessions(runs)
    left = dict(runs)
    for name, run in runs.items():
        parent = _parent(name, runs)
        if parent is None or parent not in left:
            continue
        tags: dict[str, str] | None = {}
        if name not in sessions:
            tags = _curve_tags(run, name if parent == "." else name[len(parent) + 1 :])
        if tags is not None:
            left[parent].data.fold(run.data, tags)
            del left[name]
    return left
