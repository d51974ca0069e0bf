"""How a family of the fifth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="fifth")
labelled = functools.partial(runs.labelled, part="fifth")
