"""Sound events that mutants are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.builders import SCALAR_TYPES, EventFileBuilder
from tests.fuzz.mutants import split_records

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 3000  # bytes of an event: mutants of larger ones differ in their payload only


def built_events() -> list[bytes]:
    """An event of every kind."""
    builder = EventFileBuilder().file_version().scalar("loss", 1, 0.5).session_start(3)
    builder.graph(b"graph").text("text", 1, "hello").histogram("histogram", 1, [1, 2], [3, 4])
    builder.image("image", 1, b"png").audio("audio", 1, b"wav")
    builder.tensor("tensor", 1, np.arange(6.0).reshape(2, 3))
    for dtype in SCALAR_TYPES:
        builder.tensor_scalar(f"packed/{dtype}", 2, 1, dtype)
        builder.tensor_scalar(f"listed/{dtype}", 2, 1, dtype, packed=False, shape=(1,))
    return split_records(builder.bytes())


def real_events(files: list[Path]) -> list[bytes]:
    """The first events of each file that is sound."""
    return [
        event
        for path in files
        if not path.name.endswith(".REMOVED.git-id")
        for event in split_records(path.read_bytes())[:40]
        if len(event) <= LARGEST
    ]
