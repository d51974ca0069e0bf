"""Event files as Event messages, one after the other: for whoever wants more than columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools import errors
from tbtools.eventfile.content import recognised
from tbtools.eventfile.problems import Problem, bad_data, bad_length, truncated, undecodable
from tbtools.eventfile.records import Record, RecordReader

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


class EventFileReader:
    """Reads the events of one file, in order; goes on where it stood when the file has grown.

    Each iteration begins where the last one ended, so that following a file is::

        events = EventFileReader(path)
        while training:
            for event in events:
                ...
            time.sleep(1)

    A file that has become shorter than what was read of it is another one, and is read anew from
    its beginning. The file is open only while it is iterated over.

    Damage is passed over and stands in `problems`; with ``strict`` it raises. An event counts as
    undecodable where any part of it is: the scan, which leaves payloads alone, is more lenient.

    Attributes:
        path: The file, as it was given.
        strict: Whether damage raises.
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
            RecordError: Something is damaged, and the reader is strict.
            FileError: The file cannot be read.
        """
        self._tail = None
        with self._records:
            if self._records.bytes_left() < 0:
                self._records.offset = 0
                self._damage.clear()
            while (record := self._next_record()) is not None:
                event = self._decoded(record)
                if event is not None:
                    yield event

    def _next_record(self) -> Record | None:
        """The next sound record; None at the end of what can be read for now."""
        while True:
            try:
                return next(self._records, None)
            except errors.TruncatedRecord as error:
                self._raise_if_strict(error)
                self._end_with(truncated(error.offset, self._records.bytes_left()))
                return None
            except errors.BadLength as error:
                self._raise_if_strict(error)
                if not self._resynchronised(error):
                    return None
            except errors.BadData as error:
                self._raise_if_strict(error)
                length = self._records.offset - error.offset
                self._damage.append(bad_data(error.offset, length, error.got, error.want))

    def _raise_if_strict(self, error: errors.RecordError) -> None:
        if self.strict:
            raise error

    def _resynchronised(self, error: errors.BadLength) -> bool:
        found = self._records.resynchronise()
        length = self._records.offset - error.offset if found else self._records.bytes_left()
        problem = bad_length(error.offset, length, error.got, error.want, found=found)
        if found:
            self._damage.append(problem)
        else:
            self._end_with(problem)
        return found

    def _end_with(self, problem: Problem) -> None:
        self._tail = recognised(self._records.file, problem)

    def _decoded(self, record: Record) -> Any:
        """The record's event; None where it holds none."""
        from google.protobuf.message import DecodeError

        from tbtools.eventfile import messages

        try:
            return messages.Event.FromString(record.data)
        except DecodeError as error:
            if self.strict:
                raise errors.UndecodableEvent(self.path, record.offset) from error
            self._damage.append(undecodable(record.offset, record.end - record.offset))
            return None
