"""How a family of the eighth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="eighth")
labelled = functools.partial(runs.labelled, part="eighth")
