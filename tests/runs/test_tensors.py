"""Tensors of every dtype and shape, against TensorBoard's own converter and TensorFlow's rules."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from tensorboard.compat.proto import tensor_pb2, types_pb2
from tensorboard.util import tensor_util

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.tensors import (
    MAX_FILLED_ELEMENTS,
    only_string,
    tensor_to_numpy,
    tensors_frame,
)
from tests.runs.event_values import UNTIMED, stored_tensor, strings_tensor

# TensorBoard makes these into protos and back; its way back refuses unsigned 32 and 64 bits.
DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "c8", "c16", "?"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: st_numpy.arrays(
        dtype, st_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    )
)
STRINGS = st_numpy.arrays(
    object, st_numpy.array_shapes(min_dims=0, max_dims=3, max_side=3), elements=st.binary()
)


def ours(proto: Any) -> Any:
    return messages.TensorProto.FromString(proto.SerializeToString())


def tensor(dtype: int, shape: list[int] | None = None, **fields: Any) -> Any:
    proto = messages.TensorProto(dtype=dtype, **fields)
    if shape is not None:
        proto.tensor_shape.SetInParent()
        for size in shape:
            proto.tensor_shape.dim.add(size=size)
    return proto


@UNTIMED
@given(ARRAYS)
def test_every_dtype_and_shape_as_tensorboard_reads_it(array: np.ndarray[Any, Any]) -> None:
    proto = tensor_util.make_tensor_proto(array)
    found = tensor_to_numpy(ours(proto))
    truth = tensor_util.make_ndarray(proto)
    assert found.dtype == truth.dtype
    np.testing.assert_array_equal(found, truth, strict=True)


@UNTIMED
@given(ARRAYS)
def test_packed_content_as_tensorboard_reads_it(array: np.ndarray[Any, Any]) -> None:
    proto = tensor_util.make_tensor_proto(array)
    for field in ("half_val", "float_val", "int_val", "bool_val", "scomplex_val", "dcomplex_val"):
        proto.ClearField(field)
    proto.tensor_content = array.tobytes()
    if array.size:
        np.testing.assert_array_equal(tensor_to_numpy(ours(proto)), array, strict=True)


@UNTIMED
@given(STRINGS)
def test_strings_are_the_bytes_that_were_written(array: np.ndarray[Any, Any]) -> None:
    found = tensor_to_numpy(strings_tensor(list(array.reshape(-1)), list(array.shape)))
    assert found.dtype == object
    assert found.shape == array.shape
    assert list(found.reshape(-1)) == list(array.reshape(-1))


@UNTIMED
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_packed_strings_are_lengths_and_then_bytes(strings: list[bytes]) -> None:
    def varint(number: int) -> bytes:
        high, low = number >> 7, number & 0x7F
        return bytes([low | 0x80]) + varint(high) if high else bytes([low])

    content = b"".join(varint(len(string)) for string in strings) + b"".join(strings)
    found = tensor_to_numpy(tensor(7, [len(strings)], tensor_content=content))
    assert found.tolist() == strings


@pytest.mark.parametrize(
    ("dtype", "field", "numpy_dtype", "values"),
    [
        (types_pb2.DT_UINT32, "uint32_val", "uint32", [0, 2**32 - 1]),
        (types_pb2.DT_UINT64, "uint64_val", "uint64", [0, 2**64 - 1]),
        (types_pb2.DT_INT64, "int64_val", "int64", [-(2**63), 2**63 - 1]),
    ],
)
def test_whole_numbers_at_their_limits(
    dtype: int, field: str, numpy_dtype: str, values: list[int]
) -> None:
    listed = tensor_to_numpy(tensor(dtype, [2], **{field: values}))
    packed = tensor_to_numpy(
        tensor(dtype, [2], tensor_content=np.array(values, dtype=numpy_dtype).tobytes())
    )
    assert listed.dtype == packed.dtype == numpy_dtype
    assert listed.tolist() == packed.tolist() == values


@UNTIMED
@given(st.floats(width=32))
def test_bfloat16_becomes_the_float32_that_it_is(value: float) -> None:
    bits = int(np.array(value, dtype=np.float32).view(np.uint32)) >> 16
    truth = np.array(bits << 16, dtype=np.uint32).view(np.float32)
    listed = tensor_to_numpy(tensor(types_pb2.DT_BFLOAT16, [1], half_val=[bits]))
    packed = tensor_to_numpy(
        tensor(types_pb2.DT_BFLOAT16, [1], tensor_content=bits.to_bytes(2, "little"))
    )
    assert listed.dtype == packed.dtype == np.float32
    np.testing.assert_array_equal(listed, [truth])
    np.testing.assert_array_equal(packed, [truth])


def test_quantized_and_reference_types_are_plain_numbers() -> None:
    quantized = tensor_to_numpy(tensor(types_pb2.DT_QUINT8, [2], int_val=[1, 255]))
    reference = tensor_to_numpy(tensor(types_pb2.DT_FLOAT_REF, [1], float_val=[0.5]))
    assert (quantized.dtype, quantized.tolist()) == (np.uint8, [1, 255])
    assert (reference.dtype, reference.tolist()) == (np.float32, [0.5])


def test_a_packed_bool_is_true_unless_it_is_zero() -> None:
    found = tensor_to_numpy(tensor(types_pb2.DT_BOOL, [3], tensor_content=b"\x00\x01\x02"))
    assert found.tolist() == [False, True, True]
    assert found.view(np.uint8).tolist() == [0, 1, 1]


def test_the_last_value_stands_for_those_that_are_not_stored() -> None:
    found = tensor_to_numpy(tensor(1, [2, 3], float_val=[1.0, 2.0]))
    assert found.tolist() == [[1.0, 2.0, 2.0], [2.0, 2.0, 2.0]]
    one = tensor(1, [2, 2], float_val=[7.0])
    truth = tensor_util.make_ndarray(tensor_pb2.TensorProto.FromString(one.SerializeToString()))
    np.testing.assert_array_equal(tensor_to_numpy(one), truth, strict=True)


def test_repeated_strings_keep_their_trailing_zeros() -> None:
    assert tensor_to_numpy(strings_tensor([b"a\x00"], [3])).tolist() == [b"a\x00"] * 3


def test_no_value_is_zeros() -> None:
    assert tensor_to_numpy(tensor(9, [2])).tolist() == [0, 0]
    assert tensor_to_numpy(tensor(7, [2])).tolist() == [b"", b""]
    assert tensor_to_numpy(tensor(10, [])).tolist() is False


def test_without_a_shape_the_values_tell_it() -> None:
    assert tensor_to_numpy(tensor(1, float_val=[1.0, 2.0])).tolist() == [1.0, 2.0]
    assert tensor_to_numpy(tensor(1, float_val=[1.0])).shape == ()
    unknown = tensor(1, [], float_val=[1.0, 2.0, 3.0])
    unknown.tensor_shape.unknown_rank = True
    assert tensor_to_numpy(unknown).shape == (3,)


def test_the_result_may_be_written_to() -> None:
    for proto in (
        tensor(1, [2], tensor_content=b"\x00" * 8),
        tensor(1, [2], float_val=[1.0, 2.0]),
        tensor(1, [2], float_val=[1.0]),
    ):
        tensor_to_numpy(proto)[0] = 5.0


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (tensor(1, [10**12], float_val=[1.0]), "claims 1000000000000 elements and stores 1"),
        (tensor(1, [2**62, 2**62], float_val=[1.0]), "claims"),
        (tensor(1, [MAX_FILLED_ELEMENTS + 1]), "claims"),
        (tensor(1, [2**40, 0, 2**40]), "shape"),
        (tensor(1, [1] * 200, float_val=[1.0]), "200 dimensions; up to 64 are read"),
        (tensor(1, [2**62] * 240, float_val=[1.0]), "240 dimensions"),
        (tensor(1, [2**62] * 64, float_val=[1.0]), "claims"),
        (tensor(7, [10**12], tensor_content=b"abc"), "3 bytes for 1000000000000 packed strings"),
        (tensor(1, [-1], float_val=[1.0]), r"shape \[-1\]"),
        (tensor(1, [2], float_val=[1.0, 2.0, 3.0]), r"3 values for a tensor of shape \[2\]"),
        (tensor(1, [2], tensor_content=b"\x00" * 12), r"3 packed values .* shape \[2\]"),
        (tensor(1, [2], tensor_content=b"\x00" * 7), "no whole number of float32 in 7 bytes"),
        (tensor(7, tensor_content=b"\x01a"), "without a shape"),
        (tensor(7, [1], tensor_content=b"\x05a"), "do not add up"),
        (tensor(7, [1], tensor_content=b"\xff" * 9), "broken length"),
        (tensor(7, [1], tensor_content=b"\xff"), "broken length"),
        (tensor(8, [1], scomplex_val=[1.0]), "half a number"),
        (tensor(20, [1]), "data type 20"),
        (tensor(0, [1]), "data type 0"),
        (tensor(-5, [1]), "data type -5"),
    ],
)
def test_what_the_bytes_do_not_bear_out_is_refused(proto: Any, message: str) -> None:
    with pytest.raises(UndecodablePayload, match=message):
        tensor_to_numpy(proto)


HOSTILE = st.builds(
    tensor,
    st.integers(-1, 30) | st.integers(100, 125),
    st.none() | st.lists(st.integers(-1, 5) | st.integers(-(2**63), 2**63 - 1), max_size=4),
    tensor_content=st.binary(max_size=20),
    string_val=st.lists(st.binary(max_size=3), max_size=3),
    float_val=st.lists(st.floats(width=32), max_size=5),
    int_val=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
    half_val=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
    scomplex_val=st.lists(st.floats(width=32), max_size=5),
)


@UNTIMED
@given(HOSTILE)
def test_any_tensor_gives_an_array_or_the_named_error(proto: Any) -> None:
    with contextlib.suppress(UndecodablePayload):
        assert isinstance(tensor_to_numpy(proto), np.ndarray)


def test_one_string_where_one_must_be() -> None:
    assert only_string(strings_tensor([b"x"], [])) == b"x"
    assert only_string(strings_tensor([b"x"], [1])) == b"x"
    for proto in (strings_tensor([b"x", b"y"], [2]), tensor(1, [], float_val=[1.0])):
        with pytest.raises(UndecodablePayload, match="one string in a tensor of"):
            only_string(proto)


def test_the_frame_has_one_array_a_value() -> None:
    values = [
        stored_tensor(tensor(1, [2], float_val=[1.0, 2.0]), step=3),
        stored_tensor(tensor(9, [], int64_val=[5]), step=4),
    ]
    frame = tensors_frame(values)
    assert list(frame.columns) == ["tag", "step", "wall_time", "tensor"]
    assert frame["step"].tolist() == [3, 4]
    assert [(cell.shape, cell.dtype) for cell in frame["tensor"]] == [((2,), "f4"), ((), "i8")]


def test_the_frame_names_the_value_that_cannot_be_decoded() -> None:
    with pytest.raises(UndecodablePayload, match="'weights' at step 9"):
        tensors_frame([stored_tensor(tensor(20, [1]), tag="weights", step=9)])
