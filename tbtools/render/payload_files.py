"""What is stored besides numbers, as files of formats that other programs read."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.render.chosen import chosen_values
from tbtools.runs.plugins.payloads import stored_values
from tbtools.runs.plugins.table import PLUGINS, function_at
from tbtools.runs.plugins.tensors import tensor_to_numpy
from tbtools.runs.plugins.values import Undecodable, decoded, readable
from tbtools.runs.timeline.rows import TENSOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tbtools.runs.plugins.meshes import Mesh
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection, Selector

    Problems = list[Undecodable]


@dataclass(frozen=True, slots=True)
class Payload:
    """A file, and where it is from.

    Attributes:
        tag: The tag; what stands for it where there is none.
        step: The step; None where the file is of the whole run.
        wall_time: Seconds since the epoch, likewise.
        index: Its place among those of its value.
        ending: The ending of its name.
        content: Its bytes.
        shape: That of the tensor that it is, or is of.
    """

    tag: str
    step: int | None
    wall_time: float | None
    index: int
    ending: str
    content: bytes
    shape: str = ""


def payloads_of(
    run: Run, data: str, selector: Selector, selection: Selection, problems: Problems
) -> Iterator[Payload]:
    """The files of one run.

    Args:
        run: The run.
        data: ``tensors``, ``meshes``, ``graphs``, or a plugin of `PLUGINS` that makes files.
        selector: What chooses the tags.
        selection: The steps.
        problems: What cannot be decoded is noted here.
    """
    if data == "graphs":
        return _graphs(run, problems)
    if data == "tensors":
        return _tensors(_plain_tensors(run, selector, selection), problems)
    values = readable(chosen_values(run, plugin_of(data), selector, selection), problems)
    return _meshes(values, problems) if data == "meshes" else _files(values, data, problems)


def plugin_of(data: str) -> str:
    """The plugin that has such data."""
    return "mesh" if data == "meshes" else data


def is_plain(plugin: str, *, scalar: bool) -> bool:
    """Whether a series holds tensors of which `export` makes nothing else."""
    return plugin not in PLUGINS or (plugin == "scalars" and not scalar)


def _files(values: Iterable[StoredValue], data: str, problems: Problems) -> Iterator[Payload]:
    files_of = function_at(PLUGINS[data].files)
    for value, files in decoded(values, files_of, problems):
        for number, file in enumerate(files):
            yield Payload(*value.point, number, *file)


def _plain_tensors(run: Run, selector: Selector, selection: Selection) -> Iterator[StoredValue]:
    tags = {
        (part.shown_tag(each.tag), each.plugin)
        for whole in run.data.parts
        for part, chosen in [selector.choose(whole)]
        for each in chosen
        if is_plain(each.plugin, scalar=each.scalar)
    }
    plugins = sorted({plugin for _, plugin in tags})
    names = {tag for tag, _ in tags}
    values = stored_values(run.data.parts, plugins, None, TENSOR) if plugins else iter(())
    return (each for each in values if each.tag in names and selection.has_step(each.step))


def _tensors(values: Iterable[StoredValue], problems: Problems) -> Iterator[Payload]:
    stored = readable(values, problems)
    for value, tensor in decoded(stored, lambda each: tensor_to_numpy(each.tensor), problems):
        shape = "x".join(map(str, tensor.shape))
        yield Payload(*value.point, 0, *_array_file(tensor), shape)


def _array_file(tensor: np.ndarray[Any, Any]) -> tuple[str, bytes]:
    """NumPy's own format; strings, which it could only pickle, as JSON."""
    if tensor.dtype == object:
        texts = [each.decode("utf-8", "backslashreplace") for each in tensor.reshape(-1)]
        array = np.array(texts, object).reshape(tensor.shape)
        return "json", json.dumps(array.tolist()).encode()
    file = io.BytesIO()
    np.save(file, tensor, allow_pickle=False)
    return "npy", file.getvalue()


def _meshes(values: Iterable[StoredValue], problems: Problems) -> Iterator[Payload]:
    frame = function_at(PLUGINS["mesh"].frame)(values, problems)
    for row in frame.itertuples(index=False):
        try:
            content = ply(row.mesh)
        except UndecodablePayload as error:
            text = f"{row.tag!r} at step {row.step}: {error}"
            problems.append(Undecodable(text, row.tag, row.step))
        else:
            yield Payload(row.tag, row.step, row.wall_time, row.index, "ply", content)


def ply(mesh: Mesh) -> bytes:
    """A mesh in the Polygon File Format (G. Turk, "The PLY Polygon File Format", 1994), binary.

    How its writer wants it shown is a comment of the header.

    Raises:
        UndecodablePayload: There is not one colour a vertex.
    """
    fields: list[tuple[str, str]] = [(axis, "<f4") for axis in "xyz"]
    properties = [f"property float {axis}" for axis in "xyz"]
    parts = list(mesh.vertices.T)
    if mesh.colors is not None:
        if len(mesh.colors) != len(mesh.vertices):
            counts = f"{len(mesh.vertices)} vertices and {len(mesh.colors)} colors"
            raise UndecodablePayload(f"mesh of {counts}")
        names = ("red", "green", "blue")
        fields += [(name, "u1") for name in names]
        properties += [f"property uchar {name}" for name in names]
        parts += list(mesh.colors.T)
    vertices = np.empty(len(mesh.vertices), fields)
    for (name, _), part in zip(fields, parts, strict=True):
        vertices[name] = part
    header = ["ply", "format binary_little_endian 1.0"]
    if mesh.config:
        header.append(f"comment config {json.dumps(mesh.config)}")
    header += [f"element vertex {len(vertices)}", *properties]
    faces = np.empty(0 if mesh.faces is None else len(mesh.faces), [("n", "u1"), ("v", "<i4", 3)])
    if mesh.faces is not None:
        faces["n"], faces["v"] = 3, mesh.faces
        header += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    text = "\n".join([*header, "end_header", ""])
    return text.encode("ascii") + vertices.tobytes() + faces.tobytes()


def _graphs(run: Run, problems: Problems) -> Iterator[Payload]:
    try:
        graph = run.graph()
    except UndecodablePayload as error:
        problems.append(Undecodable(f"graph: {error}"))
        return
    if graph is not None:
        yield Payload("graph", None, None, 0, "pb", graph.graph_def.SerializeToString())
