"""Protobuf classes made of a short description, without protoc."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "tbtools"
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALAR_TYPES = {
    "double": _FIELD.TYPE_DOUBLE,
    "float": _FIELD.TYPE_FLOAT,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}


def _set_type(field: descriptor_pb2.FieldDescriptorProto, type_name: str) -> None:
    if type_name in _SCALAR_TYPES:
        field.type = _SCALAR_TYPES[type_name]
    else:
        field.type = _FIELD.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{type_name}"


def _add_map(
    message: descriptor_pb2.DescriptorProto,
    field: descriptor_pb2.FieldDescriptorProto,
    type_name: str,
) -> None:
    """Declares a map the way protoc does: a repeated nested message of key and value."""
    entry = message.nested_type.add(name=f"{field.name.title().replace('_', '')}Entry")
    entry.options.map_entry = True
    for number, (name, part) in enumerate(
        zip(("key", "value"), type_name[len("map<") : -1].split(","), strict=True), start=1
    ):
        part_field = entry.field.add(name=name, number=number, label=_FIELD.LABEL_OPTIONAL)
        _set_type(part_field, part)
    field.label = _FIELD.LABEL_REPEATED
    _set_type(field, f"{message.name}.{entry.name}")


def _add_field(message: descriptor_pb2.DescriptorProto, line: str) -> None:
    declaration, _, group = line.partition("|")
    number, type_name, name = declaration.split()
    field = message.field.add(name=name, number=int(number), label=_FIELD.LABEL_OPTIONAL)
    if type_name.startswith("map<"):
        _add_map(message, field, type_name)
        return
    if type_name.endswith("*"):
        field.label = _FIELD.LABEL_REPEATED
    _set_type(field, type_name.removesuffix("*"))
    if group:
        groups = [oneof.name for oneof in message.oneof_decl]
        if group.strip() not in groups:
            message.oneof_decl.add(name=group.strip())
            groups.append(group.strip())
        field.oneof_index = groups.index(group.strip())


def message_classes(schema: str) -> dict[str, Any]:
    """The classes of the messages that a schema describes, by name, in a pool of their own.

    Args:
        schema: One message a paragraph: its name, then a line a field, ``number type name``, with
            ``*`` after a repeated type, a ``map<K,V>``, and ``| group`` behind the members of a
            oneof.
    """
    file = descriptor_pb2.FileDescriptorProto(
        name="tbtools/messages.proto", package=_PACKAGE, syntax="proto3"
    )
    for paragraph in schema.strip().split("\n\n"):
        name, *fields = paragraph.splitlines()
        message = file.message_type.add(name=name)
        for line in fields:
            _add_field(message, line)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        message.name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{_PACKAGE}.{message.name}")
        )
        for message in file.message_type
    }
