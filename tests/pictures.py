"""Pictures of figures, by as few Chromes as are needed to know that each is drawn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_browser() -> Iterator[None]:
    """The first picture is by a Chrome of its own, as users have them; the others share another."""
    import kaleido

    draw, pictures = kaleido.calc_fig_sync, 0

    def draw_by_one(figure: Any, opts: Any, kopts: Any) -> bytes:
        nonlocal pictures
        pictures += 1
        if pictures == 1:
            return draw(figure, opts=opts, kopts=kopts)
        kaleido.start_sync_server(**kopts, silence_warnings=True)
        return draw(figure, opts=opts)

    if not hasattr(kaleido, "start_sync_server"):  # before 1.1
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kaleido, "calc_fig_sync", draw_by_one)
        yield
    kaleido.stop_sync_server(silence_warnings=True)
