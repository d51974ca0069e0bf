"""The table of formats, and which files of a log directory are in one."""

from __future__ import annotations

import fnmatch
import importlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, quote, unquote, urlencode

from tbtools.errors import InvalidArgument
from tbtools.eventfile.foreign.log import Reading, refusal
from tbtools.eventfile.foreign.names import run_of
from tbtools.eventfile.source import source_of
from tbtools.vocabulary import FOREIGN_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tbtools.eventfile.foreign.log import ForeignLog
    from tbtools.vocabulary import ForeignFormat

    Reader = Callable[[str, Reading, float], dict[str, ForeignLog]]

_HERE = "tbtools.eventfile.foreign"
SCHEME = "log+"


@dataclass(frozen=True, slots=True)
class Format:
    """A format of other programs.

    Attributes:
        names: What its files are called.
        reader: Module and function that read one: path, `Reading` and the time of its last change
            to run and log; a run ``""`` is that of the file's name.
        is_log: Module and function that tell a log from other files of these names; "" where the
            names tell.
        has_runs: Whether one file may hold several runs, so that it is read to find them.
        has_one: Module and function that tell by its beginning that a file holds no more than one.
    """

    names: tuple[str, ...]
    reader: str
    is_log: str = ""
    has_runs: bool = False
    has_one: str = ""


FORMATS: dict[ForeignFormat, Format] = {
    "hf": Format(("trainer_state.json",), "hugging_face.read"),
    "csv": Format(("*.csv",), "csv_file.read", "csv_file.is_log", True, "csv_file.has_one"),
    "jsonl": Format(("*.jsonl", "*.ndjson"), "json_lines.read", "json_lines.is_log", has_runs=True),
    "mlflow": Format(("meta.yaml",), "mlflow.read", "mlflow.is_log"),
    "trackio": Format(("*.db",), "trackio.read", "trackio.is_log", has_runs=True),
    "wandb": Format(("*.wandb",), "wandb.read"),
    "json": Format(("*.json",), "json_lines.read_list", "json_lines.is_list", has_runs=True),
}


def _function(place: str) -> object:
    module, name = place.rsplit(".", 1)
    return getattr(importlib.import_module(f"{_HERE}.{module}"), name)


def format_of(path: str, formats: Sequence[ForeignFormat] = FOREIGN_FORMATS) -> str | None:
    """The format of a file by its name; None where it is none of these."""
    name = os.path.basename(path)
    for each, format_ in FORMATS.items():
        if each in formats and any(fnmatch.fnmatchcase(name, glob) for glob in format_.names):
            return each
    return None


def read_logs(path: str, format: str, reading: Reading) -> dict[str, ForeignLog]:  # noqa: A002
    """The logs in a file by run.

    Args:
        path: The file.
        format: Its format.
        reading: What the user says of it.

    Raises:
        OSError: It cannot be read, or not be understood; the text says the way out.
    """
    reader = cast("Reader", _function(FORMATS[cast("ForeignFormat", format)].reader))
    modified = source_of(path).stat(path).modified / 1e9
    return reader(path, reading, modified)


@dataclass(frozen=True, slots=True)
class ForeignPath:
    """A run in a file of another program, as a path that can be opened.

    Attributes:
        path: The file.
        format: Its format.
        run: The run in it; "" for the only one.
        reading: What the user says of it.
    """

    path: str
    format: str
    run: str = ""
    reading: Reading = field(default_factory=Reading)

    def __str__(self) -> str:
        asked = {"run": self.run} | {
            f"by_{name}": getattr(self.reading, name) for name in Reading.__slots__
        }
        query = urlencode({name: value for name, value in asked.items() if value}, quote_via=quote)
        place = self.path.replace("%", "%25").replace("?", "%3F")
        return f"{SCHEME}{self.format}://{place}{'?' if query else ''}{query}"

    @classmethod
    def parse(cls, text: str) -> ForeignPath:
        """The same from its text.

        Raises:
            OSError: It names no format that there is.
        """
        scheme, _, rest = text.partition("://")
        name = scheme.lower().removeprefix(SCHEME)
        if name not in FORMATS:
            raise refusal(f"no format {name}; there are {', '.join(FORMATS)}", text)
        place, _, query = rest.partition("?")
        asked = {key: values[-1] for key, values in parse_qs(query).items()}
        reading = Reading(**{key: asked.get(f"by_{key}", "") for key in Reading.__slots__})
        return cls(unquote(place), name, asked.get("run", ""), reading)


def is_foreign(path: str) -> bool:
    """Whether a path is that of a `ForeignPath`."""
    return path.startswith(SCHEME)


@dataclass(frozen=True, slots=True)
class Also:
    """Which files of other programs are read as if they were event files.

    Attributes:
        formats: Their formats.
        reading: What the user says of them.
    """

    formats: tuple[ForeignFormat, ...]
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def of(cls, formats: str | Sequence[str] | Also | None) -> Also | None:
        """What is meant by names, one or several, or separated by commas; None for none.

        Raises:
            InvalidArgument: There is no such format.
        """
        if formats is None or isinstance(formats, Also):
            return formats
        several: object = formats.split(",") if isinstance(formats, str) else formats
        names = list(several) if isinstance(several, Iterable) else [several]
        for name in names:
            if name not in FOREIGN_FORMATS:
                raise InvalidArgument(f"no format {name!r}; there are {', '.join(FOREIGN_FORMATS)}")
        if not names:
            raise InvalidArgument("no format is given; None reads event files alone")
        return cls(tuple(cast("list[ForeignFormat]", names)))

    def found(self, path: str, *, is_named: bool = False) -> Iterator[tuple[str, str]]:
        """The runs in a file: name, relative to its directory, and the path of each; none if none.

        Args:
            path: The file.
            is_named: Whether the user has named it: then its name alone tells.

        Raises:
            OSError: It cannot be read; or a file that was named cannot be understood.
        """
        name = format_of(path, self.formats)
        if name is None and is_named and len(self.formats) == 1:
            name = self.formats[0]
        if name is None:
            return
        format_ = FORMATS[cast("ForeignFormat", name)]
        if (
            not is_named
            and format_.is_log
            and not (self.reading.step or _tells(format_.is_log, path))
        ):
            return
        own = "" if is_named else run_of(path)
        runs = [""]
        is_one = format_.has_one and not (is_named or self.reading.run)
        if format_.has_runs and not (is_one and _tells(format_.has_one, path)):
            try:
                runs = list(read_logs(path, name, self.reading))
            except OSError:  # scanning it tells why
                if is_named:
                    raise
        for run in runs:
            shown = "/".join(part for part in (own, run) if part)
            yield shown, str(ForeignPath(path, name, run, self.reading))


def _tells(place: str, path: str) -> bool:
    return cast("Callable[[str], bool]", _function(place))(path)
