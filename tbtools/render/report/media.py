"""What is no scalar, for the page: images, audio, text, histograms and precision-recall curves.

A plugin has a list of series, one a run and tag, as dicts that JSON can hold: ``run``, ``tag``,
``n`` (how many values the event files have), ``steps`` (of those that are shown) and what is shown
of each. A payload that cannot be decoded is named in ``undecodable``, and the page goes on.
`SECTIONS` says how each plugin is shown.
"""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.render.format import format_count, format_duration
from tbtools.render.report.markdown import markdown_to_html
from tbtools.render.report.payloads import some_values
from tbtools.runs.plugins.audio import sounds
from tbtools.runs.plugins.histograms import histogram
from tbtools.runs.plugins.images import images
from tbtools.runs.plugins.text import text_of
from tbtools.runs.plugins.values import decoded, none_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.render.report.columns import Columns
    from tbtools.runs.plugins.histograms import Histogram
    from tbtools.runs.plugins.values import StoredValue, Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

    Array = np.ndarray[Any, Any]

HISTOGRAM_BINS = 48
# Edges beyond it, which writers put outermost, say nothing of where values are.
_FARTHEST = 1e300
# A longer text is cut: a page is no archive.
MOST_CHARACTERS = 50_000
_MIME = {"png", "jpeg", "gif", "webp", "bmp"}


@dataclass(frozen=True, slots=True)
class MediaSource:
    """From where the payloads come.

    Attributes:
        runs: The runs, by the names that they are shown by.
        selection: Which tags and steps of theirs.
    """

    runs: Mapping[str, Run]
    selection: Selection


@dataclass
class Budget:
    """How many bytes of pictures and sounds there may still be on the page.

    Attributes:
        left: Bytes.
        refused: How many pictures and sounds did not fit.
    """

    left: int
    refused: int = 0

    def takes(self, size: int) -> bool:
        """Whether so many more bytes fit; if so they are taken, else counted as refused."""
        if size > self.left:
            self.refused += 1
            return False
        self.left -= size
        return True


@dataclass(frozen=True, slots=True)
class Page:
    """What the encoders write to.

    Attributes:
        columns: The page's arrays.
        budget: The room for pictures and sounds.
        undecodable: What cannot be shown as it cannot be decoded, each with the name of its run.
        without_card: What of it no card says.
    """

    columns: Columns
    budget: Budget
    undecodable: list[tuple[str, Undecodable]] = field(default_factory=list)
    without_card: list[str] = field(default_factory=list)

    def tell(self, run: str, problems: Sequence[Undecodable], *, on_card: bool) -> None:
        """Takes note of values that are not on the page."""
        self.undecodable.extend((run, each) for each in problems)
        if not on_card:
            self.without_card.extend(f"run {run}: {each}" for each in problems)


@dataclass(frozen=True, slots=True)
class Section:
    """How the page shows a plugin.

    Attributes:
        title: The heading.
        card: What draws a tag: the name of a card in `assets/main.js`.
        steps: How many steps of each series are shown.
        encode: Makes the item of a value; None where it has no room.
        finish: Makes of a series, all its items encoded, what the card wants; None for no change.
    """

    title: str
    card: str
    steps: int
    encode: Callable[[StoredValue, Page], Any]
    finish: Callable[[dict[str, Any], Page], dict[str, Any] | None] | None = None


@dataclass
class _Series:
    run: str
    tag: str
    n: int
    steps: list[int] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)
    undecodable: list[Undecodable] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        undecodable = {"undecodable": list(map(str, self.undecodable))} if self.undecodable else {}
        return {
            "run": self.run,
            "tag": self.tag,
            "n": self.n,
            "steps": self.steps,
            "items": self.items,
        } | undecodable


def media_series(source: MediaSource, plugin: str, page: Page) -> list[dict[str, Any]]:
    """The series of a plugin, one a run and tag.

    Args:
        source: From where the payloads come.
        plugin: One of `SECTIONS`.
        page: Where the encoders write to.
    """
    section = SECTIONS[plugin]
    found = []
    for name, run in source.runs.items():
        lost: list[Undecodable] = []
        for count, values in some_values(run, plugin, section.steps, source.selection, lost):
            series = _encoded(_Series(name, values[0].tag, count), values, section, page)
            shown = series.to_dict()
            finished = section.finish(shown, page) if section.finish else shown
            if finished is not None:
                found.append(finished)
            page.tell(name, series.undecodable, on_card=finished is not None)
        page.tell(name, lost, on_card=False)
    limits = _limits(found)
    return [each | {"limited": limits[each["tag"]]} for each in found]


def _limits(series: Sequence[dict[str, Any]]) -> dict[str, str]:
    """By tag how many of its steps are shown, where these are not all; else an empty text."""
    shown: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for each in series:
        shown[each["tag"]] = max(shown[each["tag"]], len(each["steps"]))
        there[each["tag"]] = max(there[each["tag"]], each["n"])
    return {
        tag: f"{format_count(shown[tag])} of {format_count(count)} steps shown"
        if shown[tag] < count
        else ""
        for tag, count in there.items()
    }


def _encoded(series: _Series, values: list[StoredValue], section: Section, page: Page) -> _Series:
    for value, item in decoded(values, lambda each: section.encode(each, page), series.undecodable):
        if item is not None:
            series.steps.append(value.step)
            series.items.append(item)
    return series


def _data_uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def _image_item(value: StoredValue, page: Page) -> list[list[Any]] | None:
    """A list of pictures, ``[data URI, width, height]``."""
    pictures = images(value)
    for picture in pictures:
        if picture.format not in _MIME:
            raise UndecodablePayload(none_in(picture.data, "known picture"))
    if not page.budget.takes(sum(len(picture.data) for picture in pictures)):
        return None
    return [
        [_data_uri(f"image/{picture.format}", picture.data), picture.width, picture.height]
        for picture in pictures
    ]


def _audio_item(value: StoredValue, page: Page) -> list[list[Any]] | None:
    """A list of sounds, ``[data URI, label and duration]``."""
    found = sounds(value)
    for sound in found:
        if sound.data[:4] != b"RIFF" or sound.data[8:12] != b"WAVE":
            raise UndecodablePayload(none_in(sound.data, "WAV file"))
    if not page.budget.takes(sum(len(sound.data) for sound in found)):
        return None
    return [
        [
            _data_uri("audio/wav", sound.data),
            ", ".join(filter(None, [sound.label, format_duration(sound.seconds)])),
        ]
        for sound in found
    ]


def _text_item(value: StoredValue, page: Page) -> str:
    """HTML that is safe to show."""
    text = text_of(value)
    if isinstance(text, str):
        return _markdown(text)
    if text.ndim < 2:
        return "".join(_markdown(each) for each in text.reshape(-1).tolist())
    rows = text.reshape(text.shape[0], -1).tolist()
    cells = ("".join(f"<td>{_markdown(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _markdown(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return markdown_to_html(text)
    rest = len(text) - MOST_CHARACTERS
    return markdown_to_html(text[:MOST_CHARACTERS]) + f"<p><em>… {rest:,} more characters</em></p>"


def _pr_curve_item(value: StoredValue, page: Page) -> list[int]:
    """``[recall, precision]``, numbers of arrays."""
    from tbtools.runs.plugins.pr_curves import pr_curves_frame

    curve = pr_curves_frame([value])
    return [page.columns.rough(curve[name].to_numpy()) for name in ("recall", "precision")]


def _histogram_item(value: StoredValue, page: Page) -> Histogram:
    return histogram(value)


def _finished_histograms(series: dict[str, Any], page: Page) -> dict[str, Any] | None:
    """A series of histograms; None where none can be decoded.

    Returns:
        Beside the keys of all series: ``quantiles`` (the number of an array: TensorBoard's nine,
        steps by 9), ``low`` and ``high`` (what the bins span, equally wide), ``bins`` (how many),
        ``density`` (the number of an array: steps by bins, 0 to 255, of 255 the highest of the
        step).
    """
    histograms = series.pop("items")
    if not histograms:
        return None
    quantiles = np.stack([each.quantiles() for each in histograms])
    low, high = _span(histograms)
    density = np.stack([_rebinned(each, low, high) for each in histograms])
    return series | {
        "quantiles": page.columns.rough(quantiles.reshape(-1)),
        "low": low,
        "high": high,
        "bins": HISTOGRAM_BINS,
        "density": page.columns.bytes(np.rint(255 * density).astype(np.uint8).reshape(-1)),
    }


def _span(histograms: list[Histogram]) -> tuple[float, float]:
    """What the bins of a series span: all its finite edges, never nothing."""
    edges = np.concatenate([np.empty(0), *(np.r_[each.left, each.right] for each in histograms)])
    edges = edges[np.abs(edges) < _FARTHEST]
    if not edges.size:
        return 0.0, 1.0
    low, high = float(edges.min()), float(edges.max())
    if low < high:
        return low, high
    margin = max(abs(low) * 1e-3, 1e-6)
    return low - margin, high + margin


def _rebinned(histogram: Histogram, low: float, high: float) -> Array:
    """A histogram in equal bins, the mass of each bucket spread evenly; the highest bin is 1.

    A bucket whose edge is NaN is nowhere.
    """
    known = ~(np.isnan(histogram.left) | np.isnan(histogram.right))
    count = histogram.count[known]
    if not count.sum():
        return np.zeros(HISTOGRAM_BINS)
    left, right = (
        np.clip(side[known], -_FARTHEST, _FARTHEST) for side in (histogram.left, histogram.right)
    )
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    # A bucket of no width would be a jump in the cumulated mass, which np.interp does not take.
    width = (high - low) * 1e-9
    right = np.maximum(right, left + width)
    knots = np.maximum.accumulate(np.stack([left, right], axis=1).reshape(-1))
    mass = np.cumsum(count / count.sum())
    cumulated = np.stack([np.r_[0.0, mass[:-1]], mass], axis=1).reshape(-1)
    share = np.diff(np.interp(edges, knots, cumulated))
    peak = share.max()
    return np.asarray(share / peak) if peak > 0 else share


# In the order of the page.
SECTIONS: dict[str, Section] = {
    "images": Section("Images", "image", 12, _image_item),
    "text": Section("Text", "text", 30, _text_item),
    "histograms": Section("Histograms", "histogram", 60, _histogram_item, _finished_histograms),
    "pr_curves": Section("Precision-recall curves", "pr_curve", 30, _pr_curve_item),
    "audio": Section("Audio", "audio", 6, _audio_item),
}
