"""Tables as Arrow files: Parquet and Feather, by pyarrow."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from tbtools.errors import MissingExtra
from tbtools.eventfile.threads import submitted
from tbtools.render.batches import NULL, gathered
from tbtools.runs.plugins.hparams import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from tbtools.render.batches import Batch, Kind

# Rows of a row group, which readers take in one go: some megabytes.
_GROUP_ROWS = 250_000


def require_pyarrow(purpose: str, module: str = "pyarrow") -> Any:
    """A module of pyarrow, which has no types.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"writing {purpose}", "parquet") from error


def write_arrow(
    file: IO[bytes],
    schema: Mapping[str, Kind],
    batches: Iterable[Batch],
    format: str,  # noqa: A002 - the option's name
) -> None:
    """Writes a table.

    Args:
        file: Where to.
        schema: The columns, in order.
        batches: Their rows.
        format: ``parquet`` or ``feather``.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    table = _ArrowTable(schema)
    if format == "feather":
        ipc = require_pyarrow(format, "pyarrow.ipc")
        # The dictionaries of texts grow from batch to batch.
        options = ipc.IpcWriteOptions(emit_dictionary_deltas=True, compression="lz4")
        writer = ipc.new_file(file, table.schema, options=options)
    else:
        # Numbers hardly repeat: a dictionary of them takes most of the time and makes files larger.
        # Of the encodings of integers that are small, this is the one that most readers know.
        writer = require_pyarrow(format, "pyarrow.parquet").ParquetWriter(
            file,
            table.schema,
            use_dictionary=[name for name, kind in schema.items() if kind in ("text", "json")],
            column_encoding={
                name: "DELTA_BINARY_PACKED" for name, kind in schema.items() if kind == "integer"
            },
        )
    with writer, ThreadPoolExecutor(1) as pool:
        written: Future[None] | None = None
        for some in gathered(batches, _GROUP_ROWS):  # read while those before are written
            batch = table.batch(some)
            if written is not None:
                written.result()
            written = submitted(pool, writer.write, batch)
        if written is not None:
            written.result()


class _ArrowTable:
    """Makes Arrow batches; texts are indices into dictionaries that only ever grow."""

    def __init__(self, schema: Mapping[str, Kind]) -> None:
        self._pa = pa = require_pyarrow("arrow")
        texts = pa.dictionary(pa.int32(), pa.string())
        types = {
            "text": texts,
            "json": texts,
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
        }
        self._kinds = schema
        self.schema = pa.schema([(name, types[kind]) for name, kind in schema.items()])
        self._codes: dict[str, dict[str, int]] = {
            name: {} for name, kind in schema.items() if kind in ("text", "json")
        }

    def batch(self, batches: Sequence[Batch]) -> Any:
        columns = [self._column(name, kind, batches) for name, kind in self._kinds.items()]
        return self._pa.record_batch(columns, schema=self.schema)

    def _column(self, name: str, kind: Kind, batches: Sequence[Batch]) -> Any:
        if kind in ("text", "json"):
            return self._texts(name, kind, batches)
        if all(isinstance(batch.columns[name], np.ndarray) for batch in batches):
            return self._numbers(name, batches)
        cells = [cell for batch in batches for cell in batch.columns[name]]
        plain = [None if cell is NULL else cell for cell in cells]
        return self._pa.array(plain, self.schema.field(name).type)

    def _texts(self, name: str, kind: Kind, batches: Sequence[Batch]) -> Any:
        codes = self._codes[name]

        def code(cell: Any) -> int:
            if cell is None or cell is NULL:
                return -1
            text = cell if kind == "text" else json_text(cell)
            return codes.setdefault(_encodable(text), len(codes))

        parts = []
        for batch in batches:
            column = batch.columns[name]
            if isinstance(column, str):
                parts.append(np.full(batch.rows, code(column), np.int32))
            else:
                parts.append(np.array([code(cell) for cell in column], np.int32))
        indices = np.concatenate(parts)
        missing = indices < 0
        return self._pa.DictionaryArray.from_arrays(
            self._pa.array(indices, mask=missing if missing.any() else None),
            self._pa.array(list(codes), self._pa.string()),
        )

    def _numbers(self, name: str, batches: Sequence[Batch]) -> Any:
        columns = [cast("np.ndarray[Any, Any]", batch.columns[name]) for batch in batches]
        values = np.concatenate([np.ma.getdata(column) for column in columns])
        mask = None
        if any(np.ma.is_masked(column) for column in columns):
            mask = np.concatenate([np.ma.getmaskarray(column) for column in columns])
        return self._pa.array(values, self.schema.field(name).type, mask=mask)


def _encodable(text: str) -> str:
    """What is no UTF-8 (a lone surrogate, of an undecodable path) has no place in Arrow."""
    return text.encode(errors="backslashreplace").decode()
