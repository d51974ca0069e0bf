"""A real TensorBoard server shows every tag and plugin of what the trainer wrote."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from reference_training.command_line import main
from tests.served import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.served import Server

PLUGINS = (
    "audio",
    "custom_scalars",
    "distributions",
    "graphs",
    "histograms",
    "hparams",
    "images",
    "mesh",
    "pr_curves",
    "projector",
    "scalars",
    "text",
)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("served")
    for package in ("tensorboardx", "torch"):
        options = "--source=sklearn", "--epochs=2", "--threads=1", f"--writer={package}"
        assert main(["digits", *options, f"--logdir={directory}", f"--run-name={package}"]) == 0
    return directory


@pytest.fixture(scope="module")
def server(logdir: Path) -> Iterator[Server]:
    # The Rust server reads in the background; this one has read all when it answers.
    with serving(logdir, "--load_fast=false") as served:
        wait_until_read(served)
        yield served


def wait_until_read(server: Server) -> None:
    """Reading, and looking for embeddings, go on after the server has come up."""
    deadline = time.monotonic() + 60
    while (
        set(server.get("plugin/mesh/tags")) != {"tensorboardx", "torch"}
        or not server.get("plugins_listing")["projector"]["enabled"]
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_every_plugin_has_something_to_show(server: Server) -> None:
    listing = server.get("plugins_listing")
    assert [name for name in PLUGINS if not listing[name]["enabled"]] == []


@pytest.mark.parametrize("run", ["tensorboardx", "torch"])
def test_every_tag_is_listed(server: Server, run: str) -> None:
    def tags(plugin: str) -> set[str]:
        return set(server.get(f"plugin/{plugin}/tags")[run])

    assert tags("scalars") >= {"Loss/train", "Learning Rate", "Test Accuracy", "time/step_ms"}
    assert tags("images") == {"digits/train", "digits/wrong", "confusion", "first_layer/units"}
    assert tags("audio") == {"loss/heard"}
    layers = {f"layers/{layer}/{part}" for layer in range(3) for part in ("weight", "bias")}
    assert tags("histograms") == {
        f"{what}/{n}" for what in ("weights", "gradients") for n in layers
    }
    assert tags("pr_curves") == {f"pr/{digit}" for digit in range(10)}
    # The text plugin shows what tensorboardX and torch call TAG/text_summary.
    assert {tag.removesuffix("/text_summary") for tag in tags("text")} == {
        "run/config",
        "run/provenance",
        "run/description",
    }
    assert tags("mesh") == {"loss_landscape"}


def test_all_runs_are_listed(server: Server) -> None:
    by_split = {f"tensorboardx/loss_by_split/{split}" for split in ("train", "test")}
    by_split |= {f"torch/loss_by_split_{split}" for split in ("train", "test")}
    assert set(server.get("runs")) == {"tensorboardx", "torch"} | by_split


@pytest.mark.parametrize("run", ["tensorboardx", "torch"])
def test_data_comes_through(server: Server, run: str) -> None:
    points = server.get("plugin/scalars/scalars", run=run, tag="Test Accuracy")
    assert [step for _, step, _ in points] == [0, 22, 44]
    assert points[-1][2] > 0.5
    (image,) = server.get("plugin/images/images", run=run, tag="first_layer/units")
    picture = server.content(f"plugin/images/individualImage?{image['query']}&")
    assert picture.startswith(b"GIF89a")
    (sound,) = server.get("plugin/audio/audio", run=run, tag="loss/heard")
    assert server.content(f"plugin/audio/individualAudio?{sound['query']}&").startswith(b"RIFF")
    assert b"Linear" in server.content("plugin/graphs/graph", run=run)
    info = server.get("plugin/projector/info", run=run)
    assert [each["tensorName"] for each in info["embeddings"]] == ["hidden:00044"]
    layout = server.get("plugin/custom_scalars/layout")
    assert {category["title"] for category in layout["category"]} == {"loss", "accuracy"}


@pytest.mark.parametrize("run", ["tensorboardx", "torch"])
def test_tbtools_shows_the_points_that_tensorboard_shows(
    server: Server, logdir: Path, run: str
) -> None:
    import tbtools

    tags = server.get("plugin/scalars/tags")[run]
    read = tbtools.load(logdir)[run]
    assert set(read.tags["tag"][read.tags["plugin"] == "scalars"]) == set(tags)
    for tag in tags:
        shown = server.get("plugin/scalars/scalars", run=run, tag=tag)
        frame = read.scalars(tag)
        assert list(zip(frame["wall_time"], frame["step"], frame["value"], strict=True)) == [
            tuple(point) for point in shown
        ]


def test_hparams_compare_the_runs(server: Server) -> None:
    answer = server.post(
        "plugin/hparams/session_groups",
        {"startIndex": 0, "sliceSize": 9, "allowedStatuses": ["STATUS_SUCCESS"], "colParams": []},
    )
    sessions = [session for group in answer["sessionGroups"] for session in group["sessions"]]
    assert {session["name"] for session in sessions} == {"tensorboardx", "torch"}
    for session in sessions:
        metrics = {each["name"]["tag"]: each["value"] for each in session["metricValues"]}
        assert metrics["Test Accuracy"] > 0.5
        assert metrics["Loss/test"] > 0
    assert answer["sessionGroups"][0]["hparams"]["learning_rate"] == 0.001
