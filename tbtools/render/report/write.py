"""`report`: from an experiment to a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from tbtools.errors import InvalidArgument
from tbtools.eventfile.source import base_name
from tbtools.render.extras import require_report_extra
from tbtools.render.files import replaced_whole, require_free
from tbtools.render.report.data import MEDIA_BYTES, page_data
from tbtools.render.report.differences import renamed, shown_names
from tbtools.render.report.page import PLOTLY_FILE, PLOTLY_SCRIPTS, plotly_js, render_page
from tbtools.runs.experiment import Experiment, load
from tbtools.runs.inputs import as_runs
from tbtools.runs.run import Run
from tbtools.runs.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.analysis.diff import Diff
    from tbtools.render.report.page import PlotlyJs
    from tbtools.runs.experiment import LogPath
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.vocabulary import Objective


def report(
    x: Experiment | Run | LogPath,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    smoothing: float = 0.6,
    objectives: Mapping[str, Objective] | None = None,
    group: str | Sequence[str] | None = None,
    media_bytes: int = MEDIA_BYTES,
    plotlyjs: PlotlyJs = "inline",
    force: bool = False,
) -> Path:
    """Writes a page that shows an experiment to whoever opens it, without a server or a network.

    The same event files give the same bytes.

    Args:
        x: An experiment, a run, or the path of one; of a path, the sub-runs of `add_scalars` and
            `add_hparams` are shown as part of the run that made them.
        path: The HTML file; ``-`` for standard output.
        title: The heading; the log directory by default.
        tags: Globs; all tags where there are none.
        steps: First and last step, both included; None for no bound.
        smoothing: Where the smoothing slider stands at first, 0 to 1.
        objectives: Which way is better, by glob over tags, as in `detect`.
        group: Which runs repeat one another, to be shown as mean and band, as for `aggregate`; by
            default those whose names differ only in a seed.
        media_bytes: How many bytes of pictures and sounds go into the page at most.
        plotlyjs: ``inline`` (4.8 MB more), ``cdn`` (fetched when the page is opened), or
            ``directory`` (one ``plotly.min.js`` beside the page, which several pages can share).
        force: Whether a file that is there may be replaced.

    Returns:
        The path.

    Raises:
        NoEventFiles: There is nothing to read.
        OutputExists: There is a file, and `force` does not allow to replace it.
        MissingExtra: The extra ``report`` is not installed.
        InvalidObjective: An objective is none of ``min``, ``max``, ``none``.
        InvalidArgument: `smoothing` or `plotlyjs` is none of what they may be.
    """
    if not 0 <= smoothing < 1:
        raise InvalidArgument(f"smoothing is {smoothing}, not 0 to below 1")
    if plotlyjs not in PLOTLY_SCRIPTS:
        raise InvalidArgument(f"plotlyjs is {plotlyjs!r}, not one of {', '.join(PLOTLY_SCRIPTS)}")
    require_report_extra("a report")
    if os.fspath(path) != "-":
        require_free(path, force=force)
    experiment = load(x, fold=True) if isinstance(x, (str, os.PathLike)) else x
    runs, name = _runs(experiment)
    data = page_data(
        runs,
        title=name if title is None else title,
        root=experiment.path if isinstance(experiment, Run) else experiment.logdir,
        smoothing=smoothing,
        objectives=objectives,
        selection=Selection.of(tags, steps),
        group=group,
        media_bytes=media_bytes,
    )
    _write(path, render_page(data, plotlyjs), force=force)
    path = Path(path)
    if plotlyjs == "directory" and os.fspath(path) != "-":
        _put_plotly_beside(path)
    return path


def diff_report(
    result: Diff,
    a: RunsLike,
    b: RunsLike | None,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    smoothing: float = 0.6,
    objectives: Mapping[str, Objective] | None = None,
    group: str | Sequence[str] | None = None,
    plotlyjs: PlotlyJs = "inline",
    force: bool = False,
) -> Path:
    """Writes a page that shows what differs: the page of all runs, with the differences on top.

    Args:
        result: What `tbtools.diff` gave for `a` and `b`.
        a: The runs of the one side, as they were compared.
        b: Those of the other; None where all were on one side.
        path: The HTML file; ``-`` for standard output.
        title: The heading.
        tags: Globs; all tags where not given.
        steps: First and last step, both included; None for no bound.
        smoothing: Where the smoothing slider stands at first, 0 to 1.
        objectives: Which way is better, by glob over tags.
        group: As for `report`.
        plotlyjs: As for `report`.
        force: Whether a file that is there may be replaced.

    Returns:
        The path.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        MissingExtra: The extra ``report`` is not installed.
    """
    require_report_extra("a report")
    if os.fspath(path) != "-":
        require_free(path, force=force)
    sides = [as_runs(a), {} if b is None else as_runs(b)]
    names = shown_names(*sides)
    runs = {
        shown[name]: run
        for side, shown in zip(sides, names, strict=True)
        for name, run in side.items()
    }
    data = page_data(
        runs,
        title=f"{result.a} and {result.b}" if title is None else title,
        root=os.curdir,
        smoothing=smoothing,
        objectives=objectives,
        selection=Selection.of(tags, steps),
        group=group,
        diff=renamed(result, names[0], names[1] or names[0]),
    )
    _write(path, render_page(data, plotlyjs), force=force)
    path = Path(path)
    if plotlyjs == "directory" and os.fspath(path) != "-":
        _put_plotly_beside(path)
    return path


def _runs(x: Experiment | Run) -> tuple[dict[str, Run], str]:
    if isinstance(x, Run):
        return {x.name: x}, x.name if x.name != "." else base_name(x.path)
    x.scan()
    return dict(x), x.logdir


def _put_plotly_beside(path: Path) -> None:
    """Several pages of one directory share the script; it is written when it is not there yet."""
    beside = path.parent / PLOTLY_FILE
    code = plotly_js()
    if not beside.exists() or beside.read_text("utf-8") != code:
        _write(beside, code, force=True)


def _write(path: str | os.PathLike[str], text: str, *, force: bool) -> None:
    with replaced_whole(path, force=force) as opened:
        cast("IO[str]", opened).write(text)
