"""Tables as batches of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

Kind = Literal["text", "integer", "number"]
# A text for all rows, or one a row, or an array; a masked array where cells are missing.
Column: TypeAlias = "str | Sequence[str | None] | np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring rows of a table.

    Attributes:
        rows: How many.
        columns: By name: a text that all rows have, a sequence of texts, or an array.
        dtypes: For columns of stored numbers, how they are stored: their decimals are the shortest
            that read back as that.
    """

    rows: int
    columns: Mapping[str, Column]
    dtypes: Mapping[str, str] = field(default_factory=dict)
