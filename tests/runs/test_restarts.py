"""The restart policies: `preempt` and `session_log` against TensorBoard's two backends themselves.

`resume`, which is ours, has its own tests in test_sessions.py.
"""

from __future__ import annotations

import logging
import math
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder
from tests.runs.tensorboard_truth import Point, accumulated, accumulator_scalars, rust_scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tbtools.runs.run import Run

KINDS = {"scalars": 2, "images": 4, "histograms": 5, "audio": 6, "tensors": 8}
POLICIES = ("resume", "preempt", "session_log", "keep")


def event_file(number: int) -> str:
    return f"events.out.tfevents.{int(START)}.host.1.{number:03}"


def write_run(directory: Path, files: Iterable[EventFileBuilder]) -> Path:
    for number, builder in enumerate(files):
        builder.write(directory / event_file(number))
    return directory


def read_run(directory: Path, policy: str) -> Run:
    return tbtools.load(directory, restarts=policy)["."]


def points(run: Run, kind: int) -> dict[str, list[Point]]:
    """What is left of the values of one kind, by tag."""
    rows = run.data.columns.rows
    found: dict[str, list[Point]] = {}
    for series in run.data.columns.series:
        here = run.data.columns.of(series)
        here = here[rows.kind[here] == kind]
        if here.size:
            found[series.tag] = [
                Point(*point)
                for point in zip(
                    rows.step[here].tolist(),
                    rows.wall_time[here].tolist(),
                    rows.value[here].tolist(),
                    strict=True,
                )
            ]
    return found


def scalars(run: Run) -> dict[str, list[Point]]:
    frame = run.scalars()
    return {
        str(tag): [
            Point(*point)
            for point in zip(series["step"], series["wall_time"], series["value"], strict=True)
        ]
        for tag, series in frame.groupby("tag", observed=True)
    }


def comparable(series: dict[str, list[Point]]) -> dict[str, list[Any]]:
    """NaN equals NaN here."""
    return {
        tag: [("nan" if math.isnan(p.value) else p.value, p.step, p.wall_time) for p in found]
        for tag, found in series.items()
        if found
    }


@pytest.fixture(autouse=True)
def _quiet_tensorboard(caplog: pytest.LogCaptureFixture) -> None:
    """EventAccumulator warns of every purge and of every odd file version."""
    caplog.set_level(logging.CRITICAL, logger="tensorboard")


# --- one log, four answers -------------------------------------------------------------------


def restarted(purge: bool) -> list[EventFileBuilder]:
    """Steps 0 to 119, then 100 to 199 (peers.md, c2), with a test score and a checkpoint size."""
    first = EventFileBuilder().file_version()
    for step in range(120):
        first.scalar("loss", step, step / 100)
    first.scalar("test/score", 119, 0.5)
    second = EventFileBuilder().file_version(step=100 * purge, wall_time=START + 500)
    if purge:
        second.session_start(100, START + 500)
    for step in range(100, 200):
        second.scalar("loss", step, -step / 100, START + 500 + step)
    return [first, second]


@pytest.mark.parametrize(
    ("policy", "purge", "loss", "score"),
    [
        ("resume", False, 200, 0),
        ("resume", True, 200, 0),
        ("preempt", False, 200, 1),
        ("preempt", True, 200, 1),
        ("session_log", False, 220, 1),
        ("session_log", True, 200, 0),
        ("keep", False, 220, 1),
        ("keep", True, 220, 1),
    ],
)
def test_one_restart_has_four_answers(
    tmp_path: Path, policy: str, purge: bool, loss: int, score: int
) -> None:
    run = read_run(write_run(tmp_path, restarted(purge)), policy)
    counts = run.scalars()["tag"].value_counts()
    assert (counts.get("loss", 0), counts.get("test/score", 0)) == (loss, score)
    assert run.superseded == 221 - loss - score
    assert run.scalars().attrs["superseded"] == 221 - loss - score
    assert run.scalars().attrs["restarts"] == policy


def test_an_unknown_policy_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    write_run(tmp_path, restarted(purge=False))
    with pytest.raises(ValueError, match="no restart policy 'newest'; there are resume, preempt"):
        tbtools.load(tmp_path, restarts="newest")


def test_keep_leaves_every_point_in_file_order(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path, restarted(purge=True)), "keep")
    steps = run.scalars("loss")["step"].tolist()
    assert steps == [*range(120), *range(100, 200)]
    assert run.superseded == 0


@pytest.mark.parametrize("policy", POLICIES)
def test_a_run_without_restarts_is_the_same_under_every_policy(tmp_path: Path, policy: str) -> None:
    builder = EventFileBuilder().file_version().session_start(0)
    for step in range(50):
        builder.scalar("a", step, step).scalar("b", step, math.nan)
    run = read_run(write_run(tmp_path, [builder]), policy)
    assert run.superseded == 0
    assert len(run.scalars()) == 100


@pytest.mark.parametrize("policy", POLICIES)
def test_the_greatest_step_is_a_step_like_any_other(tmp_path: Path, policy: str) -> None:
    builder = EventFileBuilder().scalar("a", 2**63 - 2, 1.0).scalar("a", 2**63 - 1, 2.0)
    run = read_run(write_run(tmp_path, [builder]), policy)
    assert run.scalars()["step"].tolist() == [2**63 - 2, 2**63 - 1]


# --- preempt: TensorBoard's Rust server ------------------------------------------------------


def random_builder(rng: random.Random, clock: Iterator[int]) -> EventFileBuilder:
    """Any order of steps, several values an event, values that are no numbers, START marks."""
    builder = EventFileBuilder()
    if rng.random() < 0.9:
        builder.file_version(step=rng.choice([0, 0, 7]), wall_time=START + next(clock))
    step = rng.randrange(10)
    for _ in range(rng.randrange(40)):
        now = START + next(clock)
        step = step + 1 if rng.random() < 0.8 else rng.randrange(-3, 40)
        what = rng.randrange(12)
        if what == 0:
            builder.session_start(step, now)
        elif what == 1:
            builder.value(rng.choice("abc"), step, wall_time=now)
        elif what == 2:
            builder.tensor_scalar("t", step, rng.random(), wall_time=now)
        elif what == 3:
            builder.image(rng.choice("ai"), step, b"png", wall_time=now)
        else:
            chosen = rng.choices("abc", k=rng.choice([1, 1, 1, 2, 3]))
            values = [messages.Value(tag=tag, simple_value=random_value(rng)) for tag in chosen]
            builder.values(step, *values, wall_time=now)
    return builder


def random_value(rng: random.Random) -> float:
    return rng.choice([math.nan, math.inf, -0.0, rng.uniform(-1, 1), 10.0 ** rng.randrange(30)])


def test_preempt_is_the_rust_server_on_made_up_restarts(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = random.Random(7)
    for number in range(300):
        clock = iter(range(100_000))
        files = [random_builder(rng, clock) for _ in range(rng.randrange(1, 5))]
        write_run(tmp_path / f"run_{number}", files)
    truth = rust_scalars(tmp_path, tmp_path_factory.mktemp("server"))
    ours = tbtools.load(tmp_path, restarts="preempt")
    assert len(truth) > 250
    assert sum(run.superseded for run in ours.values()) > 2000
    for name, run in ours.items():
        shown = comparable(truth.get(name, {}))
        # To the server the first value of a tag tells what all of them are: a tag that begins with
        # a picture has no scalars there.
        mine = {tag: found for tag, found in comparable(scalars(run)).items() if tag in shown}
        assert mine == shown, name


@pytest.mark.corpus
def test_preempt_is_the_rust_server_on_the_corpus(
    corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    truth = rust_scalars(corpus, tmp_path_factory.mktemp("server"))
    experiment = tbtools.load(corpus, restarts="preempt")
    for name, run in experiment.items():
        assert comparable(points_shown(run)) == comparable(truth.get(name, {})), name
    assert sum(len(found) for run in truth.values() for found in run.values()) == 680_607


def points_shown(run: Run) -> dict[str, list[Point]]:
    """Scalars of any kind, quickly."""
    rows = run.data.columns.rows
    found = {}
    for series in run.data.columns.scalars():
        here = run.data.columns.of(series)
        columns = (rows.step[here], rows.wall_time[here], rows.value[here])
        found[series.tag] = [
            Point(*point) for point in zip(*(c.tolist() for c in columns), strict=True)
        ]
    return found


def test_what_the_rust_server_does_not_show_is_kept(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(4):
        builder.tensor_scalar("f32", step, 0.5).tensor_scalar("f64", step, 0.1, "float64")
        builder.tensor_scalar("i64", step, 3, "int64").tensor_scalar("one", step, 2.0, shape=(1,))
    write_run(tmp_path / "run", [builder])
    truth = rust_scalars(tmp_path, tmp_path_factory.mktemp("server"))["run"]
    assert {tag: len(found) for tag, found in truth.items() if found} == {"f32": 4}
    run = tbtools.load(tmp_path, restarts="preempt")["run"]
    assert {tag: len(found) for tag, found in scalars(run).items()} == {
        "f32": 4,
        "f64": 4,
        "i64": 4,
        "one": 4,
    }


# --- session_log: EventAccumulator -----------------------------------------------------------


def accumulator_points(directory: Path) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Step and wall time of all that EventAccumulator holds, by kind and tag."""
    events = accumulated(directory)
    readers: dict[str, Callable[[str], list[Any]]] = {
        "scalars": events.Scalars,
        "images": events.Images,
        "histograms": events.Histograms,
        "audio": events.Audio,
        "tensors": events.Tensors,
    }
    return {
        kind: {
            tag: [(each.step, each.wall_time) for each in read(tag)]
            for tag in events.Tags()[kind]
            if read(tag)
        }
        for kind, read in readers.items()
    }


def assert_same_as_accumulator(directory: Path) -> None:
    run = read_run(directory, "session_log")
    truth = accumulator_points(directory)
    for kind, number in KINDS.items():
        ours = {
            tag: [(p.step, p.wall_time) for p in found]
            for tag, found in points(run, number).items()
        }
        assert ours == truth[kind], kind
    assert comparable(points(run, 2)) == comparable(accumulator_scalars(directory))


steps = st.integers(-2, 8)
tags = st.sampled_from("abc")
versions = st.sampled_from(["brain.Event:2", "brain.Event:1", "2", "brain.Event:", "x:2", "3.5"])
one_event = st.one_of(
    st.tuples(st.just("summary"), steps, st.lists(tags, min_size=1, max_size=3)),
    st.tuples(st.just("histogram"), steps, tags),
    st.tuples(st.just("image"), steps, tags),
    st.tuples(st.just("audio"), steps, tags),
    st.tuples(st.just("tensor"), steps, tags),
    st.tuples(st.just("only a tag"), steps, tags),
    st.tuples(st.just("start"), steps, st.none()),
    st.tuples(st.just("stop"), steps, st.none()),
    st.tuples(st.just("graph"), steps, st.none()),
    st.tuples(st.just("message"), steps, st.none()),
)
one_file = st.tuples(st.none() | versions, st.booleans(), st.lists(one_event, max_size=25))


def build_event(builder: EventFileBuilder, what: str, step: int, tags: Any, value: float) -> None:
    if what == "summary":
        builder.values(step, *(messages.Value(tag=tag, simple_value=value) for tag in tags))
    elif what == "histogram":
        builder.histogram(tags, step, [1.0, 2.0], [3.0, 4.0])
    elif what == "image":
        builder.image(tags, step, b"png")
    elif what == "audio":
        builder.audio(tags, step, b"wav")
    elif what == "tensor":
        builder.tensor_scalar(f"tensor/{tags}", step, value)
    elif what == "only a tag":
        builder.value(tags, step)
    elif what in ("start", "stop"):
        builder.session_log(1 if what == "start" else 2, step)
    elif what == "graph":
        builder.graph(b"", step)
    else:
        builder.event(step, log_message={"message": "saved"})


def build_file(version: str | None, late: bool, events: list[Any]) -> EventFileBuilder:
    """A file whose version, where it has one, stands first or in the middle."""
    builder = EventFileBuilder()
    place = len(events) // 2 if late else 0
    for number, (what, step, tags) in enumerate(events):
        if number == place and version is not None:
            builder.file_version(version)
        build_event(builder, what, step, tags, number)
    return builder


@settings(max_examples=100, deadline=None)
@given(st.lists(one_file, min_size=1, max_size=3))
def test_session_log_is_event_accumulator_on_any_events(files: list[Any]) -> None:
    # A file_version below 2 after one of 2 turns the old rule on again; no writer does that.
    modern = False
    for number, (version, late, events) in enumerate(files):
        if modern and version is not None:
            files[number] = ("brain.Event:2", late, events)
        modern = modern or (version in ("brain.Event:2", "2", "3.5") and bool(events))
    with tempfile.TemporaryDirectory() as folder:
        assert_same_as_accumulator(write_run(Path(folder), [build_file(*file) for file in files]))


def test_without_a_file_version_every_other_event_sets_the_latest_step(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 5, 0.0)
    # The message, not the graph, is the latest: at step 3, so that step 4 does not go back.
    builder.graph(b"", 9).event(3, log_message={"message": "saved"}).scalar("a", 4, 1.0)
    assert_same_as_accumulator(write_run(tmp_path, [builder]))
    assert [p.step for p in scalars(read_run(tmp_path, "session_log"))["a"]] == [5, 4]


def test_a_start_in_front_of_the_file_version_purges_nothing(tmp_path: Path) -> None:
    first = EventFileBuilder().scalar("a", 5, 0.0)
    second = EventFileBuilder().session_start(2).file_version().scalar("b", 3, 1.0)
    assert_same_as_accumulator(write_run(tmp_path, [first, second]))
    assert read_run(tmp_path, "session_log").superseded == 0


def test_an_event_that_goes_back_does_not_purge_its_own_values(tmp_path: Path) -> None:
    twice = [messages.Value(tag="a", simple_value=value) for value in (1.0, 2.0)]
    builder = EventFileBuilder().scalar("a", 5, 0.0).values(3, *twice)
    assert_same_as_accumulator(write_run(tmp_path, [builder]))
    assert [p.value for p in scalars(read_run(tmp_path, "session_log"))["a"]] == [1.0, 2.0]


def test_tf2_scalars_are_tensors_and_never_purged(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    builder.tensor_scalar("tf2", 5, 0.0).scalar("tf1", 5, 0.0).session_start(3)
    run = read_run(write_run(tmp_path, [builder]), "session_log")
    assert {tag: len(found) for tag, found in scalars(run).items()} == {"tf2": 1}
    assert_same_as_accumulator(tmp_path)


@pytest.mark.corpus
def test_session_log_is_event_accumulator_on_the_corpus(corpus: Path) -> None:
    compared = 0
    for name, run in tbtools.load(corpus, restarts="session_log").items():
        could_purge = len(run.event_files) > 1 or any(
            not file.file_version for file in run.data.files
        )
        if run.data.columns.rows.count > (10_000 if could_purge else 1_000):
            assert run.superseded == 0  # EventAccumulator says the same, and takes long for it
            continue
        truth = accumulator_scalars(Path(run.path))
        assert comparable(points(run, KINDS["scalars"])) == comparable(truth), name
        compared += sum(map(len, truth.values()))
    assert compared == 52_230


# --- any policy ------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.lists(one_file, min_size=1, max_size=3), st.sampled_from(POLICIES))
@example(  # files without a version that have two points in common
    [(None, False, [("histogram", 0, tag), *[("histogram", 0, "a")] * 2]) for tag in "ab"], "resume"
)
def test_nothing_is_invented_and_nothing_is_lost_uncounted(files: list[Any], policy: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_run(Path(folder), [build_file(*file) for file in files])
        run = read_run(Path(folder), policy)
        everything = read_run(Path(folder), "keep")
        kept = run.data.columns.order
        assert np.unique(kept).size == kept.size
        rows = run.data.columns.rows
        if policy in ("preempt", "session_log"):  # these read copies of files twice, as TensorBoard
            assert rows.count == sum(file.tag_id.size for file in run.data.files)
        else:
            assert rows.count == everything.data.columns.rows.count
        assert kept.size + run.superseded == rows.count
        assert int(run.sessions["superseded"].sum()) == run.superseded
        assert int(run.sessions["points"].sum()) == rows.count
        for series in run.data.columns.series:
            of_files = rows.file_of(run.data.columns.of(series))
            for file in np.unique(of_files):
                assert (np.diff(run.data.columns.of(series)[of_files == file]) > 0).all()


# --- docs/restarts.md ------------------------------------------------------------------------


@pytest.mark.corpus
def test_the_documented_counts_of_the_corpus_are_true(corpus: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "restarts.md").read_text()
    table = [line.split(" | ") for line in text.splitlines() if line.count(" | ") == 6]
    documented = {cells[0][2:]: [int(cell) for cell in cells[1:6]] for cells in table[2:]}
    experiments = {policy: tbtools.load(corpus, restarts=policy) for policy in POLICIES[:3]}
    counted = {
        name: [
            len(run.event_files),
            run.data.columns.rows.count,
            *(experiment[name].superseded for experiment in experiments.values()),
        ]
        for name, run in experiments["resume"].items()
        if len(run.event_files) > 1
    }
    assert documented == counted
    totals = [sum(run.superseded for run in each.values()) for each in experiments.values()]
    assert totals == [268, 4_783, 0]
    assert "leaves out 268 rows, `preempt` 4,783, `session_log` none" in text
