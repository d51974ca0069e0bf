"""Runs drawn from a grammar: every value of every attribute with every other.

What is drawn by hand as a family has the shapes that somebody thought of. Here tags, lengths,
noise, descents, faults, their time, height and form are independent, a run is drawn from their
product, and an oracle says from its construction alone whether nine engineers of ten would speak at
its end (`oracle.py`). What the misses have in common is then asked of the attributes (`tables.py`).

    python -m benchmarks.detection grammar --kind divergence --count 500
"""
