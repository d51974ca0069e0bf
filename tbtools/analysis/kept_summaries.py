"""Summaries of runs in the index: those that are as they were are not read and summed up again.

They are kept in chunks of many runs. A chunk is a head, a text in JSON, and four tables: the runs,
their event files, the sparklines of their series, and these in numbers. A summary counts where each
event file is the one that was summed up, by `FileKey`, and the code that did it is the same.
"""

from __future__ import annotations

import json
import os
import struct
import time
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tbtools.analysis.detect import Findings
from tbtools.analysis.series_summary import SPARKLINE_BINS, SeriesBlock, SeriesTable
from tbtools.analysis.summarized import RunSummary
from tbtools.eventfile.index.cache import code_digest
from tbtools.eventfile.index.index import FileKey, key_now, key_of
from tbtools.eventfile.listing import each_quickly
from tbtools.eventfile.problems import Problem
from tbtools.eventfile.source import source_of
from tbtools.runs.statistics import NUMBERS
from tbtools.runs.status import Ending
from tbtools.runs.timeline.notes import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tbtools.runs.run import Run
    from tbtools.vocabulary import RunStatus

    Tags = tuple[tuple[str, str], ...]
    _Place = tuple["_Chunk", int]  # a chunk, and the number of a run in it

# Digest of the code, bytes of the text, runs, files, series. What follows is at multiples of eight.
_HEAD = struct.Struct("<16s4q")
_RUN = np.dtype(
    [
        *((name, np.int64) for name in ("files", "series", "tags", "bytes", "sessions", "points")),
        *((name, np.int64) for name in ("superseded", "first_step", "last_step", "status")),
        *((name, np.float64) for name in ("start_time", "end_time", "patience")),  # NaN for None
    ]
)
_FILE = np.dtype([(name, np.uint64 if name == "inode" else np.int64) for name in FileKey._fields])
_MEANS = np.dtype((np.float64, SPARKLINE_BINS))
_STATUSES: tuple[RunStatus, ...] = ("stopped", "finished", "empty", "unreadable")
# What of a chunk is in memory more than once stays below ten MB.
_RUNS_A_CHUNK = 1024
# So many chunks more than full ones would be are left as they are before all are made anew.
_CHUNKS_MORE = 16
# As measured of runs of 20 tags, the bytes apart, on a virtual machine.
_SECONDS_A_RUN = 10e-6
# Their messages may name paths, as these were given.
_OF_PATHS = frozenset({"duplicate_file", "read_anew"})
_LAYERS = ("eventfile", "runs", "analysis")
# What is found is known when all runs are; each having its own takes a sixth of making a summary.
_NOT_YET = Findings()


class _Kept(NamedTuple):
    """What is kept of a run.

    Attributes:
        files: The absolute paths of its event files.
        paths: The same as they stand in the summary.
        keys: By which they are known.
        summary: Its summary; its name, path and state are those of another look.
        ending: What its state is made of.
    """

    files: tuple[str, ...]
    paths: tuple[str, ...]
    keys: Sequence[FileKey]
    summary: RunSummary
    ending: Ending


class KeptSummaries:
    """The summaries of runs that the index of their log directory has, and those for it.

    Args:
        runs: The runs, by name. What is kept of them is what there is of all tags and steps.
    """

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._began, self._start = time.time_ns(), time.perf_counter()
        alike = {(run.data.index, run.restarts) for run in runs.values()}
        index, policy = alike.pop() if len(alike) == 1 else (None, "")
        code = None if index is None else code_digest(_LAYERS)
        if index is None or code is None:
            runs = {}
        self._runs = {
            name: run
            for name, run in runs.items()
            if run.data.is_as_found and run.data.engine is None
        }
        self._index, self._kind, self._code = index, f"summaries-{policy}", code or ""
        self._absolute = _Absolute(index.root) if index is not None else str
        self._places: dict[tuple[str, ...], _Place] = {}
        self._numbers: list[int] = []
        self._is_stale = False
        self._new: list[_Kept] = []

    def find(self, now: float) -> dict[str, RunSummary]:
        """The summaries of those runs that are as they were.

        Args:
            now: The time by which a run is recent, seconds since the epoch.
        """
        self._open()
        if not self._places:
            return {}
        places = {name: self._places.get(self._files(run)) for name, run in self._runs.items()}
        known = {name: place for name, place in places.items() if place is not None}
        as_kept = self._as_kept(known.values(), [self._runs[name].event_files for name in known])
        found = {}
        for (name, (chunk, row)), is_as_kept in zip(known.items(), as_kept, strict=True):
            if is_as_kept:
                run = self._runs[name].data
                found[name] = chunk.summary(row, name, run.path, run.event_files, now)
        return found

    @staticmethod
    def _as_kept(places: Iterable[_Place], paths: Sequence[Sequence[str]]) -> Iterator[bool]:
        """Whether the event files of each run are those of which a summary was kept.

        Args:
            places: Where the summaries are.
            paths: The event files of each run, as they are now.
        """
        keys = each_quickly(key_now, list(chain.from_iterable(paths)))
        end = 0
        for (chunk, row), files in zip(places, paths, strict=True):
            first, end = end, end + len(files)
            yield keys[first:end] == chunk.keys(row)

    def add(self, name: str, run: Run, summary: RunSummary, ending: Ending) -> None:
        """Takes the summary of a run that was just read."""
        if name not in self._runs or not _is_lasting(summary, ending):
            return
        keys = [key for file in run.data.files if (key := key_of(file, self._began))]
        if keys and len(keys) == len(run.data.files):
            self._new.append(_Kept(self._files(run), run.event_files, keys, summary, ending))

    def save(self) -> None:
        """Keeps what was added, if finding that took far longer than keeping it will."""
        index, new = self._index, self._new
        seconds = time.perf_counter() - self._start
        size = sum(each.summary.tags.nbytes for each in new)
        if index is None or not new or not index.pays(seconds, len(new) * _SECONDS_A_RUN, size):
            return
        for each in new:
            self._places.pop(each.files, None)
        count = len(self._numbers) + _chunks(len(new))
        is_much = count > _chunks(len(self._places) + len(new)) + _CHUNKS_MORE
        first = max(self._numbers, default=-1) + 1
        if is_much or self._is_stale:
            new, first = [*self._others(), *new], 0
        chunks = [new[at : at + _RUNS_A_CHUNK] for at in range(0, len(new), _RUNS_A_CHUNK)]
        for number, chunk in enumerate(chunks, first):
            index.keep(self._kind, number, _encode(self._code, chunk))
        for number in self._numbers:
            if first == 0 and number >= len(chunks):
                index.keep(self._kind, number, b"")
        index.save()

    def _others(self) -> Iterator[_Kept]:
        """What is kept and was not added now, of files that are as they were."""
        as_kept = self._as_kept(self._places.values(), list(self._places))
        for (files, (chunk, row)), is_as_kept in zip(self._places.items(), as_kept, strict=True):
            if is_as_kept:
                summary = chunk.summary(row, "", "", files, 0.0)
                yield _Kept(files, files, chunk.keys(row), summary, chunk.ending(row))

    def _open(self) -> None:
        if self._index is None or not self._runs:
            return
        tags: dict[Tags, Tags] = {}
        for number, data in sorted(self._index.kept(self._kind)):
            if not data:
                continue
            self._numbers.append(number)
            if bytes(data[:16]) != self._code.encode():
                self._is_stale = True
                continue
            chunk = _Chunk(data, tags)
            self._places.update((files, (chunk, row)) for row, files in enumerate(chunk.files))

    def _files(self, run: Run) -> tuple[str, ...]:
        return tuple(map(self._absolute, run.event_files))


class _Absolute:
    """Gives absolute paths of what was found under a directory, without a look at each."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip(os.sep) + os.sep
        self._absolute = source_of(root).absolute(root).rstrip(os.sep) + os.sep

    def __call__(self, path: str) -> str:
        if path.startswith(self._root):
            return self._absolute + path[len(self._root) :]
        return source_of(path).absolute(path)


def _is_lasting(summary: RunSummary, ending: Ending) -> bool:
    """Whether a summary says nothing that can be otherwise while the files are the same.

    What the operating system refused may be there the next time, and so may the reason for which a
    run is said to have stopped.
    """
    refused = any(problem.kind == "unreadable" for _, problem in summary.problems)
    failed = ending.status == "stopped" and ending.patience is None
    return not (refused or failed or any(note.kind in _OF_PATHS for note in summary.notes))


def _chunks(runs: int) -> int:
    return -(-runs // _RUNS_A_CHUNK)


# -- bytes


def _encode(code: str, kept: Sequence[_Kept]) -> bytes:
    tags: dict[Tags, int] = {}
    summaries = [each.summary for each in kept]
    runs = np.array(
        [_row(each, tags.setdefault(each.summary.tags.tags, len(tags))) for each in kept],
        _RUN,
    )
    files = np.array([tuple(key) for each in kept for key in each.keys], _FILE)
    series = int(runs["series"].sum())
    text = json.dumps(
        [
            [each.files for each in kept],
            list(tags),
            {row: _problems(each) for row, each in enumerate(kept) if each.summary.problems},
            {
                row: [note.to_dict() for note in each.notes]
                for row, each in enumerate(summaries)
                if each.notes
            },
        ],
        separators=(",", ":"),
    ).encode()
    text += b" " * (-len(text) % 8)
    head = _HEAD.pack(code.encode(), len(text), runs.size, files.size, series)
    means, numbers = zip(*((each.tags.means, each.tags.numbers) for each in summaries), strict=True)
    return b"".join([head, text, runs.tobytes(), files.tobytes(), *means, *numbers])


def _row(kept: _Kept, tags: int) -> tuple[Any, ...]:
    summary, ending = kept.summary, kept.ending
    times = (summary.start_time, summary.end_time, ending.patience)
    return (
        len(kept.keys), len(summary.tags), tags, summary.bytes, summary.sessions, summary.points,
        summary.superseded, summary.first_step or 0, summary.last_step or 0,
        _STATUSES.index(ending.status), *(np.nan if time is None else time for time in times),
    )  # fmt: skip


def _problems(kept: _Kept) -> list[tuple[int, dict[str, object]]]:
    """Each with the number of its file."""
    return [(kept.paths.index(path), problem.to_dict()) for path, problem in kept.summary.problems]


class _Chunk:
    """A chunk, as it was kept.

    Args:
        data: Its bytes.
        shared: The lists of tags of chunks: equal ones become one object.

    Attributes:
        files: The absolute paths of the event files of each run.
    """

    def __init__(self, data: Any, shared: dict[Tags, Tags]) -> None:
        _, text_bytes, runs, files, series = _HEAD.unpack_from(data)
        text = bytes(data[_HEAD.size : _HEAD.size + text_bytes])
        paths, tags, problems, notes = json.loads(text)
        self._problems = {int(row): of_run for row, of_run in problems.items()}
        self._notes = {int(row): of_run for row, of_run in notes.items()}
        self.files = [tuple(each) for each in paths]
        self._tags = [
            shared.setdefault(each, each) for each in (tuple(map(tuple, names)) for names in tags)
        ]
        position = _HEAD.size + text_bytes
        tables: list[Any] = []
        counts = zip((_RUN, _FILE, _MEANS, NUMBERS), (runs, files, series, series), strict=True)
        for dtype, count in counts:
            tables.append(np.frombuffer(data, dtype, count, position))
            position += tables[-1].nbytes
        self._runs, self._keys = tables[0].tolist(), tables[1].tolist()
        self._series = SeriesBlock(means=tables[2], numbers=tables[3])
        self._file_ends = tables[0]["files"].cumsum().tolist()
        self._series_ends = tables[0]["series"].cumsum().tolist()

    def keys(self, row: int) -> list[FileKey]:
        """By which the event files of a run are known."""
        end = self._file_ends[row]
        keys: list[FileKey] = self._keys[end - len(self.files[row]) : end]
        return keys

    def ending(self, row: int) -> Ending:
        """What the state of a run is made of."""
        *_, status, _, _, patience = self._runs[row]
        return Ending(_STATUSES[status], _or_none(patience))

    def summary(
        self, row: int, name: str, path: str, files: Sequence[str], now: float
    ) -> RunSummary:
        """The summary of a run.

        Args:
            row: Its number.
            name: What it is called.
            path: Its directory.
            files: Its event files.
            now: The time by which it is recent, seconds since the epoch.
        """
        (
            _, series, tags, size, sessions, points, superseded, first_step, last_step, _,
            start_time, end_time, _,
        ) = self._runs[row]  # fmt: skip
        end_time = _or_none(end_time)
        problems = self._problems.get(row)
        notes = self._notes.get(row)
        return RunSummary(
            run=name,
            path=path,
            event_files=len(files),
            bytes=size,
            sessions=sessions,
            points=points,
            superseded=superseded,
            first_step=first_step if series else None,
            last_step=last_step if series else None,
            start_time=_or_none(start_time),
            end_time=end_time,
            status=self.ending(row).at(now, end_time),
            tags=SeriesTable(self._tags[tags], self._series, self._series_ends[row] - series),
            objective=None,
            problems=tuple((files[number], Problem(**each)) for number, each in problems or ()),
            notes=tuple(Note(**each) for each in notes or ()),
            findings=_NOT_YET,
        )


def _or_none(number: float) -> float | None:
    return None if number != number else number
