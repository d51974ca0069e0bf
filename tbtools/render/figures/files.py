"""Figures as PNG, SVG and PDF, by kaleido and a Chrome."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tbtools.errors import InvalidArgument, MissingBrowser, MissingExtra, UnsupportedType
from tbtools.eventfile.source import as_path
from tbtools.render.files import replaced_whole, require_free
from tbtools.vocabulary import PICTURE_FORMATS

if TYPE_CHECKING:
    import os
    from typing import IO

    import plotly.graph_objects as go

    from tbtools.vocabulary import PictureFormat

# A figure without a width of its own gets that of a page in landscape; PNG has twice the pixels.
_WIDTH = 1100
_SCALE = 2


def write_figure(
    figure: go.Figure, path: str | os.PathLike[str], kind: PictureFormat, *, force: bool = False
) -> None:
    """Writes a figure as a picture.

    Args:
        figure: The figure.
        path: The file; ``-`` for standard output.
        kind: ``png``, ``svg`` or ``pdf``.
        force: Whether a file that is there may be replaced.

    Raises:
        InvalidArgument: There is no such kind of picture.
        UnsupportedType: It is no figure.
        FileError: It cannot be written there.
        MissingExtra: kaleido is not installed.
        MissingBrowser: There is no Chrome for it, or none that starts.
        OutputExists: There is a file, and `force` does not allow to replace it.
    """
    if kind not in PICTURE_FORMATS:
        raise InvalidArgument(f"kind={kind!r} is none of {', '.join(PICTURE_FORMATS)}")
    if as_path(path) != "-":
        require_free(path, force=force)
    data = _picture(figure, kind)
    with replaced_whole(path, force=force, binary=True) as opened:
        cast("IO[bytes]", opened).write(data)


def _picture(figure: go.Figure, kind: PictureFormat) -> bytes:
    try:
        import kaleido
        from kaleido.errors import BrowserClosedError, BrowserFailedError, ChromeNotFoundError
    except ImportError as error:
        raise MissingExtra(f"writing a figure as {kind}", "image") from error
    from plotly.graph_objects import Figure

    if not isinstance(figure, Figure):
        raise UnsupportedType(f"{type(figure).__name__} is no figure")
    width = figure.layout.width or _WIDTH
    try:
        data: bytes = kaleido.calc_fig_sync(
            figure.to_dict(),
            opts={
                "format": kind,
                "width": width,
                "height": figure.layout.height,
                "scale": _SCALE if kind == "png" else 1,
            },
            kopts={"mathjax": False},  # or it would be fetched
        )
    except ChromeNotFoundError as error:
        raise MissingBrowser(f"writing a figure as {kind}") from error
    except (BrowserClosedError, BrowserFailedError) as error:
        raise MissingBrowser(
            f"writing a figure as {kind}", str(error.args[0]).rstrip(".")
        ) from error
    return data
