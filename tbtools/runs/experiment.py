"""An experiment: all runs under a log directory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import chain, compress
from typing import TYPE_CHECKING, Any

from tbtools.errors import NoEventFiles, UnknownRun, UnsupportedType
from tbtools.eventfile.discover import LogDirectory, natural_key
from tbtools.eventfile.index.cache import cache_directory
from tbtools.eventfile.index.index import FileIndex
from tbtools.eventfile.listing import each_path
from tbtools.eventfile.source import as_path, common_directory
from tbtools.runs.data import RunData
from tbtools.runs.engine import engine_named
from tbtools.runs.folding import fold_runs
from tbtools.runs.frames import joined_attrs, scalars_frame, tell_undecodable
from tbtools.runs.named_paths import discover_again, discover_named, read_once, run_name
from tbtools.runs.reading import read_ahead, read_each
from tbtools.runs.run import Run
from tbtools.runs.selection import Selection, as_globs, choose, select_runs
from tbtools.runs.tables import tags_frame
from tbtools.runs.timeline.restarts import check_policy
from tbtools.showing import Shown, renderer_of
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    import pandas as pd

    from tbtools.eventfile.foreign.formats import Also
    from tbtools.eventfile.problems import Problem
    from tbtools.runs.where import Where

    LogPath = str | os.PathLike[str]
    Globs = str | Sequence[str] | None


def _also(formats: str | Sequence[str] | Also | None) -> Also | None:
    if formats is None:
        return None
    from tbtools.eventfile.foreign.formats import Also

    return Also.of(formats)


def _parsed(where: str) -> Where:
    from tbtools.runs.where import parse_where

    return parse_where(where)


class Experiment(Shown, Mapping[str, Run]):
    """The runs under one or several paths, by name, in natural order.

    Made by `load`. Runs are read when something of them is asked for; what concerns many runs reads
    their event files side by side, on all cores.

    Attributes:
        logdir: The path, as it was given; where there were several, what they have in common.
        paths: The paths, as they were given.
        restarts: The restart policy.
        lacking: How many runs `where` leaves out because they do not have what it asks for, by its
            name.
        all_runs: Every run under the paths, by name, whether it is selected or not.
        unreadable: Directories that could not be looked into, and with `skip_unreadable` the given
            paths without event files, each with the reason.
        engine: What does work over all runs in other processes; None for this one.
        directories: All that were looked into, as `LogDirectory` has them.
        is_kept: Whether what was read for a frame stays in memory.
    """

    _plumbing = frozenset({"all_runs", "directories", "engine", "is_kept", "refresh_known"})

    def __init__(
        self,
        paths: Sequence[LogPath],
        runs: Globs = None,
        restarts: str = "resume",
        *,
        exclude_runs: Globs = None,
        where: str | None = None,
        fold: bool = False,
        skip_unreadable: bool = False,
        cache: bool = True,
        engine: Any = None,
        also: str | Sequence[str] | Also | None = None,
    ) -> None:
        self._also = _also(also)
        self.paths = tuple(as_path(path) for path in paths)
        self._globs = as_globs(runs)
        self._exclude = as_globs(exclude_runs)
        self._where = None if where is None else _parsed(where)
        self.lacking: dict[str, int] = {}
        self.restarts = check_policy(restarts)
        self.unreadable: dict[str, Problem] = {}
        self.directories: tuple[str, ...] | None = None
        self._runs: dict[str, Run] = {}
        self._fold = fold
        self.engine = engine_named(engine)
        self.is_kept = True
        directories = each_path(partial(discover_named, also=self._also), self.paths)
        missing = [(each.path, each.unreadable[each.path]) for each in directories if not each.runs]
        if missing and not (skip_unreadable and len(missing) < len(directories)):
            raise NoEventFiles("; ".join(f"{path}: {why.message}" for path, why in missing))
        self._index = FileIndex(self.logdir) if cache and cache_directory() else None
        self._discover(directories)
        self.all_runs = self._folded_runs()
        named = select_runs(self.all_runs, self._globs, self._exclude)
        chosen = self._matching(named)
        if self._where is not None and not chosen:
            raise self._where.no_match(len(named), self.lacking)
        self._shown = {name: self.all_runs[name] for name in chosen}

    def _matching(self, names: list[str]) -> list[str]:
        """Those of some runs of which `where` is true; they are read for it."""
        if self._where is None:
            return names
        from tbtools.runs.matching import matching_runs

        def found(runs: Mapping[str, Run]) -> Mapping[str, frozenset[str] | None]:
            judge = renderer_of(self).found
            return judge(runs) if judge else {}

        chosen, self.lacking = matching_runs(self._where, names, self.all_runs, found)
        return chosen

    @property
    def logdir(self) -> str:
        """The path, as it was given; where there were several, what they have in common."""
        paths = [path for path in self.paths if path not in self.unreadable]
        if len(paths) == 1:
            return paths[0]
        return common_directory(paths or self.paths)

    def _discover(self, directories: Sequence[LogDirectory]) -> None:
        """Takes over the runs that were found; those known already stay the objects they are."""
        self.unreadable = {
            path: problem
            for directory in directories
            for path, problem in directory.unreadable.items()
        }
        looked_into = [each.directories for each in directories]
        self.directories = (
            None if None in looked_into else tuple(chain.from_iterable(filter(None, looked_into)))
        )
        several = len(self.paths) > 1
        found = [(directory.path, files) for directory in directories for files in directory.runs]
        once = read_once([files for _, files in found]) if several else [True] * len(found)
        for path, files in compress(found, once):
            name = run_name(path, files, several=several)
            if name in self._runs:
                self._runs[name].data.expect(files.event_files)
            else:
                data = RunData(files, self.restarts, name, path, self._index)
                data.engine, data.also = self.engine, self._also
                self._runs[name] = Run(data)
        self._runs = dict(sorted(self._runs.items(), key=lambda item: natural_key(item[0])))

    def _folded_runs(self) -> dict[str, Run]:
        """All runs, whether shown or not; for folding, they are read."""
        if not self._fold:
            return self._runs
        for run in read_ahead(list(self._runs.values())):
            run.data.unfold()
        return fold_runs(self._runs)

    # -- the mapping

    def __getitem__(self, name: str) -> Run:
        """The run of that name.

        Raises:
            UnknownRun: There is none; a KeyError that names those that come close.
        """
        try:
            return self._shown[name]
        except (KeyError, TypeError):  # a list cannot be hashed, and is no name either
            raise UnknownRun(name, self._shown) from None

    def __iter__(self) -> Iterator[str]:
        """The names, in natural order."""
        return iter(self._shown)

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._shown)

    # -- reading

    def scan(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Reads all event files that have not been read yet, on all cores.

        Args:
            progress: Called now and then with the bytes that have been read and those of all files.
        """
        for _ in read_ahead(list(self._shown.values()), progress):
            pass

    def each_run(self, progress: Callable[[int, int], None] | None = None) -> Iterator[Run]:
        """The runs one by one, each of them read, the next ones being read meanwhile on all cores.

        What was read of a run for this is let go when the next run is asked for: so memory does not
        grow with the number of runs.

        Args:
            progress: As for `scan`.
        """
        return (run for _, run in read_each(self._shown, progress))

    def refresh(self) -> int:
        """Reads what was added since: new runs, new event files, new records.

        Files that were replaced or have become shorter are read anew; of those that are gone, what
        was read stays, and the run's problems say so; `forget` lets go of a run. A file is looked
        into where its size, its identity or the time of its last change is another, and where it
        was damaged. `Run.changes` says what was found. It costs a look at the directories and
        files, the new bytes, and those of damaged stretches.

        Returns:
            How many points are new, in the runs that had been read before and in new runs.
        """
        known = set(self._runs)
        again = each_path(partial(discover_again, also=self._also), self.paths)
        self._discover([found for found in again if found])
        if None in again:  # nothing tells when it comes back
            self.directories = None
        points = each_path(self._refresh_run, known, lambda name: self._runs[name].path)
        new = dict(zip(known, points, strict=True))
        came = self._runs.keys() - known
        if came or self._where or any(self._runs[name].changes for name in known):
            self.all_runs = self._folded_runs()
            chosen = self._matching(choose(self.all_runs, self._globs, self._exclude))
            self._shown = {name: self.all_runs[name] for name in chosen}
        sources = {source for run in self._shown.values() for source in run.data.sources}
        for run in read_ahead([self._runs[name] for name in sorted(sources & came)]):
            new[run.name] = sum(file.values.count for file in run.data.files)
        return sum(new[name] for name in sources)

    def refresh_known(self, names: Collection[str]) -> int:
        """As `refresh`, where it is known that only what some runs have read before may be new.

        Raises:
            UnknownRun: There is none of one of the names.
            UnsupportedType: They are no collection.
        """
        if not isinstance(names, Collection):
            raise UnsupportedType(f"names={names!r} is no collection")
        for name in names:
            if str(name) not in self._runs:
                raise UnknownRun(name, self._runs)
        return sum(each_path(self._refresh_run, names, lambda name: self._runs[name].path))

    def forget(self, name: str) -> None:
        """Takes a run out, as one whose files were deleted, which `refresh` keeps.

        The next `refresh` finds it anew where its files are still there.

        Raises:
            UnknownRun: There is none of that name.
        """
        for source in self[name].data.sources:
            self._runs.pop(source, None)
        self.all_runs = {each: run for each, run in self.all_runs.items() if each != name}
        self._shown = {each: run for each, run in self._shown.items() if each != name}

    def _refresh_run(self, name: str) -> int:
        return self._runs[name].data.refresh()

    # -- frames

    def scalars(
        self,
        tags: Globs = None,
        *,
        steps: tuple[int | None, int | None] | None = None,
        wide: bool = False,
        dtype: bool = False,
        file: bool = False,
    ) -> pd.DataFrame:
        """The scalars of all runs, every point that was not superseded.

        Args:
            tags: Which tags: one, a glob (``loss/*``; ``*`` matches ``/`` too), or several.
            steps: First and last step, both included; None for no bound.
            wide: One row a step, instead of one row a point.
            dtype: Adds a column with the type on disk (``float32``, ``float64``, ...).
            file: Adds a column with the path of the event file.

        Returns:
            Long: run and tag (categorical), step (int64), wall_time (float64, seconds since the
            epoch), value (float64), in the natural order of the runs and tags, then as written;
            with ``fold=True`` also source_run and source_tag. Wide: index step, and columns runs
            where `tags` is one name, else pairs (run, tag). `attrs` holds restarts, superseded
            (run to count) and problems.

        Raises:
            UnknownTag: A tag or glob matches no scalar of any run.
            InvalidArgument: There is no point in these steps, or they are no pair; or a wide
                frame is to have columns of the points.

        Warns:
            DuplicateSteps: A wide frame shows only the last of several points of one step.

        Examples:
            >>> logs = tbtools.load("examples/logs", runs=["baseline", "plateau"])
            >>> logs.scalars("val/loss", wide=True).loc[600].round(3).to_dict()
            {'baseline': 1.83, 'plateau': 2.202}
        """
        self.scan()
        columns = {"dtype": dtype, "file": file, "source": self._fold}
        return scalars_frame(self, tags, steps=steps, wide=wide, keep=self.is_kept, **columns)

    def to_dask(
        self, tags: Globs = None, *, steps: tuple[int | None, int | None] | None = None
    ) -> Any:
        """The scalars of all runs as a `dask.dataframe.DataFrame`; no run is read before it is.

        Args:
            tags: As for `scalars`; that none matches is not told.
            steps: As for `scalars`.

        Returns:
            Columns run, tag (strings), step, wall_time, value; a partition for each 64 MB or 256
            runs, in the order of the runs, and no divisions.

        Raises:
            MissingExtra: Dask is not installed.
            InvalidArgument: The tags or steps are none.
        """
        from tbtools.runs.dask_frame import dask_frame

        return dask_frame(self._shown, Selection.of(tags, steps))

    @property
    def tags(self) -> pd.DataFrame:
        """One row a series of every run: run, and the columns and `attrs` of `Run.tags`."""
        import pandas as pd

        from tbtools.runs.plugins.payloads import descriptions

        self.scan()
        statistics = {name: run.data.statistics() for name, run in self.items()}
        described = (pair for run in self.values() for pair in descriptions(run.data.parts))
        table = tags_frame([each for of_run in statistics.values() for each in of_run], described)
        table.attrs |= joined_attrs(self)
        runs = [name for name, of_run in statistics.items() for _ in of_run]
        table.insert(0, "run", pd.Series(runs, dtype="str"))
        return table

    def hparams(self, at: str | Sequence[str] = "last") -> pd.DataFrame:
        """One row a run: its hyperparameters, and what its metrics have reached.

        Metrics are those that the run, or the nearest run above it, declares; where neither does,
        all scalars of the run and of the runs inside it (``validation/epoch_loss``). A metric that
        has a hyperparameter's name gets ``metric/`` in front. Which other runs are selected changes
        no value.

        Args:
            at: What of each metric: ``last``, ``best``, ``end``, one or several, as `tbtools.best`
                has them. The last value has the metric's name, the others ``NAME (best)`` and
                ``NAME (end)``, where some run has more than one point of it; there is no best where
                which way is better is not known.

        Returns:
            Index run; runs without hyperparameters are left out. Values keep their Python types. A
            hyperparameter that a run does not have is missing, like one that was set to None, which
            `Run.hparams` tells apart. `attrs` holds restarts, superseded and problems, among these
            the hyperparameters that cannot be decoded (kind ``undecodable``).

        Raises:
            InvalidArgument: `at` is none of these.

        Warns:
            UndecodableValues: Some cannot.

        Examples:
            >>> logs = tbtools.load("examples/logs", runs=["baseline", "overfitting"])
            >>> logs.hparams()["learning_rate"].to_dict()
            {'baseline': 0.002, 'overfitting': 0.004}
        """
        from tbtools.runs.plugins.hparams_table import hparams_table

        self.scan()
        is_last = isinstance(at, str) and at == "last"
        make = None if is_last else renderer_of(self).hparams
        table = make(self, at) if make else hparams_table(self, self.all_runs)
        frame = table.to_frame()
        frame.attrs |= joined_attrs(self)
        return tell_undecodable(frame, table.problems)

    def best(self, by: str | None = None, **options: Any) -> Any:
        """Its runs in order, the best first, as a `tbtools.Ranking`.

        Args:
            by: The tag by which they are ranked; by default the one that tells most of them.
            **options: Those of `tbtools.best`: at, top, group, tags, exclude_tags, steps,
                objectives.
        """
        rank = renderer_of(self).best
        assert rank is not None
        return rank(self, by, **options)

    def __repr__(self) -> str:
        """Without reading anything."""
        return f"<Experiment {self.logdir!r}: {plural(len(self), 'run')}>"
