"""StoredValue, and frames of rows."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.values import (
    POINT_COLUMNS,
    StoredValue,
    naming,
    parse_message,
    plugin_frame,
    rows_frame,
)


def summary_metadata(plugin: str, content: bytes) -> object:
    return messages.SummaryMetadata(plugin_data={"plugin_name": plugin, "content": content})


def test_the_tags_metadata_stands_in_where_a_value_has_none() -> None:
    value = StoredValue("t", 1, 2.0, messages.Value(tag="t"), summary_metadata("mine", b"\x00\xff"))
    assert (value.plugin_name, value.plugin_content) == ("mine", b"\x00\xff")


def test_a_values_own_metadata_goes_before_the_tags() -> None:
    message = messages.Value(tag="t", metadata=summary_metadata("mine", b"new"))
    value = StoredValue("t", 1, 2.0, message, summary_metadata("mine", b"old"))
    assert value.plugin_content == b"new"


def test_of_two_plugins_the_tags_holds() -> None:
    message = messages.Value(tag="t", metadata=summary_metadata("other", b"new"))
    value = StoredValue("t", 1, 2.0, message, summary_metadata("mine", b"old"))
    assert (value.plugin_name, value.plugin_content) == ("mine", b"old")


def test_without_any_metadata_there_is_no_plugin() -> None:
    value = StoredValue("t", 1, 2.0, messages.Value(tag="t"))
    assert (value.plugin_name, value.plugin_content) == ("", b"")


def test_a_value_that_holds_no_tensor_says_what_it_holds() -> None:
    with pytest.raises(UndecodablePayload, match="holds simple_value"):
        _ = StoredValue("t", 1, 2.0, messages.Value(simple_value=1.0)).tensor
    with pytest.raises(UndecodablePayload, match="holds nothing"):
        _ = StoredValue("t", 1, 2.0, messages.Value()).tensor


def test_the_repr_shows_no_payload() -> None:
    message = messages.Value(image={"encoded_image_string": b"x" * 1_000_000})
    text = repr(StoredValue("samples", 7, 2.0, message))
    assert text == "<StoredValue 'samples' at step 7: image, 1000008 bytes>"


def test_an_error_inside_names_the_value() -> None:
    value = StoredValue("some/tag", 12, 2.0, messages.Value())
    with pytest.raises(UndecodablePayload, match=r"^'some/tag' at step 12: broken$"), naming(value):
        raise UndecodablePayload("broken")


def test_bytes_that_are_no_message_are_named() -> None:
    with pytest.raises(UndecodablePayload, match="no layout in 3 bytes"):
        parse_message(messages.Layout, b"\xff\xff\xff", "layout")


def test_unknown_plugins_give_their_bytes_as_they_are() -> None:
    metadata = summary_metadata("my_plugin", b"\x00\x80")
    values = [StoredValue("t", step, 2.0, messages.Value(tag="t"), metadata) for step in (1, 2)]
    frame = plugin_frame(values)
    assert list(frame.columns) == ["tag", "step", "wall_time", "plugin", "content"]
    assert frame["plugin"].tolist() == ["my_plugin", "my_plugin"]
    assert frame["content"].tolist() == [b"\x00\x80", b"\x00\x80"]


def test_an_empty_frame_has_the_dtypes_of_a_full_one() -> None:
    dtypes = {**POINT_COLUMNS, "array": "object", "name": "str"}
    full = rows_frame([("t", 1, 2.0, np.zeros(3), "n")], dtypes)
    empty = rows_frame([], dtypes)
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert empty.drop(columns="tag").dtypes.equals(full.drop(columns="tag").dtypes)
    assert empty["tag"].dtype == "category"


@pytest.mark.parametrize("shape", [(), (2,), (2, 2), (0,)])
def test_arrays_of_one_shape_stay_whole_in_their_cells(shape: tuple[int, ...]) -> None:
    frame = rows_frame([(np.ones(shape),), (np.ones(shape),)], {"array": "object"})
    assert [cell.shape for cell in frame["array"]] == [shape, shape]
