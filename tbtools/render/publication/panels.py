"""What a figure shows: charts of curves, as plain numbers that every format draws alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.render.colors import RUN_COLORS
from tbtools.render.format import format_count, format_time, plural, printable
from tbtools.render.publication.styles import DASHES
from tbtools.render.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.render.publication.labels import Label, Labels

    Floats = NDArray[np.float64]

# A column of a page, 3.3 inches, has 990 dots at 300 to the inch.
_MOST_POINTS = 1000
# So many pairs of a colour and a dash there are before the first comes again.
MOST_CURVES = int(np.lcm(len(RUN_COLORS), len(DASHES)))
_MOST_PANELS = 12
_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line, and the band around it.

    Attributes:
        label: What it is called.
        style: The number of its colour and dash, below `MOST_CURVES`.
        x: float64, shape (n,).
        y: float64, shape (n,); where it is not finite, the line has a gap.
        low: The lower end of the band, shape (n,); None where there is none.
        high: The upper end.
    """

    label: Label
    style: int
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One chart.

    Attributes:
        title: What it is of.
        curves: From the back to the front.
        y_ticks: Where ticks stand and what they say; none for those that the axis chooses.
        y_label: What the ticks are; None for the title.
        is_ridges: Whether the bands hide what lies behind them.
    """

    title: Label
    curves: tuple[Curve, ...]
    y_ticks: tuple[tuple[float, str], ...] = ()
    y_label: Label | None = None
    is_ridges: bool = False


@dataclass(slots=True)
class Drawing:
    """A figure before it is drawn.

    Attributes:
        panels: Its charts.
        x_label: What lies along all x axes.
        caption: What lines and bands are, in words.
        notes: What a reader should know of it: what is left out, and why.
        log: Whether the y axes are logarithmic.
    """

    panels: list[Panel]
    x_label: Label
    caption: str = ""
    notes: list[str] = field(default_factory=list)
    log: bool = False

    @property
    def legend(self) -> list[Curve]:
        """One curve for each label, where there are several."""
        curves = {
            each.label: each
            for panel in self.panels
            if not panel.is_ridges
            for each in panel.curves
        }
        return list(curves.values()) if len(curves) > 1 else []

    def note_legend(self, share: float) -> None:
        """Notes that a legend leaves the charts less than it takes.

        Args:
            share: How much of the figure's height it takes.
        """
        if share > 0.5:
            self.notes.append(
                f"the legend takes {share:.0%} of the height: choose runs, group them, say their "
                "names shorter with labels, or give a higher size"
            )


@dataclass(frozen=True, slots=True, eq=False)
class RawCurve:
    """A curve as the logs have it: under its names, with all its points."""

    tag: str
    name: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None


def drawing_of(
    curves: Sequence[RawCurve], labels: Labels, *, x: str, caption: str, log: bool
) -> Drawing:
    """Puts curves into charts, a chart a tag.

    Args:
        curves: The curves, those of the first chart first.
        labels: What names are called.
        x: The axis.
        caption: What lines and bands are.
        log: Whether the y axes are logarithmic.

    Raises:
        InvalidArgument: There are more than can be told apart.
    """
    tags = list(dict.fromkeys(each.tag for each in curves))
    names = list(dict.fromkeys(each.name for each in curves))
    if len(tags) > _MOST_PANELS:
        raise InvalidArgument(
            f"{len(tags)} tags are more charts than a figure holds ({_MOST_PANELS}); choose tags"
        )
    if len(names) > MOST_CURVES:
        raise InvalidArgument(
            f"nobody tells {len(names)} lines apart ({MOST_CURVES} at most); choose runs, or "
            "group them"
        )
    notes: list[str] = []
    places, x_label = _axis([each.x for each in curves], x, labels)
    panels: dict[str, list[Curve]] = {tag: [] for tag in tags}
    for each, at in zip(curves, places, strict=True):
        kept = _worth_drawing(each, notes)
        shown = _above_zero(each, notes) if log else each
        low, high = (None if end is None else end[kept] for end in (shown.low, shown.high))
        label = labels.of(each.name)
        panels[each.tag].append(
            Curve(label, names.index(each.name), at[kept], shown.y[kept], low, high)
        )
    charts = [Panel(labels.of(tag), tuple(those)) for tag, those in panels.items()]
    return Drawing(charts, x_label, caption, notes, log)


def _worth_drawing(curve: RawCurve, notes: list[str]) -> NDArray[np.int64]:
    """Which points are drawn: all of them, or those that make the line look the same."""
    name = f"{printable(curve.tag)} of {printable(curve.name)}"
    gaps = int((~np.isfinite(curve.y)).sum())
    if gaps:
        notes.append(f"{name}: {plural(gaps, 'point')} not finite, where the line has gaps")
    parts = [part for part in (curve.y, curve.low, curve.high) if part is not None]
    kept: NDArray[np.int64] = np.unique(
        np.concatenate([thin(part, _MOST_POINTS) for part in parts])
    )
    if kept.size < curve.y.size:
        notes.append(
            f"{name}: {format_count(kept.size)} of {plural(curve.y.size, 'point')} drawn, "
            "the extremes among them"
        )
    return kept


def _above_zero(curve: RawCurve, notes: list[str]) -> RawCurve:
    """What a logarithmic axis has of a curve: the band is cut at the least value above 0."""
    name = f"{printable(curve.tag)} of {printable(curve.name)}"
    parts = [part for part in (curve.y, curve.low, curve.high) if part is not None]
    values = np.concatenate(parts)
    least = values[np.isfinite(values) & (values > 0)].min(initial=np.inf)
    hidden = int((curve.y <= 0).sum())
    if hidden:
        notes.append(f"{name}: {plural(hidden, 'point')} of 0 or less, not on a logarithmic axis")
    low, high = curve.low, curve.high
    if low is not None and high is not None and (low <= 0).any():
        notes.append(f"{name}: the band is cut where it reaches 0, on a logarithmic axis")
        low = np.where(low <= 0, least, low)
        low, high = (np.where(high <= 0, np.nan, end) for end in (low, high))
    return replace(curve, y=np.where(curve.y > 0, curve.y, np.nan), low=low, high=high)


def _axis(places: Sequence[Floats], x: str, labels: Labels) -> tuple[list[Floats], Label]:
    """Where points lie, times in the unit that suits them, and what the axis is called."""
    if x not in ("relative", "active", "wall"):
        return list(places), labels.of(x)
    known = np.concatenate([each[np.isfinite(each)] for each in places] or [np.empty(0)])
    start = float(known.min()) if x == "wall" and known.size else 0.0
    longest = float(known.max()) - start if known.size else 0.0
    per, unit = (
        (_HOUR, "h") if longest > 2 * _HOUR
        else (_MINUTE, "min") if longest > 2 * _MINUTE
        else (1.0, "s")
    )  # fmt: skip
    since = f" since {format_time(start)}" if x == "wall" else ""
    words = {"relative": "time", "active": "time in training", "wall": "time"}[x]
    return [(each - start) / per for each in places], labels.of(x, f"{words}{since} ({unit})")
