"""Numbers, times and names as a person reads them."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime

from tbtools.runs.numbers import stored_number
from tbtools.vocabulary import plural

__all__ = [
    "format_bytes",
    "format_count",
    "format_duration",
    "format_number",
    "format_time",
    "plural",
    "printable",
]

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_number(value: float | None, dtype: str = "float64") -> str:
    """The shortest decimal that reads back as the stored value; ``-`` for None."""
    if value is None:
        return "-"
    number = stored_number(value, dtype)
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def format_count(count: int) -> str:
    """A count with a comma between thousands."""
    return f"{count:,}"


def format_bytes(count: int) -> str:
    """Bytes in decimal units, three digits: ``45.5 MB``."""
    size = float(count)
    for unit in _BYTE_UNITS:
        if size < 999.5 or unit == _BYTE_UNITS[-1]:
            return f"{count} B" if unit == "B" else f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes everything")


def format_duration(seconds: float | None) -> str:
    """A duration in its two greatest units: ``3 d 4 h``, ``12 min 5 s``, ``0.8 s``."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for name, size, smaller_name, smaller in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= size:
            count, rest = divmod(whole, size)
            part = rest // smaller
            return f"{count} {name} {part} {smaller_name}" if part else f"{count} {name}"
    return f"{whole} s"


def format_time(seconds: float | None) -> str:
    """A wall time in the local zone, with the zone: ``2026-11-23 14:05:31 CET``."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    except (ValueError, OverflowError, OSError):  # beyond the years 1 to 9999
        return f"{seconds!r} s"


def printable(text: str) -> str:
    r"""A stranger's string with everything that could steer a terminal made visible.

    Control characters (terminal escapes among them), characters that turn the direction of
    writing round, and lone surrogates are shown as ``\x1b``, ``\u202e``.
    """
    if text.isprintable():  # a subset of what is shown as it is, and what most names are
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    # Controls, formats (like the bidirectional overrides), surrogates, line and paragraph ends.
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
