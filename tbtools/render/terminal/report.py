"""What `tbtools report` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_bytes, format_count, plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tbtools.render.report.write import WrittenReport


def report_totals(written: WrittenReport) -> str:
    """One line: what was written."""
    judged = written.judgement
    parts = [
        plural(len(judged.runs), "run"),
        f"{plural(judged.points, 'point')} in {format_count(judged.series)} series",
        plural(len(judged.findings), "finding"),
        format_bytes(written.bytes),
    ]
    if judged.unreadable:
        parts.append(f"{plural(len(judged.unreadable), 'run')} could not be read")
    problems = sum(each["run"] is not None for each in judged.findings.problems)
    if problems:
        parts.append(plural(problems, "problem") + " in event files")
    return ", ".join(parts)


def picture_totals(figure: go.Figure) -> str:
    """One line: what was drawn."""
    charts = len({trace.xaxis for trace in figure.data})
    runs = len({trace.legendgroup for trace in figure.data})
    return f"{plural(charts, 'chart')} of {plural(runs, 'run')}"
