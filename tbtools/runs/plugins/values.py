"""One decoded Summary.Value, and what every module that decodes its payload needs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

_T = TypeVar("_T")

# Every frame begins with these. Tags are categorical in all of tbtools: few of them, many rows.
POINT_COLUMNS = {"tag": "category", "step": "int64", "wall_time": "float64"}


class Damaged(NamedTuple):
    """Bytes that stand where a message should be.

    Attributes:
        path: The event file.
        data: The bytes.
        what: What they should be.
    """

    path: str
    data: bytes
    what: str


def none_in(data: bytes, what: str) -> str:
    """Says that bytes are not what they should be."""
    return f"no {what} in {plural(len(data), 'byte')}"


def sound(message: Any) -> Any:
    """A message that is there.

    Raises:
        UndecodablePayload: It is `Damaged`.
    """
    if isinstance(message, Damaged):
        path, data, what = message
        raise UndecodablePayload(f"{path}: {none_in(data, what)}")
    return message


@dataclass(frozen=True, slots=True, repr=False)
class StoredValue:
    """A Summary.Value as a writer stored it.

    Attributes:
        tag: Its tag.
        step: The step of its event.
        wall_time: The wall time of its event, in seconds since the epoch.
        stored: The value itself, a `messages.Value`, or `Damaged`.
        metadata: The tag's `messages.SummaryMetadata`, or `Damaged`, or None where the run has
            none. Writers may store it with the first value of a tag only, so it comes from outside.
    """

    tag: str
    step: int
    wall_time: float
    stored: Any
    metadata: Any = None

    @property
    def message(self) -> Any:
        """The value itself, a `messages.Value`.

        Raises:
            UndecodablePayload: Its bytes are no Value.
        """
        return sound(self.stored)

    @property
    def point(self) -> tuple[str, int, float]:
        """The `POINT_COLUMNS`: tag, step, wall time."""
        return self.tag, self.step, self.wall_time

    @property
    def plugin_name(self) -> str:
        """The plugin of its tag, which the first value that declares one names; "" for none."""
        return str(self._plugin_data().plugin_name)

    @property
    def plugin_content(self) -> bytes:
        """What the plugin stored beside the value: its own bytes, whatever they mean.

        A value's own goes before that of the tag's metadata: hparams are all content, and a session
        that ends, or starts again, stores new content under the old tag. It does not where the
        value names another plugin than its tag has.
        """
        return bytes(self._plugin_data().content)

    @property
    def tensor(self) -> Any:
        """The `messages.TensorProto` of a value that holds one.

        Raises:
            UndecodablePayload: It holds something else, or nothing.
        """
        kind = self.message.WhichOneof("value")
        if kind != "tensor":
            raise UndecodablePayload(f"holds {kind or 'nothing'} where a tensor should be")
        return self.message.tensor

    def _plugin_data(self) -> Any:
        own = self.message.metadata.plugin_data
        if self.metadata is None:
            return own
        of_tag = sound(self.metadata).plugin_data
        return own if own.plugin_name == of_tag.plugin_name else of_tag

    def __repr__(self) -> str:
        """The payload by its size: it may be a picture."""
        if isinstance(self.stored, Damaged):
            kind, size = "damaged", len(self.stored.data)
        else:
            kind, size = self.stored.WhichOneof("value") or "no value", self.stored.ByteSize()
        return f"<StoredValue {self.tag!r} at step {self.step}: {kind}, {size} bytes>"


@contextmanager
def naming(value: StoredValue) -> Iterator[None]:
    """Lets an `UndecodablePayload` that is raised inside say which value it is about."""
    try:
        yield
    except UndecodablePayload as error:
        raise UndecodablePayload(f"{value.tag!r} at step {value.step}: {error}") from error


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A value that cannot be decoded.

    Attributes:
        message: What is wrong, with tag and step; it is also the object's text.
        tag: Its tag; None where the file cannot be read any more.
        step: Its step, likewise.
    """

    message: str
    tag: str | None = None
    step: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As it stands among the problems of a result."""
        return {"kind": "undecodable", **asdict(self)}

    def __str__(self) -> str:
        return self.message


def decoded(
    values: Iterable[StoredValue],
    decode: Callable[[StoredValue], _T],
    problems: list[Undecodable] | None = None,
) -> Iterator[tuple[StoredValue, _T]]:
    """The values with what they decode to, one by one.

    Args:
        values: The values.
        decode: Decodes one.
        problems: Where given, a value that cannot be decoded is left out and noted here.

    Raises:
        UndecodablePayload: A value cannot be decoded; the text says which.
    """
    for value in values:
        try:
            with naming(value):
                content = decode(value)
        except UndecodablePayload as error:
            if problems is None:
                raise
            problems.append(Undecodable(str(error), value.tag, value.step))
        else:
            yield value, content


def readable(values: Iterable[StoredValue], problems: list[Undecodable]) -> Iterator[StoredValue]:
    """The values of a run, up to where its file has changed or cannot be read; that is noted."""
    try:
        yield from values
    except UndecodablePayload as error:
        problems.append(Undecodable(str(error)))


def parse_message(message_class: Any, data: bytes, what: str) -> Any:
    """Decodes a protobuf message that lies inside a payload.

    Raises:
        UndecodablePayload: The bytes are no such message; `what` names it in the text.
    """
    from google.protobuf.message import DecodeError

    try:
        return message_class.FromString(data)
    except DecodeError as error:
        raise UndecodablePayload(none_in(data, what)) from error


def rows_frame(rows: Sequence[Sequence[Any]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    """A frame of rows, with the same dtypes whether there are rows or not.

    Args:
        rows: One sequence a row, in the order of `dtypes`.
        dtypes: The columns and their pandas dtypes; the cells of an `object` column are kept as
            they are, also when all of them are arrays of one shape.
    """
    import pandas as pd

    columns = {}
    for position, (name, dtype) in enumerate(dtypes.items()):
        cells = [row[position] for row in rows]
        columns[name] = pd.Series(_object_cells(cells) if dtype == "object" else cells, dtype=dtype)
    return pd.DataFrame(columns)


def repeated_points(points: Sequence[tuple[str, int, float]], sizes: Sequence[int]) -> pd.DataFrame:
    """The `POINT_COLUMNS` of values that have several rows each.

    Args:
        points: Tag, step and wall time of each value.
        sizes: How many rows it has.
    """
    frame = rows_frame(points, POINT_COLUMNS)
    rows = np.repeat(np.arange(len(frame)), np.array(sizes, dtype=np.int64))
    return frame.loc[rows].reset_index(drop=True)


def _object_cells(cells: Sequence[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(cells), dtype=object)
    for position, cell in enumerate(cells):
        array[position] = cell
    return array


def plugin_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """What plugins that tbtools does not know stored beside their values, as bytes.

    Args:
        values: The values.
        problems: As for `decoded`.

    Returns:
        One row a value: tag, step, wall_time, plugin, content (bytes).

    Raises:
        UndecodablePayload: As for `decoded`.
    """
    rows = [
        (*value.point, *stored)
        for value, stored in decoded(
            values, lambda value: (value.plugin_name, value.plugin_content), problems
        )
    ]
    return rows_frame(rows, {**POINT_COLUMNS, "plugin": "category", "content": "object"})
