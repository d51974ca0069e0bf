"""The layout of the custom scalars page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboardX import SummaryWriter

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.custom_scalars import Category, Chart, Layout, MarginSeries
from tests.runs.event_values import corpus_file, read_values, stored_tensor, strings_tensor

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.runs.plugins.values import StoredValue

LAYOUT = {
    "Taiwan": {"twse": ["Multiline", ["twse/0050", "twse/2330"]]},
    "USA": {
        "dow": ["Margin", ["dow/aaa", "dow/bbb", "dow/ccc"]],
        "nasdaq": ["Multiline", ["nasdaq/.*"]],
    },
}
TRUTH = Layout(
    (
        Category("Taiwan", (Chart("twse", ("twse/0050", "twse/2330")),)),
        Category(
            "USA",
            (
                Chart("dow", margins=(MarginSeries("dow/aaa", "dow/bbb", "dow/ccc"),)),
                Chart("nasdaq", ("nasdaq/.*",)),
            ),
        ),
    )
)


def of_message(layout: layout_pb2.Layout) -> StoredValue:
    return stored_tensor(strings_tensor([layout.SerializeToString()], []))


def test_what_tensorboardx_writes(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_custom_scalars(LAYOUT)
    assert Layout.from_values(read_values(tmp_path, "custom_scalars")) == TRUTH


def test_of_several_layouts_the_last_one_holds() -> None:
    layouts = [
        layout_pb2.Layout(category=[layout_pb2.Category(title=title, closed=True)])
        for title in ("old", "new")
    ]
    found = Layout.from_values(of_message(layout) for layout in layouts)
    assert found == Layout((Category("new", closed=True),))


def test_a_run_without_a_layout_has_an_empty_one() -> None:
    assert Layout.from_values([]) == Layout()


def test_the_frame_has_a_row_a_line() -> None:
    frame = TRUTH.to_frame()
    assert frame.to_numpy().tolist() == [
        ["Taiwan", "twse", "twse/0050", "", ""],
        ["Taiwan", "twse", "twse/2330", "", ""],
        ["USA", "dow", "dow/aaa", "dow/bbb", "dow/ccc"],
        ["USA", "nasdaq", "nasdaq/.*", "", ""],
    ]
    assert list(Layout().to_frame().columns) == ["category", "chart", "tag", "lower", "upper"]
    assert TRUTH.to_dict()["categories"][1]["charts"][0]["margins"][0]["lower"] == "dow/bbb"


def test_what_is_no_layout_is_refused() -> None:
    with pytest.raises(UndecodablePayload, match="no layout of custom scalars"):
        Layout.from_values([stored_tensor(strings_tensor([b"\xff"], []))])


@pytest.mark.corpus
def test_the_layout_of_the_corpus() -> None:
    path = corpus_file("wandb+wandb/tests/fixtures/events.out.tfevents.111.complex.localdomain")
    values = read_values(path, "custom_scalars")
    theirs = layout_pb2.Layout.FromString(values[0].message.tensor.string_val[0])
    found = Layout.from_values(values)
    assert [category.title for category in found.categories] == [
        category.title for category in theirs.category
    ]
    assert found.to_frame()["tag"].tolist() == [
        tag
        for category in theirs.category
        for chart in category.chart
        for tag in (*chart.multiline.tag, *(series.value for series in chart.margin.series))
    ]
