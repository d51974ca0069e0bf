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
    from tbtools.analysis.aggregated import Aggregate, AggregatedSeries
    from tbtools.analysis.best import best
    from tbtools.analysis.compact import compact
    from tbtools.analysis.compacted import Compaction, RunCompaction
    from tbtools.analysis.detect import Finding, Findings, NotJudged
    from tbtools.analysis.diff import (
        BandCurve,
        CurveSide,
        Diff,
        Evidence,
        HParamDiff,
        PointDifference,
        Regression,
        RunDiff,
        TagDiff,
        TagRegression,
        TextDiff,
        diff,
        diff_against,
    )
    from tbtools.analysis.edit import Asset, Edit, FileEdit, PluginEdit, TagEdit, edit
    from tbtools.analysis.ensemble import Bootstrap
    from tbtools.analysis.explain import explain
    from tbtools.analysis.explanation import Explanation
    from tbtools.analysis.file_groups import MergedSession
    from tbtools.analysis.grouping import RunGroup
    from tbtools.analysis.importance import Importance
    from tbtools.analysis.importing import Import, ImportedFile, import_
    from tbtools.analysis.judgement import detect
    from tbtools.analysis.merge import Merge, RunLoss, merge
    from tbtools.analysis.ranked import RankedRun, Ranking
    from tbtools.analysis.repair import FileRepair, Repair, repair
    from tbtools.analysis.same_tags import SameTag
    from tbtools.analysis.scored import Estimate, GroupScores, Improvement, Scores
    from tbtools.analysis.scores import compare_scores
    from tbtools.analysis.series_summary import ObjectiveSummary, SeriesSummary
    from tbtools.analysis.smooth import smooth
    from tbtools.analysis.summarized import RunSummary, Summary
    from tbtools.analysis.summary import summarize
    from tbtools.analysis.verify import FileCheck, Verification, verify
    from tbtools.errors import (
        BadData,
        BadLength,
        CorruptRecord,
        EngineError,
        FileError,
        ForbiddenFile,
        ForeignFiles,
        InputChanged,
        InvalidArgument,
        InvalidConfiguration,
        InvalidExpression,
        InvalidObjective,
        MissingBrowser,
        MissingExtra,
        MissingFile,
        MissingPackage,
        NoEventFiles,
        NonfiniteValue,
        NotADirectory,
        NotAFile,
        OutputChanged,
        OutputDiffers,
        OutputExists,
        OutputInsideInput,
        RecordError,
        RepeatedPoint,
        TbtoolsError,
        TruncatedRecord,
        UndecodableEvent,
        UndecodablePayload,
        UnequalRuns,
        UnknownName,
        UnknownRun,
        UnknownTag,
        UnsupportedType,
        UnwritableValue,
    )
    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.reader import EventFileReader
    from tbtools.eventfile.records import read_records
    from tbtools.eventfile.rescan import FileChange
    from tbtools.eventfile.writer import EventFileWriter
    from tbtools.live.api import watch
    from tbtools.live.events import Event
    from tbtools.live.notebook import LiveFigure
    from tbtools.live.watch import Watch
    from tbtools.render.export import Export, export
    from tbtools.render.figures.files import write_figure
    from tbtools.render.figures.scalars import plot
    from tbtools.render.publication.write import WrittenFigure, figure
    from tbtools.render.report.write import diff_report, report
    from tbtools.render.widget import widget
    from tbtools.render.write import write
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.frames import DuplicateSteps, UndecodableValues
    from tbtools.runs.inputs import read_scalars
    from tbtools.runs.loading import load
    from tbtools.runs.plugins.audio import Audio
    from tbtools.runs.plugins.custom_scalars import Layout
    from tbtools.runs.plugins.graphs import Graph
    from tbtools.runs.plugins.hparams import DeclaredHParam, DeclaredMetric, HParams
    from tbtools.runs.plugins.images import Image
    from tbtools.runs.plugins.meshes import Mesh
    from tbtools.runs.plugins.projector import Embedding
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.runs.timeline.notes import Note

_MODULES = {
    "tbtools.analysis.aggregate": ("aggregate",),
    "tbtools.analysis.aggregated": (
        "Aggregate",
        "AggregatedSeries",
    ),
    "tbtools.analysis.best": ("best",),
    "tbtools.analysis.compact": ("compact",),
    "tbtools.analysis.compacted": ("Compaction", "RunCompaction"),
    "tbtools.analysis.detect": (
        "Finding",
        "Findings",
        "NotJudged",
    ),
    "tbtools.analysis.diff": (
        "BandCurve",
        "CurveSide",
        "Diff",
        "Evidence",
        "HParamDiff",
        "PointDifference",
        "Regression",
        "RunDiff",
        "TagDiff",
        "TagRegression",
        "TextDiff",
        "diff",
        "diff_against",
    ),
    "tbtools.analysis.edit": (
        "Asset",
        "Edit",
        "FileEdit",
        "PluginEdit",
        "TagEdit",
        "edit",
    ),
    "tbtools.analysis.ensemble": ("Bootstrap",),
    "tbtools.analysis.explain": ("explain",),
    "tbtools.analysis.explanation": ("Explanation",),
    "tbtools.analysis.file_groups": ("MergedSession",),
    "tbtools.analysis.grouping": ("RunGroup",),
    "tbtools.analysis.judgement": ("detect",),
    "tbtools.analysis.importance": ("Importance",),
    "tbtools.analysis.merge": (
        "Merge",
        "RunLoss",
        "merge",
    ),
    "tbtools.analysis.ranked": ("RankedRun", "Ranking"),
    "tbtools.analysis.importing": (
        "Import",
        "ImportedFile",
        "import_",
    ),
    "tbtools.analysis.repair": (
        "FileRepair",
        "Repair",
        "repair",
    ),
    "tbtools.analysis.same_tags": ("SameTag",),
    "tbtools.analysis.scored": (
        "Estimate",
        "GroupScores",
        "Improvement",
        "Scores",
    ),
    "tbtools.analysis.scores": ("compare_scores",),
    "tbtools.analysis.series_summary": (
        "ObjectiveSummary",
        "SeriesSummary",
    ),
    "tbtools.analysis.smooth": ("smooth",),
    "tbtools.analysis.summarized": (
        "RunSummary",
        "Summary",
    ),
    "tbtools.analysis.summary": ("summarize",),
    "tbtools.analysis.verify": (
        "FileCheck",
        "Verification",
        "verify",
    ),
    "tbtools.errors": (
        "BadData",
        "BadLength",
        "CorruptRecord",
        "EngineError",
        "FileError",
        "ForbiddenFile",
        "ForeignFiles",
        "InputChanged",
        "InvalidArgument",
        "InvalidConfiguration",
        "InvalidExpression",
        "InvalidObjective",
        "MissingBrowser",
        "MissingExtra",
        "MissingPackage",
        "MissingFile",
        "NoEventFiles",
        "NonfiniteValue",
        "NotADirectory",
        "NotAFile",
        "OutputChanged",
        "OutputDiffers",
        "OutputExists",
        "OutputInsideInput",
        "RecordError",
        "RepeatedPoint",
        "TbtoolsError",
        "TruncatedRecord",
        "UndecodableEvent",
        "UndecodablePayload",
        "UnequalRuns",
        "UnknownName",
        "UnknownRun",
        "UnknownTag",
        "UnsupportedType",
        "UnwritableValue",
    ),
    "tbtools.eventfile.problems": ("Problem",),
    "tbtools.eventfile.reader": ("EventFileReader",),
    "tbtools.eventfile.records": ("read_records",),
    "tbtools.eventfile.rescan": ("FileChange",),
    "tbtools.eventfile.writer": ("EventFileWriter",),
    "tbtools.live.api": ("watch",),
    "tbtools.live.events": ("Event",),
    "tbtools.live.notebook": ("LiveFigure",),
    "tbtools.live.watch": ("Watch",),
    "tbtools.render.export": (
        "Export",
        "export",
    ),
    "tbtools.render.figures.files": ("write_figure",),
    "tbtools.render.figures.scalars": ("plot",),
    "tbtools.render.publication.write": ("WrittenFigure", "figure"),
    "tbtools.render.report.write": (
        "diff_report",
        "report",
    ),
    "tbtools.render.widget": ("widget",),
    "tbtools.render.write": ("write",),
    "tbtools.runs.experiment": ("Experiment",),
    "tbtools.runs.frames": ("DuplicateSteps", "UndecodableValues"),
    "tbtools.runs.inputs": ("read_scalars",),
    "tbtools.runs.loading": ("load",),
    "tbtools.runs.plugins.audio": ("Audio",),
    "tbtools.runs.plugins.custom_scalars": ("Layout",),
    "tbtools.runs.plugins.graphs": ("Graph",),
    "tbtools.runs.plugins.hparams": (
        "DeclaredHParam",
        "DeclaredMetric",
        "HParams",
    ),
    "tbtools.runs.plugins.images": ("Image",),
    "tbtools.runs.plugins.meshes": ("Mesh",),
    "tbtools.runs.plugins.projector": ("Embedding",),
    "tbtools.runs.plugins.values": ("StoredValue",),
    "tbtools.runs.run": ("Run",),
    "tbtools.runs.statistics": ("SeriesStatistics",),
    "tbtools.runs.timeline.notes": ("Note",),
}
# What draws results lies in a layer above them; it is loaded when the first of them is shown.
load_renderers_by(lambda: importlib.import_module("tbtools.render.shown"))

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Aggregate",
    "AggregatedSeries",
    "Asset",
    "Audio",
    "BadData",
    "BadLength",
    "BandCurve",
    "Bootstrap",
    "Compaction",
    "CorruptRecord",
    "CurveSide",
    "DeclaredHParam",
    "DeclaredMetric",
    "Diff",
    "DuplicateSteps",
    "Edit",
    "Embedding",
    "EngineError",
    "Estimate",
    "Event",
    "EventFileReader",
    "EventFileWriter",
    "Evidence",
    "Experiment",
    "Explanation",
    "Export",
    "FileChange",
    "FileCheck",
    "FileEdit",
    "FileError",
    "FileRepair",
    "Finding",
    "Findings",
    "ForbiddenFile",
    "ForeignFiles",
    "Graph",
    "GroupScores",
    "HParamDiff",
    "HParams",
    "Image",
    "Import",
    "Importance",
    "ImportedFile",
    "Improvement",
    "InputChanged",
    "InvalidArgument",
    "InvalidConfiguration",
    "InvalidExpression",
    "InvalidObjective",
    "Layout",
    "LiveFigure",
    "Merge",
    "MergedSession",
    "Mesh",
    "MissingBrowser",
    "MissingExtra",
    "MissingFile",
    "MissingPackage",
    "NoEventFiles",
    "NonfiniteValue",
    "NotADirectory",
    "NotAFile",
    "NotJudged",
    "Note",
    "ObjectiveSummary",
    "OutputChanged",
    "OutputDiffers",
    "OutputExists",
    "OutputInsideInput",
    "PluginEdit",
    "PointDifference",
    "Problem",
    "RankedRun",
    "Ranking",
    "RecordError",
    "Regression",
    "Repair",
    "RepeatedPoint",
    "Run",
    "RunCompaction",
    "RunDiff",
    "RunGroup",
    "RunLoss",
    "RunSummary",
    "SameTag",
    "Scores",
    "SeriesStatistics",
    "SeriesSummary",
    "StoredValue",
    "Summary",
    "TagDiff",
    "TagEdit",
    "TagRegression",
    "TbtoolsError",
    "TextDiff",
    "TruncatedRecord",
    "UndecodableEvent",
    "UndecodablePayload",
    "UndecodableValues",
    "UnequalRuns",
    "UnknownName",
    "UnknownRun",
    "UnknownTag",
    "UnsupportedType",
    "UnwritableValue",
    "Verification",
    "Watch",
    "WrittenFigure",
    "aggregate",
    "best",
    "compact",
    "compare_scores",
    "detect",
    "diff",
    "diff_against",
    "diff_report",
    "edit",
    "explain",
    "export",
    "figure",
    "import_",
    "load",
    "merge",
    "plot",
    "read_records",
    "read_scalars",
    "repair",
    "report",
    "smooth",
    "summarize",
    "verify",
    "watch",
    "widget",
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
