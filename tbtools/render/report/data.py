"""All that a page shows, as one dict for JSON and one block of numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tbtools.analysis.main_objective import rank_objectives
from tbtools.render.colors import RUN_COLORS, SEVERITY_COLORS
from tbtools.render.report import media
from tbtools.render.report.columns import Columns
from tbtools.render.report.differences import differences
from tbtools.render.report.findings import judgement_of, run_statuses
from tbtools.render.report.groups import seed_groups
from tbtools.render.report.overview import hparams_of, objective_columns, run_row
from tbtools.render.report.series import (
    encode_series,
    encoded_tags,
    natural_tags,
    points_a_series,
)
from tbtools.render.report.unshown import unshown
from tbtools.runs.reading import check_progress
from tbtools.runs.selection import EVERYTHING, Selector
from tbtools.runs.series import read_scalars_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.analysis.diff import Diff
    from tbtools.analysis.judgement import Judgement
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Progress = Callable[[int, int], None] | None

# Pictures and sounds of a page; base64 makes a third more of it.
MEDIA_BYTES = 8_000_000


@dataclass(frozen=True)
class PageData:
    """What goes into the page.

    Attributes:
        page: What JSON holds, numbers of arrays instead of arrays.
        columns: The arrays.
        undecodable: What is not on the page as it cannot be decoded, each with its run.
    """

    page: dict[str, Any]
    columns: Columns
    undecodable: Sequence[tuple[str, Undecodable]] = ()


def page_data(
    runs: Mapping[str, Run],
    judged: Judgement,
    *,
    title: str,
    root: str,
    smoothing: float,
    objectives: Mapping[str, Objective] | None = None,
    selection: Selection = EVERYTHING,
    group: str | Sequence[str] | None = None,
    diff: Diff | None = None,
    media_bytes: int = MEDIA_BYTES,
    building: Progress = None,
) -> PageData:
    """Gathers everything of the runs that a page shows.

    Args:
        runs: The runs by name, in the order in which they are shown.
        judged: What is wrong with them, under these names and for this selection.
        title: The heading.
        root: The log directory; files in it are named by their paths relative to it.
        smoothing: Where the smoothing slider stands at first.
        objectives: Which way is better, by glob over tags; over what the words say.
        selection: Which tags and steps of the runs.
        group: Which runs repeat one another, as for `aggregate`; by default those whose names
            differ only in a seed.
        diff: What `tbtools.diff` gave for them, under the names of `runs`.
        media_bytes: How many bytes of pictures and sounds go into the page at most.
        building: Called now and then with the series that are on the page and those that will be.
    """
    names, shown = list(runs), list(runs.values())
    columns = Columns()
    selector = Selector(selection)
    scalars = {name: read_scalars_of(run, selector, name=name) for name, run in runs.items()}
    by_run = {name: each.series for name, each in scalars.items()}
    series = [each for own in by_run.values() for each in own.values()]
    ranked = rank_objectives(
        {name: {tag: each.step.size for tag, each in own.items()} for name, own in by_run.items()},
        objectives,
        {name: each.all_tags for name, each in scalars.items()},
    )
    tags = natural_tags(series)
    statuses = run_statuses(judged.findings, by_run)
    source = media.MediaSource(runs, selection)
    points = points_a_series(len(series))
    budget = media.Budget(media_bytes)
    written = media.Page(columns, budget)
    page = {
        "title": title,
        "smoothing": smoothing,
        "colors": RUN_COLORS,
        "severity_colors": SEVERITY_COLORS,
        "runs": [
            run_row(name, run, statuses[name], lambda path: _within(root, path))
            for name, run in runs.items()
        ],
        "objectives": objective_columns(series, ranked, names, tags),
        "hparams": hparams_of(shown),
        **judgement_of(judged, series),
        "tags": encoded_tags(tags, series, names, ranked.directions),
        "series": _series(series, names, tags, columns, points, building),
        "diff": differences(diff, series, columns, points) if diff else None,
        **seed_groups(runs, by_run, group, selection.steps, columns, points),
        **{plugin: media.media_series(source, plugin, written) for plugin in media.SECTIONS},
        "sections": [
            {"plugin": plugin, "title": section.title, "card": section.card}
            for plugin, section in media.SECTIONS.items()
        ],
        "unshown": unshown(shown),
        "unreadable": [
            {"path": _within(root, each["file"]), "message": each["message"]}
            for each in judged.findings.problems
            if each["run"] is None
        ],
        "provenance": _provenance(runs, root),
    }
    rest = {
        "refused": budget.refused,
        "undecodable": written.without_card,
        "arrays": columns.shapes,
    }
    return PageData(page | rest, columns, written.undecodable)


def _within(root: str, path: str) -> str:
    """The path relative to the root; whoever gets the page need not know where that lay."""
    relative = os.path.relpath(path, root)
    return path if relative.startswith(os.pardir) or relative == os.curdir else relative


def _series(
    series: Sequence[ScalarSeries],
    runs: Sequence[str],
    tags: Sequence[str],
    columns: Columns,
    points: int,
    building: Progress,
) -> list[dict[str, Any]]:
    """The series, with the numbers of their runs and tags."""
    tag_number = {tag: number for number, tag in enumerate(tags)}
    run_number = {run: number for number, run in enumerate(runs)}
    encoded = []
    check_progress(building)
    for number, each in enumerate(series, start=1):
        place = {"run": run_number[each.run], "tag": tag_number[each.tag]}
        encoded.append(place | encode_series(each, columns, points))
        if building:
            building(number, len(series))
    return encoded


def _provenance(runs: Mapping[str, Run], root: str) -> dict[str, Any]:
    return {
        "version": version("tbtools"),
        "restarts": ", ".join({run.restarts: None for run in runs.values()}),
        "files": [
            {
                "run": name,
                "file": _within(root, file.path),
                "bytes": file.size,
                "records": file.records,
            }
            for name, run in runs.items()
            for file in run.data.all_files
        ],
    }
