"""Output files: whole or not there, and nothing written over."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tbtools.errors import FileError, OutputChanged, OutputExists
from tbtools.render.files import replaced_whole, require_free
from tests.commands import call, process, shell, unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    link = tmp_path / "link"
    link.symlink_to("target")
    with pytest.raises(OutputExists):
        write(link)
    write(link, force=True)
    assert link.is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_link_to_nowhere_is_something(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    with pytest.raises(OutputExists):
        write(link)
    write(link, force=True)
    assert (tmp_path / "nowhere").read_text() == "new"
    assert link.is_symlink()


@pytest.mark.parametrize("force", [False, True])
def test_links_in_a_loop_are_refused(force: bool, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(FileError, match="one: Too many levels of symbolic links"):
        write(tmp_path / "one", force=force)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "two"]


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


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755, 0o444])
def test_what_is_replaced_leaves_its_mode_behind(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(mode)
    seen: list[int] = []
    hidden = lambda: [each for each in tmp_path.iterdir() if each != path]  # noqa: E731
    write_and(path, lambda: seen.append(hidden()[0].stat().st_mode), force=True)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert stat.S_IMODE(*seen) == 0o600  # nor does anybody else see it in the making


def test_what_is_replaced_leaves_its_owner_behind(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs the right to give files away")
    path = tmp_path / "out.txt"
    path.write_text("old")
    os.chown(path, 1234, 4321)
    path.chmod(0o2640)
    write(path, force=True)
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (1234, 4321)
    assert stat.S_IMODE(status.st_mode) == 0o2640


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("force", [True, False])
def test_what_appears_meanwhile_is_left_alone(
    force: bool, links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    path = tmp_path / "out.txt"
    with pytest.raises(OutputExists):
        write_and(path, lambda: path.write_text("theirs"), force=force)
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]
    path.unlink()
    write(path, force=force)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def _no_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")  # as on FAT


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("older"),
        lambda path: path.rename(path.with_name("moved")),
        lambda path: (path.unlink(), path.write_text("old")),
    ],
    ids=["written", "moved", "replaced"],
)
def test_only_what_was_there_is_replaced(change: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(OutputChanged, match="written by something else meanwhile"):
        write_and(path, lambda: change(path), force=True)
    assert [each.read_text() for each in tmp_path.iterdir()] in (["old"], ["older"])


def test_devices_are_written_and_stay_devices() -> None:
    for _ in range(2):
        write(Path("/dev/null"))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(Path("/dev/full"), force=True)
    assert caught.value.filename == "/dev/full"


def test_a_pipe_is_written_while_somebody_reads_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for force in (False, True):
        with pytest.raises(FileError, match="nothing reads from this pipe"):
            write(pipe, force=force)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe)
    assert os.read(reader, 9) == b"new"
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]


def test_sockets_and_disks_are_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.fspath(path))
        with pytest.raises(OutputExists):
            write(path)
        with pytest.raises(FileError, match="never replaced") as caught:
            write(path, force=True)
    assert caught.value.filename == os.fspath(path)
    assert stat.S_ISSOCK(path.stat().st_mode)


# -- what a kill leaves

KILLED = """
import os, signal, sys
from tbtools.render.files import replaced_whole
with replaced_whole(sys.argv[1]) as file:
    file.write("half")
    file.flush()
    print("half", flush=True)
    signal.pause()
"""


def _stopped_half_way(path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, os.fspath(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "half\n"
    return child


def test_leftovers_go_and_what_is_in_the_making_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with _stopped_half_way(path) as child:
        child.kill()
    [leftover] = tmp_path.iterdir()
    others = [
        *("notes", ".tbtools-mine", f"{leftover.name}x", f"{leftover.name}-kept"),
        leftover.name.replace(leftover.name[9:12], "zzz"),
    ]
    for name in others:
        (tmp_path / name).write_text("somebody's")
    (tmp_path / f"{leftover.name[:-4]}0000").symlink_to("notes")
    others.append(f"{leftover.name[:-4]}0000")
    with _stopped_half_way(path) as child:  # which has found the leftover
        [alive] = {each.name for each in tmp_path.iterdir()} - set(others)
        assert alive != leftover.name
        with _stopped_half_way(tmp_path / "other.txt") as other:
            other.kill()
        [of_other] = {each.name for each in tmp_path.iterdir()} - {*others, alive}
        write(path)
        assert {each.name for each in tmp_path.iterdir()} == {*others, alive, of_other, "out.txt"}
        child.kill()
    write(path, force=True)
    assert {each.name for each in tmp_path.iterdir()} == {*others, of_other, "out.txt"}
    assert (tmp_path / "notes").read_text() == "somebody's"


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


@pytest.mark.parametrize(
    "place",
    ["/dev/stdout > OUT", "/dev/stdout >> OUT", "/dev/stdout | cat > OUT", "/dev/fd/3 3> OUT",
     "/proc/self/fd/3 3> OUT", "/dev/stderr 2> OUT", ">(cat > OUT)"],
)  # fmt: skip
@pytest.mark.parametrize("force", ["", "--force"])
def test_what_is_open_already_is_written(place: str, force: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    place = place.replace("OUT", os.fspath(out))
    result = shell(f"tbtools verify tests/logs {force} -o {place}; wait $!")
    assert result.status in (0, 127)  # of `wait` where nothing is in the background
    assert out.read_text().startswith(SOUND)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("line", ["verify tests/logs -o", "merge tests/logs/resumed -o"])
def test_a_mount_point_is_refused(line: str, tmp_path: Path) -> None:
    """A file system of its own, and a bind mount, which looks like any other place."""
    if shell("unshare --user --map-root-user --mount true").status:
        pytest.skip("no mounts of one's own here")
    kind = "touch" if "verify" in line else "mkdir"
    out = tmp_path / "out"
    bind = f"{kind} IN/it {out} && mount --bind IN/it {out}"
    own = f"mount -t tmpfs none {tmp_path} && mkdir {tmp_path}/in && "
    mounts = (
        own + bind.replace("IN", f"{tmp_path}/in"),
        "mount -t tmpfs none /mnt && " + bind.replace("IN", "/mnt"),
    )
    for mount in mounts:
        script = f"{mount} && '{sys.executable}' -m tbtools {line} {out} --force"
        result = shell(f'unshare --user --map-root-user --mount sh -c "{script}"')
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith(f"tbtools: {out}: this is a mount point, which cannot be")
        assert result.err.count("\n") == 1
        if not out.is_dir():
            out.unlink(missing_ok=True)


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
