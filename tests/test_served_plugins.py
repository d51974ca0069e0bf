"""What a running TensorBoard shows of every plugin is what the frames of a run hold.

docs/tensorboard.md has where they differ.
"""

from __future__ import annotations

import io
import warnings
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tensorboardX
import torch
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboardX.proto.summary_pb2 import Summary
from torch.utils.tensorboard import SummaryWriter as TorchWriter

import tbtools
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder
from tests.served import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.served import Server

STEPS = 3
CUT = 6  # where the second session of `resumed` goes on
# Which policy each backend follows, and how many points it shows of all runs.
POLICIES = {"python": ("keep", 27), "rust": ("preempt", 23)}


def write_with_torch(directory: Path) -> None:
    random = np.random.default_rng(0)
    with TorchWriter(str(directory)) as writer:
        for step in range(STEPS):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalar("new", 1 / 3, step, new_style=True)
            writer.add_histogram("weights", random.normal(size=200), step)
            writer.add_image("sample", random.integers(0, 256, (3, 4, 5), np.uint8), step)
            writer.add_text("note", f"step {step}", step)
            labels, predicted = torch.tensor([0, 1, 1]), torch.tensor([0.1, 0.6, 0.9])
            writer.add_pr_curve("pr", labels, predicted, step, num_thresholds=11)
            faces = torch.tensor([[[0, 1, 2]]])
            writer.add_mesh("mesh", torch.rand(1, 5, 3), faces=faces, global_step=step)
        writer.add_custom_scalars({"Losses": {"all": ["Multiline", ["loss.*"]]}})
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # its own
            writer.add_graph(torch.nn.Linear(2, 1), torch.zeros(1, 2))


def write_with_tensorboardx(directory: Path) -> None:
    """A sound and a video as it stores them; what encodes them there needs packages of its own."""
    random = np.random.default_rng(1)
    frames = [Image.fromarray(random.integers(0, 256, (4, 5), np.uint8)) for _ in range(3)]
    film, sound = io.BytesIO(), io.BytesIO()
    frames[0].save(film, "GIF", save_all=True, append_images=frames[1:])
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(random.integers(-(2**15), 2**15, 100, np.int16).tobytes())
    video = Summary.Image(height=4, width=5, colorspace=1, encoded_image_string=film.getvalue())
    audio = Summary.Audio(
        sample_rate=8000,
        num_channels=1,
        length_frames=100,
        encoded_audio_string=sound.getvalue(),
        content_type="audio/wav",
    )
    with tensorboardX.SummaryWriter(str(directory)) as writer:
        values = [Summary.Value(tag="film", image=video), Summary.Value(tag="sound", audio=audio)]
        writer._get_file_writer().add_summary(Summary(value=values), 7)
        writer.add_scalar("x", 1.0, 0)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugins")
    write_with_torch(folder / "torch")
    write_with_tensorboardx(folder / "tensorboardx")
    for number, (first, end) in enumerate([(0, 10), (CUT, 12)]):
        start = START + 1000 * number
        builder = EventFileBuilder().file_version(wall_time=start)
        if number:
            builder.session_start(first, start)
        for step in range(first, end):
            builder.scalar("loss", step, step + number / 2, start + step)
        builder.write(folder / "resumed" / f"events.out.tfevents.{number}")
    # As Keras does: settings in a run, its scalars in those below, and no experiment declared.
    for number, units in enumerate([16.0, 32.0]):
        info = messages.HParamsPluginData()
        info.session_start_info.hparams["units"].number_value = units
        info.session_start_info.hparams["name"].string_value = "a"
        EventFileBuilder().file_version(wall_time=START + number).value(
            "_hparams_/session_start_info", 0, plugin="hparams", content=info.SerializeToString()
        ).write(folder / "keras" / f"events.out.tfevents.{number}")
    for part in ("train", "validation"):
        builder = EventFileBuilder().file_version().tensor_scalar("epoch_loss", 0, 1.0)
        builder.tensor_scalar("epoch_loss", 1, 0.5)
        builder.write(folder / "keras" / part / "events.out.tfevents.1")
    return folder


@pytest.fixture(scope="module", params=POLICIES)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(logdir: Path, backend: str) -> Iterator[Server]:
    with serving(logdir, f"--load_fast={str(backend == 'rust').lower()}") as served:
        served.wait_for_points(POLICIES[backend][1])
        yield served


@pytest.fixture(scope="module")
def experiment(logdir: Path, backend: str) -> tbtools.Experiment:
    return tbtools.load(logdir, restarts=POLICIES[backend][0])


def test_scalars(server: Server, experiment: tbtools.Experiment) -> None:
    shown = server.scalars()
    tags = experiment.tags
    scalars = tags[tags["plugin"] == "scalars"]
    assert set(shown) == set(zip(scalars["run"], scalars["tag"], strict=True))
    for (run, tag), points in shown.items():
        frame = experiment[run].scalars(tag)
        assert frame[["wall_time", "step", "value"]].to_numpy().tolist() == points


def test_where_nothing_goes_back_every_policy_agrees(server: Server, logdir: Path) -> None:
    shown = server.scalars()
    for restarts in ("resume", "preempt", "session_log", "keep"):
        for name, run in tbtools.load(logdir, restarts=restarts).items():
            if name == "resumed":
                continue
            for tag in run.scalars()["tag"].unique():
                points = run.scalars(tag)[["wall_time", "step", "value"]].to_numpy().tolist()
                assert points == shown[name, tag], restarts


def test_the_default_policy_after_a_resume_is_that_of_the_rust_server(
    server: Server, logdir: Path, backend: str
) -> None:
    steps = [step for _, step, _ in server.scalars()["resumed", "loss"]]
    resumed = tbtools.load(logdir)["resumed"].scalars()["step"].tolist()
    assert (steps == resumed) == (backend == "rust")
    accumulator = EventAccumulator(str(logdir / "resumed"), {"scalars": 0}).Reload()
    session_log = tbtools.load(logdir, restarts="session_log")["resumed"].scalars()
    assert session_log["value"].tolist() == [each.value for each in accumulator.Scalars("loss")]


@pytest.mark.parametrize(
    ("run", "tag", "beginning"),
    [("torch", "sample", b"\x89PNG"), ("tensorboardx", "film", b"GIF8")],
)
def test_images_and_videos(
    server: Server, experiment: tbtools.Experiment, run: str, tag: str, beginning: bytes
) -> None:
    frame = experiment[run].images(tag)
    shown = server.get("plugin/images/images", run=run, tag=tag)
    assert [(each["wall_time"], each["step"]) for each in shown] == [
        *zip(frame["wall_time"], frame["step"], strict=True)
    ]
    contents = [server.content(f"plugin/images/individualImage?{each['query']}&") for each in shown]
    assert contents == [image.data for image in frame["image"]]
    assert all(content.startswith(beginning) for content in contents)


def test_audio(server: Server, experiment: tbtools.Experiment, backend: str) -> None:
    (shown,) = server.get("plugin/audio/audio", run="tensorboardx", tag="sound", sample="0")
    (row,) = experiment["tensorboardx"].audio().itertuples()
    assert (shown["wall_time"], shown["step"]) == (row.wall_time, row.step)
    assert server.content(f"plugin/audio/individualAudio?{shown['query']}&") == row.audio.data
    assert row.content_type == "audio/wav"
    # The Rust server does not pass on what old writers said.
    told = "audio/wav" if backend == "python" else "application/octet-stream"
    assert shown["contentType"] == told


def test_histograms(server: Server, experiment: tbtools.Experiment, backend: str) -> None:
    frame = experiment["torch"].histograms("weights")
    for time, step, buckets in server.get(
        "plugin/histograms/histograms", run="torch", tag="weights"
    ):
        own = frame[frame["step"] == step]
        assert own["wall_time"].unique().tolist() == [time]
        got = own[["left", "right", "count"]].to_numpy()
        want = np.array(buckets)
        if (
            backend == "rust"
        ):  # it has an empty bucket in front, whose edges are the wrong way round
            assert want[0, 0] > want[0, 1]
            assert want[0, 2] == 0
            assert want[1, 1] == pytest.approx(got[0, 1])
            got, want = got[1:], want[2:]
        # The Python backend holds them as float32.
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_distributions(server: Server, experiment: tbtools.Experiment) -> None:
    frame = experiment["torch"].distributions("weights").set_index("step")
    shown = server.get("plugin/distributions/distributions", run="torch", tag="weights")
    assert [step for _, step, _ in shown] == frame.index.tolist()
    for _, step, points in shown:
        for basis_points, value in points:
            assert frame.loc[step, f"bp{basis_points}"] == pytest.approx(value, rel=1e-6)


def test_text(server: Server, experiment: tbtools.Experiment) -> None:
    frame = experiment["torch"].text()
    shown = server.get("plugin/text/text", run="torch", tag="note/text_summary")
    assert [each["step"] for each in shown] == frame["step"].tolist()
    for each, text in zip(shown, frame["text"], strict=True):
        assert f"<p>{text}</p>" in each["text"]


def test_precision_recall_curves(server: Server, experiment: tbtools.Experiment) -> None:
    frame = experiment["torch"].pr_curves("pr")
    names = {"true_positives": "tp", "false_positives": "fp", "true_negatives": "tn"}
    names |= {"false_negatives": "fn", "precision": "precision", "recall": "recall"}
    for shown in server.get("plugin/pr_curves/pr_curves", run="torch", tag="pr")["torch"]:
        own = frame[frame["step"] == shown["step"]]
        for theirs, ours in names.items():
            # TensorBoard leaves out the thresholds behind which nothing is predicted.
            count = len(shown[theirs])
            np.testing.assert_allclose(own[ours][:count], shown[theirs], rtol=1e-6)
            assert not own["tp"][count:].any()


def test_meshes(server: Server, experiment: tbtools.Experiment) -> None:
    frame = experiment["torch"].meshes().set_index("step")
    shown = server.get("plugin/mesh/meshes", run="torch", tag="mesh", sample="0")
    assert {each["step"] for each in shown} == set(frame.index)
    where = {"run": "torch", "tag": "mesh", "sample": "0"}
    for each in shown:
        mesh = frame.loc[each["step"], "mesh"]
        part = mesh.vertices if each["content_type"] == 1 else mesh.faces
        assert [1, *part.shape] == each["data_shape"]
        kind = {1: "VERTEX", 2: "FACE"}[each["content_type"]]
        content = server.content("plugin/mesh/data", **where, content_type=kind, step=each["step"])
        got = np.frombuffer(content, np.float32 if kind == "VERTEX" else np.int32)
        np.testing.assert_array_equal(got.reshape(part.shape), part)


def test_graphs_and_traces(server: Server, experiment: tbtools.Experiment) -> None:
    info = server.get("plugin/graphs/info")["torch"]
    assert info["run_graph"]
    assert list(info["tags"]) == experiment["torch"].run_metadata()["tag"].tolist() == ["step1"]
    shown = text_format.Parse(
        server.content("plugin/graphs/graph", run="torch"), messages.GraphDef()
    )
    graph = experiment["torch"].graph()
    assert graph is not None
    nodes = graph.nodes()
    assert [node.name for node in shown.node] == nodes["name"].tolist()
    assert [tuple(node.input) for node in shown.node] == nodes["inputs"].tolist()


def test_custom_scalars(server: Server, experiment: tbtools.Experiment) -> None:
    (shown,) = server.get("plugin/custom_scalars/layout")["category"]
    (category,) = experiment["torch"].custom_scalars().categories
    assert shown["title"] == category.title == "Losses"
    assert [each["title"] for each in shown["chart"]] == [each.title for each in category.charts]


def test_hparams(server: Server, experiment: tbtools.Experiment) -> None:
    asked = {"startIndex": 0, "sliceSize": 9, "colParams": []}
    asked["allowedStatuses"] = ["STATUS_SUCCESS", "STATUS_UNKNOWN", "STATUS_RUNNING"]
    (shown,) = server.post("plugin/hparams/session_groups", asked)["sessionGroups"]
    table = experiment.hparams()
    assert [shown["name"]] == table.index.tolist() == ["keras"]
    # Of hyperparameters that were written twice TensorBoard keeps the first (docs/decisions.md).
    assert shown["hparams"] == {"units": 16.0, "name": "a"}
    assert dict(experiment["keras"].hparams) == {"units": 32.0, "name": "a"}
    # Where no experiment is declared, the metrics are the scalars of the runs below.
    infos = server.post("plugin/hparams/experiment", {})["metricInfos"]
    told = [f"{each['name']['group']}/{each['name']['tag']}" for each in infos]
    assert sorted(told) == ["train/epoch_loss", "validation/epoch_loss"]
    assert table.loc["keras", sorted(told)].tolist() == [0.5, 0.5]
