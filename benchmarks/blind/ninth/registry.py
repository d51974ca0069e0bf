"""How a family of the ninth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="ninth")
labelled = functools.partial(runs.labelled, part="ninth")
