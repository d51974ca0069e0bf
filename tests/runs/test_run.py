"""A Run hands the decoders the right values, of every writer and over several files."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import tensorboardX
import torch
from torch.utils.tensorboard import SummaryWriter as TorchWriter

import tbtools
from tbtools.errors import UndecodablePayload, UnknownTag
from tbtools.eventfile import messages
from tbtools.eventfile.discover import natural_key
from tbtools.runs.plugins.audio import audio_frame
from tbtools.runs.plugins.custom_scalars import Layout
from tbtools.runs.plugins.histograms import distributions_frame, histograms_frame
from tbtools.runs.plugins.hparams import HParams
from tbtools.runs.plugins.images import images_frame
from tbtools.runs.plugins.meshes import meshes_frame
from tbtools.runs.plugins.pr_curves import pr_curves_frame
from tbtools.runs.plugins.tensors import tensors_frame
from tbtools.runs.plugins.text import text_frame
from tests.builders import START, EventFileBuilder
from tests.runs.event_values import read_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run

FRAMES: list[tuple[str, str, Callable[[Any], pd.DataFrame]]] = [
    ("images", "images", images_frame),
    ("audio", "audio", audio_frame),
    ("histograms", "histograms", histograms_frame),
    ("distributions", "histograms", distributions_frame),
    ("text", "text", text_frame),
    ("pr_curves", "pr_curves", pr_curves_frame),
    ("meshes", "mesh", meshes_frame),
]
OLD_KINDS = {"image": "images", "audio": "audio", "histo": "histograms"}


def plugin(value: StoredValue) -> str:
    """As TensorBoard's data_compat has it: old kinds of values belong to plugins, too."""
    kind = value.message.WhichOneof("value")
    return "scalars" if kind == "simple_value" else OLD_KINDS.get(kind, value.plugin_name)


def truth(directory: Path, name: str | None) -> list[StoredValue]:
    """The values of a plugin by TensorBoard's reader, series by series in natural order."""
    values = [value for value in read_values(directory) if name in (None, plugin(value))]
    return sorted(values, key=lambda value: natural_key(value.tag))


def only_run(logdir: Path, restarts: str = "keep") -> Run:
    return tbtools.load(logdir, restarts=restarts)["."]


def same(ours: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    pd.testing.assert_frame_equal(ours, theirs)
    return True


# --- every type of data, of every writer -----------------------------------------------------


def write_with_torch(directory: Path) -> None:
    rng = np.random.default_rng(0)
    with TorchWriter(str(directory)) as writer:
        for step in range(3):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalar("exact", 1 / 3, step, new_style=True, double_precision=True)
            writer.add_scalar("new", 1 / 3, step, new_style=True)
            writer.add_histogram("weights", rng.normal(size=50), step)
            writer.add_image("sample", rng.integers(0, 256, (3, 4, 5), np.uint8), step)
            writer.add_images("batch", rng.integers(0, 256, (2, 3, 4, 5), np.uint8), step)
            writer.add_text("note", f"step {step}", step)
            writer.add_pr_curve("pr", torch.tensor([0, 1, 1]), torch.tensor([0.1, 0.6, 0.9]), step)
            writer.add_mesh("mesh", torch.rand(1, 5, 3), faces=torch.tensor([[[0, 1, 2]]]))
        writer.add_custom_scalars({"Losses": {"loss": ["Multiline", ["loss.*"]]}})
        writer.add_graph(torch.nn.Linear(2, 1), torch.zeros(1, 2))
        writer.add_embedding(torch.rand(4, 3), metadata=["a", "b", "c", "d"])


def write_with_tensorboardx(directory: Path) -> None:
    rng = np.random.default_rng(0)
    with tensorboardX.SummaryWriter(str(directory)) as writer:
        for step in range(3):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_histogram("weights", rng.normal(size=50), step)
            writer.add_image("sample", rng.integers(0, 256, (3, 4, 5), np.uint8), step)
            writer.add_text("note", f"step {step}", step)
            writer.add_pr_curve("pr", np.array([0, 1, 1]), np.array([0.1, 0.6, 0.9]), step)
        writer.add_custom_scalars({"Losses": {"loss": ["Multiline", ["loss.*"]]}})


def write_by_hand(directory: Path) -> None:
    """Declarations in the first file, values in the second; what the other writers do not make."""
    first, second = EventFileBuilder().file_version(), EventFileBuilder().file_version()
    first.text("note", 1, "one").tensor("curve", 1, np.ones((6, 3), np.float32), plugin="pr_curves")
    first.audio("sound", 1, b"RIFF").graph(b"", 0)
    first.tensor("h", 1, [[0.0, 1.0, 2.0]], plugin="histograms")
    second.text("note", 2, "two", "more", shape=(2, 1))
    second.tensor("curve", 2, np.zeros((6, 3), np.float32), plugin=None)
    second.tensor("h", 2, [[0.0, 2.0, 4.0]], plugin=None)
    second.audio("sound", 2, b"RIFF")
    second.tensor("mine", 2, [1, 2], plugin="mine", content=b"\x00\xff")
    for number, builder in enumerate((first, second)):
        builder.write(directory / f"events.out.tfevents.{number}")


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # add_graph's own
@pytest.mark.parametrize("write", [write_with_torch, write_with_tensorboardx, write_by_hand])
def test_every_frame_is_the_decoder_over_tensorboards_reader(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    run = only_run(tmp_path)
    for method, name, frame in FRAMES:
        assert same(getattr(run, method)(), frame(truth(tmp_path, name))), method
    tensors = [v for v in truth(tmp_path, None) if v.message.WhichOneof("value") == "tensor"]
    assert same(run.tensors(), tensors_frame(tensors))
    layout = Layout.from_values(truth(tmp_path, "custom_scalars"))
    assert run.custom_scalars() == layout


@pytest.mark.corpus
def test_every_frame_of_the_corpus_is_the_decoder_over_tensorboards_reader(corpus: Path) -> None:
    rows = dict.fromkeys([method for method, _, _ in FRAMES], 0)
    for name, run in tbtools.load(corpus, restarts="keep").items():
        others = {each.plugin for each in run.data.statistics()} - {"scalars", ""}
        if not others or run.data.columns.rows.count > 300:
            continue
        values = truth(Path(run.path), None)
        for method, plugin_name, frame in FRAMES:
            of_plugin = [value for value in values if plugin(value) == plugin_name]
            ours = getattr(run, method)()
            assert same(ours, frame(of_plugin)), (name, method)
            rows[method] += len(ours)
        of_hparams = [value for value in values if plugin(value) == "hparams"]
        assert run.hparams == HParams.from_values(of_hparams), name
    assert {method for method, count in rows.items() if not count} == {"meshes", "pr_curves"}


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # add_graph's own
def test_torch_writes_and_the_run_reads(tmp_path: Path) -> None:
    write_with_torch(tmp_path)
    run = only_run(tmp_path)
    assert run.scalars("loss")["value"].astype("float32").tolist() == [
        np.float32(1 / (step + 1)) for step in range(3)
    ]
    assert run.scalars("exact")["value"].tolist() == [1 / 3] * 3
    assert run.scalars("exact", dtype=True)["dtype"].unique().tolist() == ["float64"]
    assert run.images("sample")["step"].tolist() == [0, 1, 2]
    assert len(run.images()) == 6
    assert run.text()["text"].tolist() == ["step 0", "step 1", "step 2"]
    graph = run.graph()
    assert graph is not None
    assert len(graph.nodes()) > 3
    (embedding,) = run.embeddings()
    assert embedding.vectors().shape == (4, 3)
    assert set(run.tags["plugin"]) >= {"scalars", "images", "histograms", "text", "mesh"}


def test_a_run_without_a_type_of_data_gives_empty_frames(tmp_path: Path) -> None:
    EventFileBuilder().scalar("a", 1, 0.5).write(tmp_path / "events.out.tfevents.1")
    run = only_run(tmp_path)
    for method, _, _ in FRAMES:
        assert len(getattr(run, method)()) == 0
    assert len(run.tensors()) == len(run.plugin_data()) == len(run.run_metadata()) == 0
    assert run.graph() is None
    assert not run.hparams
    assert not run.custom_scalars().categories
    assert run.embeddings() == []


def test_tags_are_chosen_among_those_of_the_plugin(tmp_path: Path) -> None:
    builder = EventFileBuilder().text("note/a", 1, "a").text("note/b", 1, "b").scalar("loss", 1, 0)
    builder.write(tmp_path / "events.out.tfevents.1")
    run = only_run(tmp_path)
    assert run.text("note/b")["tag"].tolist() == ["note/b"]
    assert run.text(["note/*"])["tag"].tolist() == ["note/a", "note/b"]
    with pytest.raises(UnknownTag, match="no tag 'loss'"):
        run.text("loss")


def test_plugins_unknown_to_tbtools_give_their_bytes(tmp_path: Path) -> None:
    write_by_hand(tmp_path)
    frame = only_run(tmp_path).plugin_data()
    assert frame[["tag", "step", "plugin", "content"]].to_numpy().tolist() == [
        ["mine", 2, "mine", b"\x00\xff"]
    ]


def test_a_tag_keeps_the_plugin_that_it_had_first(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step, plugin in enumerate(["mine", "other", "mine"]):
        builder.tensor("t", step, np.float32(step), plugin=plugin, content=plugin.encode())
    builder.write(tmp_path / "events.out.tfevents.1")
    run = only_run(tmp_path)
    assert run.tags[["tag", "plugin", "count"]].to_numpy().tolist() == [["t", "mine", 3]]
    shown = run.plugin_data()[["plugin", "content"]].to_numpy().tolist()
    assert shown == [["mine", b"mine"]] * 3
    stored = [each.message.metadata.plugin_data.plugin_name for each in run.values("mine")]
    assert stored == ["mine", "other", "mine"]


def test_tags_have_the_names_and_descriptions_that_their_writers_gave(tmp_path: Path) -> None:
    described = {"display_name": "Loss", "summary_description": "of a **batch**"}
    with tensorboardX.SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("bare", 1.0, 0)
        writer.add_scalar("ü" * 90, 1.0, 0)  # its length takes two bytes
        writer.add_scalar(
            "named", 1.0, 0, display_name="Loss", summary_description="of a **batch**"
        )
        writer.add_scalar("named", 2.0, 1)
    with TorchWriter(str(tmp_path), filename_suffix=".torch") as other:
        other.add_text("note", "a", 0)
    # As tf.summary does: with the first value, beside the plugin.
    metadata = messages.SummaryMetadata(**described, plugin_data={"plugin_name": "images"})
    value = messages.Value(tag="picture", metadata=metadata, image={"height": 1})
    EventFileBuilder().values(0, value).image("picture", 1, b"").write(
        tmp_path / "events.out.tfevents.9"
    )
    texts = {
        each.tag: (each.display_name, each.description)
        for each in tbtools.load(tmp_path).tags.itertuples()
    }
    given = tuple(described.values())
    assert texts == {
        **dict.fromkeys(("bare", "ü" * 90, "note/text_summary"), ("", "")),
        **dict.fromkeys(("named", "picture"), given),
    }
    pd.testing.assert_frame_equal(
        only_run(tmp_path).tags, tbtools.load(tmp_path).tags.drop(columns="run")
    )


def test_old_and_new_values_of_one_tag_come_in_the_order_written(tmp_path: Path) -> None:
    builder = EventFileBuilder().histogram("h", 1, [1.0], [3.0], maximum=1.0)
    builder.tensor("h", 2, [[0.0, 1.0, 5.0]], plugin="histograms")
    builder.histogram("h", 3, [1.0], [7.0], maximum=1.0)
    builder.write(tmp_path / "events.out.tfevents.1")
    frame = only_run(tmp_path).histograms()
    assert frame["step"].tolist() == [1, 2, 3]
    assert frame["count"].tolist() == [3.0, 5.0, 7.0]


def raw_value(value: bytes) -> bytes:
    """An Event at step 1 with a Summary of one Value, which may be no valid message."""
    summary = b"\x0a" + bytes([len(value)]) + value
    return b"\x10\x01\x2a" + bytes([len(summary)]) + summary


def test_a_tag_that_is_no_utf8_does_not_hide_its_payload(tmp_path: Path) -> None:
    value = messages.Value(tag="xyz", metadata={"plugin_data": {"plugin_name": "text"}})
    value.tensor.dtype = 7
    value.tensor.string_val.append(b"words")
    data = value.SerializeToString().replace(b"xyz", b"\xff\xfez")
    builder = EventFileBuilder().raw_record(raw_value(data)).text("good", 2, "more")
    builder.write(tmp_path / "events.out.tfevents.1")
    frame = only_run(tmp_path).text()
    assert frame["tag"].tolist() == ["\\xff\\xfez", "good"]
    assert [str(np.ravel(text)[0]) for text in frame["text"]] == ["words", "more"]


def test_a_value_that_is_no_message_is_told_with_its_file(tmp_path: Path) -> None:
    # A tensor whose dtype is not a number: the scan, which does not look into it, passes it.
    value = b"\x0a\x01a\x42\x02\x0a\x05"
    EventFileBuilder().raw_record(raw_value(value)).write(tmp_path / "events.out.tfevents.1")
    run = only_run(tmp_path)
    [broken] = run.values()
    assert repr(broken) == "<StoredValue 'a' at step 1: damaged, 7 bytes>"
    with pytest.raises(UndecodablePayload, match=r"tfevents.1: no Summary.Value in 7 bytes"):
        _ = broken.message


# --- after restarts --------------------------------------------------------------------------


def test_superseded_payloads_are_left_out(tmp_path: Path) -> None:
    first, second = EventFileBuilder().file_version(), EventFileBuilder()
    for step in range(6):
        first.scalar("loss", step, 0.0).text("note", step, f"old {step}")
        first.image("i", step, b"old")
    for step in range(3, 8):
        second.scalar("loss", step, 0.0, START + 100 + step)
        second.strings("note", step, [f"new {step}"], plugin=None, wall_time=START + 100 + step)
    first.write(tmp_path / "events.out.tfevents.1")
    second.write(tmp_path / "events.out.tfevents.2")
    run = only_run(tmp_path, "resume")
    texts = [*(f"old {step}" for step in range(3)), *(f"new {step}" for step in range(3, 8))]
    assert [str(np.ravel(text)[0]) for text in run.text()["text"]] == texts
    assert run.images()["step"].tolist() == [0, 1, 2]
    assert run.superseded == 9


def test_a_declaration_that_was_superseded_still_holds(tmp_path: Path) -> None:
    first = EventFileBuilder()
    for step in range(4):
        first.tensor_scalar("loss", step, 0.0, plugin="scalars" if step == 0 else None)
    second = EventFileBuilder()
    for step in range(4):
        second.tensor_scalar("loss", step, 1.0, plugin=None, wall_time=START + 100 + step)
    first.write(tmp_path / "events.out.tfevents.1")
    second.write(tmp_path / "events.out.tfevents.2")
    assert only_run(tmp_path, "resume").scalars()["value"].tolist() == [1.0] * 4


# --- graphs and run metadata -----------------------------------------------------------------


def graph_def(*names: str) -> bytes:
    return bytes(messages.GraphDef(node=[{"name": name} for name in names]).SerializeToString())


def test_the_graph_is_that_of_the_last_graph_event(tmp_path: Path) -> None:
    meta = messages.MetaGraphDef(graph_def={"node": [{"name": "meta"}]}).SerializeToString()
    builder = EventFileBuilder().graph(graph_def("a")).graph(graph_def("b", "c"))
    builder.event(0, meta_graph_def=meta).write(tmp_path / "events.out.tfevents.1")
    graph = only_run(tmp_path).graph()
    assert graph is not None
    assert graph.nodes()["name"].tolist() == ["b", "c"]


def test_without_a_graph_event_it_is_that_of_the_meta_graph(tmp_path: Path) -> None:
    meta = messages.MetaGraphDef(graph_def={"node": [{"name": "meta"}]}).SerializeToString()
    EventFileBuilder().event(0, meta_graph_def=meta).write(tmp_path / "events.out.tfevents.1")
    graph = only_run(tmp_path).graph()
    assert graph is not None
    assert graph.nodes()["name"].tolist() == ["meta"]


def test_run_metadata_come_from_marks_of_all_files(tmp_path: Path) -> None:
    for number in range(2):
        builder = EventFileBuilder()
        builder.event(number, tagged_run_metadata={"tag": f"step {number}", "run_metadata": b""})
        builder.write(tmp_path / f"events.out.tfevents.{number}")
    run = only_run(tmp_path)
    assert len(run.data.columns.rows.marks()) == 2
    frame = run.run_metadata()
    assert frame["tag"].tolist() == ["step 0", "step 1"]
    assert frame["start_us"].isna().all()  # nothing was traced in them


# --- files that change under the run ---------------------------------------------------------


def texts(path: Path, *strings: str) -> Path:
    builder = EventFileBuilder()
    for step, string in enumerate(strings):
        builder.text("note", step, string)
    return builder.write(path)


def test_a_file_that_grew_is_read_as_far_as_it_was_scanned(tmp_path: Path) -> None:
    path = texts(tmp_path / "events.out.tfevents.1", "one", "two")
    run = only_run(tmp_path)
    assert len(run.text()) == 2
    texts(path, "one", "two", "three")
    assert len(run.text()) == 2


@pytest.mark.parametrize("strings", [("on",), ("ONE", "TWO"), ("much longer", "than before")])
def test_another_file_in_its_place_is_never_decoded(tmp_path: Path, strings: tuple[str]) -> None:
    path = texts(tmp_path / "events.out.tfevents.1", "one", "two")
    run = only_run(tmp_path)
    assert run.data.columns.rows.count == 2
    texts(path, *strings)
    with pytest.raises(UndecodablePayload, match=r"tfevents.1: changed since it was scanned; rea"):
        run.text()


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    path = texts(tmp_path / "r" / "events.out.tfevents.1", "one")
    run = tbtools.load(tmp_path)["r"]
    assert run.data.columns.rows.count == 1
    shutil.rmtree(path.parent)
    with pytest.raises(UndecodablePayload, match=r"tfevents.1: No such file or directory$"):
        run.text()
    assert run.tags[["tag", "description"]].to_numpy().tolist() == [["note", None]]


def test_a_graph_of_another_file_is_never_decoded(tmp_path: Path) -> None:
    path = EventFileBuilder().graph(graph_def("abc")).write(tmp_path / "events.out.tfevents.1")
    run = only_run(tmp_path)
    assert run.graph() is not None
    EventFileBuilder().graph(graph_def("xyz")).write(path)
    with pytest.raises(UndecodablePayload, match="changed since it was scanned"):
        run.graph()


# --- laziness --------------------------------------------------------------------------------


def test_nothing_is_read_before_something_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts(tmp_path / "events.out.tfevents.1", "one")
    scanned: list[str] = []
    from tbtools.runs import data as module

    scan = module.scan_file
    monkeypatch.setattr(module, "scan_file", lambda path: scanned.append(path) or scan(path))
    run = only_run(tmp_path)
    assert repr(run) == "<Run '.': 1 event file>"
    assert not run.data.is_read
    assert scanned == []
    assert run.tags["count"].tolist() == [1]
    assert run.scalars().empty
    assert len(scanned) == 1
    assert repr(run) == "<Run '.': 1 series, 1 point>"


def test_values_are_decoded_one_by_one(tmp_path: Path) -> None:
    texts(tmp_path / "events.out.tfevents.1", *("x" * 10 for _ in range(100)))
    run = only_run(tmp_path)
    first = list(itertools.islice(run.values("text"), 2))
    assert [value.step for value in first] == [0, 1]
    assert [value.step for value in run.values(tags="note")] == list(range(100))


def test_whole_numbers_that_no_float64_holds_are_tensors_as_they_were_stored(
    tmp_path: Path,
) -> None:
    numbers = [2**53 + 1, 2**63 - 1, -(2**63)]
    builder = EventFileBuilder().file_version()
    for step, number in enumerate(numbers):
        builder.tensor_scalar("n", step, number, "int64")
    builder.write(tmp_path / "events.out.tfevents.1")
    run = tbtools.load(tmp_path)["."]
    assert [int(each) for each in run.tensors()["tensor"]] == numbers
    assert run.scalars()["value"].tolist() == [float(number) for number in numbers]
