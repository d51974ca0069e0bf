"""`tbtools.figure`: a figure for a publication, from logs to a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tbtools.errors import InvalidArgument
from tbtools.eventfile.source import as_path
from tbtools.render.extras import require_packages
from tbtools.render.files import replaced_whole, require_free
from tbtools.render.output import output_format
from tbtools.render.publication.curves import grouped_curves, single_curves
from tbtools.render.publication.drawing import picture
from tbtools.render.publication.labels import labels_of
from tbtools.render.publication.panels import drawing_of
from tbtools.render.publication.pgfplots import pgfplots
from tbtools.render.publication.ridgelines import ridgelines
from tbtools.render.publication.styles import (
    default_size,
    grid_of,
    publication_style,
    size_in_inches,
)
from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.inputs import open_inputs
from tbtools.runs.reading import check_progress
from tbtools.runs.selection import Selection
from tbtools.runs.series import axis_name
from tbtools.vocabulary import FIGURE_DATA, FIGURE_FORMATS

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

    from tbtools.analysis.align import Alignment
    from tbtools.render.publication.labels import LabelsLike
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.vocabulary import Band, FigureData, FigureFormat, FigureStyle


@dataclass(frozen=True, slots=True)
class WrittenFigure(HasProvenance):
    """A figure that was written.

    Attributes:
        path: Where.
        format: ``pdf``, ``svg``, ``png`` or ``latex``.
        width: Inches.
        height: Inches.
        charts: What each chart is of, as it says it.
        curves: How many lines there are in all charts.
        runs: How many runs are behind them.
        caption: What lines and bands are, for the text below the figure; "" where each line is a
            run.
        remarks: What is left out or not as it seems, for who looks at it.
        provenance: What should be known of the runs.
    """

    path: str
    format: FigureFormat
    width: float
    height: float
    charts: tuple[str, ...]
    curves: int
    runs: int
    caption: str
    remarks: tuple[str, ...]
    provenance: Provenance = field(default_factory=Provenance)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "path": self.path,
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "charts": list(self.charts),
            "curves": self.curves,
            "runs": self.runs,
            "caption": self.caption,
            "remarks": list(self.remarks),
            **self.provenance.to_dict(),
        }


def figure(
    runs: RunsLike,
    path: str | os.PathLike[str],
    data: FigureData = "scalars",
    *,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    group: str | Sequence[str] | None = None,
    band: Band | None = None,
    align: Alignment | None = None,
    x: str = "step",
    log: bool = False,
    labels: LabelsLike | None = None,
    style: FigureStyle = "paper",
    size: str | tuple[float, float] | None = None,
    columns: int | None = None,
    format: FigureFormat | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> WrittenFigure:
    """Writes a figure for a publication: a chart a tag, a line a run or a group of runs.

    Fonts are embedded (TrueType in a PDF, shapes in an SVG), colours are told apart by colour-blind
    readers and dashes in black and white, and the size is exact. The same logs give the same bytes.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        path: The file; ``-`` for standard output.
        data: ``scalars``, or ``histograms`` as ridgelines, a chart a run and tag.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        group: Which runs make a line together, as for `tbtools.aggregate`; each by itself where not
            given.
        band: What lies around the line of a group, and what the line is: ``mean_ci``,
            ``median_ci``, ``iqm_ci`` (95 % bootstrap intervals), ``std``, ``stderr`` (around the
            mean), ``minmax``, ``quartiles`` (around the median), or ``none``. ``mean_ci`` by
            default.
        align: As for `tbtools.aggregate`; ``interpolate`` by default.
        x: ``step``, ``relative``, ``wall``, or the tag of another scalar.
        log: Whether the y axes are logarithmic.
        labels: What runs, groups, tags and axes are called instead of their names: a mapping, or
            the path of a TOML file of ``"name" = "label"``. Between dollars stands a formula.
        style: ``paper``, ``paper-serif`` or ``slides``.
        size: Width and height: ``3.3x2.2in``, also in cm, mm and pt, or two numbers in inches. By
            default that of the style: a column of a page, or both for several charts.
        columns: How many charts stand side by side; two by default.
        format: ``pdf``, ``svg``, ``png`` or ``latex`` (pgfplots); by default what the ending says.
        force: Whether a file that is there may be replaced.
        progress: Called now and then with how much has been done and how much there is.

    Returns:
        What was written. Its `remarks` say what a reader does not see: points that were thinned,
        runs that are in no group, and where fewer runs are behind a line.

    Raises:
        InvalidArgument: Something of this makes no sense, or there are more lines or charts than
            can be told apart.
        UnknownTag: A glob matches no tag.
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
        MissingExtra: The extra ``figure`` is not installed.
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    check_progress(progress)
    target = as_path(path)
    kind = cast("FigureFormat", output_format(target, format, FIGURE_FORMATS))
    if kind not in FIGURE_FORMATS:
        raise InvalidArgument(f"format={kind!r} is none of {', '.join(FIGURE_FORMATS)}")
    _check(data, group=group, band=band, align=align, x=x, log=log, columns=columns)
    styled = publication_style(style)
    asked_size = None if size is None else size_in_inches(size)
    known_labels = labels_of(labels)
    require_packages("a figure", "figure", "matplotlib", "tsdownsample")
    if target != "-":
        require_free(path, force=force)
    inputs = open_inputs(runs, fold=_is_by_hparams(group))
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    if data == "histograms":
        drawing, of_runs = ridgelines(inputs, selection, known_labels, progress)
    else:
        curves = (
            single_curves(inputs, selection, axis_name(x), progress)
            if group is None
            else grouped_curves(inputs, selection, x, progress, group=group, band=band, align=align)
        )
        drawing = drawing_of(
            curves.curves, known_labels, x=axis_name(x), caption=curves.caption, log=log
        )
        drawing.notes[:0] = curves.notes
        of_runs = curves.runs
    known_labels.require_used()
    grid = grid_of(len(drawing.panels), columns)
    inches = asked_size or default_size(styled, grid)
    if kind == "latex":
        content = "".join(f"{line}\n" for line in pgfplots(drawing, styled, inches, grid)).encode()
    else:
        content = picture(drawing, kind, styled, inches, grid)
    with replaced_whole(path, force=force, binary=True) as opened:
        cast("IO[bytes]", opened).write(content)
    return WrittenFigure(
        target,
        kind,
        *inches,
        tuple(panel.title.text for panel in drawing.panels),
        sum(len(panel.curves) for panel in drawing.panels),
        of_runs,
        drawing.caption,
        tuple(drawing.notes),
        Provenance.of(inputs.runs, inputs.unreadable),
    )


def _is_by_hparams(group: object) -> bool:
    names = [group] if isinstance(group, str) else group if isinstance(group, (list, tuple)) else []
    return any(isinstance(each, str) and each.startswith("hparam:") for each in names)


def _check(data: object, *, columns: object, **given: Any) -> None:
    """Refuses what is not there, and what would have no effect."""
    if data not in FIGURE_DATA:
        raise InvalidArgument(f"data={data!r} is none of {', '.join(FIGURE_DATA)}")
    if columns is not None and (type(columns) is not int or columns < 1):
        raise InvalidArgument(f"columns={columns!r} is not a whole number of at least 1")
    defaults: Mapping[str, object] = {"x": "step", "log": False}
    if data == "histograms":
        for name, value in given.items():
            if value != defaults.get(name):
                raise InvalidArgument(f"{name} has no effect on histograms")
    elif given["group"] is None:
        for name in ("band", "align"):
            if given[name] is not None:
                raise InvalidArgument(f"{name} has no effect without group")
