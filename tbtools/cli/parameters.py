"""What the values of options are: ranges of steps, axes, kinds of findings, spacings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.vocabulary import AXES, FINDING_KINDS, FORMER_AXES, LEVELS

if TYPE_CHECKING:
    from click import ParamType
else:

    class ParamType(click.ParamType):
        """Takes a type in brackets, which before click 8.4 its base does not."""

        def __class_getitem__(cls, _: object) -> type[ParamType]:
            return cls


class LogPath(click.Path):
    """A path or a URL, in which no credentials are left for anybody to show."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Puts credentials aside."""
        from tbtools.eventfile.source import as_path

        return as_path(super().convert(value, param, ctx))


class StepRange(ParamType[tuple[int | None, int | None]]):
    """``A:B``, ``A:``, ``:B`` or ``A``: steps from A to B, both included."""

    name = "A:B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, int | None]:
        """Parses the range."""
        text = str(value)
        first, colon, last = text.partition(":")
        if not text:
            self.fail("give steps such as 100:200, 100: or :200", param, ctx)
        try:
            low = int(first) if first else None
            high = int(last) if last else None if colon else low
        except ValueError:
            self.fail(f"{value!r} is no range of steps such as 100:200, 100: or :200", param, ctx)
        if low is not None and high is not None and low > high:
            self.fail(f"{value!r} ends before it starts", param, ctx)
        return low, high


class AxisName(ParamType[str]):
    """``step``, ``relative``, ``wall``, or the tag of another scalar.

    Args:
        tags: Whether it may be a tag.
    """

    name = "AXIS"

    def __init__(self, *, tags: bool = True) -> None:
        self._tags = tags

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Replaces the names of earlier versions."""
        axis = FORMER_AXES.get(str(value), str(value))
        if not self._tags and axis not in AXES:
            self.fail(f"{value!r} is not one of {', '.join(AXES)}", param, ctx)
        return axis


class KindList(ParamType[tuple[str, ...]]):
    """Kinds of findings, with commas between them.

    Args:
        none: Whether it may be ``none``, for none.
    """

    name = "KINDS"

    def __init__(self, *, none: bool = True) -> None:
        self._known = (*FINDING_KINDS, "none") if none else FINDING_KINDS

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Splits and checks the kinds."""
        kinds = tuple(part.strip() for part in str(value).split(",") if part.strip())
        for kind in kinds:
            if kind not in self._known or (kind == "none" and len(kinds) > 1):
                self.fail(f"{kind!r} is none of {', '.join(self._known)}", param, ctx)
        return () if kinds == ("none",) else kinds


class Duration(ParamType[float]):
    """Seconds, or ``15m``, ``2h``, ``3d``."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Parses the duration."""
        from tbtools.runs.where import as_duration

        seconds = as_duration(str(value))
        if seconds is None or not 0 < seconds < float("inf"):
            self.fail(f"{value!r} is no time such as 90, 15m, 2h or 3d", param, ctx)
        return seconds


class Alignment(ParamType[str | float]):
    """``exact``, ``interpolate``, or the spacing of a grid."""

    name = "exact|interpolate|SPACING"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | float:
        """Parses the spacing."""
        if value in ("exact", "interpolate"):
            return str(value)
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither exact nor interpolate nor a spacing", param, ctx)


class LeastRuns(ParamType[int | str]):
    """How many runs there have to be: a whole number of at least 1, or ``all``."""

    name = "N|all"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Parses the number."""
        return "all" if value == "all" else click.IntRange(1).convert(value, param, ctx)


class Place(ParamType[str]):
    """``end``, ``last``, ``best`` or ``step=N``: of what part of a series a run is ranked."""

    name = "end|last|best|step=N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Checks the step."""
        name, equals, step = str(value).partition("=")
        known = name == "step" and step.removeprefix("-").isdecimal() if equals else False
        if not known and value not in LEVELS:
            self.fail(f"{value!r} is none of end, last, best, step=N", param, ctx)
        return str(value)


class FirstTime(ParamType[float]):
    """``first=TIME``: seconds since the epoch, or a date and time as ISO 8601 has it."""

    name = "first=TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Parses the time; one without a zone is local."""
        import math
        from datetime import datetime

        name, _, text = str(value).partition("=")
        try:
            seconds = float(text)
        except ValueError:
            try:
                seconds = datetime.fromisoformat(text).timestamp()
            except (ValueError, OverflowError, OSError):
                seconds = math.nan
        if name != "first" or not math.isfinite(seconds):
            self.fail(f"{value!r} is not first=1700000000 or first=2024-01-31T12:00", param, ctx)
        return seconds


class SameTags(ParamType[tuple[str, tuple[str, ...]]]):
    """``NAME=TAG,TAG``: globs of tags that are one thing, and what that is called."""

    name = "NAME=TAG,TAG"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[str, ...]]:
        """Splits it."""
        name, _, tags = str(value).partition("=")
        globs = tuple(tags.split(","))
        if not name or not all(globs):
            self.fail(
                f"{value!r} is not NAME=TAG,TAG, such as loss=train/loss,Loss/train", param, ctx
            )
        return name, globs


def joined_names(
    pairs: tuple[tuple[str, tuple[str, ...]], ...],
) -> dict[str, tuple[str, ...]] | None:
    """New name to the globs of its tags, of all that were given; None for none."""
    found: dict[str, tuple[str, ...]] = {}
    for name, globs in pairs:
        found[name] = found.get(name, ()) + globs
    return found or None
