"""`refresh()` against a fresh `load`, whatever the files do in between."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import tbtools
from tests.builders import START, EventFileBuilder

RUNS = ("a", "b/c")
FILES = ("events.out.tfevents.1", "events.out.tfevents.2")


class Histories(RuleBasedStateMachine):
    """Files of two runs that grow, lose their ends, change, vanish and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.gone: dict[Path, bytes] = {}
        self.step = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _points(self, count: int) -> bytes:
        builder = EventFileBuilder()
        for _ in range(count):
            self.step += 1
            builder.scalar("loss", self.step, 1 / self.step, START + self.step)
        return builder.bytes()

    def _path(self, run: int, file: int) -> Path:
        path = self.folder / RUNS[run] / FILES[file]
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    places = st.tuples(st.integers(0, 1), st.integers(0, 1))

    @initialize()
    def begin(self) -> None:
        self._path(0, 0).write_bytes(self._points(3))
        self.experiment = tbtools.load(self.folder)
        self.experiment.scan()

    @rule(place=places, count=st.integers(1, 5), cut=st.integers(0, 60))
    def append(self, place: tuple[int, int], count: int, cut: int) -> None:
        """Adds records, perhaps the last of them not whole."""
        with self._path(*place).open("ab") as file:
            data = self._points(count)
            file.write(data[: max(len(data) - cut, 1)])

    @rule(place=places, share=st.floats(0, 1))
    def truncate(self, place: tuple[int, int], share: float) -> None:
        """Cuts the file."""
        path = self._path(*place)
        data = path.read_bytes() if path.exists() else b""
        path.write_bytes(data[: int(len(data) * share)])

    @rule(place=places, count=st.integers(0, 5))
    def replace(self, place: tuple[int, int], count: int) -> None:
        """Puts another file in its place."""
        path = self._path(*place)
        other = path.with_name("other")
        other.write_bytes(self._points(count))
        other.replace(path)

    @rule(place=places, byte=st.integers(0, 200))
    def append_damaged(self, place: tuple[int, int], byte: int) -> None:
        """Adds records of which one byte is another."""
        data = bytearray(self._points(4))
        data[byte % len(data)] ^= 0xFF
        with self._path(*place).open("ab") as file:
            file.write(data)

    @rule(place=places)
    def vanish(self, place: tuple[int, int]) -> None:
        """Takes the file away."""
        path = self._path(*place)
        if path.exists():
            self.gone[path] = path.read_bytes()
            path.unlink()

    @rule()
    def come_back(self) -> None:
        """Brings all files back that were taken away."""
        for path, data in self.gone.items():
            if not path.exists():
                path.write_bytes(data)
        self.gone.clear()

    @invariant()
    def refresh(self) -> None:
        """What was read is what is there; files that are gone are kept and told."""
        if not hasattr(self, "experiment"):
            return
        self.experiment.scan()
        self.experiment.refresh()
        lost = [path for path in self.gone if not path.exists()]
        told = [
            file
            for run in self.experiment.values()
            for file, kind in zip(run.problems["file"], run.problems["kind"], strict=True)
            if kind == "unreadable"
        ]
        assert {Path(file) for file in told} <= set(lost)
        if lost:
            return
        fresh = tbtools.load(self.folder)
        assert list(self.experiment) == list(fresh)
        frames = [scalars_or_error(each) for each in (self.experiment, fresh)]
        if isinstance(frames[0], str):
            assert frames[0] == frames[1]
        else:
            pd.testing.assert_frame_equal(*frames, check_categorical=False)
        for name, run in fresh.items():
            pd.testing.assert_frame_equal(self.experiment[name].problems, run.problems)
            assert self.experiment[name].superseded == run.superseded


def scalars_or_error(experiment: tbtools.Experiment) -> Any:
    """The frame, or what is said where nothing can be read."""
    try:
        return experiment.scalars()
    except tbtools.NoEventFiles as error:
        return str(error)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=30, stateful_step_count=10, deadline=None)
