"""Files beside event files that go with them: those of the projector, of the profiler and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.edit.results import Asset
from tbtools.errors import InvalidArgument, UndecodablePayload, file_error
from tbtools.eventfile.discover import PROFILER_SUFFIX, is_event_file
from tbtools.eventfile.source import NO_TARGET, read_bytes, source_of
from tbtools.runs.plugins.projector import (
    CONFIG_NAME,
    config_path,
    has_embeddings,
    read_embeddings,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tbtools.analysis.edit.followers import Followers
    from tbtools.eventfile.source_types import Entry

# What `plugins` calls the embeddings of a run.
PROJECTOR = "projector"
# TensorBoard's plugins have files of their own in <run>/plugins/<plugin>
# (tensorboard/backend/event_processing/plugin_asset_util.py); the profiler has nothing elsewhere.
_PLUGINS = "plugins"
_PROFILE = "profile"


def distinct_assets(assets: Iterable[Asset], outputs: Iterable[str | None]) -> list[Asset]:
    """The assets, each place once.

    Args:
        assets: Those of all runs.
        outputs: Where event files go.

    Raises:
        InvalidArgument: Two runs that are joined both have a file for one place.
    """
    taken: dict[str, str] = {}
    events = set(outputs)
    for asset in assets:
        known = taken.setdefault(asset.output, asset.file)
        if known != asset.file or asset.output in events:
            raise InvalidArgument(
                f"{asset.file} has no place beside the files of other runs in {asset.output}; "
                "leave them out (`tbtools edit --exclude-plugin`)"
            )
    return list({asset.output: asset for asset in assets}.values())


def asset_plugins(directory: str) -> frozenset[str]:
    """The plugins that have files in a run's directory: ``projector``, ``profile`` and the like."""
    found = set()
    for name, path, kind in _entries(directory):
        if name == CONFIG_NAME and has_embeddings(directory):
            found.add(PROJECTOR)
        elif name.endswith(PROFILER_SUFFIX):
            found.add(_PROFILE)
        elif name == _PLUGINS and kind == "directory":
            found |= {plugin for plugin, _, own in _entries(path) if own == "directory"}
    return frozenset(found)


def assets_of(
    directory: str, folder: Path, plugins: Iterable[str], followers: Followers | None = None
) -> Iterator[Asset]:
    """The files of some plugins in a run's directory.

    Args:
        directory: The run's directory.
        folder: Where they go.
        plugins: Some of `asset_plugins`.
        followers: What follows new names of tags; None where there are none.
    """
    for plugin in sorted(plugins):
        if plugin == PROJECTOR and has_embeddings(directory):
            yield from _of_projector(directory, folder, followers)
        elif plugin == _PROFILE:
            for name, path, kind in sorted(_entries(directory)):
                if name.endswith(PROFILER_SUFFIX) and kind == "file":
                    yield Asset(path, (folder / name).as_posix())
        yield from _below(f"{directory}/{_PLUGINS}/{plugin}", folder / _PLUGINS / plugin)


def _below(directory: str, folder: Path) -> Iterator[Asset]:
    """All files below a directory but those of runs; links are left, which may lead anywhere."""
    for name, path, kind in sorted(_entries(directory)):
        if kind == "directory":
            yield from _below(path, folder / name)
        elif kind == "file" and not is_event_file(name):
            yield Asset(path, (folder / name).as_posix())


def _entries(directory: str) -> list[Entry]:
    try:
        return list(source_of(directory).list(directory))
    except OSError as error:
        if error.errno in NO_TARGET:
            return []
        raise file_error(error, directory) from error


def _of_projector(directory: str, folder: Path, followers: Followers | None) -> Iterator[Asset]:
    """The config of a run's projector and the files that it names, those that are there."""
    path = config_path(directory)
    text = read_bytes(path).decode(errors="surrogateescape")
    changed = followers.projector_config(text) if followers else text
    output = (folder / CONFIG_NAME).as_posix()
    yield Asset(path, output, None if changed == text else changed)
    taken = {output}
    try:
        embeddings = read_embeddings(directory)
    except UndecodablePayload:  # what it names is not known, and TensorBoard does not show it
        return
    for embedding in embeddings:
        for name, found in embedding.files():
            place = (folder / name).as_posix()
            if place not in taken:
                taken.add(place)
                yield Asset(found, place)
