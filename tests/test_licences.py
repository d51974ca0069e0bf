"""The lists of what tbtools ships and asks for are true, and nothing in them binds who uses it."""

from __future__ import annotations

import json
import re
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from release import licences
from tests.commands import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PERMISSIVE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "MIT"}
PERMISSIVE |= {"MIT-CMU", "PSF-2.0", "Zlib", "Apache-2.0 WITH LLVM-exception"}
# Weak copyleft, by itself in an extra, imported and never copied.
KNOWN = {"asyncssh": "EPL-2.0 OR GPL-2.0-or-later"}


def pinned() -> Iterator[tuple[str, str]]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE):
        yield name.lower(), version


def test_the_lists_are_what_the_packages_say() -> None:
    versions = dict(pinned())
    for name in licences.dependencies():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed")
        if installed.partition("+")[0] != versions[name.lower()].partition("+")[0]:
            pytest.skip(f"{name} {installed} is another one than in constraints.txt")
    told = "python -m release.licences"
    assert licences.PAGE.read_text("utf-8") == licences.page(), told
    assert licences.SBOM.read_text("utf-8") == licences.sbom(), told


def test_every_dependency_is_on_both() -> None:
    page = re.findall(r"^\| ([\w-]+) \| ", licences.PAGE.read_text("utf-8"), re.MULTILINE)
    sbom = json.loads(licences.SBOM.read_text("utf-8"))
    asked = set(licences.dependencies())
    assert asked <= set(page)
    assert {each["name"] for each in sbom["components"]} == {"plotly.js", *asked}
    assert sbom["metadata"]["component"]["version"] == licences.project()["version"]


def test_none_of_them_binds_who_uses_tbtools() -> None:
    rows = re.findall(
        r"^\| ([\w-]+) \| ([^|]+) \| (?:extra|tbtools)",
        licences.PAGE.read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(rows) == len(licences.dependencies())
    for name, expression in rows:
        if KNOWN.get(name) != expression:
            assert set(re.split(" AND | OR ", expression)) <= PERMISSIVE, name


def test_the_licence_of_what_is_bundled_lies_beside_it() -> None:
    assets = ROOT / "tbtools" / "render" / "report" / "assets"
    bundled = [path.name for path in assets.glob("*.min.js")]
    assert bundled == ["plotly-cartesian.min.js"]
    assert "MIT License" in (assets / "plotly-LICENSE").read_text("utf-8")
