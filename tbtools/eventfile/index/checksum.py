"""The checksum of what lies in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.extensions import compiled

if TYPE_CHECKING:
    from collections.abc import Callable


def _pick() -> Callable[[Any], int]:
    extension = compiled("tbtools.eventfile._scan")
    if extension is not None:
        checksum: Callable[[Any], int] = extension.crc32c
        return checksum
    import google_crc32c

    return lambda data: int(google_crc32c.value(bytes(data)))


# CRC-32C of a buffer of bytes.
crc32c: Callable[[Any], int] = _pick()
