"""How a family of the nineteenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="nineteenth")
labelled = functools.partial(runs.labelled, part="nineteenth")
