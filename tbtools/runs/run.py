"""A run: what its event files hold, as frames and objects, read when asked for."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from tbtools.eventfile.rescan import FileChange, first_scan, rescan
from tbtools.eventfile.scan import scan_file
from tbtools.runs.columns import RunColumns, gather
from tbtools.runs.diagnostics import RunDiagnostics, diagnose
from tbtools.runs.frames import ScalarTable
from tbtools.runs.parts import Part
from tbtools.runs.plugins import payloads
from tbtools.runs.plugins.table import PLUGINS, function_at
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.tables import notes_frame, problems_frame, sessions_frame, tags_frame
from tbtools.runs.timeline import rows as row_kinds
from tbtools.runs.timeline.notes import change_note, link_note
from tbtools.showing import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from tbtools.eventfile.discover import RunFiles
    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.parts import Steps
    from tbtools.runs.plugins.custom_scalars import Layout
    from tbtools.runs.plugins.graphs import Graph
    from tbtools.runs.plugins.hparams import HParams
    from tbtools.runs.plugins.projector import Embedding
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.runs.timeline.notes import Note
    from tbtools.vocabulary import RestartPolicy

    Tags = str | Sequence[str] | None

# Written when a training session ends, or at once by writers that do not follow it.
SESSION_END_TAG = "_hparams_/session_end_info"


class Run(Shown):
    """A run of an experiment.

    Nothing is read before something is asked for; then the event files are scanned once, and
    payloads (pictures, histograms, ...) are read back from them each time they are asked for.

    Methods that take `tags` want a tag, a glob (``loss/*``; ``*`` matches ``/`` too), or several;
    one that matches nothing raises `UnknownTag`.

    Attributes:
        name: Its path relative to the log directory; ``.`` for the log directory itself.
        path: Its directory.
        restarts: The restart policy.
        changes: What the last `refresh` has found: which files are new, have grown, healed, shrunk,
            been replaced, or cannot be read any more. Nothing before the first one.
    """

    def __init__(self, files: RunFiles, restarts: RestartPolicy, name: str | None = None) -> None:
        self.name = files.name if name is None else name
        self.path = files.path
        self.restarts: RestartPolicy = restarts
        self._paths = files.event_files
        self._links = files.duplicates
        self._read_anew: list[Note] = []
        self._files: tuple[FileColumns, ...] | None = None
        self._columns: RunColumns | None = None
        # What is kept when the columns are released.
        self._diagnostics: RunDiagnostics | None = None
        self.changes: tuple[FileChange, ...] = ()
        # Sub-runs that are shown as a part of this one, with the names their tags then have.
        self._folded: list[tuple[Run, dict[str, str]]] = []

    # -- what is there

    @property
    def event_files(self) -> tuple[str, ...]:
        """The paths of its event files, sorted by name."""
        return self._paths

    @property
    def files(self) -> tuple[FileColumns, ...]:
        """The columns of its event files."""
        if self._files is None:
            self._files = tuple(scan_file(path) for path in self._paths)
        return self._files

    @property
    def all_files(self) -> tuple[FileColumns, ...]:
        """Those, and those of the sub-runs folded into it."""
        return (*self.files, *(file for run, _ in self._folded for file in run.files))

    @property
    def columns(self) -> RunColumns:
        """What is left of its rows after restarts, by series."""
        if self._columns is None:
            self._columns = gather(self.files, self.restarts)
        return self._columns

    @property
    def parts(self) -> list[Part]:
        """Its own columns, and those of the sub-runs folded into it."""
        folded = [
            Part(self.name, run.name, run.columns, tag_names) for run, tag_names in self._folded
        ]
        return [Part(self.name, self.name, self.columns), *folded]

    @property
    def start_time(self) -> float:
        """Wall time of its first event, in seconds since the epoch; NaN where none is known."""
        times = [part.columns.timeline.start_time for part in self.parts]
        return min((time for time in times if time == time), default=float("nan"))

    @property
    def notes(self) -> pd.DataFrame:
        """One row for each thing that may surprise although nothing is damaged.

        Returns:
            kind, message, tag (missing where it is about the run), count; see
            `tbtools.runs.timeline.notes.Note`.
        """
        return notes_frame(self.iter_notes())

    def iter_notes(self) -> Iterator[Note]:
        """Each note, about the tags that are shown."""
        for link, target in self._links:
            yield link_note(link, target)
        yield from self._read_anew
        for part in self.parts:
            for note in part.columns.notes:
                yield note if note.tag is None else replace(note, tag=part.shown_tag(note.tag))

    @property
    def is_unreadable(self) -> bool:
        """Whether not one event could be read of it, although its files are not empty."""
        problems = any(True for _ in self.iter_problems())
        return problems and not any(file.events for file in self.all_files)

    @property
    def diagnostics(self) -> RunDiagnostics:
        """Its problems, notes and superseded points; known without reading it a second time."""
        return self._diagnostics or diagnose(self)

    @property
    def has_ended(self) -> bool:
        """Whether its writer said after the last point that the training session has ended.

        A session's end that was written with the hyperparameters, as torch and tensorboardX do at
        once, says nothing: points came later, or there are none but the hyperparameters.
        """
        every = [part.columns for part in self.parts]
        filled = [(columns, each) for columns in every for each in columns.series if each.count]
        ends = [
            float(columns.rows.wall_time[columns.of(each)[-1]])
            for columns, each in filled
            if each.tag == SESSION_END_TAG
        ]
        if not ends or all(each.plugin == "hparams" for _, each in filled):
            return False
        return max(ends) >= max(columns.timeline.end_time for columns in every)

    @property
    def superseded(self) -> int:
        """How many points restarts have superseded."""
        return sum(part.columns.superseded for part in self.parts)

    def statistics(self) -> list[SeriesStatistics]:
        """All its series in numbers, as `tags` shows them, without pandas."""
        return [statistics for part in self.parts for statistics in part.statistics()]

    @property
    def tags(self) -> pd.DataFrame:
        """One row a series.

        Returns:
            tag, plugin, count, first_step, last_step, first_time and last_time (seconds since the
            epoch), dtype, and for scalars first, last, min, min_step, max, max_step, nonfinite; the
            extremes are those of the finite values, at the step where they were first reached.
        """
        return tags_frame(self.statistics())

    @property
    def problems(self) -> pd.DataFrame:
        """One row for each damaged stretch: file, offset, length, kind, message."""
        return problems_frame(self.iter_problems())

    def iter_problems(self) -> Iterator[tuple[str, Problem]]:
        """Each damaged stretch, with the path of its file."""
        for file in self.all_files:
            for problem in file.problems:
                yield file.path, problem

    @property
    def sessions(self) -> pd.DataFrame:
        """One row a writer session, in file order.

        Returns:
            file, start_step (of the SessionLog.START that opens it, or missing), start_time and
            end_time (seconds since the epoch), first_step, last_step (lowest and highest), points,
            superseded (how many of them are).
        """
        return sessions_frame(part.columns for part in self.parts)

    # -- scalars

    def scalars(
        self, tags: Tags = None, *, steps: Steps = None, wide: bool = False, dtype: bool = False
    ) -> pd.DataFrame:
        """Its scalars, every point that was not superseded.

        Args:
            tags: Which tags.
            steps: First and last step, both included; None for no bound.
            wide: One row a step and one column a tag, instead of one row a point.
            dtype: Adds a column with the type on disk (``float32``, ``float64``, ...).

        Returns:
            Long: tag (categorical), step (int64), wall_time (float64, seconds since the epoch),
            value (float64), in the natural order of the tags and then in the order written; with
            folded sub-runs also source_run and source_tag. Wide: index step, columns tags. `attrs`
            holds restarts, superseded and problems.

        Raises:
            UnknownTag: A tag or glob matches no scalar.
            InvalidArgument: There is no point in these steps, or they are no pair.

        Warns:
            DuplicateSteps: A wide frame shows only the last of several points of one step.
        """
        selector = Selector(Selection.of(tags, steps))
        table = ScalarTable([selector.choose(part) for part in self.parts])
        selector.require_match()
        frame = (
            table.wide("tag")
            if wide
            else table.long(run=False, dtype=dtype, source=bool(self._folded))
        )
        frame.attrs |= self.frame_attrs()
        return frame

    def frame_attrs(self) -> dict[str, Any]:
        """What a frame says about itself: the restart policy, what it left out, damage, notes."""
        return {
            "restarts": self.restarts,
            "superseded": self.superseded,
            "problems": [{"file": path, **asdict(each)} for path, each in self.iter_problems()],
            "notes": [note.to_dict() for note in self.iter_notes()],
        }

    # -- everything else

    def values(self, plugins: Tags = None, tags: Tags = None) -> Iterator[StoredValue]:
        """The stored values themselves, decoded one by one.

        Args:
            plugins: Which plugins.
            tags: Which tags.

        Raises:
            UnknownTag: A tag without wildcards does not exist.
            UndecodablePayload: The bytes are no Value any more: the file has changed.
        """
        return payloads.stored_values(self.parts, plugins, tags)

    def _frame(self, plugin: str, tags: Tags) -> pd.DataFrame:
        frame: pd.DataFrame = function_at(PLUGINS[plugin].frame)(self.values(plugin, tags))
        return frame

    def images(self, tags: Tags = None) -> pd.DataFrame:
        """One row a picture; see `tbtools.runs.plugins.images.images_frame`."""
        return self._frame("images", tags)

    def audio(self, tags: Tags = None) -> pd.DataFrame:
        """One row a sound; see `tbtools.runs.plugins.audio.audio_frame`."""
        return self._frame("audio", tags)

    def histograms(self, tags: Tags = None) -> pd.DataFrame:
        """Histograms; see `tbtools.runs.plugins.histograms.histograms_frame`."""
        return self._frame("histograms", tags)

    def histogram_statistics(self, tags: Tags = None) -> pd.DataFrame:
        """One row a histogram; see `tbtools.runs.plugins.histograms.histogram_statistics_frame`."""
        from tbtools.runs.plugins.histograms import histogram_statistics_frame

        return histogram_statistics_frame(self.values("histograms", tags))

    def distributions(self, tags: Tags = None) -> pd.DataFrame:
        """TensorBoard's nine quantiles; see `plugins.histograms.distributions_frame`."""
        from tbtools.runs.plugins.histograms import distributions_frame

        return distributions_frame(self.values("histograms", tags))

    def text(self, tags: Tags = None) -> pd.DataFrame:
        """One row a text; see `tbtools.runs.plugins.text.text_frame`."""
        return self._frame("text", tags)

    def pr_curves(self, tags: Tags = None) -> pd.DataFrame:
        """One row a threshold; see `tbtools.runs.plugins.pr_curves.pr_curves_frame`."""
        return self._frame("pr_curves", tags)

    def meshes(self, tags: Tags = None) -> pd.DataFrame:
        """One row a mesh; see `tbtools.runs.plugins.meshes.meshes_frame`.

        A mesh is stored under several tags (``mesh_VERTEX``, ``mesh_FACE``): choose it by
        ``mesh*``.
        """
        return self._frame("mesh", tags)

    def tensors(self, tags: Tags = None) -> pd.DataFrame:
        """Every value that is stored as a tensor, whatever plugin shows it, as a NumPy array."""
        from tbtools.runs.plugins.tensors import tensors_frame

        return tensors_frame(payloads.stored_values(self.parts, None, tags, row_kinds.TENSOR))

    def plugin_data(self, tags: Tags = None) -> pd.DataFrame:
        """What plugins unknown to tbtools have stored: tag, step, wall_time, plugin, content."""
        from tbtools.runs.plugins.values import plugin_frame

        return plugin_frame(
            value
            for value in self.values(None, tags)
            if value.plugin_name and value.plugin_name not in PLUGINS
        )

    def graph(self) -> Graph | None:
        """That of the last graph event, else of the last meta graph, else Keras's, else None."""
        from tbtools.runs.plugins.graphs import Graph, keras_graph

        rows = self.columns.rows
        if marks := rows.marks(row_kinds.GRAPH_DEF):
            return Graph.from_graph_def(payloads.mark_content(rows, marks[-1]))
        if marks := rows.marks(row_kinds.META_GRAPH_DEF):
            return Graph.from_meta_graph_def(payloads.mark_content(rows, marks[-1]))
        keras = list(self.values("graph_keras_model"))
        return keras_graph(keras[-1]) if keras else None

    def run_metadata(self) -> pd.DataFrame:
        """What each traced step cost; see `tbtools.runs.plugins.graphs.run_metadata_frame`."""
        from tbtools.runs.plugins.graphs import RunMetadata, run_metadata_frame

        rows = self.columns.rows
        marked = [
            RunMetadata.from_tagged(payloads.mark_content(rows, mark), mark.step, mark.wall_time)
            for mark in rows.marks(row_kinds.TAGGED_RUN_METADATA)
        ]
        plugins = ["graph_run_metadata", "graph_run_metadata_graph"]
        stored = [RunMetadata.from_value(value) for value in self.values(plugins)]
        return run_metadata_frame([*marked, *stored])

    @property
    def hparams(self) -> HParams:
        """Its hyperparameters, empty where none are stored.

        Raises:
            UndecodablePayload: Some of them cannot be decoded; the text names the run.
        """
        from tbtools.runs.plugins.hparams import read_hparams

        return read_hparams(self)

    def custom_scalars(self) -> Layout:
        """The layout of the custom scalars page, empty where none is stored."""
        from tbtools.runs.plugins.custom_scalars import Layout

        return Layout.from_values(self.values("custom_scalars"))

    def embeddings(self) -> list[Embedding]:
        """The embeddings that its `projector_config.pbtxt` names; see `plugins.projector`."""
        from tbtools.runs.plugins.projector import read_embeddings

        return read_embeddings(self.path)

    # -- following

    def expect(self, event_files: Sequence[str]) -> None:
        """Takes note of event files that are there now; they are read by the next refresh."""
        self._paths = tuple(sorted({*self._paths, *event_files}))

    def refresh(self) -> int:
        """Reads what was added to its event files since they were read.

        It costs the new bytes and those of damaged stretches, which are looked at again; columns
        and frames are made when they are asked for. `changes` says what was found.

        Returns:
            How many points are new; 0 for a run that has not been read yet.
        """
        self.changes = ()
        if self._files is None:
            return 0
        before = {file.path: file for file in self._files}
        looks = [
            rescan(before[path]) if path in before else first_scan(path) for path in self._paths
        ]
        self.changes = tuple(
            FileChange(look.columns.path, look.change, look.new_rows)
            for look in looks
            if look.change is not None
        )
        self._read_anew += [
            change_note(each.path, each.kind)
            for each in self.changes
            if each.kind in ("shrank", "replaced", "healed")
        ]
        if self.changes:
            self.hold([look.columns for look in looks])
        return sum(look.new_rows for look in looks)

    def hold(self, files: Sequence[FileColumns]) -> None:
        """Takes over columns that were scanned elsewhere."""
        self._files, self._columns, self._diagnostics = tuple(files), None, None

    @property
    def is_read(self) -> bool:
        """Whether its event files have been read."""
        return self._files is not None

    @property
    def sources(self) -> tuple[str, ...]:
        """Its own name, and those of the sub-runs folded into it."""
        return (self.name, *(run.name for run, _ in self._folded))

    def unfold(self) -> None:
        """Shows it without its sub-runs again."""
        self._folded.clear()

    def release(self) -> None:
        """Forgets what was read but for its diagnostics; it is read again when it is asked for."""
        if self._columns is not None:
            self._diagnostics = diagnose(self)
        self._files, self._columns = None, None

    def fold(self, run: Run, tag_names: dict[str, str]) -> None:
        """Shows a sub-run as part of this run, its tags under the names given."""
        self._folded.append((run, tag_names))

    def __repr__(self) -> str:
        """Without reading anything."""
        if self._columns is None:
            return f"<Run {self.name!r}: {len(self._paths)} event files>"
        points = self._columns.order.size
        return f"<Run {self.name!r}: {len(self._columns.series)} series, {points} points>"
