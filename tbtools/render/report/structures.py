"""Graphs, meshes and embeddings for the page, as series like those of `media`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import TbtoolsError
from tbtools.eventfile.source import paths_of
from tbtools.render.format import format_count, format_rounded, printable
from tbtools.render.report.payloads import some_values, spread
from tbtools.runs.plugins.meshes import meshes_frame
from tbtools.runs.plugins.projector import CONFIG_NAME, has_embeddings
from tbtools.runs.plugins.values import Undecodable
from tbtools.runs.timeline import rows as row_kinds
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tbtools.render.report.media import MediaSource, Page
    from tbtools.runs.plugins.graphs import Graph
    from tbtools.runs.plugins.meshes import Mesh
    from tbtools.runs.plugins.projector import Embedding
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run

    Array = np.ndarray[Any, Any]
    Series = dict[str, Any]

# Of meshes so many steps; a browser turns so many triangles or points at once.
_MESH_STEPS, _MOST_FACES, _MOST_VERTICES = 6, 20_000, 50_000
# Nodes of a graph, beyond which nobody unfolds them; runs of which the graph is read: those of one
# experiment have the same, mostly.
_MOST_NODES, _MOST_GRAPHS = 3000, 12
_MOST_EMBEDDINGS, _MOST_POINTS = 12, 2000
_MOST_LETTERS = 60
# Title, and the name of the card in `assets/main.js`.
SECTIONS = {
    "mesh": ("Meshes", "mesh"),
    "embeddings": ("Embeddings", "embedding"),
    "graphs": ("Graphs", "graph"),
}


def structure_series(source: MediaSource, page: Page) -> dict[str, list[Series]]:
    """The series of `SECTIONS`.

    Args:
        source: From where the payloads come.
        page: Where the arrays go; it is told what cannot be shown.
    """
    return {
        "mesh": [each for run in source.runs.items() for each in _meshes(*run, source, page)],
        "embeddings": list(_embeddings(source.runs, page)),
        "graphs": list(_graphs(source.runs, page)),
    }


def _series(run: str, tag: str, steps: list[int], items: list[Any], limited: str = "") -> Series:
    return {
        "run": run, "tag": tag, "n": len(items), "steps": steps, "items": items, "limited": limited
    }  # fmt: skip


def _meshes(name: str, run: Run, source: MediaSource, page: Page) -> Iterator[Series]:
    values: list[StoredValue] = []
    problems: list[Undecodable] = []
    counts = []
    for count, chosen in some_values(run, "mesh", _MESH_STEPS, source.selection, problems):
        values += chosen
        counts.append((count, len(chosen)))
    if not values:
        return
    frame = meshes_frame(values, problems)
    page.tell(name, problems, on_card=False)
    limited = ""
    if any(count > shown for count, shown in counts):
        limited = f"{plural(max(shown for _, shown in counts), 'step')} shown"
    for tag, rows in frame[frame["index"] == 0].groupby("tag", sort=False, observed=True):
        shown = zip(rows["step"], rows["mesh"], strict=True)
        items = [(int(step), _mesh(mesh, page)) for step, mesh in shown]
        found = [(step, item) for step, item in items if item is not None]
        if found:
            steps, shown_items = [step for step, _ in found], [item for _, item in found]
            yield _series(name, str(tag), steps, shown_items, limited)


def _mesh(mesh: Mesh, page: Page) -> list[int | None] | None:
    """The numbers of the arrays of vertices, faces and colours; None where it has no room."""
    faces = mesh.faces
    count = 0 if faces is None else len(faces)
    too_many = len(mesh.vertices) > _MOST_VERTICES or count > _MOST_FACES
    size = mesh.vertices.nbytes + 12 * count
    if too_many:
        page.budget.refused += 1
    if too_many or not page.budget.takes(size):
        return None
    if faces is not None:
        known = ((faces >= 0) & (faces < len(mesh.vertices))).all(1)
        faces = faces[known]
    columns = page.columns
    return [
        columns.rough(mesh.vertices.reshape(-1), digits=5),
        None if faces is None else columns.counts(faces.reshape(-1)),
        None if mesh.colors is None else columns.bytes(mesh.colors.reshape(-1)),
    ]


def _embeddings(runs: Mapping[str, Run], page: Page) -> Iterator[Series]:
    """The first two principal components of each embedding, with the labels of the points."""
    left = _MOST_EMBEDDINGS
    for name, run in runs.items():
        try:
            found = run.embeddings() if has_embeddings(run.path) else []
        except OSError as error:
            reason = f"{paths_of(run.path).join(run.path, CONFIG_NAME)}: {error.strerror}"
            page.tell(name, [Undecodable(reason)], on_card=False)
            continue
        except TbtoolsError as error:
            page.tell(name, [Undecodable(str(error))], on_card=False)
            continue
        if len(found) > left:
            page.without_card.append(f"run {name}: {plural(len(found) - left, 'more embedding')}")
        for embedding in found[:left]:
            left -= 1
            try:
                yield _embedding(name, embedding, page)
            except (TbtoolsError, OSError) as error:
                page.tell(name, [Undecodable(str(error))], on_card=False)


def _embedding(run: str, embedding: Embedding, page: Page) -> Series:
    frame = embedding.to_frame()
    dimensions = [column for column in frame.columns if frame[column].dtype.kind == "f"]
    vectors = frame[dimensions].to_numpy(np.float64)
    finite = np.flatnonzero(np.isfinite(vectors).all(1))
    chosen = finite[spread(len(finite), _MOST_POINTS)]
    places, share = principal_components(vectors[chosen])
    texts = [column for column in frame.columns if column not in dimensions]
    labels = [] if not texts else [_short(str(each)) for each in frame[texts[0]].iloc[chosen]]
    said = [f"{format_rounded(100 * share, 3)} % of the variance"]
    if len(chosen) < len(vectors):
        said.append(f"{format_count(len(chosen))} of {plural(len(vectors), 'point')}")
    item = {
        "x": page.columns.rough(places[:, 0], digits=5),
        "y": page.columns.rough(places[:, 1], digits=5),
        "labels": labels,
    }
    return _series(run, embedding.name, [0], [item], ", ".join(said))


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def principal_components(vectors: Array) -> tuple[Array, float]:
    """Points in the plane in which they spread most.

    Args:
        vectors: float64, shape (points, dimensions).

    Returns:
        float64 of shape (points, 2), the part of the variance that lies in it. The largest
        coefficient of each direction is positive, which makes it the same each time.
    """
    places = np.zeros((len(vectors), 2))
    if not vectors.size:
        return places, 0.0
    centred = vectors - vectors.mean(0)
    scale = np.abs(centred).max() or 1.0  # squares of what is large have no float64
    _, sizes, directions = np.linalg.svd(centred / scale, full_matrices=False)
    most = np.abs(directions).argmax(1)
    directions *= np.sign(directions[np.arange(len(directions)), most])[:, None]
    count = min(2, len(directions))
    places[:, :count] = centred @ directions[:count].T
    variance = float((sizes**2).sum())
    return places, float((sizes[:2] ** 2).sum()) / variance if variance else 1.0


def _graphs(runs: Mapping[str, Run], page: Page) -> Iterator[Series]:
    """The graphs, those that several runs have once."""
    found: dict[tuple[Any, ...], list[str]] = {}
    counts = {name: count for name, run in runs.items() if (count := _graph_count(run))}
    for name in list(counts)[:_MOST_GRAPHS]:
        try:
            graph = runs[name].graph()
        except TbtoolsError as error:
            page.tell(name, [Undecodable(str(error))], on_card=False)
            continue
        if graph is not None and len(graph.graph_def.node):
            found.setdefault(tuple(_nodes(graph)), []).append(name)
    if len(counts) > _MOST_GRAPHS:
        more = plural(len(counts) - _MOST_GRAPHS, "more run")
        page.without_card.append(f"the graphs of {more}")
    for nodes, names in found.items():
        shared = f", the same in {plural(len(names), 'run')}" if len(names) > 1 else ""
        if (most := max(counts[name] for name in names)) > 1:
            shared += f", the last of {plural(most, 'graph')}"
        cut = f"{format_count(_MOST_NODES)} of " if len(nodes) > _MOST_NODES else ""
        limited = f"{cut}{plural(len(nodes), 'node')}{shared}"
        item = [list(node) for node in nodes[:_MOST_NODES]]
        yield _series(names[0], f"Graph of {names[0]}", [0], [item], limited)


def _graph_count(run: Run) -> int:
    """How many graphs a run has; those of Keras's layers count where there is no other."""
    parts = run.data.parts
    kinds = (row_kinds.GRAPH_DEF, row_kinds.META_GRAPH_DEF)
    marks = sum(len(part.columns.rows.marks(kind)) for part in parts for kind in kinds)
    every = [each for part in parts for each in part.columns.series]
    return marks or sum(each.count for each in every if each.plugin == "graph_keras_model")


def _nodes(graph: Graph) -> Iterator[tuple[str, str, str]]:
    """Name, operation and the size of what each node gives."""
    for node in graph.graph_def.node:
        yield _short(node.name), _short(node.op), _size(node)


def _size(node: Any) -> str:
    """As ``64 x 128``; "" where it is not known."""
    attributes = node.attr
    shape = None
    if "_output_shapes" in attributes and attributes["_output_shapes"].list.shape:
        shape = attributes["_output_shapes"].list.shape[0]
    elif "shape" in attributes:
        shape = attributes["shape"].shape
    elif "value" in attributes:
        shape = attributes["value"].tensor.tensor_shape
    if shape is None:
        return ""
    sizes = [int(each.size) for each in shape.dim]
    if not sizes:
        return ""
    text = " x ".join("?" if size < 0 else str(size) for size in sizes)
    count = math.prod(sizes) if len(sizes) > 1 and min(sizes) >= 0 else 0
    return f"{text} = {format_count(count)}" if count else text
