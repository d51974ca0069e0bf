"""Puts what stands in changes/ into CHANGELOG.md: ``python -m release.changelog [--release]``.

``--release`` also gives what is not released the version of pyproject.toml, and the date.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from release.licences import project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
FOLDER = ROOT / "changes"
# The headings of Keep a Changelog 1.1.0, in its order.
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
_UNRELEASED = "## [Unreleased]\n"
_SECTION = re.compile(r"^### (\w+)\n", re.MULTILINE)


def kind_of(fragment: Path) -> str:
    """The kind of change that a fragment's name says.

    Raises:
        ValueError: It says none.
    """
    what, _, kind = fragment.name.removesuffix(".md").rpartition(".")
    if not what or kind not in KINDS or fragment.suffix != ".md":
        raise ValueError(
            f"{fragment.name}: name it WHAT.KIND.md; KIND is one of {', '.join(KINDS)}"
        )
    return kind


def fragments() -> list[Path]:
    """The files with entries, in the order of their names."""
    return sorted(path for path in FOLDER.iterdir() if path.name != "README.md")


def with_entries(changelog: str, entries: Mapping[str, Sequence[str]]) -> str:
    """The changelog with more entries in the section that is not released.

    Args:
        changelog: As it is.
        entries: By their kind, each a text without the dash in front.
    """
    head, _, rest = changelog.partition(_UNRELEASED)
    section, mark, released = rest.partition("\n## [")
    before, *parts = _SECTION.split(section)
    known = dict(zip(map(str.lower, parts[::2]), parts[1::2], strict=True))
    for kind, texts in entries.items():
        known[kind] = known.get(kind, "").strip("\n") + "".join(map(_entry, texts))
    blocks = [
        f"### {kind.capitalize()}\n\n{known[kind].strip()}\n" for kind in KINDS if kind in known
    ]
    return head + _UNRELEASED + before.rstrip("\n") + "\n" + "\n".join(blocks) + mark + released


def _entry(text: str) -> str:
    return "\n- " + text.strip().replace("\n", "\n  ")


def released(changelog: str, version: str, date: str) -> str:
    """The changelog with the section that is not released as that of a version."""
    return changelog.replace(_UNRELEASED, f"{_UNRELEASED}\n## [{version}] - {date}\n", 1)


def main() -> None:
    """Rewrites CHANGELOG.md, and removes the fragments that are in it then."""
    found = fragments()
    entries: dict[str, list[str]] = {}
    for path in found:
        entries.setdefault(kind_of(path), []).append(path.read_text("utf-8"))
    text = with_entries(CHANGELOG.read_text("utf-8"), entries)
    if "--release" in sys.argv[1:]:
        text = released(text, project()["version"], f"{datetime.now(UTC):%Y-%m-%d}")
    CHANGELOG.write_text(text, "utf-8")
    for path in found:
        path.unlink()


if __name__ == "__main__":
    main()
