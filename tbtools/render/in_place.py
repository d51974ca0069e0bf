"""Logs edited where they lie: whole files swapped by renames, and what was there kept to come back.

The backup is a directory that appears when everything is in it: of each file that changes the file
as it was (a hard link, so that nothing is copied), the file as it will be, and a list of them. Only
then the new files are renamed into their places. Wherever that ends, the list says what to undo.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tbtools.errors import InputChanged, InvalidArgument, MissingFile
from tbtools.eventfile.source import NamedErrors, as_path, source_of
from tbtools.render.directories import directory_whole
from tbtools.render.edited import write_asset, write_edited
from tbtools.render.neighbours import keep_owner_and_mode, remove_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from tbtools.analysis.edit.results import Edit
    from tbtools.render.directories import NewDirectory

_LIST = "tbtools-undo.json"
_FORMAT = "tbtools edit --in-place 1"


@dataclass(frozen=True, slots=True)
class _Swap:
    """A file that becomes another one.

    Attributes:
        file: Its path, absolute.
        before: What the file as it was is called in the backup.
        after: What that as it will be is called there; None where there will be none.
        identity: Of that: device, inode, size and time of the last change, in nanoseconds.
        size: How long the file was.
    """

    file: str
    before: str
    after: str | None
    identity: tuple[int, ...] = ()
    size: int = 0


def edit_in_place(edit: Edit, backup: str | os.PathLike[str]) -> int:
    """Changes logs where they lie.

    Args:
        edit: The plan; the places that it gives to files do not count.
        backup: The directory in which everything is kept that `undo` needs; it is made, on the
            same file system.

    Returns:
        How many files were swapped or taken away.

    Raises:
        InvalidArgument: Files would not stay where they are, or logs are not local.
        InputChanged: A file has changed since the plan was made; what was swapped until then can be
            undone.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: Something cannot be written.
    """
    name = as_path(backup)
    _require_local(edit, name)
    swaps: list[_Swap] = []
    with NamedErrors(name), directory_whole(backup, inputs=edit.read_paths) as made:
        for number, (path, write, size) in enumerate(_changes(edit)):
            target = Path(os.path.realpath(path))
            status = target.stat()
            if size is not None and status.st_size != size:
                raise InputChanged(path)
            _keep(made, before := f"{number}.before", target, name)
            after: str | None = None
            identity: tuple[int, ...] = ()
            if write is not None:
                with made.file(after := f"{number}.after") as file:
                    write(file)
                    file.flush()
                    keep_owner_and_mode(Path(file.name), status)
                    identity = _identity(os.fstat(file.fileno()))
            swaps.append(_Swap(os.fspath(target), before, after, identity, status.st_size))
        with made.file(_LIST) as file:
            entries = [
                {"file": each.file, "before": each.before, "after": each.after,
                 "identity": each.identity}
                for each in swaps
            ]  # fmt: skip
            file.write(json.dumps({"format": _FORMAT, "files": entries}, indent=1).encode())
    for each in swaps:
        _swap(each, Path(backup))
    return len(swaps)


def _keep(made: NewDirectory, before: str, target: Path, name: str) -> None:
    try:
        made.link(before, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        raise InvalidArgument(
            f"{name} is on another file system than {target}; name a backup on the same one"
        ) from error


def _require_local(edit: Edit, backup: str) -> None:
    for path in (*edit.read_paths, backup):
        if source_of(path).is_remote:
            raise InvalidArgument(f"{path}: logs are changed in place only where they are local")


def _changes(
    edit: Edit,
) -> Iterator[tuple[str, Callable[[BinaryIO], None] | None, int | None]]:
    """Each file that changes, what writes the new one, and how long it has to be now."""
    for each in edit.files:
        if each.output is None and each.values:
            yield each.file, None, each.size
        elif each.output is not None and not each.is_whole:
            yield each.file, partial(write_edited, each), each.size
    for asset in edit.assets:
        if asset.text is not None:
            yield asset.file, partial(write_asset, asset), None


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _swap(each: _Swap, backup: Path) -> None:
    """Puts the new file in the place of the one that was there."""
    with NamedErrors(each.file):
        there = Path(each.file)
        if not there.samefile(backup / each.before) or there.stat().st_size != each.size:
            raise InputChanged(each.file)
        if each.after is None:
            Path(each.file).unlink()
        else:
            (backup / each.after).rename(each.file)


def undo(backup: str | os.PathLike[str]) -> int:
    """Puts all files back that `edit_in_place` has swapped, and takes the backup away.

    Args:
        backup: Its directory.

    Returns:
        How many files were put back.

    Raises:
        InvalidArgument: It is no backup of `edit_in_place`, or a file has changed since; then
            nothing is put back.
        FileError: Something cannot be read or written.
    """
    name = as_path(backup)
    folder = Path(name)
    listed = _listed(folder, name)
    swaps = [each for each in listed if not _is_as_before(each, folder)]
    for each in swaps:
        if os.path.lexists(each.file) and _identity(os.lstat(each.file)) != each.identity:
            raise InvalidArgument(f"{each.file} has changed since it was edited; nothing is undone")
    for each in swaps:
        with NamedErrors(each.file):
            # A link beside it, which takes its place at once: there is always one whole file.
            beside = Path(each.file).with_name(f".tbtools-undo-{each.before}")
            beside.unlink(missing_ok=True)  # of an earlier try that was killed
            beside.hardlink_to(folder / each.before)
            beside.rename(each.file)
    with NamedErrors(name):
        ours = {_LIST, *(each.before for each in listed), *(each.after for each in listed)}
        if {path.name for path in folder.iterdir()} <= ours:
            remove_at_once(folder)
        else:  # somebody has put something beside, which stays
            for path in [folder / _LIST, *(path for path in folder.iterdir() if path.name in ours)]:
                path.unlink(missing_ok=True)
    return len(swaps)


def _is_as_before(each: _Swap, folder: Path) -> bool:
    before = folder / each.before
    return os.path.lexists(each.file) and Path(each.file).samefile(before)


def _listed(folder: Path, name: str) -> list[_Swap]:
    try:
        with NamedErrors(name):
            told = json.loads((folder / _LIST).read_bytes())
        if told["format"] != _FORMAT:
            raise KeyError("format")
        return [_swap_of(each) for each in told["files"]]
    except MissingFile as error:
        raise InvalidArgument(f"{name} is no backup of `tbtools edit --in-place`") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidArgument(f"{name}: {_LIST} cannot be read: {error}") from error


def _swap_of(entry: Any) -> _Swap:
    before, after = entry["before"], entry["after"]
    for each in (before, after):
        if each is not None and Path(each).name != each:
            raise ValueError(f"{each!r} is no file of the backup")
    return _Swap(str(entry["file"]), before, after, tuple(entry["identity"]))
