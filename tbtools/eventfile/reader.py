"""Event files as Event messages, one after the other: for whoever wants more than columns."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tbtools import errors
from tbtools.eventfile.content import recognised
from tbtools.eventfile.problems import (
    Problem,
    bad_data,
    bad_length,
    cut_off,
    truncated,
    undecodable,
)
from tbtools.eventfile.records import Record, RecordReader
from tbtools.extensions import compiled

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator


class EventFileReader:
    """Reads the events of one file, in order; goes on where it stood when the file has grown.

    Each iteration begins where the last one ended, so that following a file is:

        events = EventFileReader(path)
        while training:
            for event in events:
                ...
            time.sleep(1)

    A file that has become shorter than what was read of it is another one, and is read anew from
    its beginning. The file is open only while it is iterated over.

    Damage is passed over and stands in `problems`; with ``strict`` it raises. A file of which not
    one record can be read, and that holds something else, always raises. An event counts as
    undecodable where any part of it is: the scan, which leaves payloads alone, is more lenient.

    Attributes:
        path: The file, as it was given.
        strict: Whether damage raises.

    Examples:
        >>> [file] = tbtools.load("examples/logs/baseline")["."].event_files
        >>> next(iter(tbtools.EventFileReader(file))).file_version
        'brain.Event:2'
    """

    def __init__(self, path: str | os.PathLike[str], *, strict: bool = False) -> None:
        self._records = RecordReader(path)
        self._damage: list[Problem] = []
        self._tail: Problem | None = None
        self.path = self._records.path
        self.strict = strict

    @property
    def problems(self) -> list[Problem]:
        """What has been found to be damaged so far, in the order of the file.

        The last one may heal when the file grows: an incomplete record, or a bad length behind
        which no whole record has been found yet.
        """
        return [*self._damage, self._tail] if self._tail else [*self._damage]

    def __iter__(self) -> Iterator[Any]:
        """Yields the events that have not been read yet, each a `messages.Event`.

        Raises:
            RecordError: Something is damaged, and the reader is strict; or it is no event file.
            FileError: The file cannot be read.
        """
        self._tail = None
        with self._records:
            if self._records.bytes_left() < 0:
                self._records.offset = 0
                self._damage.clear()
            for item in records_and_problems(self._records, strict=self.strict):
                if isinstance(item, Problem):
                    self._remember(item)
                    if item.kind == "not_an_event_file":
                        next(self._records)  # which stands there, and raises what is wrong
                elif (event := self._decoded(item)) is not None:
                    yield event

    def _remember(self, problem: Problem) -> None:
        if self._records.offset == problem.offset:
            self._tail = problem
        else:
            self._damage.append(problem)

    def _decoded(self, record: Record) -> Any:
        """The record's event; None where it holds none."""
        event = decoded_event(record.data)
        if event is None:
            if self.strict:
                raise errors.UndecodableEvent(self.path, record.offset)
            self._damage.append(undecodable(record.offset, record.end - record.offset))
        return event


def decoded_event(data: bytes) -> Any:
    """The `messages.Event` in the data of a record; None where it holds none."""
    parse, undecodable_error = _event_parser()
    try:
        return parse(data)
    except undecodable_error:
        return None


@functools.cache
def plain_scalars() -> Callable[[bytes], tuple[float, int, str, float] | None]:
    """What takes the data of a record whose event holds a float32 and nothing else.

    It tells wall time, step, tag and value. Such events are most, and protobuf takes ten times as
    long for one. Of any other event it tells None, and of all where nothing is compiled.
    """
    extension = compiled("tbtools.eventfile._scan")
    return (lambda _: None) if extension is None else extension.plain_scalar


@functools.cache  # the statement that imports costs as much as the decoding
def _event_parser() -> tuple[Callable[[bytes], Any], type[Exception]]:
    from google.protobuf.message import DecodeError

    from tbtools.eventfile import messages

    return messages.Event.FromString, DecodeError


def records_and_problems(
    records: RecordReader, *, strict: bool = False
) -> Iterator[Record | Problem]:
    """The records that have not been read yet, with what is damaged in its place.

    Args:
        records: Where they come from. A problem at which it stands then is the last, and may heal
            when the file grows.
        strict: Whether damage raises.

    Raises:
        RecordError: Something is damaged, and damage raises.
        FileError: The file cannot be read.
    """
    while True:
        try:
            record = next(records, None)
        except errors.RecordError as error:
            if strict:
                raise
            yield _problem(records, error)
            if records.offset == error.offset:
                return
            continue
        if record is None:
            return
        yield record


def _problem(records: RecordReader, error: errors.RecordError) -> Problem:
    """What stands for an error; after it the reader is where reading can go on, if anywhere."""
    if isinstance(error, errors.BadLength):
        found = records.resynchronise()
        length = records.offset - error.offset if found else records.bytes_left()
        tail = bad_length(error.offset, length, error.got, error.want, found=found)
        return tail if found else recognised(records.file, tail)
    if isinstance(error, errors.BadData):
        length = records.offset - error.offset
        return bad_data(error.offset, length, error.got, error.want, broken_off=error.broken_off)
    if records.resynchronise():
        return cut_off(error.offset, records.offset - error.offset)
    return recognised(records.file, truncated(error.offset, records.bytes_left()))
