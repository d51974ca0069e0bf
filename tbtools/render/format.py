"""Numbers, times and names as a person reads them."""

from __future__ import annotations

import functools
import math
import re
import time
import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.numbers import is_whole, stored_number
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from datetime import tzinfo

__all__ = [
    "format_bytes",
    "format_change",
    "format_count",
    "format_duration",
    "format_number",
    "format_rounded",
    "format_time",
    "plural",
    "printable",
]

# From here on Python writes floats with exponents.
_EXPONENTS = 1e16
# Rounded numbers have them below and from here on.
_ROUNDED_FROM, _ROUNDED_BELOW = 1e-4, 1e7
_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_number(value: float | None, dtype: str = "float64") -> str:
    """The shortest decimal that reads back as the stored value; ``-`` for None.

    A whole number that float64 may have rounded has an exponent.
    """
    if value is None:
        return "-"
    number = stored_number(value, dtype)
    if isinstance(number, float) and is_whole(dtype):
        return np.format_float_scientific(number, trim="-")
    if isinstance(number, float) and number.is_integer() and abs(number) < _EXPONENTS:
        return str(int(number))
    return repr(number)


def format_rounded(value: float | None, digits: int = 5) -> str:
    """A number of which a few digits will do, ties away from zero; ``-`` for None.

    From 1e-4 to below 1e7, where there are no exponents, the whole part keeps its digits, so that
    no zero is made up: ``123457``. ``format.js`` has the same rule, for what the page computes.
    """
    if value is None or not math.isfinite(value):
        return format_number(value)
    exact = Decimal(value)
    if _ROUNDED_FROM <= abs(value) < _ROUNDED_BELOW:
        places = max(0, digits - 1 - exact.adjusted())
        rounded = float(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    else:
        rounded = float(Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(exact))
    if not _ROUNDED_BELOW <= abs(rounded) < math.inf:
        return format_number(rounded if math.isfinite(rounded) else value)
    return f"{rounded:.{digits}g}"


def format_change(value: float | None, digits: int = 5) -> str:
    """The same with a sign, also where it rose."""
    sign = "+" if value is not None and value > 0 else ""
    return sign + format_rounded(value, digits)


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


# Over 30,000 years: the difference of wall times of which one is none.
_NO_DURATION = 1e12


def format_duration(seconds: float | None) -> str:
    """A duration in its two greatest units: ``3 d 4 h``, ``12 min 5 s``, ``0.8 s``.

    ``format.js`` has the same rule, for times under the pointer.
    """
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds >= _NO_DURATION:
        return "over 30,000 years"
    tenths = math.floor(seconds * 10 + 0.5)
    if tenths < 100:
        return f"{tenths // 10}.{tenths % 10} s"
    whole = math.floor(seconds + 0.5)
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


def format_time(seconds: float | None, zone: tzinfo | None = None) -> str:
    """A wall time with its zone: ``2026-11-23 14:05:31 CET``.

    Args:
        seconds: Since the epoch.
        zone: The local one where not given.
    """
    if seconds is None or not math.isfinite(seconds):
        return "-"
    try:
        return _format_second(math.floor(seconds), zone, time.tzname)
    except (ValueError, OverflowError, OSError):  # beyond the years 1 to 9999
        return f"{seconds!r} s"


@functools.lru_cache(maxsize=64)  # neighbours in a file are of one second
def _format_second(second: int, zone: tzinfo | None, _local: tuple[str, str]) -> str:
    """The local zone is an argument for the cache: a process may change it."""
    time = datetime.fromtimestamp(second, UTC).astimezone(zone)
    name = time.tzname() or ""
    if " " in name:  # as Windows has it, "W. Europe Standard Time"
        offset = time.strftime("%z")
        name = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{time:%Y-%m-%d %H:%M:%S} {name}"


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


# OWASP, CSV Injection: what a spreadsheet takes for the beginning of a formula, also behind blanks,
# and in a text in which it finds another separator than the comma or breaks a line.
_FORMULA = re.compile(
    r"^(?=[\t\r\n\0])|(?:^|(?<=[;\t\r\n]))(?=[^\S\t\r\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)
_NUMBER = re.compile(r"[+-](\d+(\.\d+)?(e[+-]?\d+)?|inf)", re.ASCII)


def no_formula(text: str) -> str:
    """A text of which no spreadsheet makes a formula: with a quote in front of what might be one.

    What reads as a number is left alone.
    """
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)


def markdown_text(text: str) -> str:
    """A text without what Markdown or HTML in it would do."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{each}" if each in "\\`*_{}[]#|~!" else each for each in escaped)
