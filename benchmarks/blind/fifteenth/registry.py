"""How a family of the fifteenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="fifteenth")
labelled = functools.partial(runs.labelled, part="fifteenth")
