"""Runs in MLflow's file store: a directory with meta.yaml, metrics/ and params/.

A file of metrics/ is called like its metric, with ``/`` as directories; a line of it is a timestamp
in milliseconds, the value, and the step, which old ones lack: then it is 0
(mlflow/store/tracking/file_store.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.eventfile.foreign.log import ForeignLog, NoNumber, as_number, as_step, text_hparam
from tbtools.eventfile.foreign.text import Lines, decoded
from tbtools.eventfile.source import paths_of, read_bytes, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.foreign.log import Reading

_FIELDS = (2, 3, 5)  # with the name and digest of a dataset behind them
_HEAD_KEYS = ("run_id:", "run_uuid:")


def is_log(path: str) -> bool:
    """Whether a meta.yaml is that of a run, and of no experiment."""
    return any(line.startswith(_HEAD_KEYS) for line in decoded(read_bytes(path)).splitlines())


def read(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The log of the run whose meta.yaml this is, its points in the order of their times.

    Raises:
        OSError: It cannot be read.
    """
    parts = paths_of(path)
    directory = parts.dirname(path)
    log = ForeignLog(modified)
    points = [
        (time, name, step, value)
        for name, file in _files(parts.join(directory, "metrics"))
        for time, step, value in _points(log, name, file)
    ]
    for time, name, step, value in sorted(points, key=lambda point: point[0]):
        log.add(name, step, time, value)
    for name, file in _files(parts.join(directory, "params")):
        log.hparams[name] = text_hparam(decoded(read_bytes(file)).strip("\n"))
    return {"": log}


def _files(directory: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and path of each file below a directory, in the order of the names."""
    try:
        entries = sorted(source_of(directory).list(directory))
    except FileNotFoundError:  # a run that has logged none
        return
    for name, path, kind in entries:
        if kind == "directory":
            yield from _files(path, f"{prefix}{name}/")
        elif kind == "file":
            yield prefix + name, path


def _points(log: ForeignLog, name: str, path: str) -> Iterator[tuple[float, int, float]]:
    data = read_bytes(path)
    lines = decoded(data).split("\n")
    places = Lines(data)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        parts = line.split()
        try:
            if len(parts) not in _FIELDS:
                raise NoNumber(f"{len(parts)} fields, and no timestamp, value and step")
            time, value = as_number(parts[0]), as_number(parts[1])
            step = as_step(parts[2]) if len(parts) > 2 else 0
            if time is None or value is None or step is None:
                raise NoNumber("a field says that there is no value")
            yield time / 1000, step, value
        except NoNumber as error:
            place = places.place(number, number)
            log.tell(f"metric {name}, line {number}: {error}", *place, is_cut=number == len(lines))
