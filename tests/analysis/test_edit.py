"""`tbtools.edit`: what was asked for changes, and nothing else, record by record.

What has to be there is made here with TensorBoard's own messages from what its own reader gives.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector import projector_config_pb2

import tbtools
from tbtools.errors import InputChanged, InvalidArgument
from tests.builders import START, EventFileBuilder
from tests.commands import call
from tests.runs.tensorboard_truth import Point, accumulator_scalars, rust_scalars

if TYPE_CHECKING:
    from collections.abc import Callable

LOGS = Path(__file__).parents[1] / "logs"
NAME = "events.out.tfevents.1"
# Tags of these plugins are names by which TensorBoard finds what it shows.
FIXED = ("hparams", "custom_scalars", "graph_keras_model", "graph_run_metadata")
UNTIMED = ("hparams", "custom_scalars")


def events(path: Path) -> list[Any]:
    return [Event.FromString(record) for record in RawEventFileLoader(os.fspath(path)).Load()]


def records(path: Path) -> list[bytes]:
    return list(RawEventFileLoader(os.fspath(path)).Load())


def files(folder: Path) -> dict[str, Path]:
    found = [path for path in folder.rglob("*tfevents*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path for path in found}


def declared(folder: Path) -> dict[str, str]:
    """Tag to plugin, of a run."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*tfevents*")):
        for event in events(path):
            for value in event.summary.value:
                plugin = value.metadata.plugin_data.plugin_name
                if plugin:
                    found.setdefault(value.tag, plugin)
    return found


def expected(
    path: Path,
    rename: Callable[[str], str] = lambda tag: tag,
    keep: Callable[[str, int], bool] = lambda tag, step: True,
    move: Callable[[int], int] = lambda step: step,
) -> list[Any]:
    """The events of a file of which every tag keeps its first value."""
    plugins = declared(path.parent)
    found = []
    for event in events(path):
        had_values = bool(event.summary.value)
        untimed = any(plugins.get(value.tag) in UNTIMED for value in event.summary.value)
        staying = [value for value in event.summary.value if keep(value.tag, event.step)]
        if had_values:
            if not staying:
                continue
            values = [type(value).FromString(value.SerializeToString()) for value in staying]
            del event.summary.value[:]
            event.summary.value.extend(values)
        for value in event.summary.value:
            if plugins.get(value.tag) not in FIXED:
                value.tag = rename(value.tag)
            elif value.tag == "_hparams_/experiment":
                follow(value.metadata.plugin_data, rename)
        timed = event.WhichOneof("what") in ("summary", "session_log", "log_message")
        if not untimed and (timed or event.HasField("tagged_run_metadata")):
            event.step = move(event.step)
        found.append(event)
    return found


def follow(plugin: Any, rename: Callable[[str], str]) -> None:
    data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
    for metric in data.experiment.metric_infos:
        metric.name.tag = rename(metric.name.tag)
    plugin.content = data.SerializeToString()


def edited(source: Any, target: Path, **options: Any) -> Any:
    """The plan, carried out; what it wrote has to be sound."""
    plan = tbtools.edit(source, **options)
    plan.write(target)
    assert tbtools.verify(target, strict=True).sound
    return plan


@pytest.mark.parametrize("run", ["baseline", "media", "plateau", "resumed"])
@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ({"rename": "s/^/eval\\//"}, {"rename": lambda tag: f"eval/{tag}"}),
        ({"exclude_tags": "*loss*"}, {"keep": lambda tag, _: "loss" not in tag}),
        ({"drop": "*loss*"}, {"keep": lambda tag, _: "loss" not in tag}),
        ({"shift_steps": 7}, {"move": lambda step: step + 7}),
        ({"scale_steps": 0.1}, {"move": lambda step: step // 10}),
        ({"scale_steps": "1/3"}, {"move": lambda step: step // 3}),
        ({"rename": [r"s|(.*)/(?P<x>.*)|\g<x>/\1|", "s/A/&&b/gi"], "shift_steps": -1000},
         {"rename": lambda tag: re.sub("[aA]", lambda a: f"{a[0] * 2}b",
                                       "/".join(tag.rsplit("/", 1)[::-1])),
          "move": lambda step: step - 1000}),
    ],
)  # fmt: skip
def test_only_what_was_asked_for_changes(
    run: str, options: dict[str, Any], changes: dict[str, Any], tmp_path: Path
) -> None:
    edited(LOGS / run, tmp_path / "out", **options)
    got = files(tmp_path / "out")
    want = {name: expected(path, **changes) for name, path in files(LOGS / run).items()}
    # Of a file that only had values, and has none left, nothing is written.
    gone = {name for name in want if not any(event.summary.value for event in want[name])}
    assert set(got) == set(want) - (gone if (options.keys() & {"exclude_tags", "drop"}) else set())
    for name, path in got.items():
        assert events(path) == want[name]
        if options.keys() & {"exclude_tags", "drop"}:
            assert set(records(path)) <= set(records(LOGS / run / name))


def _values(draw: st.DrawFn) -> list[tuple[str, str, float]]:
    tags = st.sampled_from(["loss", "lr", "a/b", "ä", "x" * 130])
    kinds = st.sampled_from(["simple", "tensor", "text", "image", "empty"])
    return draw(st.lists(st.tuples(tags, kinds, st.floats(width=32)), max_size=3))


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """A file of events of any values and steps; fields that nobody knows are among them."""
    builder = EventFileBuilder().file_version()
    for step in draw(st.lists(st.integers(-(2**40), 2**40), max_size=12)):
        event = Event(wall_time=START, step=step)
        for tag, kind, number in _values(draw):
            value = event.summary.value.add(tag=tag)
            if kind == "simple":
                value.simple_value = number
            elif kind == "tensor":
                value.tensor.dtype = 1
                value.tensor.float_val.append(number)
                value.metadata.plugin_data.plugin_name = "scalars"
            elif kind == "text":
                value.tensor.dtype = 7
                value.tensor.string_val.append(b"words")
                value.metadata.plugin_data.plugin_name = "text"
            elif kind == "image":
                value.image.encoded_image_string = b"\x89PNG"
        data = event.SerializeToString()
        # Field 15 of an Event, a text, and 14, a group: no program of today has them.
        unknown = draw(st.sampled_from([b"", b"\x7a\x03new", b"\x73\x08\x01\x74"]))
        builder.raw_record(data + unknown if draw(st.booleans()) else unknown + data)
    return builder.bytes()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=logs(), shift=st.integers(1, 2**41), prefix=st.sampled_from(["x", "eval/", "y" * 200]))
def test_an_edit_and_its_inverse_give_the_same_records(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, shift: int, prefix: str
) -> None:
    folder = tmp_path_factory.mktemp("edit")
    (folder / "run").mkdir()
    (folder / "run" / NAME).write_bytes(data)
    source = folder / "run"
    has_tags = any(event.summary.value for event in events(source / NAME))
    rename = {"rename": f"s|^|{prefix}|"} if has_tags else {}
    back = {"rename": f"s|^{prefix}||"} if has_tags else {}
    edited(source, folder / "there", shift_steps=shift, **rename)
    edited(folder / "there", folder / "back", shift_steps=-shift, **back)
    want = expected(source / NAME, rename=lambda tag: prefix + tag, move=lambda step: step + shift)
    # As text: to protobuf before 5, no NaN is equal to another.
    assert [*map(str, events(folder / "there" / NAME))] == [*map(str, want)]
    assert records(folder / "back" / NAME) == records(source / NAME)


@pytest.mark.corpus
def test_the_corpus_through_a_rename_and_back(corpus: Path, tmp_path: Path) -> None:
    tbtools.edit(corpus, rename="s/^/x/", shift_steps=3).write(tmp_path / "there")
    tbtools.edit(tmp_path / "there", rename="s/^x//", shift_steps=-3).write(tmp_path / "back")
    sound = 0
    for run in tbtools.load(corpus).values():
        for file in run.data.files:
            if not file.damage and file.events:  # a damaged one loses what is damaged
                name = Path(file.path).relative_to(corpus)
                want = (corpus / name).read_bytes()[: file.position]
                assert (tmp_path / "back" / name).read_bytes() == want, name
                sound += 1
    assert sound > 200


class TestNames:
    """Names of tags, and what else names them."""

    @pytest.mark.parametrize(
        ("expression", "name", "want"),
        [
            ("s/^/eval\\//", "loss", "eval/loss"),
            ("s|/|.|g", "a/b/c", "a.b.c"),
            ("s|/|.|", "a/b/c", "a.b/c"),
            (r"s,(\w+)/(\w+),\2/\1,", "loss/train", "train/loss"),
            (r"s/(?P<last>\w+)$/<\g<last>>/", "a/b", "a/<b>"),
            (r"s/b/[&]\&/", "abc", "a[b]&c"),
            ("s/LOSS/x/i", "loss", "x"),
            ("s/x//", "axb", "ab"),
        ],
    )
    def test_substitutions_as_sed_makes_them(
        self, expression: str, name: str, want: str, tmp_path: Path
    ) -> None:
        EventFileBuilder().scalar(name, 0, 1.0).write(tmp_path / "run" / NAME)
        edited(tmp_path / "run", tmp_path / "out", rename=expression)
        assert tbtools.load(tmp_path / "out")["."].data.own_tags == {want}

    @pytest.mark.parametrize(
        "wrong",
        [
            "loss",
            "s/a/b",
            "s/a/b/c",
            "s/(/b/",
            "sxaxbx",
            r"s/a/\1/",
            r"s/a/\g<x>/",
            5,
            ["s/a/b/", 5],
            "s/a/\ud800/",
        ],
    )
    def test_what_is_no_substitution(self, wrong: Any, tmp_path: Path) -> None:
        EventFileBuilder().scalar("axb", 0, 1.0).write(tmp_path / NAME)
        with pytest.raises(InvalidArgument):
            tbtools.edit(tmp_path, rename=wrong)

    def test_names_that_meet(self, tmp_path: Path) -> None:
        builder = EventFileBuilder()
        for step in range(3):
            builder.scalars("loss", [(step, 1.0)]).scalars("train/loss", [(step + 3, 2.0)])
        builder.write(tmp_path / "run" / NAME)
        rename = {"loss": "train/loss"}
        with pytest.raises(InvalidArgument, match="'loss' and 'train/loss' would both be called"):
            tbtools.edit(tmp_path / "run", rename=rename)
        edited(tmp_path / "run", tmp_path / "join", rename=rename, on_collision="join")
        joined = tbtools.load(tmp_path / "join", restarts="keep")["."].scalars("train/loss")
        assert sorted(joined["step"]) == [0, 1, 2, 3, 4, 5]
        plan = edited(tmp_path / "run", tmp_path / "two", rename=rename, on_collision="number")
        assert [(each.tag, each.to) for each in plan.tags] == [("loss", "train/loss_2")]
        assert tbtools.load(tmp_path / "two")["."].data.own_tags == {"train/loss", "train/loss_2"}

    def test_swapped_names(self, tmp_path: Path) -> None:
        EventFileBuilder().scalar("a", 0, 1.0).scalar("b", 0, 2.0).write(tmp_path / "run" / NAME)
        edited(tmp_path / "run", tmp_path / "out", rename={"a": "b", "b": "a"})
        scalars = tbtools.load(tmp_path / "out")["."].scalars()
        assert dict(zip(scalars["tag"], scalars["value"], strict=True)) == {"b": 1.0, "a": 2.0}

    def test_a_table_of_names(self, tmp_path: Path) -> None:
        EventFileBuilder().scalar("a,b", 0, 1.0).scalar("c", 0, 2.0).write(tmp_path / "run" / NAME)
        table = tmp_path / "names.csv"
        table.write_text('﻿old,new\r\n"a,b","x ""y"""\r\nc,ä\r\n', "utf-8")
        result = call(
            "edit", str(tmp_path / "run"), "--map", str(table), "-o", str(tmp_path / "out")
        )
        assert result.status == 0
        assert tbtools.load(tmp_path / "out")["."].data.own_tags == {'x "y"', "ä"}
        for text, message in [
            ("a\n", "is not old,new"), ("c,x\nc,y\n", "stands there twice"), ("", "no names"),
            ("d,x\n", "no tag 'd'"), ('"', "names.csv"),
        ]:  # fmt: skip
            table.write_text(text)
            result = call("edit", str(tmp_path / "run"), "--map", str(table), "--dry-run")
            assert (result.status, result.err.count("\n")) == (2, 1)
            assert message in result.err

    def test_charts_show_the_tags_that_they_have_shown(self, tmp_path: Path) -> None:
        layout = layout_pb2.Layout()
        chart = layout.category.add(title="losses").chart.add(title="all")
        chart.multiline.tag.extend([r"loss/.*", "lr", "nothing"])
        margin = layout.category[0].chart.add(title="band").margin.series.add()
        margin.value, margin.lower, margin.upper = "loss/train", "loss/val", "other"
        builder = EventFileBuilder().scalar("loss/train", 0, 1.0).scalar("loss/val", 0, 1.0)
        builder.scalar("lr", 0, 1.0).scalar("lr2", 0, 1.0)
        builder.strings("custom_scalars__config__", 0, [layout.SerializeToString()],
                        plugin="custom_scalars", shape=())  # fmt: skip
        builder.write(tmp_path / "run" / NAME)
        rename = [{"lr": "rate", "lr2": "lr"}, "s/^loss/train.loss/"]
        edited(tmp_path / "run", tmp_path / "out", rename=rename)
        run = tbtools.load(tmp_path / "out")["."]
        names = {"loss/train": "train.loss/train", "loss/val": "train.loss/val", "lr": "rate",
                 "lr2": "lr"}  # fmt: skip
        [category] = run.custom_scalars().categories
        for old, new in zip(chart.multiline.tag, category.charts[0].tags, strict=True):
            # As TensorBoard's plugin finds them.
            want = {names[tag] for tag in names if re.match(old, tag)}
            assert {tag for tag in names.values() if re.match(new, tag)} == want
        [series] = category.charts[1].margins
        assert (series.value, series.lower) == ("train.loss/train", "train.loss/val")
        assert series.upper == "other"

    def test_the_projector_follows(self, tmp_path: Path) -> None:
        config = projector_config_pb2.ProjectorConfig()
        config.embeddings.add(tensor_name="words:00007", tensor_path="00007/words/tensors.tsv")
        config.embeddings.add(tensor_name="out:00001", tensor_path="../secret.tsv")
        run = tmp_path / "run"
        EventFileBuilder().scalar("loss", 0, 1.0).write(run / NAME)
        (run / "00007" / "words").mkdir(parents=True)
        (run / "00007" / "words" / "tensors.tsv").write_text("1\t2\n")
        (tmp_path / "secret.tsv").write_text("1\t2\n")
        text = "# mine\n" + text_format.MessageToString(config)
        (run / "projector_config.pbtxt").write_text(text)
        edited(run, tmp_path / "out", rename="s/^(loss|words)/x-&/")
        found = {path.relative_to(tmp_path / "out").as_posix() for path in
                 (tmp_path / "out").rglob("*") if path.is_file()}  # fmt: skip
        assert found == {NAME, "projector_config.pbtxt", "00007/words/tensors.tsv"}
        got = (tmp_path / "out" / "projector_config.pbtxt").read_text()
        assert got == text.replace("words:", "x-words:")
        shutil.copytree(run, tmp_path / "other")
        both = {"first": tbtools.load(run)["."], "other": tbtools.load(tmp_path / "other")["."]}
        with pytest.raises(InvalidArgument, match="no place beside the files of other runs"):
            tbtools.edit(both, concat=True)
        edited(run, tmp_path / "without", exclude_plugins="projector")
        assert [path.name for path in (tmp_path / "without").iterdir()] == [NAME]


class TestFilesBeside:
    """What plugins of TensorBoard have in files of their own, in <run>/plugins/<plugin>."""

    FILES = ("plugins/profile/2024_01_31/host.xplane.pb", "plugins/profile/2024_01_31/host.json",
             "plugins/mine/a/b/c", "plugins/mine/..d", f"{NAME}.profile-empty")  # fmt: skip

    @pytest.fixture
    def run(self, tmp_path: Path) -> Path:
        run = tmp_path / "logs" / "run"
        EventFileBuilder().scalar("loss", 0, 1.0).scalar("lr", 0, 1.0).write(run / NAME)
        for number, name in enumerate(self.FILES):
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_bytes(bytes([number]) * 3_000_000)
        (tmp_path / "secret").write_text("secret")
        (run / "plugins" / "mine" / "link").symlink_to(tmp_path / "secret")
        (run / "plugins" / "mine" / "loop").symlink_to(run / "plugins")
        return run

    def require_there(self, run: Path, out: Path, names: tuple[str, ...] = FILES) -> None:
        found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
        assert {name for name in found if name.endswith("empty") or NAME not in name} == set(names)
        for name in names:
            assert (out / name).read_bytes() == (run / name).read_bytes()

    def test_they_go_with_the_run(self, run: Path, tmp_path: Path) -> None:
        edited(run, tmp_path / "edited", rename="s/^/x/")
        tbtools.compact(run).write(tmp_path / "compacted")
        tbtools.write(tbtools.merge(run), tmp_path / "merged")
        for name in ("edited", "compacted", "merged"):
            self.require_there(run, tmp_path / name)
        edited(run.parent, tmp_path / "parts", split_by_tag="^(l)(?=o)")
        self.require_there(run, tmp_path / "parts" / "run")
        assert list((tmp_path / "parts" / "run" / "l").iterdir()) == [
            tmp_path / "parts" / "run" / "l" / NAME
        ]

    def test_they_are_chosen_like_other_plugins(self, run: Path, tmp_path: Path) -> None:
        edited(run, tmp_path / "edited", exclude_plugins="mine")
        self.require_there(run, tmp_path / "edited", (*self.FILES[:2], self.FILES[-1]))
        tbtools.compact(run, plugins=["scalars", "profile"]).write(tmp_path / "compacted")
        self.require_there(run, tmp_path / "compacted", (*self.FILES[:2], self.FILES[-1]))
        tbtools.write(tbtools.merge(run, tags="loss"), tmp_path / "merged")
        self.require_there(run, tmp_path / "merged", ())

    def test_runs_among_them_are_runs(self, run: Path, tmp_path: Path) -> None:
        EventFileBuilder().scalar("loss", 7, 1.0).write(run / "plugins" / "mine" / NAME)
        edited(run, tmp_path / "edited", shift_steps=1)
        assert tbtools.load(tmp_path / "edited")["plugins/mine"].scalars()["step"].tolist() == [8]

    def test_two_for_one_place_are_refused(self, run: Path) -> None:
        shutil.copytree(run, run.with_name("other"), symlinks=True)
        with pytest.raises(InvalidArgument, match="no place beside the files of other runs"):
            tbtools.merge(run.parent, restarts="keep")


class TestSteps:
    """Counters that go on, and runs that become one."""

    def _steps(self, path: Path, tag: str, **options: Any) -> list[int]:
        run = tbtools.load(path, restarts="keep", **options)["."]
        return run.scalars(tag)["step"].tolist()

    def test_counters_that_begin_anew(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().file_version()
        for epoch in range(3):
            for batch in range(0, 50, 10):
                builder.scalar("batch", batch, 1.0)
            builder.scalar("epoch", epoch, 1.0)
        for learn in range(2):
            for step in (2048, 4096, 6144):
                builder.scalar("rollout", step, learn)
                if step != 2048:
                    builder.scalar("train", step, learn)
        builder.write(tmp_path / "run" / NAME)
        edited(tmp_path / "run", tmp_path / "out", unwrap_steps=True)
        assert self._steps(tmp_path / "out", "batch") == list(range(0, 150, 10))
        assert self._steps(tmp_path / "out", "epoch") == [0, 1, 2]
        assert self._steps(tmp_path / "out", "rollout") == [2048 * n for n in range(1, 7)]
        assert self._steps(tmp_path / "out", "train") == [2048 * n for n in (2, 3, 5, 6)]

    def test_a_counter_that_wraps(self, tmp_path: Path) -> None:
        builder = EventFileBuilder()
        want = range(2**31 - 400, 2**31 + 400, 100)
        for step in want:
            builder.scalar("loss", step - 2**32 if step >= 2**31 else step, 1.0, START + step)
        builder.write(tmp_path / "run" / NAME)
        edited(tmp_path / "run", tmp_path / "out", unwrap_steps=True)
        assert self._steps(tmp_path / "out", "loss") == list(want)

    def test_values_of_one_event_that_get_different_steps(self, tmp_path: Path) -> None:
        builder = EventFileBuilder()
        for step in (0, 1, 0, 1):
            event = Event(wall_time=START, step=step)
            event.summary.value.add(tag="a", simple_value=step)
            if step:
                event.summary.value.add(tag="b", simple_value=step)
            builder.raw_record(event.SerializeToString())
        builder.write(tmp_path / "run" / NAME)
        edited(tmp_path / "run", tmp_path / "out", unwrap_steps=True)
        assert self._steps(tmp_path / "out", "a") == [0, 1, 2, 3]
        assert self._steps(tmp_path / "out", "b") == [1, 1]  # which never goes back

    def test_runs_become_one(self, tmp_path: Path) -> None:
        """As Stable-Baselines3 leaves them: forty `learn()`, each in a run that begins at 0."""
        for number in range(1, 41):
            builder = EventFileBuilder().file_version(wall_time=START + 1000 * number)
            for step in (2048, 4096, 6144):
                time = START + 1000 * number + step / 100
                builder.scalar("rollout/ep_rew_mean", step, number, time)
            builder.write(tmp_path / "logs" / f"PPO_{number}" / f"{NAME}{number:03}.0")
        EventFileBuilder().scalar("x", 0, 1.0).write(tmp_path / "logs" / "DQN_1" / NAME)
        edited(tmp_path / "logs", tmp_path / "out", concat=True, rename_runs=r"s/PPO_\d+/PPO/")
        runs = tbtools.load(tmp_path / "out")
        assert list(runs) == ["DQN_1", "PPO"]
        for restarts in ("resume", "preempt", "session_log", "keep"):
            run = tbtools.load(tmp_path / "out", restarts=restarts)["PPO"]
            scalars = run.scalars()
            assert scalars["step"].tolist() == [2048 * n for n in range(1, 121)]
            assert scalars["value"].tolist() == [n for n in range(1, 41) for _ in range(3)]

    def test_runs_of_other_names_stay_in_order_of_time(self, tmp_path: Path) -> None:
        for name, start, file in (("a", 5000, f"{NAME}.a"), ("b", 0, f"{NAME}.b")):
            builder = EventFileBuilder()
            for step in range(3):
                builder.scalar("loss", step, start, START + start + step)
            builder.write(tmp_path / "logs" / name / file)
        edited(tmp_path / "logs", tmp_path / "out", concat=True)
        scalars = tbtools.load(tmp_path / "out", restarts="session_log")["."].scalars()
        assert scalars["step"].tolist() == [0, 1, 2, 3, 4, 5]
        assert scalars["value"].tolist() == [0, 0, 0, 5000, 5000, 5000]

    def test_wall_times(self, tmp_path: Path) -> None:
        for number, name in enumerate("ab"):
            builder = EventFileBuilder().file_version(wall_time=START + 10 * number)
            builder.scalars("loss", [(step, 1.0) for step in range(9)])
            builder.write(tmp_path / "logs" / name / NAME)
        when = "first=2001-09-09T01:46:40+00:00"  # 10^9 seconds since the epoch
        result = call("edit", str(tmp_path / "logs"), "--set-wall-time", when, "-o",
                      str(tmp_path / "out"))  # fmt: skip
        assert result.status == 0
        for name in "ab":
            want = [event.wall_time for event in events(tmp_path / "logs" / name / NAME)]
            got = [event.wall_time for event in events(tmp_path / "out" / name / NAME)]
            assert got == [time - START + 1e9 for time in want]

    @pytest.mark.parametrize(
        "options",
        [{"scale_steps": 0}, {"scale_steps": "x"}, {"scale_steps": float("nan")},
         {"shift_steps": 2**63}, {"shift_steps": 1.5}, {"scale_steps": 2**63}, {"concat": True},
         {"unwrap_steps": True}, {"on_collision": "x"}, {"first_wall_time": float("inf")},
         {"rename_runs": "s/x/y/"}, {"rename_runs": "s/.*/..\\/x/"}, {"plugins": "images"},
         {"steps": (9, None)}, {"exclude_tags": "loss"}],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, options: dict[str, Any], tmp_path: Path) -> None:
        EventFileBuilder().scalars("loss", [(1, 1.0), (2, 1.0)]).write(tmp_path / "run" / NAME)
        with pytest.raises(InvalidArgument):
            tbtools.edit(tmp_path / "run", **options)


class TestParts:
    """Runs that become several."""

    @pytest.mark.parametrize("run", ["baseline", "media", "plateau", "resumed"])
    def test_tags_go_to_runs_below(self, run: str, tmp_path: Path) -> None:
        """Each value lies in one run, as it was but for its name; all else stays in its own."""
        edited(LOGS / run, tmp_path / "out", split_by_tag="^(train|val)/")
        for name, path in files(LOGS / run).items():
            folder, base = os.path.split(name)
            for part in ("", "train", "val"):
                want = [self._left(event, part) for event in events(path)]
                got = tmp_path / "out" / folder / part / base
                if any(e and e.WhichOneof("what") not in ("file_version", "session_log")
                       for e in want):  # fmt: skip
                    assert events(got) == [event for event in want if event], (name, part)
                else:
                    assert not got.exists()

    def _left(self, event: Any, part: str) -> Any:
        """What is left of an event in a part of its run; None where nothing is."""
        kind = event.WhichOneof("what")
        if kind != "summary":
            return event if not part or kind in ("file_version", "session_log") else None
        left = Event.FromString(event.SerializeToString())
        del left.summary.value[:]
        for value in event.summary.value:
            home, _, cut = value.tag.rpartition("/")
            if (home if home in ("train", "val") else "") == part:
                left.summary.value.add().CopyFrom(value)
                left.summary.value[-1].tag = cut if part else value.tag
                if value.tag == "_hparams_/experiment":
                    self._follow(left.summary.value[-1].metadata.plugin_data)
        return left if left.summary.value else None

    def _follow(self, plugin: Any) -> None:
        """The hyperparameters' page finds the metric of a run below by its group."""
        data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
        for metric in data.experiment.metric_infos:
            group, _, tag = metric.name.tag.rpartition("/")
            if group in ("train", "val"):
                metric.name.group, metric.name.tag = group, tag
        plugin.content = data.SerializeToString()

    def test_writer_sessions_become_runs(self, tmp_path: Path) -> None:
        edited(LOGS / "resumed", tmp_path / "out", split_sessions=True)
        for number, path in enumerate(sorted(files(LOGS / "resumed").values()), 1):
            [copied] = files(tmp_path / "out" / f"session_{number}").values()
            assert copied.read_bytes() == path.read_bytes()
        assert len(files(tmp_path / "out")) == 3
        told = call("edit", str(LOGS / "resumed"), "--split-sessions", "--dry-run")
        assert told.status == 0
        assert "new runs: session_1, session_2, session_3\n" in told.out

    def test_sessions_of_one_file(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().file_version(wall_time=START)
        for session in range(3):
            if session:
                builder.session_start(3 * session, START + 100 * session)
            for step in range(3):
                builder.tensor_scalar(
                    "loss", 3 * session + step, step,
                    wall_time=START + 100 * session + step,
                    plugin=None if session or step else "scalars",
                )  # fmt: skip
        builder.write(tmp_path / "run" / NAME)
        edited(tmp_path / "run", tmp_path / "out", split_sessions=True, shift_steps=1)
        for session in range(3):
            run = tbtools.load(tmp_path / "out")[f"session_{session + 1}"]
            assert run.scalars("loss")["step"].tolist() == [3 * session + n for n in (1, 2, 3)]
            got = events(tmp_path / "out" / f"session_{session + 1}" / NAME)
            assert got[0].file_version == "brain.Event:2"
            assert got[0].wall_time == START + 100 * session
            accumulator = EventAccumulator(os.fspath(tmp_path / "out" / f"session_{session + 1}"))
            assert accumulator.Reload().Tags()["tensors"] == ["loss"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"split_sessions": True}, "one session"),
            ({"split_by_tag": "^(nothing)/"}, "matches no tag"),
            ({"split_by_tag": "^train/"}, "0 groups"),
            ({"split_by_tag": "(a)(b)"}, "2 groups"),
            ({"split_by_tag": "(("}, "unterminated"),
            ({"split_by_tag": 5}, "no regular expression"),
            ({"split_by_tag": "^(train)/loss$"}, "nothing would be left"),
            ({"split_by_tag": "^(train/../..)/"}, "somewhere else"),
            ({"split_by_tag": "^(train)/", "split_sessions": True}, "one after the other"),
            ({"split_by_tag": "(/)"}, "somewhere else"),
            ({"split_by_tag": "^(val)/"}, "where there is a run already"),
            ({"split_by_tag": "/?(test)/?"}, "'loss/test' and 'test/loss' would both be called"),
        ],
    )
    def test_what_cannot_be_split_is_refused(
        self, options: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        builder = EventFileBuilder().scalar("train/loss", 0, 1.0).scalar("train/../../x", 0, 1.0)
        builder.scalar("val/x", 0, 1.0).scalar("test/loss", 0, 1.0).scalar("loss/test", 0, 1.0)
        builder.write(tmp_path / "logs" / NAME)
        EventFileBuilder().scalar("x", 0, 1.0).write(tmp_path / "logs" / "val" / NAME)
        with pytest.raises(InvalidArgument, match=message):
            tbtools.edit(tmp_path / "logs", **options)


def test_the_metadata_of_a_tag_goes_to_the_next_value_that_stays(tmp_path: Path) -> None:
    for number in range(2):
        builder = EventFileBuilder().file_version()
        for step in range(5 * number, 5 * number + 5):
            plugin = "text" if step == 0 else None
            builder.strings("note", step, [f"{step}"], plugin=plugin, shape=())
            builder.tensor_scalar("acc", step, step / 4, plugin="scalars" if not step else None)
        builder.write(tmp_path / "run" / f"events.out.tfevents.{number}")
    for steps, first in (((2, None), 2), ((7, None), 7)):
        out = tmp_path / f"out{first}"
        edited(tmp_path / "run", out, steps=steps)
        run = tbtools.load(out)["."]
        assert run.text()["text"].tolist() == [str(step) for step in range(first, 10)]
        assert run.scalars("acc")["value"].tolist() == [step / 4 for step in range(first, 10)]
        assert EventAccumulator(os.fspath(out)).Reload().Tags()["tensors"] == ["note", "acc"]


@pytest.mark.parametrize("how", ["replaced", "cut short", "grown"])
def test_a_file_that_changes_between_plan_and_writing(how: str, tmp_path: Path) -> None:
    path = EventFileBuilder().scalars("loss", [(1, 1.0), (2, 1.0)]).write(tmp_path / "run" / NAME)
    plan = tbtools.edit(tmp_path / "run", rename="s/^/x/")
    data = path.read_bytes()
    if how == "grown":
        with path.open("ab") as file:
            file.write(EventFileBuilder().scalar("more", 3, 1.0).bytes())
        plan.write(tmp_path / "out")
        assert tbtools.load(tmp_path / "out")["."].data.own_tags == {"xloss"}
        return
    if how == "replaced":
        path.rename(tmp_path / "elsewhere")
    path.write_bytes(data if how == "replaced" else data[:-1])
    with pytest.raises(InputChanged):
        plan.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_both_backends_of_tensorboard_show_the_edited_logs(tmp_path: Path) -> None:
    rename = "s/^/eval\\//"
    edited(
        LOGS / "resumed", tmp_path / "out", rename=rename, shift_steps=3, exclude_tags="optim/lr"
    )
    edited(LOGS / "media", tmp_path / "media", rename=rename)
    before = rust_scalars(LOGS / "resumed", tmp_path)["."]
    after = rust_scalars(tmp_path / "out", tmp_path)["."]
    assert after == {
        f"eval/{tag}": [Point(step + 3, time, value) for step, time, value in shown]
        for tag, shown in before.items()
        if tag != "optim/lr"
    }
    before = accumulator_scalars(LOGS / "resumed")
    assert accumulator_scalars(tmp_path / "out") == {
        f"eval/{tag}": [Point(step + 3, time, value) for step, time, value in shown]
        for tag, shown in before.items()
        if tag != "optim/lr"
    }
    one, other = (
        EventAccumulator(os.fspath(path), size_guidance={"images": 0, "tensors": 0}).Reload()
        for path in (LOGS / "media", tmp_path / "media")
    )
    for tag in one.Tags()["images"]:
        assert other.Images(f"eval/{tag}") == one.Images(tag)
    assert other.Tags()["tensors"] == [f"eval/{tag}" for tag in one.Tags()["tensors"]]


def test_nothing_of_strangers_takes_effect(tmp_path: Path) -> None:
    EventFileBuilder().scalar("\x1b[31mred[/]\n", 0, 1.0).write(tmp_path / "run" / NAME)
    result = call("edit", str(tmp_path / "run"), "--rename", "s/^/x/", "--dry-run")
    assert result.status == 0
    assert "\x1b" not in result.out
    assert "xx" not in result.out
    assert not list(tmp_path.glob("out*"))
