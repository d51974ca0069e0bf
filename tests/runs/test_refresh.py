"""Following runs that are being written: files that grow, shrink, are replaced, vanish, appear."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.eventfile.source import using
from tests.builders import START, EventFileBuilder
from tests.sources import CountingSource

if TYPE_CHECKING:
    from pathlib import Path


def points(count: int, first: int = 0, tag: str = "loss") -> EventFileBuilder:
    return EventFileBuilder().scalars(tag, [(step, step) for step in range(first, count)])


def steps(experiment: tbtools.Experiment, run: str = "r") -> list[int]:
    return [int(step) for step in experiment[run].scalars("loss")["step"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return points(10).write(tmp_path / "r" / "events.out.tfevents.1")


@pytest.fixture
def experiment(path: Path, tmp_path: Path) -> tbtools.Experiment:
    experiment = tbtools.load(tmp_path)
    assert steps(experiment) == list(range(10))
    return experiment


def test_nothing_new_is_nothing_read(experiment: tbtools.Experiment) -> None:
    files = experiment["r"].data.files
    assert experiment.refresh() == 0
    assert experiment["r"].data.files[0] is files[0]


def test_a_file_that_grew(experiment: tbtools.Experiment, path: Path) -> None:
    points(25).write(path)  # in place: the same inode
    assert experiment.refresh() == 15
    assert steps(experiment) == list(range(25))
    assert experiment.refresh() == 0
    assert len(experiment["r"].problems) == 0


def test_a_file_that_grows_byte_by_byte(tmp_path: Path) -> None:
    content = EventFileBuilder().file_version().scalars("loss", [(1, 1.0), (2, 2.0)]).bytes()
    path = tmp_path / "r" / "events.out.tfevents.1"
    path.parent.mkdir()
    path.write_bytes(b"")
    experiment = tbtools.load(tmp_path)
    experiment.scan()
    new = []
    for end in range(1, len(content) + 1):
        with path.open("ab") as file:
            file.write(content[end - 1 : end])
        new.append(experiment.refresh())
        assert len(experiment["r"].problems) <= 1
    assert sum(new) == 2
    assert max(new) == 1
    assert steps(experiment) == [1, 2]
    assert len(experiment["r"].problems) == 0


def test_new_tags_and_payloads_of_a_file_that_grew(
    experiment: tbtools.Experiment, path: Path
) -> None:
    points(10).text("note", 3, "words").scalar("accuracy", 3, 0.5).write(path)
    assert experiment.refresh() == 2
    assert experiment["r"].tags["tag"].tolist() == ["accuracy", "loss", "note"]
    assert experiment["r"].text()["step"].tolist() == [3]


def test_a_file_that_shrank_is_read_anew(experiment: tbtools.Experiment, path: Path) -> None:
    points(4).write(path)
    assert experiment.refresh() == 4
    assert steps(experiment) == list(range(4))


def test_a_file_that_was_replaced_is_read_anew(experiment: tbtools.Experiment, path: Path) -> None:
    points(30, first=20).write(path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)
    assert experiment.refresh() == 10
    assert steps(experiment) == list(range(20, 30))


def test_a_file_of_the_same_length_with_other_content_is_read_anew(
    experiment: tbtools.Experiment, path: Path
) -> None:
    size = path.stat().st_size
    EventFileBuilder().scalars("loss", [(step, -step) for step in range(10)]).write(path)
    assert path.stat().st_size == size
    assert experiment.refresh() == 10
    assert experiment["r"].scalars()["value"].tolist() == [-step for step in range(10)]


def test_what_was_read_of_a_file_that_is_gone_stays_and_is_told(
    experiment: tbtools.Experiment, path: Path
) -> None:
    path.unlink()
    assert experiment.refresh() == 0
    assert steps(experiment) == list(range(10))
    problems = experiment["r"].problems
    assert problems["kind"].tolist() == ["unreadable"]
    assert problems["message"].tolist() == ["No such file or directory"]
    assert experiment.scalars().attrs["problems"][0]["run"] == "r"
    # Once it is back, the problem is, too.
    points(12).write(path)
    assert experiment.refresh() in (2, 12)  # where it gets the inode back, it is a file that grew
    assert steps(experiment) == list(range(12))
    assert len(experiment["r"].problems) == 0


@pytest.mark.parametrize("fold", [False, True])
def test_a_run_that_is_gone_can_be_forgotten(tmp_path: Path, fold: bool) -> None:
    for name in ("a", "b", "b/loss_train"):
        points(3).write(tmp_path / "logs" / name / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path / "logs", fold=fold)
    names = list(experiment)
    assert len(experiment.scalars()) == 9
    (tmp_path / "logs" / "a" / "events.out.tfevents.1").unlink()
    experiment.refresh()
    assert list(experiment) == names
    experiment.forget("a")
    assert list(experiment) == names[1:]
    assert experiment.refresh() == 0
    assert list(experiment) == names[1:]
    assert len(experiment.scalars()) == 6
    with pytest.raises(tbtools.UnknownRun):
        experiment.forget("a")
    # One whose files are there comes back, whole.
    experiment.forget("b")
    assert "b" not in experiment
    assert experiment.refresh() == (6 if fold else 3)
    assert list(experiment) == names[1:]
    assert len(experiment.scalars()) == 6


def test_a_log_directory_that_is_gone_keeps_what_was_read(
    experiment: tbtools.Experiment, path: Path
) -> None:
    shutil.rmtree(path.parents[1])
    assert experiment.refresh() == 0
    assert steps(experiment) == list(range(10))
    assert experiment["r"].problems["kind"].tolist() == ["unreadable"]


def test_an_event_file_given_as_the_path_may_vanish_too(path: Path) -> None:
    experiment = tbtools.load(path)
    assert steps(experiment, ".") == list(range(10))
    path.unlink()
    assert experiment.refresh() == 0
    assert steps(experiment, ".") == list(range(10))


def test_a_run_that_came(experiment: tbtools.Experiment, tmp_path: Path) -> None:
    points(5).write(tmp_path / "a" / "events.out.tfevents.1")
    assert experiment.refresh() == 5
    assert list(experiment) == ["a", "r"]
    assert steps(experiment, "a") == list(range(5))


def test_a_run_that_came_but_is_not_meant_is_not_read(path: Path, tmp_path: Path) -> None:
    experiment = tbtools.load(tmp_path, runs="r*")
    assert len(experiment.scalars()) == 10
    points(5).write(tmp_path / "a" / "events.out.tfevents.1")
    points(6).write(tmp_path / "r2" / "events.out.tfevents.1")
    assert experiment.refresh() == 6
    assert list(experiment) == ["r", "r2"]


def test_a_second_file_of_a_run_resumes_it(experiment: tbtools.Experiment, path: Path) -> None:
    later = EventFileBuilder()
    for step in range(6, 12):
        later.scalar("loss", step, -1.0, START + 100 + step)
    later.write(path.with_name("events.out.tfevents.2"))
    assert experiment.refresh() == 6
    assert steps(experiment) == list(range(12))
    assert experiment["r"].superseded == 4


def test_a_run_that_has_not_been_read_is_not_read_by_refresh(path: Path, tmp_path: Path) -> None:
    experiment = tbtools.load(tmp_path)
    assert experiment.refresh() == 0
    assert not experiment["r"].data.is_read
    points(15).write(path)
    assert steps(experiment) == list(range(15))


def test_runs_stay_the_objects_that_they_are(
    experiment: tbtools.Experiment, path: Path, tmp_path: Path
) -> None:
    run = experiment["r"]
    points(3).write(tmp_path / "a" / "events.out.tfevents.1")
    points(11).write(path)
    experiment.refresh()
    assert experiment["r"] is run
    assert len(run.scalars()) == 11
    assert run.refresh() == 0


def test_a_directory_that_cannot_be_read_any_more_is_told(
    experiment: tbtools.Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: str) -> os._ScandirIterator[str]:
        if str(path).endswith("/r"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert experiment.refresh() == 0
    assert [problem.message for problem in experiment.unreadable.values()] == ["Permission denied"]
    assert steps(experiment) == list(range(10))
    monkeypatch.undo()
    experiment.refresh()
    assert experiment.unreadable == {}


def test_a_directory_in_place_of_the_event_file_is_told(
    experiment: tbtools.Experiment, path: Path
) -> None:
    path.unlink()
    path.mkdir()
    assert experiment.refresh() == 0
    assert steps(experiment) == list(range(10))
    assert experiment["r"].problems["message"].tolist() == ["Is a directory"]


def kinds(experiment: tbtools.Experiment, run: str = "r") -> list[tuple[str, int]]:
    return [(change.kind, change.new_points) for change in experiment[run].changes]


def test_what_changed_is_said(experiment: tbtools.Experiment, path: Path) -> None:
    assert experiment["r"].changes == ()
    experiment.refresh()
    assert experiment["r"].changes == ()
    points(25).write(path)
    points(3).write(path.with_name("events.out.tfevents.2"))
    assert experiment.refresh() == 18
    assert [
        (change.path, change.kind, change.new_points) for change in experiment["r"].changes
    ] == [
        (os.fspath(path), "grown", 15),
        (os.fspath(path.with_name("events.out.tfevents.2")), "new", 3),
    ]
    points(4).write(path)
    experiment.refresh()
    assert kinds(experiment) == [("shrank", 4)]
    points(30, first=20).write(path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)
    experiment.refresh()
    assert kinds(experiment) == [("replaced", 10)]
    path.unlink()
    experiment.refresh()
    assert kinds(experiment) == [("unreadable", 0)]
    assert experiment.refresh() == 0
    assert kinds(experiment) == []


@pytest.mark.parametrize("hole", [(4, 6), (9, 11), (0, 11)], ids=["middle", "end", "all"])
@pytest.mark.parametrize("later", [True, False], ids=["another time", "the same time"])
def test_a_hole_that_is_filled_in_later_heals(
    tmp_path: Path, hole: tuple[int, int], later: bool
) -> None:
    """A network file system may tell of size and time before the data arrives."""
    content = points(12, first=1).bytes()
    size = len(content) // 11
    first, end = hole[0] * size, hole[1] * size
    path = tmp_path / "r" / "events.out.tfevents.1"
    path.parent.mkdir()
    path.write_bytes(content[:first] + bytes(end - first) + content[end:])
    os.utime(path, (START, START))
    experiment = tbtools.load(tmp_path)
    experiment.scan()
    whole = list(range(1, 12))
    known = [step for step in whole if not hole[0] < step <= hole[1]]
    assert [step for run in experiment.values() for step in run.data.columns.rows.step] == known
    assert len(experiment["r"].problems) == 1
    assert experiment.refresh() == 0
    assert kinds(experiment) == []
    path.write_bytes(content)
    os.utime(path, (START + later, START + later))
    assert experiment.refresh() == len(whole) - len(known)
    assert [new for _, new in kinds(experiment)] == [len(whole) - len(known)]
    assert steps(experiment) == whole
    assert len(experiment["r"].problems) == 0


def test_a_refresh_reads_the_new_bytes(tmp_path: Path) -> None:
    path = points(2000).write(tmp_path / "r" / "events.out.tfevents.1")
    points(2000).write(tmp_path / "other" / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    experiment.scan()
    new = points(2003, first=2000).bytes()
    counting = CountingSource()
    with using(counting):
        for _ in range(5):
            with path.open("ab") as file:
                file.write(new)
            assert experiment.refresh() == 3
    # What it goes on behind is compared, and kept for the next time: 64 bytes each.
    assert counting.bytes_read == 5 * (len(new) + 2 * 64)


WRITER = """
import sys
from torch.utils.tensorboard import SummaryWriter

with SummaryWriter(sys.argv[1]) as writer:
    for step in range(int(sys.argv[2])):
        writer.add_scalar("loss", 1 / (step + 1), step)
        if step % 50 == 0:
            writer.flush()
            print(step, flush=True)
            sys.stdin.readline()
"""


def test_a_real_writer_is_followed_while_it_writes(tmp_path: Path) -> None:
    """What is read while it writes adds up to what is there in the end."""
    command = [sys.executable, "-W", "ignore", "-c", WRITER, str(tmp_path / "r"), "301"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdin is not None
        assert job.stdout is not None
        experiment = None
        new = 0
        for line in job.stdout:
            if experiment is None:
                experiment = tbtools.load(tmp_path)
                new += len(experiment.scalars())
            else:
                new += experiment.refresh()
            assert new == int(line) + 1
            assert steps(experiment) == list(range(new))
            job.stdin.write("\n")
            job.stdin.flush()
    assert experiment is not None
    assert job.returncode == 0
    assert new + experiment.refresh() == 301
    assert experiment.scalars().equals(tbtools.load(tmp_path).scalars())
