"""Output files: whole or not there, and nothing written over."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tbtools.errors import OutputExists
from tbtools.render.files import replaced_whole, require_free
from tests.commands import call, process, unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOUND = "11 files, 8,343 records, 716 kB: 11 sound\n"


def write(path: Path, text: str = "new", *, force: bool = False) -> None:
    with replaced_whole(path, force=force) as file:
        file.write(text)


def write_and(path: Path, then: Callable[[], object], *, force: bool = False) -> None:
    """Writes, and before the file has its name, does something else."""
    with replaced_whole(path, force=force) as file:
        file.write("new")
        file.flush()
        then()


def test_the_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    there: list[bool] = []
    write_and(path, lambda: there.append(path.exists()))
    assert there == [False]
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["out.txt"]


def test_a_failure_leaves_nothing_behind_and_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_and(path, lambda: 1 / 0, force=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(OutputExists, match="--force"):
        write(path)
    assert path.read_text() == "old"
    write(path, force=True)
    assert path.read_text() == "new"


def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with pytest.raises(OutputExists):
        write_and(path, lambda: path.write_text("somebody else's"))
    assert path.read_text() == "somebody else's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    link = tmp_path / "link"
    link.symlink_to("target")
    with pytest.raises(OutputExists):
        write(link)
    write(link, force=True)
    assert link.is_symlink()
    assert (tmp_path / "target").read_text() == "new"


@pytest.mark.parametrize("target", ["nowhere", "link"])
def test_a_link_to_nowhere_or_to_itself_is_something(target: str, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(OutputExists):
        write(link)
    write(link, force=True)
    assert link.read_text() == "new"


def test_the_umask_holds(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "out.txt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o640


def test_a_name_as_long_as_a_name_can_be(tmp_path: Path) -> None:
    write(tmp_path / ("x" * 255))
    with pytest.raises(OSError, match="File name too long") as caught:
        write(tmp_path / ("x" * 256))
    assert os.path.basename(caught.value.filename) == "x" * 256  # noqa: PTH119 - too long a Path


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        require_free(tmp_path, force=True)
    with pytest.raises(FileNotFoundError, match="make it first"):
        require_free(tmp_path / "missing" / "out.txt", force=True)


def test_devices_are_written_and_stay_devices() -> None:
    for _ in range(2):
        write("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116
    with pytest.raises(OSError, match="No space left on device") as caught:
        write("/dev/full", force=True)
    assert caught.value.filename == "/dev/full"


def test_a_pipe_is_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    write(pipe)
    reader.join()
    assert heard == ["new"]


# -- through the command


def test_output_options(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "out.txt")
    arguments = ("verify", "tests/logs", "-o", path)
    assert call(*arguments).status == 0
    again = call(*arguments)
    assert again.status == 2
    assert (
        again.err == f"tbtools: {path} exists; name another, or allow it to be replaced (--force)\n"
    )
    assert call(*arguments, "--force").status == 0
    assert (tmp_path / "out.txt").read_text() == SOUND
    assert call("verify", "tests/logs", "-o", "-").out == SOUND


def test_a_place_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o555)
    monkeypatch.chdir(tmp_path)
    with unprivileged(tmp_path), pytest.raises(PermissionError) as caught:
        write("closed/out.txt")
    assert caught.value.filename == "closed/out.txt"


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of files stands for a full disk: it fails in the middle of writing.
    script = (
        "import resource, signal, sys; from tbtools.cli.main import run;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); sys.exit(run(sys.argv[1:]))"
    )
    path = tmp_path / "out.json"
    arguments = ["summarize", "tests/logs", "--format", "json", "-o", os.fspath(path)]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == f"tbtools: {path}: File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_undecodable_paths_can_be_written(tmp_path: Path) -> None:
    run = os.fsencode(tmp_path) + b"/by\xffte"
    os.mkdir(run)  # noqa: PTH102 - a Path of bytes there is none
    with open(run + b"/events.out.tfevents.1", "wb"):  # noqa: PTH123
        pass
    for shape in ("table", "json", "csv"):
        every = ["--all"] if shape == "table" else []
        result = process("verify", os.fspath(tmp_path), *every, "--format", shape)
        assert (result.status, result.besides) == (0, "")
        assert "\\udcff" in result.out
