"""Reports: one HTML file that shows an experiment, offline, today and in ten years."""

from __future__ import annotations

from tbtools.render.report.write import diff_report, report

__all__ = ["diff_report", "report"]
