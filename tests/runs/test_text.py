"""Text summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.text import text_frame
from tests.runs.event_values import UNTIMED, corpus_file, read_values, stored_tensor, strings_tensor

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st_numpy.arrays(
    object,
    st_numpy.array_shapes(min_dims=1, max_dims=3, max_side=3),
    elements=st.text(st.characters(codec="utf-8"), max_size=20),
)


@UNTIMED
@given(TEXTS)
def test_texts_of_any_shape_come_back(texts: np.ndarray[Any, Any]) -> None:
    proto = tensor_util.make_tensor_proto(texts.tolist(), shape=texts.shape)
    frame = text_frame([stored_tensor(proto)])
    if texts.size == 1:
        assert frame["text"].tolist() == [texts.item()]
    else:
        np.testing.assert_array_equal(frame["text"][0], texts, strict=True)


def test_columns_of_single_texts_are_strings() -> None:
    single, several = ([strings_tensor(texts, [len(texts)])] for texts in ([b"a"], [b"a", b"b"]))
    for tensors, is_text in ((single, True), (single + several, False), (several, False)):
        frame = text_frame(map(stored_tensor, tensors))
        assert frame["text"].dtype == pd.Series(dtype="str" if is_text else "object").dtype
        assert frame["text"].str.upper()[0] == "A" or not is_text
    assert text_frame(map(stored_tensor, single + several))["text"][0] == "a"


@pytest.mark.parametrize("shape", [[], [1], [1, 1]])
def test_one_text_is_a_str(shape: list[int]) -> None:
    frame = text_frame([stored_tensor(strings_tensor([b"lr = 1e-3"], shape), "notes", 4)])
    assert list(frame.columns) == ["tag", "step", "wall_time", "text"]
    assert frame.loc[0].to_dict() == {
        "tag": "notes",
        "step": 4,
        "wall_time": 2.0,
        "text": "lr = 1e-3",
    }


def test_bytes_that_are_no_utf8_are_shown() -> None:
    frame = text_frame([stored_tensor(strings_tensor([b"ok \xff\xfe"], []))])
    assert frame["text"][0] == r"ok \xff\xfe"


def test_a_text_repeated_by_its_shape_is_decoded_once() -> None:
    (texts,) = text_frame([stored_tensor(strings_tensor([b"long" * 1000], [1000]))])["text"]
    assert texts.shape == (1000,)
    assert all(text is texts[0] for text in texts)


def test_numbers_are_no_text() -> None:
    proto = messages.TensorProto(dtype=1, float_val=[1.0])
    with pytest.raises(UndecodablePayload, match="'notes' at step 3: text in a tensor of float32"):
        text_frame([stored_tensor(proto, "notes", 3)])


def test_what_tensorboardx_writes(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_text("config", "größe: **3**\nseed: 1", 5)
    frame = text_frame(read_values(tmp_path, "text"))
    assert frame["tag"].tolist() == ["config/text_summary"]
    assert frame["step"].tolist() == [5]
    assert frame["text"].tolist() == ["größe: **3**\nseed: 1"]


@pytest.mark.corpus
def test_the_texts_of_transformers_in_the_corpus() -> None:
    run = "AguLeon+LoRA_RoBERTa_AGNews/runs/run0/events.out.tfevents.1744227257.b-3-167.5388.0"
    frame = text_frame(read_values(corpus_file(run), "text"))
    assert frame["tag"].tolist() == ["args/text_summary", "model_config/text_summary"]
    assert frame["text"][0].startswith('{\n  "output_dir": "./results"')
