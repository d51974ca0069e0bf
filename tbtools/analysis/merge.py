"""The pieces of one training as one run: what is kept, and which bytes of which file that is.

Nothing is written here. A `Merge` says which stretches of the event files make up the merged one,
record by record as they are; `tbtools.render.merged.write_merge` copies them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tbtools.analysis.edit.assets import asset_plugins, assets_of, distinct_assets
from tbtools.analysis.file_groups import (
    MergedSession,
    group_files,
    refuse_concurrent_runs,
    refuse_shared_tags,
    shared_file_notes,
)
from tbtools.analysis.pieces import Rewritten, pieces_of
from tbtools.analysis.same_tags import SameTags
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import problem_dicts, require_readable, run_note_dicts
from tbtools.runs.inputs import open_inputs, require_events
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.timeline.restarts import check_policy
from tbtools.showing import Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from tbtools.analysis.edit.results import Asset
    from tbtools.analysis.file_groups import FileGroup
    from tbtools.analysis.pieces import Copy
    from tbtools.analysis.same_tags import SameTag
    from tbtools.analysis.session_starts import SessionStart
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.timeline.notes import RunNote
    from tbtools.runs.timeline.sessions import Session
    from tbtools.vocabulary import RestartPolicy


@dataclass(frozen=True, slots=True)
class RunLoss:
    """Points of one run that the sessions of another have superseded.

    That is right where the other one goes on from a checkpoint of the first, and wrong where each
    run counts its steps from 0.

    Attributes:
        run: The run that loses them.
        to: The run whose sessions have superseded them.
        points: How many.
    """

    run: str
    to: str
    points: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Merge(Tabled):
    """Several pieces of a run as one.

    Attributes:
        runs: The names of the pieces.
        read_paths: The directories and event files that were read for them.
        restarts: The restart policy.
        points: How many points are kept.
        superseded: How many are left out because a later session has superseded them.
        tags: Tag to how many of its points are superseded, for those that have such.
        lost_tags: Those of them of which no point is kept.
        losses: Under ``resume``, what runs lose to one another.
        sessions: In the order of their first events; those that overlap are merged by wall time.
        pieces: What the merged file consists of, in order.
        start_time: Wall time of the first event, seconds since the epoch; 0 where none is known.
        problems: Damaged stretches, which are left out, and what could not be read: run, file,
            offset, length, kind, message.
        run_notes: What should be known of the files, and of the timelines that were made of them,
            each with the name of the run; None for what is about several pieces taken together.
        same: Tags that become one.
        renamed_values: How many values get another tag for that.
        same_names: The same as names in bytes.
        assets: Files beside the event files, as those of the projector and the profiler.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"pieces", "run_notes", "same_names"})

    runs: tuple[str, ...]
    read_paths: tuple[str, ...]
    restarts: RestartPolicy
    points: int
    superseded: int
    tags: Mapping[str, int]
    lost_tags: tuple[str, ...]
    losses: tuple[RunLoss, ...]
    sessions: tuple[MergedSession, ...]
    pieces: tuple[Copy | Rewritten | SessionStart, ...]
    start_time: float
    problems: tuple[dict[str, Any], ...]
    run_notes: tuple[RunNote, ...]
    same: tuple[SameTag, ...] = ()
    renamed_values: int = 0
    same_names: Mapping[bytes, bytes] = field(default_factory=dict)
    assets: tuple[Asset, ...] = ()

    def __repr__(self) -> str:
        """How much there is, on one line."""
        pieces = f"{plural(len(self.sessions), 'session')} of {plural(len(self.runs), 'run')}"
        return f"<Merge: {plural(self.points, 'point')} of {pieces}, {self.superseded} superseded>"

    @property
    def notes(self) -> tuple[dict[str, Any], ...]:
        """What should be known of the timelines: run, kind, message, tag, count."""
        return tuple(run_note_dicts(self.run_notes))

    @property
    def rewritten(self) -> int:
        """How many records could not be copied byte for byte."""
        return sum(isinstance(piece, Rewritten) for piece in self.pieces)

    def to_frame(self) -> pd.DataFrame:
        """One row a writer session: the attributes of `MergedSession`."""
        import pandas as pd

        names = list(MergedSession.__dataclass_fields__)
        rows = [[getattr(session, name) for name in names] for session in self.sessions]
        frame = pd.DataFrame(rows, columns=names)
        frame = frame.astype({"first_step": "Int64", "last_step": "Int64"})
        about = self.to_dict()
        frame.attrs |= {name: about[name] for name in ("superseded", "problems", "notes")}
        return frame

    def to_dict(self) -> dict[str, Any]:
        """What was merged, and what was left out."""
        names = MergedSession.__dataclass_fields__
        return {
            "runs": list(self.runs),
            "restarts": self.restarts,
            "points": self.points,
            "superseded": self.superseded,
            "rewritten_records": self.rewritten,
            "renamed_values": self.renamed_values,
            "same": [{"tag": each.tag, "names": list(each.names)} for each in self.same],
            "tags": [{"tag": tag, "superseded": count} for tag, count in self.tags.items()],
            "lost_tags": list(self.lost_tags),
            "assets": [{"file": each.file, "output": each.output} for each in self.assets],
            "losses": [asdict(loss) for loss in self.losses],
            "sessions": [
                {name: _json(getattr(session, name)) for name in names} for session in self.sessions
            ],
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def merge(
    runs: RunsLike,
    *,
    union: bool = False,
    restarts: str = "resume",
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    same: Mapping[str, Globs] | None = None,
) -> Merge:
    """Plans one run from the pieces of one training.

    The event files of all pieces count as if they lay in one directory, and the restart policy says
    what later sessions have superseded. With `union` each run stands for itself, and what different
    writers wrote under different tags comes together.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        union: Whether the runs are different writers rather than pieces of one training.
        restarts: ``resume``, ``preempt``, ``session_log`` or ``keep``.
        tags: Globs; all tags where not given. Where they are, files beside the event files (of the
            projector, the profiler) are left out.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        same: Names to globs of tags that are one thing, which is called so from now on; selection
            and restarts go by the new names.

    Returns:
        The plan; `tbtools.write` carries it out.

    Raises:
        InvalidArgument: Two runs wrote the same tag at the same time (or at all, with `union`), so
            that they are no pieces of one training.
        InputChanged: A file was replaced while it was read.
        InvalidArgument: Tags that are to be the same are of several plugins.
        UnknownTag: A glob matches no tag.
        NoEventFiles: There is nothing to read under a path.
        InvalidArgument: There is no such restart policy.

    Examples:
        >>> merged = tbtools.merge("examples/logs/resumed")
        >>> tbtools.write(merged, "merged")
        >>> len(tbtools.load("merged").scalars("train/loss"))
        600
    """
    policy = check_policy(restarts)
    inputs = open_inputs(runs)
    pieces = inputs.runs
    selector = Selector(Selection.of(tags, steps, exclude_tags=exclude_tags))
    require_readable(pieces)
    require_events(pieces.values())
    tags_joined = SameTags.of(same, [file for run in pieces.values() for file in run.data.files])
    groups = group_files(pieces, policy, union=union, same=tags_joined)
    for group in groups:
        group.select(selector)
    selector.require_match()
    for group in groups:
        if policy != "keep" and not union:
            refuse_concurrent_runs(group)
    if union:
        refuse_shared_tags(groups)
    ordered = _in_order(groups)
    tags_superseded: dict[str, int] = {}
    losses: dict[tuple[str, str], int] = {}
    for group in groups:
        for tag, count in group.superseded_by_tag().items():
            tags_superseded[tag] = tags_superseded.get(tag, 0) + count
        losses |= group.losses()
    times = [file.first_wall_time for group in groups for file in group.rows.files]
    return Merge(
        runs=tuple(pieces),
        read_paths=tuple(dict.fromkeys(run.data.read_path for run in pieces.values())),
        restarts=policy,
        points=sum(int(np.count_nonzero(group.kept)) for group in groups),
        superseded=sum(tags_superseded.values()),
        tags=dict(sorted(tags_superseded.items(), key=lambda item: natural_key(item[0]))),
        lost_tags=tuple(
            sorted({tag for group in groups for tag in group.lost_tags()}, key=natural_key)
        ),
        losses=tuple(RunLoss(run, to, points) for (run, to), points in losses.items()),
        sessions=tuple(group.merged_session(session) for group, session in ordered),
        pieces=tuple(pieces_of(groups)),
        start_time=min((time for time in times if time and np.isfinite(time)), default=0.0),
        problems=tuple(problem_dicts(pieces, inputs.unreadable)),
        run_notes=(
            *((name, note) for name, run in pieces.items() for note in run.data.file_notes()),
            *shared_file_notes(pieces),
            *(note for group in groups for note in group.notes()),
        ),
        same=tags_joined.listed(),
        renamed_values=sum(group.renamed_values for group in groups),
        same_names=tags_joined.names,
        assets=tuple(_assets(pieces.values())) if tags is None else (),
    )


def _assets(runs: Iterable[Run]) -> list[Asset]:
    """The files beside the event files of all runs."""
    places = dict.fromkeys(run.data.path for run in runs)
    found = [each for path in places for each in assets_of(path, Path(), asset_plugins(path))]
    return distinct_assets(found, ())


def _in_order(groups: Sequence[FileGroup]) -> list[tuple[FileGroup, Session]]:
    """The sessions of all groups, as they began."""
    sessions = [
        (float(group.timeline.clocks.start[number]), group, group.sessions[number])
        for group in groups
        for number in group.timeline.session_order
    ]
    return [(group, session) for _, group, session in sorted(sessions, key=lambda each: each[0])]
