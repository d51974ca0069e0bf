"""Scalars that other programs have logged, read as the event files that they would make.

`formats.py` is the table of formats; each has a module that reads it into a `ForeignLog`, which
`encoding.py` turns into the bytes of an event file. `source.py` is the source of such files: a path
``log+csv://runs/a/metrics.csv`` is read like any event file, so that everything that reads event
files reads them, and what `tbtools import` writes is what is read of them without importing.
"""
