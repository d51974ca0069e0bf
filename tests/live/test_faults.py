"""A watch, with each call that it makes failing or its file changing, one after the other.

What is wrong is told with its path, or has healed; afterwards the watch has what a fresh load has.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import tbtools
from tbtools.errors import TbtoolsError
from tbtools.eventfile.source import using
from tbtools.live.follower import Follower
from tbtools.live.watched import Watched
from tests.builders import START, EventFileBuilder
from tests.faulty import CHANGES, FAILURES, Call, FaultySource

if TYPE_CHECKING:
    from tests.faulty import Fault

FILE = "events.out.tfevents.1.host.1.0"
LOOKS = 3
FAULTS = {"EIO": FAILURES["EIO"], "ENOENT": FAILURES["ENOENT"], **CHANGES}


def write(folder: Path) -> None:
    for run in ("a", "b"):
        builder = EventFileBuilder().file_version(wall_time=START)
        for step in range(30):
            builder.scalar("loss", step, 1 / (step + 1), START + step)
        (folder / run).mkdir(parents=True, exist_ok=True)
        builder.write(folder / run / FILE)


def look(folder: Path, source: FaultySource) -> tuple[Follower, str]:
    """Follows a run that grows; gives what was told of problems."""
    now = START + 30.0
    follower = Follower(Watched([folder], cache=False), clock=lambda: now, share=1)
    told = ""
    for number in range(LOOKS):
        with using(source):
            told += "".join(each.message for each in follower.poll() if each.kind == "problem")
        now += 2
        if (folder / "a" / FILE).exists():
            with (folder / "a" / FILE).open("ab") as file:
                point = EventFileBuilder().scalar("loss", 30 + number, 0.1, now)
                file.write(point.bytes())
    follower.poll(thorough=True)
    return follower, told


def calls(folder: Path) -> list[Call]:
    write(folder)
    source = FaultySource()
    look(folder, source)
    return source.called()


@pytest.mark.parametrize("name", FAULTS)
def test_each_call(tmp_path: Path, name: str) -> None:
    every = calls(tmp_path)
    assert {each.operation for each in every} >= {"open", "list", "read", "status"}
    for at in every:
        if name in FAILURES or at.path.endswith(FILE):
            write(tmp_path)
            check(tmp_path, at, FAULTS[name])


def check(folder: Path, at: Call, fault: Fault) -> None:
    follower, told = look(folder, FaultySource(at, fault))
    assert follower.experiment is not None, at
    fresh = tbtools.load(folder, cache=False)
    try:
        found = follower.experiment.scalars()
    except TbtoolsError as error:
        raise AssertionError(at) from error
    if (folder / "a" / FILE).exists() and (folder / "b" / FILE).exists():
        pd.testing.assert_frame_equal(found, fresh.scalars(), obj=str(at))
    elif len(found) > len(fresh.scalars()):  # what was read of a file that is gone stays
        gone = Path(at.path).parent.name
        assert at.path in told or at.path in follower.runs[gone].run.problems.to_string(), at
