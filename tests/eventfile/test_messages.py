"""The messages, field by field, against TensorBoard's compiled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, struct_pb2
from google.protobuf.descriptor import FieldDescriptor
from tensorboard.compat.proto import (
    config_pb2,
    event_pb2,
    graph_pb2,
    histogram_pb2,
    meta_graph_pb2,
    summary_pb2,
    tensor_pb2,
)
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2 as hparams_pb2
from tensorboard.plugins.mesh import plugin_data_pb2 as mesh_pb2
from tensorboard.plugins.pr_curve import plugin_data_pb2 as pr_curve_pb2
from tensorboard.plugins.projector import projector_config_pb2

from tbtools.eventfile import messages
from tbtools.eventfile.message_classes import message_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor

# Where the comparison starts; the messages inside follow from the fields.
ROOTS: dict[str, Any] = {
    "Event": event_pb2.Event,
    "SessionLog": event_pb2.SessionLog,
    "TaggedRunMetadata": event_pb2.TaggedRunMetadata,
    "Summary": summary_pb2.Summary,
    "Value": summary_pb2.Summary.Value,
    "HistogramProto": histogram_pb2.HistogramProto,
    "SummaryMetadata": summary_pb2.SummaryMetadata,
    "TensorProto": tensor_pb2.TensorProto,
    "HParamsPluginData": hparams_pb2.HParamsPluginData,
    "JsonValue": struct_pb2.Value,
    "Layout": layout_pb2.Layout,
    "PrCurvePluginData": pr_curve_pb2.PrCurvePluginData,
    "MeshPluginData": mesh_pb2.MeshPluginData,
    "ProjectorConfig": projector_config_pb2.ProjectorConfig,
    "GraphDef": graph_pb2.GraphDef,
    "MetaGraphDef": meta_graph_pb2.MetaGraphDef,
    "RunMetadata": config_pb2.RunMetadata,
    "ScanEvent": event_pb2.Event,
    "ScanValue": summary_pb2.Summary.Value,
    "ScanTensor": tensor_pb2.TensorProto,
}

# What is left out because nothing here reads it; protobuf keeps such fields as unknown ones.
LEFT_OUT = {
    "TensorProto": {"float8_val", "resource_handle_val", "variant_val"},
    "NodeDef": {"experimental_debug_info", "experimental_type"},
    "OpDef": {
        "allows_uninitialized_input",
        "attr",
        "control_output",
        "deprecation",
        "description",
        "input_arg",
        "is_aggregate",
        "is_commutative",
        "is_distributed_communication",
        "is_stateful",
        "output_arg",
        "summary",
    },
    "FunctionDef": {"arg_attr", "control_ret", "resource_arg_unique_id"},
    "FunctionDefLibrary": {"registered_gradients"},
    "GraphDef": {"debug_info"},
    "MetaGraphDef": {
        "asset_file_def",
        "collection_def",
        "meta_info_def",
        "object_graph_def",
        "saver_def",
        "signature_def",
    },
    "AllocatorMemoryUsed": {"allocation_records", "allocator_bytes_in_use", "live_bytes"},
    "NodeExecStats": {
        "all_end_rel_nanos",
        "all_start_nanos",
        "memory_stats",
        "op_end_rel_nanos",
        "op_start_rel_nanos",
        "output",
        "referenced_tensor",
        "scheduled_nanos",
    },
    "DeviceStepStats": {"thread_names"},
    "RunMetadata": {"cost_graph", "function_graphs", "session_metadata"},
}


def owner(field: FieldDescriptor) -> str:
    return field.containing_type.name if field.containing_type else ""


def same_type(ours: FieldDescriptor, theirs: FieldDescriptor) -> bool:
    if ours.type == theirs.type:
        return True
    # Enums are read as int32, so that values of newer writers pass through.
    if theirs.type == FieldDescriptor.TYPE_ENUM:
        return bool(ours.type == FieldDescriptor.TYPE_INT32)
    # The scan leaves what it does not look into as bytes.
    return bool(
        owner(ours).startswith("Scan")
        and ours.type == FieldDescriptor.TYPE_BYTES
        and theirs.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE)
    )


def repeated(field: FieldDescriptor) -> bool:
    """As its declaration says: protobuf before 6.31 has no `is_repeated`, and later no `label`."""
    message = descriptor_pb2.DescriptorProto()
    field.containing_type.CopyToProto(message)
    label = message.field[field.index].label
    return bool(label == descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED)


def oneof(field: FieldDescriptor) -> str | None:
    return field.containing_oneof.name if field.containing_oneof else None


def field_differences(ours: FieldDescriptor, theirs: FieldDescriptor | None) -> Iterator[str]:
    place = f"{owner(ours)}.{ours.name}"
    if theirs is None:
        yield f"{place}: TensorBoard has no field {ours.number}"
        return
    if ours.name != theirs.name:
        yield f"{place}: is {theirs.name}"
    if not same_type(ours, theirs):
        yield f"{place}: type {ours.type}, is {theirs.type}"
    if repeated(ours) != repeated(theirs):
        yield f"{place}: repeated {repeated(ours)}, is {repeated(theirs)}"
    if oneof(ours) != oneof(theirs):
        yield f"{place}: oneof {oneof(ours)}, is {oneof(theirs)}"


def message_differences(ours: Descriptor, theirs: Descriptor, seen: set[str]) -> Iterator[str]:
    if ours.name in seen:
        return
    seen.add(ours.name)
    if ours.GetOptions().map_entry != theirs.GetOptions().map_entry:
        yield f"{ours.name}: a map entry, or not"
    for field in ours.fields:
        other = theirs.fields_by_number.get(field.number)
        yield from field_differences(field, other)
        if other is not None and field.message_type and other.message_type:
            yield from message_differences(field.message_type, other.message_type, seen)
    if not ours.name.startswith("Scan"):
        missing = set(theirs.fields_by_name) - set(ours.fields_by_name)
        for name in sorted(missing - LEFT_OUT.get(ours.name, set())):
            yield f"{ours.name}.{name}: left out"


def differences(classes: dict[str, Any], seen: set[str] | None = None) -> list[str]:
    seen = set() if seen is None else seen
    return [
        difference
        for name, theirs in ROOTS.items()
        for difference in message_differences(classes[name].DESCRIPTOR, theirs.DESCRIPTOR, seen)
    ]


def test_messages_are_tensorboards() -> None:
    seen: set[str] = set()
    assert differences(messages._CLASSES, seen) == []
    assert seen >= set(messages._CLASSES), "messages that no comparison reaches"


def test_what_is_left_out_is_left_out() -> None:
    for name, fields in LEFT_OUT.items():
        assert not fields & set(messages._CLASSES[name].DESCRIPTOR.fields_by_name)


def schema_fields() -> list[str]:
    """Each field of the schema, as ``message/line``."""
    paragraphs = [text.splitlines() for text in messages._SCHEMA.strip().split("\n\n")]
    return [f"{name}/{line}" for name, *lines in paragraphs for line in lines]


def with_line(field: str, new: str) -> dict[str, Any]:
    """The message classes of the schema with one line changed."""
    name, line = field.split("/")
    before = messages._SCHEMA.index(f"\n{name}\n") + len(name) + 1
    at = messages._SCHEMA.index(f"\n{line}\n", before)
    return message_classes(
        messages._SCHEMA[:at] + f"\n{new}\n" + messages._SCHEMA[at + len(line) + 2 :]
    )


def mistakes(line: str) -> Iterator[str]:
    """The line with one mistake: in the number, the name, the type, the label, the oneof."""
    declaration, bar, group = line.partition(" |")
    number, type_name, name = declaration.split()
    yield f"  {int(number) + 500} {type_name} {name}{bar}{group}"
    yield f"  {number} {type_name} {name}_{bar}{group}"
    if type_name.startswith("map<"):
        return
    other = "float" if type_name.removesuffix("*") in ("int32", "bytes") else "int32"
    yield f"  {number} {other}{'*' if '*' in type_name else ''} {name}{bar}{group}"
    if bar:
        yield declaration
    else:
        label = type_name.removesuffix("*") if "*" in type_name else f"{type_name}*"
        yield f"  {number} {label} {name}"


def test_the_comparison_notices_every_mistake() -> None:
    unnoticed = [
        (field, wrong)
        for field in schema_fields()
        for wrong in mistakes(field.split("/")[1])
        if not differences(with_line(field, wrong))
    ]
    assert unnoticed == []


def test_the_pool_is_our_own() -> None:
    """Else importing tensorboard or tensorboardX beside tbtools would fail, or worse, not."""
    assert messages.Event.DESCRIPTOR.file.pool is not event_pb2.Event.DESCRIPTOR.file.pool
    assert messages.Event.DESCRIPTOR.full_name == "tbtools.Event"


def test_unknown_enum_numbers_pass_through() -> None:
    data = messages.SessionLog(status=77).SerializeToString()
    assert messages.SessionLog.FromString(data).status == 77


def test_fields_that_are_left_out_survive() -> None:
    theirs = tensor_pb2.TensorProto(dtype=1, float8_val=b"\1\2")
    ours = messages.TensorProto.FromString(theirs.SerializeToString())
    assert ours.SerializeToString() == theirs.SerializeToString()
