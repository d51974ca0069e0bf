"""The store of a log directory: its packs, the newest entry of each file, what is added."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools.digest import digest
from tbtools.eventfile.index import cache
from tbtools.eventfile.index.checksum import crc32c
from tbtools.eventfile.index.entries import Encoded, read_head
from tbtools.eventfile.index.packs import PackWriter, open_pack
from tbtools.eventfile.source import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.index.entries import Head
    from tbtools.eventfile.index.packs import Pack, Place

# Packs that a store may have before small ones are joined, and how many are then left as they are.
_PACKS = 12
_PACKS_LEFT = 4
_LARGEST_PACK = cache.SIZE_LIMIT // 8
_TOUCHED_SECONDS = 600.0


class Found(NamedTuple):
    """An entry whose first piece is sound.

    Attributes:
        head: Its head.
        pack: Where it lies.
        place: Where it lies there.
        first_piece: Its first piece.
    """

    head: Head
    pack: Pack
    place: Place
    first_piece: bytes

    def entry(self) -> Any:
        """All of its bytes; None where they are not all there.

        Raises:
            OSError: They cannot be read.
        """
        if len(self.first_piece) == self.place.bytes:
            return self.first_piece
        entry = self.pack.entry(self.place)
        return entry if len(entry) == self.place.bytes else None


class Store:
    """The entries of files under a directory, by the files' absolute paths.

    A directory has the store of the nearest directory above it that has one, so that a run is found
    by itself, too. Nothing here raises an OSError: what cannot be read is not there, and after
    something could not be written, nothing more is.
    """

    def __init__(self, root: str) -> None:
        self._entries: dict[str, tuple[Pack, Place]] = {}
        self._packs: list[Pack] = []
        self._writer: PackWriter | None = None
        self._room = -1  # bytes; -1 before anybody has looked
        self._folder: str | None = None
        self._root = ""
        stores = cache.stores_directory()
        if stores is not None:
            with contextlib.suppress(OSError):
                self._open(*_nearest(stores, root))

    def _open(self, root: str, folder: str) -> None:
        paths = []
        if os.path.isdir(folder):
            if not cache.is_private(folder):
                return
            paths = [os.path.join(folder, name) for name in os.listdir(folder)]
        self._root, self._folder = root.rstrip(os.sep) + os.sep, folder
        packs = [open_pack(path) for path in paths if path.endswith(cache.PACK_SUFFIX)]
        for pack in sorted(filter(None, packs), key=lambda pack: pack.written):
            self._take(pack)
            if pack.used < time.time() - _TOUCHED_SECONDS:
                cache.touch(pack.path)

    def _take(self, pack: Pack | None) -> None:
        if pack is None:  # another process was faster to remove it
            return
        self._packs.append(pack)
        self._entries.update((name, (pack, place)) for name, place in pack.places.items())

    @property
    def is_usable(self) -> bool:
        """Whether there is any use in asking."""
        return self._folder is not None

    def _name(self, path: str) -> str:
        return source_of(path).absolute(path).removeprefix(self._root)

    def find(self, path: str) -> Found | None:
        """The newest entry of a file, if there is a sound one."""
        known = self._entries.get(self._name(path))
        if known is None:
            return None
        pack, place = known
        try:
            piece = pack.first_piece(place)
        except OSError:
            return None
        head = read_head(piece, place.checksum)
        return None if head is None else Found(head, pack, place, piece)

    def kept(self, kind: str) -> Iterator[tuple[int, Any]]:
        """What `keep` was given that is sound, by its numbers.

        Args:
            kind: As for `keep`.
        """
        for name in [name for name in self._entries if name.startswith(f"{kind}/")]:
            number = name.removeprefix(f"{kind}/").removesuffix("/")
            if not number.isdecimal() or not name.endswith("/"):
                continue  # an event file
            pack, place = self._entries[name]
            with contextlib.suppress(OSError):
                data = pack.entry(place)
                if crc32c(data) == place.checksum:
                    yield int(number), data

    # -- writing

    def keep(self, kind: str, number: int, data: bytes) -> None:
        """Adds what was found of many files together; it is there for others after `commit`.

        Args:
            kind: What it is, one name without a slash.
            number: What was kept under it before counts no more.
            data: Its bytes.
        """
        # No file is called so: a slash stands at its end.
        self._add(f"{kind}/{number}/", Encoded((data,), crc32c(data), len(data), len(data)))

    def add(self, path: str, entry: Encoded) -> None:
        """Adds an entry; it is there for others after `commit`."""
        self._add(self._name(path), entry)

    def _add(self, name: str, entry: Encoded) -> None:
        if self._folder is None or not self.has_room(entry.bytes):
            return
        self._room -= entry.bytes
        try:
            if self._writer is not None and self._writer.bytes > _LARGEST_PACK:
                self._seal(self._writer)
            if self._writer is None:
                self._writer = self._new_pack(self._folder)
            self._writer.add(name, entry.parts, entry.first_bytes, entry.checksum)
        except OSError:
            self._give_up()

    def _new_pack(self, folder: str) -> PackWriter:
        cache.make_directory(folder)
        if not cache.is_private(folder):
            raise PermissionError(errno.EPERM, "others can write there", folder)
        return PackWriter(folder)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes can be added."""
        if self._room < 0:
            self._room = cache.room()
        return size <= self._room

    def commit(self) -> None:
        """Lets others see what was added."""
        if self._writer is None:
            return
        try:
            self._seal(self._writer)
            self._tidy()
            cache.make_room()
        except OSError:
            self._give_up()

    def _seal(self, writer: PackWriter) -> None:
        path = writer.finish()
        self._writer = None
        self._take(open_pack(path))

    def _tidy(self) -> None:
        """Removes packs of which nothing counts any more, and joins small ones."""
        counting = {id(pack) for pack, _ in self._entries.values()}
        self._drop([pack for pack in self._packs if id(pack) not in counting])
        if len(self._packs) > _PACKS:
            small = sorted(self._packs, key=lambda pack: pack.bytes)[:-_PACKS_LEFT]
            self._join(small)

    def _join(self, packs: list[Pack]) -> None:
        assert self._folder is not None
        self._writer = writer = PackWriter(self._folder)
        joined = {id(pack) for pack in packs}
        for name, (pack, place) in self._entries.items():
            if id(pack) in joined:
                entry = pack.entry(place)
                if len(entry) == place.bytes:
                    writer.add(name, [entry], place.first_bytes, place.checksum)
        # As old as the newest: what another process has added meanwhile is newer.
        path = writer.finish(max(pack.written for pack in packs))
        self._writer = None
        self._drop(packs)
        self._take(open_pack(path))

    def _drop(self, packs: list[Pack]) -> None:
        dropped = {id(pack) for pack in packs}
        self._packs = [pack for pack in self._packs if id(pack) not in dropped]
        for pack in packs:
            cache.remove(pack.path)

    def _give_up(self) -> None:
        """A full or read-only disk is none the better for another attempt."""
        if self._writer is not None:
            self._writer.abandon()
        self._writer, self._room = None, 0


def _nearest(stores: str, root: str) -> tuple[str, str]:
    """The directory whose store is that of a path, and the store's folder, which may be missing."""
    own = root = source_of(root).absolute(root)
    while not os.path.isdir(folder := _folder(stores, root)):
        above = os.path.dirname(root)
        if above == root:
            return own, _folder(stores, own)
        root = above
    return root, folder


def _folder(stores: str, root: str) -> str:
    return os.path.join(stores, digest(os.fsencode(root), 12))
