"""What is selected of the runs: names, plugins and steps, for Python and commands alike.

A `Selection` says what is wanted. A `Selector` applies one to run after run, remembers what
matched, and at the end refuses a selection of which some part matched nothing: a typing mistake
must not look like a log without findings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument, UnknownRun, UnknownTag
from tbtools.eventfile.discover import natural_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tbtools.errors import UnknownName
    from tbtools.runs.columns import SeriesRows
    from tbtools.runs.parts import Part, Steps

    Globs = str | Sequence[str] | None

_WILDCARDS = frozenset("*?[")


def as_globs(globs: object) -> tuple[str, ...]:
    """The globs that were given as a tuple, which is empty for None, and so for everything.

    Raises:
        InvalidArgument: They are neither a string nor several, or an empty list or the like: what a
            caller filtered until nothing was left does not mean everything.
    """
    if globs is None:
        return ()
    if isinstance(globs, str):
        return (globs,)
    several: tuple[object, ...] = tuple(globs) if isinstance(globs, Iterable) else (globs,)
    names = tuple(glob for glob in several if isinstance(glob, str))
    if not several:
        raise InvalidArgument("no name or glob is given; None selects everything")
    if len(names) == len(several):
        return names
    raise InvalidArgument(f"{globs!r} is neither a name or glob, nor several of them")


def _globs(globs: Globs) -> tuple[str, ...]:
    """The same of a `Selection`, which has an empty tuple for everything."""
    return () if globs == () else as_globs(globs)


def as_steps(steps: object) -> Steps:
    """The bounds as a pair; None where neither end is bounded.

    Raises:
        InvalidArgument: They are no pair of whole numbers or None, or end before they start.
    """
    if steps is None:
        return None
    bounds = tuple(steps) if isinstance(steps, Iterable) and not isinstance(steps, str) else ()
    if len(bounds) != 2 or not all(bound is None or _is_whole(bound) for bound in bounds):
        raise InvalidArgument(
            f"steps={steps!r} is no pair (first, last) of whole numbers; None is for no bound"
        )
    first, last = (None if bound is None else int(bound) for bound in bounds)
    if first is not None and last is not None and first > last:
        raise InvalidArgument(f"steps {first}:{last} end before they start")
    return None if first is None and last is None else (first, last)


def _is_whole(number: object) -> bool:
    try:
        return int(number) == number  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError, OverflowError):
        return False


def matches(name: str, globs: Sequence[str]) -> bool:
    """Whether one of the globs matches, or is the name itself; no globs match everything.

    ``*`` also matches ``/``: tags and runs are paths, and ``loss*`` means ``loss/train``.
    """
    return not globs or any(name == glob or fnmatchcase(name, glob) for glob in globs)


def choose(names: Iterable[str], globs: Globs, exclude: Globs = None) -> list[str]:
    """The names that are selected, whether or not there are any.

    A glob that is an existing name means that name, whatever wildcards are in it: ``loss[0]`` is
    not ``loss0`` where both exist.

    Args:
        names: All names.
        globs: Which of them; all where there are none.
        exclude: Which of these not.
    """
    known = dict.fromkeys(names)
    wanted, unwanted = _globs(globs), _globs(exclude)
    chosen = _matching(known, wanted) if wanted else list(known)
    if unwanted:
        dropped = set(_matching(known, unwanted))
        chosen = [name for name in chosen if name not in dropped]
    return chosen


def _matching(known: Mapping[str, None], globs: tuple[str, ...]) -> list[str]:
    patterns = [glob for glob in globs if glob not in known]
    return [
        name
        for name in known
        if name in globs or any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def select_tags(tags: Iterable[str], globs: Globs, exclude: Globs = None) -> list[str]:
    """The tags that are selected.

    Raises:
        UnknownTag: A name or glob matches none of the tags.
    """
    return _select(tags, globs, exclude, UnknownTag)


def select_runs(runs: Iterable[str], globs: Globs, exclude: Globs = None) -> list[str]:
    """The runs that are selected.

    Raises:
        UnknownRun: A name or glob matches none of the runs.
    """
    return _select(runs, globs, exclude, UnknownRun)


def _select(
    names: Iterable[str], globs: Globs, exclude: Globs, error: type[UnknownName]
) -> list[str]:
    known = list(dict.fromkeys(names))
    for glob in (*_globs(globs), *_globs(exclude)):
        if not _matching(dict.fromkeys(known), (glob,)):
            raise error(glob, sorted(known, key=natural_key))
    chosen = choose(known, globs, exclude)
    if known and not chosen:
        raise InvalidArgument(f"no {error.what} is left: all are excluded")
    return chosen


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the runs is wanted.

    Attributes:
        runs: Names and globs of runs; none for all.
        exclude_runs: Those that are left out.
        tags: Names and globs of tags; none for all.
        exclude_tags: Those that are left out.
        plugins: Names and globs of plugins; none for all.
        steps: First and last step, both included; None for no bound.
    """

    runs: tuple[str, ...] = ()
    exclude_runs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    steps: Steps = None

    @classmethod
    def of(
        cls, tags: Globs = None, steps: Steps = None, *, exclude_tags: Globs = None
    ) -> Selection:
        """From the arguments that functions take.

        Raises:
            InvalidArgument: They are no globs, or no pair of steps.
        """
        return cls(tags=as_globs(tags), exclude_tags=as_globs(exclude_tags), steps=as_steps(steps))

    @property
    def is_all(self) -> bool:
        """Whether every tag, plugin and step of a run is selected."""
        return not (self.tags or self.exclude_tags or self.plugins or self.steps)

    def has_tag(self, tag: str) -> bool:
        """Whether a tag is selected; for a name that may be a glob too, see `choose`."""
        excluded = bool(self.exclude_tags) and matches(tag, self.exclude_tags)
        return not excluded and matches(tag, self.tags)

    def has_step(self, step: int) -> bool:
        """Whether a step is selected."""
        first, last = self.steps or (None, None)
        return (first is None or step >= first) and (last is None or step <= last)


EVERYTHING = Selection()


class Selector:
    """Applies a selection to run after run, and remembers what matched.

    Args:
        selection: What is wanted.
        scalars: Whether only scalars are looked for.

    Attributes:
        matched: Whether a series with a point in these steps was selected.
    """

    def __init__(self, selection: Selection, *, scalars: bool = True) -> None:
        self.selection = selection
        self.scalars = scalars
        self._tags: set[str] = set()
        self._steps: tuple[int, int] | None = None
        self.matched = False

    def choose(self, part: Part) -> tuple[Part, list[SeriesRows]]:
        """The part without the steps that are not selected, and the series of it that are.

        Series without a point in these steps are left out.
        """
        offered = [
            each for each in part.columns.series if each.count and (each.scalar or not self.scalars)
        ]
        if plugins := self.selection.plugins:
            offered = [each for each in offered if matches(each.plugin, plugins)]
        if self.selection.is_all:
            self.matched = self.matched or bool(offered)
            return part, offered
        wanted = self.choose_tags({part.shown_tag(each.tag) for each in offered})
        chosen = [each for each in offered if part.shown_tag(each.tag) in wanted]
        if self.selection.steps is not None and chosen:
            step = part.columns.rows.step
            for each in chosen:
                self.see_steps(step[part.columns.of(each)])
            keys = {(each.tag_id, each.plugin) for each in chosen}
            part = part.within(self.selection.steps)
            chosen = [
                each
                for each in part.columns.series
                if each.count and (each.tag_id, each.plugin) in keys
            ]
        self.matched = self.matched or bool(chosen)
        return part, chosen

    def choose_tags(self, tags: Collection[str]) -> set[str]:
        """Those of some tags that are selected."""
        self._tags.update(tags)
        return set(choose(tags, self.selection.tags, self.selection.exclude_tags))

    def see_steps(self, step: NDArray[np.int64]) -> None:
        """Takes note of the steps of what the tags select, at least one."""
        self._see(int(step.min()), int(step.max()))

    def _see(self, low: int, high: int) -> None:
        if self._steps is not None:
            low, high = min(low, self._steps[0]), max(high, self._steps[1])
        self._steps = low, high

    def join(self, other: Selector) -> None:
        """Takes note of what matched for another selector of the same selection."""
        self._tags |= other._tags
        self.matched = self.matched or other.matched
        if other._steps is not None:
            self._see(*other._steps)

    @property
    def all_matched(self) -> bool:
        """Whether every glob has matched and a point was selected, whatever runs are to come."""
        tags, selection = dict.fromkeys(self._tags), self.selection
        globs = (*selection.tags, *selection.exclude_tags)
        return self.matched and all(_matching(tags, (glob,)) for glob in globs)

    def require_match(self) -> None:
        """Refuses to do nothing as if there were nothing to do, after all runs have been seen.

        Raises:
            UnknownTag: A name or glob matches no tag of any run.
            InvalidArgument: What is selected has no points in these steps.
        """
        selection = self.selection
        select_tags(self._tags, selection.tags, selection.exclude_tags)
        if selection.steps is not None and not self.matched and self._steps is not None:
            first, last = ("" if step is None else step for step in selection.steps)
            low, high = self._steps
            raise InvalidArgument(
                f"no points in steps {first}:{last}; they go from {low} to {high}"
            )
