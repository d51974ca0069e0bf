"""What `tbtools report` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_bytes, format_count, plural, printable

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tbtools.render.report.write import WrittenReport


def report_totals(written: WrittenReport, target: str) -> str:
    """One line: what was written, and where.

    Args:
        written: What was done.
        target: Where, as it was given.
    """
    judged = written.judgement
    parts = [
        plural(written.runs, "run"),
        f"{plural(judged.points, 'point')} in {format_count(judged.series)} series",
        plural(len(judged.findings), "finding"),
        format_bytes(written.bytes),
    ]
    if judged.unreadable:
        parts.append(f"{plural(len(judged.unreadable), 'run')} could not be read")
    problems = sum(each["run"] is not None for each in judged.findings.problems)
    if problems:
        parts.append(plural(problems, "problem") + " in event files")
    place = "standard output" if target == "-" else printable(target)
    return f"{place}: {', '.join(parts)}"


def picture_totals(figure: go.Figure, target: str) -> str:
    """One line: what was drawn, and where.

    Args:
        figure: The figure of the charts.
        target: Where, as it was given.
    """
    charts = len({trace.xaxis for trace in figure.data})
    runs = len({trace.legendgroup for trace in figure.data})
    place = "standard output" if target == "-" else printable(target)
    return f"{place}: {plural(charts, 'chart')} of {plural(runs, 'run')}"
