"""Events as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_count, format_duration, format_time, printable
from tbtools.render.terminal.lines import SEVERITY_STYLES
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from tbtools.live.events import Event
    from tbtools.live.watch import Watch

_STYLES = {"finished": "green", "reached": "bold green", "problem": "yellow"}


def event_cells(event: Event) -> list[tuple[str, str]]:
    """An event as texts, each with its style."""
    finding = event.finding
    what: str = event.kind
    style = _STYLES.get(event.kind, "")
    message = printable(event.message)
    if finding is not None:
        if event.kind == "finding":
            what, style = finding.severity, SEVERITY_STYLES[finding.severity]
        message = f"{printable(finding.tag)}: {finding.kind}, {message}"
    run = "" if event.run is None else f"{printable(event.run)}: "
    # The zone is that of all other lines, and told once.
    time = format_time(event.time).rpartition(" ")[0]
    return [(f"{time}  ", "dim"), (f"{what:<8}  ", style), (run, ""), (message, "")]


def begun_line(watch: Watch) -> str:
    """What is watched, after the first look."""
    follower = watch.follower
    runs = follower.runs.values()
    written = sum(each.is_written for each in runs)
    paths = ", ".join(printable(str(path)) for path in follower.watched.paths)
    found = f"{plural(len(runs), 'run')}, {format_count(written)} being written"
    return f"watching {paths}: {found}; looks every {watch.interval:g} s"


def ended_line(watch: Watch) -> str:
    """What was done, at the end."""
    follower = watch.follower
    watched = [each for each in follower.runs.values() if each.is_watched]
    how = {"reached": "reached", "finding": "ended by a finding", "timeout": "the time is up"}
    parts = [
        how.get(watch.outcome or "", "ended"),
        f"watched {plural(len(watched), 'run')} for {format_duration(watch.seconds)}",
        f"{plural(follower.points, 'point')} came",
        plural(watch.findings, "finding"),
        f"{plural(watch.given, 'alarm')} given",
    ]
    return ", ".join(parts)
