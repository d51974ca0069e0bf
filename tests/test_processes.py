"""Threads, processes and event loops: docs/trust.md says what is promised."""

from __future__ import annotations

import asyncio
import inspect
import multiprocessing
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import tbtools
from tbtools.analysis.series_summary import SeriesTable
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, environment
from tests.sweeps import write_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGS = ROOT / "tests" / "logs"
# An argument of each type that the errors are made of.
ARGUMENTS = {
    "str": "a",
    "bool": True,
    "object": "a",
    "int": 7,
    "float": 0.5,
    "Iterable[str]": ("ab", "c"),
}


def kinds(base: type[tbtools.TbtoolsError] = tbtools.TbtoolsError) -> list[type]:
    return [base, *(each for kind in base.__subclasses__() for each in kinds(kind))]


def an_error(kind: Any) -> tbtools.TbtoolsError:
    if issubclass(kind, tbtools.FileError):
        return kind(2, "No such file", "a/b")
    given = list(inspect.signature(kind.__init__).parameters.values())[1:]
    if any(each.kind is each.VAR_POSITIONAL for each in given):
        return kind("what is wrong")
    named = {
        each.name: ARGUMENTS[each.annotation] for each in given if each.kind is each.KEYWORD_ONLY
    }
    return kind(*(ARGUMENTS[each.annotation] for each in given if each.name not in named), **named)


def pickled(given: Any) -> Any:
    return pickle.loads(pickle.dumps(given))


@pytest.mark.parametrize("kind", kinds())
def test_errors_come_back_as_they_were(kind: type[tbtools.TbtoolsError]) -> None:
    error = an_error(kind)
    error.add_note("seen in a worker")
    back = pickled(error)
    assert type(back) is kind
    assert (str(back), repr(back), back.args) == (str(error), repr(error), error.args)
    assert vars(back) == vars(error)
    for name in ("errno", "strerror", "filename", "msg"):
        assert getattr(back, name, None) == getattr(error, name, None)


def test_an_error_in_a_worker_reaches_whoever_waits() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        waiting = pool.apply_async(tbtools.read_scalars, (LOGS, "train/los"))
        with pytest.raises(tbtools.UnknownTag, match="close: 'train/loss'") as caught:
            waiting.get(timeout=120)
        assert caught.value.close_matches == ["train/loss"]


# -- results


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Runs with what is rare: damage, an embedding, groups of seeds that differ."""
    folder = tmp_path / "logs"
    for seed in range(4):
        for name, offset in (("a", 0.0), ("b", 5.0)):
            points = [(step, offset + seed / 10 + step) for step in range(12)]
            builder = EventFileBuilder().scalars("loss", points).text("note", 1, f"{name}{seed}")
            builder.write(folder / f"{name}{seed}" / "events.out.tfevents.1")
    damaged = EventFileBuilder().scalars("loss", [(1, 1.0), (2, 2.0)]).corrupt_data_crc()
    damaged.write(folder / "damaged" / "events.out.tfevents.1")
    (folder / "damaged" / "events.out.tfevents.0").symlink_to("events.out.tfevents.1")
    (folder / "damaged" / "tensors.tsv").write_text("1\t2\n3\t4\n")
    (folder / "damaged" / "projector_config.pbtxt").write_text(
        'embeddings { tensor_name: "e" tensor_path: "tensors.tsv" }'
    )
    for piece in range(2):
        builder = EventFileBuilder()
        for step in range(6 * piece, 6 * piece + 9):
            builder.scalar("loss", step, 1.0, START + 100 * piece + step)
        builder.write(tmp_path / "pieces" / str(piece) / "events.out.tfevents.1")
    return folder


def results(logdir: Path) -> Iterator[Any]:
    experiment = tbtools.load(LOGS)
    yield experiment, experiment["baseline"]
    yield tbtools.summarize(experiment)
    for run in experiment.values():
        yield run.hparams, run.custom_scalars(), run.graph(), list(run.values())
        yield from (run.images(), run.audio(), run.meshes(), run.data.statistics())
    for given in (LOGS, logdir):
        yield tbtools.detect(given), tbtools.verify(given), tbtools.repair(given)
        yield tbtools.compact(given, thin=20)
        yield tbtools.edit(given, rename="s/^(.)/x\\1/")
    yield tbtools.explain(LOGS / "diverged")
    yield tbtools.Event("reached", 5.0, "a", "steps>9", "training", tbtools.detect(LOGS)[0])
    yield tbtools.best(logdir), tbtools.best(logdir, group=["a?", "b?"])
    for rate in range(14):
        write_run(logdir.parent / "sweep" / str(rate), {"lr": rate / 10}, fails=rate > 9)
    yield tbtools.best(logdir.parent / "sweep")
    yield tbtools.diff(LOGS / "baseline", LOGS / "diverged")
    groups = [[logdir / f"{name}{seed}" for seed in range(4)] for name in "ab"]
    yield tbtools.diff(*groups)
    yield tbtools.diff(logdir / "a0", logdir / "b0")
    yield tbtools.merge(LOGS / "resumed"), tbtools.merge(logdir.parent / "pieces")
    yield tbtools.merge(LOGS / "resumed", same={"loss": ["train/loss"]})
    yield tbtools.aggregate(logdir, tags="loss", group=["a?", "b?"], bootstrap=tbtools.Bootstrap())
    yield tbtools.export(LOGS, logdir.parent / "out.csv")
    yield tbtools.import_(logdir.parent / "out.csv")
    yield tbtools.diff_against(logdir / "a0", [logdir / f"a{seed}" for seed in (1, 2, 3)])
    yield tbtools.compare_scores(logdir, tags="loss", group=["a?", "b?"])
    yield tbtools.figure(LOGS, logdir.parent / "out.tex", tags="train/loss")
    damaged = tbtools.load(logdir)["damaged"]
    yield damaged.embeddings(), tbtools.load(logdir).scalars(), damaged.problems
    yield tbtools.Bootstrap(resamples=100), list(damaged.data.iter_notes())
    EventFileBuilder().scalar("loss", 3, 3.0).write(logdir / "damaged" / "events.out.tfevents.2")
    experiment = tbtools.load(logdir)
    experiment.scan()
    EventFileBuilder().scalar("loss", 4, 3.0).write(logdir / "damaged" / "events.out.tfevents.2")
    experiment.refresh()
    yield experiment["damaged"].changes


def everything_in(given: Any) -> Iterator[Any]:
    """A result, and what it is made of, at any depth."""
    yield given
    if is_dataclass(given):
        parts = [getattr(given, field.name) for field in fields(given)]
        parts += given if isinstance(given, SeriesTable) else ()  # which makes them when asked
    elif isinstance(given, dict):
        parts = [*given.values()]
    elif isinstance(given, pd.DataFrame):
        parts = [cell for name in given for cell in given[name]]
    elif isinstance(given, list | tuple):
        parts = [*given]
    else:
        return
    for part in parts:
        yield from everything_in(part)


def told(given: Any) -> Any:
    """All that a result says, in values that can be compared: NaN equals itself."""
    if is_dataclass(given):
        return type(given), [told(getattr(given, field.name)) for field in fields(given)]
    if isinstance(given, dict):
        return [(key, told(value)) for key, value in given.items()]
    if isinstance(given, list | tuple):
        return type(given), [told(each) for each in given]
    if isinstance(given, np.ndarray):
        return given.dtype, given.tolist().__repr__()
    if isinstance(given, pd.DataFrame):
        return given.to_dict("list").__repr__(), given.attrs, given.dtypes.tolist()
    return type(given), repr(given)


# Files that are open, which say so when they are pickled; and what goes on.
OPEN = {tbtools.EventFileReader, tbtools.EventFileWriter, tbtools.LiveFigure, tbtools.Watch}


def test_every_result_comes_back_as_it_was(logdir: Path) -> None:
    tried: set[type] = set()
    for result in results(logdir):
        assert told(pickled(result)) == told(result)
        tried |= {kind for each in everything_in(result) for kind in type(each).__mro__}
    exported = {getattr(tbtools, name) for name in tbtools.__all__}
    exported = {each for each in exported if inspect.isclass(each)}
    missing = {each for each in exported if not issubclass(each, Exception | Warning)} - tried
    assert missing == OPEN


def test_an_experiment_travels_without_what_was_read() -> None:
    experiment = tbtools.load(LOGS, runs=["b*", "r*"], restarts="keep")
    frame = experiment.scalars()
    assert len(pickle.dumps(experiment)) < 5000
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply_async(tbtools.Experiment.scalars, (experiment,)).get(timeout=120)
    pd.testing.assert_frame_equal(there, frame)
    assert there.attrs == frame.attrs


def test_forked_processes_use_what_was_read_before() -> None:
    # A process of its own: forking one in which other tests have started threads is unsound.
    script = """
import os, sys, tbtools
experiment = tbtools.load("tests/logs")
before = tbtools.summarize(experiment).to_dict()
child = os.fork()
assert tbtools.summarize(experiment).to_dict() == before
assert tbtools.load("tests/logs").scalars().equals(experiment.scalars())
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(), timeout=120)


# -- threads


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_threads_ask_the_same_runs() -> None:
    def asked(_: int) -> Any:
        return tbtools.summarize(experiment).to_dict(), experiment.scalars().to_dict("list")

    experiment = tbtools.load(LOGS)
    want = repr(asked(0))
    for _ in range(5):
        experiment = tbtools.load(LOGS)
        with ThreadPoolExecutor(8) as pool:
            assert {repr(each) for each in pool.map(asked, range(8))} == {want}


@pytest.mark.usefixtures("hasty")
def test_threads_share_a_writer(tmp_path: Path) -> None:
    def write(thread: int) -> None:
        for step in range(500):
            writer.add_scalar(f"loss/{thread}", step / 2, step)

    with tbtools.EventFileWriter(tmp_path) as writer:
        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    wide = tbtools.read_scalars(tmp_path, wide=True)
    assert wide.attrs["problems"] == []
    for column in wide:
        assert wide[column].tolist() == [step / 2 for step in range(500)]


def test_an_event_loop_hands_over_to_threads() -> None:
    async def asked() -> list[Any]:
        return await asyncio.gather(*(asyncio.to_thread(tbtools.summarize, LOGS) for _ in range(4)))

    want = tbtools.summarize(LOGS).to_dict()
    # In a thread of its own: Playwright's tests leave a loop that runs in this one.
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: asyncio.run(asked())).result()
    assert [each.to_dict() for each in found] == [want] * 4


def test_open_files_say_that_they_stay_where_they_are(tmp_path: Path) -> None:
    with tbtools.EventFileWriter(tmp_path) as writer, pytest.raises(TypeError, match="pickle"):
        pickle.dumps(writer)
