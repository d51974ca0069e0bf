"""Everything that is in a log directory, for other programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tbtools.analysis.hparams_levels import hparams_table_at
from tbtools.analysis.smooth import Smoothing
from tbtools.errors import InvalidArgument
from tbtools.render.export_frames import export_frames
from tbtools.render.export_tables import Beside, export_hparams, export_scalars
from tbtools.render.lake import export_lake
from tbtools.render.media import export_media
from tbtools.render.picture_sheets import export_sheet, sheet_format
from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.inputs import open_inputs
from tbtools.runs.plugins.table import EXPORTED_FRAMES, export_kinds
from tbtools.runs.selection import Selection, as_globs
from tbtools.runs.series import axis_name
from tbtools.vocabulary import PAGE_FORMATS, TABLE_FORMATS

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.vocabulary import SmoothingMethod

_OF_SCALARS = ("wide", "x", "smoothing")
# What means nothing for a kind of data, and is refused: who gives it expects something of it.
_MEANINGLESS = {
    "scalars": (),
    "hparams": ("tags", "steps", *_OF_SCALARS),
    **dict.fromkeys(EXPORTED_FRAMES, _OF_SCALARS),
    "sheets": (*_OF_SCALARS, "format", "csv_safe"),
    "graphs": ("tags", "steps", *_OF_SCALARS, "format", "force"),
}
_MEANINGLESS_FOR_FILES = (*_OF_SCALARS, "format", "force")


@dataclass(frozen=True, slots=True)
class Export(HasProvenance):
    """What was written.

    Attributes:
        data: The kind of data.
        count: How many rows of a table, or how many files.
        runs: Of how many runs they are.
        left_out: Points that are in no row, because a wide table has one cell for several; pictures
            for which a sheet has no room.
        undecodable: What could not be written because it cannot be decoded; the problems have it
            with run, tag and step.
        provenance: What should be known of the runs.
        is_sheet: Whether the pictures are one, and `count` says how many are on it.
    """

    data: str
    count: int
    runs: int
    left_out: int = 0
    undecodable: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    is_sheet: bool = False

    def to_dict(self) -> dict[str, Any]:
        """What was written, and what should be known of the runs."""
        return {
            "data": self.data,
            "count": self.count,
            "runs": self.runs,
            "left_out": self.left_out,
            "undecodable": list(self.undecodable),
            **self.provenance.to_dict(),
        }


def export(
    runs: RunsLike,
    path: str | os.PathLike[str],
    data: str = "scalars",
    *,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    wide: bool = False,
    x: str = "step",
    smoothing: float | None = None,
    method: SmoothingMethod = "ema",
    format: str | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    csv_safe: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Export:
    """Writes all of one kind of data, run by run, so that memory does not grow with their number.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        path: For a table a file, ``-`` for standard output; for what makes files a
            directory. For scalars of runs with an engine a directory of Parquet files, to which
            is added what is new; see docs/distributed.md.
        data: ``scalars`` (every point), ``hparams`` (one row a run, with what its metrics have
            reached: last, at best, at the end), ``histograms`` (one row a bucket),
            ``distributions`` (one row a histogram, with TensorBoard's nine quantiles),
            ``pr_curves`` (one row a threshold), ``images``, ``audio`` or ``text`` (one file each,
            as it was stored), ``tensors`` (one .npy each of those of which no other kind makes
            anything; of strings .json), ``meshes`` (one .ply each), ``graphs`` (one GraphDef a run,
            .pb). Images are one contact sheet where the path ends in ``.png``, and one animation
            over steps where it ends in ``.gif``.
        tags: Globs; all tags where not given. Not for hparams.
        exclude_tags: Globs of tags that are left out. Not for hparams.
        steps: First and last step, both included; None for no bound. Not for hparams.
        wide: For scalars one row a run and step and one column a tag, instead of one row a point.
        x: For scalars an axis as a column of its own: ``relative`` (seconds since the run's first
            event), ``active`` (the same without the pauses between sessions), or the tag of another
            scalar (NaN where that has no value); ``step`` and ``wall`` are there anyway.
        smoothing: For scalars a weight, 0 to below 1: a column ``smoothed`` beside the values.
        method: How, as for `tbtools.smooth`; ``time_weighted_ema`` measures along `x`.
        format: ``csv``, ``jsonl``, ``json``, ``parquet``, ``feather`` or ``xlsx``, and for hparams
            also ``table``, ``markdown`` or ``latex``; by default what the ending says (``.csv.gz``
            is compressed). For tables.
        force: Whether a file that is there may be replaced; a directory never is.
        csv_safe: Whether no text in CSV may be a formula to a spreadsheet: a single quote is put in
            front of those that begin with = + - @, a tab or a carriage return.
        progress: Called now and then with the bytes that have been read and those of all files.

    Raises:
        InvalidArgument: There is no such kind of data, or there are no scalars; the ending says no
            format, or something was given that means nothing for this kind.
        MissingExtra: Parquet and Feather need pyarrow, workbooks XlsxWriter.
        UnknownTag: No run has the tag.
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
        TbtoolsError: Something is there already; see `tbtools.write`.
        FileError: It cannot be written; then nothing is left behind.

    Examples:
        >>> exported = tbtools.export("examples/logs/baseline", "loss.csv", tags="val/loss")
        >>> exported.count
        7
    """
    if data not in export_kinds():
        raise InvalidArgument(f"no data {data!r}; there are {', '.join(export_kinds())}")
    beside = _beside(axis_name(x), smoothing, method)
    if wide and beside.schema:
        raise InvalidArgument("a wide table has no column for an axis or for smoothed values")
    given = {
        "tags": bool(as_globs(tags) or as_globs(exclude_tags)),
        "steps": (steps or (None, None)) != (None, None),
        "wide": wide,
        "x": beside.x != "step",
        "smoothing": smoothing is not None,
        "format": format is not None,
        "force": force,
        "csv_safe": csv_safe,
    }
    if data != "hparams" and format in PAGE_FORMATS and format not in TABLE_FORMATS:
        raise InvalidArgument(f"only an export of hparams can be {format}, not one of {data}")
    is_sheet = data == "images" and sheet_format(path) is not None
    _refuse_meaningless("sheets" if is_sheet else data, data, given)
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    inputs = open_inputs(runs, fold=data == "hparams")
    known = inputs.runs
    has_engine = any(run.data.engine for run in known.values())
    left_out = 0
    undecodable: list[tuple[str, Undecodable]] = []
    if data == "scalars" and has_engine:
        if wide or force or csv_safe or beside.schema or format not in (None, "parquet"):
            raise InvalidArgument("an engine exports scalars as a long data set of Parquet files")
        count, of_runs = export_lake(known, path, selection, progress)
    elif data == "scalars":
        count, of_runs, left_out = export_scalars(
            known,
            path,
            selection=selection,
            wide=wide,
            beside=beside,
            format=format,
            force=force,
            csv_safe=csv_safe,
            progress=progress,
        )
    elif data == "hparams":
        table = hparams_table_at(inputs)
        count, undecodable = export_hparams(
            known, table, path, format=format, force=force, csv_safe=csv_safe
        )
        of_runs = count
    elif data in EXPORTED_FRAMES:
        count, of_runs, undecodable = export_frames(
            known,
            path,
            data,
            selection=selection,
            format=format,
            force=force,
            csv_safe=csv_safe,
            progress=progress,
        )
    elif is_sheet:
        sheet = export_sheet(known, path, selection=selection, force=force, progress=progress)
        count, left_out, of_runs, undecodable = sheet
    else:
        count, of_runs, undecodable = export_media(
            known, path, data, selection=selection, csv_safe=csv_safe, progress=progress
        )
    provenance = Provenance.of(known, inputs.unreadable, undecodable)
    told = tuple(f"run {run}: {problem}" for run, problem in undecodable)
    return Export(data, count, of_runs, left_out, told, provenance, is_sheet)


def _refuse_meaningless(what: str, data: str, given: Mapping[str, bool]) -> None:
    """Refuses what was given and means nothing for what is written.

    Raises:
        InvalidArgument: There is such a thing.
    """
    meaningless = _MEANINGLESS.get(what, _MEANINGLESS_FOR_FILES)
    if refused := [name for name in meaningless if given[name]]:
        raise InvalidArgument(f"an export of {data} takes no {', no '.join(refused)}")


def _beside(x: str, weight: float | None, method: SmoothingMethod) -> Beside:
    if weight is None:
        return Beside(x)
    along = x if method == "time_weighted_ema" else "step"  # the others take points in their order
    return Beside(x, Smoothing(method, weight, by=along))
