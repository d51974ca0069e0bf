"""Meshes and point clouds.

Each part of a mesh has a tag of its own, named by its writer as it likes (``<name>_VERTEX`` from
torch and TensorFlow, ``<name>_1`` from tensorboardX); what belongs together stands in the plugin's
metadata. A part is a tensor of shape [batch, n, 3].
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, parse_message, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue, Undecodable

    Array = np.ndarray[Any, Any]

# MeshPluginData.ContentType, and the dtypes in which TensorBoard serves the parts.
_PARTS = {1: ("vertices", "float32"), 2: ("faces", "int32"), 3: ("colors", "uint8")}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Mesh:
    """A mesh, or a point cloud where it has no faces.

    Attributes:
        vertices: Coordinates; float32, shape (n, 3).
        faces: The three vertices of each triangle, by index; int32, shape (m, 3), or None.
        colors: Red, green and blue of each vertex, 0 to 255; uint8, shape (n, 3), or None.
        config: How its writer wants it shown: three.js classes and their settings.
    """

    vertices: Array
    faces: Array | None = None
    colors: Array | None = None
    config: dict[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Whether all parts and the configuration are the same."""
        if not isinstance(other, Mesh):
            return NotImplemented
        return self.config == other.config and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name, _ in _PARTS.values()
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __repr__(self) -> str:
        faces = 0 if self.faces is None else len(self.faces)
        colors = "" if self.colors is None else ", with colors"
        return f"<Mesh of {len(self.vertices)} vertices and {faces} faces{colors}>"


@dataclass(slots=True)
class _Batch:
    """The parts of one value of a mesh, as they are found."""

    name: str
    first: StoredValue
    config: dict[str, Any]
    parts: dict[str, Array] = field(default_factory=dict)

    def meshes(self) -> list[Mesh]:
        if "vertices" not in self.parts:
            raise UndecodablePayload(f"mesh without vertices: only {', '.join(self.parts)}")
        sizes = {name: len(part) for name, part in self.parts.items()}
        if len(set(sizes.values())) > 1:
            raise UndecodablePayload(f"mesh with parts in batches of different sizes: {sizes}")
        return [
            Mesh(**{name: part[index] for name, part in self.parts.items()}, config=self.config)
            for index in range(sizes["vertices"])
        ]


def meshes_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """Meshes, put together from their parts.

    Args:
        values: The values of all tags of the mesh plugin, in any order that keeps the order within
            a tag. Where a mesh was written twice at a step, the first parts make the first.
        problems: As for `values.decoded`; of a mesh that cannot be put together, its first part is
            named.

    Returns:
        One row a mesh: tag (the name its writer gave it), step, wall_time (of its first part),
        index (its place in the batch), mesh (a `Mesh`).

    Raises:
        UndecodablePayload: A value is no part of a mesh, or has nothing to go with.
    """
    batches: dict[tuple[str, int, int], _Batch] = {}
    seen: Counter[tuple[str, int, str]] = Counter()
    for value, (name, part, config, content) in decoded(values, _read_part, problems):
        occurrence = seen[name, value.step, part]
        seen[name, value.step, part] += 1
        batch = batches.setdefault((name, value.step, occurrence), _Batch(name, value, config))
        batch.parts[part] = content
    whole = {id(batch.first): batch for batch in batches.values()}
    firsts = [batch.first for batch in batches.values()]
    rows = [
        (whole[id(first)].name, first.step, first.wall_time, index, mesh)
        for first, found in decoded(firsts, lambda value: whole[id(value)].meshes(), problems)
        for index, mesh in enumerate(found)
    ]
    return rows_frame(rows, {**POINT_COLUMNS, "index": "int64", "mesh": "object"})


def _read_part(value: StoredValue) -> tuple[str, str, dict[str, Any], Array]:
    """The name of the mesh, which part of it the value is, how it is to be shown, the part."""
    from tbtools.eventfile import messages

    data = parse_message(messages.MeshPluginData, value.plugin_content, "mesh metadata")
    if data.content_type not in _PARTS:
        raise UndecodablePayload(f"mesh part of unknown type {data.content_type}")
    part, dtype = _PARTS[data.content_type]
    return data.name, part, _config(data.json_config), _part(tensor_to_numpy(value.tensor), dtype)


def _config(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text or "null")  # null is what tensorboardX writes for none
    except (ValueError, RecursionError) as error:
        raise UndecodablePayload(f"mesh configuration that is no JSON: {error}") from error
    if config is not None and not isinstance(config, dict):
        raise UndecodablePayload("mesh configuration that is no JSON object")
    return config or {}


def _part(tensor: Array, dtype: str) -> Array:
    """One part in its own dtype: torch writes indices and colors as float32, fractions and all."""
    if tensor.ndim != 3 or tensor.shape[2] != 3 or tensor.dtype.kind not in "fiu":
        raise wrong_tensor("mesh part", tensor)
    if dtype != "float32":
        limits = np.iinfo(np.dtype(dtype))
        whole = np.trunc(tensor.astype(np.float64))  # as TensorBoard's server cuts them
        if not np.all((whole >= limits.min) & (whole <= limits.max)):
            raise UndecodablePayload(f"mesh part with values beyond {dtype}")
    return tensor.astype(dtype)
