"""What the charts show: scalars, and histograms, pictures, texts and hyperparameters of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tbtools.errors import MissingExtra, UndecodablePayload
from tbtools.eventfile.discover import natural_key
from tbtools.runs.plugins.payloads import stored_values
from tbtools.runs.scalars import read_scalars_of, read_superseded_of
from tbtools.runs.selection import Selection, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run
    from tbtools.runs.series import ScalarSeries

# What the charts can show, in the order of the key.
VIEWS = ("scalars", "histograms", "images", "text", "hparams")
# Views of what lies in the files, read when it is looked at: so many of each tag, evenly spread.
_MOST = {"histograms": 100, "images": 12, "text": 50}
# Pixels either way: no terminal shows more in half blocks.
_PICTURE = 320
# Nor so many lines of a text.
_LINES = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the screen shows, and so has to be read.

    Attributes:
        view: One of `VIEWS`.
        keys: Runs and tags.
        axis: The tag that lies along the x axis; None for none.
        superseded: Whether points are shown that restarts have superseded.
    """

    view: str = "scalars"
    keys: tuple[tuple[str, str], ...] = ()
    axis: str | None = None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """A scalar of a run as it is to be drawn.

    Attributes:
        series: Its points.
        axis: The scalar that lies along the x axis; None where it is none, or the run has it not.
        superseded: The points that restarts have superseded; None where none are to be shown.
    """

    series: ScalarSeries
    axis: ScalarSeries | None = None
    superseded: ScalarSeries | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """Some values of a tag that is no scalar.

    Attributes:
        count: How many there are in all.
        steps: Their steps, in the order written.
        contents: Histograms, pixels (uint8, shape (height, width, 3)) or texts.
        trouble: Why some cannot be shown; "" where all can.
    """

    count: int
    steps: tuple[int, ...]
    contents: tuple[Any, ...]
    trouble: str = ""

    def at(self, step: float | None) -> int:
        """The place of the sample nearest to a step; the last one where none is given."""
        if step is None:
            return len(self.steps) - 1
        return min(range(len(self.steps)), key=lambda place: abs(self.steps[place] - step))


def curves_of(run: Run, tags: list[str], wanted: Wanted) -> dict[str, Curve]:
    """The scalars of some tags, with what is drawn of them besides."""
    named = tuple({*tags, *([wanted.axis] if wanted.axis else [])})
    found = read_scalars_of(run, Selector(Selection(tags=named))).series
    axis = found.get(wanted.axis) if wanted.axis else None
    return {
        tag: Curve(found[tag], axis, read_superseded_of(run, tag) if wanted.superseded else None)
        for tag in tags
        if tag in found
    }


def tags_by_view(run: Run) -> dict[str, dict[str, int]]:
    """The tags of a run that views of files show, with how many values each has."""
    found: dict[str, dict[str, int]] = {view: {} for view in _MOST}
    for part in run.data.parts:
        for each in part.columns.series:
            if each.count and each.plugin in found:
                found[each.plugin][part.shown_tag(each.tag)] = each.count
    return {
        view: {tag: counts[tag] for tag in sorted(counts, key=natural_key)}
        for view, counts in found.items()
    }


def read_samples(run: Run, view: str, tag: str, count: int) -> Samples:
    """Some values of a tag, evenly spread over all, the last among them."""
    steps, contents, trouble = [], [], ""
    try:
        for value in stored_values(run.data.parts, view, tag, most=_MOST[view]):
            try:
                contents.append(_DECODED[view](value))
                steps.append(value.step)
            except (UndecodablePayload, MissingExtra) as error:
                trouble = str(error)
    except UndecodablePayload as error:  # the file is another one now, or cannot be read
        trouble = str(error)
    return Samples(count, tuple(steps), tuple(contents), trouble)


def hparams_of(run: Run) -> Mapping[str, Any]:
    """The hyperparameters of a run; none where they cannot be read, which is told elsewhere."""
    try:
        return dict(run.hparams)
    except UndecodablePayload:
        return {}


def _histogram(value: StoredValue) -> Any:
    from tbtools.runs.plugins.histograms import histogram

    return histogram(value)


def _picture(value: StoredValue) -> Any:
    from tbtools.render.terminal.picture import small_picture
    from tbtools.runs.plugins.images import images

    pictures = images(value)
    if not pictures:
        raise UndecodablePayload(f"{value.tag}: no picture at step {value.step}")
    return small_picture(pictures[0].to_pil(), _PICTURE)


def _text(value: StoredValue) -> str:
    from tbtools.runs.plugins.text import text_lines

    return "\n".join(text_lines(value)[:_LINES])


_DECODED: dict[str, Callable[[StoredValue], Any]] = {
    "histograms": _histogram,
    "images": _picture,
    "text": _text,
}
