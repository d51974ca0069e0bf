"""How a family of the sixteenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="sixteenth")
labelled = functools.partial(runs.labelled, part="sixteenth")
