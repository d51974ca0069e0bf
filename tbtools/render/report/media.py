"""What is no scalar, for the page: images, audio, text, histograms and precision-recall curves.

Each function gives a list of series, one a run and tag, as dicts that JSON can hold: ``run``,
``tag``, ``n`` (how many values the event files have), ``steps`` (of those that are shown) and what
is shown of each. A payload that cannot be decoded is told in ``undecodable``, and the page goes on.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.render.report.markdown import markdown_to_html
from tbtools.render.report.payloads import some_values
from tbtools.runs.plugins.audio import sounds
from tbtools.runs.plugins.histograms import histogram
from tbtools.runs.plugins.images import images
from tbtools.runs.plugins.text import text_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tbtools.render.report.columns import Columns
    from tbtools.runs.plugins.histograms import Histogram
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

    Array = np.ndarray[Any, Any]

# Steps of each series that a page shows.
STEPS = {"images": 12, "audio": 6, "text": 30, "histograms": 60, "pr_curves": 30}
HISTOGRAM_BINS = 48
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


@dataclass
class _Series:
    run: str
    tag: str
    n: int
    steps: list[int] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)
    undecodable: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        told = {"undecodable": self.undecodable} if self.undecodable else {}
        return {
            "run": self.run,
            "tag": self.tag,
            "n": self.n,
            "steps": self.steps,
            "items": self.items,
        } | told


def _series(
    source: MediaSource, plugin: str, decode: Callable[[StoredValue], Any]
) -> list[dict[str, Any]]:
    """One series a run and tag; `decode` makes the item of a value, or None to leave it out."""
    found = []
    for name, run in source.runs.items():
        for count, values in some_values(run, plugin, STEPS[plugin], source.selection):
            series = _Series(name, values[0].tag, count)
            for value in values:
                try:
                    item = decode(value)
                except UndecodablePayload as error:
                    series.undecodable.append(f"step {value.step}: {error}")
                    continue
                if item is not None:
                    series.steps.append(value.step)
                    series.items.append(item)
            found.append(series.to_dict())
    return found


def _data_uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def image_series(source: MediaSource, budget: Budget) -> list[dict[str, Any]]:
    """Images: each item is a list of pictures, ``[data URI, width, height]``."""

    def decode(value: StoredValue) -> list[list[Any]] | None:
        pictures = images(value)
        for picture in pictures:
            if picture.format not in _MIME:
                raise UndecodablePayload(f"{len(picture.data)} bytes that are no known picture")
        if not budget.takes(sum(len(picture.data) for picture in pictures)):
            return None
        return [
            [_data_uri(f"image/{picture.format}", picture.data), picture.width, picture.height]
            for picture in pictures
        ]

    return _series(source, "images", decode)


def audio_series(source: MediaSource, budget: Budget) -> list[dict[str, Any]]:
    """Audio: each item is a list of sounds, ``[data URI, seconds, label]``."""

    def decode(value: StoredValue) -> list[list[Any]] | None:
        found = sounds(value)
        for sound in found:
            if sound.data[:4] != b"RIFF" or sound.data[8:12] != b"WAVE":
                raise UndecodablePayload(f"{len(sound.data)} bytes that are no WAV file")
        if not budget.takes(sum(len(sound.data) for sound in found)):
            return None
        return [[_data_uri("audio/wav", sound.data), sound.seconds, sound.label] for sound in found]

    return _series(source, "audio", decode)


def text_series(source: MediaSource) -> list[dict[str, Any]]:
    """Text: each item is HTML that is safe to show."""
    return _series(source, "text", _text_html)


def _text_html(value: StoredValue) -> str:
    text = text_frame([value])["text"].iloc[0]
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


def pr_curve_series(source: MediaSource, columns: Columns) -> list[dict[str, Any]]:
    """Precision-recall curves: each item is ``[recall, precision]``, numbers of arrays."""
    from tbtools.runs.plugins.pr_curves import pr_curves_frame

    def decode(value: StoredValue) -> list[int]:
        curve = pr_curves_frame([value])
        return [columns.rough(curve[name].to_numpy()) for name in ("recall", "precision")]

    return _series(source, "pr_curves", decode)


def histogram_series(source: MediaSource, columns: Columns) -> list[dict[str, Any]]:
    """Histograms: ``quantiles`` and ``density`` are numbers of arrays.

    Returns:
        Beside the keys of all series: ``quantiles`` (TensorBoard's nine, steps by 9), ``low`` and
        ``high`` (what the bins span, equally wide), ``bins`` (how many), ``density`` (steps by
        bins, 0 to 255, of 255 the highest of the step).
    """
    found = _series(source, "histograms", histogram)
    return [_encoded(series, columns) for series in found if series["items"]]


def _encoded(series: dict[str, Any], columns: Columns) -> dict[str, Any]:
    histograms = series.pop("items")
    quantiles = np.stack([each.quantiles() for each in histograms])
    low, high = _span(histograms)
    density = np.stack([_rebinned(each, low, high) for each in histograms])
    return series | {
        "quantiles": columns.rough(quantiles.reshape(-1)),
        "low": low,
        "high": high,
        "bins": HISTOGRAM_BINS,
        "density": columns.bytes(np.rint(255 * density).astype(np.uint8).reshape(-1)),
    }


def _span(histograms: list[Histogram]) -> tuple[float, float]:
    """What the bins of a series span: all its finite edges, never nothing."""
    edges = np.concatenate([np.empty(0), *(np.r_[each.left, each.right] for each in histograms)])
    edges = edges[np.abs(edges) < 1e300]
    if not edges.size:
        return 0.0, 1.0
    low, high = float(edges.min()), float(edges.max())
    if low < high:
        return low, high
    margin = max(abs(low) * 1e-3, 1e-6)
    return low - margin, high + margin


def _rebinned(histogram: Histogram, low: float, high: float) -> Array:
    """A histogram in equal bins, the mass of each bucket spread evenly; the highest bin is 1."""
    if not histogram.count.sum():
        return np.zeros(HISTOGRAM_BINS)
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    # A bucket of no width would be a jump in the cumulated mass, which np.interp does not take.
    width = (high - low) * 1e-9
    right = np.maximum(histogram.right, histogram.left + width)
    knots = np.maximum.accumulate(np.stack([histogram.left, right], axis=1).reshape(-1))
    mass = np.cumsum(histogram.count / histogram.count.sum())
    cumulated = np.stack([np.r_[0.0, mass[:-1]], mass], axis=1).reshape(-1)
    share = np.diff(np.interp(edges, knots, cumulated))
    peak = share.max()
    return np.asarray(share / peak) if peak > 0 else share
