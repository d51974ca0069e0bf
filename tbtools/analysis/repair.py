"""What is whole in damaged event files: which stretches of them a repaired copy consists of.

Nothing is written here; `tbtools.render.event_files.write_repair` carries out the plan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from tbtools.analysis.file_results import files_frame, unreadable_paths
from tbtools.analysis.mending import Mended, mended
from tbtools.analysis.pieces import Copy
from tbtools.analysis.places import Folders, Places
from tbtools.analysis.rejoining import insertions
from tbtools.analysis.stretches import ScannedFile, Stretches, stretches_to_copy
from tbtools.errors import NoEventFiles
from tbtools.eventfile.compressed import GunzippedFile, is_compressed, open_scanned
from tbtools.eventfile.problems import Problem
from tbtools.eventfile.scan import scan_open, unreadable_columns
from tbtools.runs.diagnostics import OF_WHOLE_FILES
from tbtools.runs.inputs import open_inputs
from tbtools.runs.reading import read_each
from tbtools.runs.run import Run
from tbtools.runs.timeline.duplicates import find_copies
from tbtools.showing import Completed, Planned
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from tbtools.analysis.pieces import Rewritten
    from tbtools.analysis.rejoining import Insertion, Matched
    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.inputs import RunsLike
    from tbtools.vocabulary import RepairStatus

_COMPRESSED_ENDING = ".gz"
FILE_COLUMNS = ("file", "output", "status", "records", "lost_bytes", "inserted", "mended")


@dataclass(frozen=True, slots=True)
class FileRepair(Completed):
    """What becomes of one event file.

    Attributes:
        file: Its path.
        output: Where it goes, relative to the directory that is written; None for nowhere.
        status: ``sound``: all of it is copied. ``repaired``: something is left out, mended or
            decompressed. ``duplicate``: another file of its run has all that it has. ``joined``: it
            is a copy of another one, which is given what only this one has. ``nothing_whole``: no
            record of it is. And ``not_an_event_file``, ``unreadable``.
        records: How many records are written, without the messages in front of mended ones.
        lost_bytes: How many bytes are damaged, but for those that its copies have.
        inserted: How many records are taken from copies.
        mended: How many records are written with a checksum that they did not have.
        problems: What is damaged, with its place in the file; in one that is compressed, in what
            it holds.
        pieces: What is written, in order.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"pieces"})

    file: str
    output: str | None
    status: RepairStatus
    records: int = 0
    lost_bytes: int = 0
    inserted: int = 0
    mended: int = 0
    problems: tuple[Problem, ...] = ()
    pieces: tuple[Copy | Rewritten | Mended, ...] = field(default=(), repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON of `tbtools repair` has it."""
        about: dict[str, Any] = {name: getattr(self, name) for name in FILE_COLUMNS}
        return {**about, "problems": [problem.to_dict() for problem in self.problems]}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Repair(Planned):
    """What becomes of several event files; `write` or `tbtools.write` carries it out.

    Attributes:
        files: One by one, by run and name.
        unreadable_paths: Paths that were named and hold no event that could be read, with the
            reason.
        read_paths: The directories and event files that were read.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"read_paths"})

    files: tuple[FileRepair, ...]
    unreadable_paths: Mapping[str, str]
    read_paths: tuple[str, ...]

    def __repr__(self) -> str:
        """How much there is, on one line."""
        written = [file for file in self.files if file.output is not None]
        lost = sum(file.lost_bytes for file in self.files)
        return f"<Repair: {plural(len(written), 'file')}, {plural(lost, 'byte')} lost>"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools repair`."""
        return {"files": [file.to_dict() for file in self.files]}

    def to_frame(self) -> pd.DataFrame:
        """One row a file: the keys of `FileRepair.to_dict`, of problems their number.

        `attrs` holds the problems.
        """
        return files_frame(self.files, FILE_COLUMNS)


def repair(
    runs: RunsLike,
    progress: Callable[[int, int], None] | None = None,
    *,
    mend_checksums: bool = False,
) -> Repair:
    """Plans copies of event files that hold what is whole in them, byte for byte.

    Left out are damaged stretches, what stands behind the last whole record, sound records that are
    no events, and files that hold only what another file of their run has (copies and backups). Of
    copies that are damaged in different places one is written, with what only the others have.
    Files compressed with gzip are decompressed, as far as they can be.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        progress: As for `Experiment.scan`.
        mend_checksums: Whether records are kept, too, of which only a checksum is wrong: their
            length leads to the next record, and protobuf decodes them. Numbers in them may be
            wrong. A log message in front of each says so.

    Returns:
        The plan; `tbtools.write` carries it out.

    Raises:
        NoEventFiles: There is nothing to read under a path, or nothing whole in any file.
        InputChanged: A file was replaced while it was read.

    Examples:
        >>> plan = tbtools.repair("examples/logs/baseline")
        >>> [file.status for file in plan.files]
        ['sound']
    """
    inputs = open_inputs(runs)
    outputs = _Outputs(list(inputs.runs.values()))
    afresh = {name: Run(run.data.afresh()) for name, run in inputs.runs.items()}
    files: list[FileRepair] = []
    for _, run in read_each(afresh, progress):
        files += _repaired(run, outputs, mend_checksums=mend_checksums)
    for path, problem in inputs.unreadable.items():
        files.append(FileRepair(path, None, "unreadable", problems=(problem,)))
    if not any(file.output for file in files):
        reasons = [f"{file.file}: {file.problems[0].message}" for file in files if file.problems]
        more = f"; and {plural(len(reasons) - 1, 'more file')} with nothing whole"
        raise NoEventFiles(reasons[0] + more * (len(reasons) > 1) if reasons else "no event files")
    return Repair(
        tuple(files),
        unreadable_paths(inputs.experiment, files) if inputs.experiment else {},
        tuple(dict.fromkeys(run.data.read_path for run in inputs.runs.values())),
    )


class _Outputs:
    """Where the repaired files go."""

    def __init__(self, runs: list[Run]) -> None:
        self._folders = Folders(runs)
        self._places = Places(map(self._folders.of, runs))

    def place(self, run: Run, file: FileColumns) -> str:
        """A place that no file has been given yet."""
        name = Path(file.path)
        ends = file.is_compressed and name.suffix.lower() == _COMPRESSED_ENDING
        return self._places.add(self._folders.of(run), name.stem if ends else name.name)


def _repaired(run: Run, outputs: _Outputs, *, mend_checksums: bool) -> Iterator[FileRepair]:
    for link, _ in run.data.found.duplicates:
        yield FileRepair(link, None, "duplicate")
    files = [_decompressed(file) for file in run.data.files]
    copies = find_copies(files)
    elsewhere: dict[int, RepairStatus] = {id(file): "duplicate" for file, _ in copies.left_out}
    copies_of: dict[int, list[Matched]] = {}
    for copy, original, rows in copies.repeated:
        elsewhere[id(copy)] = "joined"
        copies_of.setdefault(id(original), []).append((copy, rows))
    for file in files:
        if file.tail and file.tail.kind in OF_WHOLE_FILES:
            elsewhere[id(file)] = cast("RepairStatus", file.tail.kind)
        if status := elsewhere.get(id(file)):
            yield FileRepair(file.path, None, status, problems=file.problems)
        else:
            inserted = insertions(file, copies_of.get(id(file), []))
            mends = list(mended(file)) if mend_checksums else []
            one = _one(file, inserted, mends)
            is_written = one.status != "nothing_whole"
            yield replace(one, output=outputs.place(run, file)) if is_written else one


def _decompressed(file: FileColumns) -> FileColumns:
    """A file's columns, those of what it holds if it is compressed."""
    if not file.tail or file.tail.kind != "not_an_event_file":
        return file
    try:
        if not is_compressed(file.path):
            return file
        with open_scanned(file.path, compressed=True) as opened:
            columns = scan_open(opened)
            broken = opened.broken if isinstance(opened, GunzippedFile) else ""
    except OSError as error:
        return unreadable_columns(file.path, error)
    tail = columns.tail
    if broken:
        reason = f"gzip could not decompress it further: {broken}"
        tail = (
            replace(tail, message=f"{tail.message}; {reason}")
            if tail
            else Problem(columns.position, 0, "truncated", reason)
        )
    return replace(columns, is_compressed=True, tail=tail)


def _one(file: FileColumns, inserted: list[Insertion], mends: list[Mended]) -> FileRepair:
    count = file.values.count
    before = [each.before for each in inserted if each.before < file.position]
    cuts = np.unique(before).astype(np.int64)
    all_rows, none = np.ones(count, bool), np.zeros(count, bool)
    stretches = stretches_to_copy(file, all_rows, none, cuts, marks=True)
    # Where each belongs, in bytes of the file.
    offsets = dict(zip(cuts.tolist(), stretches.cuts.tolist(), strict=True))
    alone: list[tuple[int, Copy | Rewritten | Mended]] = []
    damaged, taken = Counter[int](), Counter[int]()  # bytes, by the gap between stretches
    for problem in file.problems:
        damaged[_gap(stretches, problem.offset)] += problem.length
    for each in inserted:
        offset = offsets.get(each.before, file.position)
        alone.append((offset, each.piece))
        taken[_gap(stretches, offset)] += each.bytes
    # Where something is taken from a copy, that has it as it was.
    mends = [each for each in mends if _gap(stretches, each.offset) not in taken]
    for mend in mends:
        alone.append((mend.offset, mend))
        taken[_gap(stretches, mend.offset)] += mend.length
    records = file.events + sum(each.records for each in inserted) + len(mends)
    is_changed = file.problems or file.is_compressed or inserted
    status: RepairStatus = "repaired" if is_changed else "sound"
    return FileRepair(
        file.path,
        None,
        status if records or not file.problems else "nothing_whole",
        records=records,
        # What stands in one gap is no part of another; more may be put there than is damaged.
        lost_bytes=(damaged - taken).total(),
        inserted=sum(each.records for each in inserted),
        mended=len(mends),
        problems=file.problems,
        pieces=tuple(_pieces(ScannedFile.of(file), stretches, alone)),
    )


def _gap(stretches: Stretches, offset: int) -> int:
    """In front of which stretch a place lies."""
    return int(np.searchsorted(stretches.start, offset))


def _pieces(
    file: ScannedFile, stretches: Stretches, alone: list[tuple[int, Copy | Rewritten | Mended]]
) -> Iterator[Copy | Rewritten | Mended]:
    """What is copied of a file, with what stands between its stretches where it belongs."""
    begin = 0
    for offset, piece in sorted(alone, key=lambda each: each[0]):
        end = _gap(stretches, offset)
        yield from _copied(file, stretches, begin, end)
        yield piece
        begin = end
    yield from _copied(file, stretches, begin, stretches.start.size)


def _copied(file: ScannedFile, stretches: Stretches, begin: int, end: int) -> Iterator[Copy]:
    if begin < end:
        own = slice(begin, end)
        which = np.zeros(end - begin, np.int64)
        yield Copy((file,), which, stretches.start[own], stretches.end[own])
