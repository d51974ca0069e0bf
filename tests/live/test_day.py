"""Days of many writers, faster than they pass: no point is missed, and nothing piles up."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tbtools
from tbtools.live.follower import Follower
from tbtools.live.watched import Watched
from tests.builders import START

EVERY = 10.0  # seconds between two points
LOOK = 200.0  # 2 seconds, at a hundred times the speed


class Writers:
    """Trainings side by side: each logs a loss, begins a new file now and then, and may start late.

    Args:
        directory: The log directory.
        count: How many there are.
    """

    def __init__(self, directory: Path, count: int) -> None:
        self.directory = directory
        self.noise = np.random.default_rng(3)
        self.steps = [0] * count
        self.open: list[tbtools.EventFileWriter | None] = [None] * count

    def write(self, now: float, until: float, day: float) -> None:
        """What all of them log from one time to another; half of it may lie in a file half."""
        for number in range(len(self.steps)):
            if now - START < day * 0.3 * number / len(self.steps):
                continue
            writer = self.open[number]
            if writer is None or self.noise.random() < 0.01:
                if writer is not None:
                    writer.close()
                writer = tbtools.EventFileWriter(self.directory / f"run{number}")
                self.open[number] = writer
            for time in np.arange(now, until, EVERY):
                step = self.steps[number]
                value = 2 / (1 + 0.01 * step) + 0.01 * self.noise.normal()
                writer.add_scalar("train/loss", value, step, wall_time=float(time))
                self.steps[number] += 1
            if self.noise.random() < 0.8:
                writer.flush()

    def close(self) -> None:
        for writer in self.open:
            if writer is not None:
                writer.close()


def memory_now() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("count", "hours"), [(10, 3), pytest.param(200, 24, marks=pytest.mark.minutes)]
)
@pytest.mark.timeout(1800)
def test_no_point_is_missed_and_nothing_piles_up(
    tmp_path: Path,
    count: int,
    hours: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if count < 100:  # of few points, most lie in the file too
        monkeypatch.setattr("tbtools.live.follower._MOST_HELD", 2000)
    day = hours * 3600.0
    now = START
    follower = Follower(Watched([tmp_path], cache=False), clock=lambda: now, share=0.25)
    writers = Writers(tmp_path, count)
    opened: list[int] = []
    memory: list[tuple[int, int]] = []
    events = []
    while now < START + day:
        writers.write(now, now + LOOK, day)
        now += LOOK
        events += follower.poll()
        opened.append(descriptors() - sum(each is not None for each in writers.open))
        memory.append((sum(writers.steps), memory_now()))
    writers.close()
    events += follower.poll(thorough=True)
    assert follower.experiment is not None
    fresh = tbtools.load(tmp_path, cache=False)
    pd.testing.assert_frame_equal(follower.experiment.scalars(), fresh.scalars())
    assert len(fresh.scalars()) == sum(writers.steps)
    assert {each.run for each in events if each.kind == "run"} == set(fresh)
    assert not [each for each in events if each.kind == "problem"]
    assert max(opened) - min(opened) <= 2
    # From the middle on all writers write. Of a point nothing stays in memory; of files and
    # looks at them, some bytes do.
    points, grown = (
        end - mid for end, mid in zip(memory[-1], memory[len(memory) // 2], strict=True)
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(fresh.scalars()):,} points; {grown / 1e6:.1f} MB more for the last "
            f"{points:,} points; {max(opened) - min(opened)} descriptors more; "
            f"{len([each for each in events if each.finding])} findings\n"
        )
    assert grown < 8 * points + 8e6
