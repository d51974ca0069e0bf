"""Graphs of models, and what was measured when they ran."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.tensors import only_string
from tbtools.runs.plugins.values import POINT_COLUMNS, naming, parse_message, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue

_FUNCTION_GRAPHS = 4  # RunMetadata.function_graphs, which `messages` leaves to the unknown fields


@dataclass(frozen=True, slots=True, repr=False)
class Graph:
    """A graph of operations, or of the layers of a Keras model.

    Attributes:
        graph_def: The `messages.GraphDef`, with everything that is in it.
    """

    graph_def: Any

    @classmethod
    def from_graph_def(cls, data: bytes) -> Graph:
        """From the bytes of an event's `graph_def`.

        Raises:
            UndecodablePayload: They are no GraphDef.
        """
        from tbtools.eventfile import messages

        return cls(parse_message(messages.GraphDef, data, "GraphDef"))

    @classmethod
    def from_meta_graph_def(cls, data: bytes) -> Graph:
        """From the bytes of an event's `meta_graph_def`.

        Raises:
            UndecodablePayload: They are no MetaGraphDef.
        """
        from tbtools.eventfile import messages

        return cls(parse_message(messages.MetaGraphDef, data, "MetaGraphDef").graph_def)

    def nodes(self) -> pd.DataFrame:
        """The nodes, those of the library's functions behind the others.

        Returns:
            One row a node: name, op, inputs (a tuple of names, ``^`` before those that only order),
            device, attributes (how many), function (of the library, "" in the graph itself).
        """
        rows = [
            (node.name, node.op, tuple(node.input), node.device, len(node.attr), function)
            for function, node in self._nodes()
        ]
        dtypes = {
            "name": "str",
            "op": "category",
            "inputs": "object",
            "device": "category",
            "attributes": "int64",
            "function": "category",
        }
        return rows_frame(rows, dtypes)

    def _nodes(self) -> Iterator[tuple[str, Any]]:
        yield from (("", node) for node in self.graph_def.node)
        for function in self.graph_def.library.function:
            yield from ((function.signature.name, node) for node in function.node_def)

    def __repr__(self) -> str:
        functions = len(self.graph_def.library.function)
        return f"<Graph of {len(self.graph_def.node)} nodes and {functions} functions>"


@dataclass(frozen=True, slots=True, repr=False)
class RunMetadata:
    """What TensorFlow measured while a graph ran once.

    Attributes:
        tag: Its tag.
        step: Its step.
        wall_time: When it was stored, in seconds since the epoch.
        message: The `messages.RunMetadata`.
    """

    tag: str
    step: int
    wall_time: float
    message: Any

    @classmethod
    def from_tagged(cls, data: bytes, step: int, wall_time: float) -> RunMetadata:
        """From the bytes of an event's `tagged_run_metadata`.

        Raises:
            UndecodablePayload: They are no TaggedRunMetadata.
        """
        from tbtools.eventfile import messages

        tagged = parse_message(messages.TaggedRunMetadata, data, "TaggedRunMetadata")
        message = parse_message(messages.RunMetadata, tagged.run_metadata, "RunMetadata")
        return cls(tagged.tag, step, wall_time, message)

    @classmethod
    def from_value(cls, value: StoredValue) -> RunMetadata:
        """From a value of the plugins graph_run_metadata and graph_run_metadata_graph.

        Raises:
            UndecodablePayload: It is no string tensor of one RunMetadata.
        """
        from tbtools.eventfile import messages

        message = parse_message(messages.RunMetadata, only_string(value.tensor), "RunMetadata")
        return cls(*value.point, message)

    def graphs(self) -> list[Graph]:
        """The graphs of the functions that ran, before they were optimized.

        Raises:
            UndecodablePayload: One of them is no graph.
        """
        from google.protobuf.unknown_fields import UnknownFieldSet

        from tbtools.eventfile import messages, wire

        fields = UnknownFieldSet(self.message)
        # FunctionGraphs has the graph in field 2, where MetaGraphDef has its own.
        return [
            Graph(parse_message(messages.MetaGraphDef, field.data, "FunctionGraphs").graph_def)
            for field in map(fields.__getitem__, range(len(fields)))
            if field.field_number == _FUNCTION_GRAPHS and field.wire_type == wire.BYTES
        ]

    def __repr__(self) -> str:
        devices = len(self.message.step_stats.dev_stats)
        return f"<RunMetadata {self.tag!r} at step {self.step}: {devices} devices>"


def run_metadata_frame(runs: Iterable[RunMetadata]) -> pd.DataFrame:
    """What each node took when its graph ran.

    Returns:
        One row a node that ran: tag, step, wall_time, device, node, start_us (microseconds since
        the epoch, by the device's clock), duration_us (microseconds), memory_bytes (all that was
        allocated for it; float64, for allocators are added up). Where nothing was measured of a
        device, as torch's `add_graph` does, or of a whole step, one row whose node (and device) is
        "", and whose numbers are missing.
    """
    rows = [
        (metadata.tag, metadata.step, metadata.wall_time, *cells)
        for metadata in runs
        for cells in _measured_nodes(metadata.message.step_stats)
    ]
    dtypes = {
        **POINT_COLUMNS,
        "device": "category",
        "node": "str",
        "start_us": "Int64",
        "duration_us": "Int64",
        "memory_bytes": "float64",
    }
    return rows_frame(rows, dtypes)


def _measured_nodes(step_stats: Any) -> Iterator[tuple[Any, ...]]:
    """Device, node, start, duration and memory of each node; of a device without any, its name."""
    nothing = ("", None, None, None)
    for device in step_stats.dev_stats:
        for node in device.node_stats:
            memory = sum(each.total_bytes for each in node.memory)
            times = node.all_start_micros, node.all_end_rel_micros
            yield device.device, node.node_name, *times, memory
        if not device.node_stats:
            yield device.device, *nothing
    if not step_stats.dev_stats:
        yield "", *nothing


def keras_graph(value: StoredValue) -> Graph:
    """The layers of a Keras model as a graph: TensorBoard's conceptual graph.

    Nodes are named ``model/layer``, their op is the class of the layer; a model within the model
    adds its name and is connected layer by layer.

    Args:
        value: A value of the plugin graph_keras_model.

    Raises:
        UndecodablePayload: It is no string tensor of a Keras model's JSON.
    """
    from tbtools.eventfile import messages

    graph_def = messages.GraphDef()
    with naming(value):
        text = only_string(value.tensor)
        try:
            _add_model(graph_def, json.loads(text), "", [])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UndecodablePayload(f"no Keras model: {error!r}") from error
    return Graph(graph_def)


def _add_model(graph_def: Any, model: Any, scope: str, feeds: list[str]) -> list[str]:
    """Adds the layers of a model, and returns the names of the nodes that give its outputs.

    Sequential models say nothing of inputs: each layer follows the one before. In functional ones
    `inbound_nodes` does, and the input layers take what is fed to the model, one each.
    """
    config = model["config"]
    scope = f"{scope}{config['name']}/"
    outputs: dict[str, list[str]] = {}
    previous = feeds
    inputs = [name for name, _ in _tensors(config.get("input_layers"))]
    fed = {name: [feed] for name, feed in zip(inputs, feeds, strict=False)}
    for layer in config["layers"]:
        name = layer["config"]["name"]
        if "inbound_nodes" not in layer:
            sources = previous
        else:
            sources = fed.get(name) or _nodes_of(layer["inbound_nodes"], outputs)
        outputs[name] = previous = _add_layer(graph_def, layer, scope, sources)
    return _nodes_of(config.get("output_layers"), outputs) or previous


def _add_layer(graph_def: Any, layer: Any, scope: str, sources: list[str]) -> list[str]:
    if layer["config"].get("layers"):
        return _add_model(graph_def, layer, scope, sources)
    name = f"{scope}{layer['config']['name']}"
    graph_def.node.add(name=name, op=layer["class_name"], input=sources)
    return [name]


def _nodes_of(tensors: Any, outputs: dict[str, list[str]]) -> list[str]:
    """The nodes that give the tensors, each once: of a model's outputs the one that is meant."""
    nodes = []
    for name, index in _tensors(tensors):
        given = outputs.get(name, [])
        # A layer is one node, however many tensors it gives.
        nodes += given if len(given) < 2 else given[index : index + 1]
    return list(dict.fromkeys(nodes))


def _tensors(nodes: Any) -> Iterator[tuple[str, int]]:
    """The tensors that a layer takes: the layer that gives each, and which of its outputs it is.

    Keras 2 writes ``[[["layer", 0, index, {}], ...]]``; Keras 3 the arguments of the call, each
    tensor among them as ``{"config": {"keras_history": ["layer", 0, index]}}``. Outputs of a model
    are ``[["layer", 0, index], ...]``, of Keras 3 also ``["layer", 0, index]`` if it is one.
    """
    if isinstance(nodes, dict):
        history = nodes["config"].get("keras_history") if "config" in nodes else None
        nodes = history or list(nodes.values())
    if not isinstance(nodes, list):
        return
    if len(nodes) >= 3 and isinstance(nodes[0], str) and isinstance(nodes[2], int):
        yield nodes[0], nodes[2]
        return
    for part in nodes:
        yield from _tensors(part)
