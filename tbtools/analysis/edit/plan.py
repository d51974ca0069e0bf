"""Plans logs that are written anew: with other names, other steps, fewer tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.edit.assets import assets_of, distinct_assets
from tbtools.analysis.edit.followers import Followers
from tbtools.analysis.edit.names import Collision, Renaming, new_names, require_inside
from tbtools.analysis.edit.parts import TagSplit
from tbtools.analysis.edit.results import Edit, FileEdit, PluginEdit
from tbtools.analysis.edit.seen import SeenRun, Wishes, parts_of
from tbtools.analysis.edit.steps import as_scale, ends_joined
from tbtools.analysis.places import Folders, Places
from tbtools.errors import InvalidArgument
from tbtools.runs.diagnostics import problem_dicts, require_readable
from tbtools.runs.engine import over_runs
from tbtools.runs.inputs import open_inputs, require_events
from tbtools.runs.selection import Selection, Selector, as_globs, choose
from tbtools.vocabulary import COLLISION_POLICIES, CollisionPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from fractions import Fraction

    from tbtools.analysis.edit.names import Renames
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs


def edit(
    runs: RunsLike,
    progress: Callable[[int, int], None] | None = None,
    *,
    tags: Globs = None,
    exclude_tags: Globs = None,
    drop: Globs = None,
    plugins: Globs = None,
    exclude_plugins: Globs = None,
    steps: Steps = None,
    split_sessions: bool = False,
    split_by_tag: str | None = None,
    rename: Renames = None,
    rename_runs: Renames = None,
    unwrap_steps: bool = False,
    scale_steps: float | str | Fraction = 1,
    shift_steps: int = 0,
    concat: bool = False,
    first_wall_time: float | None = None,
    on_collision: CollisionPolicy | None = None,
) -> Edit:
    """Plans copies of logs in which some things are others, and all else is byte for byte the same.

    First it is said what stays, by the names and steps that there are; then runs become several,
    then tags and runs get their names, and then steps and wall times change. Restarts change
    nothing: superseded points stay.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        progress: As for `Experiment.scan`.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        drop: Another word for it; both may be given.
        plugins: Globs of plugins; all where not given. ``graphs`` are the graph of a run and what
            was traced of it.
        exclude_plugins: Globs of plugins that are left out.
        steps: First and last step, both included; None for no bound. Hyperparameters and layouts
            stay.
        split_sessions: Whether each writer session becomes a run of its own, `session_1` and so on
            below its run.
        split_by_tag: A regular expression with one group: tags that it matches go to a run below
            their own that is called like the group, and what it matches is cut out of their names.
            Hyperparameters, layouts, graphs and embeddings stay where they are.
        rename: ``s/REGEX/REPLACEMENT/FLAGS``, a mapping of old names to new ones, or several, one
            after the other, for tags.
        rename_runs: The same for runs, by their directories.
        unwrap_steps: Whether counters go on where they began anew, or wrapped at 32 bits.
        scale_steps: What steps are multiplied by; they are rounded down.
        shift_steps: What is added to steps.
        concat: Whether runs that get one name become one, each of them behind the one before in
            time. Without `rename_runs` all become one.
        first_wall_time: When the first event of all was, seconds since the epoch; all wall times
            move alike.
        on_collision: What becomes of tags or runs that would get one name: ``join`` them, or
            ``number`` those behind the first; refused where not given.

    Returns:
        The plan; its `write` or `tbtools.write` carries it out.

    Raises:
        UnknownTag: A glob or name matches no tag.
        InvalidArgument: Something changes nothing, or several tags or runs would get one name.
        NoEventFiles: There is nothing to read under a path.
        InputChanged: A file was replaced while it was read.

    Examples:
        >>> plan = tbtools.edit("examples/logs/baseline", exclude_tags="optim/*")
        >>> tbtools.write(plan, "edited")
    """
    if on_collision is not None and on_collision not in COLLISION_POLICIES:
        raise InvalidArgument(f"on_collision={on_collision!r} is none of join, number")
    wishes = Wishes(
        as_globs(plugins), as_globs(exclude_plugins), split_sessions,
        None if split_by_tag is None else TagSplit.of(split_by_tag), Renaming.of(rename),
        Renaming.of(rename_runs), unwrap_steps, as_scale(scale_steps), _as_shift(shift_steps),
        concat, None if first_wall_time is None else _as_time(first_wall_time), on_collision,
    )  # fmt: skip
    if wishes.split_sessions and wishes.split_by_tag is not None:
        raise InvalidArgument("runs are split by sessions or by tags, one after the other")
    left_out = (*as_globs(exclude_tags), *as_globs(drop)) or None
    selector = Selector(Selection.of(tags, steps, exclude_tags=left_out), scalars=False)
    inputs = open_inputs(runs)
    folded = [name for name, run in inputs.runs.items() if len(run.data.sources) > 1]
    if folded:
        raise InvalidArgument(f"{folded[0]} has sub-runs folded into it: load with fold=False")
    seen: list[SeenRun] = []
    for matched, some in over_runs(inputs.runs, _Seeing(selector.selection, wishes), progress):
        selector.join(matched)
        seen += some
    require_readable(inputs.runs)
    require_events(inputs.runs.values())
    selector.require_match()
    _require_used(wishes, seen)
    collisions = [*_set_folders(seen, wishes), *(each for one in seen for each in one.collisions)]
    _refuse_collisions(collisions, wishes)
    _finish(seen, wishes)
    files = tuple(_placed(seen, in_order=wishes.concat))
    assets = [
        asset
        for run in seen
        for asset in assets_of(run.run.path, run.folder, run.assets, run.edit.followers)
    ]
    return Edit(
        files=files,
        runs={
            run.name: run.folder.as_posix() for run in seen if run.stays or run.edit.part.is_whole
        },
        tags=tuple(tag for run in seen for tag in run.renamed()),
        plugins=tuple(_plugins(seen)),
        collisions=tuple(collisions),
        assets=tuple(distinct_assets(assets, [file.output for file in files])),
        problems=tuple(problem_dicts(inputs.runs, inputs.unreadable)),
        run_notes=tuple(
            (name, note) for name, run in inputs.runs.items() for note in run.data.file_notes()
        ),
        read_paths=tuple(dict.fromkeys(run.data.read_path for run in inputs.runs.values())),
    )


@dataclass(frozen=True, slots=True)
class _Seeing:
    """Reads runs that are to be edited, for `over_runs`."""

    selection: Selection
    wishes: Wishes

    def __call__(self, read: Iterator[tuple[str, Run]]) -> tuple[Selector, list[SeenRun]]:
        selector = Selector(self.selection, scalars=False)
        seen: list[SeenRun] = []
        for _, run in read:
            run.data.diagnostics  # noqa: B018 - known from now on, also when the run is let go
            seen += [
                SeenRun(run, part, self.wishes, selector) for part in parts_of(run, self.wishes)
            ]
        return selector, seen


def _as_shift(shift: object) -> int:
    if isinstance(shift, bool) or not isinstance(shift, (int, np.integer)):
        raise InvalidArgument(f"shift_steps={shift!r} is no whole number")
    return int(shift)


def _as_time(time: object) -> float:
    if isinstance(time, bool) or not isinstance(time, (int, float)) or not np.isfinite(time):
        raise InvalidArgument(f"first_wall_time={time!r} is no number of seconds since the epoch")
    return float(time)


def _require_used(wishes: Wishes, seen: Sequence[SeenRun]) -> None:
    """Refuses what changes nothing, and what leaves nothing."""
    plugins = sorted({each for run in seen for each in run.plugins} - {""})
    for glob in (*wishes.plugins, *wishes.exclude_plugins):
        if not choose(plugins, glob):
            raise InvalidArgument(f"no plugin {glob!r}; there are {', '.join(plugins)}")
    if not any(run.stays for run in seen):
        raise InvalidArgument("nothing would be left: no value is selected")
    if (wishes.split_sessions or wishes.split_by_tag) and all(
        run.edit.part.is_whole for run in seen
    ):
        what = "each run has one session" if wishes.split_sessions else "it matches no tag"
        raise InvalidArgument(f"there is nothing to split: {what}")
    wishes.rename.require_used((tag for run in seen for tag in run.renamable), "tag")
    if wishes.unwrap and not any(run.edit.change.offsets for run in seen):
        raise InvalidArgument("there is nothing to unwrap: no steps of a tag go back")


def _set_folders(seen: Sequence[SeenRun], wishes: Wishes) -> list[Collision]:
    """Says where each run goes; the directories that several would get."""
    lying = Folders([run.run for run in seen])
    for run in seen:
        run.place = (lying.of(run.run) / run.edit.part.name).as_posix()
    _require_apart(seen)
    renaming: Callable[[str], str] = wishes.rename_runs
    if wishes.concat and not wishes.rename_runs.steps:
        renaming = lambda _: "."  # noqa: E731
    here = [run.place for run in seen]
    wishes.rename_runs.require_used(here, "run")
    policy: CollisionPolicy | None = "join" if wishes.concat else wishes.on_collision
    wanted, collisions = new_names(here, renaming, policy, None)
    if wishes.concat and not collisions:
        raise InvalidArgument("there is nothing to join: each run has a name of its own")
    for old, new in wanted.items():
        if new != old:
            require_inside(new)
    for run in seen:
        run.folder = Path(wanted[run.place])
    return collisions


def _require_apart(seen: Sequence[SeenRun]) -> None:
    """Refuses parts of runs that would lie where another run does."""
    taken: dict[str, SeenRun] = {}
    for run in seen:
        other = taken.setdefault(run.place, run)
        part = run if run.edit.part.name else other
        if other is not run and part.edit.part.name:
            raise InvalidArgument(
                f"a part of {part.run.name!r} would lie where there is a run already, "
                f"{run.place!r}: give that another name first"
            )


def _refuse_collisions(collisions: Sequence[Collision], wishes: Wishes) -> None:
    policy = wishes.on_collision
    for each in collisions:
        if policy is None and not (wishes.concat and each.run is None):
            what = "runs" if each.run is None else f"tags of {each.run!r}"
            names = " and ".join(map(repr, each.names[:3])) + " and more" * (len(each.names) > 3)
            raise InvalidArgument(
                f"the {what} {names} would both be called {each.name!r}: say whether they are to "
                "be joined or numbered (on_collision, --on-collision)"
            )


def _finish(seen: Sequence[SeenRun], wishes: Wishes) -> None:
    """What is known when all runs have been seen."""
    if wishes.rename.steps or wishes.split_by_tag:
        names = {tag: to for run in seen for tag, to in run.all_names.items()}
        groups = {
            tag: run.edit.part.name for run in seen if run.edit.part.name for tag in run.all_names
        }
        followers = Followers(names, wishes.rename.of_any, groups)
        for run in seen:
            run.follow(followers)
    if wishes.concat:
        by_folder: dict[Path, list[SeenRun]] = {}
        for run in seen:
            by_folder.setdefault(run.folder, []).append(run)
        for together in by_folder.values():
            _join_ends(together)
    if wishes.first_wall_time is not None:
        first = min((run.first_wall_time for run in seen), default=np.inf)
        if not np.isfinite(first):
            raise InvalidArgument("there is no wall time that could be moved")
        for run in seen:
            run.move_time(wishes.first_wall_time - first)


def _join_ends(runs: list[SeenRun]) -> None:
    ordered = sorted(runs, key=lambda run: run.first_wall_time)
    offsets = ends_joined([run.reached for run in ordered])
    for number, (run, offset) in enumerate(zip(ordered, offsets.tolist(), strict=True)):
        run.order = number
        run.move_steps(offset)


def _placed(seen: Sequence[SeenRun], *, in_order: bool) -> Iterator[FileEdit]:
    """The files with the places that they get; those of runs that are joined follow one another."""
    places = Places(run.folder for run in seen)
    by_folder: dict[Path, list[SeenRun]] = {}
    for run in seen:
        by_folder.setdefault(run.folder, []).append(run)
    for folder, own in by_folder.items():
        own.sort(key=lambda run: run.order)
        files = [(run, file) for run in own for file in run.files]
        bases = [Path(file.path).name for _, file in files if file.stays]
        # TensorBoard reads the files of a directory in the order of their names.
        numbered = in_order and len(own) > 1 and bases != sorted(bases)
        for number, (run, file) in enumerate(files):
            base = Path(file.path).name
            output = places.add(folder, f"{number:05d}.{base}" if numbered else base)
            yield file.planned(run.name, output if file.stays else None, run.edit)


def _plugins(seen: Iterable[SeenRun]) -> Iterator[PluginEdit]:
    totals: dict[str, list[int]] = {}
    for run in seen:
        for plugin, counts in run.plugins.items():
            known = totals.setdefault(plugin, [0, 0, 0, 0])
            totals[plugin] = [a + b for a, b in zip(known, counts, strict=True)]
    for plugin in sorted(totals):
        yield PluginEdit(plugin, *totals[plugin])
