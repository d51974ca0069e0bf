"""What a training wrote, as TensorBoard's own loader reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tensorboard.backend.event_processing import event_file_loader

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Trained:
    """A run.

    Attributes:
        path: Its folder.
        points: By tag (step, value) of each scalar, later writer sessions over earlier ones.
        plugins: Plugin by tag, of all that is no scalar.
        steps: Steps by tag, of all that is no scalar.
        files: Event files in the order of their names.
        graphs: What TensorBoard makes of graph events: its own plugins by its own tags.
    """

    path: Path
    points: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    steps: dict[str, list[int]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    graphs: dict[str, str] = field(default_factory=dict)

    def values(self, tag: str) -> list[float]:
        """The values of a scalar tag."""
        return [value for _, value in self.points[tag]]

    def text(self, tag: str) -> str:
        """All that was written under a text tag."""
        return "\n".join(
            value.tensor.string_val[0].decode()
            for path in self.files
            for event in events(path)
            for value in event.summary.value
            if value.tag == f"{tag}/text_summary"
        )


def events(path: Path) -> list[Any]:
    """The events of a file, new-style scalars and all."""
    return list(event_file_loader.EventFileLoader(str(path)).Load())


def read_run(path: Path) -> Trained:
    """Reads the event files of a run; a SessionLog.START hides what was there from its step on."""
    run = Trained(path, files=sorted(path.glob("events*")))
    for file in run.files:
        for event in events(file):
            if event.session_log.status == event.session_log.START:
                _hide(run, event.step)
            for value in event.summary.value:
                _take(run, event.step, value)
    return run


def _take(run: Trained, step: int, value: Any) -> None:
    # EventFileLoader turns simple values and old-style media into tensors, as TensorBoard keeps
    # them, and adds the metadata that goes with them.
    plugin = value.metadata.plugin_data.plugin_name or run.plugins.get(value.tag, "")
    if plugin == "scalars" or (not plugin and value.tag in run.points):
        run.points.setdefault(value.tag, []).append((step, value.tensor.float_val[0]))
    elif plugin.startswith("graph"):
        run.graphs[value.tag] = plugin
    else:
        run.plugins[value.tag] = plugin
        run.steps.setdefault(value.tag, []).append(step)


def _hide(run: Trained, step: int) -> None:
    run.points = {
        tag: [point for point in points if point[0] < step] for tag, points in run.points.items()
    }
