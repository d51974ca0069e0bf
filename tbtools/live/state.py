"""Which alarms were given: kept on disk, so that each comes once, whoever watches and how often."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools import system
from tbtools.digest import digest
from tbtools.errors import TbtoolsError
from tbtools.eventfile.index.cache import make_directory, own_directory
from tbtools.live.episodes import Episode, Span
from tbtools.render.files import replaced_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_VERSION = 1
# What was told so long ago is of a run that nobody watches any more.
_KEPT_SECONDS = 90 * 86400.0


def state_directory() -> str | None:
    """Where tbtools keeps what it should not lose; None where that is nowhere.

    TBTOOLS_STATE names it, or says ``off``; else it is that of the platform: XDG_STATE_HOME, or
    ``~/.local/state``, or ``~/Library/Application Support``, or
    ``%LOCALAPPDATA%``.
    """
    return own_directory(
        "TBTOOLS_STATE", "XDG_STATE_HOME", "~/.local/state", "~/Library/Application Support"
    )


def state_path(paths: Sequence[str], ending: str) -> Path | None:
    """Where the state of a watch of some paths lies, by their real names."""
    directory = state_directory()
    if directory is None:
        return None
    real = sorted(path if "://" in path else os.path.realpath(path) for path in paths)
    name = digest(os.fsencode("\0".join(real)), 16)
    return Path(directory, "watch", f"{name}{ending}")


class Key(NamedTuple):
    """What an alarm is about.

    Attributes:
        condition: For what, and by what it is given.
        run: The run.
        tag: The tag; "" where it is about none.
        kind: What happened.
    """

    condition: str
    run: str
    tag: str
    kind: str


@dataclass(slots=True)
class Given(Episode):
    """An alarm that was given.

    Attributes:
        condition: For what, and by what.
        run: The run.
        tag: The tag; "" where it is about none.
        kind: What happened.
        time: When it was given last, seconds since the epoch.
        done: Whether it got through, or was given up.
        owner: The host and process that gives it.
        number: Tells it from all others.
    """

    condition: str
    run: str
    tag: str
    kind: str
    time: float
    done: bool
    owner: str
    number: str

    @property
    def key(self) -> Key:
        """What it has in common with later ones of the same trouble."""
        return Key(self.condition, self.run, self.tag, self.kind)

    @property
    def is_lost(self) -> bool:
        """Whether the process that was to give it has died over it."""
        host, _, process = self.owner.partition(":")
        if self.done or host != system.host_name():
            return False
        return not (process.isdecimal() and system.process_exists(int(process)))


class GivenAlarms:
    """The alarms that were given, by this process and by others.

    Args:
        path: The file that keeps them; None for the memory of this process alone.
        repeat: Seconds after which an alarm is given again as long as its cause lasts; None for
            never.
        cooldown: Seconds that lie at least between two alarms of one condition about one run.

    Attributes:
        problem: Why they could not be kept; "" as long as they could.
    """

    def __init__(
        self, path: Path | None, *, repeat: float | None = None, cooldown: float = 0.0
    ) -> None:
        self._path = path
        self._repeat = repeat
        self._cooldown = cooldown
        self._given: dict[str, Given] = {}
        self.problem = ""

    @property
    def repeats(self) -> bool:
        """Whether alarms are given again."""
        return self._repeat is not None

    def claim(
        self,
        key: Key,
        span: Span,
        seen: float,
        now: float,
        *,
        lasts: bool = False,
        together: Collection[str] = (),
        around: Collection[str] = (),
    ) -> Given | None:
        """Takes it on to give an alarm; None where it was given, or another process does so.

        Args:
            key: Condition, run, tag and kind.
            span: Where the cause lies in the run.
            seen: Wall time of the run's last event, seconds since the epoch.
            now: The present.
            lasts: Whether it is still so.
            together: The tags of what began together with it: an alarm about one of them is about
                the same.
            around: The runs of which this one is a part, as those of `add_scalars` are: an alarm
                about them, at these steps, is about the same.
        """
        known = self._find(key, span)
        if known is not None:
            known.extend(span, seen)
            if not self._is_due(known, now, lasts=lasts):
                return None
        with self._shared():
            known = self._find(key, span)
            if known is not None and not self._is_due(known, now, lasts=lasts):
                return None
            if self._is_cooling(key, now):
                return None
            is_told = self._is_told(key, together, span) or self._is_part(key, around, span)
            if known is None and is_told:
                return None
            if known is None:
                known = Given(
                    span.low, span.high, seen, span.weight, *key,
                    time=now, done=False, owner="", number=os.urandom(8).hex(),
                )  # fmt: skip
                self._given[known.number] = known
            known.extend(span, seen)
            known.time, known.done = now, False
            known.owner = f"{system.host_name()}:{os.getpid()}"
        return known

    def _is_told(self, key: Key, together: Collection[str], span: Span) -> bool:
        return any(
            each.key[:2] == key[:2]
            and each.tag in together
            and each.tag != key.tag
            and each.holds(span)
            for each in self._given.values()
        )

    def _is_part(self, key: Key, around: Collection[str], span: Span) -> bool:
        return any(
            each.condition == key.condition and each.run in around and each.tag and each.holds(span)
            for each in self._given.values()
        )

    def is_held(self, key: Key, span: Span, now: float) -> bool:
        """Whether an alarm is only put off, because one was given a moment ago."""
        return self._find(key, span) is None and self._is_cooling(key, now)

    def finish(self, given: Given) -> None:
        """Takes note that an alarm got through, or was given up."""
        given.done = True
        with self._shared():
            pass

    def _is_cooling(self, key: Key, now: float) -> bool:
        """The end of a run, or an expression, comes once, and is never put off."""
        if not key.tag:
            return False
        same = [each.time for each in self._given.values() if each.key[:2] == key[:2]]
        return bool(same) and now - max(same) < self._cooldown

    def _find(self, key: Key, span: Span) -> Given | None:
        return next(
            (each for each in self._given.values() if each.key == key and each.holds(span)), None
        )

    def _is_due(self, given: Given, now: float, *, lasts: bool) -> bool:
        if given.is_lost:
            return True
        if self._repeat is None or not lasts or not given.done:
            return False
        return now - given.time >= self._repeat

    # -- on disk

    @contextlib.contextmanager
    def _shared(self) -> Iterator[None]:
        """What is changed in the block is kept; nobody else changes anything meanwhile."""
        if self._path is None:
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                make_directory(os.fspath(self._path.parent))
                stack.enter_context(_locked(self._path.with_suffix(".lock")))
                self._read(self._path)
            except OSError as error:
                self._give_up(error)
            yield
            if self._path is not None:
                try:
                    self._write(self._path)
                except (OSError, TbtoolsError) as error:
                    self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """From now on they are kept in memory: an alarm that may come twice is better than none."""
        self.problem = f"alarms that were given cannot be kept, and may come again: {error}"
        self._path = None

    def _read(self, path: Path) -> None:
        try:
            stored = json.loads(path.read_bytes())
            kept = [Given(**each) for each in stored["given"]]
        except FileNotFoundError:
            return
        except (ValueError, TypeError, LookupError) as error:  # no JSON, or not ours
            raise OSError(f"{path}: is damaged ({error}); remove it") from error
        for found in kept:
            mine = self._given.setdefault(found.number, found)
            if mine is not found:
                mine.extend(Span(found.low, found.high, None, found.weight), found.seen)
                if found.time > mine.time:
                    mine.time, mine.done, mine.owner = found.time, found.done, found.owner
                mine.done = mine.done or (found.done and found.time == mine.time)

    def _write(self, path: Path) -> None:
        newest = max((each.time for each in self._given.values()), default=0.0)
        kept = [each for each in self._given.values() if newest - each.time < _KEPT_SECONDS]
        content: dict[str, Any] = {"version": _VERSION, "given": [asdict(each) for each in kept]}
        with replaced_whole(path, force=True, binary=True) as file:
            file.write(json.dumps(content).encode())  # type: ignore[arg-type]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = system.open_lock(path)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: then for one at a time
            system.lock(handle)
        yield
    finally:
        os.close(handle)
