"""How results show themselves: `plot` and what a notebook displays.

Runs and results know nothing of figures and HTML, which the layer `render` makes. A result inherits
from `Shown`, which looks its renderer up here by its type; `tbtools/render/shown.py` is the table
that registers them all. It is imported when the first result is shown, by the loader that
``tbtools/__init__.py`` sets: the package itself is the only module that knows all layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from tbtools.errors import UnsupportedType

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go


class Renderer(NamedTuple):  # dataclasses are as slow to import as all else of `import tbtools`
    """What shows the results of one type.

    Attributes:
        plot: Makes a figure of a result and of the arguments of its method `plot`; None where the
            type has none.
        html: Makes what a notebook displays; None where the type brings its own.
        best: Ranks its runs, where it has any, with the arguments of its method `best`.
        hparams: Makes the table of their hyperparameters and what their metrics have reached.
        write: Carries a plan out, into the directory that is given.
        found: Says what kinds of findings runs have, by name; None of those not judged.
    """

    plot: Callable[..., go.Figure] | None = None
    html: Callable[[Any], str] | None = None
    best: Callable[..., Any] | None = None
    hparams: Callable[..., Any] | None = None
    write: Callable[..., object] | None = None
    found: Callable[[Mapping[str, Any]], Mapping[str, frozenset[str] | None]] | None = None


_renderers: dict[type, Renderer] = {}
_loaders: list[Callable[[], object]] = []


def register_renderer(result: type, renderer: Renderer) -> None:
    """Says what shows the results of a type, and of types derived from it."""
    _renderers[result] = renderer


def load_renderers_by(loader: Callable[[], object]) -> None:
    """Sets what is called, once, before the first result is shown: it registers the renderers."""
    _loaders.append(loader)


def renderer_of(result: object) -> Renderer:
    """What shows a result.

    Raises:
        UnsupportedType: Nothing does.
    """
    while _loaders:
        _loaders[0]()
        del _loaders[0]
    for each in type(result).__mro__:
        if each in _renderers:
            return _renderers[each]
    raise UnsupportedType(f"{type(result).__name__} has no figure and no display")


def html_of(result: object) -> str:
    """What a notebook displays of a result.

    Raises:
        UnsupportedType: It has no display.
    """
    renderer = renderer_of(result)
    if renderer.html is None:
        raise UnsupportedType(f"{type(result).__name__} has no display")
    return renderer.html(result)


def frame_of(about: dict[str, Any], rows: str, columns: Sequence[str]) -> pd.DataFrame:
    """The rows of a result as a frame, whose `attrs` have the rest.

    Args:
        about: The result's `to_dict`; the rows are taken out.
        rows: Its key of them.
        columns: Their keys, also where there is no row.
    """
    import pandas as pd

    frame = pd.DataFrame(about.pop(rows), columns=list(columns))
    frame.attrs |= about
    return frame


class _HasFrame(Protocol):
    def to_frame(self) -> pd.DataFrame: ...


class Completed:
    """Offers by completion what users look for, and not what tbtools' own modules work on."""

    __slots__ = ()
    _plumbing: ClassVar[frozenset[str]] = frozenset()

    def __dir__(self) -> list[str]:
        """The names without those of the plumbing."""
        return sorted(set(super().__dir__()) - self._plumbing)


class Tabled(Completed):
    """Shows a result in notebooks as the table that it makes."""

    __slots__ = ()

    def _repr_html_(self: _HasFrame) -> str:
        """The frame, for notebooks."""
        return self.to_frame().to_html(max_rows=20, show_dimensions=True, escape=True)


class Planned(Tabled):
    """What is to be written, and can be looked at before."""

    __slots__ = ()

    def write(self, directory: str | os.PathLike[str]) -> None:
        """Carries it out, as `tbtools.write` does."""
        writer = renderer_of(self).write
        assert writer is not None
        writer(self, directory)


class Shown(Completed):
    """Gives a result `plot` and a display in notebooks."""

    __slots__ = ()

    def plot(self, *args: Any, **options: Any) -> go.Figure:
        """A Plotly figure of it.

        A run and an experiment take the arguments of `tbtools.plot`: tags, steps, x, smoothing,
        method, log, findings, objectives, columns, style. Findings and a diff take only style; an
        aggregate takes middle, columns, style and labels.
        """
        draw = renderer_of(self).plot
        assert draw is not None
        return draw(self, *args, **options)

    def _repr_html_(self) -> str:
        """What a notebook displays."""
        return html_of(self)
