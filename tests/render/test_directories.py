"""Directories of event files: whole or not there, never in the place of what is somebody's."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.errors import (
    FileError,
    ForeignFiles,
    OutputChanged,
    OutputExists,
    OutputInsideInput,
)
from tbtools.render.event_files import write_runs
from tests.builders import EventFileBuilder, frame
from tests.commands import unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tbtools.render.event_files import Points

POINTS = (np.arange(3), np.arange(3.0), np.arange(3.0))
# The checksums hold, and the bytes are no message.
NO_EVENT = frame(b"\xff\xff\xff")


def write_run(path: Path, points: Sequence[tuple[int, float]]) -> Path:
    EventFileBuilder().file_version().scalars("loss", points).write(path / "events.out.tfevents.1")
    return path


def contents(directory: Path) -> dict[str, bytes]:
    """The files below a directory; none where it is not there."""
    files = [each for each in directory.rglob("*") if each.is_file()]
    return {str(each.relative_to(directory)): each.read_bytes() for each in files}


@pytest.fixture
def merged(tmp_path: Path) -> Any:
    return tbtools.merge(write_run(tmp_path / "in" / "run", [(0, 1.0), (1, 2.0)]))


def test_an_empty_directory_is_filled(merged: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    tbtools.write(merged, tmp_path / "out")
    assert len(tbtools.load(tmp_path / "out")) == 1


def test_a_directory_that_holds_something_is_left_alone(merged: Any, tmp_path: Path) -> None:
    tbtools.write(merged, tmp_path / "out")
    with pytest.raises(OutputExists, match="allow it to be replaced"):
        tbtools.write(merged, tmp_path / "out")
    tbtools.write(merged, tmp_path / "out", force=True)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in", "out"]


def test_only_results_of_tbtools_are_ever_replaced(merged: Any, tmp_path: Path) -> None:
    mine = write_run(tmp_path / "mine", [(0, 1.0)])
    with tbtools.EventFileWriter(tmp_path / "training") as writer:
        writer.add_scalar("loss", 1.0, 0)
    beside = tmp_path / "result"
    tbtools.write(merged, beside)
    (beside / "notes.txt").write_text("mine")
    for directory in (mine, tmp_path / "training", beside):
        before = sorted(directory.iterdir())
        with pytest.raises(ForeignFiles, match="no result of tbtools and is never replaced"):
            tbtools.write(merged, directory, force=True)
        assert sorted(directory.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("link", lambda path: path.symlink_to("/dev/null")),
        ("linked", lambda path: path.symlink_to(path.parents[1] / "in")),
        ("events.out.tfevents.1", os.mkfifo),
        ("events.out.tfevents.2", lambda path: path.write_bytes(NO_EVENT)),
        ("events.out.tfevents.3", lambda path: path.write_bytes(b"")),
    ],
    ids=["link to a file", "link to a directory", "pipe", "no event", "empty"],
)
def test_whatever_else_is_there_is_never_replaced(
    merged: Any, tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    tbtools.write(merged, tmp_path / "out")
    (tmp_path / "out" / "deeper").mkdir()
    make(tmp_path / "out" / "deeper" / name)
    with pytest.raises(ForeignFiles, match=f"out holds deeper/{name}, which is no result"):
        tbtools.write(merged, tmp_path / "out", force=True)
    assert len(list((tmp_path / "out").rglob("*"))) == 3


def test_what_may_not_be_removed_is_not_moved(
    merged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tbtools.write(merged, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    merged = tbtools.merge("in/run")
    Path("out").chmod(0o555)
    tmp_path.chmod(0o777)
    with unprivileged(tmp_path), pytest.raises(PermissionError, match=r"^out: "):
        tbtools.write(merged, "out", force=True)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in", "out"]


def test_what_is_gone_for_an_instant_is_not_forbidden(
    merged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tbtools.write(merged, tmp_path / "out")
    ask = os.access

    def while_another_process_replaces_it(*args: Any, **kwargs: Any) -> bool:
        (tmp_path / "out").rename(tmp_path / "aside")
        try:
            return ask(*args, **kwargs)
        finally:
            (tmp_path / "aside").rename(tmp_path / "out")

    monkeypatch.setattr(os, "access", while_another_process_replaces_it)
    tbtools.write(merged, tmp_path / "out", force=True)


@pytest.mark.parametrize("force", [False, True])
def test_links(merged: Any, tmp_path: Path, force: bool) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileError, match="loop: Too many levels of symbolic links"):
        tbtools.write(merged, tmp_path / "loop", force=force)
    (tmp_path / "link").symlink_to("target")
    tbtools.write(merged, tmp_path / "link", force=force)
    if force:
        tbtools.write(merged, tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert len(tbtools.load(tmp_path / "target")) == 1
    assert len(list(tmp_path.iterdir())) == 4


def test_what_is_replaced_leaves_its_modes_behind(merged: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o700)
    tbtools.write(merged, out)
    assert out.stat().st_mode & 0o7777 == 0o700
    [file] = out.iterdir()
    file.chmod(0o640)
    out.chmod(0o2750)
    tbtools.write(merged, out, force=True)
    assert out.stat().st_mode & 0o7777 == 0o2750
    assert file.stat().st_mode & 0o7777 == 0o640


def test_a_new_directory_has_the_group_of_its_place(merged: Any, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o2775)
    tbtools.write(merged, tmp_path / "shared" / "out")
    assert (tmp_path / "shared" / "out").stat().st_mode & 0o2000


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("what", ["training", "file"])
def test_what_appears_meanwhile_is_left_alone(tmp_path: Path, force: bool, what: str) -> None:
    out = tmp_path / "out"

    def runs() -> Iterator[tuple[str, list[dict[str, Points]]]]:
        if what == "file":
            out.write_text("mine")
        else:
            write_run(out, [(0, 1.0)])
        yield "run", [{"loss": POINTS}]

    with pytest.raises(OutputExists):
        write_runs(runs(), out, command="test", force=force)
    assert list(tmp_path.iterdir()) == [out]
    assert out.is_file() or [entry.name for entry in out.iterdir()] == ["events.out.tfevents.1"]


@pytest.mark.parametrize("change", ["training", "removed", "replaced", "written"])
def test_only_what_was_there_is_replaced(merged: Any, tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    tbtools.write(merged, out)
    [file] = out.iterdir()

    def runs() -> Iterator[tuple[str, list[dict[str, Points]]]]:
        if change == "training":
            write_run(out / "mine", [(0, 1.0)])
        elif change == "removed":
            file.unlink()
            out.rmdir()
        elif change == "replaced":
            tbtools.write(merged, out, force=True)
        else:
            with file.open("ab") as opened:
                opened.write(b"more")
        before.append(contents(out))
        yield "run", [{"loss": POINTS}]

    before: list[dict[str, bytes]] = []
    with pytest.raises(OutputChanged, match="written by something else meanwhile"):
        write_runs(runs(), out, command="test", force=True)
    assert contents(out) == before[0]
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_training_that_starts_between_the_renames(
    merged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier result has stepped aside, and something is in its place."""
    out = tmp_path / "out"
    tbtools.write(merged, out)
    former = contents(out)
    rename = Path.rename

    def renamed(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if path == out:
            write_run(out, [(0, 1.0)])
        return moved

    monkeypatch.setattr(Path, "rename", renamed)
    with pytest.raises(OutputChanged) as told:
        tbtools.write(merged, out, force=True)
    assert list(contents(out)) == ["events.out.tfevents.1"]
    # The earlier result is kept, and it is said where.
    [kept] = [each for each in tmp_path.iterdir() if each.name.startswith(".")]
    assert f"the earlier result is now {kept}" in str(told.value)
    assert contents(kept) == former
    monkeypatch.undo()
    (out / "events.out.tfevents.1").unlink()
    tbtools.write(merged, out)
    assert contents(kept) == former


def test_a_training_that_comes_while_the_earlier_result_goes(
    merged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are gone and its directory is about to go, where the training has just been."""
    out = tmp_path / "out"
    tbtools.write(merged, out)
    expected = contents(out)
    rmdir = Path.rmdir

    def removed(path: Path) -> None:
        if path.parent == tmp_path and path.name.startswith("."):
            (path / "events.out.tfevents.1").touch()
        rmdir(path)

    monkeypatch.setattr(Path, "rmdir", removed)
    with pytest.raises(OutputChanged) as told:
        tbtools.write(merged, out, force=True)
    assert contents(out).keys() == expected.keys()
    [kept] = [each for each in tmp_path.iterdir() if each.name.startswith(".")]
    assert f"the earlier result is now {kept}" in str(told.value)
    assert list(contents(kept)) == ["events.out.tfevents.1"]


def test_an_output_inside_an_input_is_refused(merged: Any, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "in" / "run")
    for path in ("in/run", "in/run/merged", "in", "link/merged", "link"):
        with pytest.raises(OutputInsideInput, match="one inside the other"):
            tbtools.write(merged, tmp_path / path, force=True)


def test_a_file_in_the_way_and_a_missing_parent_are_told(merged: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="this is a file; name a directory"):
        tbtools.write(merged, tmp_path / "file", force=True)
    with pytest.raises(FileNotFoundError, match="make it first"):
        tbtools.write(merged, tmp_path / "no" / "out")


def test_an_unwritable_folder_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("closed").mkdir(mode=0o555)
    merged = tbtools.merge(write_run(Path("run"), [(0, 1.0)]))
    with unprivileged(tmp_path), pytest.raises(PermissionError) as told:
        tbtools.write(merged, "closed/out")
    assert told.value.filename == "closed/out"


def test_a_full_disk_leaves_nothing_behind(merged: Any, tmp_path: Path) -> None:
    # A limit on the size of files fails where a full disk does, when bytes are written.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as told:
            tbtools.write(merged, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, former)
    assert told.value.errno == errno.EFBIG
    assert told.value.filename == str(tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_the_umask_holds(merged: Any, tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        tbtools.write(merged, tmp_path / "out")
    finally:
        os.umask(former)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750


def test_a_leftover_whose_name_has_been_taken_anew_stays(
    merged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has swept it, and its maker made it again, before the lock was had."""
    lock = fcntl.flock
    made_anew: list[Path] = []

    def late(handle: int, how: int) -> None:
        if how & fcntl.LOCK_NB and made_anew:
            raise BlockingIOError  # its maker holds it
        lock(handle, how)
        if how & fcntl.LOCK_NB:
            leftover.rename(tmp_path / "gone")
            leftover.mkdir()
            (leftover / ".0.part").write_text("in the making")
            made_anew.append(leftover)

    def runs() -> Iterator[tuple[str, list[dict[str, Points]]]]:
        [found] = [each for each in tmp_path.iterdir() if each.name.startswith(".")]
        found.with_name(f"{found.name[:-4]}0000").mkdir()
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        write_runs(runs(), tmp_path / "out", command="test")
    [leftover] = [each for each in tmp_path.iterdir() if each.name.startswith(".")]
    monkeypatch.setattr(fcntl, "flock", late)
    tbtools.write(merged, tmp_path / "out")
    assert made_anew == [leftover]
    assert (leftover / ".0.part").read_text() == "in the making"
