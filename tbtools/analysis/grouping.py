"""Runs that repeat one another, such as seeds, known by their names or hyperparameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument, close_names
from tbtools.eventfile.discover import natural_key
from tbtools.runs.plugins.hparams import json_text
from tbtools.runs.plugins.hparams_table import bare_holders, settings_above
from tbtools.runs.selection import as_globs, matches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tbtools.runs.plugins.hparams import HParamValue
    from tbtools.runs.plugins.hparams_table import Settings
    from tbtools.runs.run import Run

_HPARAMS = "hparam:"
_NAMED_GROUP = "(?P<"
_WILDCARDS = re.compile(r"\[[^]]*\]|[*?]")


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that repeat one another.

    Attributes:
        name: What they have in common.
        runs: Their names.
    """

    name: str
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Runs in groups.

    Attributes:
        groups: Each with at least one run.
        left_out: The names of runs that are in none.
    """

    groups: tuple[RunGroup, ...]
    left_out: tuple[str, ...]

    def without(self, runs: Collection[str]) -> Grouping:
        """The same groups without some runs, which are left out."""
        kept = [
            replace(each, runs=tuple(run for run in each.runs if run not in runs))
            for each in self.groups
        ]
        groups = tuple(each for each in kept if each.runs)
        return Grouping(groups, (*self.left_out, *sorted(runs, key=natural_key)))

    def named(self, name: str) -> RunGroup:
        """The group of that name.

        Raises:
            InvalidArgument: There is none.
        """
        for group in self.groups:
            if group.name == name:
                return group
        known = ", ".join(repr(group.name) for group in self.groups)
        raise InvalidArgument(f"no group {name!r}; there are {known}")


def group_runs(
    runs: Mapping[str, Run],
    pattern: str | Sequence[str] | None,
    *,
    all_runs: Mapping[str, Run] | None = None,
) -> Grouping:
    """Puts runs into groups.

    Args:
        runs: Run name to run.
        pattern: One of

            - None: all runs are one group, called ``all``,
            - a glob, or several: the runs that one matches are a group, called like the glob
              without its wildcards,
            - a regular expression with named groups, such as ``lr=(?P<lr>[^_]+)``, searched for in
              the names: runs are together for which the named groups read the same,
            - ``hparam:`` and names of hyperparameters, with commas between: runs are together that
              have the same values of them. Runs inside those, such as TF2's ``train`` and
              ``validation``, have them too, and are together where their names inside are the same.
        all_runs: As for `settings_above`.

    Raises:
        InvalidArgument: No run is in a group, or one is in several, or the pattern is wrong.
    """
    patterns = as_globs(pattern)
    if not patterns:
        return Grouping((RunGroup("all", tuple(runs)),), ())
    if len(patterns) == 1 and patterns[0].startswith(_HPARAMS):
        names = [name.strip() for name in patterns[0].removeprefix(_HPARAMS).split(",")]
        labels = _by_hparams(runs, settings_above(runs, all_runs), names)
    elif len(patterns) == 1 and _NAMED_GROUP in patterns[0]:
        labels = _by_expression(runs, patterns[0])
    else:
        labels = _by_globs(runs, patterns)
        if unmatched := [
            each for each in patterns if not any(matches(run, (each,)) for run in runs)
        ]:
            raise _no_match(unmatched, settings_above(runs, all_runs))
    members: dict[str, list[str]] = {}
    for run, label in labels.items():
        members.setdefault(label, []).append(run)
    if not members:
        raise InvalidArgument(f"no run is in a group by {' '.join(patterns)!r}")
    return Grouping(
        tuple(RunGroup(label, tuple(names)) for label, names in members.items()),
        tuple(run for run in runs if run not in labels),
    )


def _label(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())


def _by_expression(runs: Iterable[str], pattern: str) -> dict[str, str]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InvalidArgument(f"{pattern!r} is no regular expression: {error}") from error
    found = {run: expression.search(run) for run in runs}
    return {run: _label(match.groupdict("")) for run, match in found.items() if match}


def _by_globs(runs: Iterable[str], globs: Sequence[str]) -> dict[str, str]:
    names = [_WILDCARDS.sub("", glob).strip("/_-. ") or "all" for glob in globs]
    if len(set(names)) < len(names):
        names = list(globs)
    labels: dict[str, str] = {}
    for run in runs:
        hits = [number for number, glob in enumerate(globs) if matches(run, (glob,))]
        if len(hits) > 1:
            both = " and ".join(repr(globs[number]) for number in hits)
            raise InvalidArgument(f"run {run!r} is in several groups: {both}")
        if hits:
            labels[run] = names[hits[0]]
    # In the order of the globs, not of the runs: the first is what others are compared with.
    return dict(sorted(labels.items(), key=lambda item: names.index(item[1])))


def _no_match(globs: Sequence[str], read: Mapping[str, tuple[str, Settings]]) -> InvalidArgument:
    """Says which globs match no run; and what was meant, where they name hyperparameters."""
    known = {name for _, each in read.values() for name in each.values}
    keys = [name.strip() for glob in globs for name in glob.split(",")]
    hint = f"; hyperparameters are {_HPARAMS}{','.join(keys)}" if known.issuperset(keys) else ""
    return InvalidArgument(f"no run matches {', '.join(map(repr, sorted(globs)))}{hint}")


def _by_hparams(
    runs: Mapping[str, Run], read: Mapping[str, tuple[str, Settings]], names: Sequence[str]
) -> dict[str, str]:
    # Of a run of which some cannot be decoded, nobody knows with which others it belongs.
    settings = {
        name: (holder, each.values) for name, (holder, each) in read.items() if not each.problems
    }
    known = sorted({key for _, values in settings.values() for key in values})
    for name in names:
        if name not in known:
            close = close_names(name, known) or known
            hint = f"; there are {', '.join(map(repr, close))}" if close else ""
            raise InvalidArgument(f"no run has a hyperparameter {name!r}{hint}")
    bare = bare_holders(runs, read)
    return {
        run: _label({name: _shown(values[name]) for name in names}) + _inside(run, holder)
        for run, (holder, values) in settings.items()
        if run not in bare and all(name in values for name in names)
    }


def _inside(run: str, holder: str) -> str:
    """What stands behind the name of a group for the runs inside its runs."""
    return "" if run == holder else f"/{run}" if holder == "." else run.removeprefix(holder)


def _shown(value: HParamValue) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) < 1e15 else repr(value)
    return json_text(value) if isinstance(value, (list, dict)) else str(value)
