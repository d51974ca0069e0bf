"""How a family of the third set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="third")
labelled = functools.partial(runs.labelled, part="third")
