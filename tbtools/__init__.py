"""Reads, merges, diffs and judges TensorBoard event files.

Names are imported when first used: `import tbtools` costs nothing, and what one does not use is
never loaded.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tbtools.showing import load_renderers_by

if TYPE_CHECKING:
    from tbtools.analysis.aggregate import aggregate
    from tbtools.analysis.detect import Finding, Findings
    from tbtools.analysis.diff import diff
    from tbtools.analysis.judgement import detect
    from tbtools.analysis.merge import merge
    from tbtools.analysis.smooth import smooth
    from tbtools.errors import (
        BadData,
        BadLength,
        CorruptRecord,
        InvalidArgument,
        InvalidObjective,
        MissingBrowser,
        MissingExtra,
        NoEventFiles,
        NonfiniteValue,
        OutputExists,
        RecordError,
        TbtoolsError,
        TruncatedRecord,
        UndecodableEvent,
        UndecodablePayload,
        UnknownRun,
        UnknownTag,
        UnsupportedType,
        UnwritableValue,
    )
    from tbtools.eventfile.reader import EventFileReader
    from tbtools.eventfile.records import read_records
    from tbtools.eventfile.writer import EventFileWriter
    from tbtools.render.export import export
    from tbtools.render.figures.files import write_figure
    from tbtools.render.figures.scalars import plot
    from tbtools.render.report.write import diff_report, report
    from tbtools.render.write import write
    from tbtools.runs.experiment import Experiment, load, read_scalars
    from tbtools.runs.frames import DuplicateSteps
    from tbtools.runs.run import Run

_MODULES = {
    "tbtools.analysis.aggregate": ("aggregate",),
    "tbtools.analysis.detect": ("Finding", "Findings"),
    "tbtools.analysis.diff": ("diff",),
    "tbtools.analysis.judgement": ("detect",),
    "tbtools.analysis.merge": ("merge",),
    "tbtools.analysis.smooth": ("smooth",),
    "tbtools.errors": (
        "BadData",
        "BadLength",
        "CorruptRecord",
        "InvalidArgument",
        "InvalidObjective",
        "MissingBrowser",
        "MissingExtra",
        "NoEventFiles",
        "NonfiniteValue",
        "OutputExists",
        "RecordError",
        "TbtoolsError",
        "TruncatedRecord",
        "UndecodableEvent",
        "UndecodablePayload",
        "UnknownRun",
        "UnknownTag",
        "UnsupportedType",
        "UnwritableValue",
    ),
    "tbtools.eventfile.reader": ("EventFileReader",),
    "tbtools.eventfile.records": ("read_records",),
    "tbtools.eventfile.writer": ("EventFileWriter",),
    "tbtools.render.export": ("export",),
    "tbtools.render.figures.files": ("write_figure",),
    "tbtools.render.figures.scalars": ("plot",),
    "tbtools.render.report.write": ("diff_report", "report"),
    "tbtools.render.write": ("write",),
    "tbtools.runs.experiment": ("Experiment", "load", "read_scalars"),
    "tbtools.runs.frames": ("DuplicateSteps",),
    "tbtools.runs.run": ("Run",),
}
# What draws results lies in a layer above them; it is loaded when the first of them is shown.
load_renderers_by(lambda: importlib.import_module("tbtools.render.shown"))

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "BadData",
    "BadLength",
    "CorruptRecord",
    "DuplicateSteps",
    "EventFileReader",
    "EventFileWriter",
    "Experiment",
    "Finding",
    "Findings",
    "InvalidArgument",
    "InvalidObjective",
    "MissingBrowser",
    "MissingExtra",
    "NoEventFiles",
    "NonfiniteValue",
    "OutputExists",
    "RecordError",
    "Run",
    "TbtoolsError",
    "TruncatedRecord",
    "UndecodableEvent",
    "UndecodablePayload",
    "UnknownRun",
    "UnknownTag",
    "UnsupportedType",
    "UnwritableValue",
    "aggregate",
    "detect",
    "diff",
    "diff_report",
    "export",
    "load",
    "merge",
    "plot",
    "read_records",
    "read_scalars",
    "report",
    "smooth",
    "write",
    "write_figure",
]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("tbtools")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'tbtools' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, "__version__"]
