"""What `tbtools inspect` shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from tbtools.analysis.inspection import TagInspection, describe_event, describe_float
from tbtools.render.format import (
    format_bytes,
    format_count,
    format_duration,
    format_time,
    plural,
    printable,
)
from tbtools.render.terminal.lines import print_line, print_lines, shown_name
from tbtools.render.terminal.problems import problem_text
from tbtools.render.terminal.table import Column, print_table
from tbtools.runs.numbers import json_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from tbtools.analysis.inspection import Inspection, RecordInspection


class InspectionView:
    """A file and its tags.

    Args:
        inspection: What is shown.
        limit: How many tags are shown at most; None for all.
    """

    def __init__(self, inspection: Inspection, *, limit: int | None = None) -> None:
        self.inspection = inspection
        self.limit = limit

    def to_json(self) -> dict[str, Any]:
        """The fields of `Inspection`; --limit holds for the tags."""
        return replace(self.inspection, tags=self.inspection.tags[: self.limit]).to_dict()

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a tag."""
        yield [field.name for field in fields(TagInspection)]
        for tag in self.inspection.tags[: self.limit]:
            yield list(tag.to_dict().values())

    def show(self, console: Console) -> None:
        """Prints what the file is, its tags, its problems."""
        file = self.inspection
        for line in self._lines():
            print_line(console, line)
        tags = file.tags[: self.limit]
        if tags:
            print_line(console, "")
            print_table(
                console,
                [
                    Column("tag", [shown_name(tag.tag) for tag in tags], names=True),
                    Column("plugin", [printable(tag.plugin) or "-" for tag in tags]),
                    Column("stored as", [tag.stored_as for tag in tags], rank=2),
                    Column("count", [format_count(tag.count) for tag in tags], True),
                    Column("first step", [format_count(tag.first_step) for tag in tags], True, 1),
                    Column("last step", [format_count(tag.last_step) for tag in tags], True),
                    Column("out of order", [_or_dash(tag.out_of_order) for tag in tags], True, 1),
                    Column("bytes", [format_bytes(tag.bytes) for tag in tags], True, 3),
                ],
            )
        for problem in file.problems:
            print_line(console, problem_text(problem), style="yellow")

    @property
    def nothing_read(self) -> bool:
        """Whether something is in the file, and nothing of it is an event."""
        return bool(self.inspection.bytes) and not self.inspection.events

    def totals(self) -> str:
        """One line: what was read, and how much of it is shown; empty for nothing."""
        if self.nothing_read:
            return ""
        file = self.inspection
        values = sum(tag.count for tag in file.tags)
        shown = len(file.tags[: self.limit])
        text = f"{printable(file.file)}: {plural(len(file.tags), 'tag')}, {plural(values, 'value')}"
        if file.problems:
            text += f", {plural(len(file.problems), 'problem')}"
        if shown < len(file.tags):
            text += f"; {format_count(shown)} of {plural(len(file.tags), 'tag')} shown (--limit)"
        return text

    def _lines(self) -> Iterator[str]:
        file = self.inspection
        yield f"{printable(file.file)}: {format_bytes(file.bytes)}"
        version = printable(file.file_version or "none")
        by = f", written by {printable(file.writer)}" if file.writer else ""
        yield f"file_version {version}{by}"
        sessions = plural(file.sessions, "session")
        records, events = plural(file.records, "record"), plural(file.events, "event")
        yield f"{records}, {events}, {sessions}"
        if file.first_time is not None and file.last_time is not None:
            duration = format_duration(file.last_time - file.first_time)
            yield f"{format_time(file.first_time)} to {format_time(file.last_time)} ({duration})"
        if file.other_events:
            yield ", ".join(f"{count} {kind}" for kind, count in file.other_events.items())


def _or_dash(count: int) -> str:
    return format_count(count) if count else "-"


class _Listing:
    """Records of a file, which are shown while they are read, and counted.

    Args:
        file: Its path.
        records: Them, one after the other; they are gone through once.
        limit: How many are shown at most; None for all.
    """

    def __init__(self, file: str, records: Iterable[RecordInspection], limit: int | None) -> None:
        self.file = file
        self.records = self._counted(islice(records, limit))
        self.limit = limit
        self._states: Counter[str] = Counter()

    def _counted(self, records: Iterable[RecordInspection]) -> Iterator[RecordInspection]:
        states = self._states
        for record in records:
            states[record.state] += 1
            yield record

    @property
    def nothing_read(self) -> bool:
        """Whether all of the file was gone through, and nothing of it is an event."""
        count = self._states.total()
        return count != 0 and count != self.limit and not self._states["ok"]

    def totals(self) -> str:
        """One line: how many events were read, and what else there is; empty for nothing."""
        if self.nothing_read:
            return ""
        counts = [plural(self._states["ok"], "event")]
        others = ((state, count) for state, count in self._states.items() if state != "ok")
        counts += [f"{format_count(count)} {state}" for state, count in others]
        limited = "; what follows is not shown (--limit)" * (self._states.total() == self.limit)
        return f"{printable(self.file)}: {', '.join(counts)}{limited}"


class RecordsView(_Listing):
    """The records of a file, as they lie in it."""

    def to_json(self) -> dict[str, Any]:
        """The file and its records."""
        rows = self._rows()
        names = [str(name) for name in next(rows)]
        return {
            "file": self.file,
            "records": [dict(zip(names, row, strict=True)) for row in rows],
        }

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a record."""
        return self._rows()

    def show(self, console: Console) -> None:
        """Prints a line a record."""
        rows = self._rows()
        print_line(console, _line(*next(rows)), style="bold")
        print_lines(console, ((_line(*row), "" if row[3] == "ok" else "yellow") for row in rows))

    def _rows(self) -> Iterator[Sequence[Any]]:
        yield "offset", "length", "data_length", "state", "what"
        for record in self.records:
            what = "summary" if record.scalar is not None else _what(record)
            data = record.length - 16 if record.is_whole else None
            yield record.offset, record.length, data, record.state, what


def _what(record: RecordInspection) -> str:
    event = record.event
    return record.message if event is None else event.WhichOneof("what") or "nothing"


def _line(offset: object, length: object, data: object, state: object, what: object) -> str:
    data = "-" if data is None else data
    return f"{offset!s:>12} {length!s:>10} {data!s:>11}  {state!s:<11} {what!s}".rstrip()


class EventsView(_Listing):
    """The events of a file, decoded."""

    def to_json(self) -> dict[str, Any]:
        """The file and its events, each with its values."""
        return {"file": self.file, "events": [_event_dict(record) for record in self.records]}

    def to_csv(self) -> Iterator[Sequence[object]]:
        """One row a value, or an event without."""
        yield "offset", "wall_time", "step", "what", "tag", "content"
        for record in self.records:
            wall_time, step, what, values = _described(record)
            for tag, content in values:
                yield record.offset, wall_time, step, what, tag, content

    def show(self, console: Console) -> None:
        """Prints a line a value, or an event without."""
        print_lines(console, self._lines())

    def _lines(self) -> Iterator[tuple[str, str]]:
        for record in self.records:
            wall_time, step, _, values = _described(record)
            style = "" if record.state == "ok" else "yellow"
            shown = "-" if step is None else step
            place = f"{record.offset:>12}  {format_time(wall_time)}  step {shown}"
            for tag, content in values:
                yield f"{place}  {printable(tag)}: {printable(content)}", style


def _described(
    record: RecordInspection,
) -> tuple[float | None, int | None, str | None, list[tuple[str, str]]]:
    """Wall time, step, kind and values of an event; of what is none, what the matter is."""
    if record.scalar is not None:
        wall_time, step, tag, value = record.scalar
        return json_number(wall_time), step, "summary", [(tag, describe_float(value))]
    event = record.event
    if event is None:
        return None, None, record.state, [("-", f"{record.state}: {record.message}")]
    what = event.WhichOneof("what")
    return json_number(event.wall_time), event.step, what, describe_event(event, what)


def _event_dict(record: RecordInspection) -> dict[str, Any]:
    wall_time, step, what, values = _described(record)
    return {
        "offset": record.offset,
        "wall_time": wall_time,
        "step": step,
        "what": what,
        "values": [{"tag": tag, "content": content} for tag, content in values],
    }
