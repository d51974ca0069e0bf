"""A run: what its event files hold, as frames and objects, read when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.errors import UndecodablePayload
from tbtools.eventfile.source import source_of
from tbtools.runs.frames import scalars_frame, tell_undecodable
from tbtools.runs.plugins import payloads
from tbtools.runs.plugins.table import PLUGINS, function_at
from tbtools.runs.plugins.values import Undecodable, decoded
from tbtools.runs.tables import notes_frame, problems_frame, sessions_frame, tags_frame
from tbtools.runs.timeline import rows as row_kinds
from tbtools.showing import Shown
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd

    from tbtools.eventfile.rescan import FileChange
    from tbtools.runs.data import RunData
    from tbtools.runs.parts import Steps
    from tbtools.runs.plugins.custom_scalars import Layout
    from tbtools.runs.plugins.graphs import Graph
    from tbtools.runs.plugins.hparams import HParams
    from tbtools.runs.plugins.projector import Embedding
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.vocabulary import RestartPolicy

    Tags = str | Sequence[str] | None
    FrameOf = Callable[[Iterable[StoredValue], list[Undecodable]], pd.DataFrame]


class Run(Shown):
    """A run of an experiment.

    Nothing is read before something is asked for; then the event files are scanned once, and
    payloads (pictures, histograms, ...) are read back from them each time they are asked for.

    Methods that take `tags` want a tag, a glob (``loss/*``; ``*`` matches ``/`` too), or several;
    one that matches nothing raises `UnknownTag`.

    The `attrs` of every frame hold restarts, superseded (how many points), problems and notes. A
    frame of pictures, texts, tensors, ... leaves out values that cannot be decoded: it warns
    (`UndecodableValues`), and they stand among the problems, with tag and step. What is asked for
    as one object (`hparams`, `graph()`, `custom_scalars()`, a picture's `to_numpy()`) raises
    `UndecodablePayload`, and so does a file that has changed since it was scanned.

    Attributes:
        data: What tbtools' own analyses work on; not for users, and without a promise.
    """

    _plumbing = frozenset({"data"})

    def __init__(self, data: RunData) -> None:
        self.data = data

    @property
    def name(self) -> str:
        """Its path relative to the log directory; ``.`` for the log directory itself."""
        return self.data.name

    @property
    def path(self) -> str:
        """Its directory."""
        return self.data.path

    @property
    def restarts(self) -> RestartPolicy:
        """The restart policy."""
        return self.data.restarts

    @property
    def event_files(self) -> tuple[str, ...]:
        """The paths of its event files, sorted by name."""
        return self.data.event_files

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """What the last `refresh` has found.

        Which files are new, have grown, healed, shrunk, been replaced, or cannot be read any more.
        Nothing before the first one.
        """
        return self.data.changes

    @property
    def superseded(self) -> int:
        """How many points restarts have superseded."""
        return self.data.superseded

    @property
    def notes(self) -> pd.DataFrame:
        """One row for each thing that may surprise although nothing is damaged.

        Returns:
            kind, message, tag (missing where it is about the run), count; see
            `tbtools.runs.timeline.notes.Note`.
        """
        return self._told(notes_frame(self.data.iter_notes()))

    @property
    def tags(self) -> pd.DataFrame:
        """One row a series.

        Returns:
            tag, plugin, count, first_step, last_step, first_time and last_time (seconds since the
            epoch), dtype, and for scalars first, last, min, min_step, max, max_step, nonfinite; the
            extremes are those of the finite values, at the step where they were first reached. Then
            display_name and description, as the tag's metadata has them, mostly ""; None where the
            file is gone. Traces of graphs are no series: `run_metadata` has their tags.
        """
        described = payloads.descriptions(self.data.parts)
        return self._told(tags_frame(self.data.statistics(), described))

    @property
    def problems(self) -> pd.DataFrame:
        """One row for each damaged stretch: file, offset, length, kind, message."""
        return self._told(problems_frame(self.data.iter_problems()))

    @property
    def sessions(self) -> pd.DataFrame:
        """One row a writer session, in file order.

        Returns:
            file, start_step (of the SessionLog.START that opens it, or missing), start_time and
            end_time (seconds since the epoch), first_step, last_step (lowest and highest), points,
            superseded (how many of them are).
        """
        return self._told(sessions_frame(part.columns for part in self.data.parts))

    # -- scalars

    def scalars(
        self,
        tags: Tags = None,
        *,
        steps: Steps = None,
        wide: bool = False,
        dtype: bool = False,
        file: bool = False,
    ) -> pd.DataFrame:
        """Its scalars, every point that was not superseded.

        Args:
            tags: Which tags.
            steps: First and last step, both included; None for no bound.
            wide: One row a step and one column a tag, instead of one row a point.
            dtype: Adds a column with the type on disk (``float32``, ``float64``, ...).
            file: Adds a column with the path of the event file, as it is in `Run.event_files`.

        Returns:
            Long: tag (categorical), step (int64), wall_time (float64, seconds since the epoch),
            value (float64), in the natural order of the tags and then in the order written; with
            folded sub-runs also source_run and source_tag. Wide: index step, columns tags. `attrs`
            holds restarts, superseded and problems.

        Raises:
            UnknownTag: A tag or glob matches no scalar.
            InvalidArgument: There is no point in these steps, or they are no pair; or a wide
                frame is to have columns of the points.

        Warns:
            DuplicateSteps: A wide frame shows only the last of several points of one step.

        Examples:
            >>> run = tbtools.load("examples/logs")["resumed"]
            >>> run.scalars("val/loss", steps=(200, 400))["step"].tolist()
            [200, 300, 400]
            >>> run.superseded
            528
        """
        source = len(self.data.sources) > 1
        columns = {"dtype": dtype, "file": file, "source": source}
        frame = scalars_frame({self.name: self}, tags, steps=steps, wide=wide, run=False, **columns)
        return self._told(frame)

    # -- everything else

    def values(self, plugins: Tags = None, tags: Tags = None) -> Iterator[StoredValue]:
        """The stored values themselves, read one by one.

        Args:
            plugins: Which plugins.
            tags: Which tags.

        Raises:
            UnknownTag: A tag without wildcards does not exist.
            UndecodablePayload: The file has changed since it was scanned, or cannot be read any
                more; or, by `StoredValue.message`, the bytes of a value are no Value.
        """
        return payloads.stored_values(self.data.parts, plugins, tags)

    def _frame(self, plugin: str, tags: Tags) -> pd.DataFrame:
        return self._decoded(function_at(PLUGINS[plugin].frame), self.values(plugin, tags))

    def _decoded(self, frame_of: FrameOf, values: Iterable[StoredValue]) -> pd.DataFrame:
        """A frame of the values that can be decoded, which tells of the others."""
        problems: list[Undecodable] = []
        return self._without(problems, frame_of(values, problems))

    def _without(self, problems: Sequence[Undecodable], frame: pd.DataFrame) -> pd.DataFrame:
        """A frame of the run that tells which values are not in it."""
        return tell_undecodable(self._told(frame), [(self.name, each) for each in problems])

    def _told(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame of the run, with what should be known of it."""
        frame.attrs |= self.data.frame_attrs()
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

        return self._decoded(histogram_statistics_frame, self.values("histograms", tags))

    def distributions(self, tags: Tags = None) -> pd.DataFrame:
        """TensorBoard's nine quantiles; see `plugins.histograms.distributions_frame`."""
        from tbtools.runs.plugins.histograms import distributions_frame

        return self._decoded(distributions_frame, self.values("histograms", tags))

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

        stored = payloads.stored_values(self.data.parts, None, tags, row_kinds.TENSOR)
        return self._decoded(tensors_frame, stored)

    def plugin_data(self, tags: Tags = None) -> pd.DataFrame:
        """What plugins unknown to tbtools have stored: tag, step, wall_time, plugin, content."""
        from tbtools.runs.plugins.values import plugin_frame

        plugins = {each.plugin for part in self.data.parts for each in part.columns.series}
        unknown = sorted(plugins - {"", *PLUGINS})
        return self._decoded(plugin_frame, self.values(unknown, tags) if unknown else ())

    def graph(self) -> Graph | None:
        """That of the last graph event, else of the last meta graph, else Keras's, else None."""
        from tbtools.runs.plugins.graphs import Graph, keras_graph

        timeline = self.data.columns.timeline
        if marks := timeline.marks(row_kinds.GRAPH_DEF):
            return Graph.from_graph_def(payloads.mark_content(timeline.rows, marks[-1]))
        if marks := timeline.marks(row_kinds.META_GRAPH_DEF):
            return Graph.from_meta_graph_def(payloads.mark_content(timeline.rows, marks[-1]))
        keras = list(self.values("graph_keras_model"))
        return keras_graph(keras[-1]) if keras else None

    def run_metadata(self) -> pd.DataFrame:
        """What each traced step cost; see `tbtools.runs.plugins.graphs.run_metadata_frame`."""
        from tbtools.runs.plugins.graphs import RunMetadata, run_metadata_frame

        timeline = self.data.columns.timeline
        problems: list[Undecodable] = []
        traces = []
        for mark in timeline.marks(row_kinds.TAGGED_RUN_METADATA):
            content = payloads.mark_content(timeline.rows, mark)
            try:
                traces.append(RunMetadata.from_tagged(content, mark.step, mark.wall_time))
            except UndecodablePayload as error:
                problems.append(Undecodable(f"at step {mark.step}: {error}", step=mark.step))
        plugins = ["graph_run_metadata", "graph_run_metadata_graph"]
        stored = decoded(self.values(plugins), RunMetadata.from_value, problems)
        traces += [trace for _, trace in stored]
        return self._without(problems, run_metadata_frame(traces))

    @property
    def hparams(self) -> HParams:
        """Its hyperparameters, empty where none are stored.

        Raises:
            UndecodablePayload: Some of them cannot be decoded; the text names the run.
        """
        from tbtools.runs.plugins.hparams import read_hparams

        return read_hparams(self.data)

    def custom_scalars(self) -> Layout:
        """The layout of the custom scalars page, empty where none is stored."""
        from tbtools.runs.plugins.custom_scalars import Layout

        return Layout.from_values(self.values("custom_scalars"))

    def embeddings(self) -> list[Embedding]:
        """The embeddings that its `projector_config.pbtxt` names; see `plugins.projector`."""
        from tbtools.runs.plugins.projector import read_embeddings

        return read_embeddings(self.path)

    # -- following

    def refresh(self) -> int:
        """Reads what was added to its event files since they were read.

        It costs the new bytes and those of damaged stretches, which are looked at again; columns
        and frames are made when they are asked for. `changes` says what was found.

        Returns:
            How many points are new; 0 for a run that has not been read yet.
        """
        source_of(self.data.path).forget(self.data.path)
        return self.data.refresh()

    def __repr__(self) -> str:
        """Without reading anything."""
        if not self.data.is_gathered:
            return f"<Run {self.name!r}: {plural(len(self.event_files), 'event file')}>"
        columns = self.data.columns
        size = f"{plural(len(columns.series), 'series')}, {plural(columns.count, 'point')}"
        return f"<Run {self.name!r}: {size}>"
