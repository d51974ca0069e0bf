"""What is known of a run that is to be edited when it has been read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.align import union
from tbtools.analysis.edit.assets import asset_plugins
from tbtools.analysis.edit.names import Renaming, new_names, tag_bytes
from tbtools.analysis.edit.parts import Part, session_parts, tag_parts
from tbtools.analysis.edit.results import FileEdit, TagEdit
from tbtools.analysis.edit.runs import (
    FIXED_NAMES,
    GRAPH_MARKS,
    RunEdit,
    plugin_of,
    tag_plugins,
)
from tbtools.analysis.edit.steps import StepChange, unwrapping
from tbtools.analysis.stretches import ScannedFile, open_unchanged
from tbtools.runs.diagnostics import OF_WHOLE_FILES
from tbtools.runs.selection import choose
from tbtools.runs.timeline.rows import FILE_VERSION, SESSION_LOG, join_files, readable_tag
from tbtools.runs.timeline.stable_order import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from numpy.typing import NDArray

    from tbtools.analysis.edit.followers import Followers
    from tbtools.analysis.edit.parts import TagSplit
    from tbtools.analysis.edit.records import ValueChange
    from tbtools.analysis.edit.steps import Offsets
    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selector
    from tbtools.vocabulary import CollisionPolicy

# What `plugins` calls the graph of a run with what was traced of it.
GRAPHS = "graphs"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to become of the logs, checked; see `tbtools.analysis.edit.plan.edit`."""

    plugins: tuple[str, ...]
    exclude_plugins: tuple[str, ...]
    split_sessions: bool
    split_by_tag: TagSplit | None
    rename: Renaming
    rename_runs: Renaming
    unwrap: bool
    scale: Fraction
    shift: int
    concat: bool
    first_wall_time: float | None
    on_collision: CollisionPolicy | None


@dataclass(slots=True)
class SeenFile:
    """One of its files.

    Attributes:
        path: Its path.
        position: How long it is, up to the last whole record.
        size: How long it is.
        is_damaged: Whether something in it is left out because it is damaged.
        is_foreign: Whether it is no event file, or could not be read.
        is_empty: Whether it has no values, and is of the part of the run that this is about.
        values: How many values it has, in that part.
        kept: How many of them stay.
        points: How many of those are points of time series.
        changed: How many do not stay byte for byte.
        all_stay: Whether all values stay, and all marks as they are.
        marks: How many marks stay besides those of versions and sessions.
        number: Its number in the run.
    """

    path: str
    position: int
    size: int
    is_damaged: bool
    is_foreign: bool
    is_empty: bool
    values: int
    kept: int
    points: int
    changed: int
    all_stay: bool
    marks: int
    number: int

    @property
    def stays(self) -> bool:
        """Whether there is anything of it that stays; one without a value stays as it is."""
        return bool(self.kept or self.marks or self.is_empty) and not self.is_foreign

    @property
    def is_here(self) -> bool:
        """Whether there is anything of it in the part of the run that this is about."""
        return bool(self.values or self.marks or self.is_empty)

    def planned(self, run: str, output: str | None, edit: RunEdit) -> FileEdit:
        """What becomes of it."""
        return FileEdit(
            run=run,
            file=self.path,
            output=output,
            values=self.values,
            kept=self.kept,
            changed=self.changed,
            bytes=self.position,
            is_whole=self.all_stay and not (self.changed or self.is_damaged or edit.moves_marks),
            size=self.size,
            edit=edit,
            number=self.number,
        )


def parts_of(run: Run, wishes: Wishes) -> list[Part]:
    """What becomes a run of its own."""
    files = run.data.files
    if wishes.split_sessions:
        return session_parts(files)
    if wishes.split_by_tag is not None:
        plugins = dict(zip(_names(files), join_files(files).plugins, strict=True))
        return tag_parts(files, wishes.split_by_tag, lambda name: plugins[name] in FIXED_NAMES)
    return [Part()]


def _names(files: tuple[FileColumns, ...]) -> list[bytes]:
    return list(dict.fromkeys(name for file in files for name in file.tag_names))


class SeenRun:
    """A run, or a part of one that becomes a run of its own.

    Args:
        run: It, read.
        part: What of it.
        wishes: What is to become of it.
        selector: Takes note of what of it is selected.

    Attributes:
        name: The name of the run, and behind it that of the part.
        place: Where it lies, relative to the directory in which all of them do.
        folder: Where it goes.
        edit: What becomes of it.
        files: Its files.
        tags: All its tags, as they are shown.
        renamable: Those that stay and may get another name, as they are called in the part.
        all_names: What each tag that stays is called then.
        collisions: Names that several tags would get.
        plugins: Plugin to values, their bytes, values that stay, their bytes.
        assets: The plugins whose files beside event files stay.
        reached: int64, the steps that stay, as they will be, each once.
        first_wall_time: Of its first event; infinite where none is known.
        order: Its place among those that it is joined with.
    """

    def __init__(self, run: Run, part: Part, wishes: Wishes, selector: Selector) -> None:
        self.run = run
        self.name = "/".join(each for each in (run.name, part.name) if each)
        if run.name == "." and part.name:
            self.name = part.name
        self.place, self.folder = ".", Path()
        self.order = 0
        files = run.data.files
        rows = join_files(files)
        names = _names(files)
        declared = dict(zip(names, rows.plugins, strict=True))
        self.tags = list(rows.tags)
        has_graph = any(np.isin(file.mark_kind, GRAPH_MARKS).any() for file in files)
        pairs = tag_plugins(files, declared)
        named = {plugin for _, plugin in pairs} - {""}
        assets = asset_plugins(run.data.path) if part.has_assets else frozenset()
        named |= {GRAPHS} if has_graph else set()
        named |= assets
        chosen = set(choose(named, wishes.plugins, wishes.exclude_plugins))
        if not wishes.plugins:
            chosen.add("")
        wanted = selector.choose_tags(self.tags)
        self.assets = assets & chosen
        self.edit = RunEdit(
            files=tuple(ScannedFile.of(file) for file in files),
            plugins=declared,
            part=part,
            dropped=frozenset(
                (name, plugin)
                for name, plugin in pairs
                if readable_tag(name) not in wanted or plugin not in chosen
            ),
            drops_graphs=has_graph and GRAPHS not in chosen,
        )
        for number, file in enumerate(files):
            points = self.edit.kept(number, file) & ~self.edit.is_declaration(file)
            if (steps := file.step[points]).size:
                selector.see_steps(steps)
        self.edit = replace(self.edit, steps=selector.selection.steps)
        self.edit = self.edit.with_metadata(files, list(zip(names, rows.metadata, strict=True)))
        kept = [self.edit.kept(number, file) for number, file in enumerate(files)]
        self._count_tags(files, kept)
        self._rename(wishes)
        self._change_steps(files, kept, wishes)
        self.plugins = _plugin_counts(files, kept, self.edit)
        self.plugins |= {name: [0, 0, 0, 0] for name in named - set(self.plugins)}
        seen = [
            _seen_file(number, file, kept[number], self.edit) for number, file in enumerate(files)
        ]
        self.files = [file for file in seen if part.is_whole or file.is_here]
        selector.matched |= any(file.points for file in self.files)
        self._followed = {
            number: list(self.edit.followed(file, kept[number]))
            for number, file in enumerate(files)
        }
        self.first_wall_time = min(part.start_times(files), default=np.inf)

    @property
    def stays(self) -> bool:
        """Whether there is anything of it that stays."""
        return any(file.stays for file in self.files)

    def _count_tags(self, files: tuple[FileColumns, ...], kept: list[NDArray[np.bool_]]) -> None:
        self._counts: dict[bytes, int] = {}  # tag to how many of its values stay
        for file, stays in zip(files, kept, strict=True):
            counts = np.bincount(file.tag_id[stays], minlength=len(file.tag_names)).tolist()
            for name, count in zip(file.tag_names, counts, strict=True):
                self._counts[name] = self._counts.get(name, 0) + count

    def _rename(self, wishes: Wishes) -> None:
        staying = [name for name, count in self._counts.items() if count]
        free = {_text(name): name for name in staying if self.edit.plugins[name] not in FIXED_NAMES}
        fixed = {_text(name) for name in staying} - set(free)
        own = {old: _text(self.edit.part.tag(name)) for old, name in free.items()}
        self.renamable = list(own.values())
        self.all_names, self.collisions = new_names(
            free, lambda old: wishes.rename(own[old]), wishes.on_collision, self.name, fixed
        )
        names = {free[old]: tag_bytes(new) for old, new in self.all_names.items() if new != old}
        self.edit = replace(self.edit, names=names)

    def renamed(self) -> Iterator[TagEdit]:
        """The tags that get another name."""
        for old, new in self.edit.names.items():
            yield TagEdit(self.name, readable_tag(old), readable_tag(new), self._counts[old])

    def _change_steps(
        self, files: tuple[FileColumns, ...], kept: list[NDArray[np.bool_]], wishes: Wishes
    ) -> None:
        offsets = _unwrapped(files, kept, self.edit) if wishes.unwrap else {}
        self.edit = replace(self.edit, change=StepChange(offsets, wishes.scale, wishes.shift))
        steps = [np.empty(0, np.int64)]
        if wishes.concat:
            for number, file in enumerate(files):
                step = self.edit.steps_of(number, file)
                steps.append(step[kept[number] & ~self.edit.is_declaration(file)])
        self.reached = union(steps).astype(np.int64)

    def move_steps(self, offset: int) -> None:
        """Adds something to all its steps, after all else."""
        if not offset:
            return
        change = self.edit.change
        self.edit = replace(self.edit, change=replace(change, shift=change.shift + offset))
        for file in self.files:
            file.changed = max(file.changed, file.points)

    def move_time(self, seconds: float) -> None:
        """Adds something to all its wall times."""
        self.edit = replace(self.edit, seconds=seconds)
        if seconds:
            for file in self.files:
                file.changed = file.kept

    def follow(self, followers: Followers) -> None:
        """Lets layouts and metrics follow the new names."""
        changed: dict[int, dict[int, ValueChange]] = {}
        for file in self.files:
            for row, offset, length, which in self._followed[file.number]:
                change = getattr(followers, which)
                with open_unchanged(self.edit.files[file.number]) as opened:
                    value = opened.read_at(offset, length)
                if change(value) != value:
                    changed.setdefault(file.number, {})[row] = change
                    file.changed += 1
        self.edit = replace(self.edit, followers=followers, values=changed)


def _text(name: bytes) -> str:
    """A tag as it is renamed: what is no UTF-8 in it comes back as it was."""
    return name.decode(errors="surrogateescape")


def _unwrapped(
    files: tuple[FileColumns, ...], kept: list[NDArray[np.bool_]], edit: RunEdit
) -> dict[tuple[int, int], Offsets]:
    steps = []
    for file, stays in zip(files, kept, strict=True):
        points = np.flatnonzero(stays & ~edit.is_declaration(file))
        tag_id, step = file.tag_id[points], file.step[points]
        order, _, bounds = grouped(tag_id, len(file.tag_names))
        own = {}
        for first, end in pairwise(bounds):
            rows = order[first:end]
            own[file.tag_names[tag_id[rows[0]]]] = (points[rows], step[rows])
        steps.append(own)
    return {
        (number, files[number].tag_names.index(name)): offsets
        for (number, name), offsets in unwrapping(steps).items()
    }


def _plugin_counts(
    files: tuple[FileColumns, ...], kept: list[NDArray[np.bool_]], edit: RunEdit
) -> dict[str, list[int]]:
    """Plugin to values, their bytes, values that stay, and the bytes that those will have."""
    found: dict[str, list[int]] = {}
    for number, (file, stays) in enumerate(zip(files, kept, strict=True)):
        shapes = file.values.shapes
        here = edit.part.rows(number, file)
        names = [file.tag_names[tag] for tag in shapes.tag_id.tolist()]
        plugins = [
            plugin_of(kind, edit.plugins[name])
            for name, kind in zip(names, shapes.kind.tolist(), strict=True)
        ]
        longer = np.array([edit.longer(name) for name in names], np.int64)
        length = file.length.astype(np.int64)
        new = length + file.values.of_shape(longer)
        for plugin in dict.fromkeys(plugins):
            own = file.values.of_shape(np.array([each == plugin for each in plugins], bool))
            own &= here
            counts = found.setdefault(plugin, [0, 0, 0, 0])
            both = own & stays
            for place, count in enumerate(
                (own.sum(), length[own].sum(), both.sum(), new[both].sum())
            ):
                counts[place] += int(count)
    return found


def _seen_file(number: int, file: FileColumns, kept: NDArray[np.bool_], edit: RunEdit) -> SeenFile:
    changes = edit.changes(number, file)
    marks = changes.marks & ~np.isin(file.mark_kind, (FILE_VERSION, SESSION_LOG))
    points = kept & ~edit.is_declaration(file)
    marks_move = changes.mark_steps is not None and (changes.mark_steps != file.mark_step).any()
    return SeenFile(
        path=file.path,
        position=file.position,
        size=file.size,
        is_damaged=bool(file.damage),
        is_foreign=bool(file.tail and file.tail.kind in OF_WHOLE_FILES),
        is_empty=not file.values.count and edit.part.has_empty(number),
        values=int(edit.part.rows(number, file).sum()),
        kept=int(kept.sum()),
        points=int(points.sum()),
        changed=int((changes.changed(file) & kept).sum()),
        all_stay=bool(kept.all() and changes.marks.all()) and not marks_move,
        marks=int(marks.sum()),
        number=number,
    )
