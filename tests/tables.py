"""Tables that were written, read back."""

from __future__ import annotations

from functools import partial

import pandas as pd

# Pandas 2 reads numbers to the last bit only where it is told to; pandas 3 does, and warns if told.
_EXACT = {"float_precision": "round_trip"} if pd.__version__.startswith("2.") else {}

read_csv = partial(pd.read_csv, **_EXACT)
