"""Tables as batches of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np

# A column of kind json holds whatever JSON can: values of several types, lists, dicts.
Kind = Literal["text", "integer", "number", "boolean", "json"]


class Null(Enum):
    """A cell whose value is null; None is a cell that has no value."""

    NULL = None


NULL = Null.NULL
# A text for all rows, or a cell a row (None where it is missing), or an array; a masked array where
# cells are missing.
Column: TypeAlias = "str | Sequence[Any] | np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring rows of a table.

    Attributes:
        rows: How many.
        columns: By name: a text that all rows have, a sequence of cells, or an array.
        dtypes: For columns of stored numbers, how they are stored: their decimals are the shortest
            that read back as that.
    """

    rows: int
    columns: Mapping[str, Column]
    dtypes: Mapping[str, str] = field(default_factory=dict)


def gathered(batches: Iterable[Batch], rows: int) -> Iterator[list[Batch]]:
    """Batches in lists of at least so many rows: what is done once a list costs little a batch."""
    waiting: list[Batch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.rows
        if count >= rows:
            yield waiting
            waiting, count = [], 0
    if waiting:
        yield waiting
