"""What can go wrong, each as its own class.

Every error is a `TbtoolsError` and also the builtin error that one would expect, so that both
``except tbtools.TbtoolsError`` and ``except KeyError`` do what they say::

    TbtoolsError
    ├── RecordError(ValueError)           a TFRecord frame; has path, offset, recoverable
    │   ├── TruncatedRecord(EOFError)     the file ends inside the record
    │   ├── CorruptRecord                 a checksum does not hold; has got and want
    │   │   ├── BadLength                 ... of the length: the next record's place is unknown
    │   │   └── BadData                   ... of the data: the next record is where it should be
    │   └── UndecodableEvent              sound bytes that are no Event message
    ├── NoEventFiles(FileNotFoundError)   nothing to read under the path
    ├── FileError(OSError)                the operating system refused a file; also the
    │                                     FileNotFoundError, PermissionError, ... that it was
    ├── UnknownRun(KeyError), UnknownTag(KeyError)   with the names that come close
    ├── InvalidObjective(ValueError)      a direction that is not GLOB=min|max|none
    ├── InvalidConfiguration(ValueError)  a tbtools.toml that says what there is not
    ├── InvalidArgument(ValueError)       a smoothing, alignment, group, ... that there cannot be
    │   ├── InvalidExpression             a `where` that cannot be read; points at the place
    │   └── UnsupportedType(TypeError)    an object of a kind that the function does not take
    ├── NonfiniteValue(ValueError)        a NaN or an infinity where none was to be
    ├── UnwritableValue(ValueError)       a value that an event file cannot hold as it is
    ├── UndecodablePayload(ValueError)    a picture, tensor, ... that is not what it says it is
    ├── InputChanged(RuntimeError)        a file was replaced or cut short while it was read
    ├── OutputDiffers(RuntimeError)       what was written is not what was to be written
    ├── MissingExtra(ImportError)         an optional package is needed; says how to install it
    ├── MissingPackage(ImportError)       another package is needed
    ├── MissingBrowser(RuntimeError)      a Chrome is needed; says how to get one
    ├── OutputInsideInput(ValueError)     what would be written would become part of what is read
    └── OutputExists(FileExistsError)     a file of the user's would have been written over
        ├── ForeignFiles                  ... and is none that tbtools may replace
        └── OutputChanged                 ... and is not what was there to be replaced
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterable


_MOST_CLOSE = 3
_SHOWN_NAMES = 5  # of those known, where none comes close


class TbtoolsError(Exception):
    """Base class of every error that tbtools raises on purpose; they all pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        """The message and the attributes; Python would call the class with the message alone."""
        reduced: Any = super().__reduce__()
        return _as_it_was, reduced[:2], *reduced[2:]


def _as_it_was(kind: type[TbtoolsError], arguments: tuple[Any, ...]) -> TbtoolsError:
    """An error whose text there is already."""
    error = kind.__new__(kind, *arguments)
    builtin: Any = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    builtin.__init__(error, *arguments)
    return error


class RecordError(TbtoolsError, ValueError):
    """A record could not be read.

    Attributes:
        path: The file, as it was given.
        offset: Byte offset of the record's first byte.
        recoverable: Whether the next record's place is known, so that reading may go on there.
    """

    recoverable = False

    def __init__(self, path: str, offset: int, message: str) -> None:
        super().__init__(f"{path}: {message} at byte {offset}")
        self.path = path
        self.offset = offset


class TruncatedRecord(RecordError, EOFError):
    """The file ends inside a record: normal for a file that is still being written.

    Attributes:
        missing: How many more bytes are known to be needed.
    """

    def __init__(self, path: str, offset: int, missing: int) -> None:
        super().__init__(path, offset, f"incomplete record ({plural(missing, 'byte')} missing)")
        self.missing = missing


class CorruptRecord(RecordError):
    """A checksum does not hold.

    Attributes:
        got: The masked CRC-32C of the bytes as they are.
        want: The masked CRC-32C that stands in the file.
    """

    part = "record"

    def __init__(self, path: str, offset: int, got: int, want: int) -> None:
        message = f"{self.part} checksum is {got:#010x} where the file says {want:#010x}"
        super().__init__(path, offset, message)
        self.got = got
        self.want = want


class BadLength(CorruptRecord):
    """The checksum of the length does not hold: nobody knows where the next record starts.

    Attributes:
        content: What the file is instead of an event file; "" where that is not known.
    """

    part = "length"

    def __init__(self, path: str, offset: int, got: int, want: int, content: str = "") -> None:
        super().__init__(path, offset, got, want)
        self.content = content
        if content:
            self.args = (f"{path}: {content}",)


class BadData(CorruptRecord):
    """The checksum of the data does not hold; the next record starts where it should.

    Attributes:
        broken_off: Whether the next record starts inside of it, where another writer went on.
    """

    part = "data"
    recoverable = True

    def __init__(
        self, path: str, offset: int, got: int, want: int, *, broken_off: bool = False
    ) -> None:
        super().__init__(path, offset, got, want)
        self.broken_off = broken_off


class UndecodableEvent(RecordError):
    """The checksums hold, but the data is no Event message."""

    recoverable = True

    def __init__(self, path: str, offset: int) -> None:
        super().__init__(path, offset, "sound record that is no Event message")


class NoEventFiles(TbtoolsError, FileNotFoundError):
    """There is nothing to read under the path."""

    def __str__(self) -> str:
        """The message alone, without the errno format of OSError."""
        return str(self.args[0])


class FileError(TbtoolsError, OSError):
    """The operating system refused a file or directory.

    It has the attributes of OSError: errno, strerror, filename.
    """

    def __str__(self) -> str:
        """Which file, and why."""
        return f"{self.filename or repr('')}: {self.strerror}"


class MissingFile(FileError, FileNotFoundError):
    """It is not there, or the directory is not that it would lie in."""


class ForbiddenFile(FileError, PermissionError):
    """One is not allowed to."""


class NotAFile(FileError, IsADirectoryError):
    """It is a directory."""


class NotADirectory(FileError, NotADirectoryError):
    """It is a file."""


_FILE_ERRORS = {
    FileNotFoundError: MissingFile,
    PermissionError: ForbiddenFile,
    IsADirectoryError: NotAFile,
    NotADirectoryError: NotADirectory,
}


def file_error(error: OSError, path: str) -> FileError:
    """The same as a `FileError` that names a path."""
    kind = _FILE_ERRORS.get(type(error), FileError)
    return kind(error.errno, error.strerror or str(error), path)


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """The names that may be meant: with its words or initials, else with few other letters.

    Args:
        name: ``loss`` is close to ``train/loss``, ``lr`` to ``learning_rate``, ``los`` to ``loss``.
        known: Those that there are.

    Returns:
        Three at most.
    """
    import difflib  # costs more than all else of `import tbtools`

    names = list(known)
    short, wanted = name.casefold(), f"/{_words(name)}/"
    words = {each: f"/{_words(each)}/" for each in names}
    inside = [each for each in names if wanted != "//" and wanted in words[each]]
    inside.sort(key=lambda each: not words[each].endswith(wanted))
    initials = [
        each for each in names if short and "".join(re.findall("/(.)", words[each])) == short
    ]
    alike = difflib.get_close_matches(name, names, n=_MOST_CLOSE)
    return list(dict.fromkeys([*inside, *initials, *alike]))[:_MOST_CLOSE]


def _words(name: str) -> str:
    return "/".join(filter(None, re.split(r"[\W_]+", name.casefold())))


class UnknownName(TbtoolsError, KeyError):
    """No such name; the text offers those that come close, else the first of those known."""

    what = "name"

    def __init__(self, name: object, known: Iterable[str]) -> None:
        names = list(known)
        self.name = name
        self.close_matches = close_names(name, names) if isinstance(name, str) else []
        super().__init__(f"no {self.what} {name!r}{self._hint(names)}")

    def _hint(self, names: list[str]) -> str:
        if self.close_matches:
            return f"; close: {', '.join(map(repr, self.close_matches))}"
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        return f"; known: {', '.join(map(repr, names[:_SHOWN_NAMES]))}{more}" if names else ""

    def __str__(self) -> str:
        """The message as it is: KeyError would show its repr."""
        return str(self.args[0])


class UnknownRun(UnknownName):
    """No run of that name."""

    what = "run"


class UnknownTag(UnknownName):
    """No tag of that name."""

    what = "tag"


class InvalidObjective(TbtoolsError, ValueError):
    """Which way is better for a tag was not said as it must be."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"objective {rule!r} is not GLOB=min, GLOB=max or GLOB=none")


class InvalidArgument(TbtoolsError, ValueError):
    """Something that was asked for makes no sense; the text says what does."""


class InvalidExpression(InvalidArgument):
    """An expression that cannot be read, or names what there is not.

    Its text has three lines: what is wrong, the expression, and marks under the place.

    Attributes:
        start: Where the place begins in the expression.
        end: Where it ends.
    """

    def __init__(self, reason: str, expression: str, start: int, end: int) -> None:
        line = "".join(" " if each.isspace() else each for each in expression)
        marks = " " * start + "^" * max(end - start, 1)
        super().__init__(f"{reason}\n  {line}\n  {marks}")
        self.start = start
        self.end = end


class UnsupportedType(InvalidArgument, TypeError):
    """An object of a kind that the function does not take; the text says which it does."""


class InvalidConfiguration(TbtoolsError, ValueError):
    """A configuration file says what there is not."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")


class NonfiniteValue(TbtoolsError, ValueError):
    """A NaN or an infinity where only finite values were to be."""

    def __init__(self, run: str, tag: str, step: int, value: float) -> None:
        super().__init__(f"{tag} of run {run} is {value} at step {step}")


class RepeatedPoint(TbtoolsError, ValueError):
    """Several points of a run at one place, where there was to be one."""

    def __init__(self, run: str, tag: str, axis: str, place: float) -> None:
        super().__init__(f"{tag} of run {run} has several points at {axis} {place:.15g}")


class UnequalRuns(TbtoolsError, ValueError):
    """Runs that were to have the same tags at the same places do not."""


class UnwritableValue(TbtoolsError, ValueError):
    """An event file cannot hold the value as it is."""


class UndecodablePayload(TbtoolsError, ValueError):
    """A picture, sound, tensor or plugin message is not what it says it is."""


class InputChanged(TbtoolsError, RuntimeError):
    """A file is no longer the one that was read before."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was replaced or cut short meanwhile; run again")


class OutputDiffers(TbtoolsError, RuntimeError):
    """What was written is not what was to be written, and was taken away."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"what was written of run {run!r} reads as something else than what was to stay: the "
            "disk or tbtools is at fault; nothing was written"
        )


class MissingExtra(TbtoolsError, ImportError):
    """An optional package is needed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'tbtools[{extra}]'")


class MissingPackage(TbtoolsError, ImportError):
    """A package is needed that is no part of any extra."""

    def __init__(self, purpose: str, package: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install {package}")


class EngineError(TbtoolsError, RuntimeError):
    """The processes or machines that were to do the work could not."""


class MissingBrowser(TbtoolsError, RuntimeError):
    """A Chrome that starts is needed."""

    def __init__(self, purpose: str, failure: str = "") -> None:
        found = f", and the one found does not start ({failure})" if failure else ""
        super().__init__(
            f"{purpose} needs Chrome or Chromium{found}: install one, run `plotly_get_chrome`, "
            "or name one in the environment variable BROWSER_PATH"
        )


class OutputExists(TbtoolsError, FileExistsError):
    """A file would have been written over."""

    def __init__(self, path: str, or_else: str = ", or allow it to be replaced (--force)") -> None:
        super().__init__(f"{path} exists; name another{or_else}")


class ForeignFiles(OutputExists):
    """A directory that was to be replaced holds what tbtools has not written there."""

    def __init__(self, directory: str, file: str) -> None:
        super().__init__(directory)
        message = f"{directory} holds {file}, which is no result of tbtools and is never replaced"
        self.args = (f"{message}; choose another name",)


class OutputChanged(OutputExists):
    """What was to be replaced has been made, replaced or changed by something else meanwhile."""

    def __init__(self, path: str, former: str = "") -> None:
        super().__init__(path)
        kept = f"; the earlier result is now {former}" if former else ""
        self.args = (f"{path} was written by something else meanwhile and is left alone{kept}",)


class OutputInsideInput(TbtoolsError, ValueError):
    """What would be written would become part of what is read, or take its place."""

    def __init__(self, output: str, given: str) -> None:
        super().__init__(
            f"{output} and {given}, which is read, are one inside the other; write somewhere else"
        )
