"""The file of a page, and the script beside it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from tbtools.render.files import replaced_whole
from tbtools.render.report.page import PLOTLY_FILE, plotly_js, render_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tbtools.render.report.data import PageData
    from tbtools.render.report.page import PlotlyJs

# As `page_data` and `render_page` have them, near the beginning of the page.
_LIVE = re.compile(r'"live":[0-9.]+')
_VERSION = 'data-version="'


def write_page(
    path: str | os.PathLike[str], data: PageData, plotlyjs: PlotlyJs, *, force: bool
) -> int:
    """Writes the page, and the script beside it; says how many bytes the page has."""
    size = _write(path, render_page(data, plotlyjs), force=force)
    if plotlyjs == "directory" and os.fspath(path) != "-":
        _put_plotly_beside(Path(path), force=force)
    return size


def settle_page(path: str | os.PathLike[str]) -> None:
    """Makes of a page that waits for the next one one that does not."""
    text = Path(path).read_text("utf-8", "surrogateescape")
    settled = _LIVE.sub('"live":null', text, count=1)
    if settled != text:
        _write(path, [settled.replace(_VERSION, f"{_VERSION}last-", 1)], force=True)


def is_plotly(path: Path) -> bool:
    """Whether the file is the script that would be written there."""
    return path.is_file() and path.read_bytes() == plotly_js().encode()


def _put_plotly_beside(path: Path, *, force: bool) -> None:
    """Several pages of one directory share the script; it is written when it is not there yet."""
    beside = path.parent / PLOTLY_FILE
    if not is_plotly(beside):
        _write(beside, [plotly_js()], force=force)


def _write(path: str | os.PathLike[str], texts: Iterable[str], *, force: bool) -> int:
    """Writes texts, one behind the other, and says how many bytes they have."""
    size = 0
    with replaced_whole(path, force=force) as opened:
        for text in texts:
            cast("IO[str]", opened).write(text)
            size += len(text if text.isascii() else text.encode("utf-8", "backslashreplace"))
    return size
