"""How a family of the eighteenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="eighteenth")
labelled = functools.partial(runs.labelled, part="eighteenth")
