"""Meshes, put together from their parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from tensorboard.plugins.mesh import metadata as mesh_metadata
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter
from torch.utils.tensorboard import SummaryWriter as TorchWriter

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.meshes import Mesh, meshes_frame
from tests.runs.event_values import read_values, stored_tensor

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.runs.plugins.values import StoredValue

VERTICES = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 0, 1], [0, 1, 1]]], "f4")
FACES = np.array([[[0, 1, 2]], [[2, 1, 0]]], "i4")
COLORS = np.array([[[255, 0, 0]] * 3, [[0, 255, 0]] * 3], "u1")
CONFIG = {"camera": {"cls": "PerspectiveCamera", "fov": 75}}


def part(kind: int, array: Any, step: int = 1, config: str = "{}", name: str = "cube") -> Any:
    """A value as TensorFlow's `mesh` op writes it: its metadata by TensorBoard's own function."""
    value = stored_tensor(
        tensor_util.make_tensor_proto(np.asarray(array)), f"{name}_part_{kind}", step
    )
    theirs = mesh_metadata.create_summary_metadata(name, None, kind, 0, [1, 1, 3], None, config)
    value.message.metadata.ParseFromString(theirs.SerializeToString())
    return value


@pytest.mark.parametrize("writer_class", [SummaryWriter, TorchWriter])
@pytest.mark.parametrize("config", [CONFIG, None])
def test_what_the_writers_write(
    tmp_path: Path, writer_class: Any, config: dict[str, Any] | None
) -> None:
    with writer_class(str(tmp_path)) as writer:
        for step in (1, 2):
            writer.add_mesh(
                "cube",
                torch.from_numpy(VERTICES * step),
                torch.from_numpy(COLORS),
                torch.from_numpy(FACES),
                config_dict=config,
                global_step=step,
            )
    values = read_values(tmp_path, "mesh")
    by_tag = sorted(values, key=lambda value: value.tag)  # as one who reads tag by tag has them
    for frame in (meshes_frame(values), meshes_frame(by_tag)):
        frame = frame.sort_values(["step", "index"], ignore_index=True)
        assert list(frame.columns) == ["tag", "step", "wall_time", "index", "mesh"]
        assert frame["tag"].tolist() == ["cube"] * 4
        assert frame["step"].tolist() == [1, 1, 2, 2]
        assert frame["index"].tolist() == [0, 1, 0, 1]
        for row in frame.itertuples():
            index = row.index
            truth = Mesh(VERTICES[index] * row.step, FACES[index], COLORS[index], config or {})
            assert row.mesh == truth
            assert row.mesh.vertices.dtype == np.float32
            assert row.mesh.faces.dtype == np.int32
            assert row.mesh.colors.dtype == np.uint8


def test_a_point_cloud_has_no_faces_and_no_colors() -> None:
    (mesh,) = meshes_frame([part(1, VERTICES[:1])])["mesh"]
    assert mesh.faces is None
    assert mesh.colors is None
    assert repr(mesh) == "<Mesh of 3 vertices and 0 faces>"


def test_meshes_written_twice_at_a_step_keep_their_parts() -> None:
    values = [
        part(1, VERTICES[:1]), part(1, VERTICES[1:]), part(2, FACES[:1]), part(2, FACES[1:]),
    ]  # fmt: skip
    first, second = meshes_frame(values)["mesh"]
    assert first == Mesh(VERTICES[0], FACES[0])
    assert second == Mesh(VERTICES[1], FACES[1])


def test_fractions_of_colors_are_cut_as_tensorboards_server_cuts_them() -> None:
    colors = np.full((1, 3, 3), 254.9, dtype=np.float32)
    (mesh,) = meshes_frame([part(1, VERTICES[:1]), part(3, colors)])["mesh"]
    assert mesh.colors.tolist() == [[254] * 3] * 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([part(2, FACES)], "mesh without vertices: only faces"),
        ([part(1, VERTICES), part(2, FACES[:1])], "batches of different sizes"),
        ([part(1, VERTICES[0])], r"mesh part in a tensor of float32, shape \[3, 3\]"),
        ([part(1, VERTICES[:1]), part(3, COLORS[:1] * 2.0)], "beyond uint8"),
        ([part(2, np.full((1, 1, 3), np.nan))], "beyond int32"),
        ([part(1, VERTICES, config="{")], "no JSON"),
        ([part(1, VERTICES, config="[" * 100_000)], "no JSON"),
        ([part(1, VERTICES, config="[1]")], "no JSON object"),
        ([stored_tensor(messages.TensorProto(dtype=1), plugin="mesh")], "unknown type 0"),
    ],
)
def test_what_is_no_mesh_is_refused(values: list[StoredValue], message: str) -> None:
    with pytest.raises(UndecodablePayload, match=message):
        meshes_frame(values)


def test_an_empty_frame_has_the_dtypes_of_a_full_one() -> None:
    full, empty = meshes_frame([part(1, VERTICES)]), meshes_frame([])
    assert empty.drop(columns="tag").dtypes.equals(full.drop(columns="tag").dtypes)


def test_meshes_compare_by_their_contents() -> None:
    mesh = Mesh(VERTICES[0], FACES[0], COLORS[0], json.loads(json.dumps(CONFIG)))
    assert mesh == Mesh(VERTICES[0].copy(), FACES[0], COLORS[0], CONFIG)
    assert mesh != Mesh(VERTICES[0], FACES[0], None, CONFIG)
    assert mesh != Mesh(VERTICES[1], FACES[0], COLORS[0], CONFIG)
    assert mesh != "mesh"
    assert repr(mesh) == "<Mesh of 3 vertices and 1 faces, with colors>"
