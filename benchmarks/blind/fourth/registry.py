"""How a family of the fourth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="fourth")
labelled = functools.partial(runs.labelled, part="fourth")
