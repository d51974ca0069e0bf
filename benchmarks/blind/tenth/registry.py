"""How a family of the tenth set is registered."""

from __future__ import annotations

import functools

from benchmarks.blind import runs

healthy = functools.partial(runs.healthy, part="tenth")
labelled = functools.partial(runs.labelled, part="tenth")
