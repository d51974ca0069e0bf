"""Tags of different names that are one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.edit.names import tag_bytes
from tbtools.analysis.edit.runs import tag_plugins
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.eventfile.value_rows import concatenated
from tbtools.runs.selection import as_globs, choose
from tbtools.runs.timeline.rows import join_files, readable_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns


@dataclass(frozen=True, slots=True)
class SameTag:
    """Tags that become one.

    Attributes:
        tag: What they are called then.
        names: What they are called now, without those that are called so already.
    """

    tag: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SameTags:
    """Which tags become which, as bytes.

    Attributes:
        names: Old name to new one, of those that get one.
    """

    names: Mapping[bytes, bytes]

    @classmethod
    def of(cls, given: object, files: Sequence[FileColumns]) -> SameTags:
        """From what users give: new names, to globs of the tags that get them.

        Args:
            given: See there.
            files: The files of all runs.

        Raises:
            UnknownTag: A glob matches no tag.
            InvalidArgument: A tag would get two names, or tags of two plugins one.
        """
        if given is None:
            return cls({})
        if not isinstance(given, Mapping):
            raise InvalidArgument(f"same={given!r} is no mapping of names to tags")
        known = {readable_tag(name): name for file in files for name in file.tag_names}
        names: dict[bytes, bytes] = {}
        for tag, globs in given.items():
            if not isinstance(tag, str) or not tag or not as_globs(globs):
                raise InvalidArgument(f"same: {tag!r} and {globs!r} are no name and its tags")
            new = known[tag] if tag in known else tag_bytes(tag)
            for glob in as_globs(globs):
                if not (chosen := choose(known, glob)):
                    raise UnknownTag(glob, sorted(known, key=natural_key))
                for old in chosen:
                    if names.setdefault(known[old], new) != new:
                        raise InvalidArgument(f"the tag {old!r} would get two names")
        _require_one_plugin(files, names)
        return cls({old: new for old, new in names.items() if old != new})

    def listed(self) -> tuple[SameTag, ...]:
        """The tags that become one, by their new names."""
        found: dict[str, list[str]] = {}
        for old, new in self.names.items():
            found.setdefault(readable_tag(new), []).append(readable_tag(old))
        return tuple(
            SameTag(tag, tuple(sorted(found[tag], key=natural_key)))
            for tag in sorted(found, key=natural_key)
        )

    def joined(self, file: FileColumns) -> FileColumns:
        """The columns of a file in which these tags are one."""
        if not any(name in self.names for name in file.tag_names):
            return file
        wanted = [self.names.get(name, name) for name in file.tag_names]
        ids = {name: number for number, name in enumerate(dict.fromkeys(wanted))}
        declared: dict[bytes, tuple[bytes, tuple[int, int]]] = {}
        for name, plugin, place in zip(wanted, file.tag_plugins, file.tag_metadata, strict=True):
            if not declared.get(name, (b"",))[0]:  # the first that declares a plugin counts
                declared[name] = plugin, place
        return replace(
            file,
            tag_names=list(ids),
            tag_plugins=[declared[name][0] for name in ids],
            tag_metadata=[declared[name][1] for name in ids],
            values=concatenated(
                [file.values], [np.array([ids[name] for name in wanted], np.int32)]
            ),
        )

    def renamed(self, file: FileColumns) -> NDArray[np.bool_]:
        """bool, for each row of a file as it is: whether its tag gets another name."""
        changed = np.array([name in self.names for name in file.tag_names], bool)
        rows: NDArray[np.bool_] = file.values.of_shape(changed[file.values.shapes.tag_id])
        return rows


def _require_one_plugin(files: Sequence[FileColumns], names: Mapping[bytes, bytes]) -> None:
    """Refuses tags of which one would be of several plugins.

    Raises:
        InvalidArgument: There is one.
    """
    if not names:
        return
    rows = join_files(files)
    raw = list(dict.fromkeys(name for file in files for name in file.tag_names))
    found: dict[bytes, dict[str, bytes]] = {}
    for old, plugin in tag_plugins(files, dict(zip(raw, rows.plugins, strict=True))):
        new = names.get(old, old)
        if plugin and new in names.values():
            found.setdefault(new, {})[plugin] = old
    for of_plugin in found.values():
        if len(of_plugin) > 1:
            kinds = " and ".join(
                f"{readable_tag(tag)!r} of {plugin}" for plugin, tag in sorted(of_plugin.items())
            )
            raise InvalidArgument(f"these are not one thing: {kinds}")
