"""What is wrong with a stretch of a file: the same few words for every reader."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from tbtools.vocabulary import ProblemKind


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """A damaged stretch of a file, or a place that could not be read at all.

    Attributes:
        offset: Byte offset of its first byte.
        length: How many bytes of the file are lost to it.
        kind: ``truncated``: the last record is incomplete, normal for a file that is still being
            written. ``bad_length``: everything up to the next whole record was passed over.
            ``bad_data``: one record was passed over, or what there is of one that broke off.
            ``undecodable``: one sound record that is no Event message. ``not_an_event_file``: not
            one whole record. ``unreadable``: the operating system refused.
        message: One sentence for a person, without the file's name.
    """

    offset: int
    length: int
    kind: ProblemKind
    message: str

    def to_dict(self) -> dict[str, object]:
        """As JSON has it, but for the file."""
        return dataclasses.asdict(self)


def truncated(offset: int, length: int) -> Problem:
    """The file ends inside a record, ``length`` bytes into it."""
    message = f"the file ends inside a record, {plural(length, 'byte')} into it"
    return Problem(offset, length, "truncated", message)


def bad_length(offset: int, length: int, got: int, want: int, *, found: bool) -> Problem:
    """The checksum of a length does not hold; tells if a whole record was ``found`` behind it."""
    if found:
        outcome = f"{plural(length, 'byte')} up to the next whole record passed over"
    elif offset == 0:
        message = f"not one whole record in {plural(length, 'byte')}: not an event file"
        return Problem(offset, length, "not_an_event_file", message)
    else:
        outcome = f"no whole record in the {plural(length, 'byte')} up to the end"
    message = f"length checksum is {got:#010x} where the file says {want:#010x}; {outcome}"
    return Problem(offset, length, "bad_length", message)


def bad_data(offset: int, length: int, got: int, want: int, *, broken_off: bool = False) -> Problem:
    """The checksum of the data in a record does not hold.

    Args:
        offset: Where the record starts.
        length: The bytes of it that were passed over: all, frame included, unless it broke off.
        got: The checksum of the data as it is.
        want: The checksum that the file says.
        broken_off: Whether whole records begin inside of it and lead behind its end.
    """
    lost = "what is left of a record that broke off," if broken_off else "one record of"
    message = (
        f"data checksum is {got:#010x} where the file says {want:#010x}; {lost} "
        f"{plural(length, 'byte')} passed over"
    )
    return Problem(offset, length, "bad_data", message)


def cut_off(offset: int, length: int) -> Problem:
    """The file ends before a record would, and whole records begin ``length`` bytes behind it."""
    message = (
        "the length says more than the file has; what is left of a record that broke off, "
        f"{plural(length, 'byte')} passed over"
    )
    return Problem(offset, length, "bad_data", message)


def undecodable(offset: int, length: int) -> Problem:
    """A record of ``length`` bytes, frame included, holds no Event message."""
    message = f"a sound record of {plural(length, 'byte')} that is no Event message"
    return Problem(offset, length, "undecodable", message)


def unreadable(error: OSError) -> Problem:
    """The operating system refused."""
    return Problem(0, 0, "unreadable", error.strerror or str(error))
