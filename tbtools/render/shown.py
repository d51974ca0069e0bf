"""The table of what shows which result: the figure of each type, and its display in notebooks.

A new type of result is a row here and a module in `figures`.
"""

from __future__ import annotations

from tbtools.analysis.aggregated import Aggregate
from tbtools.analysis.best import best
from tbtools.analysis.compacted import Compaction
from tbtools.analysis.detect import Findings
from tbtools.analysis.diff import Diff
from tbtools.analysis.edit import Edit
from tbtools.analysis.hparams_levels import hparams_table_at
from tbtools.analysis.importing import Import
from tbtools.analysis.judgement import found_kinds
from tbtools.analysis.repair import Repair
from tbtools.render import notebook
from tbtools.render.figures import plot, plot_aggregate, plot_diff, plot_findings
from tbtools.render.write import write
from tbtools.runs.experiment import Experiment
from tbtools.runs.run import Run
from tbtools.showing import Renderer, register_renderer

RENDERERS = {
    Run: Renderer(plot, notebook.run_html),
    Experiment: Renderer(plot, notebook.experiment_html, best, hparams_table_at, found=found_kinds),
    Findings: Renderer(plot_findings, notebook.findings_html),
    Aggregate: Renderer(plot_aggregate),
    Diff: Renderer(plot_diff),
    **dict.fromkeys((Compaction, Edit, Import, Repair), Renderer(write=write)),
}

for result, renderer in RENDERERS.items():
    register_renderer(result, renderer)
