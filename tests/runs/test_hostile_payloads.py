"""Payloads that are not what they say: each is left out and named, and everything else goes on.

Sound payloads of every plugin are changed at random, and everything that decodes payloads is asked
for. Only errors of `tbtools.errors` may come out of what gives one object, only problems of kind
``undecodable`` out of what gives many.
"""

from __future__ import annotations

import random
import shutil
import struct
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.analysis.inspection import inspect_records
from tbtools.eventfile import messages
from tbtools.eventfile.source import using
from tests.builders import EventFileBuilder
from tests.commands import call
from tests.render.report_logs import TINY_PNG, arrays_of, page_of
from tests.sources import failing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAV = (
    b"RIFF" + struct.pack("<I", 44) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8, 16, 2, 16)
    + b"data" + struct.pack("<I", 8) + bytes(8)
)  # fmt: skip
CONFIG = (
    b'embeddings { tensor_name: "e" tensor_path: "v.tsv" metadata_path: "m.tsv"\n'
    b' sprite { image_path: "s.png" single_image_dim: [4, 4] } }\n'
)


def value_message(tag: str, plugin: str, content: bytes = b"", **value: Any) -> Any:
    message = messages.Value(tag=tag, **value)
    message.metadata.plugin_data.plugin_name = plugin
    message.metadata.plugin_data.content = content
    return message


def strings(*texts: bytes, shape: tuple[int, ...] | None = None) -> Any:
    tensor = messages.TensorProto(dtype=7, string_val=texts)
    for size in (len(texts),) if shape is None else shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


def numbers(array: Any) -> Any:
    array = np.asarray(array, np.float32)
    tensor = messages.TensorProto(dtype=1, tensor_content=array.tobytes())
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


def run_metadata() -> bytes:
    message = messages.RunMetadata()
    device = message.step_stats.dev_stats.add(device="gpu")
    device.node_stats.add(node_name="n", all_start_micros=1, all_end_rel_micros=2)
    graph = messages.MetaGraphDef()
    graph.graph_def.node.add(name="x", op="Add")
    content = graph.SerializeToString()
    # FunctionGraphs, which `messages` leaves to the unknown fields: number 4.
    return bytes(message.SerializeToString() + b"\x22" + bytes([len(content)]) + content)


def sound_values() -> dict[str, Any]:
    """A value of every plugin, by its tag."""
    start = messages.HParamsPluginData()
    start.session_start_info.hparams["lr"].number_value = 0.5
    start.session_start_info.hparams["list"].list_value.values.add(string_value="a")
    end = messages.HParamsPluginData()
    end.session_end_info.status = 1
    mesh = messages.MeshPluginData(name="m", content_type=1, json_config='{"a": 1}')
    layout = messages.Layout()
    layout.category.add(title="c").chart.add(title="d").multiline.tag.append("loss")
    keras = b'{"config": {"name": "m", "layers": [{"class_name": "D", "config": {"name": "d"}}]}}'
    found = [
        value_message("_hparams_/session_start_info", "hparams", start.SerializeToString()),
        value_message("_hparams_/session_end_info", "hparams", end.SerializeToString()),
        value_message("image", "images", image={"width": 1, "height": 1,
                                                "encoded_image_string": TINY_PNG}),
        value_message("images", "images", tensor=strings(b"1", b"1", TINY_PNG)),
        value_message("audio", "audio", audio={"sample_rate": 8.0, "num_channels": 1,
                                               "length_frames": 4, "encoded_audio_string": WAV}),
        value_message("sounds", "audio", tensor=strings(WAV, b"label", shape=(1, 2))),
        value_message("text", "text", tensor=strings(b"**words**")),
        value_message("histo", "histograms", histo={"min": 0, "max": 2, "num": 3, "sum": 3,
                                                    "bucket_limit": [1, 2], "bucket": [1, 2]}),
        value_message("histogram", "histograms", tensor=numbers([[0, 1, 2], [1, 2, 3]])),
        value_message("curve", "pr_curves", tensor=numbers(np.ones((6, 3)))),
        value_message("m_V", "mesh", mesh.SerializeToString(), tensor=numbers(np.ones((1, 2, 3)))),
        value_message("layout", "custom_scalars", tensor=strings(layout.SerializeToString())),
        value_message("keras", "graph_keras_model", tensor=strings(keras, shape=())),
        value_message("trace", "graph_run_metadata", tensor=strings(run_metadata(), shape=())),
        value_message("mine", "of_mine", b"\x00", tensor=numbers([1, 2])),
    ]  # fmt: skip
    return {each.tag: each for each in found}


def raw_event(step: int, value: bytes) -> bytes:
    """An event with these bytes as its only Summary.Value, sound or not."""
    return event_with(step, 5, b"\x0a" + varint(len(value)) + value)


def event_with(step: int, field: int, content: bytes) -> bytes:
    """An event with these bytes in a field of it, sound or not."""
    head = messages.Event(wall_time=1.7e9 + step, step=step).SerializeToString()
    return bytes(head + bytes([field << 3 | 2]) + varint(len(content)) + content)


def varint(number: int) -> bytes:
    digits = b""
    while number > 0x7F:
        digits += bytes([number & 0x7F | 0x80])
        number >>= 7
    return digits + bytes([number])


def changed(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them changed, put in, taken out, or repeated."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, length = chance.randrange(len(found) + 1), chance.choice((1, 1, 2, 8))
        new = chance.choice((b"", b"\xff", b"\x7f", b"\x80", b"\x00", chance.randbytes(length)))
        found[at : at + chance.choice((0, length))] = new
        if chance.randrange(8) == 0:
            found *= 2
        if not found:
            return b""
    return bytes(found)


def write_mutants(folder: Path, chance: random.Random) -> None:
    """A run with a sound and some changed values of every plugin, marks and an embedding."""
    builder = EventFileBuilder().file_version().scalar("loss", 0, 1.0)
    for tag, message in sound_values().items():
        data = message.SerializeToString()
        builder.raw_record(raw_event(1, data))
        for step in (2, 3):
            builder.raw_record(raw_event(step, changed(data, chance)))
        # Inside of the payload only: what the plugin itself has stored.
        own = messages.Value.FromString(data)
        plugin = own.metadata.plugin_data
        plugin.content = changed(plugin.content, chance)
        if own.tensor.string_val:
            own.tensor.string_val[-1] = changed(own.tensor.string_val[-1], chance)
        builder.raw_record(raw_event(4, own.SerializeToString()))
        assert own.tag == tag
    graph = messages.GraphDef()
    graph.node.add(name="x", op="Add")
    tagged = messages.TaggedRunMetadata(tag="t", run_metadata=run_metadata())
    builder.event(5, graph_def=changed(graph.SerializeToString(), chance))
    builder.raw_record(event_with(5, 8, changed(tagged.SerializeToString(), chance)))
    builder.write(folder / "run" / "events.out.tfevents.1")
    (folder / "run" / "projector_config.pbtxt").write_bytes(changed(CONFIG, chance))
    (folder / "run" / "v.tsv").write_bytes(changed(b"1\t2\n3\t4\n", chance))
    (folder / "run" / "m.tsv").write_bytes(changed(b"a\nb\n", chance))
    EventFileBuilder().scalar("loss", 0, 1.0).image("fine", 1, TINY_PNG).write(
        folder / "sound" / "events.out.tfevents.1"
    )


FRAMES = (
    *("scalars", "images", "audio", "histograms", "histogram_statistics", "distributions", "text"),
    *("pr_curves", "meshes", "tensors", "plugin_data", "run_metadata"),
)


def one(ask: Callable[[], Any]) -> Any:
    """What is asked for as one object: it, or an error of ours."""
    try:
        return ask()
    except tbtools.TbtoolsError:
        return None


def walk(folder: Path) -> None:
    """Asks for everything in Python."""
    logs = tbtools.load(folder)
    run = logs["run"]
    for name in FRAMES:
        frame = getattr(run, name)()
        assert {each["kind"] for each in frame.attrs["problems"]} <= {"undecodable"}
        assert frame["tag"].notna().all()
    for picture in run.images()["image"]:
        one(picture.to_numpy)
        repr(picture)
    for sound in run.audio()["audio"]:
        one(sound.to_numpy)
        assert np.isfinite(sound.seconds)
        repr(sound)
    logs.hparams()
    one(lambda: run.hparams.to_dict())
    one(lambda: run.custom_scalars().to_dict())
    graph = one(run.graph)
    assert graph is None or len(graph.nodes()) >= 0
    for embedding in one(run.embeddings) or []:
        one(embedding.to_frame)
    for value in run.values("graph_run_metadata"):
        from tbtools.runs.plugins.graphs import RunMetadata, keras_graph

        one(lambda found=value: RunMetadata.from_value(found).graphs())
        one(lambda found=value: keras_graph(found))
    assert list(inspect_records(run.event_files[0]))


def commands(folder: Path, out: Path) -> None:
    """Runs every command that decodes payloads; each says what it could not do, and goes on."""
    file = str(folder / "run" / "events.out.tfevents.1")
    logs = str(folder)
    lines = [
        ("summarize", logs),
        ("inspect", file, "--events"),
        ("inspect", file),
        ("diff", str(folder / "run"), str(folder / "sound")),
        ("diff", str(folder / "run"), str(folder / "run")),
        ("best", logs, "--by", "loss"),
        ("explain", str(folder / "run")),
        ("explain", str(folder / "run"), "--format", "json"),
        ("detect", logs, "--format", "sarif"),
        ("verify", logs, "--strict"),
        ("aggregate", logs, "--group", "hparam:lr", "-o", str(out / "groups.csv")),
        ("merge", str(folder / "run"), "-o", str(out / "merged")),
        ("report", logs, "-o", str(out / "page.html")),
        ("export", logs, "--data", "hparams", "-o", str(out / "hparams.csv")),
        *(("export", logs, "--data", kind, "-o", str(out / kind)) for kind in
          ("images", "audio", "text")),
    ]  # fmt: skip
    for line in lines:
        done = call(*line)
        assert done.status in (0, 1, 2), done
        assert "Traceback" not in done.err
    page = (out / "page.html").read_text("utf-8")
    arrays_of(page)
    assert [each["run"] for each in page_of(page)["images"]].count("sound") == 1
    assert (out / "images" / "sound" / "fine" / "00000001.png").read_bytes() == TINY_PNG


def check(folder: Path, seed: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "out").mkdir(parents=True)
    write_mutants(folder / "logs", random.Random(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tbtools.UndecodableValues)
        warnings.filterwarnings("ignore", module="PIL")
        walk(folder / "logs")
    commands(folder / "logs", folder / "out")


@settings(max_examples=6, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_changed_payloads_take_nothing_else_down(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    check(tmp_path_factory.getbasetemp() / "hostile", seed)


@pytest.mark.minutes
def test_many_changed_payloads_take_nothing_else_down(tmp_path: Path) -> None:
    for seed in range(300):
        check(tmp_path, seed)


def deep_struct(depth: int) -> bytes:
    """Hyperparameters of one name, a Struct in a Struct in a Struct."""
    value = messages.HParamsPluginData().session_start_info.hparams["x"].__class__()
    value.number_value = 1.0
    data = value.SerializeToString()
    for _ in range(depth):
        entry = b"\x0a\x01k\x12" + varint(len(data)) + data
        struct_ = b"\x0a" + varint(len(entry)) + entry
        data = b"\x2a" + varint(len(struct_)) + struct_
    entry = b"\x0a\x01x\x12" + varint(len(data)) + data
    start = b"\x0a" + varint(len(entry)) + entry
    return b"\x12" + varint(len(start)) + start


def shaped(*sizes: int) -> Any:
    tensor = messages.TensorProto(dtype=1, float_val=[1.0])
    for size in sizes:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


BAD = {
    "240 dimensions": value_message("bad", "images", tensor=shaped(*[2**62] * 240)),
    "no rate": value_message("bad", "audio", audio={
        "sample_rate": float("nan"), "length_frames": 2**62, "encoded_audio_string": WAV}),
    "endless rate": value_message("bad", "audio", audio={
        "sample_rate": float("inf"), "length_frames": -1, "encoded_audio_string": WAV}),
    "garbage": value_message("_hparams_/bad", "hparams", b"\xff\xff\xff"),
    "deep": value_message("_hparams_/bad", "hparams", deep_struct(40)),
    "numbers as text": value_message("bad", "text", tensor=shaped(1)),
    "numbers as layout": value_message("bad", "custom_scalars", tensor=shaped(1)),
    "histogram": value_message("bad", "histograms", tensor=shaped(3)),
    "infinite histogram": value_message("bad", "histograms", tensor=numbers(
        [[-np.inf, np.nan, 1.0], [np.nan, np.inf, 2.0]])),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_one_bad_payload_leaves_the_rest(name: str, tmp_path: Path) -> None:
    bad = BAD[name]
    plugin = bad.metadata.plugin_data.plugin_name
    for run in ("a", "b"):
        builder = EventFileBuilder().scalar("loss", 0, 1.0).text("note", 1, "words")
        builder.image("fine", 1, TINY_PNG).audio("tone", 1, WAV)
        builder.raw_record(raw_event(1, sound_values()["histogram"].SerializeToString()))
        start = sound_values()["_hparams_/session_start_info"]
        builder.raw_record(raw_event(0, start.SerializeToString()))
        if run == "a":
            builder.raw_record(raw_event(7, bad.SerializeToString()))
        builder.write(tmp_path / "logs" / run / "events.out.tfevents.1")
    logs = str(tmp_path / "logs")
    done = call("report", logs, "-o", str(tmp_path / "page.html"))
    assert done.status == 0
    page = page_of((tmp_path / "page.html").read_text("utf-8"))
    for shown, tag in (("images", "fine"), ("text", "note"), ("histograms", "histogram")):
        assert [each["run"] for each in page[shown] if each["tag"] == tag] == ["a", "b"]
    told = {
        "images": ["240 dimensions"],
        "text": ["numbers as text"],
        "hparams": ["garbage", "deep"],
    }
    for kind, target in (("images", "i"), ("audio", "a"), ("text", "t"), ("hparams", "h.csv")):
        exported = call("export", logs, "--data", kind, "-o", str(tmp_path / target))
        undecodable = name in told.get(kind, ())
        assert exported.status == (2 if undecodable else 0), exported
        assert ("run a: " in exported.err and "at step 7" in exported.err) == undecodable
        assert " of 2 runs" in exported.out + exported.err
    compared = call("diff", f"{logs}/a", f"{logs}/b")
    assert compared.status == (2 if plugin == "hparams" else 1), compared
    assert ("not compared: a: run" in compared.err) == (plugin == "hparams")
    assert call("inspect", f"{logs}/a/events.out.tfevents.1", "--events").status == 0
    assert call("summarize", logs).status == 0
    ranked = call("best", logs, "--by", "loss")
    assert ranked.status == 0
    assert ("not shown: run a: '_hparams_/bad' at step 7" in ranked.err) == (plugin == "hparams")
    explained = call("explain", f"{logs}/a")
    assert explained.status == 0
    told = "cannot be decoded: '_hparams_/bad' at step 7" in explained.out
    assert told == (plugin == "hparams")


@pytest.mark.parametrize("config", [
    "embeddings {" * 3000,
    "unknown {" * 3000 + "}" * 3000,
    "embeddings { tensor_shape: 99999999999999999999 }",
    "embeddings { sprite: 1 }",
    "\x00",
], ids=["open", "deep", "number", "kind", "null"])  # fmt: skip
def test_no_projector_config_is_more_than_undecodable(config: str, tmp_path: Path) -> None:
    EventFileBuilder().scalar("loss", 0, 1.0).write(tmp_path / "events.out.tfevents.1")
    (tmp_path / "projector_config.pbtxt").write_text(config)
    with pytest.raises(tbtools.UndecodablePayload, match="no projector config"):
        tbtools.load(tmp_path)["."].embeddings()


def test_graphs_of_a_trace_are_fields_of_bytes() -> None:
    from tbtools.runs.plugins.graphs import RunMetadata

    message = messages.RunMetadata.FromString(b"\x20\x05" + run_metadata() + b"\x25abcd")
    assert len(RunMetadata("t", 0, 0.0, message).graphs()) == 1


def test_a_run_that_turns_unreadable_leaves_the_others(tmp_path: Path) -> None:
    for name in ("bad", "good"):
        EventFileBuilder().scalar("loss", 0, 1.0).image("i", 1, TINY_PNG).text("t", 1, "x").write(
            tmp_path / "logs" / name / "events.out.tfevents.1"
        )
    runs = tbtools.load(tmp_path / "logs")
    runs.scan()
    with using(failing("read", path="bad")):
        exported = tbtools.export(runs, tmp_path / "out", "images")
        [problem] = exported.problems
        assert (problem["run"], problem["kind"]) == ("bad", "undecodable")
        assert "Input/output error" in problem["message"]
        assert (tmp_path / "out" / "good" / "i" / "00000001.png").read_bytes() == TINY_PNG
        page = page_of(tbtools.report(runs, tmp_path / "page.html").read_text("utf-8"))
        assert [each["run"] for each in page["images"]] == ["good"]
        assert any("run bad: " in text for text in page["undecodable"])
        compared = tbtools.diff(runs["good"], runs["bad"])
        assert not compared.identical
        assert {each["kind"] for each in compared.problems} == {"undecodable"}
        with pytest.raises(tbtools.UndecodablePayload, match="Input/output error"):
            runs["bad"].images()
        assert tbtools.summarize(runs).runs[0].status == "stopped"


def test_a_directory_without_permission_leaves_the_others(tmp_path: Path) -> None:
    for name in ("bad", "good"):
        EventFileBuilder().scalar("loss", 0, 1.0).image("i", 1, TINY_PNG).write(
            tmp_path / "logs" / name / "events.out.tfevents.1"
        )
    for operation in ("list", "open", "stat"):
        with using(failing(operation, 13, "logs/bad")):
            logs, out = str(tmp_path / "logs"), str(tmp_path / operation)
            for line in (
                ("report", logs, "-o", f"{out}.html"),
                ("export", logs, "--data", "images", "-o", out),
                ("export", logs, "-o", f"{out}.csv"),
                ("summarize", logs),
            ):
                done = call(*line)
                assert done.status == 0, done
            page = page_of((tmp_path / f"{operation}.html").read_text("utf-8"))
            assert "good" in [run["name"] for run in page["runs"]]


def test_a_run_whose_hyperparameters_cannot_all_be_decoded_is_in_no_group(tmp_path: Path) -> None:
    start = sound_values()["_hparams_/session_start_info"].SerializeToString()
    for name in ("a", "b", "bad"):
        builder = EventFileBuilder().scalar("loss", 0, 1.0).raw_record(raw_event(0, start))
        if name == "bad":
            builder.raw_record(raw_event(7, BAD["garbage"].SerializeToString()))
        builder.write(tmp_path / "logs" / name / "events.out.tfevents.1")
    result = tbtools.aggregate(tmp_path / "logs", group="hparam:lr")
    assert [group.runs for group in result.groups] == [("a", "b")]
    assert result.left_out == ("bad",)
