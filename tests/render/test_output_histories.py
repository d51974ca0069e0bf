"""Outputs under whatever happens to them: writing, --force, kills, and files of somebody else's.

What is seen at the path is always whole; nothing but an earlier result is ever replaced, and what
is replaced leaves its mode behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tbtools.errors import OutputExists, TbtoolsError
from tbtools.render.directories import directory_whole
from tbtools.render.files import replaced_whole
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    # A file, a directory, a link or a pipe, and what is in it; None for nothing.
    Seen = tuple[Any, ...] | None

UMASK = 0o027
TRAINING = EventFileBuilder().file_version().scalar("loss", 0, 0.5).bytes()
CHANGES = {"open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.chmod"}


def seen(path: Path) -> Seen:
    """What is at a path."""
    if path.is_symlink():
        return "link", os.fspath(path.readlink())
    if not path.exists():
        return None
    mode = stat.S_IMODE(path.lstat().st_mode)
    if path.is_dir():
        return "directory", mode, {each.name: seen(each) for each in path.iterdir()}
    return ("file", mode, path.read_bytes()) if path.is_file() else ("pipe", mode)


def clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# Hooks stay until the process ends.
_watch: list[Callable[[str, object], None]] = []
sys.addaudithook(
    lambda event, details, watch=_watch: [each(event, *details[:1]) for each in watch] and None
)


def killed_before(number: int, folder: Path, work: Callable[[], object]) -> None:
    """Does something in a process that is killed before its so manieth change of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which do nothing here
        child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    left = number

    def watch(event: str, place: object = None) -> None:
        nonlocal left
        if event in CHANGES and str(place).startswith(os.fspath(folder)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    _watch.append(watch)
    try:
        work()
    finally:
        os._exit(0)


class Outputs(RuleBasedStateMachine):
    """An output, at a path that may be a link; and somebody who does as he likes there."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.out, self.target = self.folder / "out", self.folder / "target"
        self.version = 0
        self.umask = os.umask(UMASK)
        # The earlier result that a killed process had moved aside, by where it belongs.
        self.aside: dict[Path, Seen] = {}
        self.killed: set[Path] = set()

    def teardown(self) -> None:
        os.umask(self.umask)
        shutil.rmtree(self.folder)

    # -- of the kind of output

    def write(self, version: int, *, force: bool, meanwhile: Callable[[], object]) -> None:
        raise NotImplementedError

    def made(self, former: Seen, version: int) -> Seen:
        """What is there when the version has been written in the place of another."""
        raise NotImplementedError

    def is_free(self, former: Seen, *, force: bool) -> bool:
        """Whether what is there may be replaced, where no link leads to it."""
        raise NotImplementedError

    def makes_way(self, found: Seen) -> bool:
        """Whether nothing is there that is in a result's way, be it new or an earlier one."""
        return False

    # -- what happens

    @property
    def end(self) -> Path:
        """Where the output is written to."""
        return self.target if self.out.is_symlink() else self.out

    def _before(self) -> Seen:
        """What is at the end when a writer has swept there."""
        found = seen(self.end)
        return self.aside[self.end] if self.makes_way(found) and self.end in self.aside else found

    @initialize()
    def begin(self) -> None:
        self.expected = (seen(self.out), seen(self.target))

    @rule(what=st.sampled_from(["nothing", "file", "directory", "training", "result", "pipe"]),
          link=st.booleans(), mode=st.sampled_from([0o600, 0o640, 0o755, 0o777]))  # fmt: skip
    def somebody_places(self, what: str, link: bool, mode: int) -> None:
        """Puts something in the place of what is there, perhaps behind a link."""
        for each in (self.out, self.target):
            clear(each)
        if link:
            self.out.symlink_to(self.target)
        end = self.end
        if what == "file":
            end.write_bytes(b"mine")
        elif what in ("directory", "training"):
            end.mkdir()
            if what == "training":
                (end / "events.out.tfevents.1").write_bytes(TRAINING)
        elif what == "pipe":
            os.mkfifo(end)
        elif what == "result" and not (self.makes_way(None) and end in self.aside):
            self.version += 1
            self.write(self.version, force=True, meanwhile=lambda: None)
        if end.exists():
            end.chmod(mode)
        self.expected = (seen(self.out), seen(self.target))

    @rule()
    def somebody_takes_it_away(self) -> None:
        """Removes what is there."""
        clear(self.end)
        self.expected = (seen(self.out), seen(self.target))

    @rule(mode=st.sampled_from([0o600, 0o644, 0o750]))
    def somebody_changes_the_mode(self, mode: int) -> None:
        """Of what is there, a directory's files included."""
        for each in (self.end, *(self.end.iterdir() if self.end.is_dir() else ())):
            if each.exists():
                each.chmod(mode | 0o100 * each.is_dir())
        self.expected = (seen(self.out), seen(self.target))

    @rule(force=st.booleans())
    def write_it(self, force: bool) -> None:
        """Writes the next version."""
        self._write(force=force)

    @rule(force=st.booleans(), what=st.sampled_from(["in it", "in its place", "gone"]))
    def write_it_while_somebody_changes_it(self, force: bool, what: str) -> None:
        """Writes the next version, and what it is to replace becomes somebody's."""
        self._write(force=force, change=what)

    def _write(self, *, force: bool, change: str = "") -> None:
        before, end = self._before(), self.end
        free = self.is_free(before, force=force) and not (
            self.out.is_symlink() and before is None and self.refuses_dangling(force=force)
        )
        self.version += 1
        changed = before

        def meanwhile() -> None:
            nonlocal changed
            if change == "in it" and before is not None and before[0] == "directory":
                (end / "events.out.tfevents.mine").write_bytes(TRAINING)
            elif change == "gone":
                clear(end)
            elif change:
                clear(end)
                end.write_bytes(b"mine" * (self.version + 1))  # of another size each time
            changed = seen(end)

        try:
            self.write(self.version, force=force, meanwhile=meanwhile)
        except TbtoolsError:
            assert not free or changed != before
            after = changed
        else:
            assert free
            assert changed == before or (self.makes_way(before) and self.makes_way(changed))
            after = self.made(before, self.version)
        self._swept(before)
        assert seen(end) == after
        self.expected = (seen(self.out), seen(self.target))

    def refuses_dangling(self, *, force: bool) -> bool:
        """Whether a link that leads nowhere is in the way."""
        return False

    def reaches(self, before: Seen) -> bool:
        """Whether a writer sweeps before it looks whether it may write."""
        return before is None or before[0] in ("file", "directory")

    def _swept(self, before: Seen) -> None:
        if not self.reaches(before):
            return
        self.aside.pop(self.end, None)
        self.killed.discard(self.end)
        if not self.killed:
            assert [each.name for each in self.folder.iterdir() if each.name[0] == "."] == []

    @rule(force=st.booleans(), number=st.integers(1, 5) | st.integers(10, 21))
    def write_it_and_be_killed(self, force: bool, number: int) -> None:
        """Begins to write the next version."""
        visible, before, end = seen(self.end), self._before(), self.end
        self.version += 1

        def work() -> None:
            with suppress(TbtoolsError):
                self.write(self.version, force=force, meanwhile=lambda: None)

        killed_before(number, self.folder, work)
        after = seen(end)
        stepped_aside = after is None and self.makes_way(None) and before is not None
        if after not in (visible, before) and not stepped_aside:
            assert self.is_free(before, force=force)
            assert after == self.made(before, self.version)
        if stepped_aside:
            self.aside[end] = before
        elif after != visible:
            self.aside.pop(end, None)
        self.killed.add(end)
        self.expected = (seen(self.out), seen(self.target))

    @invariant()
    def nothing_else_happens(self) -> None:
        """A link stays, and what lies elsewhere is as it was."""
        if hasattr(self, "expected"):
            assert (seen(self.out), seen(self.target)) == self.expected


class Files(Outputs):
    """A file."""

    def write(self, version: int, *, force: bool, meanwhile: Callable[[], object]) -> None:
        with replaced_whole(self.out, force=force, binary=True) as file:
            file.write(b"version %d" % version)
            meanwhile()

    def made(self, former: Seen, version: int) -> Seen:
        mode = former[1] if former else 0o666 & ~UMASK
        return "file", mode, b"version %d" % version

    def is_free(self, former: Seen, *, force: bool) -> bool:
        return former is None or (former[0] == "file" and force)

    def refuses_dangling(self, *, force: bool) -> bool:
        return not force

    def reaches(self, before: Seen) -> bool:
        return before is None or before[0] == "file"


class Directories(Outputs):
    """A directory of event files."""

    names = ("events.out.tfevents.1", "events.out.tfevents.2")

    def write(self, version: int, *, force: bool, meanwhile: Callable[[], object]) -> None:
        with directory_whole(self.out, force=force) as made:
            for name in self.names:
                with made.file(name) as file:
                    file.write(self.content(version))
            meanwhile()

    @staticmethod
    def content(version: int) -> bytes:
        builder = EventFileBuilder().event(
            file_version="brain.Event:2", source_metadata={"writer": "tbtools test"}
        )
        return builder.scalar("loss", version, 0.5).bytes()

    def made(self, former: Seen, version: int) -> Seen:
        mode, files = former[1:] if former else (0o777 & ~UMASK, {})
        new = ("file", 0o666 & ~UMASK)
        content = (self.content(version),)
        return "directory", mode, {n: (*files.get(n, new)[:2], *content) for n in self.names}

    def is_free(self, former: Seen, *, force: bool) -> bool:
        if former is None or former[0] != "directory":
            return former is None
        results = all(b"tbtools test" in each[2] for each in former[2].values())
        return not former[2] or (results and force)

    def makes_way(self, found: Seen) -> bool:
        return found is None or (found[0] == "directory" and not found[2])

    def reaches(self, before: Seen) -> bool:
        return before is None or before[0] == "directory"


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.parametrize("kind", [Files, Directories])
def test_an_earlier_result_comes_back_whole_or_not_at_all(kind: type[Outputs]) -> None:
    """Where a process was killed while it removed it, and somebody takes the new one away."""
    for number in range(1, 30):
        outputs = kind()
        outputs.write(1, force=False, meanwhile=lambda: None)
        former = seen(outputs.out)
        replace = partial(outputs.write, 2, force=True, meanwhile=lambda: None)
        killed_before(number, outputs.folder, replace)
        clear(outputs.out)
        with suppress(OutputExists):
            outputs.write(3, force=False, meanwhile=lambda: None)
        assert seen(outputs.out) in (former, outputs.made(None, 3))
        outputs.teardown()


TestFiles: Any = Files.TestCase
TestDirectories: Any = Directories.TestCase
TestFiles.settings = TestDirectories.settings = settings(
    max_examples=60, stateful_step_count=15, deadline=None
)
