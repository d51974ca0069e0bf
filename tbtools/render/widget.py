"""A chart in a notebook's cell, with the controls of the page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, get_args

from tbtools.errors import InvalidArgument
from tbtools.render.extras import require_packages, require_report_extra
from tbtools.render.report.write import page_text
from tbtools.runs.numbers import is_number
from tbtools.runs.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.selection import Globs
    from tbtools.vocabulary import Objective

Theme = Literal["auto", "light", "dark"]
# A chart, the settings above it, and the list of runs beside it, in pixels.
_HEIGHT = 480
_NOT_SAVED = (
    "Charts of tbtools.widget: run the cell to draw them; JupyterLab keeps them in the notebook "
    "where Settings > Save Widget State Automatically is on"
)


def widget(
    x: RunsLike,
    tags: Globs = None,
    *,
    steps: Steps = None,
    smoothing: float | None = None,
    objectives: Mapping[str, Objective] | None = None,
    group: str | Sequence[str] | None = None,
    theme: Theme = "auto",
    height: int = _HEIGHT,
) -> Any:
    """Charts in a notebook's cell, with the controls that they have on the page of `report`.

    The page stands in a frame of its own, which reaches nothing of the notebook, and fetches
    nothing.

    Args:
        x: A path, a `Run`, an `Experiment`, or several of them.
        tags: Names or globs; all tags where not given.
        steps: First and last step, both included; None for no bound.
        smoothing: As for `report`.
        objectives: Which way is better, by glob over tags.
        group: Which runs repeat one another, as for `report`.
        theme: ``light``, ``dark``, or ``auto`` for that of the notebook.
        height: Of the cell, in pixels.

    Returns:
        A widget of `anywidget`; its ``page`` is the HTML.

    Raises:
        NoEventFiles: There is nothing to read, or not one event could be read.
        UnknownTag: A tag or glob matches no tag of any run.
        MissingExtra: The extra ``widget`` is not installed.
        InvalidArgument: `theme` or `height` is none of what they may be, or what `report` says.
    """
    if theme not in get_args(Theme):
        raise InvalidArgument(f"theme is {theme!r}, not one of {', '.join(get_args(Theme))}")
    if not (is_number(height) and 0 < height < 10_000):
        raise InvalidArgument(f"height is {height!r}, not 1 to 9,999 pixels")
    require_report_extra("a widget")
    require_packages("a widget", "widget", "anywidget")
    page = page_text(
        x,
        selection=Selection.of(tags, steps),
        smoothing=smoothing,
        objectives=objectives,
        group=group,
        media_bytes=0,
    )
    return _widget_class()(page=page, theme=theme, height=int(height))


@cache
def _widget_class() -> type[Any]:
    import anywidget
    import traitlets

    class PageWidget(anywidget.AnyWidget):
        """A page in a frame."""

        _esm = files("tbtools.render.report").joinpath("assets", "widget.js").read_text("utf-8")
        page = traitlets.Unicode().tag(sync=True)
        theme = traitlets.Unicode("auto").tag(sync=True)
        height = traitlets.Int(_HEIGHT).tag(sync=True)
        # What is chosen on the page, as in its address: saved with the notebook.
        choices = traitlets.Unicode("").tag(sync=True)

        def __repr__(self) -> str:
            """What is shown where there is no widget: most notebooks do not save them."""
            return _NOT_SAVED

    return PageWidget
