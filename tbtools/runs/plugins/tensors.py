"""TensorProto to NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, none_in, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue, Undecodable

    Array = np.ndarray[Any, Any]

# A tensor may store fewer values than it has elements: the last one then stands for the rest. This
# many elements may be made out of nothing in that way; a shape is 12 bytes that can claim 2**63.
# Writers of event files store every value: only constants inside of graphs are shortened.
MAX_FILLED_ELEMENTS = 1 << 16
# NumPy's, and with it TensorBoard's. The elements of a shape beyond it may be a number of thousands
# of digits, which takes long to compute and cannot be shown.
MAX_RANK = 64


class _DataType(NamedTuple):
    """How a TensorFlow DataType lies in a TensorProto.

    Attributes:
        field: The repeated field that holds its values where `tensor_content` does not.
        stored: The dtype of an element in `tensor_content`, little-endian.
    """

    field: str
    stored: str


_STRING = 7
_BOOL = 10
_BFLOAT16 = 14
_FIRST_REFERENCE = 101  # DT_FLOAT_REF: 100 + DT_FLOAT, and so on
# The numbers of tensorflow/core/framework/types.proto. Quantized types are their plain integers.
_DATA_TYPES = {
    1: _DataType("float_val", "<f4"),
    2: _DataType("double_val", "<f8"),
    3: _DataType("int_val", "<i4"),
    4: _DataType("int_val", "<u1"),
    5: _DataType("int_val", "<i2"),
    6: _DataType("int_val", "<i1"),
    _STRING: _DataType("string_val", "O"),
    8: _DataType("scomplex_val", "<c8"),
    9: _DataType("int64_val", "<i8"),
    _BOOL: _DataType("bool_val", "<u1"),
    11: _DataType("int_val", "<i1"),
    12: _DataType("int_val", "<u1"),
    13: _DataType("int_val", "<i4"),
    _BFLOAT16: _DataType("half_val", "<u2"),
    15: _DataType("int_val", "<i2"),
    16: _DataType("int_val", "<u2"),
    17: _DataType("int_val", "<u2"),
    18: _DataType("dcomplex_val", "<c16"),
    19: _DataType("half_val", "<f2"),
    22: _DataType("uint32_val", "<u4"),
    23: _DataType("uint64_val", "<u8"),
}


def tensor_to_numpy(message: Any) -> Array:
    """Decodes a tensor of any dtype and shape.

    Values that are fewer than the shape has elements are filled up as TensorFlow does it: with the
    last one, or with zeros where there is none. A tensor without a shape, or of unknown rank, has
    the shape of its values: () for one value, (n,) else.

    Args:
        message: A `messages.TensorProto`.

    Returns:
        A new array of the tensor's shape and dtype; bfloat16 becomes float32, quantized integers
        become plain ones, strings become an object array of bytes.

    Raises:
        UndecodablePayload: The data type has no counterpart in NumPy, the values do not fit the
            shape, or they are fewer than it claims by more than `MAX_FILLED_ELEMENTS`; or it has
            more than `MAX_RANK` dimensions.
    """
    number = message.dtype - 100 if message.dtype >= _FIRST_REFERENCE else message.dtype
    if number not in _DATA_TYPES:
        raise UndecodablePayload(f"tensor of data type {message.dtype}, which NumPy does not have")
    shape = _declared_shape(message)
    if message.tensor_content:
        values = _packed_values(message.tensor_content, number, shape)
    else:
        values = _listed_values(message, number)
    return _shaped(_as_numpy_type(values, number), shape)


def only_string(message: Any) -> bytes:
    """The string of a tensor of one: how plugins store messages of their own.

    Args:
        message: A `messages.TensorProto`.

    Raises:
        UndecodablePayload: The tensor is not of strings, or not of one.
    """
    strings = tensor_to_numpy(message)
    if strings.dtype != object or strings.size != 1:
        raise wrong_tensor("one string", strings)
    return bytes(strings.item())


def wrong_tensor(what: str, tensor: Array) -> UndecodablePayload:
    """The error that `what` cannot be in a tensor like this one."""
    kind = "strings" if tensor.dtype == object else tensor.dtype.name
    return UndecodablePayload(f"{what} in a tensor of {kind}, shape {list(tensor.shape)}")


def tensors_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """Tensors of any dtype and shape.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a value: tag, step, wall_time, tensor (an array).

    Raises:
        UndecodablePayload: A value is no tensor, or one that cannot be decoded.
    """
    rows = [
        (*value.point, tensor)
        for value, tensor in decoded(values, lambda value: tensor_to_numpy(value.tensor), problems)
    ]
    return rows_frame(rows, {**POINT_COLUMNS, "tensor": "object"})


def _declared_shape(message: Any) -> tuple[int, ...] | None:
    if not message.HasField("tensor_shape") or message.tensor_shape.unknown_rank:
        return None
    shape = tuple(dim.size for dim in message.tensor_shape.dim)
    if len(shape) > MAX_RANK:
        raise UndecodablePayload(f"tensor of {len(shape)} dimensions; up to {MAX_RANK} are read")
    if any(size < 0 for size in shape):
        raise UndecodablePayload(f"tensor of shape {list(shape)}")
    return shape


def _packed_values(content: bytes, number: int, shape: tuple[int, ...] | None) -> Array:
    if number == _STRING:
        return _packed_strings(content, shape)
    dtype = np.dtype(_DATA_TYPES[number].stored)
    if len(content) % dtype.itemsize:
        raise UndecodablePayload(none_in(content, f"whole number of {dtype.name}"))
    values = np.frombuffer(content, dtype=dtype).astype(dtype.newbyteorder("="))
    if shape is not None and len(values) != math.prod(shape):
        raise UndecodablePayload(f"{len(values)} packed values for a tensor of shape {list(shape)}")
    return values


def _packed_strings(content: bytes, shape: tuple[int, ...] | None) -> Array:
    """Strings in `tensor_content`: the length of each as a varint, then their bytes end to end."""
    if shape is None:
        raise UndecodablePayload("packed strings without a shape that tells how many")
    count = math.prod(shape)
    if count > len(content):
        raise UndecodablePayload(f"{len(content)} bytes for {count} packed strings")
    lengths = []
    offset = 0
    for _ in range(count):
        length, offset = _varint(content, offset)
        lengths.append(length)
    if offset + sum(lengths) != len(content):
        raise UndecodablePayload("packed strings whose lengths do not add up")
    strings = np.empty(count, dtype=object)
    for position, length in enumerate(lengths):
        strings[position] = content[offset : offset + length]
        offset += length
    return strings


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    """The number at the offset, seven bits a byte and the lowest first, and where it ends."""
    number = 0
    for shift in range(0, 35, 7):
        if offset == len(data):
            break
        byte = data[offset]
        offset += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, offset
    raise UndecodablePayload("packed strings with a broken length")


def _listed_values(message: Any, number: int) -> Array:
    data_type = _DATA_TYPES[number]
    listed = getattr(message, data_type.field)
    if number == _STRING:
        strings = np.empty(len(listed), dtype=object)
        strings[:] = list(listed)
        return strings
    stored = np.dtype(data_type.stored).newbyteorder("=")
    if stored.kind == "c":
        parts = np.array(listed, dtype=f"f{stored.itemsize // 2}")
        if len(parts) % 2:
            raise UndecodablePayload("complex tensor with half a number at its end")
        return parts.view(stored)
    if data_type.field == "half_val":  # the 16 bits of each, in an int32
        return np.array(listed, dtype=np.int32).astype(np.uint16).view(stored)
    if data_type.field == "int_val":  # int32 for all the narrow integers, cut as TensorFlow cuts
        return np.array(listed, dtype=np.int32).astype(stored)
    return np.array(listed, dtype=stored)


def _as_numpy_type(values: Array, number: int) -> Array:
    if number == _BFLOAT16:  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    if number == _BOOL:  # a packed byte other than 0 and 1 would make a broken NumPy bool
        return values.astype(np.bool_)
    return values


def _shaped(values: Array, shape: tuple[int, ...] | None) -> Array:
    if shape is None:
        return values.reshape(()) if len(values) == 1 else values
    count = math.prod(shape)
    if len(values) > count:
        raise UndecodablePayload(f"{len(values)} values for a tensor of shape {list(shape)}")
    if len(values) < count:
        values = _filled(values, count)
    try:
        return values.reshape(shape)
    except ValueError as error:
        raise UndecodablePayload(f"tensor of shape {list(shape)}: {error}") from error


def _filled(values: Array, count: int) -> Array:
    missing = count - len(values)
    if missing > MAX_FILLED_ELEMENTS:
        raise UndecodablePayload(f"tensor that claims {count} elements and stores {len(values)}")
    if len(values):
        last = values[-1]
    else:
        last = b"" if values.dtype == object else 0
    filled = np.empty(count, dtype=values.dtype)
    filled[: len(values)] = values
    filled[len(values) :] = last
    return filled
