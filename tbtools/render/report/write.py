"""`report`: from an experiment to a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tbtools.analysis.diff.results import Diff
from tbtools.analysis.judgement import judge
from tbtools.errors import InvalidArgument, UnsupportedType
from tbtools.eventfile.source import as_path, base_name, source_of
from tbtools.render.extras import require_report_extra
from tbtools.render.files import place_of, require_free
from tbtools.render.output import output_format
from tbtools.render.report.data import AS_USUAL, MEDIA_BYTES, Arrangement, page_data
from tbtools.render.report.differences import renamed, shown_names
from tbtools.render.report.page import PLOTLY_FILE, PLOTLY_SCRIPTS, render_page
from tbtools.render.report.page_file import is_plotly, write_page
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import open_inputs, require_points
from tbtools.runs.numbers import is_number
from tbtools.runs.run import Run
from tbtools.runs.selection import EVERYTHING, Selection, Selector, as_globs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.analysis.judgement import Judgement
    from tbtools.render.report.data import PageData
    from tbtools.render.report.page import PlotlyJs
    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.selection import Globs
    from tbtools.vocabulary import Objective

    Progress = Callable[[int, int], None] | None

# More than so many runs that are compared with one are not named in the heading.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A page that was written, and what is on it.

    Attributes:
        path: The file.
        bytes: Its size.
        runs: How many runs are on it.
        judgement: What was judged, with the points, the findings, and what could not be read.
        undecodable: What is not on it as it cannot be decoded.
    """

    path: Path | str
    bytes: int
    runs: int
    judgement: Judgement
    undecodable: tuple[str, ...] = ()


def report(
    x: RunsLike,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    smoothing: float | None = None,
    objectives: Mapping[str, Objective] | None = None,
    group: str | Sequence[str] | None = None,
    media_bytes: int = MEDIA_BYTES,
    pin: Globs = None,
    order: Globs = None,
    notes: str = "",
    plotlyjs: PlotlyJs = "inline",
    show_paths: bool = False,
    force: bool = False,
) -> Path | str:
    """Writes a page that shows an experiment to whoever opens it, without a server or a network.

    The same event files give the same bytes.

    Args:
        x: A path, a `Run`, an `Experiment`, or several of them.
        path: The HTML file, whose ending says so or is none; ``-`` for standard output.
        title: The heading; the name of the log directory by default.
        tags: Names or globs; all tags where not given.
        exclude_tags: Those that are left out.
        steps: First and last step, both included; None for no bound.
        smoothing: Where the smoothing slider stands at first, 0 to below 1; by default at 0.6, but
            series of up to 30 points are not smoothed before it is moved.
        objectives: Which way is better, by glob over tags, as in `detect`.
        group: Which runs repeat one another, to be shown as mean and band, as for `aggregate`; by
            default those whose names differ only in a seed.
        media_bytes: How many bytes of pictures and sounds go into the page at most.
        pin: Names or globs of tags whose charts stand first.
        order: Names or globs of tags: their charts stand in this order, before all others.
        notes: Words in Markdown. A heading that is the name of a tag or of a group of charts says
            before which chart what follows stands; what comes before stands at the top.
        plotlyjs: ``inline`` (0.7 MB more), ``cdn`` (fetched when the page is opened), or
            ``directory`` (one ``plotly.min.js`` beside the page, which several pages can share).
        show_paths: Whether the page says where the files lie; else it has their paths inside the
            log directory only, as pages are sent to strangers.
        force: Whether files that are there may be replaced: the page, and a ``plotly.min.js`` that
            is another one.

    Returns:
        The path; a URL as text.

    Raises:
        NoEventFiles: There is nothing to read, or not one event could be read.
        UnknownTag: A tag or glob matches no tag of any run, or one of `pin` or `order` none of the
            page.
        FileError: The page cannot be written there.
        OutputExists: There is a file, and `force` does not allow to replace it.
        MissingExtra: The extra ``report`` is not installed.
        InvalidObjective: An objective is none of ``min``, ``max``, ``none``.
        InvalidArgument: The ending of `path` is that of another file, `smoothing` or `plotlyjs` is
            none of what they may be, there is no point in the steps, or no value at all.

    Examples:
        >>> tbtools.report("examples/logs/sweep", "report.html").name
        'report.html'
    """
    _require_page(path)
    return write_report(
        x,
        path,
        title=title,
        selection=Selection.of(tags, steps, exclude_tags=exclude_tags),
        smoothing=smoothing,
        objectives=objectives,
        group=group,
        media_bytes=media_bytes,
        arrangement=Arrangement(as_globs(pin), as_globs(order), notes),
        plotlyjs=plotlyjs,
        show_paths=show_paths,
        force=force,
    ).path


def write_report(
    x: RunsLike,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    selection: Selection = EVERYTHING,
    smoothing: float | None = None,
    objectives: Mapping[str, Objective] | None = None,
    group: str | Sequence[str] | None = None,
    media_bytes: int = MEDIA_BYTES,
    arrangement: Arrangement = AS_USUAL,
    live: float | None = None,
    plotlyjs: PlotlyJs = "inline",
    show_paths: bool = False,
    force: bool = False,
    progress: Progress = None,
    judging: Progress = None,
    building: Progress = None,
) -> WrittenReport:
    """Does what `report` does, and says what is on the page.

    Args:
        x: As for `report`, which also says what is raised; likewise the other arguments.
        path: The HTML file; of any ending, for whoever calls this has looked at it.
        title: The heading.
        selection: Which tags and steps.
        smoothing: Where the smoothing slider stands at first.
        objectives: Which way is better.
        group: Which runs repeat one another.
        media_bytes: How many bytes of pictures and sounds.
        arrangement: Which charts stand first, and the words between them.
        live: As for `page_data`.
        plotlyjs: Where plotly.js comes from.
        show_paths: Whether the page says where the files lie.
        force: Whether files that are there may be replaced.
        progress: As for `Experiment.scan`.
        judging: As for `judge`.
        building: As for `page_data`.
    """
    _check_arguments(path, title, smoothing, plotlyjs, force=force)
    if not isinstance(arrangement.notes, str):
        raise UnsupportedType(f"notes={arrangement.notes!r} is no text")
    inputs, judged, data = _gathered(
        x,
        selection,
        objectives,
        progress,
        judging,
        title=title,
        show_paths=show_paths,
        smoothing=smoothing,
        group=group,
        media_bytes=media_bytes,
        arrangement=arrangement,
        live=live,
        building=building,
    )
    size = write_page(path, data, plotlyjs, force=force)
    undecodable = tuple(f"run {run}: {problem}" for run, problem in data.undecodable)
    told = (*data.page["hparams"]["undecodable"], *undecodable)
    return WrittenReport(place_of(path), size, len(inputs.runs), judged, told)


def page_text(
    x: RunsLike,
    *,
    selection: Selection,
    smoothing: float | None,
    objectives: Mapping[str, Objective] | None,
    group: str | Sequence[str] | None,
    media_bytes: int,
) -> str:
    """The page of `report` as text; its arguments are told there."""
    _check_smoothing(smoothing)
    _, _, data = _gathered(
        x,
        selection,
        objectives,
        None,
        None,
        title=None,
        smoothing=smoothing,
        group=group,
        media_bytes=media_bytes,
    )
    return "".join(render_page(data, "inline"))


def _gathered(
    x: RunsLike,
    selection: Selection,
    objectives: Mapping[str, Objective] | None,
    progress: Progress,
    judging: Progress,
    *,
    title: str | None,
    **shown: Any,
) -> tuple[Inputs, Judgement, PageData]:
    """Reads and judges runs, and gathers what their page shows; `shown` is for `page_data`."""
    inputs = open_inputs(x)
    judged = judge(
        inputs,
        selection,
        objectives=objectives,
        scalars=False,
        progress=progress,
        judging=judging,
    )
    require_readable(inputs.runs)
    _require_values(inputs, selection)
    name, root = _name_and_root(x, inputs)
    data = page_data(
        inputs.runs,
        judged,
        title=name if title is None else title,
        root=root,
        selection=selection,
        all_runs=inputs.all_runs,
        inputs=inputs,
        **shown,
    )
    return inputs, judged, data


def diff_report(
    result: Diff,
    a: RunsLike,
    b: RunsLike | None,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    smoothing: float | None = None,
    objectives: Mapping[str, Objective] | None = None,
    group: str | Sequence[str] | None = None,
    plotlyjs: PlotlyJs = "inline",
    force: bool = False,
    judging: Progress = None,
    building: Progress = None,
) -> Path | str:
    """Writes a page that shows what differs: the page of all runs, with the differences on top.

    Args:
        result: What `tbtools.diff` gave for `a` and `b`.
        a: The runs of the one side, as they were compared.
        b: Those of the other; None where all were on one side.
        path: The HTML file; ``-`` for standard output.
        title: The heading.
        tags: Names or globs; all tags where not given.
        exclude_tags: Those that are left out.
        steps: First and last step, both included; None for no bound.
        smoothing: Where the smoothing slider stands at first, as for `report`.
        objectives: Which way is better, by glob over tags.
        group: As for `report`.
        plotlyjs: As for `report`.
        force: Whether a file that is there may be replaced.
        judging: As for `judge`.
        building: As for `page_data`.

    Returns:
        The path; a URL as text.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: The page cannot be written there.
        InvalidArgument: The ending of `path` is that of another file.
        UnsupportedType: The result is no Diff.
        MissingExtra: The extra ``report`` is not installed.
    """
    _require_page(path)
    _check_arguments(path, title, smoothing, plotlyjs, force=force)
    if not isinstance(result, Diff):
        raise UnsupportedType(f"{type(result).__name__} is no Diff")
    inputs = [open_inputs(a), None if b is None else open_inputs(b)]
    sides = [each.runs if each else {} for each in inputs]
    names = shown_names(*sides)
    compared = renamed(result, names[0], names[1] or names[0])
    if inputs[1] is not None and inputs[0] is not None and b is not None:
        labels = _name_and_root(a, inputs[0])[0], _name_and_root(b, inputs[1])[0]
        compared = replace(compared, a=labels[0], b=labels[1])
    runs = {
        shown[name]: run
        for side, shown in zip(sides, names, strict=True)
        for name, run in side.items()
    }
    if b is None and len(compared.runs) > _MOST_NAMED:
        compared = replace(compared, b=f"{len(compared.runs)} others")
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    data = page_data(
        runs,
        judge(runs, selection, objectives=objectives, scalars=False, judging=judging),
        title=f"{compared.a} and {compared.b}" if title is None else title,
        root=os.curdir,
        smoothing=smoothing,
        selection=selection,
        group=group,
        diff=compared,
        building=building,
    )
    write_page(path, data, plotlyjs, force=force)
    return place_of(path)


def _require_values(inputs: Inputs, selection: Selection) -> None:
    """Refuses to make a page of nothing.

    Raises:
        NoEventFiles: There is not one event in the files.
        InvalidArgument: There is not one value in them.
    """
    selector = Selector(selection, scalars=False)
    for run in inputs.runs.values():
        for part in run.data.parts:
            selector.choose(part)
    require_points(inputs.runs.values(), selector)


def _name_and_root(x: RunsLike, inputs: Inputs) -> tuple[str, str]:
    """What the page is called by default, and from where its paths start."""
    if isinstance(x, Run):
        return x.name if x.name != "." else base_name(x.path), x.path
    if not inputs.experiment:
        return inputs.label, os.curdir
    return base_name(inputs.label) or inputs.label, inputs.label


def _check_arguments(
    path: str | os.PathLike[str],
    title: object,
    smoothing: float | None,
    plotlyjs: str,
    *,
    force: bool,
) -> None:
    """Refuses what cannot be done, before anything is read."""
    if not (title is None or isinstance(title, str)):
        raise UnsupportedType(f"title={title!r} is no text")
    _check_smoothing(smoothing)
    if plotlyjs not in PLOTLY_SCRIPTS:
        raise InvalidArgument(f"plotlyjs is {plotlyjs!r}, not one of {', '.join(PLOTLY_SCRIPTS)}")
    require_report_extra("a report")
    if as_path(path) == "-":
        return
    require_free(path, force=force)
    if plotlyjs == "directory" and source_of(as_path(path)).is_remote:
        raise InvalidArgument("plotlyjs='directory' puts a script beside the page, only locally")
    beside = Path(path).parent / PLOTLY_FILE
    if plotlyjs == "directory" and not is_plotly(beside):
        require_free(beside, force=force)


def _require_page(path: str | os.PathLike[str]) -> None:
    """Refuses a file whose ending says that it holds something else, as the command does."""
    output_format(os.fspath(as_path(path)), None, ["html"])


def _check_smoothing(smoothing: float | None) -> None:
    if smoothing is not None and not (is_number(smoothing) and 0 <= smoothing < 1):
        raise InvalidArgument(f"smoothing is {smoothing!r}, not 0 to below 1")
