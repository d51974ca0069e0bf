"""A figure in a notebook that follows what is watched."""

from __future__ import annotations

import html
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from tbtools.analysis.main_objective import rank_objectives
from tbtools.errors import InvalidArgument, MissingPackage
from tbtools.eventfile.discover import natural_key
from tbtools.live.lines import event_cells
from tbtools.render.extras import require_report_extra
from tbtools.runs.selection import as_globs, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tbtools.live.events import Event
    from tbtools.live.watch import Watch
    from tbtools.runs.selection import Globs

# So many of the last events stand below the figure.
_MOST_EVENTS = 8
# Drawing takes at most a quarter of the time.
_PAUSE_OF_DRAWING = 3.0


class LiveFigure:
    """A figure of `tbtools.plot` that is drawn again, in its place, as runs grow.

    It is a callback of `tbtools.watch`, which shows it as soon as there is a point, with the last
    events below, and brings it up to date after each look that found something new:

        tbtools.watch("logs/", until="finished", callback=tbtools.LiveFigure("val/loss"))

    Args:
        tags: Names or globs; the tag that tells most of how good the runs are where not given.
        options: As for `tbtools.plot`.

    Raises:
        MissingExtra: The extra ``report`` is not installed.
        MissingPackage: There is no IPython.
        InvalidArgument: This is no notebook.
    """

    def __init__(self, tags: Globs = None, **options: Any) -> None:
        require_report_extra("a figure")
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError as error:
            raise MissingPackage("LiveFigure draws in a notebook", "ipython") from error
        if get_ipython() is None:
            raise InvalidArgument("LiveFigure draws in a notebook, and this is none")
        self._display: Callable[..., Any] = display
        self._tags = as_globs(tags)
        self._options = options
        self._events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        self._handles: dict[str, Any] = {}
        self._is_stale = False
        self._next = 0.0

    def __call__(self, event: Event) -> None:
        """Takes note of an event."""
        self._events.append(event)
        self._is_stale = True

    def follow(self, watch: Watch) -> None:
        """Draws between the looks of a watch, and at its end."""
        sleep = watch.sleep

        def draw_and_sleep(seconds: float) -> None:
            self._is_stale |= bool(watch.follower.changed)
            if self._is_stale and time.monotonic() >= self._next:
                self.draw(watch)
            sleep(seconds)

        watch.sleep = draw_and_sleep

    def draw(self, watch: Watch) -> None:
        """Draws what there is now; nothing as long as there is no point."""
        from tbtools.render.figures.scalars import plot

        begun = time.monotonic()
        self._is_stale = False
        points = _points(watch)
        tags = self._chosen(points, watch)
        drawn = [watch.follower.runs[name].run for name in points if points[name].keys() & tags]
        if drawn:
            figure = plot(drawn, sorted(tags, key=natural_key), **self._options)
            # Displayed as an object, it would not take the place of what was there.
            self._show("figure", figure._repr_mimebundle_())
        self._show("events", {"text/html": _table(self._events)})
        now = time.monotonic()
        self._next = now + _PAUSE_OF_DRAWING * (now - begun)

    def _chosen(self, points: Mapping[str, Mapping[str, int]], watch: Watch) -> set[str]:
        """The tags that are drawn, of those that there are."""
        known = sorted({tag for own in points.values() for tag in own}, key=natural_key)
        if self._tags:
            return set(choose(known, self._tags))
        ranked = rank_objectives(points, watch.follower.objectives).ranked
        return {*ranked[:1]} or {*known[:1]}

    def _show(self, name: str, what: Mapping[str, object]) -> None:
        """Shows something below what is there, or in the place of what it was before."""
        if name in self._handles:
            self._handles[name].update(what, raw=True)
        else:
            self._handles[name] = self._display(what, display_id=True, raw=True)


def _points(watch: Watch) -> dict[str, dict[str, int]]:
    """The scalars of the runs that are watched, and how many points each has."""
    return {
        name: {each.tag: each.count for each in followed.statistics if each.last is not None}
        for name, followed in watch.follower.runs.items()
        if followed.is_watched
    }


def _table(events: deque[Event]) -> str:
    """The last events, a line each; names in them are strangers'."""
    lines = (html.escape("".join(text for text, _ in event_cells(each))) for each in events)
    return f"<pre>{'<br>'.join(lines)}</pre>"
