"""`tbtools.repair`: what is whole in damaged event files, and nothing else."""

from __future__ import annotations

import gzip
import itertools
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

import tbtools
from tbtools.errors import NoEventFiles, OutputExists, OutputInsideInput
from tbtools.eventfile.source import using
from tests.analysis.test_merge import PNG, points, session
from tests.builders import START, EventFileBuilder
from tests.sources import CountingSource

if TYPE_CHECKING:
    from pathlib import Path

NAME = "events.out.tfevents.1"
# A record of a scalar of these builders: the frame around 26 bytes.
RECORD = 42


def repaired(source: Path, target: Path, **options: Any) -> Any:
    """The plan, carried out; what it wrote has to be sound."""
    plan = tbtools.repair(source, **options)
    tbtools.write(plan, target)
    assert tbtools.verify(target, strict=True).sound
    return plan


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def log(folder: Path, steps: int = 50) -> bytes:
    session(0, steps, START).image("sample", 9, PNG, wall_time=START + 9).write(folder / NAME)
    return (folder / NAME).read_bytes()


@st.composite
def damage(draw: st.DrawFn) -> list[tuple[str, float, int]]:
    """Kinds of damage, each with a place as a part of the file and a number."""
    kinds = st.sampled_from(["flip", "zero", "cut out", "insert", "cut off", "append"])
    return draw(st.lists(st.tuples(kinds, st.floats(0, 1), st.integers(1, 200)), max_size=4))


def damaged(data: bytes, damages: list[tuple[str, float, int]]) -> bytes:
    for kind, place, number in damages:
        at = int(place * len(data))
        if kind == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << number % 8)]) + data[at + 1 :]
        elif kind == "zero":
            data = data[:at] + bytes(min(number, len(data) - at)) + data[at + number :]
        elif kind == "cut out":
            data = data[:at] + data[at + number :]
        elif kind == "insert":
            data = data[:at] + b"garbage" * number + data[at:]
        elif kind == "cut off":
            data = data[: len(data) - number]
        elif kind == "append":
            data += session(at % 50, at % 50 + number % 9, START + 90).bytes()[: at or None]
    return data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=damage(), second=damage(), copied=st.booleans())
def test_what_load_reads_of_damaged_files_is_what_is_repaired(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[str, float, int]],
    second: list[tuple[str, float, int]],
    copied: bool,
) -> None:
    """Under each policy, also of a file and its copy that are damaged in different places."""
    folder = tmp_path_factory.mktemp("repair")
    data = log(folder / "run")
    if copied:  # more behind a copy makes it a file of its own, as which it is a restart
        first, second = ([each for each in own if each[0] != "append"] for own in (first, second))
    (folder / "run" / NAME).write_bytes(damaged(data, first))
    session(30, 60, START + 100).write(folder / "run" / "events.out.tfevents.2")
    if copied:
        (folder / "run" / f"{NAME}.bak").write_bytes(damaged(data, second))
    repaired(folder / "run", folder / "out")
    # To the others, as to TensorBoard, the points of a copy are more points.
    for policy in ("resume", "preempt", "session_log", "keep")[: 1 if copied else 4]:
        want, got = (
            points(tbtools.load(folder / each, restarts=policy)["."]) for each in ("run", "out")
        )
        if copied:  # of which load may see two where the beginnings of both are damaged
            assert set(got) == set(want)
            assert got <= want
        else:
            assert got == want
    for file in (folder / "out").iterdir():
        found = sum(1 for _ in RawEventFileLoader(os.fspath(file)).Load())
        [check] = tbtools.verify(file).files
        assert found == check.records


def test_tensorboard_shows_all_that_is_whole(tmp_path: Path) -> None:
    data = log(tmp_path / "run")
    (tmp_path / "run" / NAME).write_bytes(damaged(data, [("zero", 0.5, 60), ("cut off", 0, 5)]))
    repaired(tmp_path / "run", tmp_path / "out")
    accumulator = EventAccumulator(os.fspath(tmp_path / "out"), size_guidance={"scalars": 0})
    accumulator.Reload()
    run = tbtools.load(tmp_path / "run")["."]
    for tag in ("loss", "lr"):
        want = run.scalars(tag)
        found = accumulator.Scalars(tag)
        assert [each.step for each in found] == want["step"].tolist()
        assert 40 < len(found) < 50


def test_files_lie_as_they_lay_and_sound_ones_are_the_same_bytes(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    data = log(logs)
    for name in ("a", "a/deep:er", "b\nc"):
        log(logs / name)
    (logs / "a" / NAME).write_bytes(data[:-7])
    (logs / "a" / "notes.txt").write_text("mine")
    plan = repaired(logs, tmp_path / "out")
    got = contents(tmp_path / "out")
    assert set(got) == {NAME, f"a/{NAME}", f"a/deep:er/{NAME}", f"b\nc/{NAME}"}
    assert {name for name in got if got[name] != data} == {f"a/{NAME}"}
    assert data.startswith(got[f"a/{NAME}"])
    assert [each.status for each in plan.files].count("sound") == 3
    assert plan.to_frame()["lost_bytes"].sum() == len(data) - 7 - len(got[f"a/{NAME}"])


def test_several_paths_stand_side_by_side(tmp_path: Path) -> None:
    paths = [tmp_path / "x" / "logs", tmp_path / "y" / "logs", tmp_path / "z" / NAME]
    for path in (paths[0] / "run", paths[1] / "run", paths[2].parent):
        log(path)
    tbtools.write(tbtools.repair(paths), tmp_path / "out")
    assert set(contents(tmp_path / "out")) == {f"logs/run/{NAME}", f"logs.2/run/{NAME}", NAME}


@pytest.mark.parametrize(
    ("how", "whole", "reason"),
    [
        ("sound", True, None),
        ("in two members", True, None),
        ("with garbage behind", True, "Not a gzipped file"),
        ("cut off", False, "Compressed file ended"),
        ("damaged", False, ""),  # where zlib finds out depends on the bytes
    ],
)
def test_gzip(tmp_path: Path, how: str, whole: bool, reason: str | None) -> None:
    data = log(tmp_path / "plain", 4000)
    packed = gzip.compress(data)
    if how == "in two members":
        packed = gzip.compress(data[:1000]) + gzip.compress(data[1000:])
    elif how == "with garbage behind":
        packed += b"no member of gzip"
    elif how == "cut off":
        packed = packed[: len(packed) // 2]
    elif how == "damaged":
        middle = len(packed) // 2
        packed = packed[:middle] + bytes(400) + packed[middle + 400 :]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / f"{NAME}.gz").write_bytes(packed)
    plan = repaired(tmp_path / "run", tmp_path / "out")
    [file] = plan.files
    got = contents(tmp_path / "out")[NAME]
    assert data.startswith(got)
    assert (got == data) == whole
    assert len(got) > len(data) // 10
    assert file.status == "repaired"
    if reason is None:
        assert file.problems == ()
    else:
        assert f"gzip could not decompress it further: {reason}" in file.problems[-1].message


def test_copies_links_and_strangers_are_left_out_and_named(tmp_path: Path) -> None:
    data = log(tmp_path / "run")
    run = tmp_path / "run"
    shutil.copy(run / NAME, run / f"{NAME}.bak")
    (run / f"{NAME}.rsync").write_bytes(data[:500])
    (run / f"{NAME}.gz").write_bytes(gzip.compress(data))
    (run / "tfevents.link").symlink_to(run / NAME)
    (run / "tfevents.txt").write_text("these are the tfevents of today")
    (run / "tfevents.gz").write_bytes(gzip.compress(b"no event file at all"))
    (run / "tfevents.empty").write_bytes(b"")
    plan = repaired(run, tmp_path / "out")
    statuses = {os.path.basename(each.file): each.status for each in plan.files}  # noqa: PTH119
    assert statuses == {
        NAME: "sound",
        f"{NAME}.bak": "duplicate",
        f"{NAME}.rsync": "duplicate",
        f"{NAME}.gz": "duplicate",
        "tfevents.link": "duplicate",
        "tfevents.txt": "not_an_event_file",
        "tfevents.gz": "not_an_event_file",
        "tfevents.empty": "sound",
    }
    assert contents(tmp_path / "out") == {NAME: data, "tfevents.empty": b""}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([("flip", 0.3, 1)], [("flip", 0.6, 1)]),
        ([("zero", 0.2, 90), ("flip", 0.75, 3)], [("cut off", 0, 300), ("zero", 0.5, 100)]),
        ([("flip", 0.0, 1)], [("cut out", 0.4, 33)]),
        ([("flip", 0.97, 1)], [("insert", 0.1, 5)]),  # a graph
        ([("cut off", 0, 800)], [("flip", 0.5, 1)]),
    ],
)
def test_of_copies_that_are_damaged_in_different_places_one_whole_file_is_made(
    tmp_path: Path, first: list[tuple[str, float, int]], second: list[tuple[str, float, int]]
) -> None:
    run = tmp_path / "run"
    builder = session(0, 30, START).image("sample", 9, PNG, wall_time=START + 30)
    data = builder.graph(b"graph" * 20).write(run / NAME).read_bytes()
    (run / NAME).write_bytes(damaged(data, first))
    (run / f"{NAME}.bak").write_bytes(damaged(data, second))
    plan = repaired(run, tmp_path / "out", mend_checksums=True)
    assert list(contents(tmp_path / "out").values()) == [data]
    assert sorted(each.status for each in plan.files) == ["joined", "repaired"]
    assert sum(each.inserted for each in plan.files) > 0
    assert sum(each.mended for each in plan.files) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(flipped=[{28}, {43}])  # the same mark in two places, of which each file has one
@given(flipped=st.lists(st.sets(st.integers(0, 43), max_size=9), min_size=2, max_size=4))
def test_of_any_number_of_copies_all_is_written_once_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, flipped: list[set[int]]
) -> None:
    """Tags of one length at one time, and marks that differ in nothing but their place."""
    folder = tmp_path_factory.mktemp("copies")
    builder = EventFileBuilder().file_version(wall_time=START)
    ends = [len(builder.bytes())]
    for step in range(20):
        for tag in ("acc1", "acc2"):
            builder.scalar(tag, step, 1.0, START + step)
            ends.append(len(builder.bytes()))
        if step in (7, 8, 12, 19):
            builder.event(0, START + step // 10, graph_def=b"graph" * 3)
            ends.append(len(builder.bytes()))
    data = builder.bytes()
    (folder / "run").mkdir()
    for number, records in enumerate(flipped):
        copy = bytearray(data)
        for record in records:
            copy[ends[record] + 30] ^= 1
        (folder / "run" / f"{NAME}.{number}").write_bytes(copy)
    plan = repaired(folder / "run", folder / "out")
    lost = set.intersection(*flipped)
    whole = [data[first:end] for first, end in itertools.pairwise(ends)]
    want = data[: ends[0]] + b"".join(each for n, each in enumerate(whole) if n not in lost)
    assert list(contents(folder / "out").values()) == [want]
    assert sum(each.lost_bytes for each in plan.files) == len(data) - len(want)


def test_what_a_copy_has_elsewhere_makes_up_for_no_damage(tmp_path: Path) -> None:
    """Cut out is a record that only the copy has; damaged is another one, in both."""
    data = log(tmp_path / "run")
    version = data.index(b"loss") - 28
    first, cut = (version + RECORD * 20, version + RECORD * 30)
    both = bytearray(data)
    both[first + 30] ^= 1
    (tmp_path / "run" / NAME).write_bytes(both[:cut] + both[cut + RECORD :])
    (tmp_path / "run" / f"{NAME}.bak").write_bytes(damaged(bytes(both), [("flip", 0.8, 1)]))
    plan = repaired(tmp_path / "run", tmp_path / "out")
    [written] = contents(tmp_path / "out").values()
    assert sum(each.inserted for each in plan.files) == 1
    assert sum(each.lost_bytes for each in plan.files) == len(data) - len(written) > 0


@pytest.mark.parametrize("left", [0, 10])
def test_a_mark_behind_the_end_of_the_longer_file_is_not_lost(tmp_path: Path, left: int) -> None:
    """Cut off where the record begins, or in it; the copy that has it lacks a value."""
    builder = session(0, 30, START)
    end = len(builder.bytes())
    data = builder.event(0, START + 99, graph_def=b"graph").bytes()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / NAME).write_bytes(data[: end + left])
    (tmp_path / "run" / f"{NAME}.bak").write_bytes(damaged(data, [("flip", 0.5, 1)]))
    plan = repaired(tmp_path / "run", tmp_path / "out")
    assert list(contents(tmp_path / "out").values()) == [data]
    assert sorted(each.status for each in plan.files) == ["joined", "repaired"]
    assert len(tbtools.load(tmp_path / "run")["."].scalars("loss")) == 30


def test_a_compressed_copy_is_not_decompressed_anew_for_each_record(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    first = len(builder.bytes())
    for step in range(2000):
        builder.scalar("loss", step, step / 7, START + step)
    data, copy = builder.bytes(), bytearray(builder.bytes())
    for step in range(800, 2000, 25):
        copy[first + step * RECORD + 30] ^= 1
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / NAME).write_bytes(copy)
    packed = tmp_path / "run" / f"{NAME}.gz"
    packed.write_bytes(gzip.compress(damaged(data, [("zero", 0.31, 60 * RECORD)])))
    source = CountingSource()
    with using(source):
        plan = repaired(tmp_path / "run", tmp_path / "out")
    assert list(contents(tmp_path / "out").values()) == [data]
    assert sum(each.inserted for each in plan.files) == 48
    assert source.bytes_read < 20 * (len(data) + packed.stat().st_size)


class TestNames:
    def test_a_file_that_would_lie_where_a_directory_does(self, tmp_path: Path) -> None:
        logs = tmp_path / "logs"
        data = log(logs / "tfevents.a")
        (logs / "tfevents.a.gz").write_bytes(gzip.compress(data))
        repaired(logs, tmp_path / "out")
        want = dict.fromkeys((f"tfevents.a/{NAME}", "tfevents.a.2"), data)
        assert contents(tmp_path / "out") == want
        log(tmp_path / "other")
        named = (tmp_path / "other" / NAME).rename(tmp_path / "other" / "tfevents.a")
        tbtools.write(tbtools.repair([logs / "tfevents.a", named]), tmp_path / "two")
        assert contents(tmp_path / "two") == want

    @pytest.mark.parametrize(
        ("name", "compressed", "becomes"),
        [
            ("tfevents.gz", True, "tfevents"),
            ("tfevents.GZ", True, "tfevents"),
            ("tfevents.gz.gz", True, "tfevents.gz"),
            ("tfevents.z", True, "tfevents.z"),
            (".gz", True, ".gz"),
            ("tfevents.gz", False, "tfevents.gz"),
        ],
    )
    def test_what_is_decompressed_loses_its_ending(
        self, tmp_path: Path, name: str, compressed: bool, becomes: str
    ) -> None:
        data = log(tmp_path / "run")
        (tmp_path / name).write_bytes(gzip.compress(data) if compressed else data)
        tbtools.write(tbtools.repair(tmp_path / name), tmp_path / "out")
        assert contents(tmp_path / "out") == {becomes: data}


@pytest.mark.parametrize(
    "content",
    [session(0, 1, START).bytes()[:20], gzip.compress(b"")[:12], gzip.compress(b"x")[:3]],
    ids=["a record", "gzip of nothing", "gzip"],
)
def test_a_file_of_which_nothing_is_whole_is_named_and_not_written(
    tmp_path: Path, content: bytes
) -> None:
    data = log(tmp_path / "run")
    (tmp_path / "run" / "tfevents.cut").write_bytes(content)
    plan = repaired(tmp_path / "run", tmp_path / "out")
    [cut] = [each for each in plan.files if each.file.endswith("cut")]
    assert (cut.status, cut.output, cut.records) == ("nothing_whole", None, 0)
    assert cut.problems
    assert contents(tmp_path / "out") == {NAME: data}
    both = tbtools.repair([tmp_path / "run" / NAME, tmp_path / "run" / "tfevents.cut"])
    assert list(both.unreadable_paths) == [os.fspath(tmp_path / "run" / "tfevents.cut")]
    with pytest.raises(NoEventFiles, match=r"gzip|ends inside|frame"):
        tbtools.repair(tmp_path / "run" / "tfevents.cut")


class TestMending:
    """Records of which only a checksum is wrong, on request."""

    @pytest.fixture
    def wrong(self, tmp_path: Path) -> Path:
        """A checksum of data, one of a length, and a value that is another."""
        builder = EventFileBuilder().file_version(wall_time=START)
        for step in range(40):
            builder.scalar("loss", step, 1.0 + step, START + step)
            if step == 10:
                builder.corrupt_data_crc()
            elif step == 20:
                builder.corrupt_length()
        data = bytearray(builder.bytes())
        at = len(data) - 10 * RECORD  # the record of step 30
        data[at + RECORD - 5] ^= 0x40  # the last byte of its float
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / NAME).write_bytes(data)
        return tmp_path / "run"

    def test_they_are_left_out_unless_asked_for(self, wrong: Path, tmp_path: Path) -> None:
        plan = repaired(wrong, tmp_path / "out")
        steps = tbtools.load(tmp_path / "out")["."].scalars("loss")["step"].tolist()
        assert steps == [step for step in range(40) if step not in (10, 20, 30)]
        assert (plan.files[0].mended, plan.files[0].lost_bytes) == (0, 3 * RECORD)

    def test_they_are_marked(self, wrong: Path, tmp_path: Path) -> None:
        plan = repaired(wrong, tmp_path / "out", mend_checksums=True)
        assert (plan.files[0].mended, plan.files[0].lost_bytes) == (3, 0)
        scalars = tbtools.load(tmp_path / "out")["."].scalars("loss").set_index("step")["value"]
        assert len(scalars) == 40
        assert scalars.drop(30).tolist() == [1.0 + step for step in range(40) if step != 30]
        assert scalars[30] != 31.0
        events = list(tbtools.EventFileReader(tmp_path / "out" / NAME))
        marked = [
            (event.log_message.message.partition(" of the next")[0], behind.step)
            for event, behind in itertools.pairwise(events)
            if event.WhichOneof("what") == "log_message"
        ]
        assert marked == [
            ("tbtools repair: the checksum of the data", 10),
            ("tbtools repair: the checksum of the length", 20),
            ("tbtools repair: the checksum of the data", 30),
        ]

    def test_what_is_no_event_is_not_mended(self, tmp_path: Path) -> None:
        data = bytearray(log(tmp_path / "run"))
        data[-10 * RECORD : -9 * RECORD] = os.urandom(RECORD)
        first = data.index(b"loss")
        data[first - 20 : first + 10] = b"\xff" * 30
        (tmp_path / "run" / NAME).write_bytes(data)
        plan = repaired(tmp_path / "run", tmp_path / "out", mend_checksums=True)
        assert plan.files[0].mended == 0
        assert plan.files[0].lost_bytes > 0


class TestRefusals:
    def test_an_output_that_is_there(self, tmp_path: Path) -> None:
        log(tmp_path / "run")
        plan = tbtools.repair(tmp_path / "run")
        tbtools.write(plan, tmp_path / "out")
        for force in (False, True):
            with pytest.raises(OutputExists):
                tbtools.write(plan, tmp_path / "out", force=force)
        with pytest.raises(OutputInsideInput):
            tbtools.write(plan, tmp_path / "run" / "out")

    def test_nothing_whole(self, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / NAME).write_bytes(bytes(1000))
        (tmp_path / "run" / f"{NAME}.b").write_bytes(b"x" * 50)
        with pytest.raises(NoEventFiles, match=r"1,000 zero bytes.*; and 1 more file with nothing"):
            tbtools.repair(tmp_path / "run")


@pytest.mark.minutes
def test_every_run_of_the_corpus(corpus: Path, tmp_path: Path) -> None:
    plan = repaired(corpus, tmp_path / "out")
    before, after = tbtools.load(corpus), tbtools.load(tmp_path / "out")
    assert {each.status for each in plan.files} >= {"sound", "repaired"}
    for name, run in after.items():
        assert points(run) == points(before[name]), name
    unread = [name for name in before if name not in after]
    assert all(before[name].data.diagnostics.is_unreadable for name in unread)
