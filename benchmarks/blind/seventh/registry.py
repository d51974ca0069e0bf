"""How a family of the seventh set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="seventh")
labelled = functools.partial(runs.labelled, part="seventh")
