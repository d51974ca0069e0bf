"""The index against plain scans, whatever happens to the files and to the index."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tbtools.eventfile.index import index
from tbtools.eventfile.index.index import FileIndex
from tbtools.eventfile.scan import scan_file
from tests.builders import START, EventFileBuilder
from tests.indexes import eager_index, let_clocks_tick
from tests.scans import assert_same_columns

FILES = ("a/events.out.tfevents.1", "a/events.out.tfevents.2", "b/c/events.out.tfevents.1")
LARGE = 1 << 16  # bytes from which on files that have grown are not scanned anew


class Histories(RuleBasedStateMachine):
    """Files that change in any way, between looks through an index that is damaged at random."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.logs, self.cache = self.folder / "logs", self.folder / "cache"
        self.logs.mkdir()
        self.eager = eager_index(self.cache)
        patch = self.eager.__enter__()
        patch.setattr(index, "_BYTES_A_SAMPLE", LARGE)
        self.step = 0

    def teardown(self) -> None:
        self.eager.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    def _points(self, count: int) -> bytes:
        builder = EventFileBuilder()
        for _ in range(count):
            self.step += 1
            builder.scalar("loss", self.step, 1 / self.step, START + self.step)
            if self.step % 3 == 0:
                builder.text("note", self.step, "words")
        return builder.bytes()

    def _path(self, file: int) -> Path:
        path = self.logs / FILES[file]
        path.parent.mkdir(parents=True, exist_ok=True)
        let_clocks_tick(self.folder)
        return path

    files = st.integers(0, len(FILES) - 1)

    @rule(file=files, count=st.integers(1, 5), cut=st.integers(0, 60))
    def append(self, file: int, count: int, cut: int) -> None:
        """Adds records, perhaps the last of them not whole."""
        data = self._points(count)
        with self._path(file).open("ab") as out:
            out.write(data[: max(len(data) - cut, 1)])

    @rule(file=files, count=st.integers(3000, 6000))
    def append_much(self, file: int, count: int) -> None:
        """Adds so much that the rows of the file have checksums of their own."""
        with self._path(file).open("ab") as out:
            out.write(self._points(10) * (count // 10))

    @rule(file=files, share=st.floats(0, 1))
    def truncate(self, file: int, share: float) -> None:
        """Cuts the file."""
        path = self._path(file)
        if path.exists():
            os.truncate(path, int(path.stat().st_size * share))

    @rule(file=files, count=st.integers(0, 5))
    def replace(self, file: int, count: int) -> None:
        """Puts another file in its place."""
        path = self._path(file)
        other = path.with_name("other")
        other.write_bytes(self._points(count))
        other.replace(path)

    @rule(file=files, seed=st.integers(0, 2**32), keep_time=st.booleans())
    def overwrite(self, file: int, seed: int, keep_time: bool) -> None:
        """Changes a byte in its place, perhaps with the time of the last change set back."""
        path = self._path(file)
        if not path.exists() or not path.stat().st_size:
            return
        before = path.stat()
        with path.open("r+b") as out:
            # In a large file where samples see it.
            end = before.st_size if before.st_size < LARGE else 512
            out.seek(random.Random(seed).randrange(end))
            byte = out.read(1)
            out.seek(-1, os.SEEK_CUR)
            out.write(bytes([byte[0] ^ 0xFF]))
        if keep_time:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(file=files)
    def touch(self, file: int) -> None:
        """Changes nothing but the time."""
        path = self._path(file)
        if path.exists():
            path.touch()

    @rule(file=files)
    def vanish(self, file: int) -> None:
        """Takes the file away."""
        self._path(file).unlink(missing_ok=True)

    @rule(seed=st.integers(0, 2**32), what=st.sampled_from(["byte", "cut", "swap", "gone"]))
    def damage_the_index(self, seed: int, what: str) -> None:
        """Changes files of the index in their places; none of them is in use."""
        chance = random.Random(seed)
        packs = sorted(self.cache.rglob("*.pack"))
        if not packs:
            return
        pack = chance.choice(packs)
        data = bytearray(pack.read_bytes())
        if what == "byte":
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        elif what == "cut":
            del data[chance.randrange(len(data)) :]
        elif what == "swap":
            data = bytearray(chance.choice(packs).read_bytes())
        pack.unlink() if what == "gone" else pack.write_bytes(data)

    @invariant()
    def columns_are_those_of_a_scan(self) -> None:
        """Through an index that was just opened, twice, and after it was saved."""
        paths = [path for name in FILES if (path := str(self.logs / name)) and Path(path).exists()]
        for _ in range(2):
            files = FileIndex(str(self.logs))
            for path in paths:
                assert_same_columns(files.scan_file(path), scan_file(path))
            files.save()


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
