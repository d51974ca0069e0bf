"""What notebooks display: experiments, runs and findings as small tables.

The HTML has no script and takes its colours from the notebook, light or dark. Every name in it is a
stranger's, and escaped.
"""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING

from tbtools.analysis.detect import worst
from tbtools.analysis.series_summary import SeriesTable
from tbtools.analysis.summary import summarize
from tbtools.render.colors import SEVERITY_COLORS, run_colors
from tbtools.render.finding_words import finding_words
from tbtools.render.format import (
    format_bytes,
    format_count,
    format_duration,
    format_number,
    format_time,
    plural,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.analysis.detect import Finding, Findings
    from tbtools.analysis.summarized import RunSummary
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.run import Run

# Rows beyond which a notebook's table is no longer looked at.
_MOST_ROWS = 40
_SPARK_WIDTH, _SPARK_HEIGHT = 90, 18
_TABLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
_CELL = "padding:2px 10px 2px 0;text-align:{align};white-space:nowrap"
_MUTED = "opacity:.7"


def experiment_html(experiment: Experiment) -> str:
    """A table of the runs, with what went wrong and how good each got."""
    summary = summarize(experiment)
    colors = run_colors([run.run for run in summary.runs])
    rows = [
        _run_row(run, colors[run.run], judged=summary.judged) for run in summary.runs[:_MOST_ROWS]
    ]
    points = sum(run.points for run in summary.runs)
    head = ["run", "findings", "objective", "", "best", "at", "last", "steps", "duration"]
    facts = [plural(len(summary.runs), "run"), f"{format_count(points)} points"]
    facts += _facts(
        sum(run.superseded for run in summary.runs),
        sum(len(run.problems) for run in summary.runs) + len(summary.unreadable),
        [note.kind for run in summary.runs for note in run.notes],
    )
    if not summary.judged:
        facts.append("too much to judge at a glance, see tbtools.detect")
    return _titled(
        experiment.logdir,
        facts,
        _table(head, rows, right=(4, 5, 6, 7, 8), left_out=len(summary.runs) - len(rows)),
    )


def _run_row(run: RunSummary, color: str, *, judged: bool) -> list[str]:
    name = f"{_swatch(color)}{html.escape(run.run)}"
    steps = "" if run.last_step is None else format_count(run.last_step)
    row = [
        name,
        _worst(run, judged=judged),
        "",
        "",
        "",
        "",
        "",
        steps,
        format_duration(run.duration),
    ]
    if run.objective is not None:
        objective = run.objective
        row[2:7] = [
            html.escape(objective.tag),
            _spark(objective.sparkline, color),
            format_number(objective.best, objective.dtype),
            "" if objective.best_step is None else format_count(objective.best_step),
            format_number(objective.last, objective.dtype),
        ]
    return row


def run_html(run: Run) -> str:
    """A table of the series of a run."""
    series = SeriesTable.whole(run.data.parts)
    rows = []
    for each in series[:_MOST_ROWS]:
        numbers = each.statistics
        cells = [
            format_number(value, numbers.dtype)
            for value in (numbers.last, numbers.min, numbers.max)
        ]
        rows.append(
            [
                html.escape(numbers.tag),
                html.escape(numbers.plugin),
                _spark(each.sparkline, "currentColor"),
                *(cells if numbers.dtype else ["", "", ""]),
                format_count(numbers.count),
                format_count(numbers.last_step),
            ]
        )
    facts = [plural(len(run.event_files), "event file")]
    facts.append(format_bytes(sum(file.size for file in run.data.all_files)))
    if series:
        facts.append(f"last event {format_time(max(series.numbers['last_time'].tolist()))}")
    known = run.data.diagnostics
    kinds = [note.kind for note in known.notes]
    facts += _facts(known.superseded, len(known.problems), kinds)
    head = ["tag", "plugin", "", "last", "least", "greatest", "points", "last step"]
    table = _table(head, rows, right=(3, 4, 5, 6, 7), left_out=len(series) - len(rows))
    return _titled(run.name, facts, table)


def findings_html(findings: Findings) -> str:
    """A table of findings."""
    rows = [
        [
            _badge(each, each.kind),
            html.escape(each.run),
            html.escape(each.tag),
            format_count(each.onset_step),
            f'<span style="white-space:normal">{html.escape(each.message)}</span>',
        ]
        for each in findings[:_MOST_ROWS]
    ]
    head = ["kind", "run", "tag", "since step", "what"]
    table = _table(head, rows, right=(3,), left_out=len(findings) - len(rows))
    reasons = Counter(each.reason for each in findings.not_judged)
    facts = _facts(0, len(findings.problems), [note["kind"] for note in findings.notes])
    if reasons:
        which = ", ".join(f"{format_count(count)} {name}" for name, count in reasons.most_common())
        facts.append(f"{format_count(len(findings.not_judged))} not fully judged ({which})")
    return _titled(plural(len(findings), "finding"), facts, table if rows else "")


def _facts(superseded: int, problems: int, notes: Iterable[str]) -> list[str]:
    """What should be known besides the numbers."""
    facts = [f"{format_count(superseded)} points superseded by restarts"] if superseded else []
    if problems:
        facts.append(f"{plural(problems, 'problem')} in event files, see .problems")
    kinds = dict.fromkeys(kind for kind in notes if kind != "superseded")
    return facts + [f"{kind.replace('_', ' ')}, see .notes" for kind in kinds]


def _worst(run: RunSummary, *, judged: bool) -> str:
    """The worst finding of a run, and how many more there are; or whether it was judged at all."""
    found = [each for each in run.findings if each.is_serious]
    if not found and run.findings:
        return plural(len(run.findings), "info")
    if not found:
        return "no findings" if judged and run.is_judged else "not judged"
    main = worst(found)
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    return _badge(main, finding_words(main)) + more


def _badge(finding: Finding, text: str) -> str:
    color = SEVERITY_COLORS[finding.severity]
    return f'<b style="border-left:4px solid {color};padding-left:6px">{text}</b>'


def _swatch(color: str) -> str:
    style = f"display:inline-block;width:9px;height:9px;border-radius:3px;background:{color}"
    return f'<span style="{style};margin-right:6px"></span>'


def _spark(values: Sequence[float | None], color: str) -> str:
    """A line of the values; None is a gap, and a value between gaps a dot."""
    known = [value for value in values if value is not None]
    if len(values) < 2 or not known:
        return ""
    low, high = min(known) / 2, max(known) / 2  # halves: the span of two doubles may be infinite
    paths, pen = [], "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x = 2 + index / (len(values) - 1) * (_SPARK_WIDTH - 4)
        part = (value / 2 - low) / (high - low) if high > low else 0.5
        y = _SPARK_HEIGHT - 2 - part * (_SPARK_HEIGHT - 4)
        paths.append(f"{pen}{x:.1f} {y:.1f}" + ("h.1" if pen == "M" else ""))
        pen = "L"
    return (
        f'<svg width="{_SPARK_WIDTH}" height="{_SPARK_HEIGHT}" style="vertical-align:middle">'
        f'<path d="{"".join(paths)}" fill="none" stroke="{color}" stroke-width="1.5" '
        'stroke-linecap="round"/></svg>'
    )


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int], left_out: int
) -> str:
    """A table of cells that are HTML already."""
    styles = [
        _CELL.format(align="right" if column in right else "left") for column in range(len(head))
    ]

    def line(cells: Sequence[str], tag: str) -> str:
        found = zip(cells, styles, strict=True)
        shown = (f'<{tag} style="{style}">{cell}</{tag}>' for cell, style in found)
        return f"<tr>{''.join(shown)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    more = f'<p style="{_MUTED}">and {format_count(left_out)} more</p>' if left_out > 0 else ""
    return (
        f'<table style="{_TABLE}"><thead style="{_MUTED}">{line(head, "th")}</thead>'
        f"<tbody>{body}</tbody></table>{more}"
    )


def _titled(title: str, facts: Sequence[str], content: str) -> str:
    beside = f' <span style="{_MUTED}">{html.escape(" · ".join(facts))}</span>' if facts else ""
    return f"<div><p><b>{html.escape(title)}</b>{beside}</p>{content}</div>"
