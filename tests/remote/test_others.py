"""Logs in a file system of fsspec, and what is said where a package is missing."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.commands import Result, call
from tests.remote.comparing import hold_an_output, hold_the_same
from tests.remote.conftest import FILE, points

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(logs: Path) -> str:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    if memory.exists("/shelf"):
        memory.rm("/shelf", recursive=True)
    memory.put(str(logs), "/shelf/logs", recursive=True)
    return "memory://shelf/logs"


@pytest.mark.parametrize("command", ["summarize", "verify", "explain", "export texts", "merge"])
def test_a_command_says_what_it_says_of_local_files(
    command: str, folder: str, logs: Path, tmp_path: Path
) -> None:
    hold_the_same(command, str(logs), folder, tmp_path)


def test_an_output(folder: str, logs: Path, tmp_path: Path) -> None:
    hold_an_output(f"{folder}/r.json", logs, tmp_path)


def test_a_directory(folder: str, logs: Path) -> None:
    url = "memory://shelf/deep/below/merged"
    assert call("merge", str(logs / "a"), "-o", url).status == 0
    assert len(tbtools.read_scalars(url)) == 80
    assert "exists" in call("merge", str(logs / "a"), "-o", url).err


def test_refresh(folder: str) -> None:
    import fsspec

    experiment = tbtools.load(folder)
    assert len(experiment.scalars()) == 150
    with fsspec.open(f"{folder}/b/{FILE}", "ab") as file:
        file.write(points(75, first=70).bytes())
    assert experiment.refresh() == 5


@pytest.mark.parametrize(
    ("url", "missing", "hint"),
    [
        ("s3://bucket/logs", "obstore", "s3:// needs an extra: pip install 'tbtools[remote]'"),
        ("https://host/logs", "obstore", "https:// needs an extra: pip install 'tbtools[remote]'"),
        ("sftp://host/logs", "asyncssh", "sftp:// needs an extra: pip install 'tbtools[ssh]'"),
        ("hdfs://host/logs", "fsspec", "hdfs:// needs fsspec: pip install fsspec"),
    ],
)
def test_a_missing_package(
    url: str, missing: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tbtools.eventfile import source

    monkeypatch.setattr(source, "_sources", {"": source.LocalSource()})
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "tbtools.eventfile.remote.find_spec",
        lambda name: None if name == missing else find_spec(name),
    )
    assert call("summarize", url) == Result(2, "", f"tbtools: {hint}\n")


def test_a_scheme_that_nobody_knows(tmp_path: Path) -> None:
    assert "No such file" in call("summarize", "nosuch://logs").err
