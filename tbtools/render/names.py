"""Names of strangers made into names of files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What some file system, shell or URL takes for something else than a part of a name.
_RESERVED = frozenset('<>:"\\|?*')
# Devices of Windows in every directory, whatever ending stands behind them (Microsoft, "Naming
# Files, Paths, and Namespaces").
_PORTS = [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"]
_DEVICES = frozenset(["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *_PORTS])
# What `export` itself puts into directories that are called after tags: `step_file`, the list.
_OURS = re.compile(r"_?-?\d{7,}(-\d+)?\.[a-z]\w*|index\.csv", re.IGNORECASE)
# File systems allow 255 bytes a part; what is put in front and behind needs some of them. In all,
# macOS allows 1,024, and a run and a tag are one behind the other.
_MOST_BYTES = 100
_MOST_BYTES_IN_ALL = 200


def safe_path(name: str) -> str:
    """A run's or tag's name as a relative path that stays where it is put.

    ``/`` separates directories, as it does in names. No part is hidden, empty, ``.`` or ``..``, an
    option, a device, or called like a file of ours, and none has control characters, or characters
    that are reserved somewhere. Parts and path are bounded in length.
    """
    parts = [_safe_part(part) for part in name.split("/") if part not in ("", ".")]
    path = "/".join(parts) or "_"
    if len(path.encode()) <= _MOST_BYTES_IN_ALL:
        return path
    # The last part says most; of the others, as many as there is room for.
    last = _shortened(parts[-1], name)
    room = _MOST_BYTES_IN_ALL - len(last.encode())
    start = path.encode()[:room].rpartition(b"/")[0].decode()
    return f"{start}/{last}" if start else last


def _safe_part(part: str) -> str:
    safe = "".join(
        "_" if character in _RESERVED or _is_control(character) else character
        for character in unicodedata.normalize("NFC", part)
    ).strip()
    if safe.startswith((".", "-")):
        safe = f"_{safe[1:]}"
    safe = safe.rstrip(". ") or "_"
    if safe.partition(".")[0].rstrip().upper() in _DEVICES:
        safe = f"_{safe}"
    if _OURS.fullmatch(safe):
        safe = f"{safe}_"
    return safe if len(safe.encode()) <= _MOST_BYTES else _shortened(safe, part)


def _is_control(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def _shortened(part: str, name: str) -> str:
    """The beginning of a part, and what tells it from others: a digest of the whole name."""
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    start = part.encode()[: _MOST_BYTES - len(digest) - 1].decode(errors="ignore")
    return f"{start}-{digest}"


def step_file(step: int, number: int, ending: str) -> str:
    """The name of a file of a step: the first, second, ... of its series there."""
    sign = "_" if step < 0 else ""  # no name of a file begins like an option
    again = f"-{number}" if number > 1 else ""
    return f"{sign}{step:08d}{again}.{ending}"


class DistinctPaths:
    """Safe paths below one directory, no two of which are the same.

    Nor are they where case does not count, or how an accent is put together, as on macOS.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._again: Counter[str] = Counter()

    def add(self, name: str, within: str = "") -> str:
        """The path of a name, in a directory that is itself a safe path."""
        safe = path = f"{within}/{safe_path(name)}" if within else safe_path(name)
        while (key := _same(path)) in self._taken:
            self._again[safe] += 1
            path = f"{safe}-{self._again[safe] + 1}"
        self._taken.add(key)
        return path


def _same(path: str) -> str:
    """The same text for all paths that a file system might take for one."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", path).casefold())


def distinct_paths(names: Iterable[str]) -> dict[str, str]:
    """Name to safe path, no two of which are the same; see `DistinctPaths`."""
    paths = DistinctPaths()
    return {name: paths.add(name) for name in dict.fromkeys(names)}


def run_paths(runs: Iterable[str]) -> dict[str, str]:
    """Run to its directory below a log directory; the run ``.`` is the log directory itself."""
    paths = distinct_paths(run for run in runs if run != ".")
    return {".": ".", **paths}
