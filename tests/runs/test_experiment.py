"""An Experiment: a mapping of runs, read when needed, on all cores."""

from __future__ import annotations

import mmap
import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import tbtools
from tbtools.eventfile import listing, threads
from tbtools.eventfile.source import LocalSource, using
from tbtools.runs import reading
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tbtools.eventfile.source_types import SourceFile


def write(path: Path, count: int = 3, tag: str = "loss") -> Path:
    builder = EventFileBuilder().file_version()
    return builder.scalars(tag, [(step, step / 2) for step in range(count)]).write(path)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for name in ("seed_10", "seed_9", "seed_9/eval", "."):
        write(tmp_path / "logs" / name / "events.out.tfevents.1")
    return tmp_path / "logs"


# --- finding ---------------------------------------------------------------------------------


def test_an_experiment_is_a_mapping_of_names_in_natural_order(logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    assert isinstance(experiment, Mapping)
    assert list(experiment) == [".", "seed_9", "seed_9/eval", "seed_10"]
    assert len(experiment) == 4
    assert "seed_9" in experiment
    assert experiment["seed_9"].name == "seed_9"
    assert experiment["seed_9"].path == str(logdir / "seed_9")
    assert experiment.logdir == str(logdir)
    assert repr(experiment) == f"<Experiment {str(logdir)!r}: 4 runs>"


def test_an_unknown_run_is_told_with_those_that_come_close(logdir: Path) -> None:
    with pytest.raises(tbtools.UnknownRun, match=r"no run 'seed_8'; close: 'seed_9'"):
        _ = tbtools.load(logdir)["seed_8"]
    with pytest.raises(tbtools.UnknownRun, match=r"no run 'seed_8'; close: 'seed_9'"):
        tbtools.load(logdir, runs="seed_8")
    assert tbtools.load(logdir).get("seed_8") is None


def test_runs_are_chosen_by_names_and_globs(logdir: Path) -> None:
    assert list(tbtools.load(logdir, runs="*seed*")) == ["seed_9", "seed_9/eval", "seed_10"]
    assert list(tbtools.load(logdir, runs=["seed_10", "*eval"])) == ["seed_9/eval", "seed_10"]
    assert list(tbtools.load(logdir, "seed_10")) == ["seed_10"]
    assert list(tbtools.load(logdir, exclude_runs="*eval")) == [".", "seed_9", "seed_10"]
    assert list(tbtools.load(logdir, "seed*", exclude_runs=["seed_9*"])) == ["seed_10"]


def test_a_selection_of_no_runs_is_refused(logdir: Path) -> None:
    with pytest.raises(tbtools.UnknownRun, match=r"no run 'nothing\*'; known"):
        tbtools.load(logdir, runs="nothing*")
    with pytest.raises(tbtools.UnknownRun, match=r"no run 'evil\*'"):
        tbtools.load(logdir, exclude_runs="evil*")
    with pytest.raises(tbtools.InvalidArgument, match="no run is left"):
        tbtools.load(logdir, exclude_runs="*")


def test_a_run_and_one_event_file_can_be_given(logdir: Path) -> None:
    assert list(tbtools.load(logdir / "seed_9")) == [".", "eval"]
    write(logdir / "seed_9" / "events.out.tfevents.2")
    one = tbtools.load(logdir / "seed_9" / "events.out.tfevents.2")
    assert list(one) == ["."]
    assert one["."].event_files == (str(logdir / "seed_9" / "events.out.tfevents.2"),)


def test_of_several_paths_the_names_have_the_paths_in_front(logdir: Path) -> None:
    paths = [logdir / "seed_9", f"{logdir}/seed_10/"]
    experiment = tbtools.load(paths)
    assert list(experiment) == [
        f"{logdir}/seed_9",
        f"{logdir}/seed_9/eval",
        f"{logdir}/seed_10",
    ]
    assert experiment.logdir == str(logdir)
    assert len(experiment.scalars()) == 9
    assert set(experiment.scalars()["run"]) == set(experiment)


def test_without_event_files_it_is_said_what_one_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no events")
    with pytest.raises(tbtools.NoEventFiles, match=r"no event files \(no regular file has 'tfe"):
        tbtools.load(tmp_path)
    with pytest.raises(tbtools.NoEventFiles, match="No such file or directory"):
        tbtools.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        tbtools.load(tmp_path / "nowhere")


def test_links_show_a_directory_once(logdir: Path) -> None:
    (logdir / "zzz").symlink_to(logdir / "seed_9", target_is_directory=True)
    (logdir / "seed_9" / "round").symlink_to(logdir, target_is_directory=True)
    assert list(tbtools.load(logdir)) == [".", "seed_9", "seed_9/eval", "seed_10"]


def test_a_file_that_cannot_be_read_does_not_hide_the_others(
    logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = logdir / "seed_9" / "events.out.tfevents.2"
    write(broken)
    experiment = tbtools.load(logdir)
    broken.unlink()
    broken.mkdir()  # even root cannot read it
    frame = experiment.scalars()
    assert len(frame) == 12
    assert [(each["run"], each["kind"]) for each in frame.attrs["problems"]] == [
        ("seed_9", "unreadable")
    ]


def test_what_is_no_event_file_is_told_and_nothing_else_lost(logdir: Path) -> None:
    (logdir / "seed_10" / "tfevents.notes").write_text("these are no records at all")
    (logdir / "seed_10" / "tfevents.empty").write_text("")
    frame = tbtools.load(logdir).scalars()
    assert len(frame) == 12
    assert [each["kind"] for each in frame.attrs["problems"]] == ["not_an_event_file"]


# --- reading ---------------------------------------------------------------------------------


def test_nothing_is_read_before_something_is_asked_for(logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    assert not any(run.data.is_read for run in experiment.values())
    assert len(experiment["seed_9"].scalars()) == 3
    assert [name for name, run in experiment.items() if run.data.is_read] == ["seed_9"]
    experiment.scan()
    assert all(run.data.is_read for run in experiment.values())


def test_progress_ends_with_all_bytes(logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    seen: list[tuple[int, int]] = []
    experiment.scan(lambda done, total: seen.append((done, total)))
    total = sum(path.stat().st_size for path in logdir.rglob("*tfevents*"))
    assert seen[-1] == (total, total)
    assert {each for _, each in seen} == {total}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_each_run_lets_go_of_what_was_read_for_it(logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    experiment["seed_9"].scalars()
    read = []
    for run in experiment.each_run():
        assert run.data.is_read
        read.append(run.name)
    assert read == list(experiment)
    assert [name for name, run in experiment.items() if run.data.is_read] == ["seed_9"]


def test_threads_get_the_same_frames(logdir: Path) -> None:
    expected = tbtools.load(logdir).scalars()
    experiment = tbtools.load(logdir)
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(lambda _: experiment.scalars(), range(16)))
        runs = list(pool.map(lambda name: len(experiment[name].scalars()), [*experiment] * 4))
    assert all(frame.equals(expected) for frame in frames)
    assert runs == [3] * 16


class _Noting(LocalSource):
    """Takes its time to open a file, and notes which threads did."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.threads: set[int] = set()

    def open(self, path: str) -> SourceFile:
        self.threads.add(threading.get_ident())
        if self.seconds:
            time.sleep(self.seconds)
        return super().open(path)


@pytest.mark.parametrize(
    ("files", "here", "elsewhere"),
    [("small", True, False), ("large", False, True), ("slow", True, True)],
)
def test_other_threads_scan_what_is_large_or_slow(
    files: str, here: bool, elsewhere: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        EventFileBuilder().scalar("loss", number, 0.5).write(
            tmp_path / str(number) / "events.out.tfevents.1"
        )
    if files == "large":
        monkeypatch.setattr(reading, "_FILE_FOR_THREADS", 10)
    if files == "small":  # however busy the machine is
        monkeypatch.setattr(reading, "_WAITED_FOR", 1e6)
    source = _Noting(0.003 if files == "slow" else 0.0)
    with using(source):
        experiment = tbtools.load(tmp_path)
        experiment.scan()
    assert (threading.get_ident() in source.threads) == here
    assert bool(source.threads - {threading.get_ident()}) == elsewhere
    assert experiment.scalars()["step"].tolist() == list(range(100))


@pytest.mark.parametrize("lacking", ["memory", "threads"])
def test_where_no_thread_can_be_had_everything_is_done_in_one(
    logdir: Path, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, listing what is slow, and writing; a thread without memory is waited for."""
    expected = tbtools.load(logdir).scalars()
    EventFileBuilder().image("i", 1, b"\x89PNG").write(logdir / "i" / "events.out.tfevents.1")

    def refuse(*_: object, **__: object) -> None:
        raise OSError if lacking == "memory" else RuntimeError("can't start new thread")

    def started(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(threads.mmap, "mmap", refuse if lacking == "memory" else mmap.mmap)
    monkeypatch.setattr(threading.Thread, "start", started if lacking == "memory" else refuse)
    monkeypatch.setattr(reading, "_FILE_FOR_THREADS", 0)
    monkeypatch.setattr(listing, "_TRIED", 1)
    monkeypatch.setattr(listing, "_QUICK_DIRECTORY", -1.0)
    monkeypatch.setattr(listing, "_QUICK_ENTRY", 0.0)
    experiment = tbtools.load(logdir)
    assert experiment.scalars().equals(expected)
    tbtools.export(experiment, logdir.parent / "out", "images")
    assert (logdir.parent / "out" / "i" / "i" / "00000001.bin").read_bytes() == b"\x89PNG"


@pytest.mark.parametrize("tags", [("loss",), ("loss", "acc"), ("loss", "acc", "loss")])
def test_a_frame_is_its_owners(tmp_path: Path, tags: tuple[str, ...]) -> None:
    """It shares nothing with what is read again, nor with the experiment that it is of."""
    builder = EventFileBuilder()
    points = [
        (tag, 2 * step + turn, step / 8) for step in range(60) for turn, tag in enumerate(tags)
    ]
    for tag, step, value in points:
        builder.scalars(tag, [(step, value)])
    builder.write(tmp_path / "run" / "events.out.tfevents.1")
    wanted = [point for tag in sorted(set(tags)) for point in points if point[0] == tag]
    experiment = tbtools.load(tmp_path)
    for read in (lambda: tbtools.read_scalars(tmp_path), experiment.scalars):
        for _ in range(2):
            frame = read()
            found = frame[["tag", "step", "value"]].itertuples(index=False)
            assert list(map(tuple, found)) == wanted
            for name in ("step", "wall_time", "value"):
                frame.loc[:, name] = -1
                frame[name].array[:] = -1
    assert tbtools.read_scalars(tmp_path, tags[-1])["step"].tolist() == [
        step for tag, step, _ in points if tag == tags[-1]
    ]


def test_read_scalars_is_load_and_scalars(logdir: Path) -> None:
    experiment = tbtools.load(logdir, runs="seed_*")
    assert tbtools.read_scalars(logdir, runs="seed_*").equals(experiment.scalars())
    wide = tbtools.read_scalars(logdir, "loss", runs="seed_*", steps=(1, None), wide=True)
    assert wide.equals(experiment.scalars("loss", steps=(1, None), wide=True))
    with pytest.raises(TypeError, match="stepz"):
        tbtools.read_scalars(logdir, stepz=(1, 2))


# --- tables ----------------------------------------------------------------------------------


def test_the_frame_of_tags_has_the_run_in_front(logdir: Path) -> None:
    write(logdir / "empty" / "events.out.tfevents.1", count=0)
    experiment = tbtools.load(logdir)
    tags = experiment.tags
    assert list(tags.columns) == ["run", *experiment["seed_9"].tags.columns]
    assert tags["run"].tolist() == [".", "seed_9", "seed_9/eval", "seed_10"]
    assert list(tags.index) == [0, 1, 2, 3]
    one = tags[tags["run"] == "seed_9"].drop(columns="run").reset_index(drop=True)
    pd.testing.assert_frame_equal(one, experiment["seed_9"].tags)


def test_tables_of_runs_without_values_are_empty(logdir: Path, tmp_path: Path) -> None:
    write(tmp_path / "empty" / "events.out.tfevents.1", count=0)
    none, some = tbtools.load(tmp_path / "empty"), tbtools.load(logdir)
    assert none.tags.dtypes.equals(some.tags.dtypes)
    assert len(none.tags) == len(none.hparams()) == 0
    assert none.scalars().dtypes.astype(str).equals(some.scalars().dtypes.astype(str))
    assert none.scalars().attrs["problems"] == []


def test_superseded_is_told_by_run(logdir: Path) -> None:
    later = EventFileBuilder().scalars("loss", [(1, 0.0), (2, 0.0)], START + 50)
    later.write(logdir / "seed_9" / "events.out.tfevents.2")
    superseded = tbtools.load(logdir).scalars().attrs["superseded"]
    assert superseded == {".": 0, "seed_9": 2, "seed_9/eval": 0, "seed_10": 0}


# --- hostile names ---------------------------------------------------------------------------


@pytest.fixture
def odd_names(tmp_path: Path) -> Iterator[Path]:
    names = ["new\nline", "\x1b[31mred", "spaces in it ", "[0]", "ü", "a" * 200]
    for name in names:
        write(tmp_path / name / "events.out.tfevents.1", tag=name)
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_names_of_strangers_are_only_names(odd_names: Path) -> None:
    experiment = tbtools.load(odd_names)
    assert len(experiment) == 6
    for name, run in experiment.items():
        assert run.tags["tag"].tolist() == [name]
        assert len(tbtools.load(odd_names, runs=name)) == 1
        assert len(experiment.scalars(name)) == 3
    assert "\n" not in repr(experiment["new\nline"])


def test_several_paths_of_which_one_has_no_event_files(tmp_path: Path) -> None:
    EventFileBuilder().scalar("loss", 1, 0.5).write(tmp_path / "a" / "events.out.tfevents.1")
    paths = [tmp_path / "a", tmp_path / "nowhere"]
    with pytest.raises(tbtools.NoEventFiles, match="nowhere: No such file or directory"):
        tbtools.load(paths)
    experiment = tbtools.load(paths, skip_unreadable=True)
    assert list(experiment) == [f"{tmp_path}/a"]
    assert experiment.logdir == str(tmp_path / "a")
    (path, problem), *rest = experiment.unreadable.items()
    assert (path, problem.kind, problem.message, rest) == (
        f"{tmp_path}/nowhere", "unreadable", "No such file or directory", [],
    )  # fmt: skip
    experiment.refresh()
    assert list(experiment) == [f"{tmp_path}/a"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(tbtools.NoEventFiles, match=r"nowhere: No such file.*; .*empty: no event"):
        tbtools.load([tmp_path / "nowhere", tmp_path / "empty"], skip_unreadable=True)


def test_read_scalars_takes_what_every_function_takes(tmp_path: Path) -> None:
    for run in ("a", "b"):
        with tbtools.EventFileWriter(tmp_path / run) as writer:
            writer.add_scalar("loss", 1.0, 0, 1_700_000_000.0)
    experiment = tbtools.load(tmp_path)
    runs = [
        tbtools.read_scalars(given)["run"].tolist()
        for given in (tmp_path, experiment, experiment["a"], [tmp_path / "b", experiment["a"]])
    ]
    assert runs == [["a", "b"], ["a", "b"], ["a"], [".", "a"]]


def test_what_could_not_be_read_is_no_empty_frame(tmp_path: Path) -> None:
    (tmp_path / "tfevents").write_text("no event file\n" * 10)
    with pytest.raises(tbtools.NoEventFiles, match="plain text, not an event file"):
        tbtools.read_scalars(tmp_path)
