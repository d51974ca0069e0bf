"""How a family of the twelfth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="twelfth")
labelled = functools.partial(runs.labelled, part="twelfth")
