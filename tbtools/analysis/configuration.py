"""What a project says once for all of its logs: ``tbtools.toml``, or a table of pyproject.toml.

The file that lies in the log directory, or else in the nearest directory above it, counts, and it
alone. It is read where runs are judged, so that every command, page and notebook follows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tbtools.analysis.detect import NotJudged
from tbtools.analysis.objective import objectives_of
from tbtools.errors import InvalidConfiguration
from tbtools.eventfile.source import common_directory, is_file, paths_of, read_bytes
from tbtools.runs.selection import matches
from tbtools.vocabulary import FINDING_KINDS, OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tbtools.analysis.detect import Findings
    from tbtools.runs.inputs import Inputs
    from tbtools.vocabulary import FindingKind, Objective

# Why a series was not judged at all.
IGNORED = "an ignored tag"

_OWN, _SHARED = "tbtools.toml", "pyproject.toml"
_KEYS = ("objectives", "ignore-tags", "kinds-off", "limit")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is said of all runs below a directory.

    Attributes:
        path: The file that says it; None where there is none.
        objectives: Which way is better, by glob over tags; one that matches nothing is not refused,
            for the file is about many log directories.
        ignore_tags: Globs of tags about which nothing is found.
        kinds_off: Kinds that are not reported.
        limit: How many lines of findings `tbtools detect` shows; None where it is not said.
    """

    path: str | None = None
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    ignore_tags: tuple[str, ...] = ()
    kinds_off: tuple[FindingKind, ...] = ()
    limit: int | None = None

    def reporting(self, kinds: Collection[str]) -> Configuration:
        """The same, but that some kinds are reported: what is asked for wins."""
        return replace(self, kinds_off=tuple(kind for kind in self.kinds_off if kind not in kinds))

    def with_objectives(self, own: Mapping[str, Objective] | None) -> dict[str, Objective]:
        """The objectives, those of a caller behind them: of several globs the last one holds.

        Raises:
            InvalidObjective: One of the caller's is none of ``min``, ``max``, ``none``.
            UnsupportedType: They are no mapping.
        """
        objectives_of((), own)
        mine = own or {}
        return {glob: way for glob, way in self.objectives.items() if glob not in mine} | {**mine}

    def apply(self, findings: Findings) -> Findings:
        """The findings without those that are not wanted; what is ignored was not judged."""
        if not self.ignore_tags and not self.kinds_off:
            return findings
        kept = tuple(
            each
            for each in findings
            if each.kind not in self.kinds_off and not self._ignores(each.tag)
        )
        others = tuple(each for each in findings.not_judged if not self._ignores(each.tag))
        return replace(findings, findings=kept, not_judged=others)

    def ignored(self, keys: Collection[tuple[str, str]]) -> tuple[NotJudged, ...]:
        """The series that are ignored, of those with these runs and tags."""
        if not self.ignore_tags:
            return ()
        return tuple(
            NotJudged(run, tag, IGNORED) for run, tag in sorted(keys) if self._ignores(tag)
        )

    def _ignores(self, tag: str | None) -> bool:
        return bool(self.ignore_tags) and tag is not None and matches(tag, self.ignore_tags)


def configuration_of(inputs: Inputs) -> Configuration:
    """What is said of some runs.

    Raises:
        InvalidConfiguration: The file that counts is no TOML, or says what there is not; the text
            names the file, and for an unknown key those that come close.
        FileError: It cannot be read.
    """
    for path in _candidates(inputs):
        if _is_there(path) and (found := _read(path)) is not None:
            return found
    return Configuration()


def _is_there(path: str) -> bool:
    """Whether there is such a file; there is none to who may not look into its directory."""
    try:
        return is_file(path)
    except PermissionError:
        return False


def _candidates(inputs: Inputs) -> Iterator[str]:
    """The files that may be there, those of the nearest directory first.

    Directories are those that the path names, also where it leads through a link; those below the
    current one are named from there, for its own path may be closed.
    """
    if inputs.experiment is not None:
        start = inputs.experiment.logdir
    else:
        start = common_directory([run.path for run in inputs.runs.values()])
    parts = paths_of(start)
    current = parts.abspath(".")
    directory = start if "://" in start else parts.abspath(start)
    while directory and not directory.endswith(":"):  # `mem:` is above mem://logs
        shown = directory
        if parts.join(directory, "").startswith(parts.join(current, "")):
            shown = directory[len(current) + 1 :]
        for name in (_OWN, _SHARED):
            yield parts.join(shown, name)
        above = parts.dirname(directory)
        directory = above if above != directory else ""


def _read(path: str) -> Configuration | None:
    """What a file says; None for a pyproject.toml that says nothing of tbtools."""
    shared = paths_of(path).basename(path) == _SHARED
    content = read_bytes(path)
    if shared and b"tbtools" not in content:
        return None
    import tomllib  # few logs have a configuration

    try:
        table = tomllib.loads(content.decode("utf-8-sig"))  # editors of Windows begin with a mark
    except (ValueError, RecursionError) as error:  # no UTF-8, or no TOML, or too deep
        raise InvalidConfiguration(path, f"is no TOML: {error}") from error
    if shared:
        tools = _table(path, "tool", table.get("tool", {}))
        if "tbtools" not in tools:
            return None
        table = _table(path, "tool.tbtools", tools["tbtools"])
    return _parsed(path, table)


def _table(path: str, name: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise InvalidConfiguration(path, f"{name} is no table")
    return found


def _parsed(path: str, table: dict[str, Any]) -> Configuration:
    for key in table:
        _require_known(path, "key", key, _KEYS)
    objectives = _table(path, "objectives", table.get("objectives", {}))
    for glob, way in objectives.items():
        _require_known(path, f"objective of {glob!r}", way, OBJECTIVES)
    kinds = _strings(path, table, "kinds-off")
    for kind in kinds:
        _require_known(path, "kind", kind, FINDING_KINDS)
    limit = table.get("limit")
    if limit is not None and (type(limit) is not int or limit < 0):
        raise InvalidConfiguration(path, f"limit is {limit!r}, not a number of lines")
    return Configuration(
        path=path,
        objectives=objectives,
        ignore_tags=_strings(path, table, "ignore-tags"),
        kinds_off=kinds,  # type: ignore[arg-type]
        limit=limit,
    )


def _strings(path: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = table.get(key, [])
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise InvalidConfiguration(path, f"{key} is {given!r}, not a list of texts")
    return tuple(given)


def _require_known(path: str, what: str, name: object, known: tuple[str, ...]) -> None:
    if name in known:
        return
    import difflib

    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    raise InvalidConfiguration(path, f"no {what} {name!r}; {hint}")
