"""Merging: the merged run has the points that `load` shows, in the bytes of the originals."""

from __future__ import annotations

import collections
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tbtools
from tbtools.analysis.merge import merge
from tbtools.analysis.pieces import Copy
from tbtools.errors import InputChanged, InvalidArgument
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder
from tests.runs.tensorboard_truth import rust_scalars

PNG = b"\x89PNG not really"


def session(first: int, end: int, start: float, value: float = 0.0) -> EventFileBuilder:
    """Two tags over some steps, one second each, in a file with a version in front."""
    builder = EventFileBuilder().file_version(wall_time=start)
    for step in range(first, end):
        time = start + step - first
        builder.scalar("loss", step, value + step, time).scalar("lr", step, 0.1, time)
    return builder


def points(run: Any) -> collections.Counter[tuple[Any, ...]]:
    """Every point of a run, of whatever kind, with the bytes that it has in the file."""
    rows = run.columns.rows
    contents = [Path(file.path).read_bytes() for file in rows.files]
    found: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for series in run.columns.series:
        chosen = run.columns.of(series)
        for row, file in zip(chosen.tolist(), rows.file_of(chosen).tolist(), strict=True):
            first = int(rows.offset[row])
            data = contents[file][first : first + int(rows.length[row])]
            point = (series.tag, series.plugin, rows.step[row], rows.wall_time[row], data)
            found[point] += 1
    return found


def written(plan: Any, path: Path) -> Any:
    """Carries a plan out and reads the merged run, which has to be sound and in one file."""
    tbtools.write(plan, path)
    run = tbtools.load(path)["."]
    assert len(run.event_files) == 1
    assert not list(run.iter_problems())
    assert run.superseded == 0
    return run


@pytest.fixture
def restarted(tmp_path: Path) -> Path:
    """A training that went to step 9, and went on from step 5 in another file."""
    session(0, 10, START).image("sample", 9, PNG, wall_time=START + 9).write(
        tmp_path / "run" / "events.out.tfevents.1"
    )
    session(5, 12, START + 100, value=1000.0).write(tmp_path / "run" / "events.out.tfevents.2")
    return tmp_path / "run"


class TestRestarts:
    def test_superseded_points_are_left_out_and_told(self, restarted: Path, tmp_path: Path) -> None:
        plan = tbtools.merge(restarted)
        assert (plan.points, plan.superseded, plan.rewritten) == (24, 11, 0)
        assert plan.tags == {"loss": 5, "lr": 5, "sample": 1}
        frame = plan.to_frame()
        assert frame["points"].tolist() == [21, 14]
        assert frame["superseded"].tolist() == [11, 0]
        assert frame["last_step"].tolist() == [9, 11]
        loss = written(plan, tmp_path / "out").scalars("loss")
        assert loss["step"].tolist() == list(range(12))
        assert loss["value"].tolist() == [0, 1, 2, 3, 4, *range(1005, 1012)]

    @pytest.mark.parametrize("restarts", ["resume", "preempt", "session_log", "keep"])
    def test_every_policy_leaves_what_load_shows(
        self, restarted: Path, tmp_path: Path, restarts: str
    ) -> None:
        tbtools.write(tbtools.merge(restarted, restarts=restarts), tmp_path / "out")
        want = points(tbtools.load(restarted, restarts=restarts)["."])
        assert points(tbtools.load(tmp_path / "out", restarts="keep")["."]) == want

    def test_3732_a_resumed_curve_does_not_zigzag_in_either_backend_of_tensorboard(
        self, restarted: Path, tmp_path: Path
    ) -> None:
        tbtools.write(tbtools.merge(restarted), tmp_path / "out")
        values = [0, 1, 2, 3, 4, *range(1005, 1012)]
        accumulator = EventAccumulator(str(tmp_path / "out"), size_guidance={"scalars": 0})
        accumulator.Reload()
        events = accumulator.Scalars("loss")
        assert [event.value for event in events] == values
        assert [event.step for event in events] == list(range(12))
        served = rust_scalars(tmp_path / "out", tmp_path)["."]["loss"]
        assert [(point.step, point.value) for point in served] == list(enumerate(values))
        assert served[5].wall_time == START + 100

    def test_a_start_in_the_middle_of_a_file_is_obeyed_and_not_copied(self, tmp_path: Path) -> None:
        builder = session(0, 10, START).session_start(4, wall_time=START + 50)
        builder.scalars("loss", [(4, -4.0), (5, -5.0)], wall_time=START + 51)
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        run = written(tbtools.merge(tmp_path / "run"), tmp_path / "out")
        assert run.scalars("loss")["value"].tolist() == [0, 1, 2, 3, -4, -5]
        kinds = [event.WhichOneof("what") for event in tbtools.EventFileReader(run.event_files[0])]
        assert collections.Counter(kinds) == {"file_version": 1, "summary": 10}

    def test_marks_that_are_no_session_stay(self, tmp_path: Path) -> None:
        session(0, 3, START).graph(b"graph").session_log(2, 3).write(
            tmp_path / "run" / "events.out.tfevents.1"
        )
        run = written(tbtools.merge(tmp_path / "run"), tmp_path / "out")
        kinds = {event.WhichOneof("what") for event in tbtools.EventFileReader(run.event_files[0])}
        assert kinds == {"file_version", "summary", "graph_def", "session_log"}

    def test_sessions_follow_one_another_in_time_whatever_their_files_are_called(
        self, tmp_path: Path
    ) -> None:
        session(0, 3, START).write(tmp_path / "run" / "events.out.tfevents.9")
        session(3, 6, START + 50).write(tmp_path / "run" / "events.out.tfevents.1")
        run = written(tbtools.merge(tmp_path / "run"), tmp_path / "out")
        assert run.scalars("loss")["step"].tolist() == [0, 1, 2, 3, 4, 5]


class TestBytes:
    def test_a_run_of_one_file_is_copied_as_it_is(self, tmp_path: Path) -> None:
        builder = session(0, 5, START).histogram("weights", 3, [1.0, 2.0], [3, 4]).text("n", 1, "x")
        path = builder.write(tmp_path / "run" / "events.out.tfevents.1")
        plan = tbtools.merge(tmp_path / "run")
        [piece] = plan.pieces
        assert isinstance(piece, Copy)
        assert piece.start.tolist() == [builder.offsets[1]]  # all behind the file version
        [merged] = written(plan, tmp_path / "out").event_files
        assert Path(merged).read_bytes().endswith(path.read_bytes()[builder.offsets[1] :])

    def test_large_records_are_copied_by_the_system_or_without_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        builder = EventFileBuilder().file_version()
        for step in range(40):
            builder.image("im", step, os.urandom(100_000))
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        want = points(tbtools.load(tmp_path / "run")["."])
        plan = tbtools.merge(tmp_path / "run")
        assert points(written(plan, tmp_path / "one")) == want

        def refuse(*_: Any) -> int:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(os, "copy_file_range", refuse)
        assert points(written(plan, tmp_path / "two")) == want

    def test_short_and_long_stretches_that_lie_scattered(self, tmp_path: Path) -> None:
        """Blocks are read of a mebibyte: some hold many records, some are within one."""
        builder = EventFileBuilder().file_version()
        for step in range(90):
            builder.scalar("loss", step, step).image("left out", step, os.urandom(30_000))
            if step % 20 == 0:
                builder.image("kept", step, os.urandom(1_500_000))
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        want = points(tbtools.load(tmp_path / "run")["."])
        plan = tbtools.merge(tmp_path / "run", tags=["loss", "kept"])
        assert (plan.points, plan.rewritten) == (95, 0)
        got = points(written(plan, tmp_path / "out"))
        assert got == {point: count for point, count in want.items() if point[0] != "left out"}

    def test_the_same_pieces_make_the_same_bytes(self, restarted: Path, tmp_path: Path) -> None:
        results = []
        for name in ("one", "two"):
            tbtools.write(tbtools.merge(restarted), tmp_path / name)
            [file] = (tmp_path / name).iterdir()
            results.append((file.name, file.read_bytes()))
        assert results[0] == results[1]
        assert results[0][0] == "events.out.tfevents.1700000000.tbtools"

    def test_values_of_one_event_that_part_ways_are_written_anew(self, tmp_path: Path) -> None:
        def both(builder: EventFileBuilder, steps: range, a: float) -> EventFileBuilder:
            for step in steps:
                values = [messages.Value(tag=tag, simple_value=a + step) for tag in ("a", "b")]
                builder.values(step, *values)
            return builder

        builder = both(EventFileBuilder().file_version(), range(6), 0.0)
        builder.scalar("a", 3, 33.0, START + 10).write(tmp_path / "run" / "events.out.tfevents.1")
        plan = tbtools.merge(tmp_path / "run", restarts="preempt")
        assert (plan.points, plan.superseded, plan.rewritten) == (10, 3, 3)
        run = written(plan, tmp_path / "out")
        assert run.scalars("a")["value"].tolist() == [0, 1, 2, 33]
        assert run.scalars("b")["value"].tolist() == [0, 1, 2, 3, 4, 5]
        assert run.scalars("b")["wall_time"].tolist() == [START + step for step in range(6)]

    def test_metadata_that_came_with_a_superseded_value_is_not_lost(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().file_version()
        for step in range(4):
            plugin = "scalars" if step == 0 else None
            builder.tensor_scalar("acc", step, step / 4, plugin=plugin)
        builder.session_start(0, START + 10)
        for step in range(3):
            builder.tensor_scalar("acc", step, 0.5, plugin=None, wall_time=START + 20 + step)
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        plan = tbtools.merge(tmp_path / "run")
        assert (plan.superseded, plan.rewritten) == (4, 1)
        assert written(plan, tmp_path / "out").scalars("acc")["value"].tolist() == [0.5] * 3

    def test_a_plugin_that_only_a_superseded_value_declares_goes_with_it(
        self, tmp_path: Path
    ) -> None:
        """Keras once wrote one tag under two plugins; what is left has its own."""
        builder = EventFileBuilder().file_version()
        for step in range(3):
            builder.tensor("batch", step, np.zeros(2), plugin="before")
        builder.session_start(0, START + 10)
        for step in range(3):
            builder.tensor("batch", step, np.ones(2), plugin="after", wall_time=START + 20)
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        plan = tbtools.merge(tmp_path / "run")
        assert (plan.superseded, plan.rewritten) == (3, 0)
        assert written(plan, tmp_path / "out").tags["plugin"].tolist() == ["after"]

    def test_damage_is_left_out_and_told(self, tmp_path: Path) -> None:
        builder = session(0, 4, START).corrupt_data_crc()
        builder.scalar("loss", 4, 4.0).corrupt_length().scalar("loss", 5, 5.0)
        builder.scalar("loss", 6, 6.0).truncate(3)
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        before = tbtools.load(tmp_path / "run")["."]
        plan = tbtools.merge(before)
        assert [problem.kind for _, problem in plan.problems] == [
            *("bad_data", "bad_length", "truncated")
        ]
        assert plan.to_dict()["problems"][0]["kind"] == "bad_data"
        assert points(written(plan, tmp_path / "out")) == points(before)


class TestPieces:
    def test_directories_of_one_training_are_joined(self, tmp_path: Path) -> None:
        session(0, 10, START).write(tmp_path / "monday" / "events.out.tfevents.1")
        session(7, 15, START + 100).write(tmp_path / "tuesday" / "events.out.tfevents.2")
        plan = tbtools.merge([tmp_path / "monday", tmp_path / "tuesday"])
        assert plan.superseded == 6
        loss = written(plan, tmp_path / "out").scalars("loss")
        assert loss["step"].tolist() == list(range(15))

    def test_runs_that_went_on_at_the_same_time_are_refused(self, tmp_path: Path) -> None:
        for seed in (0, 1):
            session(0, 5, START + seed).write(tmp_path / f"s{seed}" / "events.out.tfevents.1")
        with pytest.raises(InvalidArgument, match="'s0' and 's1' wrote 'loss' at the same time"):
            tbtools.merge(tmp_path)
        assert tbtools.merge(tmp_path, restarts="keep").points == 20
        EventFileBuilder().scalar("own", 3, 1.0).write(tmp_path / "s1" / "events.out.tfevents.2")
        assert tbtools.merge(tmp_path, tags="own").points == 1

    def test_a_file_that_is_given_twice_is_taken_once(self, restarted: Path) -> None:
        link = restarted.parent / "link"
        link.symlink_to(restarted)
        assert tbtools.merge([restarted, link]).points == 24
        assert tbtools.merge([restarted, restarted / "events.out.tfevents.1"]).points == 24

    def test_a_union_is_of_different_tags(self, tmp_path: Path) -> None:
        session(0, 5, START).write(tmp_path / "train" / "events.out.tfevents.1")
        EventFileBuilder().scalars("val/loss", [(2, 7.0), (0, 8.0)]).write(
            tmp_path / "val" / "events.out.tfevents.1"
        )
        plan = tbtools.merge(tmp_path, union=True)
        run = written(plan, tmp_path.parent / "union")
        assert run.scalars("val/loss")["value"].tolist() == [7.0, 8.0]
        assert len(run.scalars("loss")) == 5
        session(0, 5, START).write(tmp_path / "other" / "events.out.tfevents.1")
        with pytest.raises(InvalidArgument, match="both 'other' and 'train' have 'loss'"):
            tbtools.merge(tmp_path, union=True)
        chosen = tbtools.merge(tmp_path, union=True, tags=["val/*"])
        assert (chosen.points, chosen.runs) == (2, ("other", "train", "val"))

    def test_only_the_tags_and_steps_that_are_asked_for(
        self, restarted: Path, tmp_path: Path
    ) -> None:
        plan = tbtools.merge(restarted, tags="lo*", steps=(2, 6))
        assert (plan.points, plan.superseded) == (5, 2)
        run = written(plan, tmp_path / "out")
        assert run.scalars()["tag"].unique().tolist() == ["loss"]
        assert run.scalars()["step"].tolist() == [2, 3, 4, 5, 6]

    def test_an_input_that_was_replaced_meanwhile_is_not_mixed_in(
        self, restarted: Path, tmp_path: Path
    ) -> None:
        plan = tbtools.merge(restarted)
        file = restarted / "events.out.tfevents.1"
        os.truncate(file, 100)
        with pytest.raises(
            InputChanged, match=r"events\.out\.tfevents\.1 was replaced or cut short"
        ):
            tbtools.write(plan, tmp_path / "out")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]

    def test_an_input_that_has_grown_meanwhile_is_copied_as_it_was(
        self, restarted: Path, tmp_path: Path
    ) -> None:
        plan = tbtools.merge(restarted)
        file = restarted / "events.out.tfevents.2"
        with file.open("ab") as opened:
            opened.write(b"half a record")
        assert len(written(plan, tmp_path / "out").scalars("loss")) == 12

    def test_a_run_without_events(self, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "events.out.tfevents.1").touch()
        plan = tbtools.merge(tmp_path / "run")
        assert (plan.points, plan.sessions, plan.pieces) == (0, (), ())
        assert written(plan, tmp_path / "out").scalars().empty

    def test_json_has_no_number_that_is_none(self, tmp_path: Path) -> None:
        EventFileBuilder().scalar("loss", 0, 1.0, math.nan).write(
            tmp_path / "run" / "events.out.tfevents.1"
        )
        [told] = tbtools.merge(tmp_path / "run").to_dict()["sessions"]
        assert (told["start_time"], told["points"], told["run"]) == (None, 1, ".")

    def test_a_notebook_shows_the_sessions(self, restarted: Path) -> None:
        assert "superseded" in tbtools.merge(restarted)._repr_html_()


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("values"), st.integers(0, 6), st.lists(st.sampled_from("abc"))),
        st.tuples(st.just("start"), st.integers(0, 6), st.none()),
        st.tuples(st.just("graph"), st.integers(0, 6), st.none()),
        st.tuples(st.just("version"), st.integers(0, 6), st.none()),
        st.tuples(st.just("damage"), st.integers(0, 6), st.none()),
        st.tuples(st.just("trailing"), st.integers(0, 6), st.sampled_from("abc")),
    ),
    max_size=12,
)


def build(events: list[tuple[str, int, Any]], start: float) -> EventFileBuilder:
    builder = EventFileBuilder()
    for number, (kind, step, what) in enumerate(events):
        time = start + number
        if kind == "values":
            values = [messages.Value(tag=tag, simple_value=number) for tag in what]
            builder.values(step, *values, wall_time=time)
        elif kind == "start":
            builder.session_start(step, time)
        elif kind == "graph":
            builder.event(step, time, graph_def=b"g" * 30)
        elif kind == "version":
            # A field behind the mark's: where the record ends cannot be told from the mark.
            builder.event(
                step, time, file_version="brain.Event:2", source_metadata={"writer": "test"}
            )
        elif kind == "damage":
            builder.scalar("a", step, 1.0, time).corrupt_data_crc()
        else:
            value = messages.Value(tag=what, simple_value=number)
            value.metadata.display_name = "x" * 40
            builder.values(step, value, wall_time=time)
    return builder


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(EVENTS, min_size=1, max_size=3),
    policy=st.sampled_from(["resume", "preempt", "session_log", "keep"]),
)
def test_whatever_is_in_the_files_the_points_of_load_are_in_the_merged_one(
    tmp_path_factory: pytest.TempPathFactory, files: list[Any], policy: str
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    for number, events in enumerate(files):
        name = f"events.out.tfevents.{number}"
        build(events, START + 5 * number).write(folder / "run" / name)
    plan = merge(folder / "run", restarts=policy)
    tbtools.write(plan, folder / "out")
    want = tbtools.load(folder / "run", restarts=policy)["."]
    got = tbtools.load(folder / "out", restarts="keep")["."]
    assert not list(got.iter_problems())
    if not plan.rewritten:
        assert points(got) == points(want)
    key = ["tag", "step", "wall_time", "value"]
    scalars = [run.scalars().astype({"tag": str}).sort_values(key)[key] for run in (want, got)]
    assert scalars[0].values.tolist() == scalars[1].values.tolist()
    graphs = [sum(file.mark_kind.tolist().count(4) for file in run.files) for run in (want, got)]
    assert graphs[0] == graphs[1]


def told_apart(run: Any, tags: set[str]) -> collections.Counter[tuple[Any, ...]]:
    """The points of a run, without the plugin for some tags."""
    found: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for (tag, plugin, *rest), count in points(run).items():
        found[tag, "" if tag in tags else plugin, *rest] += count
    return found


def declared_twice(run: Any) -> set[str]:
    """The tags that the files of a run declare for different plugins."""
    plugins: dict[bytes, set[bytes]] = collections.defaultdict(set)
    for file in run.files:
        for tag, plugin in zip(file.tag_names, file.tag_plugins, strict=True):
            if plugin:
                plugins[tag].add(plugin)
    return {tag.decode() for tag, names in plugins.items() if len(names) > 1}


@pytest.mark.corpus
def test_merged_runs_of_the_corpus_hold_the_points_that_load_shows(
    corpus: Path, tmp_path: Path
) -> None:
    runs = tbtools.load(corpus)
    for number, (name, run) in enumerate(runs.items()):
        got = written(tbtools.merge(run), tmp_path / str(number))
        # Of a tag that two sessions declare for different plugins the one that is left out takes
        # its declaration with it.
        twice = declared_twice(run)
        assert told_apart(got, twice) == told_apart(run, twice), name
    assert len(runs) > 200
