"""StoredValues out of what the real writers make, by way of TensorBoard's own record reader."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

from tbtools.eventfile import messages
from tbtools.runs.plugins.values import StoredValue

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[2] / os.environ.get("TBTOOLS_CORPUS", "../shared/corpus")

# Nothing is timed in a test: the first example imports pandas, on a machine that is busy.
UNTIMED = settings(deadline=None)


def corpus_file(path: str) -> Path:
    """A file of the corpus; skips the test where it is not there."""
    if not (CORPUS / path).is_file():
        pytest.skip(f"no corpus of real event files at {CORPUS} (TBTOOLS_CORPUS)")
    return CORPUS / path


def read_events(path: Path) -> Iterator[Any]:
    """The events of an event file, or of the event files right inside a directory."""
    files = [path] if path.is_file() else sorted(path.glob("*tfevents*"))
    for file in files:
        for record in RawEventFileLoader(str(file)).Load():
            yield messages.Event.FromString(record)


def read_values(path: Path, plugin: str | None = None) -> list[StoredValue]:
    """The values of a run, of one plugin or of all, each with the first metadata of its tag."""
    metadata: dict[str, Any] = {}
    values = []
    for event in read_events(path):
        for message in event.summary.value:
            if message.HasField("metadata"):
                metadata.setdefault(message.tag, message.metadata)
            values.append(
                StoredValue(
                    message.tag, event.step, event.wall_time, message, metadata.get(message.tag)
                )
            )
    return [value for value in values if plugin in (None, value.plugin_name)]


def stored(
    message: Any, tag: str = "tag", step: int = 1, wall_time: float = 2.0, metadata: Any = None
) -> StoredValue:
    """A StoredValue of a Summary.Value, ours or TensorBoard's."""
    own = messages.Value.FromString(message.SerializeToString())
    return StoredValue(own.tag or tag, step, wall_time, own, metadata)


def stored_tensor(proto: Any, tag: str = "tag", step: int = 1, plugin: str = "") -> StoredValue:
    """A StoredValue of a TensorProto, ours or TensorBoard's."""
    message = messages.Value(tag=tag)
    message.tensor.ParseFromString(proto.SerializeToString())
    message.metadata.plugin_data.plugin_name = plugin
    return StoredValue(tag, step, 2.0, message)


def strings_tensor(strings: list[bytes], shape: list[int]) -> Any:
    """A TensorProto of strings."""
    proto = messages.TensorProto(dtype=7, string_val=strings)
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto
