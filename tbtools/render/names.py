"""Names of strangers made into names of files."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What some file system, shell or URL takes for something else than a part of a name.
_RESERVED = frozenset('<>:"\\|?*')
# File systems allow 255 bytes; what is put in front and behind needs some of them.
_MOST_BYTES = 120


def safe_path(name: str) -> str:
    """A run's or tag's name as a relative path that stays where it is put.

    ``/`` separates directories, as it does in names. No part is hidden, empty, ``.`` or ``..``, and
    none has control characters, or characters that are reserved somewhere.
    """
    parts = [_safe_part(part) for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts) or "_"


def _safe_part(part: str) -> str:
    safe = "".join(
        "_" if character in _RESERVED or unicodedata.category(character)[0] == "C" else character
        for character in part
    ).strip()
    if safe.startswith("."):
        safe = f"_{safe[1:]}"
    safe = safe.rstrip(".") or "_"
    if len(safe.encode()) > _MOST_BYTES:
        digest = hashlib.sha256(part.encode(errors="surrogatepass")).hexdigest()[:8]
        start = safe.encode()[: _MOST_BYTES - len(digest) - 1].decode(errors="ignore")
        safe = f"{start}-{digest}"
    return safe


def distinct_paths(names: Iterable[str]) -> dict[str, str]:
    """Name to safe path, no two of which are the same, also where case does not count."""
    taken: set[str] = set()
    paths = {}
    for name in dict.fromkeys(names):
        safe = path = safe_path(name)
        number = 1
        while path.casefold() in taken:
            number += 1
            path = f"{safe}-{number}"
        taken.add(path.casefold())
        paths[name] = path
    return paths


def run_paths(runs: Iterable[str]) -> dict[str, str]:
    """Run to its directory below a log directory; the run ``.`` is the log directory itself."""
    paths = distinct_paths(run for run in runs if run != ".")
    return {".": ".", **paths}
