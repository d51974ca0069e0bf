"""What calls leave in memory."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tbtools

if TYPE_CHECKING:
    from collections.abc import Callable


def held_after(call: Callable[[], Any]) -> tuple[Any, int]:
    """Makes a call; gives its result, and the bytes that tbtools holds then and did not before.

    Threads of other tests, too, take memory meanwhile, which does not count.
    """
    tracemalloc.start(8)
    try:
        result = call()
        gc.collect()
        ours = tracemalloc.Filter(True, f"{Path(tbtools.__file__).parent}/*", all_frames=True)
        traces = tracemalloc.take_snapshot().filter_traces([ours]).traces
    finally:
        tracemalloc.stop()
    return result, sum(each.size for each in traces)
