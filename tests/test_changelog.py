"""CHANGELOG.md is made of fragments, one a change."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from release import changelog
from tests.commands import ROOT

HEAD = "# Changelog\n\nWords.\n\n## [Unreleased]\n\n"
EARLIER = "\n## [0.0.1] - 2026-01-01\n\n### Added\n\n- All.\n"


def test_every_fragment_says_its_kind_and_something() -> None:
    for path in changelog.fragments():
        assert changelog.kind_of(path) in changelog.KINDS
        text = path.read_text("utf-8")
        assert text.strip()
        assert not text.lstrip().startswith(("-", "*", "#")), path.name
        assert max(map(len, text.splitlines())) <= 116, path.name


@pytest.mark.parametrize(
    "name", ["new.md", "new.feature.md", ".added.md", "new.added.txt", "added"]
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"name it WHAT\.KIND\.md"):
        changelog.kind_of(Path(name))


def test_entries_come_below_their_headings() -> None:
    before = HEAD + "### Added\n\n- One thing.\n\n### Fixed\n\n- One bug,\n  long.\n"
    entries = {"fixed": ["Another.\n"], "removed": ["The old\nway."], "added": ["Two.", "Three."]}
    assert changelog.with_entries(before + EARLIER, entries) == (
        HEAD + "### Added\n\n- One thing.\n- Two.\n- Three.\n\n### Removed\n\n- The old\n  way.\n\n"
        "### Fixed\n\n- One bug,\n  long.\n- Another.\n" + EARLIER
    )


def test_a_release_dates_them() -> None:
    text = HEAD + "### Added\n\n- One thing.\n"
    assert changelog.released(text, "1.2.3", "2026-11-28") == (
        HEAD + "## [1.2.3] - 2026-11-28\n\n### Added\n\n- One thing.\n"
    )


def test_the_changelog_is_as_it_would_be_written() -> None:
    text = changelog.CHANGELOG.read_text("utf-8")
    assert changelog.with_entries(text, {}) == text


def test_the_version_stands_in_one_place() -> None:
    version = changelog.project()["version"]
    assert metadata.version("tbtools") == version
    # A heading of a release tells that of its day, and the bill of materials is made of the table.
    unexpected = {"CHANGELOG.md", "tbtools/sbom.cdx.json", "pyproject.toml"}
    stated = re.compile(rf"""(?:version|tbtools)\W{{1,4}}{re.escape(version)}\b""", re.IGNORECASE)
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("tbtools", "docs", "release", "reference_training")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".md", ".json", ".toml")
        and stated.search(path.read_text("utf-8"))
    }
    assert found <= unexpected
