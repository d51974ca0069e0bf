"""Graphs and run metadata, against TensorBoard's messages and its conversion of Keras models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tensorboard.compat.proto import config_pb2, event_pb2, graph_pb2, step_stats_pb2
from tensorboard.plugins.graph import keras_util
from torch.utils.tensorboard import SummaryWriter

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.graphs import Graph, RunMetadata, keras_graph, run_metadata_frame
from tests.runs.event_values import (
    corpus_file,
    read_events,
    read_values,
    stored_tensor,
    strings_tensor,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.runs.plugins.values import StoredValue

TF1_RUN = "wandb+wandb/tests/assets/events.out.tfevents.1585769947.cvp"
KERAS_RUN = (
    "Alwaysproblem+tensorboard-review/log/train/"
    "events.out.tfevents.1586254833.YONGXIdeMacBook-Pro.local.89569.257.v2"
)
FUNCTIONAL_RUN = (
    "tensorflow+tfx/tfx/examples/iris/iris_native_keras_custom_splits/Trainer/model_run/8/train/"
    "events.out.tfevents.1598485465.penguin.1486.6519.v2"
)


def small_graph() -> graph_pb2.GraphDef:
    graph = graph_pb2.GraphDef()
    graph.node.add(name="x", op="Placeholder", device="/cpu:0")
    node = graph.node.add(name="y", op="Relu", input=["x", "^init"])
    node.attr["T"].type = 1
    function = graph.library.function.add()
    function.signature.name = "step_fn"
    function.node_def.add(name="inner", op="Mul", input=["a", "b"])
    return graph


def run_metadata() -> config_pb2.RunMetadata:
    metadata = config_pb2.RunMetadata()
    device = metadata.step_stats.dev_stats.add(device="/gpu:0")
    node = device.node_stats.add(node_name="y", all_start_micros=1_000, all_end_rel_micros=25)
    node.memory.add(allocator_name="gpu", total_bytes=300)
    node.memory.add(allocator_name="host", total_bytes=12)
    metadata.function_graphs.add().pre_optimization_graph.CopyFrom(small_graph())
    return metadata


def keras_value(model: Any) -> StoredValue:
    return stored_tensor(strings_tensor([json.dumps(model).encode()], []), "keras", 0)


def layer(name: str, inbound: Any = None, class_name: str = "Dense") -> dict[str, Any]:
    nodes = {} if inbound is None else {"inbound_nodes": inbound}
    return {"class_name": class_name, "config": {"name": name}, **nodes}


def keras3_tensors(*tensors: tuple[str, int]) -> list[Any]:
    """The inputs of a layer as Keras 3 writes them: the arguments of its call."""
    args = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [3, 3, 3], "keras_history": [name, 0, index]},
        }
        for name, index in tensors
    ]
    return [{"args": [args if len(args) > 1 else args[0]], "kwargs": {"mask": None}}]


def test_nodes_of_the_graph_and_of_its_functions() -> None:
    graph = Graph.from_graph_def(small_graph().SerializeToString())
    frame = graph.nodes()
    assert frame.to_dict("records") == [
        {
            "name": "x", "op": "Placeholder", "inputs": (), "device": "/cpu:0", "attributes": 0,
            "function": "",
        },
        {
            "name": "y", "op": "Relu", "inputs": ("x", "^init"), "device": "", "attributes": 1,
            "function": "",
        },
        {
            "name": "inner", "op": "Mul", "inputs": ("a", "b"), "device": "", "attributes": 0,
            "function": "step_fn",
        },
    ]  # fmt: skip
    assert repr(graph) == "<Graph of 2 nodes and 1 functions>"
    assert graph == Graph.from_graph_def(small_graph().SerializeToString())


def test_what_was_measured_is_one_row_a_node() -> None:
    data = run_metadata().SerializeToString()
    tagged = event_pb2.TaggedRunMetadata(tag="step1", run_metadata=data)
    of_event = RunMetadata.from_tagged(tagged.SerializeToString(), 5, 2.0)
    of_value = RunMetadata.from_value(stored_tensor(strings_tensor([data], []), "batch", 7))
    frame = run_metadata_frame([of_event, of_value])
    assert frame["tag"].tolist() == ["step1", "batch"]
    assert frame["step"].tolist() == [5, 7]
    assert frame.loc[0, "device":].to_dict() == {
        "device": "/gpu:0",
        "node": "y",
        "start_us": 1_000,
        "duration_us": 25,
        "memory_bytes": 312,
    }
    empty = run_metadata_frame([])
    assert empty[["step", "start_us"]].dtypes.equals(frame[["step", "start_us"]].dtypes)
    assert repr(of_event) == "<RunMetadata 'step1' at step 5: 1 devices>"


def test_run_metadata_has_the_graphs_of_the_functions_that_ran() -> None:
    data = run_metadata().SerializeToString()
    found = RunMetadata.from_value(stored_tensor(strings_tensor([data], []))).graphs()
    assert [graph.nodes()["name"].tolist() for graph in found] == [["x", "y", "inner"]]
    bare = step_stats_pb2.StepStats().SerializeToString()
    assert RunMetadata.from_value(stored_tensor(strings_tensor([bare], []))).graphs() == []


@pytest.mark.parametrize(
    "decode",
    [
        Graph.from_graph_def,
        Graph.from_meta_graph_def,
        lambda data: RunMetadata.from_tagged(data, 0, 0.0),
        lambda data: RunMetadata.from_value(stored_tensor(strings_tensor([data], []))),
        lambda data: keras_graph(stored_tensor(strings_tensor([data], []))),
    ],
)
def test_bytes_that_are_nothing_of_the_kind_are_refused(decode: Any) -> None:
    with pytest.raises(UndecodablePayload):
        decode(b"\xff\xff\xff")


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_what_torch_writes(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_graph(model, torch.zeros(1, 3))
    events = {event.WhichOneof("what"): event for event in read_events(tmp_path)}
    frame = Graph.from_graph_def(events["graph_def"].graph_def).nodes()
    assert {"aten::linear", "aten::relu"} <= set(frame["op"])
    assert set(frame.loc[frame["op"] == "aten::relu", "function"]) == {""}
    event = events["tagged_run_metadata"]
    tagged = event.tagged_run_metadata.SerializeToString()
    metadata = RunMetadata.from_tagged(tagged, event.step, event.wall_time)
    traced = run_metadata_frame([metadata])  # nothing was measured, and it has its row
    assert traced[["tag", "node"]].to_numpy().tolist() == [["step1", ""]]
    assert traced[["start_us", "duration_us", "memory_bytes"]].isna().all(axis=None)


def test_layers_of_a_sequential_model_follow_each_other() -> None:
    model = {
        "class_name": "Sequential",
        "config": {"name": "seq", "layers": [layer("a"), layer("b", class_name="Dropout")]},
    }
    nodes = keras_graph(keras_value(model)).nodes()
    assert nodes["name"].tolist() == ["seq/a", "seq/b"]
    assert nodes["op"].tolist() == ["Dense", "Dropout"]
    assert nodes["inputs"].tolist() == [(), ("seq/a",)]


@pytest.mark.parametrize(
    "inbound",
    [lambda *tensors: [[[name, 0, index, {}] for name, index in tensors]], keras3_tensors],
    ids=["Keras 2", "Keras 3"],
)
def test_layers_of_a_functional_model_follow_their_inputs(inbound: Any) -> None:
    block = {
        "class_name": "Functional",
        "config": {
            "name": "block",
            "layers": [
                layer("in", [], "InputLayer"),
                layer("inner", inbound(("in", 0))),
                layer("unused", inbound(("in", 0))),
            ],
            "input_layers": ["in", 0, 0],
            "output_layers": [["unused", 0, 0], ["inner", 0, 0]],
        },
        "inbound_nodes": inbound(("x", 0)),
    }
    model = {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": [
                layer("x", [], "InputLayer"),
                layer("z", [], "InputLayer"),
                block,
                layer("add", inbound(("block", 1), ("z", 0)), "Add"),
            ],
            "input_layers": [["x", 0, 0], ["z", 0, 0]],
            "output_layers": ["add", 0, 0],
        },
    }
    nodes = keras_graph(keras_value(model)).nodes()
    assert dict(zip(nodes["name"], nodes["inputs"], strict=True)) == {
        "model/x": (),
        "model/z": (),
        "model/block/in": ("model/x",),
        "model/block/inner": ("model/block/in",),
        "model/block/unused": ("model/block/in",),
        "model/add": ("model/block/inner", "model/z"),
    }
    if inbound is keras3_tensors:  # of functional models TensorBoard reads Keras 3 only
        truth = keras_util.keras_model_to_graph_def(model)
        assert nodes["inputs"].tolist() == [tuple(node.input) for node in truth.node]


@pytest.mark.parametrize(
    "model",
    [
        {},
        [],
        "model",
        {"config": {}},
        {"config": {"name": "m", "layers": [{"config": {}}]}},
        {"config": {"name": "m", "layers": [{"config": {"name": 3}, "class_name": []}]}},
        {"config": {"name": "m", "layers": [layer("a", {"config": 1})]}},
        {"config": {"name": "m", "layers": [layer("\ud800")]}},
    ],
)
def test_what_is_no_keras_model_is_refused(model: Any) -> None:
    with pytest.raises(UndecodablePayload, match="'keras' at step 0: no Keras model"):
        keras_graph(keras_value(model))


def test_a_keras_model_nested_beyond_reason_is_refused() -> None:
    deep = b'{"config": {"name": "m", "layers": [' * 50_000
    with pytest.raises(UndecodablePayload, match="no Keras model"):
        keras_graph(stored_tensor(strings_tensor([deep], [])))


@pytest.mark.corpus
def test_a_real_graph_has_the_nodes_that_tensorboards_message_has() -> None:
    for event in read_events(corpus_file(TF1_RUN)):
        if event.WhichOneof("what") == "graph_def":
            graph = Graph.from_graph_def(event.graph_def)
            truth = graph_pb2.GraphDef.FromString(event.graph_def)
        if event.WhichOneof("what") == "meta_graph_def":
            of_meta = Graph.from_meta_graph_def(event.meta_graph_def)
    frame = graph.nodes()
    assert len(frame) == 354
    assert frame["name"].tolist() == [node.name for node in truth.node]
    assert frame["inputs"].tolist() == [tuple(node.input) for node in truth.node]
    assert frame["attributes"].tolist() == [len(node.attr) for node in truth.node]
    assert of_meta.nodes()["name"].tolist() == frame["name"].tolist()


@pytest.mark.corpus
@pytest.mark.parametrize("path", [KERAS_RUN, FUNCTIONAL_RUN], ids=["Sequential", "Functional"])
def test_real_keras_models_as_tensorboard_shows_them(path: str) -> None:
    (value,) = read_values(corpus_file(path), "graph_keras_model")
    truth = keras_util.keras_model_to_graph_def(json.loads(value.message.tensor.string_val[0]))
    frame = keras_graph(value).nodes()
    assert frame["name"].tolist() == [node.name for node in truth.node]
    assert frame["op"].tolist() == [node.attr["keras_class"].s.decode() for node in truth.node]
    if path == KERAS_RUN:  # of functional models by Keras 2 TensorBoard shows no inputs
        assert frame["inputs"].tolist() == [tuple(node.input) for node in truth.node]
    else:
        assert frame.set_index("name")["inputs"]["functional_1/dense_3"] == (
            "functional_1/dense_2",
        )
