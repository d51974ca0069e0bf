"""Event files that went wrong in every way that a random number generator can think of.

Two sources: events written field by field, with wrong wire types, overlong numbers, groups, fields
twice and in any order; and bytes of sound events changed at random. Both are framed with checksums
that hold, so that the decoding is attacked and not the checksum, and some files are damaged on top.
"""

from __future__ import annotations

import random
import struct

from tests.builders import frame

VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32 = range(6)

# Message to {field number: wire type, or the message inside}; only what a scan looks into.
FIELDS: dict[str, dict[int, int | str]] = {
    "Event": {1: FIXED64, 2: VARINT, 3: BYTES, 4: BYTES, 5: "Summary", 6: BYTES, 7: "SessionLog",
              8: BYTES, 9: BYTES, 10: BYTES},
    "Summary": {1: "Value"},
    "SessionLog": {1: VARINT, 2: BYTES},
    "Value": {1: BYTES, 2: FIXED32, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES, 8: "Tensor",
              9: "Metadata"},
    "Metadata": {1: "PluginData", 2: BYTES},
    "PluginData": {1: BYTES, 2: BYTES},
    "Tensor": {1: VARINT, 2: "Shape", 3: VARINT, 4: BYTES, 5: FIXED32, 6: FIXED64, 7: VARINT,
               8: BYTES, 10: VARINT, 11: VARINT, 13: VARINT, 16: VARINT, 17: VARINT},
    "Shape": {2: "Dim", 3: VARINT},
    "Dim": {1: VARINT, 2: BYTES},
}  # fmt: skip
# The fields that a sound event would have, so that most of them say something.
LIKELY = {"Event": 5, "Summary": 1, "Value": 8, "Metadata": 1, "PluginData": 1}
# DataType numbers with a scalar meaning, some without, and some that nobody has defined.
DTYPES = (1, 2, 3, 4, 5, 6, 9, 10, 14, 17, 19, 22, 23, 7, 8, 0, 101, 300)
TAGS = (b"", b"a", b"loss", b"loss/train", b"\xff\xfe", b"x" * 70)
NUMBERS = (0, 1, 2, 3, 127, 128, 255, 256, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 63, (1 << 64) - 1)


def varint(number: int, padding: int = 0) -> bytes:
    """Base 128, low digits first; with digits of nothing behind where padded."""
    digits = bytearray()
    while number >= 0x80 or padding:
        digits.append(number & 0x7F | 0x80)
        padding -= number < 0x80
        number >>= 7
    digits.append(number)
    return bytes(digits)


class Generator:
    """Makes files; the same seed makes the same ones."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    # --- events, field by field ------------------------------------------------------------------

    def number(self) -> bytes:
        number = self.random.choice(NUMBERS) if self.chance(2) else self.random.randrange(6)
        return varint(number, self.random.randrange(11) if self.chance(12) else 0)

    def key(self, number: int, wire_type: int) -> bytes:
        return varint(number << 3 | wire_type, self.random.randrange(5) if self.chance(20) else 0)

    def span(self, content: bytes) -> bytes:
        size = len(content)
        if self.chance(60):
            size = max(size + self.random.choice((-1, 1, 5)), 0)
        return varint(size, self.random.randrange(5) if self.chance(20) else 0) + content

    def content(self, kind: int | str, depth: int) -> bytes:
        """What stands behind a key of that wire type, or of a field that holds that message."""
        if isinstance(kind, str):
            return self.span(self.message(kind, depth + 1))
        if kind == VARINT:
            return self.number()
        if kind in (FIXED64, FIXED32):
            return self.random.randbytes(8 if kind == FIXED64 else 4)
        if kind == GROUP_START:
            return self.group_content(depth)
        if kind == BYTES:
            return self.span(self.octets())
        return b""

    def octets(self) -> bytes:
        choice = self.random.randrange(4)
        if choice == 0:
            return self.random.choice(TAGS)
        if choice == 1:
            return self.random.randbytes(self.random.choice((1, 2, 4, 8)))
        if choice == 2:
            return b"".join(self.number() for _ in range(self.random.randrange(3)))
        return b"scalars"

    def group_content(self, depth: int) -> bytes:
        if depth > 8:
            return b""
        return b"".join(self.unknown_field(depth + 1) for _ in range(self.random.randrange(3)))

    def unknown_field(self, depth: int) -> bytes:
        number = self.random.choice((1, 2, 5, 15, 16, 2047, (1 << 29) - 1))
        wire_type = (
            self.random.randrange(8) if self.chance(10) else self.random.choice((0, 1, 2, 3, 5))
        )
        field = self.key(number, wire_type) + self.content(wire_type, depth)
        if wire_type == GROUP_START and not self.chance(10):
            field += self.key(number, GROUP_END)
        return field

    def field(self, name: str, depth: int) -> bytes:
        if self.chance(12):
            return self.unknown_field(depth)
        fields = FIELDS[name]
        number = (
            LIKELY[name] if name in LIKELY and self.chance(2) else self.random.choice([*fields])
        )
        kind = fields[number]
        if self.chance(15):
            kind = self.random.choice((VARINT, FIXED64, BYTES, FIXED32))
        if name == "Tensor" and number == 1 and kind == VARINT:
            return self.key(1, VARINT) + varint(self.random.choice(DTYPES))
        if name == "Dim" and number == 1 and kind == VARINT and not self.chance(3):
            return self.key(1, VARINT) + varint(1)
        return self.key(number, BYTES if isinstance(kind, str) else kind) + self.content(
            kind, depth
        )

    def message(self, name: str, depth: int = 0) -> bytes:
        """A message of FIELDS, which need not be one."""
        count = self.random.choice((0, 1, 1, 2, 2, 3, 4))
        if name in ("Event", "Value", "Tensor"):
            count += 1
        return b"".join(self.field(name, depth) for _ in range(count))

    # --- bytes changed ---------------------------------------------------------------------------

    def change(self, data: bytearray, other: bytes) -> None:
        """One byte or a few changed, lost, added or taken from another event."""
        place = self.random.randrange(len(data) + 1)
        choice = self.random.randrange(5)
        if choice == 0 and place < len(data):
            data[place] ^= 1 << self.random.randrange(8)
        elif choice == 1:
            data[place : place + 1] = bytes(
                [self.random.choice((0, 1, 2, 5, 8, 10, 127, 128, 255))]
            )
        elif choice == 2:
            del data[place : place + self.random.choice((1, 1, 1, 4, 30))]
        elif choice == 3:
            data.insert(place, self.random.randrange(256))
        else:
            start = self.random.randrange(len(other) + 1)
            data[place:place] = other[start : start + self.random.randrange(20)]

    def event(self, pool: list[bytes]) -> bytes:
        """One event: of either source, or both."""
        event = bytearray(self.message("Event") if self.chance(2) else self.random.choice(pool))
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 5))):
            self.change(event, self.random.choice(pool))
        return bytes(event)

    def again(self, event: bytes, other: bytes) -> bytes:
        """The same event but for a few bytes, mostly of wall time, step and number."""
        data = bytearray(event)
        for first, end in ((1, 9), (10, 13), (len(data) - 4, len(data))):
            if 0 <= first < end <= len(data) and self.chance(2):
                data[self.random.randrange(first, end)] ^= 1 << self.random.randrange(8)
        if self.chance(8):
            self.change(data, other)
        return bytes(data)

    def rounds(self, pool: list[bytes]) -> bytes:
        """A few events time and again, as most files have them."""
        events = [
            self.random.choice(pool) if self.chance(2) else self.event(pool)
            for _ in range(self.random.choice((1, 1, 2, 3)))
        ]
        return b"".join(
            frame(self.again(event, self.random.choice(pool)))
            for _ in range(self.random.randrange(2, 7))
            for event in events
        )

    def damage(self, content: bytearray) -> None:
        """What disks, crashes and two writers on one file do."""
        choice = self.random.randrange(4)
        place = self.random.randrange(len(content) + 1)
        if choice == 0:
            del content[place:]
        elif choice == 1:
            content[place:place] = bytes(self.random.randrange(40))
        elif choice == 2:
            content[place:place] = content[: self.random.randrange(60)]
        else:
            self.change(content, b"")

    def file(self, pool: list[bytes]) -> bytes:
        """A whole file of a few events."""
        content = bytearray()
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            content += self.rounds(pool) if self.chance(4) else frame(self.event(pool))
        while self.chance(3):
            self.damage(content)
        return bytes(content)


def split_records(content: bytes) -> list[bytes]:
    """The data of the records of a sound file."""
    found = []
    offset = 0
    while offset < len(content):
        (length,) = struct.unpack_from("<Q", content, offset)
        found.append(content[offset + 12 : offset + 12 + length])
        offset += length + 16
    return found
