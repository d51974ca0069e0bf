"""All that a page shows, as one dict for JSON and one block of numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tbtools.analysis.failures import failures_of
from tbtools.analysis.main_objective import rank_objectives
from tbtools.collector import uncollected
from tbtools.eventfile.source import base_name
from tbtools.render.colors import (
    RAMP,
    RUN_COLORS,
    SEVERITY_COLORS,
    SEVERITY_DASHES,
    run_colors,
    run_dashes,
)
from tbtools.render.format import format_count
from tbtools.render.ranges import FEWEST, SQUEEZED
from tbtools.render.report import media, structures
from tbtools.render.report.arrangement import (
    matching,
    ordered_tags,
    training_with_validation,
    words_between,
)
from tbtools.render.report.asked import asked_of_runs
from tbtools.render.report.columns import Columns
from tbtools.render.report.differences import differences
from tbtools.render.report.findings import chart_notes, judgement_of, run_statuses
from tbtools.render.report.groups import encoded_groups, grouped_series
from tbtools.render.report.hparams import hparam_axes, run_settings
from tbtools.render.report.layouts import layout_sections
from tbtools.render.report.outlines import Outlines, blocks
from tbtools.render.report.overview import best_runs, objective_columns, page_facts, run_row
from tbtools.render.report.provenance import provenance_tables, sentences_of
from tbtools.render.report.runpanel import run_panels
from tbtools.render.report.runtable import run_table
from tbtools.render.report.series import (
    MOST_POINTS,
    Drawn,
    encode_series,
    encoded_tags,
    points_a_series,
    told_of,
)
from tbtools.render.report.unshown import unshown
from tbtools.render.run_names import cut_rests, short_names, tight_names
from tbtools.render.series import LAST_DATE, LEAST_SMOOTHED, MOST_RAW_LINES, SMOOTHING
from tbtools.runs.reading import OneByOne, check_progress
from tbtools.runs.scalars import read_scalars_of, scalar_tags
from tbtools.runs.selection import EVERYTHING, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tbtools.analysis.detect import Findings
    from tbtools.analysis.diff import Diff
    from tbtools.analysis.judgement import Judgement
    from tbtools.runs.inputs import Inputs
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection
    from tbtools.runs.series import ScalarSeries

    Progress = Callable[[int, int], None] | None

# Lines of a chart that can be told apart; of more runs the best ones stand out.
MOST_LINES = 30
# Pictures and sounds of a page; base64 makes a third more of it.
MEDIA_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How whoever makes a page wants its charts.

    Attributes:
        pin: Names or globs of tags whose charts stand first.
        order: Names or globs of tags: in this order, before all others.
        notes: Words between the charts, in Markdown, as `words_between` reads them.
    """

    pin: Sequence[str] = ()
    order: Sequence[str] = ()
    notes: str = ""


AS_USUAL = Arrangement()


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


@uncollected()
def page_data(
    runs: Mapping[str, Run],
    judged: Judgement,
    *,
    title: str,
    root: str,
    show_paths: bool = False,
    smoothing: float | None,
    selection: Selection = EVERYTHING,
    group: str | Sequence[str] | None = None,
    all_runs: Mapping[str, Run] | None = None,
    diff: Diff | None = None,
    inputs: Inputs | None = None,
    media_bytes: int = MEDIA_BYTES,
    arrangement: Arrangement = AS_USUAL,
    live: float | None = None,
    building: Progress = None,
) -> PageData:
    """Gathers everything of the runs that a page shows.

    Args:
        runs: The runs by name, in the order in which they are shown.
        judged: What is wrong with them, under these names and for this selection.
        title: The heading.
        root: The log directory; files in it are named by their paths relative to it.
        show_paths: Whether the page says where the log directory lies.
        smoothing: Where the smoothing slider stands at first; None for where it usually does.
        selection: Which tags and steps of the runs.
        group: Which runs repeat one another, as for `aggregate`; by default those whose names
            differ only in a seed.
        all_runs: The runs, and those beside them in which `add_hparams` may have put their
            hyperparameters; `runs` where not given.
        diff: What `tbtools.diff` gave for them, under the names of `runs`.
        inputs: The runs as they were handed over, of which everything is told that is known.
        media_bytes: How many bytes of pictures and sounds go into the page at most.
        arrangement: Which charts stand first, and the words between them.
        live: After how many seconds a browser looks for the next page; None for the last one.
        building: Called now and then with the series that are on the page and those that will be.
    """
    names = list(runs)
    runs, all_runs = OneByOne(runs), OneByOne(runs if all_runs is None else all_runs)
    columns = Columns()
    outlines = Outlines(_read(runs, selection), judged.findings)
    series = outlines.each
    by_run: dict[str, dict[str, int]] = {name: {} for name in names}
    for each in series:
        by_run[each.run][each.tag] = each.points
    ranked = rank_objectives(
        by_run, judged.objectives, {name: scalar_tags(run) for name, run in runs.items()}
    )
    tags = ordered_tags({each.tag for each in series}, arrangement.order)
    statuses = run_statuses(judged.findings, by_run)
    shown_path = os.path.abspath if show_paths else partial(_within, root)
    colors, dashes = run_colors(names), run_dashes(names)
    short = short_names(names)
    tight = tight_names(short)
    called = [
        {"short": shown, "tight": below, "cut": cut}
        for shown, below, cut in zip(short, tight, cut_rests(tight), strict=True)
    ]
    rows = [
        run_row(name, run, statuses[name], shown_path)
        | {"color": colors[name], "dash": dashes[name], **names_of_run}
        for (name, run), names_of_run in zip(runs.items(), called, strict=True)
    ]
    best = objective_columns(series, ranked, names, tags)
    settings = run_settings(runs, all_runs)
    judgement = judgement_of(judged, outlines, names, failures_of(runs, judged, all_runs))
    notes = chart_notes(tags, judgement["findings"], series, rows)
    tag_rows = encoded_tags(tags, series, names, ranked.directions, notes)
    unreadable = [
        (shown_path(each["file"]), each["message"])
        for each in judged.findings.problems
        if each["run"] is None
    ]
    source = media.MediaSource(runs, selection)
    points = points_a_series(len(series))
    budget = media.Budget(media_bytes)
    written = media.Page(columns, budget)
    leaders = best_runs(best)
    groups = grouped_series(runs, by_run, group, all_runs, selection.steps)
    encoded_series = _series(
        _read(runs, selection),
        outlines,
        names,
        tags,
        columns,
        points,
        {names[run] for run in leaders},
        _onsets(judged.findings, outlines),
        building,
    )
    page: dict[str, Any] = {
        "title": title,
        "live": live,
        "smoothing": SMOOTHING if smoothing is None else smoothing,
        "least_smoothed": LEAST_SMOOTHED if smoothing is None else 0,
        "leaders": leaders,
        "panels": run_panels(inputs, judged, selection, leaders, title, shown_path)
        if inputs
        else {},
        "drawing": _drawing(),
        "facts": page_facts(rows, best, series, len(unreadable)),
        "runs": rows,
        "run_count": format_count(len(rows)),
        "table": run_table(rows, best, settings),
        "objectives": best,
        "main": _main(best, tag_rows),
        "hparams": hparam_axes(settings, best),
        "asked": asked_of_runs(runs, judged, settings, series, columns),
        **judgement,
        "tags": tag_rows,
        "pinned": matching(tags, arrangement.pin),
        "pairs": training_with_validation(tags),
        "words": words_between(arrangement.notes, [*tags, *(row["group"] for row in tag_rows)]),
        "layouts": layout_sections(runs, tags, written),
        "series": encoded_series,
        "diff": differences(diff, [*_read(runs, selection), *groups.means()], columns, points)
        if diff
        else None,
        **encoded_groups(groups, runs, columns, points),
        **{plugin: media.media_series(source, plugin, written) for plugin in media.SECTIONS},
        **structures.structure_series(source, written),
        "sections": [
            *(
                {"plugin": plugin, "title": section.title, "card": section.card}
                for plugin, section in media.SECTIONS.items()
            ),
            *(
                {"plugin": plugin, "title": title, "card": card}
                for plugin, (title, card) in structures.SECTIONS.items()
            ),
        ],
    }
    # What only those that are above know.
    page |= {
        "unshown": unshown(runs.values()),
        "unreadable": unreadable,
        "refused": budget.refused,
        "undecodable": written.without_card,
        "arrays": columns.shapes,
    }
    page["provenance"] = sentences_of(page, runs)
    page["provenance_tables"] = provenance_tables(rows, runs, shown_path)
    return PageData(page, columns, written.undecodable)


def _main(objectives: Sequence[dict[str, Any]], tags: Sequence[dict[str, Any]]) -> int | None:
    """The tag of the large chart: the first objective that is more than single points."""
    charts = [each["tag"] for each in objectives if "single" not in tags[each["tag"]]]
    return charts[0] if charts else None


def _read(runs: Mapping[str, Run], selection: Selection) -> Iterator[ScalarSeries]:
    """The series of the page, run after run."""
    selector = Selector(selection)
    for name, run in runs.items():
        yield from read_scalars_of(run, selector, name=name).series.values()


def _onsets(findings: Findings, outlines: Outlines) -> dict[tuple[str, str], list[int]]:
    """The points with which the findings in each series begin."""
    onsets: dict[tuple[str, str], list[int]] = {}
    for finding in findings:
        place = outlines.place(finding)
        if place is not None:
            onsets.setdefault((finding.run, finding.tag), []).append(place.onset)
    return onsets


def _drawing() -> dict[str, Any]:
    """How charts are drawn, where figures are drawn alike."""
    return {
        "severities": {
            severity: {"color": color, "dash": SEVERITY_DASHES[severity]}
            for severity, color in SEVERITY_COLORS.items()
        },
        "palette": RUN_COLORS,
        "ramp": RAMP,
        "most_raw_lines": MOST_RAW_LINES,
        "squeezed": SQUEEZED,
        "fewest": FEWEST,
        "last_date": LAST_DATE,
        "most_lines": MOST_LINES,
    }


def _within(root: str, path: str) -> str:
    """The path relative to the root; whoever gets the page need not know where that lay."""
    relative = os.path.relpath(path, root)
    outside = relative.startswith(os.pardir) or relative == os.curdir
    return base_name(path) if outside else relative


def _series(
    series: Iterable[ScalarSeries],
    outlines: Outlines,
    runs: Sequence[str],
    tags: Sequence[str],
    columns: Columns,
    points: int,
    leaders: Collection[str],
    onsets: Mapping[tuple[str, str], Sequence[int]],
    building: Progress,
) -> list[dict[str, Any]]:
    """The series, with the numbers of their runs and tags; the best runs have more points."""
    tag_number = {tag: number for number, tag in enumerate(tags)}
    run_number = {run: number for number, run in enumerate(runs)}
    encoded: list[dict[str, Any]] = []
    check_progress(building)
    for some in blocks(series):
        drawn = [
            Drawn(
                each,
                min(MOST_POINTS, 3 * points) if each.run in leaders else points,
                onsets.get((each.run, each.tag), ()),
            )
            for each in some
        ]
        own = outlines.each[len(encoded) : len(encoded) + len(some)]
        encoded += [
            {"run": run_number[each.run], "tag": tag_number[each.tag]}
            | one
            | told_of(each, columns.size(one["ms"]))
            for each, one in zip(own, encode_series(drawn, columns), strict=True)
        ]
        if building:
            building(len(encoded), len(outlines.each))
    return encoded
