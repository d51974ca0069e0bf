"""Embeddings of TensorBoard's projector.

They are no event files: ``projector_config.pbtxt`` in the run's directory names files of tabs
beside it, one with the vectors, and one with what is known of each point.
"""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.eventfile.source import as_path, is_file, open_file, read_bytes, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

CONFIG_NAME = "projector_config.pbtxt"

_TEXT_OF_NUMBERS = frozenset(b"\t\n\r +-.0123456789aefinAEFIN")


@dataclass(frozen=True, slots=True)
class Embedding:
    """An embedding, whose files are read when they are asked for.

    The paths are those of the config, relative to its directory. Only files inside of that are ever
    read: a config is a stranger's word, and TensorBoard holds it so too.

    Attributes:
        directory: Where the config is; a URL as text.
        name: The tensor's name; tensorboardX and torch put ``:`` and the step behind the tag.
        tensor_path: The vectors: tab-separated text, or raw float32; "" if in a checkpoint.
        tensor_shape: Rows and columns as the config says, or ().
        metadata_path: What is known of the points: tab-separated text; "" where nothing is.
        bookmarks_path: Views that were saved, as JSON; "" where none were.
        sprite_path: A picture of pictures, one a point, row by row; "" where there is none.
        sprite_size: Width and height of each of them, in pixels, or ().
        checkpoint_path: The checkpoint of the model, which tbtools cannot read; "" where none is.
    """

    directory: Path | str
    name: str
    tensor_path: str = ""
    tensor_shape: tuple[int, ...] = ()
    metadata_path: str = ""
    bookmarks_path: str = ""
    sprite_path: str = ""
    sprite_size: tuple[int, ...] = ()
    checkpoint_path: str = field(default="", repr=False)

    def vectors(self) -> np.ndarray[Any, Any]:
        """Reads the vectors.

        Returns:
            float32 of shape (points, dimensions).

        Raises:
            UndecodablePayload: They are in a checkpoint, outside of the directory, not there, or
                no table of numbers.
        """
        if not self.tensor_path:
            raise UndecodablePayload(
                f"embedding {self.name!r} is in a checkpoint ({self.checkpoint_path!r}), not a file"
            )
        path = self._inside(self.tensor_path)
        if self._is_raw(path):
            return np.frombuffer(read_bytes(path), "<f4").reshape(self.tensor_shape).copy()
        lines = [line for line in _lines(path) if line]
        if not lines:
            raise UndecodablePayload(f"{path}: no vectors")
        try:
            return np.loadtxt(lines, dtype=np.float32, delimiter="\t", comments=None, ndmin=2)
        except ValueError as error:
            raise UndecodablePayload(f"{path}: no table of numbers: {error}") from error

    def metadata(self) -> pd.DataFrame:
        """Reads what is known of the points.

        The first line is a header if there is one line more than there are points: this is what
        tells one column with a name from one without.

        Returns:
            One row a point, all columns str; a column without a name is ``label``, several are
            ``label_0``, ``label_1``, …. No columns where the config names no metadata.

        Raises:
            UndecodablePayload: As `vectors`; or the lines are not as many as the points, or not
                all as wide as the first.
        """
        return self._metadata(len(self.vectors()))

    def to_frame(self) -> pd.DataFrame:
        """Reads everything: one row a point, its metadata, then its vector as d0, d1, ….

        Raises:
            UndecodablePayload: As `metadata`.
        """
        import pandas as pd

        vectors = self.vectors()
        names = [f"d{index}" for index in range(vectors.shape[1])]
        frame = pd.DataFrame(vectors, columns=names)
        return pd.concat([self._metadata(len(vectors)), frame], axis=1)

    def files(self) -> Iterator[tuple[str, str]]:
        """The files that it is in, those that are there: path in its directory, and where it is."""
        paths = (self.tensor_path, self.metadata_path, self.bookmarks_path, self.sprite_path)
        for path in filter(None, paths):
            place = os.path.normpath(path)
            # One that is named from the root of the file system has no place beside the others.
            if not os.path.isabs(place):
                with contextlib.suppress(UndecodablePayload):
                    yield place, self._inside(path)

    def _metadata(self, points: int) -> pd.DataFrame:
        import pandas as pd

        if not self.metadata_path:
            return pd.DataFrame(index=range(points))
        path = self._inside(self.metadata_path)
        rows = [line.split("\t") for line in _lines(path)]
        width = len(rows[0]) if rows else 0
        if any(len(row) != width for row in rows):
            raise UndecodablePayload(f"{path}: lines of more or fewer than {width} columns")
        if len(rows) == points + 1:
            names, rows = rows[0], rows[1:]
        elif len(rows) == points:
            names = ["label"] if width == 1 else [f"label_{index}" for index in range(width)]
        else:
            raise UndecodablePayload(f"{path}: {len(rows)} lines for {points} points")
        return pd.DataFrame(rows, columns=names, dtype="str")

    def _inside(self, path: str) -> str:
        """The file of that name, which must lie in the directory also once links are followed."""
        directory = os.fspath(self.directory)
        source = source_of(directory)
        try:
            root = source.resolve(directory)
            found = source.resolve(os.path.join(root, path))
            if Path(found).is_relative_to(root) and is_file(found):
                return found
        except (OSError, ValueError) as error:  # too long, NULs
            raise UndecodablePayload(f"{path!r} of embedding {self.name!r}: {error}") from error
        raise UndecodablePayload(f"{path!r} of embedding {self.name!r} is no file inside {root}")

    def _is_raw(self, path: str) -> bool:
        """Whether the file is raw float32: the size that the shape asks for, and not just text."""
        size = np.dtype(np.float32).itemsize * math.prod(self.tensor_shape)
        if len(self.tensor_shape) != 2:
            return False
        with open_file(path) as file:
            if file.size() != size:
                return False
            return not _TEXT_OF_NUMBERS.issuperset(file.read_at(0, 1 << 16))


def config_path(directory: str) -> str:
    """Where the projector config of a run's directory is, if it has one."""
    return os.path.join(directory, CONFIG_NAME)


def has_embeddings(directory: str) -> bool:
    """Whether a run's directory has a projector config."""
    return is_file(config_path(directory))


def read_embeddings(directory: str | os.PathLike[str]) -> list[Embedding]:
    """The embeddings that a run's projector config names.

    Args:
        directory: The run's directory.

    Returns:
        The embeddings in the config's order; none if there is no config.

    Raises:
        UndecodablePayload: The config is no ProjectorConfig in protobuf's text format.
    """
    from google.protobuf import text_format

    from tbtools.eventfile import messages

    directory = as_path(directory)
    path = config_path(directory)
    if not is_file(path):
        return []
    config = messages.ProjectorConfig()
    try:
        text_format.Parse(_text(path), config, allow_unknown_field=True)
    except (ValueError, TypeError, RecursionError, text_format.ParseError) as error:
        raise UndecodablePayload(f"{path}: no projector config: {error}") from error
    place = directory if source_of(directory).is_remote else Path(directory)
    return [
        Embedding(
            place,
            info.tensor_name,
            info.tensor_path,
            tuple(info.tensor_shape),
            info.metadata_path,
            info.bookmarks_path,
            info.sprite.image_path,
            tuple(info.sprite.single_image_dim),
            config.model_checkpoint_path,
        )
        for info in config.embeddings
    ]


def _text(path: str) -> str:
    return read_bytes(path).decode("utf-8")


def _lines(path: str) -> list[str]:
    r"""Lines that end with \n or \r\n and with nothing else: labels may hold other breaks."""
    try:
        text = _text(path)
    except UnicodeDecodeError as error:
        raise UndecodablePayload(f"{path}: no UTF-8: {error}") from error
    lines = text.removesuffix("\n").split("\n") if text else []
    return [line.removesuffix("\r") for line in lines]
