"""Files beside event files that go with them: those of the projector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.edit.results import Asset
from tbtools.errors import InvalidArgument, UndecodablePayload
from tbtools.eventfile.source import read_bytes
from tbtools.runs.plugins.projector import CONFIG_NAME, config_path, read_embeddings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tbtools.analysis.edit.followers import Followers


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
                "leave embeddings out (--exclude-plugin projector)"
            )
    return list({asset.output: asset for asset in assets}.values())


def assets_of(directory: str, folder: Path, followers: Followers | None) -> Iterator[Asset]:
    """The config of a run's projector and the files that it names, those that are there.

    Args:
        directory: The run's directory.
        folder: Where they go.
        followers: What follows new names of tags; None where there are none.
    """
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
