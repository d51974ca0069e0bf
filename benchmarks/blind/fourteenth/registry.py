"""How a family of the fourteenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="fourteenth")
labelled = functools.partial(runs.labelled, part="fourteenth")
