"""How a family of the thirteenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="thirteenth")
labelled = functools.partial(runs.labelled, part="thirteenth")
