"""Where the page comes from: files, restarts, damage, and what it leaves out."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tbtools.render.format import format_bytes, format_count, plural
from tbtools.render.report.overview import note_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.runs.run import Run


def sentences_of(page: Mapping[str, Any], runs: Mapping[str, Run]) -> list[str]:
    """What is said of the page as a whole, a sentence each.

    Args:
        page: All else that it holds.
        runs: Its runs, by name.
    """
    problems = sum(len(row["problems"]) for row in page["runs"])
    unshown = ", ".join(f"{what} (in Python: {how})" for what, how in page["unshown"])
    refused = plural(page["refused"], "value")
    undecodable = page["hparams"]["undecodable"]
    sentences = [
        _files(runs),
        _restarts(runs),
        _thinned(page["series"]),
        f"{refused} with pictures or sounds left out for their size" if page["refused"] else "",
        f"In the event files and not on this page: {unshown}" if unshown else "",
        *page["not_judged"],
        *(f"{path} could not be read: {message}" for path, message in page["unreadable"]),
        *(f"Hyperparameters that cannot be decoded: {text}" for text in undecodable),
        *(f"Not shown, as it cannot be decoded: {text}" for text in page["undecodable"]),
        f"{plural(problems, 'problem')} in event files" if problems else "No event file is damaged",
    ]
    return [f"{text}." for text in sentences if text]


def _files(runs: Mapping[str, Run]) -> str:
    files = [file for run in runs.values() for file in run.data.all_files]
    size = format_bytes(sum(file.size for file in files))
    made = f"Made by tbtools {version('tbtools')} from {plural(len(files), 'event file')}"
    return f"{made} ({size}). All times are UTC"


def _restarts(runs: Mapping[str, Run]) -> str:
    policies = ", ".join({run.restarts: None for run in runs.values()})
    superseded = sum(run.superseded for run in runs.values())
    if not superseded:
        return f"Restarts: policy {policies}; nothing was superseded"
    points = plural(superseded, "point")
    return f"Restarts: policy {policies}; {points} superseded by later writer sessions, not shown"


def _thinned(series: Sequence[Mapping[str, Any]]) -> str:
    thinned = sum("count" in each for each in series)
    if not thinned:
        return "Every point of every series is in this page"
    return (
        f"{format_count(thinned)} of {format_count(len(series))} series are thinned for the screen:"
        " neighbouring points are drawn as their mean, with their least and greatest value around"
        " it. Numbers in tables and findings come from all points"
    )


def provenance_tables(
    rows: Sequence[Mapping[str, Any]], runs: Mapping[str, Run], shown_path: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The tables of damage, of notes and of files.

    Args:
        rows: The runs, as `run_row` has them.
        runs: The same runs, by name.
        shown_path: Makes of a file's path the one that is shown.

    Returns:
        Those that have rows: title, heads of the columns, which of these hold numbers, rows of
        texts, and whether it is closed at first.
    """
    problems = [
        [row["name"], each["file"], format_count(each["offset"]), each["kind"], each["message"]]
        for row in rows
        for each in row["problems"]
    ]
    notes = [
        [row["name"], note_words(each["kind"]), each["message"]]
        for row in rows
        for each in row["notes"]
    ]
    files = [
        [name, shown_path(file.path), format_count(file.size), format_count(file.records)]
        for name, run in runs.items()
        for file in run.data.all_files
    ]
    tables = [
        _table("Problems in event files", ["Run", "File", "Offset", "Kind", "What"], [2], problems),
        _table("Notes on the order of the points", ["Run", "Note", "What"], [], notes),
        _table("Files read", ["Run", "File", "Bytes", "Records"], [2, 3], files, closed=True),
    ]
    return [table for table in tables if table["rows"]]


def _table(
    title: str,
    head: list[str],
    numbers: list[int],
    rows: list[list[str]],
    *,
    closed: bool = False,
) -> dict[str, Any]:
    return {"title": title, "head": head, "numbers": numbers, "rows": rows, "closed": closed}
