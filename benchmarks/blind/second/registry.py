"""How a family of the second set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="second")
labelled = functools.partial(runs.labelled, part="second")
