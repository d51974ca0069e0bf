"""What is wrong with a stretch of a file: the same few words for every reader."""

from __future__ import annotations

import dataclasses
from typing import Literal

ProblemKind = Literal[
    "truncated",
    "bad_length",
    "bad_data",
    "undecodable",
    "not_an_event_file",
    "unreadable",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """A damaged stretch of a file, or a place that could not be read at all.

    Attributes:
        offset: Byte offset of its first byte.
        length: How many bytes of the file are lost to it.
        kind: ``truncated``: the last record is incomplete, normal for a file that is still being
            written. ``bad_length``: everything up to the next whole record was passed over.
            ``bad_data``: one record was passed over. ``undecodable``: one sound record that is no
            Event message. ``not_an_event_file``: not one whole record. ``unreadable``: the
            operating system refused.
        message: One sentence for a person, without the file's name.
    """

    offset: int
    length: int
    kind: ProblemKind
    message: str
