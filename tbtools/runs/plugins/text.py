"""Text summaries: string tensors of any shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue, Undecodable


def text_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    r"""Texts, several of one value in the shape in which they were written.

    torch and tensorboardX write a text as an array of one, under the tag with ``/text_summary``
    behind it; TensorFlow writes a rank-0 tensor. Bytes that are no UTF-8 are shown as ``\xff``.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a value: tag, step, wall_time, text: a str where it is one text, else an object
        array of str. The column is of strings where all are.

    Raises:
        UndecodablePayload: A value is no string tensor.
    """
    rows = [(*value.point, text) for value, text in decoded(values, _text_or_texts, problems)]
    plain = all(isinstance(text, str) for *_, text in rows)
    return rows_frame(rows, {**POINT_COLUMNS, "text": "str" if plain else "object"})


def _text_or_texts(value: StoredValue) -> str | np.ndarray[Any, Any]:
    text = text_of(value)
    return text if isinstance(text, str) or text.size != 1 else text.item()


def text_of(value: StoredValue) -> str | np.ndarray[Any, Any]:
    """The text of a value: a str, or an object array of str.

    Raises:
        UndecodablePayload: It is no string tensor.
    """
    strings = tensor_to_numpy(value.tensor)
    if strings.dtype != object:
        raise wrong_tensor("text", strings)
    flat = strings.reshape(-1)
    # A tensor may repeat one long text a million times by its shape alone: decode it once.
    decoded: dict[bytes, str] = {
        data: data.decode("utf-8", "backslashreplace") for data in set(flat)
    }
    if strings.ndim == 0:
        return decoded[flat[0]]
    texts = np.empty(len(flat), dtype=object)
    texts[:] = [decoded[data] for data in flat]
    return texts.reshape(strings.shape)


def _cells(value: StoredValue) -> list[str]:
    text = text_of(value)
    return [text] if isinstance(text, str) else text.reshape(-1).tolist()


def text_lines(value: StoredValue) -> list[str]:
    """All texts of a value as lines.

    Raises:
        UndecodablePayload: It is no string tensor.
    """
    return [line for cell in _cells(value) for line in cell.splitlines()]


def text_files(value: StoredValue) -> list[tuple[str, bytes, str]]:
    """The texts of a value as files: ending and content of each, and the shape of the tensor.

    Raises:
        UndecodablePayload: It is no string tensor.
    """
    text = text_of(value)
    shape = "" if isinstance(text, str) else "x".join(map(str, text.shape))
    return [("md", cell.encode(errors="backslashreplace"), shape) for cell in _cells(value)]
