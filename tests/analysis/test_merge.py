"""Merging: the merged run has the points that `load` shows, in the bytes of the originals."""

from __future__ import annotations

import collections
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2 as api
from tensorboard.plugins.hparams import summary_v2

import tbtools
from tbtools.analysis.merge import RunLoss, merge
from tbtools.analysis.pieces import Copy
from tbtools.errors import InputChanged, InvalidArgument, NoEventFiles, UnknownTag
from tbtools.eventfile import messages
from tbtools.runs.scalars import read_scalars_of
from tests.builders import START, EventFileBuilder, scalar_tensor
from tests.commands import call
from tests.runs.tensorboard_truth import rust_scalars

PNG = b"\x89PNG not really"


def session(first: int, end: int, start: float, value: float = 0.0) -> EventFileBuilder:
    """Two tags over some steps, one second each, in a file with a version in front."""
    builder = EventFileBuilder().file_version(wall_time=start)
    for step in range(first, end):
        time = start + step - first
        builder.scalar("loss", step, value + step, time).scalar("lr", step, 0.1, time)
    return builder


def hparams_content(name: str, value: float) -> bytes:
    """What a writer stores of one hyperparameter."""
    info = api.SessionStartInfo()
    info.hparams[name].number_value = value
    summary = summary_v2._summary_pb(
        "_hparams_/session_start_info", api.HParamsPluginData(session_start_info=info)
    )
    content: bytes = summary.value[0].metadata.plugin_data.content
    return content


def points(run: Any) -> collections.Counter[tuple[Any, ...]]:
    """Every point of a run, of whatever kind, with the bytes that it has in the file."""
    rows = run.data.columns.rows
    contents = [Path(file.path).read_bytes() for file in rows.files]
    found: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for series in run.data.columns.series:
        chosen = run.data.columns.of(series)
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
    assert not list(run.data.iter_problems())
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


def test_records_in_the_midst_of_a_long_file_are_left_out(tmp_path: Path) -> None:
    """Of records that fill several of the blocks, of 1 MiB, in which their lengths are followed."""
    count, wanted = 24_000, range(8_000, 16_000)
    records = {
        (tag, step): EventFileBuilder().scalar(tag, step, step / 8, START + step).bytes()
        for tag in ("loss", "lr")
        for step in range(count)
    }
    empty = EventFileBuilder().event(step=10_000).bytes()  # it holds nothing, and is no point
    version = EventFileBuilder().file_version().bytes()
    file = tmp_path / "run" / "events.out.tfevents.1"
    file.parent.mkdir()
    file.write_bytes(version + b"".join([*records.values(), empty]))
    tbtools.write(tbtools.merge(tmp_path / "run", steps=(wanted[0], wanted[-1])), tmp_path / "out")
    [merged] = (tmp_path / "out").iterdir()
    kept = [record for (_, step), record in records.items() if step in wanted]
    data = merged.read_bytes()
    first = data.index(kept[0])
    assert data[first:] == b"".join([*kept, empty])
    assert first < 64  # a file version alone is in front


@pytest.mark.parametrize("how", ["copy", "hard link"])
def test_a_run_that_is_a_copy_of_another_is_noted(tmp_path: Path, how: str) -> None:
    name = "events.out.tfevents.1"
    source = session(0, 10, START).write(tmp_path / "run" / name)
    (tmp_path / "copy").mkdir()
    take = shutil.copy if how == "copy" else os.link
    take(source, tmp_path / "copy" / name)
    paths = [str(tmp_path / each) for each in ("run", "copy")]
    plan = tbtools.merge(paths)
    assert plan.points == 20
    [note] = plan.notes
    assert (note["kind"], note["count"]) == ("duplicate_file", 1)
    assert any(f"{path}/{name}" in note["message"] for path in paths)
    result = call("merge", *paths, "-o", str(tmp_path / "out"), "--format", "json")
    assert json.loads(result.out)["notes"] == [note]
    assert "1 file is a copy of, or a link to, another, read once" in result.err


class TestSessions:
    """A merged run knows its sessions where readers lose nothing by it."""

    def _verdicts(self, path: Path) -> list[tuple[str, str, int | None]]:
        return [(each.kind, each.severity, each.onset_step) for each in tbtools.detect(path)]

    @pytest.mark.parametrize("restarts", ["resume", "preempt", "session_log", "keep"])
    @pytest.mark.parametrize("case", ["09_ddp", "07_overlap_requeue", "44_names_order/run"])
    def test_a_pause_between_sessions_is_no_stall(
        self, cases: Path, tmp_path: Path, case: str, restarts: str
    ) -> None:
        source, out = cases / case, tmp_path / "out"
        tbtools.write(tbtools.merge(source), out)
        assert self._verdicts(source) == self._verdicts(out) == []
        want = points(tbtools.load(source)["."])
        if restarts != "preempt" or case != "09_ddp":  # which drops one of two ranks
            assert points(tbtools.load(out, restarts=restarts)["."]) == want

    def test_a_stall_inside_a_session_stays_one(self, tmp_path: Path) -> None:
        for number, first in enumerate((0, 100)):
            builder = EventFileBuilder().file_version(wall_time=START + 5000 * number)
            for step in range(first, first + 100):
                late = 3000 * (number == 1 and step >= 150)
                builder.scalar("loss", step, 1 / (1 + step), START + 5000 * number + late + step)
            builder.write(tmp_path / "run" / f"events.out.tfevents.{number}")
        tbtools.write(tbtools.merge(tmp_path / "run"), tmp_path / "out")
        for path in (tmp_path / "run", tmp_path / "out"):
            [finding] = tbtools.detect(path)
            assert (finding.kind, finding.onset_step) == ("stall", 149)

    def test_tensorboard_drops_nothing_at_a_mark(self, restarted: Path, tmp_path: Path) -> None:
        run = written(tbtools.merge(restarted), tmp_path / "out")
        assert run.sessions["start_step"].tolist()[1:] == [5]
        accumulator = EventAccumulator(str(tmp_path / "out"), size_guidance={"scalars": 0})
        accumulator.Reload()
        for tag in ("loss", "lr"):
            want = run.scalars(tag)
            found = accumulator.Scalars(tag)
            assert [each.step for each in found] == want["step"].tolist() == list(range(12))
            assert [each.value for each in found] == pytest.approx(want["value"].tolist())

    @pytest.mark.parametrize("other", ["further", "epoch"])
    def test_no_mark_where_a_reader_would_drop_points(
        self, restarted: Path, tmp_path: Path, other: str
    ) -> None:
        """What another writer has written at a step that the next session only comes to."""
        if other == "further":
            builder = EventFileBuilder().file_version(wall_time=START + 50)
            builder.scalar("score", 500, 0.5, START + 50)
        else:
            builder = session(0, 3, START + 50, value=7.0)
        builder.write(restarted / "events.out.tfevents.1b")
        run = written(tbtools.merge(restarted, restarts="keep"), tmp_path / "out")
        assert run.sessions["start_step"].isna().all()

    @pytest.mark.parametrize("scores", [(20, 30), (5, 45), (80, 65, 45, 30)])
    def test_no_mark_that_a_later_script_would_turn_into_a_restart(
        self, tmp_path: Path, scores: tuple[int, ...]
    ) -> None:
        """A script scores old checkpoints anew, behind the second session."""
        for number, steps in enumerate((range(50), range(50, 100))):
            builder = session(steps.start, steps.stop, START + 100 * number)
            builder.scalars("val", [(step, 1.0) for step in steps if step % 5 == 0])
            builder.write(tmp_path / "run" / f"events.out.tfevents.{number}")
        script = EventFileBuilder().file_version(wall_time=START + 500)
        script.scalars("val", [(step, 3.0) for step in scores], wall_time=START + 501)
        script.write(tmp_path / "run" / "events.out.tfevents.2")
        for policy in ("resume", "keep", "session_log"):
            out = tmp_path / policy
            tbtools.write(tbtools.merge(tmp_path / "run", restarts=policy), out)
            want = points(tbtools.load(tmp_path / "run", restarts=policy)["."])
            assert points(tbtools.load(out)["."]) == want

    def test_a_configuration_at_step_0_of_each_session_costs_no_mark(self, tmp_path: Path) -> None:
        for number in range(3):
            builder = session(10 * number, 10 * number + 10, START + 100 * number)
            builder.text("config", 0, "words", wall_time=START + 100 * number)
            builder.write(tmp_path / "run" / f"events.out.tfevents.{number}")
        run = written(tbtools.merge(tmp_path / "run", restarts="keep"), tmp_path / "out")
        assert run.sessions["start_step"].tolist()[1:] == [10, 20]
        assert run.tags.set_index("tag")["count"].to_dict() == {"loss": 30, "lr": 30, "config": 3}

    @pytest.mark.parametrize("seed", range(12))
    def test_marks_cost_no_reader_a_point(self, tmp_path: Path, seed: int) -> None:
        """Histories of restarts, with ranks, configurations at step 0 and sessions without gain."""
        random = np.random.default_rng(seed)
        time, step = START, 0
        for number in range(int(random.integers(2, 6))):
            first, end = (
                max(step - int(random.integers(0, 8)), 0),
                step + int(random.integers(0, 30)),
            )
            for rank in range(int(random.integers(1, 3))):
                builder = EventFileBuilder().file_version(wall_time=time + rank)
                builder.text("config", 0, "words", wall_time=time + rank)
                for each in range(first, end):
                    builder.scalar("loss", each, 1.0 + rank, time + rank + each - first)
                    if each % 7 == 0:
                        builder.scalar("val", each, 2.0, time + rank + each - first)
                builder.write(tmp_path / "run" / f"events.out.tfevents.{number}.h{rank}")
            step, time = end, time + 500
        plan = tbtools.merge(tmp_path / "run")
        tbtools.write(plan, tmp_path / "out")
        want = points(tbtools.load(tmp_path / "run")["."])
        for policy in ("resume", "session_log", "keep"):
            assert points(tbtools.load(tmp_path / "out", restarts=policy)["."]) == want
        accumulator = EventAccumulator(str(tmp_path / "out"), size_guidance={"scalars": 0})
        accumulator.Reload()
        kept = tbtools.load(tmp_path / "out")["."].tags.set_index("tag")["count"]
        for tag in accumulator.Tags()["scalars"]:
            assert len(accumulator.Scalars(tag)) == kept[tag]


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

    def test_a_start_in_the_middle_of_a_file_is_obeyed_and_drops_nothing_more(
        self, tmp_path: Path
    ) -> None:
        builder = session(0, 10, START).session_start(4, wall_time=START + 50)
        builder.scalars("loss", [(4, -4.0), (5, -5.0)], wall_time=START + 51)
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        run = written(tbtools.merge(tmp_path / "run"), tmp_path / "out")
        assert run.scalars("loss")["value"].tolist() == [0, 1, 2, 3, -4, -5]
        kinds = [event.WhichOneof("what") for event in tbtools.EventFileReader(run.event_files[0])]
        assert collections.Counter(kinds) == {"file_version": 1, "summary": 10, "session_log": 1}
        assert run.sessions["start_step"].tolist()[1:] == [4]
        accumulator = EventAccumulator(str(tmp_path / "out"), size_guidance={"scalars": 0})
        accumulator.Reload()
        assert [each.step for each in accumulator.Scalars("loss")] == [0, 1, 2, 3, 4, 5]

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


@pytest.mark.parametrize("begun", [1e300, -5.0, 1e12])
def test_wall_times_that_no_clock_tells(tmp_path: Path, begun: float) -> None:
    """They stand in the name of the merged file, which has a limit."""
    builder = EventFileBuilder().file_version(wall_time=begun)
    for step in range(3):
        builder.scalar("loss", step, 0.5, wall_time=begun + step)
    builder.write(tmp_path / "run" / "events.out.tfevents.1")
    run = written(tbtools.merge(tmp_path / "run"), tmp_path / "out")
    assert run.scalars("loss")["wall_time"].tolist() == [begun, begun + 1, begun + 2]


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

    def test_a_tag_that_is_not_utf_8_is_kept_and_gets_its_metadata(
        self, tmp_path: Path, scan_implementation: str
    ) -> None:
        """Writers in C++ do not check it, and protobuf refuses such a message."""
        builder = EventFileBuilder().file_version()
        for step in range(4):
            event = messages.Event(wall_time=START + step, step=step)
            for tag in ("a?c", "b"):
                value = event.summary.value.add(tag=tag, tensor=scalar_tensor(step, "float32"))
                if step == 0:
                    value.metadata.plugin_data.plugin_name = "scalars"
            builder.raw_record(event.SerializeToString().replace(b"a?c", b"a\xe9c"))
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        plan = tbtools.merge(tmp_path / "run", steps=(1, None))
        assert (plan.points, plan.rewritten) == (6, 1)
        got = in_order(written(plan, tmp_path / "out"))
        want = in_order(tbtools.load(tmp_path / "run")["."])
        assert got == {tag: some[1:] for tag, some in want.items()}
        alone = tbtools.merge(tmp_path / "run", tags="a*")
        assert alone.rewritten == 4
        assert in_order(written(alone, tmp_path / "alone")) == {r"a\xe9c": want[r"a\xe9c"]}

    def test_damage_is_left_out_and_told(self, tmp_path: Path) -> None:
        builder = session(0, 4, START).corrupt_data_crc()
        builder.scalar("loss", 4, 4.0).corrupt_length().scalar("loss", 5, 5.0)
        builder.scalar("loss", 6, 6.0).truncate(3)
        builder.write(tmp_path / "run" / "events.out.tfevents.1")
        before = tbtools.load(tmp_path / "run")["."]
        plan = tbtools.merge(before)
        assert [(each["run"], each["kind"]) for each in plan.problems] == [
            *((".", "bad_data"), (".", "bad_length"), (".", "truncated"))
        ]
        assert plan.to_dict()["problems"][0]["kind"] == "bad_data"
        assert plan.to_frame().attrs["problems"] == list(plan.problems)
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

    def test_a_run_without_events_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "events.out.tfevents.1").touch()
        with pytest.raises(NoEventFiles, match="no event could be read"):
            tbtools.merge(tmp_path / "run")

    def test_a_run_of_marks_alone(self, tmp_path: Path) -> None:
        EventFileBuilder().file_version().graph(b"graph").write(
            tmp_path / "run" / "events.out.tfevents.1"
        )
        plan = tbtools.merge(tmp_path / "run")
        assert (plan.points, len(plan.sessions)) == (0, 1)
        run = written(plan, tmp_path / "out")
        assert [int(kind) for file in run.data.files for kind in file.mark_kind] == [3, 4]

    def test_writers_at_the_same_time_are_merged_by_wall_time(self, tmp_path: Path) -> None:
        """Two ranks; one of them writes long records, graphs, and several values at a time."""
        for rank in (0, 1):
            builder = EventFileBuilder().file_version(wall_time=START + rank)
            for step in range(20):
                time = START + step + rank / 2
                if rank and step % 7 == 0:
                    builder.image("im", step, os.urandom(1_100_000), wall_time=time)
                    builder.graph(b"g" * step)
                values = [messages.Value(tag=tag, simple_value=step) for tag in ("loss", "lr")]
                builder.values(step, *values, wall_time=time)
            builder.write(tmp_path / "run" / f"events.out.tfevents.{rank}")
        plan = tbtools.merge(tmp_path / "run")
        assert (plan.points, plan.superseded, plan.rewritten) == (83, 0, 0)
        source = tbtools.load(tmp_path / "run")["."]
        merged = written(plan, tmp_path / "out")
        assert points(merged) == points(source)
        assert in_order(merged) == in_order(source)
        assert merged.data.columns.rows.wall_time.tolist() == sorted(
            source.data.columns.rows.wall_time
        )
        assert int((merged.data.files[0].mark_kind == 4).sum()) == 3

    def test_a_file_that_holds_the_beginning_of_another_one_is_left_out(
        self, tmp_path: Path
    ) -> None:
        session(0, 10, START).write(tmp_path / "run" / "events.out.tfevents.1")
        session(0, 6, START).write(tmp_path / "copy" / "events.out.tfevents.1")
        plan = tbtools.merge([tmp_path / "run", tmp_path / "copy"])
        assert (plan.points, plan.superseded, len(plan.sessions)) == (20, 0, 1)

    def test_tags_that_lose_all_their_points(self, tmp_path: Path) -> None:
        builder = session(5, 10, START)
        builder.scalar("val", 8, 1.0, START + 5).write(tmp_path / "a" / "events.out.tfevents.1")
        session(4, 12, START + 100).write(tmp_path / "b" / "events.out.tfevents.2")
        plan = tbtools.merge([tmp_path / "a", tmp_path / "b"])
        assert plan.lost_tags == ("val",)
        assert plan.to_dict()["lost_tags"] == ["val"]
        [loss] = plan.losses
        assert (loss.run.rpartition("/")[2], loss.to.rpartition("/")[2], loss.points) == (
            "a",
            "b",
            11,
        )

    def test_hyperparameters_of_all_sessions_are_kept(self, tmp_path: Path) -> None:
        for number, (name, value) in enumerate((("lr", 0.1), ("batch", 32.0))):
            path = tmp_path / "run" / f"events.out.tfevents.{number}"
            session(0, 10, START + 100 * number).value(
                "_hparams_/session_start_info",
                0,
                wall_time=START + 100 * number,
                plugin="hparams",
                content=hparams_content(name, value),
            ).write(path)
        source = tbtools.load(tmp_path / "run")["."]
        assert dict(source.hparams) == {"lr": 0.1, "batch": 32.0}
        for choice in ({}, {"steps": (3, None)}):
            plan = tbtools.merge(source, **choice)
            merged = written(plan, tmp_path / f"out{len(choice)}")
            assert dict(merged.hparams) == dict(source.hparams)
            assert plan.lost_tags == ()

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
@example(
    files=[
        [("values", 1, "b"), ("start", 2, None), ("values", 3, "b"), ("values", 2, "b")],
        [("values", 1, "b")],
    ],
    policy="session_log",
)
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
    want = tbtools.load(folder / "run", restarts=policy)["."]
    if not any(file.events for file in want.data.files):
        with pytest.raises(NoEventFiles):
            merge(folder / "run", restarts=policy)
        return
    plan = merge(folder / "run", restarts=policy)
    tbtools.write(plan, folder / "out")
    assert not list(tbtools.load(folder / "out")["."].data.iter_problems())
    # One session is left: nothing supersedes anything any more.
    for restarts in ("resume", "keep"):
        got = tbtools.load(folder / "out", restarts=restarts)["."]
        if not plan.rewritten:
            assert points(got) == points(want)
        assert in_order(got) == in_order(want)
    graphs = [
        sum(file.mark_kind.tolist().count(4) for file in run.data.files) for run in (want, got)
    ]
    assert graphs[0] == graphs[1]


def in_order(run: Any) -> dict[str, list[tuple[Any, ...]]]:
    """The points of each series of scalars, in the order of the timeline."""
    series = read_scalars_of(run).series
    return {
        tag: list(zip(each.step.tolist(), each.wall_time, each.value.astype(str), strict=True))
        for tag, each in series.items()
    }


def told_apart(run: Any, tags: set[str]) -> collections.Counter[tuple[Any, ...]]:
    """The points of a run, without the plugin for some tags."""
    found: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for (tag, plugin, *rest), count in points(run).items():
        found[tag, "" if tag in tags else plugin, *rest] += count
    return found


def declared_twice(run: Any) -> set[str]:
    """The tags that the files of a run declare for different plugins."""
    plugins: dict[bytes, set[bytes]] = collections.defaultdict(set)
    for file in run.data.files:
        for tag, plugin in zip(file.tag_names, file.tag_plugins, strict=True):
            if plugin:
                plugins[tag].add(plugin)
    return {tag.decode() for tag, names in plugins.items() if len(names) > 1}


def hparams_of(run: Any) -> dict[str, str]:
    return {name: repr(value) for name, value in run.hparams.items()}


def require_same(merged: Any, run: Any) -> None:
    """A merged run reads as what it was made of does."""
    assert in_order(merged) == in_order(run)
    assert hparams_of(merged) == hparams_of(run)
    # Of a tag that two sessions declare for different plugins the one that is left out takes its
    # declaration with it; what sessions declared of hyperparameters is kept, superseded or not.
    twice = declared_twice(run)
    got, want = told_apart(merged, twice), told_apart(run, twice)
    assert not want - got
    assert {point[0] for point in got - want} <= {
        series.tag for series in run.data.columns.series if series.plugin == "hparams"
    }


@pytest.mark.corpus
def test_merged_runs_of_the_corpus_read_as_what_they_are_made_of(
    corpus: Path, tmp_path: Path
) -> None:
    merged = 0
    for number, run in enumerate(tbtools.load(corpus).values()):
        if not any(file.events for file in run.data.files):
            with pytest.raises(NoEventFiles):
                tbtools.merge(run)
            continue
        require_same(written(tbtools.merge(run), tmp_path / str(number)), run)
        merged += 1
    assert merged > 200


class TestReports:
    """What was reported of other tools; the logs of it."""

    def test_merged_cases_read_as_what_they_are_made_of(self, cases: Path, tmp_path: Path) -> None:
        for number, run in enumerate(tbtools.load(cases).values()):
            if any(file.events for file in run.data.files):
                require_same(written(tbtools.merge(run), tmp_path / str(number)), run)

    def test_two_workers_that_take_turns_are_merged_record_by_record(
        self, cases: Path, tmp_path: Path
    ) -> None:
        plan = tbtools.merge(cases / "41_alternating")
        assert (plan.points, plan.superseded, plan.rewritten) == (300, 0, 0)
        run = written(plan, tmp_path / "out")
        loss = read_scalars_of(run).series["loss"]
        assert loss.step.tolist() == list(range(300))
        assert float(loss.value[-1]) == pytest.approx(0.1137, abs=5e-5)
        assert bool((np.diff(loss.wall_time) >= 0).all())

    def test_runs_that_continue_each_other(self, cases: Path, tmp_path: Path) -> None:
        plan = tbtools.merge(cases / "05_sb3")
        assert (plan.points, plan.superseded, plan.losses) == (60, 0, ())
        series = read_scalars_of(written(plan, tmp_path / "out")).series
        assert {(int(each.step[0]), int(each.step[-1])) for each in series.values()} == {
            (2048, 61440)
        }

    def test_runs_that_count_from_0_each_lose_their_points_and_say_to_which(
        self, cases: Path
    ) -> None:
        plan = tbtools.merge(cases / "05b_sb3_reset")
        assert plan.superseded == 20
        assert plan.losses == (RunLoss("A2C_1", "A2C_2", 10), RunLoss("A2C_2", "A2C_3", 10))
        assert plan.to_dict()["losses"][0] == {"run": "A2C_1", "to": "A2C_2", "points": 10}
        assert plan.lost_tags == ()
        kept = tbtools.merge(cases / "05b_sb3_reset", restarts="keep")
        assert (kept.points, kept.losses) == (30, ())


class TestSameTags:
    """Different names of one thing."""

    def _logs(self, tmp_path: Path) -> list[Path]:
        """A run of 0 to 5, and one that goes on from 3 and calls everything otherwise."""
        first = EventFileBuilder().file_version(wall_time=START)
        second = EventFileBuilder().file_version(wall_time=START + 100)
        for step in range(6):
            first.scalar("train/loss", step, step, START + step)
            first.strings("note", step, [b"a"], shape=(), plugin="text" if not step else None)
            late = START + 100 + step
            second.tensor_scalar("Loss/train", step + 3, 10 + step, wall_time=late,
                                 plugin="scalars" if not step else None)  # fmt: skip
            second.scalar("lr", step + 3, 0.1, late)
        layout = layout_pb2.Layout()
        layout.category.add().chart.add(title="all").multiline.tag.extend(["train/loss", "lr"])
        first.strings("custom_scalars__config__", 0, [layout.SerializeToString()],
                      plugin="custom_scalars", shape=())  # fmt: skip
        first.write(tmp_path / "a" / "events.out.tfevents.1")
        second.write(tmp_path / "b" / "events.out.tfevents.2")
        return [tmp_path / "a", tmp_path / "b"]

    @pytest.mark.parametrize("globs", [["train/loss", "Loss/train"], "*/*"])
    def test_tags_become_one(self, globs: Any, tmp_path: Path) -> None:
        plan = merge(self._logs(tmp_path), same={"loss": globs})
        assert (plan.points, plan.superseded, plan.renamed_values) == (3 + 6 + 6 + 6 + 1, 3, 9)
        assert plan.to_dict()["same"] == [{"tag": "loss", "names": ["Loss/train", "train/loss"]}]
        run = written(plan, tmp_path / "out")
        loss = run.scalars("loss")
        assert loss["step"].tolist() == list(range(9))
        assert loss["value"].tolist() == [0, 1, 2, 10, 11, 12, 13, 14, 15]
        assert loss["wall_time"].tolist() == [START + step for step in range(3)] + [
            START + 100 + step for step in range(6)
        ]
        [category] = run.custom_scalars().categories
        assert category.charts[0].tags == ("loss", "lr")
        shown = EventAccumulator(str(tmp_path / "out")).Reload()
        assert set(shown.Tags()["scalars"]) == {"loss", "lr"}
        assert shown.SummaryMetadata("note").plugin_data.plugin_name == "text"
        assert list((tmp_path / "out").iterdir()) == [Path(run.event_files[0])]

    def test_records_of_other_tags_stay_byte_for_byte(self, tmp_path: Path) -> None:
        logs = self._logs(tmp_path)
        plain, renamed = merge(logs), merge(logs, same={"train/loss": "Loss/train"})
        tbtools.write(plain, tmp_path / "plain")
        before = points(tbtools.load(tmp_path / "plain")["."])
        after = points(written(renamed, tmp_path / "out"))
        assert {point for point in after if point[0] in ("lr", "note")} <= set(before)
        assert renamed.renamed_values == 6

    @pytest.mark.parametrize(
        ("same", "message"),
        [
            ({"x": ["note", "train/loss"]}, "are not one thing"),
            ({"note": "train/loss"}, "are not one thing"),
            ({"x": "lr", "y": "lr"}, "would get two names"),
            ({"\ud800": "lr"}, "no name of a tag"),
            ({"": "lr"}, "no name and its tags"),
            ({"x": []}, "no name or glob"),
            ("loss=lr", "no mapping"),
        ],
    )
    def test_what_is_not_the_same_is_refused(self, same: Any, message: str, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match=message):
            merge(self._logs(tmp_path), same=same)
        with pytest.raises(UnknownTag, match="no tag 'nothing'"):
            merge(self._logs(tmp_path), same={"x": "nothing"})

    def test_by_the_command(self, tmp_path: Path) -> None:
        a, b = map(str, self._logs(tmp_path))
        out = tmp_path / "out"
        same = ("--same", "loss=train/loss", "--same", "loss=Loss/train")
        result = call("merge", a, b, *same, "-o", str(out), "--format", "json")
        assert result.status == 0
        assert json.loads(result.out)["renamed_values"] == 9
        assert tbtools.load(out)["."].scalars("loss")["step"].tolist() == list(range(9))
        for wrong in ("loss", "=a", "loss=", "loss=a,,b"):
            result = call("merge", a, b, "--same", wrong, "-o", str(tmp_path / "no"))
            assert result.status == 2
            assert "is not NAME=TAG,TAG" in result.err
