"""New names of tags and runs: substitutions as sed has them, tables of names, and collisions."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.eventfile.source import as_path, read_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from tbtools.vocabulary import CollisionPolicy

Renames: TypeAlias = "str | Mapping[str, str] | Sequence[str | Mapping[str, str]] | None"

_FLAGS = {"g": 0, "i": re.IGNORECASE, "I": re.IGNORECASE}
# A reference to what a group of the expression matched, as Python and sed have it.
_REFERENCE = re.compile(r"\\(?P<escaped>\W)|\\(?P<number>\d)|\\g<(?P<name>\w+)>|(?P<whole>&)")


@dataclass(frozen=True, slots=True)
class Substitution:
    """``s/REGEX/REPLACEMENT/FLAGS``.

    Attributes:
        text: As it was given.
        pattern: The regular expression, Python's.
        replacement: What stands for a match: texts, and numbers of groups of the expression.
        count: How many matches of a name are replaced, 0 for all.
    """

    text: str
    pattern: re.Pattern[str]
    replacement: tuple[str | int, ...]
    count: int

    def __call__(self, name: str) -> str:
        """The name that comes of a name."""
        return self.pattern.sub(self._replaced, name, count=self.count)

    def _replaced(self, match: re.Match[str]) -> str:
        parts = (part if isinstance(part, str) else match[part] or "" for part in self.replacement)
        return "".join(parts)

    def used_by(self, names: Iterable[str]) -> bool:
        """Whether it changes one of some names."""
        return any(self(name) != name for name in names)


@dataclass(frozen=True, slots=True)
class NameTable:
    """Old names to new ones, all others stay.

    Attributes:
        names: Old name to new.
    """

    names: Mapping[str, str]

    def __call__(self, name: str) -> str:
        """The name that comes of a name."""
        return self.names.get(name, name)


@dataclass(frozen=True, slots=True)
class Renaming:
    """Several changes of names, one after the other.

    Attributes:
        steps: The changes.
    """

    steps: tuple[Substitution | NameTable, ...] = ()

    @classmethod
    def of(cls, renames: Renames) -> Renaming:
        """From what users give: substitutions, mappings of names, or several of them.

        Raises:
            InvalidArgument: One is neither, or cannot be read.
        """
        if renames is None:
            return cls()
        if not isinstance(renames, Iterable):
            raise InvalidArgument(f"{renames!r} is no 's/REGEX/REPLACEMENT/'")
        several = [renames] if isinstance(renames, (str, Mapping)) else list(renames)
        return cls(tuple(_rename(each) for each in several))

    def __call__(self, name: str) -> str:
        """The name that comes of a name.

        Raises:
            InvalidArgument: None is left of it.
        """
        for step in self.steps:
            changed = step(name)
            if not changed:
                raise InvalidArgument(f"nothing would be left of the name {name!r}")
            name = changed
        return name

    def of_any(self, name: str) -> str:
        """The same for what is perhaps no name; where nothing would be left it stays."""
        changed = name
        for step in self.steps:
            changed = step(changed)
        return changed or name

    def require_used(self, names: Iterable[str], what: str) -> None:
        """Refuses changes of which one changes nothing.

        Args:
            names: All names.
            what: Of what they are.

        Raises:
            UnknownTag: A table has a name that there is not.
            InvalidArgument: A substitution changes none.
        """
        known = list(dict.fromkeys(names))
        for step in self.steps:
            if isinstance(step, NameTable):
                missing = [name for name in step.names if name not in set(known)]
                if missing:
                    raise UnknownTag(missing[0], sorted(known, key=natural_key))
            elif not step.used_by(known):
                raise InvalidArgument(f"{step.text!r} changes the name of no {what}")
            known = [step(name) for name in known]


def _rename(given: object) -> Substitution | NameTable:
    if isinstance(given, str):
        return substitution(given)
    if isinstance(given, Mapping) and all(
        isinstance(each, str) for pair in given.items() for each in pair
    ):
        return NameTable(dict(given))
    raise InvalidArgument(f"{given!r} is neither 's/REGEX/REPLACEMENT/' nor a mapping of names")


def substitution(text: str) -> Substitution:
    """Reads ``s/REGEX/REPLACEMENT/FLAGS``, with any character for the slash.

    Raises:
        InvalidArgument: It is none, or its expression is none of Python's.
    """
    delimiter = text[1:2]
    parts = _split(text[2:], delimiter) if text[:1] == "s" and delimiter else []
    if len(parts) != 3 or delimiter.isalnum() or delimiter in "\\\n":
        raise InvalidArgument(f"{text!r} is no substitution such as 's/^/eval\\//'")
    expression, replacement, flags = parts
    unknown = set(flags) - set(_FLAGS)
    if unknown:
        raise InvalidArgument(f"{text!r}: there is no flag {min(unknown)!r}, only g and i")
    modes = re.IGNORECASE if set(flags) & {"i", "I"} else 0
    try:
        pattern = re.compile(expression, modes)
        replace = _replacement(replacement, pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidArgument(f"{text!r}: {error}") from error
    return Substitution(text, pattern, replace, 0 if "g" in flags else 1)


def _split(text: str, delimiter: str) -> list[str]:
    """Parts between delimiters that stand behind no backslash, which is taken away where one is."""
    parts = [""]
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            pair = text[at : at + 2]
            parts[-1] += delimiter if pair[1] == delimiter else pair
            at += 2
            continue
        if text[at] == delimiter:
            parts.append("")
        else:
            parts[-1] += text[at]
        at += 1
    return parts


def _replacement(text: str, pattern: re.Pattern[str]) -> tuple[str | int, ...]:
    r"""What stands for a match: ``\1``, ``\g<name>``, and ``&`` for all of it."""
    parts: list[str | int] = []
    at = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[at : found.start()])
        if found["escaped"]:
            parts.append(found["escaped"])
        elif found["whole"]:
            parts.append(0)
        else:
            parts.append(_group(found["number"] or found["name"], pattern))
        at = found.end()
    return (*parts, text[at:])


def _group(name: str, pattern: re.Pattern[str]) -> int:
    number = int(name) if name.isdecimal() else pattern.groupindex.get(name, -1)
    if not 0 <= number <= pattern.groups:
        raise re.error(f"there is no group {name}")
    return number


def name_table(path: str | os.PathLike[str]) -> dict[str, str]:
    """Reads a CSV file of two columns, old names and new ones; a line ``old,new`` is a header.

    Raises:
        InvalidArgument: A line has not two names, or an old name stands twice.
        FileError: It cannot be read.
    """
    name = as_path(path)
    try:
        text = read_bytes(name).decode("utf-8-sig")
        rows = [row for row in csv.reader(text.splitlines(keepends=True), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidArgument(f"{name}: {error}") from error
    if rows[:1] == [["old", "new"]]:
        rows = rows[1:]
    for row in rows:
        if len(row) != 2 or not all(row):
            raise InvalidArgument(f"{name}: {','.join(row)!r} is not old,new")
    twice = [old for old, count in Counter(old for old, _ in rows).items() if count > 1]
    if twice:
        raise InvalidArgument(f"{name}: {twice[0]!r} stands there twice")
    if not rows:
        raise InvalidArgument(f"{name}: there are no names in it")
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Collision:
    """Several tags of a run that would get one name, or several runs.

    Attributes:
        run: The run of the tags; None where it is runs that collide.
        name: The name.
        names: What they are called, at least two.
    """

    run: str | None
    name: str
    names: tuple[str, ...]


def new_names(
    names: Iterable[str],
    renaming: Callable[[str], str],
    policy: CollisionPolicy | None,
    run: str | None,
    fixed: Collection[str] = (),
) -> tuple[dict[str, str], list[Collision]]:
    """What each of some names becomes.

    Args:
        names: The names.
        renaming: Makes the new ones.
        policy: With ``number``, those behind the first that would get a name get a number behind
            it; those that keep their names come first.
        run: The run of the tags; None for runs.
        fixed: Names beside them that stay.

    Returns:
        Old name to new, and the names that several would get.
    """
    wanted = {name: renaming(name) for name in names}
    by_name: dict[str, list[str]] = {name: [name] for name in fixed}
    for old, new in wanted.items():
        by_name.setdefault(new, []).append(old)
    collisions = [
        Collision(run, new, tuple(sorted(olds, key=natural_key)))
        for new, olds in by_name.items()
        if len(olds) > 1
    ]
    if policy == "number":
        taken = set(by_name)
        for each in collisions:
            _, *others = sorted(each.names, key=lambda old: old != each.name)
            for old in others:
                wanted[old] = _numbered(each.name, taken)
    return wanted, collisions


def require_inside(folder: str) -> None:
    """Refuses what is no name of a run below a log directory.

    Raises:
        InvalidArgument: It is none.
    """
    parts = PurePosixPath(folder).parts
    if folder.startswith("/") or ".." in parts or any(ord(each) < 32 for each in folder):
        raise InvalidArgument(f"{folder!r} is no name of a run: it would lie somewhere else")


def tag_bytes(name: str) -> bytes:
    """A name of a tag as it stands in event files.

    Raises:
        InvalidArgument: It is none.
    """
    try:
        return name.encode(errors="surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name!a} is no name of a tag: {error.reason}") from error


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    taken.add(f"{name}_{number}")
    return f"{name}_{number}"
