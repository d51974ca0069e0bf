"""Following runs that are written meanwhile: what is news, once, and when a writer is silent."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.eventfile.source import using
from tests.builders import START, EventFileBuilder
from tests.faulty import FaultySource
from tests.live.logs import EVERY

if TYPE_CHECKING:
    from tbtools.live.events import Event
    from tests.live.logs import Log


def told(events: list[Event]) -> list[tuple[str, str | None, str]]:
    """What events are about: kind, run, and the kind of the finding or the state."""
    return [
        (each.kind, each.run, each.finding.kind if each.finding else str(each.status))
        for each in events
    ]


def test_what_is_not_there_yet_is_waited_for(log: Log) -> None:
    [missing] = log.poll()
    assert missing.kind == "problem"
    assert str(log.directory) in missing.message
    assert log.poll() == []
    log.directory.mkdir()
    [empty] = log.poll()
    assert "no event files" in empty.message
    assert told(log.train("a", range(3))) == [("run", "a", "training")]


def test_a_healthy_run_is_told_once(log: Log) -> None:
    log.directory.mkdir()
    assert told(log.train("a", range(300))) == [("run", "a", "training")]


def test_each_fault_is_news_once(log: Log) -> None:
    log.train("a", range(200))
    diverged = log.train("a", range(200, 260), level=50.0)
    settled = [each for each in diverged if each.finding and each.finding.severity == "error"]
    assert [each.finding.onset_step for each in settled if each.finding] == [200]
    log.now += EVERY
    log.write("a", 260, math.nan)
    assert told(log.poll()) == [("finding", "a", "nonfinite")]
    assert told(log.train("a", range(261, 300), level=50.0)) == []


def test_the_same_steps_of_a_later_session_are_another_fault(log: Log) -> None:
    def bad(start: float) -> bytes:
        points = [(step, math.nan if step >= 50 else 60.0 - step) for step in range(60)]
        builder = EventFileBuilder().file_version(wall_time=start)
        for step, value in points:
            builder.scalar("loss", step, value, start + step)
        return builder.bytes()

    run = log.directory / "a"
    run.mkdir(parents=True)
    log.now = START + 60
    (run / "events.out.tfevents.1").write_bytes(bad(START))
    assert told(log.poll()) == [("run", "a", "training"), ("finding", "a", "nonfinite")]
    log.now += 100
    (run / "events.out.tfevents.2").write_bytes(bad(START + 100))
    assert told(log.poll()) == [("finding", "a", "nonfinite")]
    assert log.poll() == []


def test_a_silent_writer_is_found_by_its_own_rhythm(log: Log) -> None:
    log.train("a", range(100))
    # Thirty typical gaps, and as long as the arrivals were apart.
    assert log.wait(30 * EVERY) == []
    assert told(log.wait(2 * EVERY)) == [("finding", "a", "stall")]
    assert log.wait(3600) == []
    assert log.follower.runs["a"].status == "stalled"
    assert told(log.train("a", range(100, 102))) == [("run", "a", "training")]
    # The gap that is now in the log is the stall that was told.
    assert log.train("a", range(102, 160)) == []


def test_a_writer_that_flushes_every_two_minutes_is_not_silent(log: Log) -> None:
    with tbtools.EventFileWriter(log.directory / "a") as writer:
        for step in range(600):
            log.now += 1
            writer.add_scalar("loss", 1 / (1 + step), step, wall_time=log.now)
            if step % 120 == 119:
                writer.flush()
            log.poll()
    assert told(log.events) == [("run", "a", "training")]


def test_the_end_of_a_session_finishes_a_run(log: Log) -> None:
    path = log.directory / "a" / "events.out.tfevents.1"
    builder = EventFileBuilder().scalars("loss", [(step, 1 / (step + 1)) for step in range(30)])
    builder.write(path)
    log.now = START + 30
    assert told(log.poll()) == [("run", "a", "training")]
    # HParamsPluginData, version 0, whose session_end_info (field 4) has status success.
    end = b'\x08\x00"\x02\x08\x01'
    tag = "_hparams_/session_end_info"
    builder.value(tag, 0, wall_time=START + 31, plugin="hparams", content=end).write(path)
    assert told(log.wait(2)) == [("finished", "a", "finished")]
    assert log.wait(10_000) == []


def test_runs_that_nobody_writes_are_history_until_they_change(log: Log) -> None:
    path = log.directory / "old" / "events.out.tfevents.1"
    builder = EventFileBuilder().scalars("loss", [(step, math.nan) for step in range(30)])
    builder.write(path)
    os.utime(path, (START, START))
    log.now = START + 100_000
    assert log.poll() == []
    followed = log.follower.runs["old"]
    assert (followed.is_read, followed.status) == (False, None)
    builder.scalar("loss", 31, math.nan, log.now).write(path)
    again, *found = told(log.poll())
    assert again == ("run", "old", "training")
    # It was silent for a day before that.
    assert found == [("finding", "old", "nonfinite"), ("finding", "old", "stall")]


def test_a_file_that_is_replaced_is_a_problem_and_read_anew(log: Log) -> None:
    path = log.directory / "a" / "events.out.tfevents.1"
    points = EventFileBuilder().scalars("loss", [(step, 1.0) for step in range(30)])
    points.write(path)
    log.now = START + 30
    log.poll()
    EventFileBuilder().scalars("loss", [(step, 1.0) for step in range(5)]).write(path)
    [shorter] = log.poll()
    assert (shorter.kind, shorter.run) == ("problem", "a")
    assert str(path) in shorter.message
    assert log.follower.runs["a"].last_step == 4


def test_only_what_is_selected_is_told(log: Log) -> None:
    log.follower = log.follow(runs="a*", exclude_runs="*b", where="train/loss>1000")
    for run in ("a", "ab", "c"):
        log.train(run, range(40))
    assert told(log.events)[1:] == []
    log.train("a", range(40, 42), level=5000.0)
    assert {each.run for each in log.events[1:]} == {"a"}
    assert list(log.follower.runs) == ["a"]


def test_a_twin_in_a_run_of_its_own_is_judged_with_its_training(log: Log) -> None:
    """Overfitting is seen in both together: they must not be judged apart."""
    for step in range(400):
        log.now += EVERY
        log.write("train", step, 2 / (1 + 0.05 * step), "loss")
        if step % 4 == 0:
            log.write("validation", step, 1 + abs(step - 100) / 100, "loss")
        log.poll()
    found = log.follower.runs["validation"].findings
    together = tbtools.detect(log.directory)
    assert [(each.kind, each.onset_step) for each in found] == [
        (each.kind, each.onset_step) for each in together if each.run == "validation"
    ]
    assert "overfitting" in {each.kind for each in found}


def test_what_one_process_writes_is_silent_together(log: Log) -> None:
    """As `add_scalars` has it: runs inside a run, which never say that they are over."""
    for step in range(60):
        log.now += EVERY
        for run in ("a", "a/loss/train", "a/loss/val"):
            log.write(run, step, 1 / (1 + step))
        log.poll()
    for step in range(60, 160):  # the outer one goes on
        log.now += EVERY
        log.write("a", step, 1 / (1 + step))
        assert log.poll() == []
    assert told(log.wait(40 * EVERY)) == [("finding", "a", "stall")]
    assert log.wait(3600) == []
    assert {each.status for each in log.follower.runs.values()} == {"stalled"}


@pytest.mark.parametrize(("pid", "silent"), [(7, []), (8, ["a/b"])])
def test_runs_of_other_processes_are_silent_by_themselves(
    log: Log, pid: int, silent: list[str]
) -> None:
    def write(run: str, count: int, pid: int) -> None:
        points = [(step, 1 / (1 + step)) for step in range(count)]
        path = log.directory / run / f"events.out.tfevents.1.host.{pid}.0"
        EventFileBuilder().scalars("loss", points).write(path)

    write("a/b", 50, pid)
    for count in range(50, 500, 5):
        log.now = START + count
        write("a", count, 7)
        log.poll()
    stalled = [each.run for each in log.events if each.finding and each.finding.kind == "stall"]
    assert stalled == silent


def test_a_run_that_begins_and_ends_between_two_looks_is_watched(log: Log) -> None:
    log.poll()
    points = [(step, math.nan if step > 20 else 1 / (1 + step)) for step in range(30)]
    builder = EventFileBuilder().scalars("loss", points)
    end = b'\x08\x00"\x02\x08\x01'
    builder.value("_hparams_/session_end_info", 0, wall_time=START + 31, plugin="hparams",
                  content=end)  # fmt: skip
    builder.write(log.directory / "a" / "events.out.tfevents.1")
    log.now = START + 40
    assert told(log.poll()) == [
        ("run", "a", "finished"), ("finished", "a", "finished"), ("finding", "a", "nonfinite"),
    ]  # fmt: skip


def test_runs_too_short_for_a_rhythm_are_over_in_the_end(log: Log) -> None:
    log.train("a", range(5))
    assert log.wait(600) == []
    assert told(log.wait(600)) == [("finished", "a", "stopped")]
    assert log.wait(600) == []


def test_runs_inside_a_run_are_over_with_it(log: Log) -> None:
    path = log.directory / "a" / "events.out.tfevents.1"
    builder = EventFileBuilder().scalars("loss", [(step, 1 / (step + 1)) for step in range(30)])
    for name in ("a", "a/loss/train"):
        builder.write(log.directory / name / path.name)
    log.now = START + 30
    log.poll()
    end = b'\x08\x00"\x02\x08\x01'
    tag = "_hparams_/session_end_info"
    builder.value(tag, 0, wall_time=START + 31, plugin="hparams", content=end).write(path)
    assert told(log.wait(2)) == [("finished", "a", "finished")]
    assert {each.status for each in log.follower.runs.values()} == {"finished"}


def test_what_is_over_is_let_go_of_and_read_again_when_it_goes_on(log: Log) -> None:
    log.train("a", range(60))
    log.wait(600)
    log.wait(3600)
    followed = log.follower.runs["a"]
    assert (followed.is_read, followed.status) == (False, "stalled")
    assert log.wait(3600) == []
    assert not followed.is_read
    log.now += EVERY
    log.write("a", 60, math.nan)
    assert told(log.poll()) == [("run", "a", "training"), ("finding", "a", "nonfinite")]
    assert followed.last_step == 60


def test_a_file_left_alone_for_long_is_not_opened_until_it_changes(log: Log) -> None:
    log.train("a", range(30))
    [path] = (log.directory / "a").iterdir()
    old = time.time() - 7200
    os.utime(path, (old, old))
    log.poll()  # its time is another one
    source = FaultySource()
    with using(source):
        log.poll()
    assert source.calls["stat", str(path)] == 1
    assert source.calls["open", str(path)] == 0
    before = log.follower.points
    log.train("a", range(30, 35))
    assert log.follower.points == before + 5
