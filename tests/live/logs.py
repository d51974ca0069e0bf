"""Trainings that write by a clock of their own, and who follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import tbtools
from tbtools.live.follower import Follower
from tbtools.live.watched import Watched
from tests.builders import START

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.live.events import Event

EVERY = 5.0  # seconds between two points


class Log:
    """A training that writes by a clock of its own, and one who follows it."""

    def __init__(self, directory: Path) -> None:
        self.now = START
        self.directory = directory
        self.follower = self.follow()
        self.events: list[Event] = []
        self._writers: dict[str, tbtools.EventFileWriter] = {}
        self._noise = np.random.default_rng(7)

    def follow(self, **watched: object) -> Follower:
        return Follower(
            Watched([self.directory], **watched),  # type: ignore[arg-type]
            clock=lambda: self.now,
            share=1,
        )

    def write(self, run: str, step: int, value: float, tag: str = "train/loss") -> None:
        if run not in self._writers:
            self._writers[run] = tbtools.EventFileWriter(self.directory / run)
        self._writers[run].add_scalar(tag, value, step, wall_time=self.now)
        self._writers[run].flush()

    def train(self, run: str, steps: range, level: float | None = None) -> list[Event]:
        """Logs a loss that falls, or one at a level; polls after each point."""
        before = len(self.events)
        for step in steps:
            self.now += EVERY
            value = 2 / (1 + 0.05 * step) if level is None else level
            self.write(run, step, value + 0.002 * self._noise.normal())
            self.poll()
        return self.events[before:]

    def wait(self, seconds: float) -> list[Event]:
        self.now += seconds
        return self.poll()

    def close(self) -> None:
        for each in self._writers.values():
            each.close()

    def poll(self) -> list[Event]:
        found = self.follower.poll()
        self.events += found
        return found
