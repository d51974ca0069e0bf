"""How a family of the eleventh set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="eleventh")
labelled = functools.partial(runs.labelled, part="eleventh")
