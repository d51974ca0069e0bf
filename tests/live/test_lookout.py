"""What the operating system tells of is looked at, and nothing else; where it does not, all is."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import tbtools
from tbtools import system
from tbtools.eventfile.source import LocalSource
from tbtools.live.follower import Follower
from tbtools.live.watched import Watched
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "events.out.tfevents.1.host.1.0"


def append(file: Path, first: int, count: int = 5) -> None:
    builder = EventFileBuilder()
    for step in range(first, first + count):
        builder.scalar("loss", step, 1.0 / (1 + step), START + step)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(builder.bytes())


def grow(logs: Path) -> None:
    append(logs / "a" / FILE, 5)


def come(logs: Path) -> None:
    append(logs / "sweep" / "deep" / "c" / FILE, 0)


def come_slowly(logs: Path) -> None:
    if (logs / "late").exists():
        append(logs / "late" / FILE, 0)
    (logs / "late").mkdir(exist_ok=True)


def begin_a_file(logs: Path) -> None:
    append(logs / "a" / FILE.replace("s.1", "s.2"), 5)


def replace(logs: Path) -> None:
    append(logs / "new", 100)
    (logs / "new").replace(logs / "a" / FILE)


def shrink(logs: Path) -> None:
    path = logs / "a" / FILE
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def delete_and_come_again(logs: Path) -> None:
    deleted = logs.parent / "deleted"
    if deleted.exists():
        append(logs / "a" / FILE, 200)
    else:
        shutil.rmtree(logs / "a")
        deleted.touch()


def move(logs: Path) -> None:
    if (logs / "b").exists():
        (logs / "b").rename(logs / "moved")


def grow_behind_a_link(logs: Path) -> None:
    append(logs.parent / "elsewhere" / "d" / FILE, 5)


def grow_a_linked_file(logs: Path) -> None:
    append(logs.parent / "elsewhere" / "file", 5)


CHANGES = [
    grow, come, come_slowly, begin_a_file, replace, shrink, delete_and_come_again, move,
    grow_behind_a_link, grow_a_linked_file,
]  # fmt: skip


@pytest.fixture
def logs(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    logs = tmp_path / "logs"
    for run in ("a", "b"):
        append(logs / run / FILE, 0)
    for name in ("d/" + FILE, "file"):
        append(tmp_path / "elsewhere" / name, 0)
    (logs / "linked").symlink_to(tmp_path / "elsewhere" / "d")
    return logs


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_read(
    logs: Path, change: Callable[[Path], None], *, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_told:
        monkeypatch.setattr(system, "open_notices", lambda: None)
    if change is grow_a_linked_file:
        (logs / "b" / f"{FILE}.linked").symlink_to(logs.parent / "elsewhere" / "file")
    follower = Follower(Watched([str(logs)], cache=False), clock=lambda: START, history=True)
    for _ in range(3):
        follower.poll()
    for _ in range(3):
        change(logs)
        follower.poll()
    assert follower.experiment is not None
    found = follower.experiment.scalars()
    fresh = tbtools.load(logs, cache=False).scalars()
    # Of what was deleted or moved away, what was read stays.
    gone = set(found["run"]) - set(fresh["run"])
    assert gone == ({"b"} if change is move else set())
    pd.testing.assert_frame_equal(
        found[~found["run"].isin(gone)].reset_index(drop=True).astype({"run": str}),
        fresh.astype({"run": str}),
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_where_nothing_was_written_nothing_is_looked_at(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    for name in ("list", "stat", "fresh_stat", "open"):
        known = getattr(LocalSource, name)

        def told(self: LocalSource, path: str, _known: object = known) -> object:
            looks.append(os.path.relpath(path, logs))
            return _known(self, path)  # type: ignore[operator]

        monkeypatch.setattr(LocalSource, name, told)
    now = START
    follower = Follower(Watched([str(logs)], cache=False), clock=lambda: now, history=True)
    for _ in range(3):
        follower.poll()
    looks.clear()
    (logs / "a" / "model.ckpt").write_bytes(b"none of ours")
    assert follower.poll() == []
    assert looks == []
    append(logs / "a" / FILE, 5)
    follower.poll()
    assert follower.points == 5
    assert {*looks} == {f"a/{FILE}"}
    # Where something was not told, it is found a minute later.
    now += 61
    follower.poll()
    assert {".", "a", "b", "linked", f"b/{FILE}"} <= {*looks}
