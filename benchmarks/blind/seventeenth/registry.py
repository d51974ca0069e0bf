"""How a family of the seventeenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="seventeenth")
labelled = functools.partial(runs.labelled, part="seventeenth")
