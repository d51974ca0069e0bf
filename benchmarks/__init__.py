"""Measurements of tbtools beside its peers, each in one run; `python -m benchmarks` makes them."""

import os

# Every look is a first one.
os.environ["TBTOOLS_CACHE"] = "off"
