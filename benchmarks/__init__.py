"""Measurements of tbtools beside its peers, each in one run; `python -m benchmarks` makes them."""
