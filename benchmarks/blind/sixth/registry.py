"""How a family of the sixth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="sixth")
labelled = functools.partial(runs.labelled, part="sixth")
