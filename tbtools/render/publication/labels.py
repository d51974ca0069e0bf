"""What curves and axes are called in a figure: names of logs, or what the author says instead."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tbtools.errors import InvalidArgument, UnsupportedType
from tbtools.eventfile.source import read_bytes
from tbtools.render.format import printable
from tbtools.render.text_tables import latex_text

# A table of names and what they are called, or the path of a TOML file that has it.
LabelsLike: TypeAlias = Mapping[str, str] | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Label:
    """A text in a figure.

    Attributes:
        text: The text.
        is_written: Whether the author wrote it: then what stands between two dollars is a formula.
            Names of runs and tags come from anybody and are shown as they are.
    """

    text: str
    is_written: bool = False

    @property
    def tex(self) -> str:
        """The text for TeX."""
        parts = self.text.split("$")
        if not self.is_written or len(parts) % 2 == 0:
            return latex_text(printable(self.text))
        return "".join(
            f"${part}$" if number % 2 else latex_text(part) for number, part in enumerate(parts)
        )


@dataclass(slots=True)
class Labels:
    """What names are called; it remembers which names came up.

    Attributes:
        table: Name to label.
        asked: The names that came up.
    """

    table: Mapping[str, str]
    asked: set[str] = field(default_factory=set)

    def of(self, name: str, shown: str | None = None) -> Label:
        """The label of a name.

        Args:
            name: A run, group, tag or axis.
            shown: What it is called where the table does not have it; the name by default.
        """
        self.asked.add(name)
        if name in self.table:
            return Label(self.table[name], is_written=True)
        return Label(printable(name if shown is None else shown))

    def require_used(self) -> None:
        """Refuses labels of what is not in the figure.

        Raises:
            InvalidArgument: There is one; the text says what there is.
        """
        for name in self.table:
            if name not in self.asked:
                there = ", ".join(map(repr, sorted(self.asked)))
                raise InvalidArgument(f"labels: nothing is called {name!r}; there are {there}")


def labels_of(given: LabelsLike | None) -> Labels:
    """The labels that were given.

    Raises:
        InvalidArgument: A label is no text, or the file is no TOML.
        UnsupportedType: It is neither a mapping nor a path.
        FileError: The file cannot be read.
    """
    if given is None:
        return Labels({})
    if isinstance(given, Mapping):
        table: dict[Any, Any] = dict(given)
    elif isinstance(given, (str, os.PathLike)):
        path = os.fspath(given)
        try:
            table = tomllib.loads(read_bytes(path).decode())
        except (ValueError, RecursionError) as error:  # no UTF-8, or no TOML, or too deep
            raise InvalidArgument(f"{path} is no TOML: {error}") from error
    else:
        raise UnsupportedType(f"labels are a mapping or a path, not {type(given).__name__}")
    found: dict[str, str] = {}
    for name, label in table.items():
        if not isinstance(name, str) or not isinstance(label, str):
            raise InvalidArgument(
                f"labels: {name!r} is called {label!r}, which is no text; "
                'write "NAME" = "LABEL", names with dots or slashes in quotes'
            )
        found[name] = label
    return Labels(found)
