"""Whether event files are sound."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from tbtools.analysis.file_results import files_frame, unreadable_paths
from tbtools.errors import RecordError
from tbtools.eventfile import problems
from tbtools.eventfile.reader import EventFileReader
from tbtools.runs.inputs import open_inputs
from tbtools.runs.reading import read_each
from tbtools.runs.run import Run
from tbtools.showing import Tabled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.inputs import RunsLike

FileStatus = Literal["sound", "empty", "truncated", "damaged", "not_an_event_file", "unreadable"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file, checked record by record.

    Attributes:
        file: Its path.
        records: How many whole records with sound checksums it has.
        bytes: Its size.
        status: ``sound``; ``empty`` (no byte in it); ``truncated`` (sound up to an incomplete last
            record: normal for a live file); ``damaged``; ``not_an_event_file`` (not one whole
            record); ``unreadable``.
        problems: Its damaged stretches; where it was asked for, also records that protobuf refuses.
    """

    file: str
    records: int
    bytes: int
    status: FileStatus
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As the JSON of `tbtools verify` has it."""
        return {
            "file": self.file,
            "records": self.records,
            "bytes": self.bytes,
            "status": self.status,
            "problems": [problem.to_dict() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True, repr=False)
class Verification(Tabled):
    """Several files.

    Attributes:
        files: One check a file, by run and name.
        unreadable_paths: Paths that were named and hold no event file that could be read, with
            the reason.
        strict: Whether every event was decoded.
    """

    files: tuple[FileCheck, ...]
    unreadable_paths: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False

    def __repr__(self) -> str:
        """How many files there are of each status, on one line."""
        counts = Counter(file.status for file in self.files)
        parts = [f"{count} {status}" for status, count in counts.items()]
        return f"<Verification: {', '.join(parts) or 'no files'}>"

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with any of them."""
        return all(file.status in ("sound", "empty") for file in self.files)

    @property
    def readable(self) -> bool:
        """Whether the operating system let all of them be read."""
        return all(file.status != "unreadable" for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools verify`."""
        return {"files": [file.to_dict() for file in self.files]}

    def to_frame(self) -> pd.DataFrame:
        """One row a file: file, records, bytes, status, problems (how many).

        `attrs` holds the problems.
        """
        return files_frame(self.files, ("file", "records", "bytes", "status"))


def _status(size: int, found: Iterable[Problem]) -> FileStatus:
    kinds = {problem.kind for problem in found}
    if not kinds:
        return "sound" if size else "empty"
    if "unreadable" in kinds:
        return "unreadable"
    if "not_an_event_file" in kinds:
        return "not_an_event_file"
    return "truncated" if kinds == {"truncated"} else "damaged"


def _checks(runs: Iterable[Run], *, strict: bool) -> Iterator[FileCheck]:
    for run in runs:
        for file in run.data.files:
            found = _with_refused(file) if strict else file.problems
            yield FileCheck(file.path, file.records, file.size, _status(file.size, found), found)


def _with_refused(file: FileColumns) -> tuple[Problem, ...]:
    """The problems of a file, and its sound records that protobuf refuses."""
    reader = EventFileReader(file.path)
    refused: set[Problem] = set()
    try:
        with contextlib.suppress(RecordError):  # it is no event file, as the scan has found
            for _ in reader:
                pass
    except OSError as error:
        refused.add(problems.unreadable(error))
    refused |= {
        each
        for each in reader.problems
        if each.kind == "undecodable" and each.offset < file.position
    }
    return tuple(sorted({*file.problems, *refused}, key=attrgetter("offset")))


def verify(
    runs: RunsLike,
    progress: Callable[[int, int], None] | None = None,
    *,
    strict: bool = False,
) -> Verification:
    """Checks all event files: frames, both checksums of each record, and that each is an Event.

    Payloads are not looked into: a record counts as an Event by its outermost fields, unless
    ``strict``. Pictures, tensors and the like in it are not decoded in either case.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them; directories that cannot be
            looked into count as unreadable files.
        progress: As for `Experiment.scan`.
        strict: Whether every record is decoded by protobuf, which takes a second pass; one that it
            refuses is ``undecodable``.

    Raises:
        NoEventFiles: There is nothing to read under a path.

    Examples:
        >>> tbtools.verify("examples/logs/baseline").files[0].status
        'sound'
    """
    inputs = open_inputs(runs)
    afresh = {name: Run(run.data.afresh()) for name, run in inputs.runs.items()}
    files = list(_checks((run for _, run in read_each(afresh, progress)), strict=strict))
    for path, problem in inputs.unreadable.items():
        files.append(FileCheck(path, 0, 0, "unreadable", (problem,)))
    unreadable = unreadable_paths(inputs.experiment, files) if inputs.experiment else {}
    return Verification(tuple(files), unreadable, strict)
