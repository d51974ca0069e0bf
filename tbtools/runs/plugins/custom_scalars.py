"""The layout of TensorBoard's custom scalars page: which series its author wants side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tbtools.runs.plugins.tensors import only_string
from tbtools.runs.plugins.values import naming, parse_message, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue


@dataclass(frozen=True, slots=True)
class MarginSeries:
    """A series within a margin.

    Attributes:
        value: The tag of the line.
        lower: The tag of the margin's lower edge.
        upper: The tag of its upper edge.
    """

    value: str
    lower: str
    upper: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, of lines or of margins.

    Attributes:
        title: Its title.
        tags: Regular expressions; each tag that one of them matches is a line.
        margins: Series with a margin.
    """

    title: str
    tags: tuple[str, ...] = ()
    margins: tuple[MarginSeries, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A group of charts.

    Attributes:
        title: Its title.
        charts: Its charts, in order.
        closed: Whether it is to be folded at first.
    """

    title: str
    charts: tuple[Chart, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What the custom scalars page shows.

    Attributes:
        categories: Its groups of charts, in order.
    """

    categories: tuple[Category, ...] = ()

    @classmethod
    def from_values(cls, values: Iterable[StoredValue]) -> Layout:
        """From the values of the custom_scalars plugin of one run, of which the last one holds.

        Raises:
            UndecodablePayload: It is no string tensor of a layout.
        """
        from tbtools.eventfile import messages

        layout = cls()
        for value in values:
            with naming(value):
                data = only_string(value.tensor)
                message = parse_message(messages.Layout, data, "layout of custom scalars")
            layout = cls(tuple(_category(category) for category in message.category))
        return layout

    def to_frame(self) -> pd.DataFrame:
        """One row a line or margin: category, chart, tag, lower, upper ("" where no margin is)."""
        rows = []
        for category in self.categories:
            for chart in category.charts:
                place = (category.title, chart.title)
                rows += [(*place, tag, "", "") for tag in chart.tags]
                rows += [
                    (*place, margin.value, margin.lower, margin.upper) for margin in chart.margins
                ]
        return rows_frame(
            rows, dict.fromkeys(("category", "chart", "tag", "lower", "upper"), "str")
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain dicts and values."""
        return asdict(self)


def _category(category: Any) -> Category:
    return Category(
        category.title, tuple(_chart(chart) for chart in category.chart), category.closed
    )


def _chart(chart: Any) -> Chart:
    margins = tuple(
        MarginSeries(series.value, series.lower, series.upper) for series in chart.margin.series
    )
    return Chart(chart.title, tuple(chart.multiline.tag), margins)
